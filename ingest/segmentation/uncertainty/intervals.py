"""Intervals of counts and shares: from a few passes of a network, corrected to the stated coverage.

The passes of a network with channels left out differ from each other, but not as the network differs from the truth: a
network that misses thin flakes misses them in every pass. So the interval of the passes is corrected by what
happened on other images whose truth is known (split-conformal, after conformalised quantile regression: Romano,
Patterson, Candès, NeurIPS 2019, here with a margin for each end as in their section 6).

With l and h the 5 % and 95 % quantiles of the passes and y the truth of each of n images, on the scale named below, the
margins are the ⌈0.95 (n + 1)⌉-th smallest of l − y and of y − h, and the corrected interval is l − margin to h +
margin. It contains the truth of a further image in at least 90 % of cases, **if that image is like those of the
correction**. A network that always counts too many moves both ends; so the median is moved too, by the median of y
less that of the passes.

Counts are taken on the scale log(1 + count), on which an error of some per cent is the same at any size of image;
shares as they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.schema.errors import SegmentationError
from cathograph.schema.uncertainty import MOST_PASSES

LEVEL = 0.9
TAIL = (1 - LEVEL) / 2
FEWEST_IMAGES = round(1 / TAIL) - 1
"""With fewer, no image that was seen is far enough out to bound 95 %."""


QUANTITIES = ("particles", "tpbs", "channel_share")
_SHARES = frozenset({"channel_share"})


@dataclass(frozen=True)
class Spread:
    """Median and interval of one quantity of one image."""

    median: float
    low: float
    high: float

    def holds(self, truth: float) -> bool:
        """Whether the interval holds a number.

        Examples
        --------
        >>> Spread(3, 2, 5).holds(5), Spread(3, 2, 5).holds(6)
        (True, False)
        """
        return self.low <= truth <= self.high


@dataclass(frozen=True)
class Margins:
    """What is added to the ends and the median of a spread, on the scale of its quantity."""

    low: float
    median: float
    high: float


def spread_of(values: Sequence[float | None]) -> Spread | None:
    """Spread of the passes of one image; None where no pass has a value.

    Examples
    --------
    >>> spread_of([4.0, None, 6.0])
    Spread(median=5.0, low=4.1, high=5.9)
    """
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, median, high = (float(q) for q in np.quantile(known, (TAIL, 0.5, 1 - TAIL)))
    return Spread(median, low, high)


def fit_margins(
    quantity: str, spreads: Sequence[Spread | None], truths: Sequence[float | None]
) -> Margins | None:
    """Find the margins that a quantity needs.

    Parameters
    ----------
    quantity : str
        One of `QUANTITIES`.
    spreads : sequence of Spread
        Of the passes, image by image; images without one or without a truth are left out.
    truths : sequence of float
        The true value in each image.

    Returns
    -------
    Margins or None
        None where too few images are left.

    Examples
    --------
    >>> spreads = [Spread(0.5, 0.4, 0.6)] * 100
    >>> margins = fit_margins("channel_share", spreads, [k / 100 for k in range(100)])
    >>> {name: round(value, 3) for name, value in vars(margins).items()}
    {'low': -0.36, 'median': -0.005, 'high': 0.35}
    """
    both = [(s, t) for s, t in zip(spreads, truths, strict=True) if s is not None and t is not None]
    if len(both) < FEWEST_IMAGES:
        return None
    truth = _to_scale(quantity, [t for _, t in both])
    low = _to_scale(quantity, [s.low for s, _ in both])
    high = _to_scale(quantity, [s.high for s, _ in both])
    median = _to_scale(quantity, [s.median for s, _ in both])
    # The rounding keeps 0.95 · 20 from being a little above 19.
    rank = math.ceil(round((1 - TAIL) * (len(both) + 1), 9)) - 1
    return Margins(
        low=-float(np.sort(low - truth)[rank]),
        median=float(np.median(truth - median)),
        high=float(np.sort(truth - high)[rank]),
    )


def corrected(quantity: str, spread: Spread, margins: Margins) -> Spread:
    """Correct the spread of a further image.

    Examples
    --------
    >>> corrected("channel_share", Spread(0.9, 0.8, 0.95), Margins(low=-0.3, median=-0.1, high=0.1))
    Spread(median=0.8, low=0.5, high=1.0)
    """
    low, median, high = _to_scale(quantity, [spread.low, spread.median, spread.high]).tolist()
    low, median, high = low + margins.low, median + margins.median, high + margins.high
    if low > high:  # margins that narrow, and passes that agree more than usual
        low = high = (low + high) / 2
    median = min(max(median, low), high)
    return Spread(*(_from_scale(quantity, value) for value in (median, low, high)))


def require_passes(passes: int) -> None:
    """Refuse a number of passes that cannot be meant.

    Raises
    ------
    SegmentationError
        Below 1 or above `MOST_PASSES`.
    """
    if not 1 <= passes <= MOST_PASSES:
        msg = (
            f"Found {passes} passes; expected 1 to {MOST_PASSES} (8 are usual). Correct `uncertainty_passes`."
        )
        raise SegmentationError(msg)


def _to_scale(quantity: str, values: Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    return array if quantity in _SHARES else np.log1p(array)


def _from_scale(quantity: str, value: float) -> float:
    if quantity in _SHARES:
        return round(min(max(value, 0.0), 1.0), 12)
    return max(math.expm1(value), 0.0)
