"""How an edge-energy map is read into the state of a particle: every number of it, in one place.

Stored as canonical JSON with each measurement, because values read in another window, or with another
reference energy, are not comparable.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from cathograph.ingest.options.edge_defaults import USUAL_EDGE, EdgeDefaults, EdgeName, defaults_of
from cathograph.ingest.options.model import Option, Options
from cathograph.schema.edges import AbsorptionEdge, edge_of_name, edges_near, names_of
from cathograph.schema.errors import InputError
from cathograph.schema.keys import JsonScalar

STATE_VERSION = 1
"""Raised whenever states are computed differently: part of every measurement's key."""


def _defaults(checked: Mapping[str, Any]) -> EdgeDefaults:
    """Give the defaults of the edge among fields that were checked; it is missing where it was refused."""
    return defaults_of(checked.get("edge", USUAL_EDGE.name))


class StateMethod(Options):
    """Numbers that turn energies into a state.

    Raises
    ------
    InputError
        When a number is out of its range.

    Notes
    -----
    Window and reference are defaults of the edge (`cathograph.ingest.options.edge_defaults`); for Ni K, and the
    threshold, they are the paper's and suit white-line-like energies on one instrument. The others are ours
    (docs/electrochemistry.md).
    """

    edge: Annotated[
        EdgeName,
        Field(
            description="Absorption edge of the map, as in 'Co K'; else from the record that `xanes fit` left beside "
            "the map, else Ni K."
        ),
        Option(),
    ] = USUAL_EDGE.name
    window_ev: Annotated[
        tuple[float, float],
        Field(
            description="LOW,HIGH in eV: energies outside are dropped. Part of the map's calibration, together with "
            "the reference energy; else from the record that `xanes fit` left beside the map, else that of the edge.",
        ),
        Option(form="LOW,HIGH"),
    ] = Field(default_factory=lambda checked: _defaults(checked).window_ev)
    reference_ev: Annotated[
        float,
        Field(description="Energy in eV that separates peaks above from peaks below."),
        Option(),
    ] = Field(default_factory=lambda checked: _defaults(checked).reference_ev)
    peak_threshold: Annotated[
        float, Field(ge=0, le=1, description="Height a peak must have, over the height of the highest.")
    ] = 0.4
    bins: Annotated[int, Field(ge=3, le=4096, description="Bins of the histogram over the window.")] = 64
    smoothing_bins: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            description="Standard deviation of the Gaussian that smooths the histogram, in bins.",
        ),
    ] = 1.5
    min_pixels: Annotated[
        int,
        Field(ge=2, description="With fewer valid pixels an NMC has no values."),
        Option(),
    ] = 50
    max_dropped_fraction: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="A particle is flagged above this share of dropped, or of missing, pixels.",
        ),
    ] = 0.1

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        """Refuse a window or a reference that cannot be meant."""
        low, high = self.window_ev
        if not 0 < low < high:
            msg = f"Found `window_ev` {low:g},{high:g}; expected two energies in eV, the lower first. Correct it."
            raise InputError(msg)
        if not low < self.reference_ev < high:
            msg = (
                f"Found `reference_ev` {self.reference_ev:g}; expected an energy inside the window "
                f"{low:g},{high:g} eV. Give both `window_ev` and `reference_ev`."
            )
            raise InputError(msg)
        if not self.absorption_edge.is_near(self.reference_ev):
            near = edges_near(self.reference_ev)
            advice = f"Give `edge` {near[0].name}" if near else "Correct `reference_ev`, or `edge`"
            msg = (
                f"Found `reference_ev` {self.reference_ev:g} with the edge {names_of([self.absorption_edge])}; "
                f"expected an energy near that edge. {advice}."
            )
            raise InputError(msg)
        return self

    @property
    def absorption_edge(self) -> AbsorptionEdge:
        """The edge, with its energy."""
        return edge_of_name(self.edge)

    @property
    def edge_given(self) -> bool:
        """Whether the edge was chosen, and not left at its default."""
        return "edge" in self.model_fields_set

    @property
    def calibration_given(self) -> bool:
        """Whether window or reference energy were chosen, and not left at their defaults."""
        return bool({"window_ev", "reference_ev"} & self.model_fields_set)

    @property
    def bin_ev(self) -> float:
        """Width of a bin in eV."""
        return (self.window_ev[1] - self.window_ev[0]) / self.bins

    def as_parameters(self) -> dict[str, JsonScalar]:
        """Give every number by name, for the key and for canonical JSON.

        The usual edge has no name here: keys of measurements from before edges had names stay as they are.
        """
        named: dict[str, JsonScalar] = {} if self.edge == USUAL_EDGE.name else {"edge": self.edge}
        return {
            **named,
            "version": STATE_VERSION,
            "window_low_ev": self.window_ev[0],
            "window_high_ev": self.window_ev[1],
            "reference_ev": self.reference_ev,
            "peak_threshold": self.peak_threshold,
            "bins": self.bins,
            "smoothing_bins": self.smoothing_bins,
            "min_pixels": self.min_pixels,
            "max_dropped_fraction": self.max_dropped_fraction,
        }
