"""Wild cluster bootstrap: a p value for few clusters that trusts no distribution.

Fit with the effect forced to zero, flip the sign of all residuals of a cluster together, refit,
and see how often the t statistic is as large as the observed one (Cameron, Gelbach and Miller
2008, "WCR"). What one cluster shares stays together, whatever its form. Two signs give only
2^clusters different draws; up to 12 clusters Webb's six weights are taken instead.

Strategy. Least squares is linear, so a draw needs no particle: the refitted effect and each
cluster's score follow from k numbers per cluster, and 2,000 draws are one matrix product.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_FEW_CLUSTERS = 12
_WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])


class WildBootstrap(NamedTuple):
    """Outcome of a wild cluster bootstrap: p value, and the weights that were drawn."""

    p_value: float
    weights: str


def wild_cluster_bootstrap(
    y: Floats, x: Floats, cluster: Codes, *, draws: int, rng: np.random.Generator
) -> WildBootstrap:
    """Test whether the first coefficient is zero, two-sided.

    Parameters
    ----------
    y : ndarray of float64, shape (n,)
        Outcome; finite.
    x : ndarray of float64, shape (n, k)
        Design of full column rank; the column of interest first, then the others.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1.
    draws : int
        Number of bootstrap draws.
    rng : Generator
        Source of the weights.

    Returns
    -------
    WildBootstrap
        p = (1 + draws at least as extreme) / (1 + draws): never zero.

    Notes
    -----
    Cameron, Gelbach and Miller 2008 (restricted residuals, t statistic with cluster-robust
    error); Webb 2023 (six-point weights). The constant factor of CR1 cancels and is left out.
    """
    n_clusters = int(cluster.max()) + 1
    controls, _ = np.linalg.qr(x[:, 1:]) if x.shape[1] > 1 else (np.zeros((len(y), 0)), None)
    exposure = x[:, 0] - controls @ (controls.T @ x[:, 0])
    exposure = exposure / np.linalg.norm(exposure)
    basis = np.column_stack([exposure, controls])  # orthonormal: refitting is a projection
    under_null = y - controls @ (controls.T @ y)

    def sums(rows: Floats) -> Floats:
        out = np.zeros((n_clusters, *rows.shape[1:]))
        np.add.at(out, cluster, rows)
        return out

    scores = sums(basis * under_null[:, None])  # (clusters, k)
    gram = sums(exposure[:, None] * basis)  # (clusters, k): exposure_c' basis_c

    def t_statistics(weights: Floats) -> Floats:
        fitted = weights @ scores  # (draws, k): refitted coefficients in the basis
        residual_scores = weights * scores[:, 0] - fitted @ gram.T
        error = np.sqrt((residual_scores**2).sum(axis=1))
        t: Floats = np.divide(fitted[:, 0], error, out=np.full(len(fitted), np.inf), where=error > 0)
        return t

    observed = abs(float(t_statistics(np.ones((1, n_clusters)))[0]))
    if n_clusters <= _FEW_CLUSTERS:
        weights, name = _WEBB[rng.integers(0, 6, (draws, n_clusters))], "Webb weights"
    else:
        weights, name = rng.integers(0, 2, (draws, n_clusters)) * 2.0 - 1.0, "Rademacher weights"
    # A tie within rounding is as extreme: without the tolerance a draw that only flips all
    # signs would count or not by chance.
    extreme = int((np.abs(t_statistics(weights)) >= observed * (1 - 1e-9)).sum())
    return WildBootstrap((1 + extreme) / (1 + draws), name)
