"""Half-height: the energy at which the normalised edge passes one half.

From the highest point of the smoothed spectrum downwards, the first place where it passes the
level lies on the edge itself, above any pre-edge peak. Around it a cubic is fitted (see
`cathograph.ingest.xanes.local_polynomial`); the edge energy is where that passes the level.
"""

from dataclasses import dataclass
from typing import ClassVar

import numba
import numpy as np

from cathograph.ingest.options import USUAL
from cathograph.ingest.xanes.local_polynomial import (
    Float64s,
    Int64s,
    LocalPolynomials,
    evaluate,
    find_highest,
    find_nearest,
    fit_around,
    measure_residual,
    plan_local_polynomials,
)
from cathograph.ingest.xanes.standard_errors import add_sensitivity
from cathograph.ingest.xanes.white_line import MOST_STEPS, slope_at
from cathograph.schema.errors import InputError

_HALVINGS = 50  # of an interval of some eV: far below any digit that is kept


@dataclass(frozen=True)
class HalfHeight:
    """Energy at which normalised absorption passes a level on the edge.

    Attributes
    ----------
    search_ev : (float, float)
        Energies in eV between which the white line and, below it, the edge are looked for.
    half_width_ev : float
        Energies within this distance of the passage are fitted.
    degree : int
        Degree of the fitted polynomial, 1 to 3.
    level : float
        Normalised absorption at the edge energy, between 0 and 1.
    """

    name: ClassVar[str] = "half-height"
    needs_normalised: ClassVar[bool] = True
    residual_is_noise: ClassVar[bool] = False
    search_ev: tuple[float, float] = USUAL.half_height_search_ev
    half_width_ev: float = 3.0
    degree: int = 3
    level: float = 0.5

    def plan(self, energies_ev: Float64s) -> "HalfHeightPlan":
        """Prepare for the energies of a stack.

        Raises
        ------
        InputError
            A level outside 0–1, a degree outside 1–3, or too few energies; see `plan_local_polynomials`.
        """
        if not 0 < self.level < 1:
            msg = f"Found a level of {self.level:g}; expected one between 0 and 1, the normalised edge."
            raise InputError(msg)
        if self.degree not in (1, 2, 3):
            msg = f"Found a polynomial of degree {self.degree}; expected 1 to 3 for the half-height."
            raise InputError(msg)
        return HalfHeightPlan(
            plan_local_polynomials(energies_ev, self.search_ev, self.half_width_ev, self.degree), self.level
        )


@dataclass(frozen=True)
class HalfHeightPlan:
    """Half-height fits over certain energies."""

    polynomials: LocalPolynomials
    level: float

    def fit(self, spectra: Float64s, sensitivity: Float64s | None = None) -> tuple[Float64s, Float64s]:
        """Find where each spectrum passes the level.

        Parameters
        ----------
        spectra : ndarray of float64, shape (pixels, n)
            Normalised absorption.
        sensitivity : ndarray of float64, shape (pixels, 4), optional
            Filled as `cathograph.ingest.xanes.standard_errors` says.

        Returns
        -------
        edge_energy_ev, residual : ndarray of float64, shape (pixels,)
            NaN where the level is not passed; standard deviation about the polynomial.
        """
        energy = np.full(len(spectra), np.nan)
        residual = np.full(len(spectra), np.nan)
        table = self.polynomials
        fit_half_heights(
            spectra, self.level, table.first, table.end, table.half_width_ev, table.energies_ev, table.starts,
            table.counts, table.inverse, table.offsets, energy, residual,
        )  # fmt: skip
        if sensitivity is not None:
            weigh_half_heights(
                spectra, energy, table.first, table.end, table.half_width_ev, table.energies_ev, table.starts,
                table.counts, table.inverse, sensitivity,
            )  # fmt: skip
        return energy, residual


