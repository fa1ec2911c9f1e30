"""Sums over the pixels of every active particle, from which its state follows.

Two passes, in compiled loops: the first counts and sums the valid values of each particle; the second, with the means
known, sums the powers of the deviations and fills one histogram a particle. Deviations from the mean are squared, not
raw energies: 8344² in eV² leaves too few digits for a spread of some meV. The image is walked in blocks of rows, so
memory is the histograms (256 bytes a particle) and a few MB.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cathograph.ingest.options import StateMethod
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.ingest.states.noise_correction import NOISE_SUMS, add_noise

_PIXELS_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class PixelSums:
    """What the two passes leave, one entry per active particle.

    Attributes
    ----------
    n_valid, n_outside, n_below : ndarray of int64, shape (n,)
        Values in the window; outside of it; of these, below.
    n_infinite : ndarray of int64, shape (1,)
        Infinite values in all particles together.
    covered : ndarray of float64, shape (n,)
        Share of the particle's area for which the map has a value.
    mean : ndarray of float64, shape (n,)
        Of the valid values, in eV.
    second, fourth : ndarray of float64, shape (n,)
        Sums of powers of their deviations.
    histograms : ndarray of int32, shape (n, bins)
        Their counts in equal bins over the window.
    noise : ndarray of float64, shape (n, 4)
        As `cathograph.ingest.states.noise_correction` says; 0 where no standard errors are known.
    """

    n_valid: NDArray[np.int64]
    n_outside: NDArray[np.int64]
    n_below: NDArray[np.int64]
    n_infinite: NDArray[np.int64]
    covered: NDArray[np.float64]
    mean: NDArray[np.float64]
    second: NDArray[np.float64]
    fourth: NDArray[np.float64]
    histograms: NDArray[np.int32]
    noise: NDArray[np.float64]


def sum_up(
    image: Regions,
    energy_ev: NDArray[np.floating],
    standard_error_ev: NDArray[np.floating] | None,
    how: StateMethod,
    place: MapPlacement,
    nmc: NDArray[np.int64],
) -> PixelSums:
    """Walk the pixels of the active particles.

    Parameters
    ----------
    image : Regions
        Regions and their phases.
    energy_ev : ndarray of float32 or float64, shape (y, x) or (z, y, x)
        Edge energy per pixel.
    standard_error_ev : ndarray of float, shape of `energy_ev`, or None
        Standard error of each.
    how : StateMethod
        Window and bins.
    place : MapPlacement
        Position of the map.
    nmc : ndarray of int64, shape (n,)
        Positions of the active particles among the regions.
    """
    n = len(nmc)
    row_of = np.full(len(image) + 1, -1, dtype=np.int64)
    row_of[nmc + 1] = np.arange(n)
    low, high = how.window_ev
    n_valid, n_outside, n_below, area_px = (np.zeros(n, dtype=np.int64) for _ in range(4))
    n_infinite = np.zeros(1, dtype=np.int64)
    sums, second, fourth = (np.zeros(n) for _ in range(3))
    histograms = np.zeros((n, how.bins), dtype=np.int32)
    noise = np.zeros((n, NOISE_SUMS))
    per_row = max(1, int(np.prod(energy_ev.shape[1:])))
    step = max(1, _PIXELS_AT_ONCE // per_row)
    blocks = [(start, min(start + step, energy_ev.shape[0])) for start in range(0, energy_ev.shape[0], step)]
    for start, stop in blocks:
        numbers, values = _block(image, energy_ev, place, start, stop)
        _count(numbers, values, row_of, low, high, n_valid, n_outside, n_below, n_infinite, sums)
    mean = np.divide(sums, n_valid, out=np.zeros(n), where=n_valid > 0) + low
    for start, stop in blocks:
        numbers, values = _block(image, energy_ev, place, start, stop)
        _spread(numbers, values, row_of, low, high, mean, second, fourth, histograms)
        if standard_error_ev is not None:
            errors = np.ascontiguousarray(standard_error_ev[start:stop]).reshape(-1)
            add_noise(numbers, values, errors, row_of, low, high, mean, noise)
    for start in range(0, image.labels.shape[0], step):
        counts = np.bincount(image.numbers[start : start + step].reshape(-1), minlength=len(row_of))
        area_px += counts[nmc + 1]
    valued = (n_valid + n_outside) * place.pixel_ratio
    covered = np.divide(valued, area_px, out=np.zeros(n), where=area_px > 0)
    return PixelSums(
        n_valid, n_outside, n_below, n_infinite, covered, mean, second, fourth, histograms, noise
    )


def _block(
    image: Regions, energy_ev: NDArray[np.floating], place: MapPlacement, start: int, stop: int
) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
    numbers = place.rows_of(image.numbers, start, stop).astype(np.int32, copy=False)
    return numbers.reshape(-1), np.ascontiguousarray(energy_ev[start:stop]).reshape(-1)


@njit(cache=True, nogil=True)
def _count(
    numbers: NDArray[np.int32],
    values: NDArray[np.floating],
    row_of: NDArray[np.int64],
    low: float,
    high: float,
    n_valid: NDArray[np.int64],
    n_outside: NDArray[np.int64],
    n_below: NDArray[np.int64],
    n_infinite: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    """Count values in and outside of the window, and sum those in it, from its lower end."""
    for i in range(numbers.size):
        row = row_of[numbers[i]]
        if row < 0:
            continue
        value = np.float64(values[i])
        if np.isnan(value):
            continue
        if np.isinf(value):
            n_infinite[0] += 1
        elif low <= value <= high:
            n_valid[row] += 1
            sums[row] += value - low
        else:
            n_outside[row] += 1
            if value < low:
                n_below[row] += 1


@njit(cache=True, nogil=True)
def _spread(
    numbers: NDArray[np.int32],
    values: NDArray[np.floating],
    row_of: NDArray[np.int64],
    low: float,
    high: float,
    mean: NDArray[np.float64],
    second: NDArray[np.float64],
    fourth: NDArray[np.float64],
    histograms: NDArray[np.int32],
) -> None:
    """Sum second and fourth powers of the deviations from the mean, and fill the histograms.

    Bins are half-open but for the last, which holds the window's upper end, as in `numpy.histogram`.
    """
    bins = histograms.shape[1]
    per_ev = bins / (high - low)
    for i in range(numbers.size):
        row = row_of[numbers[i]]
        if row < 0:
            continue
        value = np.float64(values[i])
        if low <= value <= high:
            squared = (value - mean[row]) ** 2
            second[row] += squared
            fourth[row] += squared * squared
            histograms[row, min(bins - 1, int((value - low) * per_ev))] += 1
