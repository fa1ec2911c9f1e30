"""Which phases the bodies of a phantom are made of: the same geometry serves any composite.

A phantom draws round bodies, flakes, what fills the space between them, and voids. In the default composite these
are NMC, graphite, SSE and background. In a fuel electrode they are nickel, pores, YSZ and more pores.
"""

from dataclasses import dataclass
from types import MappingProxyType

from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE, Composite, Phase, built_in
from cathograph.schema.errors import InputError


@dataclass(frozen=True)
class Materials:
    """Name the phase of each kind of body.

    Attributes
    ----------
    composite : Composite
        Whose phases they are.
    nmc, graphite, sse : str
        Phase of the round bodies, of the flakes, and of what fills the space between them.
    void : str
        Phase of cracks and pores; background leaves them without a label.
    metal : str
        Phase of the voids that are filled with metal.
    metal_share : float
        Share of the area (volume) of voids that is filled, 0 to 1; whole voids are filled, in random order, until it
        is reached.

    Raises
    ------
    PhaseMapError
        When the composite has no such phase.
    InputError
        When a body is background, the share is not within 0 and 1, or metal fills voids that are background.
    """

    composite: Composite = SSB_CATHODE
    nmc: str = "NMC"
    sse: str = "SSE"
    graphite: str = "Graphite"
    void: str = BACKGROUND_PHASE.name
    metal: str = BACKGROUND_PHASE.name
    metal_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        for body in ("nmc", "sse", "graphite"):
            if self.phase_of(body) == BACKGROUND_PHASE:
                msg = f"Found {body} made of background; expected a phase of {self.composite.name}. Name one."
                raise InputError(msg)
        if not 0 <= self.metal_share <= 1:
            msg = f"Found metal_share={self.metal_share!r}; expected a share from 0 to 1."
            raise InputError(msg)
        both = (self.phase_of("void"), self.phase_of("metal"))
        if self.metal_share and BACKGROUND_PHASE in both:
            msg = (
                f"Found metal_share={self.metal_share!r} with voids of {both[0]} and metal of {both[1]}; expected a "
                "phase for both. Name them, or leave metal_share at 0."
            )
            raise InputError(msg)

    def require_default(self, what: str) -> None:
        """Refuse any other composite than the default one, for what is about NMC, SSE and graphite alone.

        Raises
        ------
        InputError
            Naming the composite.
        """
        if self.composite.sha256 != SSB_CATHODE.sha256:
            msg = (
                f"Found a phantom of {self.composite.name} for {what}; expected one of {SSB_CATHODE.name}, whose "
                "brightness and absorbance are known. Make the phantom without materials."
            )
            raise InputError(msg)

    def phase_of(self, body: str) -> Phase:
        """Give the phase of a kind of body: ``nmc``, ``sse``, ``graphite``, ``void`` or ``metal``."""
        names = {
            "nmc": self.nmc, "sse": self.sse, "graphite": self.graphite, "void": self.void, "metal": self.metal,
        }  # fmt: skip
        return self.composite.phase(names[body])


MATERIALS: MappingProxyType[str, Materials] = MappingProxyType(
    {
        each.composite.name: each
        for each in (
            Materials(),
            Materials(built_in("lib-cathode"), sse="Pore", graphite="CBD", void="Pore"),
            Materials(built_in("sofc-electrode"), nmc="Ni", sse="YSZ", graphite="Pore", void="Pore"),
            Materials(
                built_in("ssb-cathode-with-voids-and-metal"), void="Void", metal="Lithium", metal_share=0.4
            ),
        )
    }
)
"""Materials by the name of the composite, for those that come with Cathograph."""
