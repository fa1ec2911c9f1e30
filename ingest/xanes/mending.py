"""The bad values of the few spectra that a screen picked: judged one by one, left out and bridged.

What counts as bad stands in `cathograph.ingest.xanes.bad_values`.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.xanes.bad_values import LEAST_RUN, MAD_TO_SIGMA, NODES, SIGMAS, STRUCTURE, predict_from

Float64s = NDArray[np.float64]
Float32s = NDArray[np.float32]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SIGMAS_SUSPECTED = 3.0
_LEAST_OF_RANGE = 0.1
_ROUNDING = 1e-5  # of 32-bit floats, with room
_MOST_EQUAL_PAIRS = 1  # outside such runs; a file of few grey levels has equal neighbours everywhere
_MOST_IN_A_ROW = 2  # a wider gap hides the line: bridged, 5 eV on the rise moved it by 0.8 eV


@numba.njit(nogil=True, cache=True)
def mend_spectra(
    spectra: Float64s,
    suspect: Bools,
    energies: Float64s,
    structure: Float32s,
    most: int,
    dead: Bools,
    left_out: NDArray[np.uint16],
) -> None:
    """Leave out and bridge the bad values of suspected pixels; a pixel with too many becomes NaN and dead.

    Parameters
    ----------
    spectra : ndarray of float64, shape (pixels, n)
        Absorbance; changed in place.
    suspect : ndarray of bool, shape (pixels,)
        From `screen_spectra`.
    energies : ndarray of float64, shape (n,)
        Photon energies in eV.
    structure : ndarray of float32, shape (n,)
        Of the plan.
    most : int
        Of the plan.
    dead : ndarray of bool, shape (pixels,)
        Set where too much is bad.
    left_out : ndarray of uint16, shape (pixels,)
        Set to the number of values that are bridged.
    """
    n = spectra.shape[1]
    usable = np.empty(n, dtype=np.bool_)
    suspected = np.empty(n, dtype=np.bool_)
    nodes = np.empty(NODES, dtype=np.int64)
    weights = np.empty(NODES)
    z = np.empty(n)
    norms = np.empty(n)
    for pixel in range(spectra.shape[0]):
        if not suspect[pixel]:
            continue
        spectrum = spectra[pixel]
        bad = 0
        for k in range(n):
            usable[k] = np.isfinite(spectrum[k])
            suspected[k] = False
            bad += not usable[k]
        if bad <= most:
            _suspect(spectrum, suspected)
            # More of them are judged like all other values: flat parts of a noiseless or clipped spectrum are smooth.
            if bad + suspected.sum() <= most:
                for k in range(n):
                    usable[k] = usable[k] and not suspected[k]
            else:
                suspected[:] = False
        if bad <= most and most > 0:
            bad = _leave_out(spectrum, energies, structure, most, usable, suspected, nodes, weights, z, norms)
        in_a_row = 0
        for k in range(n):
            in_a_row = 0 if usable[k] else in_a_row + 1
            if in_a_row > _MOST_IN_A_ROW:
                bad = most + 1
        if bad > most:
            dead[pixel] = True
            spectra[pixel] = np.nan
            continue
        left_out[pixel] = bad
        for k in range(n):
            if not usable[k]:
                count = predict_from(energies, usable, k, nodes, weights)
                value = 0.0
                for i in range(count):
                    value += weights[i] * spectrum[nodes[i]]
                spectrum[k] = value


@numba.njit(nogil=True, cache=True)
def _suspect(spectrum: Float64s, suspected: Bools) -> None:
    """Mark zeros and long runs of equal values; neither in a pixel of one value, nor runs among few grey levels."""
    n = spectrum.size
    pairs = 0
    in_runs = 0
    start = 0
    for k in range(1, n + 1):
        if k < n and spectrum[k] == spectrum[start]:
            continue
        length = k - start
        pairs += length - 1
        if length == n:
            return
        if length >= LEAST_RUN:
            in_runs += length - 1
        start = k
    start = 0
    for k in range(1, n + 1):
        if k < n and spectrum[k] == spectrum[start]:
            continue
        if spectrum[start] == 0.0 or (k - start >= LEAST_RUN and pairs - in_runs <= _MOST_EQUAL_PAIRS):
            for i in range(start, k):
                suspected[i] = True
        start = k


@numba.njit(nogil=True, cache=True)
def _leave_out(
    spectrum: Float64s,
    energies: Float64s,
    structure: Float32s,
    most: int,
    usable: Bools,
    suspected: Bools,
    nodes: Int64s,
    weights: Float64s,
    z: Float64s,
    norms: Float64s,
) -> int:
    """Clear what is usable at each outlier, set it again where it agrees; returns how many are not."""
    n = spectrum.size
    jump = _jump(spectrum, usable)
    while True:
        count = 0
        for k in range(n):
            if not (usable[k] or suspected[k]):
                z[k] = np.nan
                continue
            reach = predict_from(energies, usable, k, nodes, weights)
            gap = spectrum[k]
            squares = 1.0
            for i in range(reach):
                gap -= weights[i] * spectrum[nodes[i]]
                squares += weights[i] ** 2
            norms[k] = np.sqrt(squares)
            z[k] = abs(gap) / norms[k]
            if usable[k]:
                count += 1
        sizes = np.empty(count)
        count = 0
        lowest, low, high, highest = np.inf, np.inf, -np.inf, -np.inf
        for k in range(n):
            if usable[k]:
                sizes[count] = z[k]
                count += 1
                value = spectrum[k]
                if value < lowest:
                    lowest, low = value, lowest
                elif value < low:
                    low = value
                if value > highest:
                    highest, high = value, highest
                elif value > high:
                    high = value
        noise = MAD_TO_SIGMA * np.median(sizes)
        least = _LEAST_OF_RANGE * max(high - low, 0.0) + _ROUNDING * max(abs(low), abs(high))
        worst = -1
        excess = 0.0
        for k in range(n):
            if usable[k]:
                limit = SIGMAS * noise + STRUCTURE * structure[k] * jump / norms[k]
                limit = max(limit, least / norms[k])
                if z[k] - limit > excess:
                    excess = z[k] - limit
                    worst = k
        if worst < 0:
            break
        usable[worst] = False
        if n - usable.sum() > most:
            return int(n - usable.sum())
    # One outlier spoils the predictions of its neighbours, and they may have gone first.
    for k in range(n):
        if not usable[k] and np.isfinite(spectrum[k]):
            reach = predict_from(energies, usable, k, nodes, weights)
            gap = spectrum[k]
            squares = 1.0
            for i in range(reach):
                gap -= weights[i] * spectrum[nodes[i]]
                squares += weights[i] ** 2
            sigmas = _SIGMAS_SUSPECTED if suspected[k] else SIGMAS
            limit = sigmas * noise * np.sqrt(squares) + STRUCTURE * structure[k] * jump
            usable[k] = abs(gap) <= (limit if suspected[k] else max(limit, least))
    return int(n - usable.sum())


@numba.njit(nogil=True, cache=True)
def _jump(spectrum: Float64s, usable: Bools) -> float:
    """Return the mean over the last quarter of the values minus that over the first, at least 0."""
    n = spectrum.size
    low, high = 0.0, 0.0
    n_low, n_high = 0, 0
    for k in range(max(n // 4, 1)):
        if usable[k]:
            low += spectrum[k]
            n_low += 1
        if usable[n - 1 - k]:
            high += spectrum[n - 1 - k]
            n_high += 1
    return max(high / max(n_high, 1) - low / max(n_low, 1), 0.0)
