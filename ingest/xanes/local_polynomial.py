"""Polynomials fitted around each energy of a stack: they smooth spectra and locate their features.

Around energy k, all energies within ± half_width_ev take part, in t = (E − E_k)/half_width_ev.
Which energies those are does not depend on the pixel, so fitting is one small matrix per k, made
once: coefficients = inverse[k] · spectrum. The constant term, taken at every k, is the spectrum
smoothed (Savitzky and Golay 1964, for energies that need not be equally spaced).
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from cathograph.schema.errors import InputError

Float64s = NDArray[np.float64]
Int64s = NDArray[np.int64]


@dataclass(frozen=True)
class LocalPolynomials:
    """Fits around each energy of a search range.

    Attributes
    ----------
    first, end : int
        The energies of the search range are first ≤ k < end.
    half_width_ev : float
        Reach of each fit in eV.
    energies_ev : ndarray of float64, shape (n,)
        All energies.
    starts, counts : ndarray of int64, shape (n,)
        First energy of the fit around k and how many take part; 0 outside the range.
    inverse : ndarray of float64, shape (n, degree + 1, most)
        From spectrum to coefficients, constant first.
    offsets : ndarray of float64, shape (n, most)
        t of each energy that takes part.
    """

    first: int
    end: int
    half_width_ev: float
    energies_ev: Float64s
    starts: Int64s
    counts: Int64s
    inverse: Float64s
    offsets: Float64s


def plan_local_polynomials(
    energies_ev: Float64s, search_ev: tuple[float, float], half_width_ev: float, degree: int
) -> LocalPolynomials:
    """Prepare the fits around every energy of a search range.

    Parameters
    ----------
    energies_ev : ndarray of float64, shape (n,)
        Strictly increasing, in eV.
    search_ev : (float, float)
        First and last energy in eV around which fits are wanted.
    half_width_ev : float
        Reach of each fit in eV.
    degree : int
        Degree of the polynomials.

    Returns
    -------
    LocalPolynomials
        For the compiled functions of this module.

    Raises
    ------
    InputError
        A range with fewer than three energies, or an energy with too few others within reach.
    """
    first = int(np.searchsorted(energies_ev, search_ev[0], side="left"))
    end = int(np.searchsorted(energies_ev, search_ev[1], side="right"))
    if end - first < 3:
        msg = (
            f"Found {max(end - first, 0)} of the {energies_ev.size} energies ({energies_ev[0]:g} to "
            f"{energies_ev[-1]:g} eV) within {search_ev[0]:g} to {search_ev[1]:g} eV; expected at least 3 to "
            "look for the edge. Set `search_ev` to where the stack has the edge."
        )
        raise InputError(msg)
    starts = np.searchsorted(energies_ev, energies_ev - half_width_ev * (1 + 1e-9), side="left")
    counts = np.searchsorted(energies_ev, energies_ev + half_width_ev * (1 + 1e-9), side="right") - starts
    fewest = first + int(np.argmin(counts[first:end]))
    if counts[fewest] < degree + 2:
        msg = (
            f"Found {counts[fewest]} energies within {half_width_ev:g} eV of {energies_ev[fewest]:g} eV; expected "
            f"at least {degree + 2} for a polynomial of degree {degree} and its residual. Widen "
            "`half_width_ev`, or narrow `search_ev`."
        )
        raise InputError(msg)
    counts[:first] = 0
    counts[end:] = 0
    inverse = np.zeros((energies_ev.size, degree + 1, int(counts.max())))
    offsets = np.zeros((energies_ev.size, int(counts.max())))
    for k in range(first, end):
        taken = slice(starts[k], starts[k] + counts[k])
        offsets[k, : counts[k]] = (energies_ev[taken] - energies_ev[k]) / half_width_ev
        powers = np.vander(offsets[k, : counts[k]], degree + 1, increasing=True)
        inverse[k, :, : counts[k]] = np.linalg.pinv(powers)
    return LocalPolynomials(
        first,
        end,
        half_width_ev,
        energies_ev,
        starts.astype(np.int64),
        counts.astype(np.int64),
        inverse,
        offsets,
    )


@numba.njit(nogil=True, cache=True)
def fit_around(
    spectrum: Float64s, k: int, starts: Int64s, counts: Int64s, inverse: Float64s, coefficients: Float64s
) -> None:
    """Fit the polynomial around energy k, constant coefficient first."""
    start = starts[k]
    for power in range(coefficients.size):
        total = 0.0
        for i in range(counts[k]):
            total += inverse[k, power, i] * spectrum[start + i]
        coefficients[power] = total


@numba.njit(nogil=True, cache=True)
def evaluate(coefficients: Float64s, t: float) -> float:
    """Evaluate a polynomial, constant coefficient first."""
    value = 0.0
    for power in range(coefficients.size - 1, -1, -1):
        value = value * t + coefficients[power]
    return value


@numba.njit(nogil=True, cache=True)
def measure_residual(
    spectrum: Float64s, k: int, starts: Int64s, counts: Int64s, offsets: Float64s, coefficients: Float64s
) -> float:
    """Measure the standard deviation of the spectrum about the polynomial around energy k."""
    squares = 0.0
    for i in range(counts[k]):
        squares += (spectrum[starts[k] + i] - evaluate(coefficients, offsets[k, i])) ** 2
    return float(np.sqrt(squares / (counts[k] - coefficients.size)))


@numba.njit(nogil=True, cache=True)
def find_highest(
    spectrum: Float64s, first: int, end: int, starts: Int64s, counts: Int64s, inverse: Float64s
) -> int:
    """Find where the smoothed spectrum is highest; -1 where it is so at an end of the range, or NaN."""
    highest = first
    top = -np.inf
    for k in range(first, end):
        value = 0.0
        for i in range(counts[k]):
            value += inverse[k, 0, i] * spectrum[starts[k] + i]
        if not np.isfinite(value):
            return -1
        if value > top:
            top = value
            highest = k
    return highest if first < highest < end - 1 else -1


@numba.njit(nogil=True, cache=True)
def find_nearest(energies: Float64s, energy: float, k: int, first: int, end: int) -> int:
    """Find the energy of the search range nearest to `energy`, walking from k; the lower of two equals."""
    while k > first and abs(energies[k - 1] - energy) <= abs(energies[k] - energy):
        k -= 1
    while k < end - 1 and abs(energies[k + 1] - energy) < abs(energies[k] - energy):
        k += 1
    return k
