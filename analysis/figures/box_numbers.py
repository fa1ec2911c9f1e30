"""The numbers of a box in a box plot, computed once for printed and interactive figures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_FOR_A_BOX = 5
"""Quartiles of fewer values mean nothing; then only the points are drawn."""


@dataclass(frozen=True)
class BoxNumbers:
    """A group of values in seven numbers.

    Attributes
    ----------
    n : int
        Number of values.
    mean, median, q1, q3 : float
        NaN without any value.
    low, high : float
        Ends of the whiskers: the outermost values within 1.5 interquartile ranges of the box.
    """

    n: int
    mean: float
    median: float
    q1: float
    q3: float
    low: float
    high: float

    @property
    def has_box(self) -> bool:
        """Whether there are enough values for quartiles."""
        return self.n >= LEAST_FOR_A_BOX


def box_numbers(values: NDArray[np.float64]) -> BoxNumbers:
    """Compute the numbers of a box.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Without NaN.

    Notes
    -----
    Quartiles are interpolated linearly; whiskers are Tukey's.

    Examples
    --------
    >>> box_numbers(np.array([1.0, 2.0, 3.0, 4.0, 100.0]))
    BoxNumbers(n=5, mean=22.0, median=3.0, q1=2.0, q3=4.0, low=1.0, high=4.0)
    """
    if not len(values):
        nan = float("nan")
        return BoxNumbers(0, nan, nan, nan, nan, nan, nan)
    q1, median, q3 = (float(each) for each in np.percentile(values, (25, 50, 75)))
    reach = 1.5 * (q3 - q1)
    inside = values[(values >= q1 - reach) & (values <= q3 + reach)]
    # An interpolated quartile may lie beyond all values inside the whiskers; the box then has no whisker.
    low, high = (float(inside.min()), float(inside.max())) if len(inside) else (q1, q3)
    return BoxNumbers(len(values), float(values.mean()), median, q1, q3, min(low, q1), max(high, q3))
