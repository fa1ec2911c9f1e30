"""Exact squared Euclidean distance maps of a mask, 2D and 3D, as integers.

Squared distances between pixel centres are whole numbers, so the map is kept as int32:
no rounding, plateaus are real plateaus, and comparing two pixels is exact. The transform
is separable (one sweep along the last axis, then the lower envelope of parabolas along
each other axis; Meijster, Roerdink, Hesselink 2000), linear in the number of pixels, and
each axis runs in parallel over its lines. SciPy's transform takes 9 s where this takes
about 1 s (251×301×301), and that transform would dominate the splitting of a volume.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

NO_BACKGROUND = 2**30
"""Squared distance given to every pixel of a mask that fills its whole image."""

_FAR = 2**40


@njit(cache=True, parallel=True)
def _sweep_last_axis(mask: NDArray[np.bool_], squared: NDArray[np.int32]) -> None:
    """Fill `squared` (lines, n) with the squared distance to background along each line."""
    lines, n = mask.shape
    for line in prange(lines):
        distance = NO_BACKGROUND
        for i in range(n):
            distance = distance + 1 if mask[line, i] else 0
            squared[line, i] = min(distance, NO_BACKGROUND)
        distance = NO_BACKGROUND
        for i in range(n - 1, -1, -1):
            distance = distance + 1 if mask[line, i] else 0
            nearest = min(distance, squared[line, i])
            squared[line, i] = nearest * nearest if nearest < 2**15 else NO_BACKGROUND


@njit(cache=True, parallel=True)
def _envelope_middle_axis(squared: NDArray[np.int32]) -> None:
    """Replace `squared` (outer, n, inner) by the lower envelope of parabolas along axis 1."""
    outer, n, inner = squared.shape
    for line in prange(outer * inner):
        o = np.int64(line) // inner
        i = np.int64(line) % inner
        height = np.empty(n, np.int64)
        apex = np.empty(n, np.int64)
        start = np.empty(n, np.int64)
        any_foreground = False
        for j in range(n):
            value = np.int64(squared[o, j, i])
            height[j] = value if value < NO_BACKGROUND else _FAR
            if value > 0:
                any_foreground = True
        if not any_foreground:
            continue
        top = 0
        apex[0] = 0
        start[0] = 0
        for j in range(1, n):
            while top >= 0:
                k = apex[top]
                at = start[top]
                if (at - k) ** 2 + height[k] <= (at - j) ** 2 + height[j]:
                    break
                top -= 1
            if top < 0:
                top = 0
                apex[0] = j
                continue
            k = apex[top]
            cut = 1 + (j * j - k * k + height[j] - height[k]) // (2 * (j - k))
            if cut < n:
                top += 1
                apex[top] = j
                start[top] = cut
        for j in range(n - 1, -1, -1):
            nearest = (j - apex[top]) ** 2 + height[apex[top]]
            squared[o, j, i] = min(nearest, NO_BACKGROUND)
            if j == start[top]:
                top -= 1


def squared_distance_map(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Squared distance from each pixel of a mask to the nearest pixel outside it.

    The image border is no wall: what lies beyond it is unknown, so a particle cut by the
    border keeps its distance to the background inside the image (SciPy's convention).

    Parameters
    ----------
    mask : bool array, 2D or 3D

    Returns
    -------
    int32 array of the same shape, px²; 0 outside the mask, `NO_BACKGROUND` everywhere when
    the mask fills the image.

    Examples
    --------
    >>> squared_distance_map(np.array([[0, 1, 1, 1, 1], [0, 0, 1, 1, 1]], bool)).tolist()
    [[0, 1, 2, 5, 10], [0, 0, 1, 4, 9]]
    """
    if mask.size == 0:
        return np.zeros(mask.shape, np.int32)
    squared = np.empty(mask.shape, np.int32)
    last = mask.shape[-1]
    _sweep_last_axis(np.ascontiguousarray(mask).reshape(-1, last), squared.reshape(-1, last))
    for axis in range(mask.ndim - 2, -1, -1):
        n = mask.shape[axis]
        inner = int(np.prod(mask.shape[axis + 1 :]))
        _envelope_middle_axis(squared.reshape(-1, n, inner))
    return squared
