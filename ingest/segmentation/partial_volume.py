"""Pixels on an outline belong to one of its two sides, never to a third phase.

A pixel between a dark and a bright phase holds some of both, and blur widens this to a ramp. By grey value alone
the middle of the ramp looks like a phase of medium grey: each bright particle gets a rim of it. This module finds
such pixels by what lies on either side along the gradient of the grey values: a darker phase a few pixels downhill
and a brighter one uphill. They go to the side that is nearer in grey. A film of the middle phase stays where it is a
dark or bright line, or wider than the ramp. A film between a darker and a brighter phase that is thinner than the ramp
cannot be told from it, and is lost.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Ranks = NDArray[np.intp]

GRADIENT_SIGMA_PX = 1.0
STRONG_EDGES_PERCENTILE = 95
SHORTEST_PX, LONGEST_PX = 2.0, 6.0


def gradient_of(grey: Floats) -> tuple[Floats, Floats]:
    """Return the gradient (axes first, per pixel) and its length for an image or volume."""
    parts = np.stack(
        [
            ndimage.gaussian_filter(
                grey,
                GRADIENT_SIGMA_PX,
                order=[int(axis == along) for along in range(grey.ndim)],
                mode="nearest",
            )
            for axis in range(grey.ndim)
        ]
    )
    return parts, np.sqrt((parts**2).sum(axis=0))


def ramp_half_width_px(length: Floats, contrast: float) -> float:
    """Return how far from the middle of an edge both sides are reached, in pixels.

    Parameters
    ----------
    length : float32 array
        Length of the gradient.
    contrast : float
        Difference of grey values between the darkest and the brightest phase.

    Notes
    -----
    An edge blurred by a Gaussian of standard deviation σ has its steepest slope contrast / (σ √(2π)). Two σ hold
    95 % of the change. The steepest pixels of the image are taken for edges between the darkest and the brightest
    phase.

    Examples
    --------
    >>> ramp_half_width_px(np.full((3, 3), 0.2, np.float32), 1.0)
    3.9894...
    """
    steepest = float(np.percentile(length, STRONG_EDGES_PERCENTILE))
    sigma = contrast / (max(steepest, 1e-6) * np.sqrt(2 * np.pi))
    return float(np.clip(2 * sigma, SHORTEST_PX, LONGEST_PX))


def resolve_ramps(grey: Floats, ranks: Ranks, modes: NDArray[np.float64]) -> Ranks:
    """Give pixels on a ramp between two phases to one of them.

    Parameters
    ----------
    grey : float32 array, (y, x) or (z, y, x)
        Grey values.
    ranks : int array, shape of `grey`
        Number of each pixel's phase, 0 the darkest.
    modes : float64 array, (k,)
        Typical grey value of each phase, ascending.

    Returns
    -------
    int array, shape of `grey`
        Ranks without rims.

    Examples
    --------
    A blurred step from 0 to 1 with a third phase at 0.5: the ramp is divided between the two sides.

    >>> step = np.tile([0, 0, 0, 0, 0.2, 0.5, 0.8, 1, 1, 1, 1], (5, 1)).astype(np.float32)
    >>> ranks = np.digitize(step, [0.25, 0.75])
    >>> resolve_ramps(step, ranks, np.array([0.0, 0.5, 1.0]))[2].tolist()
    [0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2]
    """
    if len(modes) < 3:
        return ranks
    parts, length = gradient_of(grey)
    reach_px = ramp_half_width_px(length, float(modes[-1] - modes[0]))
    resolved = ranks.copy()
    middle = (ranks > 0) & (ranks < len(modes) - 1) & (length > 0)
    where = np.nonzero(middle)
    if not where[0].size:
        return resolved
    direction = parts[:, middle] / length[middle]
    at = np.stack(where).astype(np.float64)
    low, high = (_seen(ranks, at, direction, sign, reach_px) for sign in (-1, 1))
    ramp = (low.min(axis=0) < ranks[where]) & (high.max(axis=0) > ranks[where])
    darker, brighter = low.min(axis=0), high.max(axis=0)
    halfway = (modes[darker] + modes[brighter]) / 2
    side = np.where(grey[where] < halfway, darker, brighter)
    resolved[where] = np.where(ramp, side, ranks[where])
    return resolved


def _seen(
    ranks: Ranks, at: NDArray[np.float64], direction: Floats, sign: int, reach_px: float
) -> NDArray[np.intp]:
    """Ranks met on the way along the gradient, one row a step of a pixel: (steps, n)."""
    steps = np.arange(1, round(reach_px) + 1)
    highest = np.array(ranks.shape)[:, None] - 1
    return np.stack(
        [
            ranks[tuple(np.clip(np.rint(at + sign * step * direction), 0, highest).astype(np.intp))]
            for step in steps
        ]
    )
