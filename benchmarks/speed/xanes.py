"""Edge-energy maps beside what one would otherwise write: `scipy.optimize.curve_fit` in a loop over pixels.

The rivals do the same as our methods, in the same energies: normalise with `numpy.polyfit`, begin where the
smoothed spectrum is highest (that matrix is theirs for nothing), fit with `curve_fit`, move to the
nearest energy as long as it changes. So their answers must be ours, and are compared. They run on some
hundred of the pixels, and their time is scaled to all; the name says on how many.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, curve_fit

from cathograph.benchmarks.measure import BenchRow, WrongAnswer, measure_peak_mb, time_alternately
from cathograph.benchmarks.xanes_stacks import (
    END_MEMBERS_EV,
    ENERGIES_EV,
    make_phantom_references,
    make_spectra,
)
from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.xanes.fitting import fit_stack
from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
from cathograph.ingest.xanes.half_height import HalfHeight
from cathograph.ingest.xanes.linear_combination import LinearCombination
from cathograph.ingest.xanes.local_polynomial import plan_local_polynomials
from cathograph.ingest.xanes.methods import Method
from cathograph.ingest.xanes.normalisation import Normalisation
from cathograph.ingest.xanes.white_line import WhiteLine

SIDE_PX = 1024
RIVAL_PX = 400
_SNR = 30.0
_AGREE_EV = 1e-3
_AGREE_SHARE = 0.99  # of pixels: where two energies are equally near, rounding decides which one is moved to

Stack = NDArray[np.float32]
Spectrum = NDArray[np.float64]


def methods() -> dict[str, Method]:
    """Return the methods by name."""
    return {
        method.name: method
        for method in (
            WhiteLine(),
            GaussianWhiteLine(),
            HalfHeight(),
            LinearCombination(make_phantom_references()),
        )
    }


def fit_ours(stack: Stack, name: str) -> NDArray[np.float64]:
    """Fit a stack (63, y, x) as Cathograph does; gives the edge energies."""
    return fit_stack(ArrayEnergyStack(stack, ENERGIES_EV), methods()[name], Normalisation()).edge_energy_ev


def fit_by_curve_fit(stack: Stack, name: str, n_pixels: int | None = None) -> NDArray[np.float64]:
    """Fit a stack (63, y, x), or its first pixels, one pixel after the other."""
    spectra = stack.reshape(len(stack), -1)[:, :n_pixels].T.astype(np.float64)
    fit = {
        WhiteLine.name: _white_line,
        GaussianWhiteLine.name: _gaussian,
        HalfHeight.name: _half_height,
        LinearCombination.name: _linear_combination,
    }[name]
    return np.array([fit(_normalised(spectrum)) for spectrum in spectra])


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[BenchRow]:
    """Run all comparisons whose name contains `only`.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each comparison.
    only : str, optional
        Part of a row's name.

    Returns
    -------
    list of BenchRow
        One row per method.

    Raises
    ------
    WrongAnswer
        When the rival's edge energies and ours differ.
    """
    names = {f"xanes {name} {SIDE_PX} x {SIDE_PX} x {ENERGIES_EV.size}": name for name in methods()}
    asked = {title: name for title, name in names.items() if only is None or only in title}
    if not asked:
        return []
    if progress:
        progress("making the stack")
    edges = np.random.default_rng(0).uniform(*END_MEMBERS_EV, (SIDE_PX, SIDE_PX))
    stack = make_spectra(edges, snr=_SNR, seed=0)
    rows = []
    for title, name in asked.items():
        if progress:
            progress(f"{title}: beside curve_fit")
        rows.append(_compare(title, name, stack))
    return rows


def _compare(title: str, name: str, stack: Stack) -> BenchRow:
    fit_ours(np.ascontiguousarray(stack[:, :8, :8]), name)
    ours_s, rival_s, ours, theirs = time_alternately(
        lambda: fit_ours(stack, name), lambda: fit_by_curve_fit(stack, name, RIVAL_PX)
    )
    same = np.isclose(ours.reshape(-1)[:RIVAL_PX], theirs, rtol=0, atol=_AGREE_EV, equal_nan=True)
    if same.mean() < _AGREE_SHARE:
        msg = f"{title}: found {RIVAL_PX - same.sum()} of {RIVAL_PX} edge energies that differ from curve_fit's."
        raise WrongAnswer(msg)
    rival_s *= SIDE_PX**2 / RIVAL_PX
    return BenchRow(
        name=title,
        ours_s=ours_s,
        rival=f"scipy curve_fit, {RIVAL_PX} pixels scaled to {SIDE_PX**2}",
        rival_s=rival_s,
        ratio=rival_s / ours_s,
        ours_peak_mb=measure_peak_mb("cathograph.benchmarks.speed.xanes:fit_ours", stack, (name,)),
        rival_peak_mb=measure_peak_mb(
            "cathograph.benchmarks.speed.xanes:fit_by_curve_fit", stack, (name, RIVAL_PX)
        ),
    )


def _within(range_ev: tuple[float, float]) -> NDArray[np.bool_]:
    low, high = np.searchsorted(ENERGIES_EV, range_ev[0]), np.searchsorted(ENERGIES_EV, range_ev[1], "right")
    places = np.arange(ENERGIES_EV.size)
    return np.asarray((places >= low) & (places < high))


def _normalised(spectrum: Spectrum) -> Spectrum:
    how = Normalisation()
    x = ENERGIES_EV - how.edge_ev
    pre, post = _within(how.pre_ev), _within(how.post_ev)
    line = np.polyfit(x[pre], spectrum[pre], 1)
    jump = np.polyfit(x[post], spectrum[post], how.post_degree)[-1] - line[-1]
    return np.asarray((spectrum - np.polyval(line, x)) / jump)


def _poly(x: Spectrum, *coefficients: float) -> Spectrum:
    return np.asarray(np.polyval(coefficients, x))


def _bell(x: Spectrum, height: float, centre: float, width: float) -> Spectrum:
    return np.asarray(1 + height * np.exp(-0.5 * ((x - centre) / width) ** 2))


@cache
def _smoother(search_ev: tuple[float, float], half_width_ev: float, degree: int) -> tuple[int, Spectrum]:
    """Return the first energy of the search range, and the matrix that smooths the range."""
    table = plan_local_polynomials(ENERGIES_EV, search_ev, half_width_ev, degree)
    matrix = np.zeros((table.end - table.first, ENERGIES_EV.size))
    for row, k in zip(matrix, range(table.first, table.end), strict=True):
        row[table.starts[k] : table.starts[k] + table.counts[k]] = table.inverse[k, 0, : table.counts[k]]
    return table.first, matrix


def _fit_near(spectrum: Spectrum, k: int, half_width_ev: float, degree: int) -> Spectrum:
    near = np.abs(ENERGIES_EV - ENERGIES_EV[k]) <= half_width_ev * (1 + 1e-9)
    found, _ = curve_fit(_poly, ENERGIES_EV[near] - ENERGIES_EV[k], spectrum[near], p0=np.zeros(degree + 1))
    return np.asarray(found)


def _maximum(spectrum: Spectrum, how: WhiteLine) -> float:
    first, matrix = _smoother(how.search_ev, how.half_width_ev, how.degree)
    k = first + int(np.argmax(matrix @ spectrum))
    energy = np.nan
    for _ in range(5):
        slope = np.polyder(_fit_near(spectrum, k, how.half_width_ev, how.degree))
        flat = [x.real for x in np.roots(slope) if abs(x.imag) < 1e-9 and x.real * slope[-1] >= 0]
        if not flat:
            return np.nan
        energy = ENERGIES_EV[k] + min(flat, key=abs)
        nearest = int(np.argmin(np.abs(ENERGIES_EV - energy)))
        if nearest == k:
            break
        k = nearest
    return float(energy)


def _white_line(spectrum: Spectrum) -> float:
    return _maximum(spectrum, WhiteLine())


def _gaussian(spectrum: Spectrum) -> float:
    how = GaussianWhiteLine()
    start = _maximum(spectrum, WhiteLine(how.search_ev, how.half_width_ev, degree=2))
    k = int(np.argmin(np.abs(ENERGIES_EV - start)))
    near = np.abs(ENERGIES_EV - ENERGIES_EV[k]) <= how.half_width_ev * (1 + 1e-9)
    found, _ = curve_fit(_bell, ENERGIES_EV[near], spectrum[near], p0=(0.6, start, 2.0))
    return float(found[1])


def _half_height(spectrum: Spectrum) -> float:
    how = HalfHeight()
    first, matrix = _smoother(how.search_ev, how.half_width_ev, how.degree)
    smooth = matrix @ spectrum
    below = int(np.argmax(smooth))
    while smooth[below] > how.level:
        below -= 1
    pair = slice(first + below, first + below + 2)
    energy = float(np.interp(how.level, smooth[below : below + 2], ENERGIES_EV[pair]))
    k = int(np.argmin(np.abs(ENERGIES_EV - energy)))
    for _ in range(5):
        curve = _fit_near(spectrum, k, how.half_width_ev, how.degree)
        curve[-1] -= how.level
        energy = ENERGIES_EV[k] + float(brentq(lambda x, curve=curve: np.polyval(curve, x), -2.0, 2.0))
        nearest = int(np.argmin(np.abs(ENERGIES_EV - energy)))
        if nearest == k:
            break
        k = nearest
    return energy


def _linear_combination(spectrum: Spectrum) -> float:
    how, near, at = _reference_design()

    def mixture(_: Spectrum, low: float, high: float) -> Any:  # noqa: ANN401  what curve_fit asks for
        return low * at[0] + high * at[1]

    (low, high), _ = curve_fit(mixture, ENERGIES_EV[near], spectrum[near], p0=(0.5, 0.5))
    pair = how.references
    return float(pair.low_ev + high / (low + high) * (pair.high_ev - pair.low_ev))


@cache
def _reference_design() -> tuple[LinearCombination, NDArray[np.bool_], Spectrum]:
    how = LinearCombination(make_phantom_references())
    near = _within(how.window_ev)
    return how, near, how.references.at(ENERGIES_EV[near])
