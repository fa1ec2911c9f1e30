"""Which pixels have a reliable edge energy, and why the others have none.

A pixel's quality is its edge jump over the standard error of that jump, so that pure noise passes
equally rarely whatever energies the stack has: a jump extrapolated from a short post-edge range
has an error of many times the noise. Noise is the standard deviation about the pre-edge line or,
without normalisation, about the method's own fit. The residual of the fit, as a share of the jump,
finds pixels that have an edge, but not one of the shape that the method assumes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import FitOptions
from cathograph.schema.errors import InputError

BEST_QUALITY = 1e6
"""Largest quality given: without noise it would be infinite."""


_USUAL = FitOptions()


@dataclass(frozen=True)
class QualityLimits:
    """What a pixel must reach to keep its edge energy.

    Attributes
    ----------
    least_quality : float
        Smallest edge jump over its standard error.
    most_residual : float
        Largest residual of the fit, in edge jumps.
    """

    least_quality: float = _USUAL.min_quality
    most_residual: float = _USUAL.max_residual

    def __post_init__(self) -> None:
        """Check the limits."""
        if not (self.least_quality >= 0 and self.most_residual > 0):
            msg = (
                f"Found least quality {self.least_quality:g} and most residual {self.most_residual:g}; expected "
                "a quality of at least 0 and a residual above 0."
            )
            raise InputError(msg)


@dataclass(frozen=True)
class PixelCounts:
    """Where the pixels of a map went; the first reason that holds counts.

    Attributes
    ----------
    total : int
        All pixels.
    dead : int
        With too many bad values (dead pixels, or shifted out of the frame by registration).
    no_edge : int
        Edge jump over its standard error below the limit.
    no_answer : int
        With an edge, but the method found no energy.
    poor_fit : int
        Residual above the limit.
    valid : int
        Kept.
    outside_window : int
        Kept, but outside the calibration's window.
    """

    total: int
    dead: int
    no_edge: int
    no_answer: int
    poor_fit: int
    valid: int
    outside_window: int

    @property
    def masked_share(self) -> float:
        """Share of all pixels that have no edge energy, 0 to 1."""
        return 1 - self.valid / self.total

    @property
    def dropped_share(self) -> float:
        """Share of valid pixels outside the window, 0 to 1; 0 where none is valid."""
        return self.outside_window / self.valid if self.valid else 0.0


def mask_pixels(
    edge_energy_ev: NDArray[np.float64],
    quality: NDArray[np.float32],
    residual: NDArray[np.float32],
    dead: NDArray[np.bool_],
    limits: QualityLimits,
    window_ev: tuple[float, float],
) -> tuple[NDArray[np.float64], PixelCounts]:
    """Set pixels without a trustworthy edge energy to NaN and count them by reason.

    Parameters
    ----------
    edge_energy_ev : ndarray of float64, shape (height, width)
        As fitted, NaN where the method found none.
    quality, residual : ndarray of float32, shape (height, width)
        Edge jump over its standard error; residual in edge jumps. NaN counts as below, and above, the limit.
    dead : ndarray of bool, shape (height, width)
        Pixels with too many bad values.
    limits : QualityLimits
        What a pixel must reach.
    window_ev : (float, float)
        Energies in eV that count as inside; both ends belong to it.

    Returns
    -------
    edge_energy_ev : ndarray of float64
        NaN where masked. Values outside the window stay: dropping them belongs to the statistics.
    counts : PixelCounts
        Pixels by reason.

    Examples
    --------
    Four pixels: fine, no edge, no answer, outside the window.

    >>> energy = np.array([[8344.0, 8344.0, np.nan, 8350.0]])
    >>> quality = np.array([[50, 1, 50, 50]], dtype=np.float32)
    >>> masked, counts = mask_pixels(
    ...     energy, quality, np.zeros((1, 4), np.float32), np.zeros((1, 4), bool), QualityLimits(), (8340, 8348)
    ... )
    >>> counts.valid, counts.no_edge, counts.no_answer, counts.outside_window
    (2, 1, 1, 1)
    """
    with_edge = ~dead & (quality >= limits.least_quality)
    answered = with_edge & np.isfinite(edge_energy_ev)
    valid = answered & (residual <= limits.most_residual)
    masked = np.where(valid, edge_energy_ev, np.nan)
    outside = valid & ~((masked >= window_ev[0]) & (masked <= window_ev[1]))
    return masked, PixelCounts(
        total=dead.size,
        dead=int(dead.sum()),
        no_edge=int((~dead & ~with_edge).sum()),
        no_answer=int((with_edge & ~answered).sum()),
        poor_fit=int((answered & ~valid).sum()),
        valid=int(valid.sum()),
        outside_window=int(outside.sum()),
    )
