"""Mean and spread of a normal distribution of which a window shows only a part, by maximum likelihood.

The window cuts the energies of a particle whose state lies near one of its ends, and the spread of what is left is too
small: 0.62 of 0.8 eV where 30 % are cut. Only the values inside are used. How many lie outside is no help: some of
those are failed fits.

Strategy. In z, from −1 to 1 over the window, the density is exp(η₁z + η₂z²) over its integral, an exponential family:
the likelihood is concave in η, and largest where the model's means of z and z² are those of the values (Cohen 1950).
Newton's method for all particles at once, with moments by Gauss–Legendre quadrature. Variance is −1/(2η₂),
mean −η₁/(2η₂); errors follow from the information, which is the covariance of (z, z²).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

FLAT = "the values in the window do not rise and fall like a part of a normal distribution"
OTHER_SHAPE = "the values in the window are not those of a normal distribution"
MOSTLY_OUTSIDE = "most of the distribution lies outside of the window"
TOO_FEW_VALUES = "too few values in the window to tell its shape"

LEAST_VALUES = 150
"""With fewer values the estimate would be biased, by the cases without an answer."""

_NODES = 400
_MOST_STEPS = 60
_ARRIVED = 1e-9
_LEAST_INSIDE = 0.4
_DISTANCE = 0.03
_DISTANCE_BY_CHANCE = 1.0
"""Over √n: what the largest distance of the distributions is by chance, in 1 % of samples (Lilliefors 1967)."""


@dataclass(frozen=True, eq=False)
class UncutNormal:
    """One entry per particle; NaN where `reason` says why.

    Attributes
    ----------
    mean_ev, spread_ev : ndarray of float64, shape (n,)
        Mean and standard deviation of the whole distribution.
    spread_se_ev : ndarray of float64, shape (n,)
        Standard error of the spread, for independent values.
    reason : ndarray of object, shape (n,)
        Empty where there is an estimate.
    """

    mean_ev: Floats
    spread_ev: Floats
    spread_se_ev: Floats
    reason: NDArray[np.object_]


def fit_truncated_normals(
    n: NDArray[np.int64],
    mean_ev: Floats,
    variance_ev2: Floats,
    histograms: NDArray[np.integer],
    window_ev: tuple[float, float],
) -> UncutNormal:
    """Estimate the whole distribution of each particle from its values in the window.

    Parameters
    ----------
    n : ndarray of int64, shape (particles,)
        Values in the window, at least 2.
    mean_ev, variance_ev2 : ndarray of float64, shape (particles,)
        Their mean, and their variance (divided by n).
    histograms : ndarray of int, shape (particles, bins)
        Their counts in equal bins over the window, to see whether they are normal.
    window_ev : (float, float)
        The window in eV.

    Returns
    -------
    UncutNormal

    Notes
    -----
    Cohen (1950), Annals of Mathematical Statistics 21, 557: estimates of mean and variance from truncated samples.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> energies = rng.normal(8347.3, 0.8, 20_000)
    >>> inside = energies[energies <= 8348]
    >>> found = fit_truncated_normals(
    ...     np.array([inside.size]), np.array([inside.mean()]), np.array([inside.var()]),
    ...     np.histogram(inside, 64, (8340, 8348))[0][None], (8340, 8348))
    >>> round(float(inside.std()), 2), round(float(found.spread_ev[0]), 2)
    (0.62, 0.81)
    """
    low, high = window_ev
    half, middle = (high - low) / 2, (high + low) / 2
    first = (mean_ev - middle) / half
    second = variance_ev2 / half**2 + first**2
    natural, arrived = _solve(first, second)
    curved = arrived & (natural[:, 1] < 0)
    bend = np.where(curved, natural[:, 1], -0.5)
    spread = np.sqrt(-0.5 / bend)
    mean = np.where(curved, -0.5 * natural[:, 0] / bend, 0.0)
    error = _error_of_spread(np.column_stack([mean / spread**2, bend]), n)
    inside = ndtr((1 - mean) / spread) - ndtr((-1 - mean) / spread)
    distance = _largest_distance(mean, spread, inside, histograms)
    reason = np.select(
        [
            n < LEAST_VALUES,
            ~curved,
            distance > _DISTANCE + _DISTANCE_BY_CHANCE / np.sqrt(n),
            inside < _LEAST_INSIDE,
        ],
        [TOO_FEW_VALUES, FLAT, OTHER_SHAPE, MOSTLY_OUTSIDE],
        default="",
    ).astype(object)
    known = reason == ""
    return UncutNormal(
        np.where(known, middle + half * mean, np.nan),
        np.where(known, half * spread, np.nan),
        np.where(known, half * error, np.nan),
        reason,
    )


def _solve(first: Floats, second: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Find the natural parameters whose moments are the given ones; shape (particles, 2), and which were found."""
    variance = second - first**2
    usable = variance > 0
    safe = np.where(usable, variance, 1.0)
    natural = np.column_stack([first / safe, -0.5 / safe])  # as if nothing were cut
    arrived = np.zeros(len(first), dtype=np.bool_)
    at = np.flatnonzero(usable)
    for _ in range(_MOST_STEPS):
        if not at.size:
            break
        moments = _moments(natural[at])
        gap = np.column_stack([first[at] - moments[:, 0], second[at] - moments[:, 1]])
        done = np.abs(gap).max(axis=1) < _ARRIVED
        arrived[at[done]] = True
        at, gap, moments = at[~done], gap[~done], moments[~done]
        natural[at] += _newton_steps(natural[at], gap, moments)
    return natural, arrived


