"""What a pixel looks like: its grey value, and derivatives of the image around it at seven scales.

At each scale: the grey value after a Gaussian, the length of its gradient, and the eigenvalues of its Hessian
(two in 2D, three in 3D), which tell rims, threads and spots apart. Then the differences of Gaussians one octave apart,
because a tree that asks one feature at a time cannot compare two scales. Scales are half an octave apart, from 0.7 to
5.6 px, because that was best on real slices (docs/segmentation.md): wider ones learn where the strokes lie, and
coarser steps lose thin phases. Everything is local, so a block with a margin of `REACH_PX` gives the features of the
whole image, bit by bit.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

SIGMAS_PX = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6)
_OCTAVE = 2
"""Steps between two scales of which one is twice the other."""
_TRUNCATE = 3.0
REACH_PX = int(_TRUNCATE * SIGMAS_PX[-1] + 0.5) + 1
"""How far a feature sees along an axis: the Gaussian's radius, and one pixel for the derivatives."""

Floats = NDArray[np.float32]


def count_features(ndim: int) -> int:
    """Count the features of a pixel in an image of so many axes."""
    return 1 + len(SIGMAS_PX) * (2 + ndim) + len(SIGMAS_PX) - _OCTAVE


def find_features(grey: Floats) -> Floats:
    """Find the features of each pixel.

    Parameters
    ----------
    grey : float32 array, shape (y, x) or (z, y, x)
        Scaled grey values.

    Returns
    -------
    float32 array, shape (pixels, features)
        Pixels in scan order; the grey value, then scale by scale Gaussian, gradient, and eigenvalues of the Hessian,
        the largest first, in scaled grey values per pixel and per squared pixel; last the differences of Gaussians.

    Examples
    --------
    >>> find_features(np.ones((4, 5), np.float32)).shape
    (20, 34)
    """
    found = np.empty((grey.size, count_features(grey.ndim)), np.float32)
    found[:, 0] = grey.reshape(-1)
    width = 2 + grey.ndim
    for number, sigma in enumerate(SIGMAS_PX):
        # The same rule as for derivatives at the rim of the image: beyond it, its last pixel.
        smooth = ndimage.gaussian_filter(grey, sigma, mode="nearest", truncate=_TRUNCATE)
        columns = found[:, 1 + number * width : 1 + (number + 1) * width]
        (_derive_2d if grey.ndim == 2 else _derive_3d)(smooth, columns)
    gaussians = found[:, 1 : 1 + len(SIGMAS_PX) * width : width]
    found[:, 1 + len(SIGMAS_PX) * width :] = gaussians[:, :-_OCTAVE] - gaussians[:, _OCTAVE:]
    return found


@njit(cache=True, nogil=True)
def _derive_2d(smooth: Any, columns: Any) -> None:  # noqa: ANN401  compiled
    rows, width = smooth.shape
    for y in range(rows):
        above, below = max(y - 1, 0), min(y + 1, rows - 1)
        for x in range(width):
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            here = smooth[y, x]
            dy = (smooth[below, x] - smooth[above, x]) / 2
            dx = (smooth[y, right] - smooth[y, left]) / 2
            yy = smooth[below, x] - 2 * here + smooth[above, x]
            xx = smooth[y, right] - 2 * here + smooth[y, left]
            yx = (smooth[below, right] - smooth[below, left] - smooth[above, right] + smooth[above, left]) / 4
            middle, half = (yy + xx) / 2, np.sqrt(((yy - xx) / 2) ** 2 + yx**2)
            row = columns[y * width + x]
            row[0] = here
            row[1] = np.sqrt(dy**2 + dx**2)
            row[2] = middle + half
            row[3] = middle - half


@njit(cache=True, nogil=True)
def _derive_3d(smooth: Any, columns: Any) -> None:  # noqa: ANN401  compiled
    """As in 2D; eigenvalues by the trigonometric form of Smith, Commun. ACM 4 (1961) 168."""
    planes, rows, width = smooth.shape
    for z in range(planes):
        before, behind = max(z - 1, 0), min(z + 1, planes - 1)
        for y in range(rows):
            above, below = max(y - 1, 0), min(y + 1, rows - 1)
            for x in range(width):
                left, right = max(x - 1, 0), min(x + 1, width - 1)
                here = smooth[z, y, x]
                dz = (smooth[behind, y, x] - smooth[before, y, x]) / 2
                dy = (smooth[z, below, x] - smooth[z, above, x]) / 2
                dx = (smooth[z, y, right] - smooth[z, y, left]) / 2
                zz = smooth[behind, y, x] - 2 * here + smooth[before, y, x]
                yy = smooth[z, below, x] - 2 * here + smooth[z, above, x]
                xx = smooth[z, y, right] - 2 * here + smooth[z, y, left]
                zy = smooth[behind, below, x] - smooth[behind, above, x]
                zy = (zy - smooth[before, below, x] + smooth[before, above, x]) / 4
                zx = smooth[behind, y, right] - smooth[behind, y, left]
                zx = (zx - smooth[before, y, right] + smooth[before, y, left]) / 4
                yx = smooth[z, below, right] - smooth[z, below, left]
                yx = (yx - smooth[z, above, right] + smooth[z, above, left]) / 4
                row = columns[(z * rows + y) * width + x]
                row[0] = here
                row[1] = np.sqrt(dz**2 + dy**2 + dx**2)
                middle = (zz + yy + xx) / 3
                a, b, c = zz - middle, yy - middle, xx - middle
                spread = np.sqrt((a**2 + b**2 + c**2 + 2 * (zy**2 + zx**2 + yx**2)) / 6)
                if spread == 0:
                    row[2] = row[3] = row[4] = middle
                    continue
                a, b, c = a / spread, b / spread, c / spread
                p, q, r = zy / spread, zx / spread, yx / spread
                half = (a * (b * c - r * r) - p * (p * c - r * q) + q * (p * r - b * q)) / 2
                angle = np.arccos(min(max(half, -1.0), 1.0)) / 3
                row[2] = middle + 2 * spread * np.cos(angle)
                row[4] = middle + 2 * spread * np.cos(angle + 2 * np.pi / 3)
                row[3] = 3 * middle - row[2] - row[4]
