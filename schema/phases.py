"""Phases: what a pixel of a battery composite can be.

One entry of `Phase` is all that a new phase needs: its name is the Neo4j label of its
particles, its code is its value in our own phase images, `carries` names its charge carrier,
and its colour is used in every figure. No query text and no other module changes. What the
phase does in the graph (TPBs, channels) follows from its role in `PHASES_OF_ROLE`.
"""

from enum import StrEnum
from typing import Self

from cathograph.schema.errors import PhaseMapError


class Phase(StrEnum):
    """A phase of the composite.

    Attributes
    ----------
    code : int
        Value of the phase in canonical phase images (uint8); 0 is background.
    carries : str
        Charge carrier the phase conducts: ``"Li+"``, ``"e-"``, ``"both"`` or ``""``.
    colour : str
        Colour in figures, ``#rrggbb``, from the colour-blind safe set of Okabe and Ito.

    Examples
    --------
    >>> Phase("NMC").code
    2
    >>> Phase.GRAPHITE.carries
    'e-'
    """

    code: int
    carries: str
    colour: str

    def __new__(cls, label: str, code: int, carries: str, colour: str) -> Self:
        """Make a member whose string value is its Neo4j label."""
        member = str.__new__(cls, label)
        member._value_ = label
        member.code = code
        member.carries = carries
        member.colour = colour
        return member

    BACKGROUND = "background", 0, "", "#f2f2f2"
    SSE = "SSE", 1, "Li+", "#56b4e9"
    NMC = "NMC", 2, "both", "#e69f00"
    GRAPHITE = "Graphite", 3, "e-", "#4d4d4d"

    @classmethod
    def parse(cls, name: str) -> "Phase":
        """Find a phase by its name, upper or lower case.

        Raises
        ------
        PhaseMapError
            When no phase has that name; the message lists those there are.
        """
        for phase in cls:
            if phase.value.casefold() == name.strip().casefold():
                return phase
        known = ", ".join(phase.value for phase in cls)
        msg = f"Found phase {name!r}; expected one of {known}. Correct the phase map (--phases)."
        raise PhaseMapError(msg)

    @classmethod
    def from_code(cls, code: int) -> "Phase":
        """Find a phase by its value in canonical phase images; `KeyError` when there is none."""
        return {phase.code: phase for phase in cls}[int(code)]


class Role(StrEnum):
    """What the regions of a phase do in the composite; the graph is built from roles, not from phase names."""

    ACTIVE = "active"
    IONIC = "ionic"
    ELECTRONIC = "electronic"


PHASES_OF_ROLE: dict[Role, tuple[Phase, ...]] = {
    Role.ACTIVE: (Phase.NMC,),
    Role.IONIC: (Phase.SSE,),
    Role.ELECTRONIC: (Phase.GRAPHITE,),
}
"""Phases of each role in a cathode of NMC, solid electrolyte and graphite: NMC reacts, the others carry."""

PARTICLE_PHASES: tuple[Phase, ...] = tuple(phase for phase in Phase if phase is not Phase.BACKGROUND)
"""Phases whose regions become particles, in the order of their codes."""
