"""Overlap of classes: IoU of each, their mean, and their intervals (bootstrap).

IoU of a class is taken over all pixels of all images at once, not as the mean of images, in which a class may
be all but absent. The bootstrap draws whole images with replacement where there are at least five; with fewer it draws
blocks of 128 × 128 pixels, which are not independent: such an interval is narrower than it should be, and its unit
is named beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.schema.composites import Phase
from cathograph.schema.errors import InputImageError

BLOCK_PX = 128
FEWEST_IMAGES = 5
DRAWS = 1000
COVERAGE = 0.95

Confusion = NDArray[np.int64]
"""(k, k): pixels of true class i that were called class j."""


@dataclass(frozen=True)
class Interval:
    """A number and the interval that holds 95 % of its bootstrap draws; NaN where it cannot be told."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OverlapScores:
    """Overlap of classes over a set of images.

    Attributes
    ----------
    iou : dict of Phase to Interval
        For each class that truth or prediction hold.
    mean_iou : Interval
        Their mean.
    unit : str
        What the bootstrap draws: ``image`` or ``block of 128 px``.
    """

    iou: dict[Phase, Interval]
    mean_iou: Interval
    unit: str

    def as_record(self) -> dict[str, Any]:
        """Write it as JSON can hold it."""
        return {
            "mean_iou": vars(self.mean_iou),
            "iou": {phase.name: vars(interval) for phase, interval in self.iou.items()},
            "bootstrap_unit": self.unit,
        }


def confusion_matrix(
    truth: NDArray[np.uint8], found: NDArray[np.uint8], phases: Sequence[Phase]
) -> Confusion:
    """Count pixels by true and found phase.

    Parameters
    ----------
    truth, found : uint8 arrays of one shape
        `Phase.code` of each pixel.
    phases : sequence of Phase
        Classes, in the order of rows and columns.

    Raises
    ------
    InputImageError
        When the shapes differ.

    Examples
    --------
    >>> truth, found = np.array([1, 1, 2], np.uint8), np.array([1, 2, 2], np.uint8)
    >>> confusion_matrix(truth, found, (SSE, NMC)).tolist()
    [[1, 1], [0, 1]]
    """
    if truth.shape != found.shape:
        msg = f"Found a prediction of shape {found.shape} for a mask of {truth.shape}; expected equal shapes."
        raise InputImageError(msg)
    n = len(phases)
    index_of = np.zeros(256, dtype=np.int64)
    index_of[[phase.code for phase in phases]] = np.arange(n)
    both = index_of[truth.reshape(-1)] * n + index_of[found.reshape(-1)]
    return np.bincount(both, minlength=n * n).reshape(n, n)


def intersection_over_union(confusion: Confusion) -> NDArray[np.float64]:
    """IoU of each class, of one or many matrices; NaN for a class that is in neither.

    Parameters
    ----------
    confusion : int array, (…, k, k)

    Returns
    -------
    float array, (…, k)

    Examples
    --------
    >>> intersection_over_union(np.array([[1, 1], [0, 1]])).tolist()
    [0.5, 0.5]
    """
    both = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    either = confusion.sum(-1) + confusion.sum(-2) - both
    shares: NDArray[np.float64] = np.divide(both, either, out=np.full_like(both, np.nan), where=either > 0)
    return shares


def score_overlap(
    truths: Sequence[NDArray[np.uint8]],
    predictions: Sequence[NDArray[np.uint8]],
    phases: Sequence[Phase],
    *,
    seed: int = 0,
) -> OverlapScores:
    """Score a set of images.

    Parameters
    ----------
    truths, predictions : sequences of uint8 arrays, (y, x)
        `Phase.code` of each pixel, pair by pair.
    phases : sequence of Phase
        The classes.
    seed : int
        Of the bootstrap.
    """
    by_image = len(truths) >= FEWEST_IMAGES
    matrices = [
        confusion_matrix(truth[cut], found[cut], phases)
        for truth, found in zip(truths, predictions, strict=True)
        for cut in ([...] if by_image else _blocks(truth.shape))
    ]
    units = np.stack(matrices)
    rng = np.random.default_rng(seed)
    draws = np.stack([units[rng.integers(len(units), size=len(units))].sum(0) for _ in range(DRAWS)])
    whole, drawn = intersection_over_union(units.sum(0)), intersection_over_union(draws)
    held = ~np.isnan(whole)
    per_class = {phase: _interval(whole[k], drawn[:, k]) for k, phase in enumerate(phases) if held[k]}
    # A draw may miss a rare class: its mean then is that of the others, as for a set without that class.
    drawn_means = np.nanmean(drawn[:, held], axis=1)
    mean = _interval(float(whole[held].mean()), drawn_means)
    return OverlapScores(per_class, mean, "image" if by_image else f"block of {BLOCK_PX} px")


def _interval(value: float, draws: NDArray[np.float64]) -> Interval:
    tail = 100 * (1 - COVERAGE) / 2
    low, high = np.nanpercentile(draws, (tail, 100 - tail))
    return Interval(float(value), float(low), float(high))


def _blocks(shape: tuple[int, ...]) -> list[tuple[slice, ...]]:
    height, width = shape
    return [
        (slice(y, y + BLOCK_PX), slice(x, x + BLOCK_PX))
        for y in range(0, height, BLOCK_PX)
        for x in range(0, width, BLOCK_PX)
    ]
