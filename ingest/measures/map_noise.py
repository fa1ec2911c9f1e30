"""Noise of an energy map that neighbouring pixels share: the variance of any weighted sum of pixels.

A map of resolution w (full width at half maximum) is white noise blurred by a Gaussian of standard deviation
s = w / 2.355, so values at distance h correlate as exp(-h² / (4 s²)). A map that was fitted pixel by pixel has white
noise besides. So neighbours correlate as a · exp(-h² / (4 s²)), and the share a, from 0 to 1, is measured on the map.

The variance of a weighted sum of pixels is σ² Σ w_i w_j ρ_ij. Its double sum is one convolution of the weights.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]

_FWHM_OF_GAUSSIAN = 2 * math.sqrt(2 * math.log(2))
_CUT = 5.0
"""Standard deviations at which the correlation is cut."""


@dataclass(frozen=True)
class BlurCorrelation:
    """How noise correlates between pixels of a blurred map.

    Attributes
    ----------
    resolution_px : float
        Full width at half maximum of the blur.
    """

    resolution_px: float

    @property
    def _correlation_px(self) -> float:
        return math.sqrt(2) * self.resolution_px / _FWHM_OF_GAUSSIAN

    @property
    def of_neighbours(self) -> float:
        """Correlation of two pixels that share a face."""
        return math.exp(-0.5 / self._correlation_px**2)

    def double_sum(self, weights: Floats) -> float:
        """Compute Σ w_i w_j ρ_ij.

        Parameters
        ----------
        weights : ndarray of float64, shape (y, x) or (z, y, x)
            0 at pixels that do not count.

        Examples
        --------
        >>> pair = np.array([[1.0, 1.0]])
        >>> blur = BlurCorrelation(2.0)
        >>> round(blur.double_sum(pair) - 2 * (1 + blur.of_neighbours), 9)
        0.0
        """
        return self._double_sum(weights, self._correlation_px)

    def double_sum_of_squares(self, mask: NDArray[np.bool_]) -> float:
        """Compute Σ ρ_ij² over all pairs of pixels of a mask."""
        return self._double_sum(mask.astype(np.float64), self._correlation_px / math.sqrt(2))

    def _double_sum(self, weights: Floats, width_px: float) -> float:
        spread = np.asarray(weights, dtype=np.float64)
        reach = max(1, math.ceil(_CUT * width_px))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width_px) ** 2)
        for axis in range(weights.ndim):
            spread = ndimage.correlate1d(spread, kernel, axis=axis, mode="constant")
        return float((weights * spread).sum())
