"""Boundaries of the regions of a label image, and outlines of masks."""

import numpy as np
from numpy.typing import NDArray


def inner_boundaries(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Mark the pixels of regions that touch another label by an edge; pixels of the background are not marked.

    Parameters
    ----------
    labels : ndarray of int, shape (y, x)
        Label image, 0 is background.

    Returns
    -------
    ndarray of bool, shape (y, x)

    Notes
    -----
    As ``skimage.segmentation.find_boundaries(labels, mode="inner")``, without scikit-image: pages and reports do not
    install it.

    Examples
    --------
    >>> inner_boundaries(np.array([[0, 1, 1, 1, 2, 2]])).astype(int).tolist()
    [[0, 1, 0, 1, 1, 0]]
    """
    boundary = np.zeros(labels.shape, dtype=bool)
    for axis in (0, 1):
        differs = np.diff(labels, axis=axis) != 0
        boundary |= np.pad(differs, [(1, 0) if each == axis else (0, 0) for each in (0, 1)])
        boundary |= np.pad(differs, [(0, 1) if each == axis else (0, 0) for each in (0, 1)])
    return boundary & (labels > 0)


def edges_of(mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the outline of a mask along the edges of its pixels.

    Parameters
    ----------
    mask : ndarray of bool, shape (y, x)

    Returns
    -------
    tuple of ndarray of float64
        y and x in pixels (pixel centres at integers): start, end and NaN of each edge.

    Examples
    --------
    One pixel has four edges:

    >>> y, x = edges_of(np.ones((1, 1), bool))
    >>> np.column_stack([y, x])[:2].tolist(), len(y)
    ([[-0.5, -0.5], [-0.5, 0.5]], 12)
    """
    padded = np.pad(mask, 1)
    nan = np.nan
    flat_y, flat_x = np.nonzero(padded[1:, :] != padded[:-1, :])
    steep_y, steep_x = np.nonzero(padded[:, 1:] != padded[:, :-1])
    y = np.concatenate(
        [
            np.column_stack([flat_y - 0.5, flat_y - 0.5, np.full(len(flat_y), nan)]).ravel(),
            np.column_stack([steep_y - 1.5, steep_y - 0.5, np.full(len(steep_y), nan)]).ravel(),
        ]
    )
    x = np.concatenate(
        [
            np.column_stack([flat_x - 1.5, flat_x - 0.5, np.full(len(flat_x), nan)]).ravel(),
            np.column_stack([steep_x - 0.5, steep_x - 0.5, np.full(len(steep_x), nan)]).ravel(),
        ]
    )
    return y, x
