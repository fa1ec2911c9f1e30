"""The least-squares line through points, as figures draw it."""

import numpy as np
from numpy.typing import NDArray


def line_through(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the ends of the least-squares line over the range of x.

    Returns
    -------
    tuple of ndarray of float64, shape (2,)
        x and y of the ends.

    Examples
    --------
    >>> x, y = line_through(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    >>> x.tolist(), y.round(9).tolist()
    ([0.0, 2.0], [1.0, 3.0])
    """
    slope, level = np.polyfit(x - x.mean(), y, 1)
    ends = np.array([x.min(), x.max()])
    return ends, level + slope * (ends - x.mean())