@numba.njit(nogil=True, cache=True)
def fit_half_heights(
    spectra: Float64s,
    level: float,
    first: int,
    end: int,
    half_width: float,
    energies: Float64s,
    starts: Int64s,
    counts: Int64s,
    inverse: Float64s,
    offsets: Float64s,
    energy_out: Float64s,
    residual_out: Float64s,
) -> None:
    """Find the passage in each spectrum; outputs stay as they are where there is none."""
    coefficients = np.empty(inverse.shape[1])
    for pixel in range(spectra.shape[0]):
        spectrum = spectra[pixel]
        k = find_highest(spectrum, first, end, starts, counts, inverse)
        if k < 0:
            continue
        fit_around(spectrum, k, starts, counts, inverse, coefficients)
        above = coefficients[0]
        if above <= level:
            continue
        below = above
        while k > first and below > level:
            k -= 1
            above = below
            fit_around(spectrum, k, starts, counts, inverse, coefficients)
            below = coefficients[0]
        if below > level:
            continue
        share = (level - below) / (above - below)
        guess = energies[k] + share * (energies[k + 1] - energies[k])
        k = find_nearest(energies, guess, k, first, end)
        t = np.nan
        for _ in range(MOST_STEPS):
            fit_around(spectrum, k, starts, counts, inverse, coefficients)
            t = find_passage(coefficients, level, (guess - energies[k]) / half_width)
            if not abs(t) <= 1.0:
                break
            guess = energies[k] + t * half_width
            nearest = find_nearest(energies, guess, k, first, end)
            if nearest == k:
                break
            # t and coefficients stay those of k; so must k when the last step is taken.
            k_before, k = k, nearest
        else:
            k = k_before
        if abs(t) <= 1.0:
            energy_out[pixel] = energies[k] + t * half_width
            residual_out[pixel] = measure_residual(spectrum, k, starts, counts, offsets, coefficients)


@numba.njit(nogil=True, cache=True)
def weigh_half_heights(
    spectra: Float64s,
    energy: Float64s,
    first: int,
    end: int,
    half_width: float,
    energies: Float64s,
    starts: Int64s,
    counts: Int64s,
    inverse: Float64s,
    sums: Float64s,
) -> None:
    """Fill the sums of `cathograph.ingest.xanes.standard_errors` for each passage.

    A change δ of the height there moves the passage by −δ/p′(t).
    """
    coefficients = np.empty(inverse.shape[1])
    gradient = np.empty(inverse.shape[2])
    k = first
    for pixel in range(spectra.shape[0]):
        if np.isnan(energy[pixel]):
            continue
        k = find_nearest(energies, energy[pixel], k, first, end)
        fit_around(spectra[pixel], k, starts, counts, inverse, coefficients)
        t = (energy[pixel] - energies[k]) / half_width
        slope = slope_at(coefficients, t)
        if not slope > 0.0:
            continue
        for i in range(counts[k]):
            gradient[i] = -half_width * evaluate(inverse[k, :, i], t) / slope
        add_sensitivity(gradient, counts[k], spectra[pixel], energies, starts[k], energy[pixel], sums[pixel])


@numba.njit(nogil=True, cache=True)
def find_passage(coefficients: Float64s, level: float, guess: float) -> float:
    """Return t within −1…1 where a polynomial rises through a level, nearest to a guess; NaN where nowhere.

    Looked for in steps of growing distance from the guess, so that of several passages the one
    near the spectrum's own is taken, then by halving.
    """
    step = 1.0 / 16.0
    for distance in range(33):
        for side in range(2):
            low = guess + (distance * step if side else -(distance + 1) * step)
            low = max(low, -1.0)
            high = min(low + step, 1.0)
            if low >= high:
                continue
            if evaluate(coefficients, low) <= level < evaluate(coefficients, high):
                for _ in range(_HALVINGS):
                    middle = 0.5 * (low + high)
                    if evaluate(coefficients, middle) <= level:
                        low = middle
                    else:
                        high = middle
                return 0.5 * (low + high)
    return np.nan
