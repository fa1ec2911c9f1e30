"""The orientation tag of TIFF and Exif: where the first stored row and column belong.

A viewer turns the picture by it, and so does a segmentation made in that viewer. Values 2 to 4
mirror or turn by half, 5 to 8 exchange rows and columns as well.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

UPRIGHT = 1
ORIENTATION_TAG = 274
KNOWN = range(1, 9)
TURNED = range(5, 9)


def in_words(orientation: int) -> str:
    """Say what is done with an orientation, for printing."""
    return f"turned as its tag says ({orientation})"


def upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return an image (y, x, …) as it is meant to be seen.

    Parameters
    ----------
    values
        As stored.
    orientation
        Value of the tag, 1 to 8.

    Examples
    --------
    Stored with the last row first (4), or by columns (5):

    >>> upright(np.array([[3, 4], [1, 2]]), 4).tolist(), upright(np.array([[1, 3], [2, 4]]), 5).tolist()
    ([[1, 2], [3, 4]], [[1, 2], [3, 4]])
    """
    if orientation in TURNED:
        values = np.swapaxes(values, 0, 1)
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    return values
