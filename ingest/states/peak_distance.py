"""Peaks of many histograms at once, and how far apart they are: the polarization of a particle.

Each row is one particle's histogram. A row is smoothed with a Gaussian, zero beyond its ends, so a peak
at the window's edge is a peak; then it is divided by its maximum and rounded. The rounding makes two
things exact that floating point does not: bins of equal height are a plateau, and a peak
of exactly the threshold's height reaches it.

Peaks are those of `scipy.signal.find_peaks`, found for all rows in a few array operations: a
peak is where the last step before that was not level went up and the next one goes down; of a
plateau it is the middle, rounded down.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_ROWS_AT_ONCE = 16_384
"""Rows that are held as floats at a time: 64 bins of them are 8 MB."""

_DECIMALS = 12


@dataclass(frozen=True, eq=False)
class PeakDistances:
    """One entry a row.

    Attributes
    ----------
    n_peaks : ndarray of int64, shape (rows,)
        Peaks that reach the threshold; 0 for an empty row.
    distance_bins : ndarray of float64, shape (rows,)
        0 for one peak, the distance of two, of more the mean position above the reference minus the mean
        position below; NaN without a peak, and where none of more than two lies on one of the sides.
    """

    n_peaks: NDArray[np.int64]
    distance_bins: NDArray[np.float64]


def peak_distances(
    histograms: NDArray[np.integer], *, smoothing_bins: float, threshold: float, reference_bins: float
) -> PeakDistances:
    """Find the peaks of each histogram and the distance between them.

    Parameters
    ----------
    histograms : ndarray of int, shape (rows, bins)
        Counts.
    smoothing_bins : float
        Standard deviation of the Gaussian in bins; 0 leaves the counts as they are.
    threshold : float
        Height a peak must have, over the height of the highest.
    reference_bins : float
        Position that tells peaks above from peaks below; the centre of bin 0 lies at 0.

    Returns
    -------
    PeakDistances

    Notes
    -----
    Polarization of the paper; bins, smoothing and ends are ours (design.md section 1). A peak at exactly the
    reference is neither above nor below.

    Examples
    --------
    >>> rows = np.array([[0, 9, 0, 0, 0, 4, 0], [0, 9, 0, 0, 0, 3, 0], [5, 0, 0, 5, 0, 0, 2]])
    >>> found = peak_distances(rows, smoothing_bins=0, threshold=0.4, reference_bins=3.5)
    >>> found.n_peaks.tolist(), found.distance_bins.tolist()
    ([2, 1, 3], [4.0, 0.0, 4.5])
    """
    n_rows, n_bins = histograms.shape
    n_peaks = np.zeros(n_rows, dtype=np.int64)
    distance = np.full(n_rows, np.nan)
    places = np.arange(n_bins, dtype=np.float64)
    for start in range(0, n_rows, _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        heights = relative_heights(histograms[part], smoothing_bins)
        peaks = find_row_peaks(heights) & (heights >= round(threshold, _DECIMALS))
        n_peaks[part] = count = peaks.sum(axis=1)
        above = peaks & (places > reference_bins)
        below = peaks & (places < reference_bins)
        with np.errstate(invalid="ignore"):  # 0/0 is the answer null where a side has no peak
            between_sides = above @ places / above.sum(axis=1) - below @ places / below.sum(axis=1)
        first = peaks.argmax(axis=1)
        last = n_bins - 1 - peaks[:, ::-1].argmax(axis=1)
        distance[part] = np.where(count <= 2, last - first, between_sides)
        distance[part][count == 0] = np.nan
    return PeakDistances(n_peaks, distance)


def relative_heights(histograms: NDArray[np.integer], smoothing_bins: float) -> NDArray[np.float64]:
    """Smooth each row, zero beyond its ends, and divide it by its maximum; empty rows stay zero.

    Returns
    -------
    ndarray of float64, shape (rows, bins)
        From 0 to 1, rounded to 12 decimals.
    """
    heights = histograms.astype(np.float64)
    if smoothing_bins > 0:
        heights = ndimage.gaussian_filter1d(heights, smoothing_bins, axis=1, mode="constant", cval=0.0)
    highest = heights.max(axis=1, keepdims=True)
    heights /= np.where(highest > 0, highest, 1.0)
    return np.asarray(np.round(heights, _DECIMALS, out=heights))


def find_row_peaks(heights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the peaks of each row as `scipy.signal.find_peaks` does, with a zero put at either end.

    Parameters
    ----------
    heights : ndarray of float64, shape (rows, bins)
        Zero or more.

    Returns
    -------
    ndarray of bool, same shape
        True at peaks, for a plateau at its middle, rounded down.

    Examples
    --------
    >>> find_row_peaks(np.array([[3.0, 1.0, 2.0, 2.0, 2.0, 0.0, 1.0]])).astype(int)
    array([[1, 0, 0, 1, 0, 0, 1]])
    """
    padded = np.pad(heights, ((0, 0), (1, 1)))
    steps = np.diff(padded, axis=1)
    index = np.arange(steps.shape[1])
    uneven = np.where(steps != 0, index, -1)
    before = np.full_like(uneven, -1)  # position of the last uneven step before each
    np.maximum.accumulate(uneven[:, :-1], axis=1, out=before[:, 1:])
    rises = np.take_along_axis(steps, np.maximum(before, 0), axis=1) > 0
    row, end = np.nonzero((steps < 0) & (before >= 0) & rises)
    middle = (before[row, end] + 1 + end) // 2  # in the padded row
    peaks = np.zeros(heights.shape, dtype=bool)
    peaks[row, middle - 1] = True
    return peaks
