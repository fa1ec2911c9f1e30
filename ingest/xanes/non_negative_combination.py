"""Linear combination of three or more reference spectra, no amount of which is negative.

Three references of one element resemble each other so much that free amounts compensate: large positive and negative
ones that cancel. So each pixel is a least-squares fit with amounts of at least zero (Lawson and Hanson 1974, by
`scipy.optimize.nnls`). A baseline, whose constant and slope may be negative, is taken out before: with an orthonormal
basis B of it, ‖A − Ra − Bc‖ is least for the same a as ‖(1 − BBᵀ)(A − Ra)‖. And with (1 − BBᵀ)R = QU, U square, the
fit is that of Qᵀ A by U: as many equations as references, whatever the number of energies.

The edge energy is that of the references in their shares, Σ aᵢEᵢ / Σ aᵢ. On normalised absorption the amounts sum up
to 1 where the references hold all that is there; a pixel whose sum is further from 1 than `MOST_SUM_ERROR` has no
energy.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from cathograph.ingest.xanes.local_polynomial import Float64s
from cathograph.ingest.xanes.standard_errors import add_sensitivity

MOST_SUM_ERROR = 0.2
"""Distance of the sum of the amounts from 1 above which a normalised pixel has no energy."""

_SMALLEST_JUMP = 1e-9


@dataclass(frozen=True)
class NonNegativePlan:
    """Fits of three or more references over certain energies.

    Attributes
    ----------
    first, end : int
        Energies of the stack that are fitted, and one past the last.
    references : ndarray of float64, shape (energies, references)
        Their spectra, without the part that a baseline takes.
    baseline : ndarray of float64, shape (energies, 0 or 2)
        Orthonormal basis of the baseline.
    edge_energies_ev : ndarray of float64, shape (references,)
        Their edge energies.
    energies_ev : ndarray of float64, shape (n,)
        All energies of the stack.
    """

    first: int
    end: int
    references: Float64s
    baseline: Float64s
    edge_energies_ev: Float64s
    energies_ev: Float64s

    @classmethod
    def of(
        cls,
        first: int,
        end: int,
        spectra: Float64s,
        baseline: Float64s,
        edge_energies_ev: tuple[float, ...],
        energies_ev: Float64s,
    ) -> "NonNegativePlan":
        """Prepare a fit of spectra (energies, references) on baseline columns (energies, 0 or 2)."""
        basis = np.linalg.qr(baseline)[0]
        rest = spectra - basis @ (basis.T @ spectra)
        return cls(first, end, rest, basis, np.array(edge_energies_ev), energies_ev)

    def fit(self, spectra: Float64s, sensitivity: Float64s | None = None) -> tuple[Float64s, Float64s]:
        """Fit the amounts of the references in each spectrum.

        Parameters
        ----------
        spectra : ndarray of float64, shape (pixels, n)
            Normalised absorption, or absorbance where the plan has a baseline.
        sensitivity : ndarray of float64, shape (pixels, 4), optional
            Filled as `cathograph.ingest.xanes.standard_errors` says, for pixels with two references or more.

        Returns
        -------
        edge_energy_ev, residual : ndarray of float64, shape (pixels,)
            NaN where no reference is there, or the amounts do not sum up to 1; standard deviation about the
            combination.
        """
        energy = np.full(len(spectra), np.nan)
        residual = np.full(len(spectra), np.nan)
        across, triangle = np.linalg.qr(self.references)
        freedom = len(self.references) - self.references.shape[1] - self.baseline.shape[1]
        normalised = self.baseline.shape[1] == 0
        inverses: dict[tuple[int, ...], Float64s] = {}
        for pixel, spectrum in enumerate(spectra):
            points = spectrum[self.first : self.end]
            if not np.isfinite(points).all():
                continue
            # One pixel at a time: a product over many rounds by their number, so that answers would hang on the block.
            amounts, _ = optimize.nnls(triangle, across.T @ points)
            total = amounts.sum()
            if not total > _SMALLEST_JUMP:
                continue
            rest = points - self.baseline @ (self.baseline.T @ points) - self.references @ amounts
            residual[pixel] = np.sqrt(rest @ rest / freedom)
            if not normalised or abs(total - 1) <= MOST_SUM_ERROR:
                energy[pixel] = amounts @ self.edge_energies_ev / total
                present = tuple(np.flatnonzero(amounts > 0).tolist())
                # One reference alone is a bound: how far noise could move the energy from there is not known.
                if sensitivity is not None and len(present) > 1:
                    if present not in inverses:
                        inverses[present] = np.asarray(
                            np.linalg.pinv(self.references[:, present]), dtype=np.float64
                        )
                    towards = (self.edge_energies_ev[list(present)] - energy[pixel]) / total
                    gradient = towards @ inverses[present]
                    add_sensitivity(
                        gradient, gradient.size, spectrum, self.energies_ev, self.first, energy[pixel],
                        sensitivity[pixel],
                    )  # fmt: skip
        return energy, residual
