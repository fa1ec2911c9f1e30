"""Permutation within clusters: the effect among the particles of one image.

The exposures of each cluster's particles are shuffled among themselves, so whatever the
particles of an image share, its mean, its calibration, its abundance of TPBs, drops out. What
is tested is the effect *within* images. Clusters whose particles all have the same exposure
say nothing and drop out too.

The statistic is studentized with an error that allows unequal variances (HC0): a shuffle of
plain means would be off where the smaller group also varies less, as NMC at TPBs do.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_CELLS = 2_000_000
"""Shuffled values held at once, so that 50,000 particles fit into memory."""


class WithinClusters(NamedTuple):
    """Effect within clusters and its permutation p value; NaN with a reason where there is none."""

    estimate: float
    p_value: float
    informative_clusters: int
    reason: str


def permute_within_clusters(
    y: Floats, exposure: Floats, cluster: Codes, *, draws: int, rng: np.random.Generator
) -> WithinClusters:
    """Test the effect of the exposure within clusters, two-sided.

    Parameters
    ----------
    y : ndarray of float64, shape (n,)
        Outcome, or its residual after covariates; finite.
    exposure : ndarray of float64, shape (n,)
        0 and 1, or any number.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1.
    draws : int
        Number of shuffles.
    rng : Generator
        Source of the shuffles.

    Returns
    -------
    WithinClusters
        The estimate is the slope after both columns are centred in each cluster (for 0 and 1: a
        weighted mean of the differences within clusters). p = (1 + extreme) / (1 + draws).

    Notes
    -----
    Under its null hypothesis, exposures exchangeable within each cluster, the test is exact;
    studentized it is also right in the long run where only the means are equal (Chung and
    Romano 2013).
    """
    sizes = np.bincount(cluster).astype(np.float64)

    def centred(values: Floats) -> Floats:
        out: Floats = values - (np.bincount(cluster, values) / sizes)[cluster]
        return out

    x, outcome = centred(exposure), centred(y)
    moves = np.bincount(cluster, x**2) > 1e-12 * max(float((exposure**2).max()), 1e-300)
    informative = int(moves.sum())
    if informative == 0:
        return WithinClusters(np.nan, np.nan, 0, "no cluster holds particles of both kinds")
    keep = moves[cluster]
    x, outcome, block = x[keep], outcome[keep], cluster[keep]
    if float(np.abs(outcome).max()) <= 1e-12 * max(float(np.abs(y).max()), 1e-300):
        return WithinClusters(np.nan, np.nan, informative, "the outcome does not vary within clusters")
    order = np.argsort(block, kind="stable")
    x, outcome, block = x[order], outcome[order], block[order]
    sxx = float(x @ x)

    def t_statistics(shuffled: Floats) -> Floats:
        slope = shuffled @ outcome / sxx
        residual = outcome - slope[:, None] * shuffled
        error = np.sqrt(np.einsum("ij,ij->i", shuffled**2, residual**2)) / sxx
        t: Floats = np.divide(slope, error, out=np.full(len(slope), np.inf), where=error > 0)
        return t

    observed = abs(float(t_statistics(x[None])[0]))
    extreme = 0
    at_once = max(1, _CELLS // len(x))
    for start in range(0, draws, at_once):
        keys = rng.random((min(at_once, draws - start), len(x)))
        # Rows are sorted by block, and keys lie in [0, 1): sorting block + key shuffles each
        # block within its own places.
        shuffled = x[np.argsort(keys + block, axis=1)]
        extreme += int((np.abs(t_statistics(shuffled)) >= observed * (1 - 1e-9)).sum())
    return WithinClusters(float(x @ outcome) / sxx, (1 + extreme) / (1 + draws), informative, "")
