"""Standard error of a pixel's edge energy, from the noise of its spectrum.

The fitted energy E is a smooth function of the normalised absorption μᵢ at the energies that the fit takes, with
derivatives gᵢ = ∂E/∂μᵢ. Noise of standard deviation σ (over the jump) in independent frames moves E by σ √Σgᵢ². And
normalisation has errors of its own, common to all μᵢ of a pixel: with δc and δs of the pre-edge line's constant and
slope and δq of the post-edge curve, each in jumps,

    δμᵢ = −(1 − μᵢ) δc − (Eᵢ − E₀) δs − μᵢ δq.

They are sums of other frames, with the weights of `cathograph.ingest.xanes.normalisation`, so their variances add up.
For the maximum of a white line they hardly count; for a half-height they are the larger part.

So four sums of a pixel suffice, which each method gives for its own fit: Σgᵢ², Σgᵢ, Σgᵢ(Eᵢ − E), Σgᵢμᵢ.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.xanes.normalisation import NormalisationPlan

Float64s = NDArray[np.float64]

MOST_ERROR_EV = 1.5
"""Larger ones are not given: the fit is no longer linear in the noise there, and the line itself is in doubt."""

SUMS = 4
"""Columns of a sensitivity: Σgᵢ², Σgᵢ, Σgᵢ(Eᵢ − E), Σgᵢμᵢ."""


@numba.njit(nogil=True, cache=True)
def add_sensitivity(
    gradient: Float64s,
    count: int,
    spectrum: Float64s,
    energies: Float64s,
    start: int,
    energy: float,
    out: Float64s,
) -> None:
    """Fill the sums of one pixel from the derivatives at `count` energies from `start`."""
    out[:] = 0.0
    for i in range(count):
        g = gradient[i]
        out[0] += g * g
        out[1] += g
        out[2] += g * (energies[start + i] - energy)
        out[3] += g * spectrum[start + i]


def standard_errors(
    sensitivity: Float64s,
    edge_energy_ev: Float64s,
    noise: Float64s,
    lines: NormalisationPlan | None,
    noise_before_edge: Float64s,
) -> Float64s:
    """Give the standard error of each edge energy.

    Parameters
    ----------
    sensitivity : ndarray of float64, shape (pixels, 4)
        From the method's plan; NaN where there is none.
    edge_energy_ev : ndarray of float64, shape (pixels,)
        As fitted.
    noise : ndarray of float64, shape (pixels,)
        Standard deviation of the fitted values, on the scale of the spectrum.
    lines : NormalisationPlan or None
        How spectra were normalised.
    noise_before_edge : ndarray of float64, shape (pixels,)
        Standard deviation about the pre-edge line, on the same scale; not used without normalisation.

    Returns
    -------
    ndarray of float64, shape (pixels,)
        In eV; NaN where it is not known, or above `MOST_ERROR_EV`.
    """
    squares, total, moment, scaled = sensitivity.T
    variance = noise**2 * squares
    if lines is not None:
        constant, slope = lines.pre_lines
        from_edge = moment + total * (edge_energy_ev - lines.edge_ev)
        rest = total - scaled
        variance = (
            variance
            + noise_before_edge**2
            * (
                rest**2 * (constant @ constant)
                + 2 * rest * from_edge * (constant @ slope)
                + from_edge**2 * (slope @ slope)
            )
            + noise**2 * scaled**2 * (lines.post_jump @ lines.post_jump)
        )
    error = np.sqrt(variance)
    return np.where(error <= MOST_ERROR_EV, error, np.nan)
