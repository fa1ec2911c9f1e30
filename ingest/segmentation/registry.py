"""Segmenters by name. A new segmenter needs one more line here.

Entries are factories and not instances: a factory may import what only it needs (torch) when it
is called, and takes the parameters that a user sets.
"""

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType

from cathograph.ingest.segmentation.classical import MultiOtsu
from cathograph.ingest.segmentation.grey_modes import GreyModes
from cathograph.ingest.segmentation.painted.painted_segmenter import make_painted
from cathograph.ingest.segmentation.segmenter import Segmenter
from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
from cathograph.schema.composites import SSB_CATHODE, Composite
from cathograph.schema.errors import SegmentationError
from cathograph.schema.keys import JsonScalar

SegmenterFactory = Callable[..., Segmenter]
_COMPOSITE = "composite"

_SEGMENTERS: Mapping[str, SegmenterFactory] = MappingProxyType(
    {"grey-modes": GreyModes, "multi-otsu": MultiOtsu, "painted": make_painted, "unet": make_unet}
)


def available_segmenters() -> Mapping[str, SegmenterFactory]:
    """Return the factory of each segmenter by its name.

    Examples
    --------
    >>> sorted(available_segmenters())
    ['grey-modes', 'multi-otsu', 'painted', 'unet']
    """
    return _SEGMENTERS


def make_segmenter(name: str, composite: Composite = SSB_CATHODE, **parameters: JsonScalar) -> Segmenter:
    """Make a segmenter by its name.

    Parameters
    ----------
    name
        One of `available_segmenters`.
    composite
        Whose phases the segmenter gives. A model has the phases that it was trained on, those of the default.
    **parameters
        Parameters of that segmenter; those not given keep their defaults.

    Raises
    ------
    SegmentationError
        When there is no such segmenter or parameter (lists those there are), or a value is wrong.

    Examples
    --------
    >>> make_segmenter("multi-otsu", phases_by_grey="SSE,Graphite,NMC").parameters["phases_by_grey"]
    'SSE,Graphite,NMC'
    """
    factory = _SEGMENTERS.get(name)
    if factory is None:
        msg = f"Found segmenter {name!r}; expected one of {', '.join(sorted(_SEGMENTERS))}. Correct the name."
        raise SegmentationError(msg)
    known = [name for name in inspect.signature(factory).parameters if name != _COMPOSITE]
    unknown = [parameter for parameter in parameters if parameter not in known]
    if unknown:
        msg = (
            f"Found parameter {unknown[0]!r} for segmenter {name}; expected one of {', '.join(known)}. "
            "Correct it."
        )
        raise SegmentationError(msg)
    if _COMPOSITE in inspect.signature(factory).parameters:
        return factory(composite=composite, **parameters)
    if composite.sha256 != SSB_CATHODE.sha256:
        msg = (
            f"Found the composite {composite.name} with the segmenter {name}; expected {SSB_CATHODE.name}, "
            "whose phases its models have. Choose multi-otsu, or hand in phases."
        )
        raise SegmentationError(msg)
    return factory(**parameters)
