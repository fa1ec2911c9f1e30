"""Masks on a coarser grid: cells that hold the share of their pixels that is marked."""

import numpy as np
from numpy.typing import NDArray


def average_over_cells(mask: NDArray[np.bool_], cells_a_pixel: float) -> NDArray[np.float32]:
    """Average a mask over cells that start at its first corner; a pixel counts where its centre lies.

    Parameters
    ----------
    mask : ndarray of bool, shape (y, x) or (z, y, x)
        Marked pixels.
    cells_a_pixel : float
        Edge of a pixel over that of a cell; with 1 or more, pixels stay as they are.

    Returns
    -------
    ndarray of float32
        Shares from 0 to 1.

    Examples
    --------
    >>> average_over_cells(np.array([[True, True, False, False]]), 0.5).tolist()
    [[1.0, 0.0]]
    """
    if cells_a_pixel >= 1:
        return mask.astype(np.float32)
    values: NDArray[np.generic] = mask
    for axis, size in enumerate(mask.shape):
        starts = first_pixels(size, cells_a_pixel)
        counts = np.diff(starts, append=size).reshape([-1 if a == axis else 1 for a in range(mask.ndim)])
        values = np.add.reduceat(values, starts, axis=axis, dtype=np.float32) / counts.astype(np.float32)
    return values.astype(np.float32, copy=False)


def first_pixels(size: int, cells_a_pixel: float) -> NDArray[np.int64]:
    """First pixel of each cell along an axis of `size` pixels.

    Examples
    --------
    >>> first_pixels(5, 0.5).tolist()
    [0, 2, 4]
    """
    cell = np.floor(np.round((np.arange(size) + 0.5) * cells_a_pixel, 9)).astype(np.int64)
    return np.flatnonzero(np.diff(cell, prepend=-1))
