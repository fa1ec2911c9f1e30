"""White line by a Gaussian on the edge step: 1 + h exp(−(E − c)²/2σ²), by least squares.

The fit starts from the local polynomial of `cathograph.ingest.xanes.white_line` and takes the energies within
± half_width_ev of that maximum. The 1 is the normalised step; left free, it is correlated
with height and width, and every third fit at a signal-to-noise ratio of 10 diverges. Levenberg–
Marquardt (Marquardt 1963) on the three parameters, their normal equations solved in place: per pixel
some ten exponentials a step, so a whole image is fitted in seconds. Where it does not
converge, or ends outside the energies that it was given, the pixel has no value.

A symmetric curve on a line that rises faster than it falls: the centre lies above the maximum,
by an amount that hardly differs between pixels.
"""

from dataclasses import dataclass
from typing import ClassVar

import numba
import numpy as np

from cathograph.ingest.options import USUAL
from cathograph.ingest.xanes.local_polynomial import Float64s, Int64s
from cathograph.ingest.xanes.standard_errors import SUMS, add_sensitivity
from cathograph.ingest.xanes.white_line import WhiteLine, WhiteLinePlan

_PARAMETERS = 3
_STEP = 1.0  # normalised absorption far above the edge
_MOST_STEPS = 60
_CONVERGED = 1e-10  # relative gain per step below which the fit has arrived
_HIGHEST_DAMPING = 1e10


@dataclass(frozen=True)
class GaussianWhiteLine:
    """White-line position by a Gaussian on the edge step.

    Attributes
    ----------
    search_ev : (float, float)
        Energies in eV between which the maximum is looked for.
    half_width_ev : float
        Energies within this distance of the polynomial's maximum are fitted.
    """

    name: ClassVar[str] = "white-line-gaussian"
    needs_normalised: ClassVar[bool] = True
    residual_is_noise: ClassVar[bool] = False
    search_ev: tuple[float, float] = USUAL.white_line_search_ev
    half_width_ev: float = 4.0

    def plan(self, energies_ev: Float64s) -> "GaussianPlan":
        """Prepare for the energies of a stack.

        Raises
        ------
        InputError
            Too few energies; see `plan_local_polynomials`.
        """
        start = WhiteLine(self.search_ev, self.half_width_ev, degree=2).plan(energies_ev)
        return GaussianPlan(start)


@dataclass(frozen=True)
class GaussianPlan:
    """Gaussian fits over certain energies."""

    start: WhiteLinePlan

    def fit(self, spectra: Float64s, sensitivity: Float64s | None = None) -> tuple[Float64s, Float64s]:
        """Fit a Gaussian to the white line of each spectrum.

        Parameters
        ----------
        spectra : ndarray of float64, shape (pixels, n)
            Normalised absorption.
        sensitivity : ndarray of float64, shape (pixels, 4), optional
            Filled as `cathograph.ingest.xanes.standard_errors` says.

        Returns
        -------
        edge_energy_ev, residual : ndarray of float64, shape (pixels,)
            Centre, NaN where there is none; standard deviation about the Gaussian.
        """
        energy, residual = self.start.fit(spectra)
        table = self.start.polynomials
        sums = np.empty((len(spectra), SUMS)) if sensitivity is None else sensitivity
        fit_gaussians(
            spectra,
            table.half_width_ev,
            table.energies_ev,
            table.starts,
            table.counts,
            energy,
            residual,
            sums,
        )
        return energy, residual


