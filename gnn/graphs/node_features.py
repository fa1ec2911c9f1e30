"""Which properties of a particle can be node features, and what to do where one is missing."""

import difflib
from collections.abc import Sequence
from enum import StrEnum

from cathograph.schema.errors import ParameterError
from cathograph.schema.nodes import PARTICLE
from cathograph.schema.properties import Kind

_IDENTIFIES = {"label"}

FEATURES: tuple[str, ...] = tuple(
    prop.name
    for prop in PARTICLE.properties
    if prop.kind in (Kind.FLOAT, Kind.INTEGER, Kind.BOOLEAN) and prop.name not in _IDENTIFIES
)
"""Every property of a particle that is a number or a truth value, the network metrics included."""

_SHAPE = ("equivalent_diameter_um", "convexity", "touches_border")
DEFAULT_FEATURES: dict[int, tuple[str, ...]] = {
    2: ("area_um2", "perimeter_um", *_SHAPE),
    3: ("volume_um3", "surface_um2", *_SHAPE),
}
"""Features of every particle of an image in two and in three dimensions: size and shape."""


class Missing(StrEnum):
    """What to do with a particle that lacks a value of a feature.

    ``error`` refuses, ``drop`` leaves the particle and its contacts out, ``mark`` puts 0 and adds a feature
    ``NAME_known`` that is 1 where there is a value, for each feature in the list.
    """

    ERROR = "error"
    DROP = "drop"
    MARK = "mark"


def check_features(names: Sequence[str]) -> tuple[str, ...]:
    """Refuse names that are no feature, and doubles.

    Raises
    ------
    ParameterError
        Naming the nearest ones.

    Examples
    --------
    >>> check_features(["convexity", "degree"])
    ('convexity', 'degree')
    """
    for place, name in enumerate(names):
        if name not in FEATURES:
            close = difflib.get_close_matches(name, FEATURES, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(FEATURES)}."
            msg = f"Found feature {name!r}, which no particle has; expected a number of each particle: {hint}"
            raise ParameterError(msg)
        if name in names[:place]:
            msg = f"Found feature {name!r} twice; expected each once. Leave one out."
            raise ParameterError(msg)
    return tuple(names)
