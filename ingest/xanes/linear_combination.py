"""Linear combination of reference spectra: the share of each in a pixel.

With three or more references no amount may be negative (`cathograph.ingest.xanes.non_negative_combination`). Two are
fitted as follows. A(E) = a R₁(E) + b R₂(E), by least squares over a window of energies, with a straight line beneath
it where the stack is not normalised. The share is f = b/(a + b) and the edge energy that of the
references in that share, (1 − f) E₁ + f E₂: by definition linear in f, while the maximum of a mixture
of two spectra is not. f is not forced into 0 to 1: noise would then shift the mean of pure regions.
"""

from dataclasses import dataclass
from typing import ClassVar

import numba
import numpy as np

from cathograph.ingest.options import USUAL
from cathograph.ingest.xanes.local_polynomial import Float64s
from cathograph.ingest.xanes.methods import Plan
from cathograph.ingest.xanes.non_negative_combination import NonNegativePlan
from cathograph.ingest.xanes.references import ReferenceSpectra
from cathograph.ingest.xanes.standard_errors import SUMS, add_sensitivity
from cathograph.schema.errors import InputError

_SMALLEST_JUMP = 1e-9


@dataclass(frozen=True)
class LinearCombination:
    """Edge energy from the shares of references.

    Attributes
    ----------
    references : ReferenceSpectra
        The spectra and their edge energies.
    window_ev : (float, float)
        Energies in eV that are fitted; only those covered by the references are.
    baseline : bool
        Fit a straight line beneath, for absorbance that is not normalised.
    """

    name: ClassVar[str] = "linear-combination"
    needs_normalised: ClassVar[bool] = False
    residual_is_noise: ClassVar[bool] = False
    references: ReferenceSpectra
    window_ev: tuple[float, float] = USUAL.combination_ev
    baseline: bool = False

    def plan(self, energies_ev: Float64s) -> Plan:
        """Prepare for the energies of a stack.

        Raises
        ------
        InputError
            Too few energies in the window that the references cover, or references that cannot
            be told apart there.
        """
        references = self.references
        low = max(self.window_ev[0], float(references.energies_ev[0]))
        high = min(self.window_ev[1], float(references.energies_ev[-1]))
        first = int(np.searchsorted(energies_ev, low, side="left"))
        end = max(int(np.searchsorted(energies_ev, high, side="right")), first)
        where = energies_ev[first:end]
        n_references = len(references.names)
        n_columns = n_references + (2 if self.baseline else 0)
        if where.size <= n_columns:
            msg = (
                f"Found {where.size} of the stack's energies within {low:g} to {high:g} eV, where window and "
                f"references overlap; expected more than {n_columns}. Widen `search_ev`, or give references over "
                "the stack's energies."
            )
            raise InputError(msg)
        columns = [*references.at(where)]
        if self.baseline:
            columns += [np.ones(where.size), (where - where.mean()) / np.ptp(where)]
        design = np.column_stack(columns)
        if np.linalg.matrix_rank(design, tol=1e-6 * np.linalg.norm(design)) < n_columns:
            msg = (
                f"Found references that are the same over {low:g} to {high:g} eV"
                f"{' but for a straight line' if self.baseline else ''}, or mixtures of each other; expected "
                "different ones. Leave one out, or widen `search_ev`."
            )
            raise InputError(msg)
        if n_references > 2:
            spectra, baseline = design[:, :n_references], design[:, n_references:]
            return NonNegativePlan.of(first, end, spectra, baseline, references.edge_energies_ev, energies_ev)
        return LinearCombinationPlan(first, end, design, references.low_ev, references.high_ev, energies_ev)


@dataclass(frozen=True)
class LinearCombinationPlan:
    """Fits of two references over certain energies."""

    first: int
    end: int
    design: Float64s
    low_ev: float
    high_ev: float
    energies_ev: Float64s

    def fit(self, spectra: Float64s, sensitivity: Float64s | None = None) -> tuple[Float64s, Float64s]:
        """Fit the shares of the two references in each spectrum.

        Parameters
        ----------
        spectra : ndarray of float64, shape (pixels, n)
            Normalised absorption, or absorbance where the plan has a baseline.
        sensitivity : ndarray of float64, shape (pixels, 4), optional
            Filled as `cathograph.ingest.xanes.standard_errors` says.

        Returns
        -------
        edge_energy_ev, residual : ndarray of float64, shape (pixels,)
            NaN where neither reference is there; standard deviation about the combination.
        """
        energy = np.full(len(spectra), np.nan)
        residual = np.full(len(spectra), np.nan)
        inverse = np.asarray(np.linalg.pinv(self.design), dtype=np.float64)
        sums = np.empty((len(spectra), SUMS)) if sensitivity is None else sensitivity
        fit_combinations(
            spectra, self.energies_ev, self.first, self.design, inverse, self.low_ev, self.high_ev, energy, residual,
            sums,
        )  # fmt: skip
        return energy, residual


# Not a matrix product: BLAS rounds by the size of what it is given, so that answers would hang on the block.
@numba.njit(nogil=True, cache=True)
def fit_combinations(
    spectra: Float64s,
    energies: Float64s,
    first: int,
    design: Float64s,
    inverse: Float64s,
    low_ev: float,
    high_ev: float,
    energy_out: Float64s,
    residual_out: Float64s,
    sums: Float64s,
) -> None:
    """Fit each spectrum; outputs stay as they are where there is no edge or no value."""
    n_points, n_columns = design.shape
    amounts = np.empty(n_columns)
    gradient = np.empty(n_points)
    for pixel in range(spectra.shape[0]):
        points = spectra[pixel, first : first + n_points]
        for column in range(n_columns):
            total = 0.0
            for i in range(n_points):
                total += inverse[column, i] * points[i]
            amounts[column] = total
        jump = amounts[0] + amounts[1]
        # Amounts that cancel, as in a pixel without an edge, hold no share.
        if not jump > _SMALLEST_JUMP:
            continue
        squares = 0.0
        for i in range(n_points):
            rest = points[i]
            for column in range(n_columns):
                rest -= design[i, column] * amounts[column]
            squares += rest * rest
        energy_out[pixel] = low_ev + amounts[1] / jump * (high_ev - low_ev)
        residual_out[pixel] = np.sqrt(squares / (n_points - n_columns))
        of_jump = (high_ev - low_ev) / jump**2
        for i in range(n_points):
            gradient[i] = of_jump * (amounts[0] * inverse[1, i] - amounts[1] * inverse[0, i])
        add_sensitivity(gradient, n_points, spectra[pixel], energies, first, energy_out[pixel], sums[pixel])
