"""What is assumed of each absorption edge until a calibration says better: our choices, all of them here.

Energies are written as distances from the tabulated energy of the edge (`cathograph.schema.edges`), so that one number
moves everything.

- Ni K: window and reference energy are the paper's (8340 to 8348 eV, 8344 eV), for white lines of partly discharged
  NMC.
- Mn, Fe and Co K: no paper gives them. The reference energy lies where oxides have their white line, and the window is
  twice as wide as for nickel, because it has to hold more valences: it shows what is there, and a calibration on
  references of the same instrument is to replace it.
- Pre- and post-edge ranges leave out the pre-edge peak and the white line, and end below the next edge of Mn, Fe, Co
  and Ni, which stand together in one electrode.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from cathograph.schema.edges import EDGES, AbsorptionEdge, edge_of_name, names_of
from cathograph.schema.errors import InputError

if TYPE_CHECKING:  # the options are read at every start of the command line, which should not wait for numpy
    import numpy as np
    from numpy.typing import NDArray

Span = tuple[float, float]

EdgeName = Annotated[str, AfterValidator(lambda name: edge_of_name(name).name)]
"""The name of a known edge, as a field of options."""

USUAL_EDGE = edge_of_name("Ni K")
"""The edge where nothing says otherwise: that of the paper, and of every map that was stored before edges had names."""


@dataclass(frozen=True)
class EdgeDefaults:
    """Defaults of one edge.

    Attributes
    ----------
    edge : AbsorptionEdge
        The edge.
    reference_above_ev : float
        Reference energy, above the tabulated energy.
    half_window_ev : float
        Distance of the window's ends from the reference energy.
    post_end_above_ev : float
        End of the post-edge range, above the tabulated energy.
    source : str
        Where window and reference energy come from.
    """

    edge: AbsorptionEdge
    reference_above_ev: float
    half_window_ev: float
    post_end_above_ev: float
    source: str

    @property
    def reference_ev(self) -> float:
        """Energy that separates peaks above from peaks below; the edge jump is taken there."""
        return self.edge.energy_ev + self.reference_above_ev

    @property
    def window_ev(self) -> Span:
        """Edge energies that count."""
        return self.reference_ev - self.half_window_ev, self.reference_ev + self.half_window_ev

    @property
    def pre_ev(self) -> Span:
        """Range of the pre-edge line."""
        return self._span(-233, -8)

    @property
    def post_ev(self) -> Span:
        """Range of the post-edge curve."""
        return self._span(52, self.post_end_above_ev)

    @property
    def white_line_search_ev(self) -> Span:
        """Where the white line is looked for."""
        return self._span(2, 32)

    @property
    def half_height_search_ev(self) -> Span:
        """Where the edge and the white line above it are looked for."""
        return self._span(-1, 27)

    @property
    def combination_ev(self) -> Span:
        """Energies that a linear combination of references is fitted to."""
        return self._span(-8, 37)

    def is_covered_by(self, energies_ev: "NDArray[np.float64]") -> bool:
        """Tell whether a scan goes over the edge: from before it to where the white line is looked for."""
        low, high = self.white_line_search_ev
        on_line = (energies_ev >= low) & (energies_ev <= high)
        return bool(energies_ev.min() < self.edge.energy_ev and on_line.any())

    def _span(self, low_above_ev: float, high_above_ev: float) -> Span:
        return self.edge.energy_ev + low_above_ev, self.edge.energy_ev + high_above_ev


_OURS = "our default, not calibrated"
_ALL: Mapping[str, EdgeDefaults] = MappingProxyType(
    {
        "Mn K": EdgeDefaults(edge_of_name("Mn K"), 18, 8, 560, _OURS),
        "Fe K": EdgeDefaults(edge_of_name("Fe K"), 18, 8, 580, _OURS),
        "Co K": EdgeDefaults(edge_of_name("Co K"), 18, 8, 600, _OURS),
        "Ni K": EdgeDefaults(edge_of_name("Ni K"), 11, 4, 667, "arXiv 2512.16085, not calibrated"),
    }
)


def defaults_of(edge: AbsorptionEdge | str) -> EdgeDefaults:
    """Give the defaults of an edge.

    Raises
    ------
    InputError
        When the edge is not known.

    Examples
    --------
    >>> defaults_of("Ni K").window_ev, defaults_of("Ni K").reference_ev
    ((8340.0, 8348.0), 8344.0)
    """
    return _ALL[edge.name if isinstance(edge, AbsorptionEdge) else edge_of_name(edge).name]


USUAL: EdgeDefaults = defaults_of(USUAL_EDGE)
"""Defaults of the usual edge."""


def choose_edge(energies_ev: "NDArray[np.float64]", name: str | None = None) -> EdgeDefaults:
    """Choose the edge of a scan: the one that was named, else the only known one that the energies cover.

    Parameters
    ----------
    energies_ev : ndarray of float64, shape (n,)
        Photon energies of the scan in eV.
    name : str, optional
        Name of the edge.

    Raises
    ------
    InputError
        When the energies do not cover the edge that was named, cover no known edge, or several.

    Examples
    --------
    >>> import numpy as np
    >>> choose_edge(np.arange(7650.0, 7800.0)).edge.name
    'Co K'
    """
    if name is not None:
        named = defaults_of(name)
        if not named.is_covered_by(energies_ev):
            msg = (
                f"Found energies {_span_of(energies_ev)} and the edge {names_of([named.edge])}; expected some before "
                f"the edge and some from {named.white_line_search_ev[0]:g} to {named.white_line_search_ev[1]:g} eV. "
                "Correct `edge`, or the energies."
            )
            raise InputError(msg)
        return named
    covered = covered_edges(energies_ev)
    if len(covered) != 1:
        found = f"which cover {names_of(covered)}" if covered else "which cover no known edge"
        msg = (
            f"Found energies {_span_of(energies_ev)}, {found}; expected exactly one of {names_of(EDGES)}. "
            "Give the one that was measured with `edge`, or correct the energies."
        )
        raise InputError(msg)
    return defaults_of(covered[0])


def covered_edges(energies_ev: "NDArray[np.float64]") -> tuple[AbsorptionEdge, ...]:
    """List the known edges that a scan goes over."""
    return tuple(each for each in EDGES if defaults_of(each).is_covered_by(energies_ev))


def _span_of(energies_ev: "NDArray[np.float64]") -> str:
    return f"{energies_ev.min():g} to {energies_ev.max():g} eV"