def _newton_steps(natural: Floats, gap: Floats, moments: Floats) -> Floats:
    """Take Newton's steps, none longer than keeps the curvature's sign and order of size."""
    covariance = _covariance(moments)
    determinant = covariance[:, 0] * covariance[:, 2] - covariance[:, 1] ** 2
    safe = np.maximum(determinant, np.finfo(float).tiny)
    step = np.column_stack(
        [
            (covariance[:, 2] * gap[:, 0] - covariance[:, 1] * gap[:, 1]) / safe,
            (covariance[:, 0] * gap[:, 1] - covariance[:, 1] * gap[:, 0]) / safe,
        ]
    )
    size = np.abs(natural).max(axis=1) + 1
    longest = np.abs(step).max(axis=1)
    shorter = np.minimum(1.0, 0.5 * size / np.maximum(longest, np.finfo(float).tiny))
    return np.asarray(step * shorter[:, None])


def _moments(natural: Floats) -> Floats:
    """Compute the means of z, z², z³, z⁴ on −1…1; shape (particles, 4)."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    exponent = natural[:, :1] * nodes + natural[:, 1:] * nodes**2
    density = weights * np.exp(exponent - exponent.max(axis=1, keepdims=True))
    density /= density.sum(axis=1, keepdims=True)
    return np.asarray(density @ np.column_stack([nodes**power for power in range(1, 5)]))


def _covariance(moments: Floats) -> Floats:
    """Compute the variance of z, covariance of z and z², variance of z²; shape (particles, 3)."""
    one, two, three, four = moments.T
    return np.column_stack([two - one**2, three - one * two, four - two**2])


def _error_of_spread(natural: Floats, n: NDArray[np.int64]) -> Floats:
    """Give the standard error of σ = (−2η₂)^−½ from the information n · Cov(z, z²); dσ/dη₂ = σ³."""
    covariance = _covariance(_moments(natural))
    determinant = covariance[:, 0] * covariance[:, 2] - covariance[:, 1] ** 2
    of_bend = covariance[:, 0] / np.maximum(determinant, np.finfo(float).tiny) / n
    return np.asarray(np.sqrt(of_bend) * (-2 * natural[:, 1]) ** -1.5)


def _largest_distance(
    mean: Floats, spread: Floats, inside: Floats, histograms: NDArray[np.integer]
) -> Floats:
    """Find the largest distance of the cumulative counts from the model's, at the borders of the bins."""
    borders = np.linspace(-1, 1, histograms.shape[1] + 1)[1:]
    below = ndtr((borders - mean[:, None]) / spread[:, None]) - ndtr((-1 - mean) / spread)[:, None]
    counted = np.cumsum(histograms, axis=1)
    of_all = counted / np.maximum(counted[:, -1:], 1)
    return np.asarray(np.abs(below / np.maximum(inside, 1e-12)[:, None] - of_all).max(axis=1))
