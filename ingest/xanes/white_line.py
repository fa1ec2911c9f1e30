"""White line by local polynomial: the energy at which absorption above the edge is highest.

The smoothed spectrum (see `cathograph.ingest.xanes.local_polynomial`) is highest around some energy k;
there the maximum of the fitted polynomial is the edge energy. When it lies nearer to another energy, the
fit is repeated around that one, so that the result does not depend on which energy the noise
favoured. A maximum at an end of the search range does not count.

No normalisation is needed to find a maximum, but a slope under the edge moves it, by slope over
curvature: some 0.01 eV for 10⁻³ edge jumps per eV.

The line rises faster than it falls. A parabola turns that into a shift (+0.3 eV at ± 5 eV), a
cubic varies by 0.1 eV with the positions of the energies, a quartic follows it.
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
    find_highest,
    find_nearest,
    fit_around,
    measure_residual,
    plan_local_polynomials,
)
from cathograph.ingest.xanes.standard_errors import add_sensitivity
from cathograph.schema.errors import InputError

MOST_STEPS = 5
"""How often a fit is moved to a nearer energy; after that the last one counts."""

_STEPS = 32  # to the end of the fit: finer than any polynomial of degree 4 bends twice
_HALVINGS = 40


@dataclass(frozen=True)
class WhiteLine:
    """White-line maximum by local polynomial.

    Attributes
    ----------
    search_ev : (float, float)
        Energies in eV between which the maximum is looked for.
    half_width_ev : float
        Energies within this distance of the maximum are fitted.
    degree : int
        Degree of the polynomial, 2 to 4.
    """

    name: ClassVar[str] = "white-line"
    needs_normalised: ClassVar[bool] = False
    residual_is_noise: ClassVar[bool] = True
    search_ev: tuple[float, float] = USUAL.white_line_search_ev
    half_width_ev: float = 5.0
    degree: int = 4

    def plan(self, energies_ev: Float64s) -> "WhiteLinePlan":
        """Prepare for the energies of a stack.

        Raises
        ------
        InputError
            A degree outside 2–4, or too few energies; see `plan_local_polynomials`.
        """
        if self.degree not in (2, 3, 4):
            msg = f"Found a polynomial of degree {self.degree}; expected 2 to 4 for the white line."
            raise InputError(msg)
        return WhiteLinePlan(
            plan_local_polynomials(energies_ev, self.search_ev, self.half_width_ev, self.degree)
        )


@dataclass(frozen=True)
class WhiteLinePlan:
    """White-line fits over certain energies."""

    polynomials: LocalPolynomials

    def fit(self, spectra: Float64s, sensitivity: Float64s | None = None) -> tuple[Float64s, Float64s]:
        """Find the maximum of each spectrum.

        Parameters
        ----------
        spectra : ndarray of float64, shape (pixels, n)
            Normalised absorption, or absorbance.
        sensitivity : ndarray of float64, shape (pixels, 4), optional
            Filled as `cathograph.ingest.xanes.standard_errors` says.

        Returns
        -------
        edge_energy_ev, residual : ndarray of float64, shape (pixels,)
            NaN where there is no maximum; standard deviation about the polynomial.
        """
        energy = np.full(len(spectra), np.nan)
        residual = np.full(len(spectra), np.nan)
        table = self.polynomials
        fit_white_lines(
            spectra, table.first, table.end, table.half_width_ev, table.energies_ev, table.starts,
            table.counts, table.inverse, table.offsets, energy, residual,
        )  # fmt: skip
        if sensitivity is not None:
            weigh_white_lines(
                spectra, energy, table.first, table.end, table.half_width_ev, table.energies_ev, table.starts,
                table.counts, table.inverse, sensitivity,
            )  # fmt: skip
        return energy, residual


@numba.njit(nogil=True, cache=True)
def fit_white_lines(
    spectra: Float64s,
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
    """Find the maximum of each spectrum; outputs stay as they are where there is none."""
    coefficients = np.empty(inverse.shape[1])
    for pixel in range(spectra.shape[0]):
        spectrum = spectra[pixel]
        k = find_highest(spectrum, first, end, starts, counts, inverse)
        if k < 0:
            continue
        t = np.nan
        for _ in range(MOST_STEPS):
            fit_around(spectrum, k, starts, counts, inverse, coefficients)
            t = place_of_maximum(coefficients)
            if not abs(t) <= 1.0:
                break
            nearest = find_nearest(energies, energies[k] + t * half_width, k, first, end)
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
def weigh_white_lines(
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
    """Fill the sums of `cathograph.ingest.xanes.standard_errors` for each maximum.

    The slope p′(t) is 0 there, so a change δ of the slope moves the maximum by −δ/p″(t).
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
        bend = 0.0
        for power in range(coefficients.size - 1, 1, -1):
            bend = bend * t + power * (power - 1) * coefficients[power]
        if not bend < 0.0:
            continue
        for i in range(counts[k]):
            slope = 0.0
            for power in range(coefficients.size - 1, 0, -1):
                slope = slope * t + power * inverse[k, power, i]
            gradient[i] = -half_width * slope / bend
        add_sensitivity(gradient, counts[k], spectra[pixel], energies, starts[k], energy[pixel], sums[pixel])


@numba.njit(nogil=True, cache=True)
def place_of_maximum(coefficients: Float64s) -> float:
    """Return t of the maximum next to t = 0, uphill from there; NaN where none is within −1…1."""
    uphill = 1.0 if coefficients[1] > 0.0 else -1.0
    near = 0.0
    far = 0.0
    for _ in range(_STEPS):
        near, far = far, far + uphill / _STEPS
        if uphill * slope_at(coefficients, far) <= 0.0:
            for _ in range(_HALVINGS):
                middle = 0.5 * (near + far)
                if uphill * slope_at(coefficients, middle) > 0.0:
                    near = middle
                else:
                    far = middle
            return 0.5 * (near + far)
    return np.nan


@numba.njit(nogil=True, cache=True)
def slope_at(coefficients: Float64s, t: float) -> float:
    """Evaluate the derivative of a polynomial, constant coefficient first."""
    slope = 0.0
    for power in range(coefficients.size - 1, 0, -1):
        slope = slope * t + power * coefficients[power]
    return slope