@numba.njit(nogil=True, cache=True)
def fit_gaussians(
    spectra: Float64s,
    half_width: float,
    energies: Float64s,
    starts: Int64s,
    counts: Int64s,
    energy: Float64s,
    residual: Float64s,
    sums: Float64s,
) -> None:
    """Replace the maxima in `energy` by centres of Gaussians, NaN where the fit does not arrive.

    Near the optimum the parameters answer to the data by (JᵀJ)⁻¹Jᵀ; the row of the centre is its sensitivity.
    """
    gradient = np.empty(counts.max())
    now = np.empty(_PARAMETERS)
    new = np.empty(_PARAMETERS)
    matrix = np.empty((_PARAMETERS, _PARAMETERS + 1))
    for pixel in range(spectra.shape[0]):
        if np.isnan(energy[pixel]):
            continue
        k = int(np.argmin(np.abs(energies - energy[pixel])))
        first, count = starts[k], counts[k]
        points = spectra[pixel, first : first + count]
        where = energies[first : first + count]
        now[0] = max(points.max() - _STEP, 0.1)
        now[1] = energy[pixel]
        now[2] = 0.5 * half_width
        squares = _squares(now, where, points)
        damping = 1e-3
        arrived = False
        for _ in range(_MOST_STEPS):
            _fill_normal_equations(now, where, points, matrix)
            gained = -1.0
            while damping < _HIGHEST_DAMPING:
                if _solve_damped(matrix, damping, new):
                    for i in range(_PARAMETERS):
                        new[i] += now[i]
                    trial = _squares(new, where, points)
                    if trial <= squares:
                        gained = squares - trial
                        break
                damping *= 10.0
            if gained < 0.0:
                arrived = True  # no step however small is better
                break
            damping = max(damping / 10.0, 1e-12)
            moved = abs(new[1] - now[1])
            now[:] = new
            squares -= gained
            if gained <= _CONVERGED * squares and moved < 1e-7 * half_width:
                arrived = True
                break
        is_peak = now[0] > 0.0 and where[0] <= now[1] <= where[count - 1]
        energy[pixel] = now[1] if arrived and is_peak else np.nan
        residual[pixel] = np.sqrt(squares / (count - _PARAMETERS)) if arrived and is_peak else np.nan
        if arrived and is_peak and _fill_gradient(now, where, points, matrix, new, gradient):
            add_sensitivity(gradient, count, spectra[pixel], energies, first, now[1], sums[pixel])


@numba.njit(nogil=True, cache=True)
def _squares(parameters: Float64s, where: Float64s, points: Float64s) -> float:
    total = 0.0
    for i in range(where.size):
        z = (where[i] - parameters[1]) / parameters[2]
        total += (points[i] - _STEP - parameters[0] * np.exp(-0.5 * z * z)) ** 2
    return total


@numba.njit(nogil=True, cache=True)
def _fill_normal_equations(parameters: Float64s, where: Float64s, points: Float64s, matrix: Float64s) -> None:
    """Fill JᵀJ and, in the last column, Jᵀ(data − model)."""
    height, centre, width = parameters
    gradient = np.empty(_PARAMETERS)
    matrix[:] = 0.0
    for i in range(where.size):
        z = (where[i] - centre) / width
        bell = np.exp(-0.5 * z * z)
        gradient[0] = bell
        gradient[1] = height * bell * z / width
        gradient[2] = height * bell * z * z / width
        gap = points[i] - _STEP - height * bell
        for row in range(_PARAMETERS):
            for column in range(_PARAMETERS):
                matrix[row, column] += gradient[row] * gradient[column]
            matrix[row, _PARAMETERS] += gradient[row] * gap


@numba.njit(nogil=True, cache=True)
def _fill_gradient(
    parameters: Float64s,
    where: Float64s,
    points: Float64s,
    matrix: Float64s,
    column: Float64s,
    gradient: Float64s,
) -> bool:
    """Fill the derivatives of the centre by each point; False where the fit does not fix it."""
    height, centre, width = parameters
    _fill_normal_equations(parameters, where, points, matrix)
    matrix[:, _PARAMETERS] = 0.0
    matrix[1, _PARAMETERS] = 1.0
    if not _solve_damped(matrix, 0.0, column):  # the row of the centre in the inverse, which is symmetric
        return False
    for i in range(where.size):
        z = (where[i] - centre) / width
        bell = np.exp(-0.5 * z * z)
        gradient[i] = column[0] * bell + height * bell * z / width * (column[1] + column[2] * z)
    return True


@numba.njit(nogil=True, cache=True)
def _solve_damped(matrix: Float64s, damping: float, step: Float64s) -> bool:
    """Solve (JᵀJ + λ diag JᵀJ) step = Jᵀr by elimination with pivots; False where it is singular."""
    work = matrix.copy()
    for i in range(_PARAMETERS):
        work[i, i] *= 1.0 + damping
    for column in range(_PARAMETERS):
        pivot = column
        for row in range(column + 1, _PARAMETERS):
            if abs(work[row, column]) > abs(work[pivot, column]):
                pivot = row
        if not abs(work[pivot, column]) > 0.0:
            return False
        for i in range(_PARAMETERS + 1):
            work[column, i], work[pivot, i] = work[pivot, i], work[column, i]
        for row in range(column + 1, _PARAMETERS):
            factor = work[row, column] / work[column, column]
            for i in range(column, _PARAMETERS + 1):
                work[row, i] -= factor * work[column, i]
    for row in range(_PARAMETERS - 1, -1, -1):
        value = work[row, _PARAMETERS]
        for i in range(row + 1, _PARAMETERS):
            value -= work[row, i] * step[i]
        step[row] = value / work[row, row]
    return True
