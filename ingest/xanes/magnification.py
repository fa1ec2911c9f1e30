"""Whether the magnification changes with the energy, told by the frames themselves.

A zone plate's focal length is proportional to the energy, and microscopes that do not correct it enlarge frames by
(E/E₀)^a with a of 1 or −1; corrected ones have a = 0. One exponent for the whole scan is found, where the outlines of
some frames agree best with the reference frame's. It is believed only where agreement is better than without it by
more than chance: in most of these frames, on average by more than twice the standard error, and where it moves the
corners by half a pixel or more. Else frames are shifted alone.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Float64s = NDArray[np.float64]

LEAST_PX = 0.5
"""Movement of a corner below which a magnification is neither looked for nor believed."""

_GRID = (-1.0, -0.5, 0.0, 0.5, 1.0)
_REACH = 0.5
_CLOSE = 0.02
_LEAST_STANDARD_ERRORS = 2.0
_LEAST_SHARE = 0.75
_LEAST_FRAMES = 4


def find_exponent(agreement: Callable[[float], Float64s], largest_px: float) -> float:
    """Find the exponent of the energy that the magnification follows.

    Parameters
    ----------
    agreement : callable
        Gets an exponent; gives how well each of some frames agrees with the reference frame, as a correlation.
    largest_px : float
        How far an exponent of 1 moves a corner of the frame, at the energy farthest from the reference's.

    Returns
    -------
    float
        0 where no other one is better by more than chance.
    """
    if largest_px < LEAST_PX:
        return 0.0
    still = agreement(0.0)
    if still.size < _LEAST_FRAMES:
        return 0.0
    start = max(_GRID, key=lambda exponent: float(agreement(exponent).mean()))
    found = optimize.minimize_scalar(
        lambda exponent: -float(agreement(exponent).mean()),
        bounds=(start - _REACH, start + _REACH),
        method="bounded",
        options={"xatol": _CLOSE},
    )
    exponent = float(found.x)
    gains = agreement(exponent) - still
    return exponent if is_better_than_chance(gains) and abs(exponent) * largest_px >= LEAST_PX else 0.0


def is_better_than_chance(gains: Float64s) -> bool:
    """Tell whether gains of several frames are positive by more than chance.

    Examples
    --------
    >>> is_better_than_chance(np.array([0.1, 0.2, 0.1, 0.2])), is_better_than_chance(np.array([0.1, -0.2, 0.1, -0.1]))
    (True, False)
    """
    if gains.size < _LEAST_FRAMES:
        return False
    error = float(gains.std(ddof=1) / np.sqrt(gains.size))
    return bool(gains.mean() > _LEAST_STANDARD_ERRORS * error and (gains > 0).mean() >= _LEAST_SHARE)
