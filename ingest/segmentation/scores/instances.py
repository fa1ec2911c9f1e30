"""Instances: found particles beside true ones, as panoptic quality, splits and merges.

A found particle is a hit when it and a true one have IoU above one half, which at most one pair can (Kirillov et
al., CVPR 2019):

    PQ = Σ IoU of hits / (hits + ½ found without + ½ true without)

PQ does not say how a miss came about. A true particle is *split* when at least two found ones take a tenth or more
of its pixels each; a found particle is a *merge* when at least two true ones take a tenth or more of its pixels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PIECE_SHARE = 0.1


@dataclass(frozen=True)
class InstanceScores:
    """How particles were found.

    Attributes
    ----------
    true_particles, found_particles : int
        Their numbers.
    panoptic_quality : float or None
        0 to 1; None where there is no particle in either.
    recognition_quality, segmentation_quality : float or None
        Its two factors: F1 of finding, and the mean IoU of what was found.
    splits, merges : int
        True particles in pieces; found particles that hold several.
    """

    true_particles: int
    found_particles: int
    panoptic_quality: float | None
    recognition_quality: float | None
    segmentation_quality: float | None
    splits: int
    merges: int


def score_instances(truth: NDArray[np.integer], found: NDArray[np.integer]) -> InstanceScores:
    """Score a label image.

    Parameters
    ----------
    truth, found : integer arrays of one shape
        Labels of particles, not negative; 0 is none.

    Examples
    --------
    >>> truth = np.array([[1, 1, 1, 1, 0, 2, 2, 2]])
    >>> found = np.array([[1, 1, 3, 3, 0, 4, 4, 4]])  # the first is cut in two, the second is right
    >>> score_instances(truth, found)  # doctest: +NORMALIZE_WHITESPACE
    InstanceScores(true_particles=2, found_particles=3, panoptic_quality=0.4, recognition_quality=0.4,
                   segmentation_quality=1.0, splits=1, merges=0)
    """
    of_truth, true_index = np.unique(truth.reshape(-1), return_inverse=True)
    of_found, found_index = np.unique(found.reshape(-1), return_inverse=True)
    true_area, found_area = np.bincount(true_index), np.bincount(found_index)
    both, overlap = np.unique(true_index * of_found.size + found_index, return_counts=True)
    i, j = both // of_found.size, both % of_found.size
    solid = (of_truth[i] != 0) & (of_found[j] != 0)
    i, j, overlap = i[solid], j[solid], overlap[solid]
    iou = overlap / (true_area[i] + found_area[j] - overlap)
    hits = iou[iou > 0.5]
    n_true, n_found = int(np.count_nonzero(of_truth)), int(np.count_nonzero(of_found))
    either = hits.size + 0.5 * (n_true - hits.size) + 0.5 * (n_found - hits.size)
    pieces = np.bincount(i[overlap >= PIECE_SHARE * true_area[i]], minlength=1)
    held = np.bincount(j[overlap >= PIECE_SHARE * found_area[j]], minlength=1)
    return InstanceScores(
        true_particles=n_true,
        found_particles=n_found,
        panoptic_quality=float(hits.sum() / either) if either else None,
        recognition_quality=float(hits.size / either) if either else None,
        segmentation_quality=float(hits.mean()) if hits.size else None,
        splits=int(np.count_nonzero(pieces >= 2)),
        merges=int(np.count_nonzero(held >= 2)),
    )
