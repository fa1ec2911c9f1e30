"""The parameters that turn an edge-energy map into the state of a particle, all in one place.

Stored as canonical JSON with each measurement, because values read in another window, or with another
reference energy, are not comparable.
"""

import math
from dataclasses import dataclass

from cathograph.schema.errors import InputError
from cathograph.schema.keys import JsonScalar

STATE_VERSION = 1
"""Raised whenever states are computed differently: part of every measurement's key."""


@dataclass(frozen=True)
class StateMethod:
    """Numbers that turn energies into a state.

    Attributes
    ----------
    window_ev : (float, float)
        Energies outside are dropped; both ends belong to it.
    reference_ev : float
        Energy that tells peaks above from peaks below, where there are more than two.
    peak_threshold : float
        Height a peak must have, over the height of the highest.
    bins : int
        Bins of the histogram over the window.
    smoothing_bins : float
        Standard deviation of the Gaussian that smooths the histogram, in bins.
    min_pixels : int
        With fewer valid pixels a particle has no values.
    max_dropped_fraction : float
        A particle is flagged above this share of dropped, or of missing, pixels.

    Raises
    ------
    InputError
        When a number is out of its range.

    Notes
    -----
    Window, reference and threshold are the paper's; they suit white-line-like energies on one instrument.
    The others are ours (docs/electrochemistry.md).
    """

    window_ev: tuple[float, float] = (8340.0, 8348.0)
    reference_ev: float = 8344.0
    peak_threshold: float = 0.4
    bins: int = 64
    smoothing_bins: float = 1.5
    min_pixels: int = 50
    max_dropped_fraction: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        low, high = self.window_ev
        if not (math.isfinite(low) and math.isfinite(high) and 0 < low < high):
            msg = f"Found --window-ev {low:g},{high:g}; expected two energies in eV, the lower first."
            raise InputError(msg)
        if not low < self.reference_ev < high:
            msg = (
                f"Found --reference-ev {self.reference_ev:g}; expected an energy inside of the window "
                f"{low:g},{high:g} eV. Give both --window-ev and --reference-ev."
            )
            raise InputError(msg)
        for name, least, most in (
            ("peak_threshold", 0.0, 1.0),
            ("bins", 3, 4096),
            ("smoothing_bins", 0.0, 100.0),
            ("min_pixels", 2, 2**40),
            ("max_dropped_fraction", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                msg = f"Found {name} {value!r}; expected {least:g} to {most:g}. Correct that number."
                raise InputError(msg)

    @property
    def bin_ev(self) -> float:
        """Width of a bin in eV."""
        return (self.window_ev[1] - self.window_ev[0]) / self.bins

    def as_parameters(self) -> dict[str, JsonScalar]:
        """Give every number by name, for the key and for canonical JSON."""
        return {
            "version": STATE_VERSION,
            "window_low_ev": float(self.window_ev[0]),
            "window_high_ev": float(self.window_ev[1]),
            "reference_ev": float(self.reference_ev),
            "peak_threshold": float(self.peak_threshold),
            "bins": self.bins,
            "smoothing_bins": float(self.smoothing_bins),
            "min_pixels": self.min_pixels,
            "max_dropped_fraction": float(self.max_dropped_fraction),
        }
