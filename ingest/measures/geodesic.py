"""Shortest paths through the pixels of a mask.

Steps run between pixel centres to all 8 (3D: 26) neighbours at cost 1, √2, √3, as for local channels.
"""

import numpy as np
from numpy.typing import NDArray
from skimage.graph import MCP_Geometric


def geodesic_distance(mask: NDArray[np.bool_], starts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Compute the length of the shortest path to the nearest start inside a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (y, x) or (z, y, x)
        Pixels that a path may use.
    starts : ndarray of bool, same shape
        Where paths end; only those in the mask count.

    Returns
    -------
    ndarray of float64, same shape
        In pixels; infinite outside of the mask, and where no path leads to a start.

    Examples
    --------
    >>> mask = np.array([[1, 0, 1], [1, 1, 0]], bool)
    >>> geodesic_distance(mask, np.array([[1, 0, 0], [0, 0, 0]], bool)).round(2).tolist()
    [[0.0, inf, 2.83], [1.0, 1.41, inf]]
    """
    places = np.argwhere(mask & starts)
    if not len(places):
        return np.full(mask.shape, np.inf)
    paths = MCP_Geometric(np.where(mask, 1.0, np.inf), fully_connected=True)
    distance: NDArray[np.float64] = paths.find_costs(places)[0]
    return np.where(mask, distance, np.inf)
