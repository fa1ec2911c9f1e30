"""Boundary F1: how well outlines agree, which the IoU of large regions hardly shows.

A boundary pixel of a class has a neighbour (by a face) of another class. Precision is the share of found boundary
pixels with a true one of the same class within the tolerance, recall the share of true ones with a found one; F1
is their harmonic mean (Csurka et al., BMVC 2013).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.schema.composites import Phase

TOLERANCE_PX = 2.0


def score_boundaries(
    truths: Sequence[NDArray[np.uint8]],
    predictions: Sequence[NDArray[np.uint8]],
    phases: Sequence[Phase],
    *,
    tolerance_px: float = TOLERANCE_PX,
) -> dict[Phase, float]:
    """Score the boundaries of each class over a set of images.

    Parameters
    ----------
    truths, predictions : sequences of uint8 arrays, (y, x)
        `Phase.code` of each pixel, pair by pair.
    phases : sequence of Phase
        The classes.
    tolerance_px : float
        Distance within which boundaries agree.

    Returns
    -------
    dict of Phase to float
        F1 for each class that has a boundary in truth or prediction.

    Examples
    --------
    >>> truth = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 4, axis=0).astype(np.uint8)
    >>> moved = np.repeat([[1, 1, 1, 1, 1, 2, 2, 2]], 4, axis=0).astype(np.uint8)
    >>> [score_boundaries([truth], [moved], [SSE], tolerance_px=reach)[SSE] for reach in (0, 1)]
    [0.0, 1.0]
    """
    scores = {}
    for phase in phases:
        hits = np.zeros((2, 2))  # rows: found, true; columns: within reach, all
        for truth, found in zip(truths, predictions, strict=True):
            true_edge, found_edge = _boundary(truth == phase.code), _boundary(found == phase.code)
            hits[0] += _count_near(found_edge, true_edge, tolerance_px)
            hits[1] += _count_near(true_edge, found_edge, tolerance_px)
        if hits[:, 1].any():
            shares = np.divide(hits[:, 0], hits[:, 1], out=np.zeros(2), where=hits[:, 1] > 0)
            scores[phase] = float(2 * shares.prod() / shares.sum()) if shares.any() else 0.0
    return scores


def _boundary(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    # Beyond the rim is as at the rim: the end of the image is no boundary.
    inside = ndimage.binary_erosion(mask, border_value=1)
    edge: NDArray[np.bool_] = mask & ~inside
    return edge


def _count_near(of: NDArray[np.bool_], to: NDArray[np.bool_], tolerance_px: float) -> tuple[int, int]:
    total = int(np.count_nonzero(of))
    if not total or not to.any():
        return 0, total
    return int(np.count_nonzero(ndimage.distance_transform_edt(~to)[of] <= tolerance_px)), total
