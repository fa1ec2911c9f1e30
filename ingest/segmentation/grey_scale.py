"""Scaling grey values: between two percentiles of the whole image (or volume).

Never per tile: a tile of one phase would be stretched to look like four. The percentiles come from at most four
million pixels, evenly spread, so the memory needed does not grow with the image.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.schema.errors import SegmentationError

LOWER_PERCENTILE, UPPER_PERCENTILE = 0.5, 99.5
MOST_SAMPLES = 1 << 22
LOWEST, HIGHEST = -1.0, 2.0
"""Scaled grey values are cut off here: a hot pixel is bright, not everything."""


@dataclass(frozen=True)
class GreyScale:
    """Grey values that become 0 and 1.

    Attributes
    ----------
    low, high : float
        In the image's own grey values.
    """

    low: float
    high: float

    def apply(self, grey: NDArray[Any]) -> NDArray[np.float32]:
        """Scale grey values of any shape and cut them off at −1 and 2."""
        # In doubles: the ends of 64-bit integers and of far-off floats would lose the contrast in singles.
        scaled = (grey.astype(np.float64) - self.low) / (self.high - self.low)
        return np.clip(scaled, LOWEST, HIGHEST).astype(np.float32)


def find_grey_scale(image: NDArray[Any]) -> GreyScale:
    """Find the scale of an image.

    Parameters
    ----------
    image : array, (y, x) or (z, y, x)
        Finite grey values, integers or floats.

    Raises
    ------
    SegmentationError
        When the grey values have no contrast.

    Examples
    --------
    >>> find_grey_scale(np.arange(1001.0).reshape(7, 143))
    GreyScale(low=5.0, high=995.0)
    """
    flat = image.reshape(-1)
    step = -(-flat.size // MOST_SAMPLES)
    while step > 1 and math.gcd(step, image.shape[-1]) > 1:  # else only some columns would be seen
        step += 1
    low, high = (float(p) for p in np.percentile(flat[::step], (LOWER_PERCENTILE, UPPER_PERCENTILE)))
    if not (high > low and math.isfinite(high - low)):
        msg = (
            f"Found grey values without contrast (percentiles {LOWER_PERCENTILE:g} and {UPPER_PERCENTILE:g} are "
            f"{low:g} and {high:g}); expected phases that differ in grey. Check that this is a grey image."
        )
        raise SegmentationError(msg)
    return GreyScale(low, high)
