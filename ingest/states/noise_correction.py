"""The spread of a particle's energies without the noise of the fit.

A pixel's energy is the particle's own energy there plus an error of the fit, so the variance of the pixels is that of
the particle plus the mean square of the errors: a homogeneous particle does not read 0, and a small one, thin and
noisy, reads more than a large one. Where the map holds the standard error of each energy
(`cathograph.ingest.xanes`), that part is known and taken away.

With energies xᵢ = tᵢ + eᵢ of n pixels and standard errors sᵢ, the expectation of Σ(xᵢ − x̄)²/n is the variance of
the tᵢ plus (1 − 1/n) mean(sᵢ²). The estimate can be negative, by chance, and counts as 0 then. Its interval comes from
the spread of dᵢ² − sᵢ² over the pixels, so it holds that of the standard errors too. The few pixels without a standard
error take no part.
"""

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

NOISE_SUMS = 4
"""Columns of the sums of a particle: pixels, Σs², Σd², Σ(d² − s²)²."""

LEAST_KNOWN = 0.9
"""Share of the valid pixels whose standard error must be known."""

_NORMAL_95 = 1.959964


@njit(cache=True, nogil=True)
def add_noise(
    numbers: NDArray[np.int32],
    values: NDArray[np.floating],
    errors: NDArray[np.floating],
    row_of: NDArray[np.int64],
    low: float,
    high: float,
    mean: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add up what `correct_for_noise` needs, over the pixels in the window whose standard error is known."""
    for i in range(numbers.size):
        row = row_of[numbers[i]]
        if row < 0:
            continue
        value = np.float64(values[i])
        error = np.float64(errors[i])
        if not (low <= value <= high and 0.0 <= error < np.inf):
            continue
        squared = (value - mean[row]) ** 2
        of_noise = error * error
        sums[row, 0] += 1.0
        sums[row, 1] += of_noise
        sums[row, 2] += squared
        sums[row, 3] += (squared - of_noise) ** 2


def correct_for_noise(
    sums: NDArray[np.float64],
    n_valid: NDArray[np.int64],
    enough: NDArray[np.bool_],
) -> dict[str, pd.Series]:
    """Give noise and corrected spread of each particle, null where too few standard errors are known.

    Parameters
    ----------
    sums : ndarray of float64, shape (particles, 4)
        From `add_noise`.
    n_valid : ndarray of int64, shape (particles,)
        Values in the window.
    enough : ndarray of bool, shape (particles,)
        Which particles have values at all.

    Returns
    -------
    dict of str to Series
        ``fit_noise_ev`` (root mean square of the standard errors), ``heterogeneity_corrected_ev`` and the ends of its
        95 % interval, ``heterogeneity_corrected_low_ev`` and ``…_high_ev``.

    Examples
    --------
    Energies 0.5 eV apart, half of whose variance of 0.0625 eV² is noise:

    >>> d2, s2 = 0.0625, 0.03125
    >>> found = correct_for_noise(np.array([[100, 100 * s2, 100 * d2, 100 * (d2 - s2) ** 2]]),
    ...                           np.array([100]), np.array([True]))
    >>> [round(float(found[name].iloc[0]), 4) for name in ("fit_noise_ev", "heterogeneity_corrected_ev")]
    [0.1768, 0.1777]
    """
    known = enough & (sums[:, 0] > 0) & (sums[:, 0] >= LEAST_KNOWN * n_valid)
    n = np.where(known, sums[:, 0], 1.0)
    of_noise = sums[:, 1] / n
    gap = sums[:, 2] / n - of_noise
    error = np.sqrt(np.maximum(sums[:, 3] / n - gap**2, 0) / n)
    variance = gap + of_noise / n

    def rooted(values: NDArray[np.float64]) -> pd.Series:
        return pd.Series(np.where(known, np.sqrt(np.maximum(values, 0)), np.nan))

    return {
        "fit_noise_ev": rooted(of_noise),
        "heterogeneity_corrected_ev": rooted(variance),
        "heterogeneity_corrected_low_ev": rooted(variance - _NORMAL_95 * error),
        "heterogeneity_corrected_high_ev": rooted(variance + _NORMAL_95 * error),
    }
