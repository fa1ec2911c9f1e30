"""Composites: which phases there are, what they do, and which of them make TPBs and channels."""

from cathograph.schema.composites.composite import (
    BACKGROUND_PHASE,
    OPPOSITE,
    SIDES,
    Composite,
    Phase,
    Role,
)
from cathograph.schema.composites.reading import built_in, built_in_names, read_composite, yaml_text

SSB_CATHODE = built_in("ssb-cathode")
"""The default: the composite cathode of a solid-state battery, as in the paper."""

__all__ = [
    "BACKGROUND_PHASE",
    "OPPOSITE",
    "SIDES",
    "SSB_CATHODE",
    "Composite",
    "Phase",
    "Role",
    "built_in",
    "built_in_names",
    "read_composite",
    "yaml_text",
]
