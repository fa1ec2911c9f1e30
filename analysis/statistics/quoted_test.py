"""The clustered test that is quoted, for one outcome or for thousands at once.

A random intercept per cluster decides how much the comparison within clusters and the one between
them count; its errors are cluster-robust (CR2, Satterthwaite degrees of freedom), so that neither
equal variances nor the right intra-class correlation (ICC) is believed in. Only the weights
depend on the ICC. So the ICC with the highest restricted likelihood (REML) is taken from a short list: the
estimate stays unbiased, and everything but the outcome can be prepared once for each ICC of the list.
That is what makes a simulation of the very test that is quoted cheap enough to be large.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cathograph.analysis.statistics.cluster_robust import prepare_design, sum_by_cluster

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

WORKING_ICC = np.array(
    [0, 0.01, 0.03, 0.06, 0.1, 0.14, 0.18, 0.22, 0.27, 0.33, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]
)
"""Intra-class correlations of the working model."""


@dataclass(frozen=True, eq=False)
class FittedOutcomes:
    """The first coefficient of each of several outcomes.

    Attributes
    ----------
    estimates, standard_errors, dfs, p_values : ndarray of float64, shape (m,)
        Coefficient, CR2 error, Satterthwaite degrees of freedom, two-sided p.
    working_icc : ndarray of float64, shape (m,)
        The working model's ICC.
    """

    estimates: Floats
    standard_errors: Floats
    dfs: Floats
    p_values: Floats
    working_icc: Floats


def fit_outcomes(outcomes: Floats, design: Floats, cluster: Codes) -> FittedOutcomes:
    """Estimate the first coefficient for each outcome, with clusters accounted for.

    Parameters
    ----------
    outcomes : ndarray of float64, shape (n, m)
        One outcome a column; finite.
    design : ndarray of float64, shape (n, k)
        Full column rank; the exposure first.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1; at least two.

    Returns
    -------
    FittedOutcomes
        An error of zero gives a p of NaN.
    """
    chosen = choose_working_icc(outcomes, design, cluster)
    m = outcomes.shape[1]
    estimates, errors, dfs = np.empty(m), np.empty(m), np.empty(m)
    for place in np.unique(chosen):
        columns = chosen == place
        icc = WORKING_ICC[place]
        prepared = prepare_design(design, cluster, ratio=float(icc / (1 - icc)))
        estimates[columns], errors[columns], _ = prepared.fit(outcomes[:, columns])
        dfs[columns] = prepared.df
    known = (errors > 0) & (dfs > 0)
    t = np.divide(np.abs(estimates), errors, out=np.full(m, np.nan), where=known)
    return FittedOutcomes(estimates, errors, dfs, 2 * stats.t.sf(t, dfs), WORKING_ICC[chosen])


def choose_working_icc(outcomes: Floats, design: Floats, cluster: Codes) -> Codes:
    """Find the working ICC with the highest restricted likelihood for each outcome.

    Parameters
    ----------
    outcomes, design, cluster
        As in `fit_outcomes`.

    Returns
    -------
    ndarray of int64, shape (m,)
        Places in `WORKING_ICC`; the lowest where the likelihood is flat, as with clusters of one.

    Notes
    -----
    Patterson and Thompson 1971. The residual variance is profiled out; with clusters as blocks all that
    is needed are sums per cluster (`cathograph.analysis.statistics.mixed_model`).
    """
    n, k = design.shape
    basis, _ = np.linalg.qr(design)
    residual = outcomes - basis @ (basis.T @ outcomes)
    squares = (residual**2).sum(axis=0)
    sizes = np.bincount(cluster).astype(np.float64)
    basis_sums, residual_sums = sum_by_cluster(basis, cluster), sum_by_cluster(residual, cluster)
    deviance = np.empty((len(WORKING_ICC), outcomes.shape[1]))
    for place, ratio in enumerate(WORKING_ICC / (1 - WORKING_ICC)):
        grown = 1 + ratio * sizes
        weighted = basis_sums.T * (ratio / grown)
        xvx = np.eye(k) - weighted @ basis_sums
        xvy = -weighted @ residual_sums
        yvy = squares - (ratio / grown) @ residual_sums**2
        rss = yvy - (xvy * np.linalg.solve(xvx, xvy)).sum(axis=0)
        spread = np.maximum(rss, 1e-14 * np.maximum(squares, 1e-300))
        deviance[place] = (n - k) * np.log(spread) + np.log(grown).sum() + np.linalg.slogdet(xvx)[1]
    # A likelihood that is flat within rounding must not choose by rounding.
    flat = deviance <= deviance.min(axis=0) + 1e-9 * (n - k)
    return np.asarray(np.argmax(flat, axis=0), dtype=np.int64)
