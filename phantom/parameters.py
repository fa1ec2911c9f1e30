"""What a phantom microstructure is made of: one frozen record, checked when it is made.

Lengths are in micrometres, so that a set of parameters describes a material and can be drawn
at any pixel size. Fractions are of all pixels; what NMC, SSE and graphite leave is background
(pores, cracks and debonded interfaces).
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from cathograph.schema.errors import InputError

Form = Literal["particles", "matrix"]
"""How a phase is laid out: as bodies drawn one by one, or as one body that fills what is left."""

_LARGEST_SOLID_FRACTION = 0.85  # NMC and graphite together; beyond, bodies can no longer be placed
_LARGEST_NMC_FRACTION = 0.75


@dataclass(frozen=True)
class MicrostructureParameters:
    """Describe a composite of NMC, SSE, graphite and pores.

    Parameters
    ----------
    nmc_fraction, sse_fraction, graphite_fraction : float
        Share of all pixels, 0 to 1, together at most 1; the rest is background.
    nmc_diameter_um, nmc_diameter_sigma : float
        Median diameter in µm and standard deviation of its logarithm (log-normal).
    nmc_elongation : float
        Largest ratio of the axes of a particle, 1 (round) to 2; drawn between 1 and this.
    nmc_roughness : float
        Root mean square of the surface's deviation over the radius, 0 (smooth) to 0.15.
    nmc_touching : float
        Share, 0 to 1, of particles pushed against their nearest neighbour, in a flat contact.
    sse_form : {"matrix", "particles"}
        One electrolyte that fills what is left, or grains that touch one another.
    sse_diameter_um : float
        Mean distance of grain centres in µm; used with ``sse_form="particles"``.
    graphite_form : {"particles", "matrix"}
        Flakes (round particles at ``graphite_aspect_ratio=1``), or one winding network.
    graphite_length_um, graphite_aspect_ratio : float
        Median length of a flake in µm and length over thickness (1 to 30). As a matrix, the
        length is that over which the network winds.
    graphite_affinity : float
        Where graphite lies: 1 on NMC surfaces, 0 anywhere, −1 away from NMC behind a coat of
        SSE. Between, it is the share of flakes. Raises TPBs and channels.
    graphite_clustering : float
        Share, 0 to 1, of the flakes not on NMC that lie in clumps. Lowers TPBs and channels.
    graphite_debonding : float
        Share, 0 to 1, of the flakes whose SSE side is a void. Lowers TPBs and leaves channels:
        NMC still touches both, SSE and graphite no longer touch. Flakes only.
    coat_um : float
        Width in µm of the SSE coat and of the debonded void. Above the contact radius there is
        no contact across it.
    crack_share : float
        Share, 0 to 1, of the background drawn as cracks; the rest are pores.
    crack_width_um : float
        Width of cracks in µm.
    pore_diameter_um : float
        Typical size of pores in µm.
    delamination : float
        0 (pores anywhere) to 1 (pores at NMC surfaces).
    min_body_px : int
        Smaller fragments are not kept as bodies.

    Raises
    ------
    InputError
        When a value is out of its range; the message names it.
    """

    nmc_fraction: float = 0.45
    sse_fraction: float = 0.36
    graphite_fraction: float = 0.09
    nmc_diameter_um: float = 1.5
    nmc_diameter_sigma: float = 0.3
    nmc_elongation: float = 1.2
    nmc_roughness: float = 0.03
    nmc_touching: float = 0.3
    sse_form: Form = "matrix"
    sse_diameter_um: float = 0.9
    graphite_form: Form = "particles"
    graphite_length_um: float = 1.4
    graphite_aspect_ratio: float = 6.0
    graphite_affinity: float = 0.0
    graphite_clustering: float = 0.0
    graphite_debonding: float = 0.0
    coat_um: float = 0.15
    crack_share: float = 0.3
    crack_width_um: float = 0.09
    pore_diameter_um: float = 0.5
    delamination: float = 0.5
    min_body_px: int = 16

    def __post_init__(self) -> None:
        """Check every value against its range."""
        for name, lowest, highest in _RANGES:
            _check_range(name, getattr(self, name), lowest, highest)
        for name in ("sse_form", "graphite_form"):
            found = getattr(self, name)
            if found not in get_args(Form):
                msg = f"Found {name}={found!r}; expected one of {', '.join(get_args(Form))}."
                raise InputError(msg)
        if (
            isinstance(self.min_body_px, bool)
            or not isinstance(self.min_body_px, int)
            or self.min_body_px < 1
        ):
            msg = f"Found min_body_px={self.min_body_px!r}; expected a whole number of pixels, at least 1."
            raise InputError(msg)
        if self.nmc_fraction + self.sse_fraction + self.graphite_fraction > 1 + 1e-9:
            total = self.nmc_fraction + self.sse_fraction + self.graphite_fraction
            msg = (
                f"Found fractions of NMC, SSE and graphite that sum to {total:.3f}; "
                "expected at most 1. Lower one of them; what they leave is background."
            )
            raise InputError(msg)
        if self.nmc_fraction + self.graphite_fraction > _LARGEST_SOLID_FRACTION:
            total = self.nmc_fraction + self.graphite_fraction
            msg = (
                f"Found {total:.3f} of NMC and graphite together; expected at most "
                f"{_LARGEST_SOLID_FRACTION}, beyond which bodies cannot be placed. "
                "Lower nmc_fraction or graphite_fraction."
            )
            raise InputError(msg)
        if self.graphite_form == "matrix" and (self.graphite_debonding or self.graphite_clustering):
            msg = (
                'Found graphite_form="matrix" with graphite_debonding or graphite_clustering; these shape '
                'flakes only. Set both to 0, or use graphite_form="particles".'
            )
            raise InputError(msg)

    @property
    def background_fraction(self) -> float:
        """Share of pixels that no phase takes."""
        return max(0.0, 1.0 - self.nmc_fraction - self.sse_fraction - self.graphite_fraction)


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("nmc_fraction", 0, _LARGEST_NMC_FRACTION),
    ("sse_fraction", 0, 1),
    ("graphite_fraction", 0, _LARGEST_SOLID_FRACTION),
    ("nmc_diameter_um", 0, math.inf),
    ("nmc_diameter_sigma", 0, 1),
    ("nmc_elongation", 1, 2),
    ("nmc_roughness", 0, 0.15),
    ("nmc_touching", 0, 1),
    ("sse_diameter_um", 0, math.inf),
    ("graphite_length_um", 0, math.inf),
    ("graphite_aspect_ratio", 1, 30),
    ("graphite_affinity", -1, 1),
    ("graphite_clustering", 0, 1),
    ("graphite_debonding", 0, 1),
    ("coat_um", 0, math.inf),
    ("crack_share", 0, 1),
    ("crack_width_um", 0, math.inf),
    ("pore_diameter_um", 0, math.inf),
    ("delamination", 0, 1),
)


def _check_range(name: str, found: float, lowest: float, highest: float) -> None:
    """Refuse a value outside its range; lengths (no upper end) must be above zero."""
    open_ended = math.isinf(highest)
    fits = math.isfinite(found) and (found > lowest if open_ended else lowest <= found <= highest)
    if not fits:
        span = f"a length above {lowest:g}" if open_ended else f"{lowest:g} to {highest:g}"
        msg = f"Found {name}={found!r}; expected {span}. Correct that parameter."
        raise InputError(msg)
