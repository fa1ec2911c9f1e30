"""Measures of particles that are computed apart from the segmentation: what a family is, and which there are."""

from cathograph.schema.measures.family import MeasureFamily
from cathograph.schema.measures.registry import FAMILIES

MEASURE_NAMES = frozenset(
    prop.name for family in FAMILIES for prop in (*family.particle, *family.contact, *family.segmentation)
)
"""Every property that a family stores."""

PARTICLE_MEASURES = tuple(prop for family in FAMILIES for prop in family.particle)
"""Measures of active particles."""

CONTACT_MEASURES = tuple(prop for family in FAMILIES for prop in family.contact)
"""Measures of contacts."""

SEGMENTATION_MEASURES = tuple(prop for family in FAMILIES for prop in family.segmentation)
"""Measures of whole images."""

__all__ = [
    "CONTACT_MEASURES",
    "FAMILIES",
    "MEASURE_NAMES",
    "PARTICLE_MEASURES",
    "SEGMENTATION_MEASURES",
    "MeasureFamily",
]
