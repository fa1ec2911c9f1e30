"""How right a segmentation is, from points at random that a person named without seeing it.

Points are drawn from the whole image with equal probability. So the share of points that person and segmentation name
alike estimates the accuracy, with the interval of Wilson, and within the pixels of a found phase the shares of the
phases that the person saw estimate what these pixels really are. Weighted with the found fractions, which are known
exactly, these give the true fractions (post-stratified estimate, P. Olofsson et al., Remote Sens. Environ. 148 (2014)
42, equation 10). Its usual variance is no help here: 30 points leave some found phases with two points, or none. The
interval is therefore that of the posterior: the true phases within each found phase have a Dirichlet distribution with
the prior of Perks, which adds one point in all, spread evenly over the phases.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from cathograph.schema.errors import InputError

CONFIDENCE = 0.95
"""Of each interval."""
_DRAWS = 20_000
_SEED = 0


@dataclass(frozen=True)
class Interval:
    """A number between 0 and 1 with its interval.

    Attributes
    ----------
    value, low, high : float
        Estimate, and the ends of the interval of 95 %.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SpotCheckResult:
    """What the points say.

    Attributes
    ----------
    points : int
        How many were named.
    right : int
        How many of them as the segmentation names them.
    accuracy : Interval
        Share of pixels whose phase is right.
    found : Mapping of str to float
        Fraction of each phase in the segmentation.
    corrected : Mapping of str to Interval
        Fraction of each phase, corrected by the points.
    """

    points: int
    right: int
    accuracy: Interval
    found: Mapping[str, float]
    corrected: Mapping[str, Interval]


def judge_points(
    seen: Sequence[str], answered: Sequence[str], found_fractions: Mapping[str, float]
) -> SpotCheckResult:
    """Estimate accuracy and phase fractions.

    Parameters
    ----------
    seen : sequence of str
        Phase of each point as the person sees it.
    answered : sequence of str
        Phase of each point in the segmentation, in the same order.
    found_fractions : Mapping of str to float
        Fraction of each phase in the segmentation, of all phases that there may be; 1 in all.

    Raises
    ------
    InputError
        When there are no points, or not as many of both, or a phase that the fractions lack.
    """
    if not seen or len(seen) != len(answered):
        msg = (
            f"Found {len(seen)} named points for {len(answered)} points of the segmentation; expected as many, and one "
            "or more. Name the points."
        )
        raise InputError(msg)
    phases = list(found_fractions)
    unknown = sorted({*seen, *answered} - set(phases))
    if unknown:
        msg = f"Found points of {', '.join(unknown)}; expected {', '.join(phases)}. Correct the names of the phases."
        raise InputError(msg)
    counts = np.zeros((len(phases), len(phases)), np.int64)
    for one, other in zip(answered, seen, strict=True):
        counts[phases.index(one), phases.index(other)] += 1
    right = int(np.trace(counts))
    return SpotCheckResult(
        len(seen),
        right,
        wilson(right, len(seen)),
        dict(found_fractions),
        dict(zip(phases, _corrected(counts, np.array(list(found_fractions.values()))), strict=True)),
    )


def wilson(right: int, points: int) -> Interval:
    """Give a share with the interval of Wilson.

    Examples
    --------
    >>> interval = wilson(27, 30)
    >>> round(interval.low, 3), interval.value, round(interval.high, 3)
    (0.744, 0.9, 0.965)
    """
    ends = binomtest(right, points).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(right / points, float(ends.low), float(ends.high))


def _corrected(counts: NDArray[np.int64], weights: NDArray[np.float64]) -> list[Interval]:
    """Estimate the fraction of each phase.

    Parameters
    ----------
    counts : int array, shape (found phases, seen phases)
        Points.
    weights : float array, shape (found phases,)
        Fractions in the segmentation.
    """
    rng = np.random.default_rng(_SEED)
    prior = np.full(len(weights), 1 / len(weights))
    draws = np.zeros((_DRAWS, len(weights)))
    values = np.zeros(len(weights))
    for row, weight in zip(counts, weights, strict=True):
        if weight > 0:
            draws += weight * rng.dirichlet(row + prior, _DRAWS)
            values += weight * (row + prior) / (row.sum() + 1)
    ends = np.quantile(draws, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2), axis=0)
    return [Interval(*map(float, each)) for each in zip(values, *ends, strict=True)]
