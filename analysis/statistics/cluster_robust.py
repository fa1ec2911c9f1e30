"""Cluster-robust errors that hold for few clusters, and for unequal variances.

The usual cluster-robust errors (CR1, Stata's) are too small when clusters are few, differ in
size, or when few of them hold the exposure. CR2 (Bell and McCaffrey 2002) scales each
cluster's residuals so that the variance is unbiased under a working model, and its
Satterthwaite degrees of freedom say how many clusters truly carry the estimate.

The working model is a random intercept per cluster with a known variance ratio, 0 for plain
least squares. Quasi-demeaning, ``y - (1 - 1/sqrt(1 + ratio n)) mean(y)`` in each cluster,
turns that model into least squares, so one piece of code serves both: the estimate of the
mixed model with errors that do not believe its equal variances.

Strategy. A cluster of 20,000 particles must not cost a 20,000 by 20,000 matrix. With
``(X'X)^-1 = R R'`` and ``U = X_c R`` the adjustment ``(I - U U')^(-1/2)`` differs from the
identity only in the few directions of U, so k by k eigenproblems do, one per cluster.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class RobustFit:
    """One coefficient with its cluster-robust error.

    Attributes
    ----------
    estimate : float
        Coefficient of the first column of the design.
    standard_error : float
        CR2 standard error.
    standard_error_cr1 : float
        The usual one with Stata's factor, for comparison with other software.
    df : float
        Satterthwaite degrees of freedom (Bell and McCaffrey) that go with CR2.
    """

    estimate: float
    standard_error: float
    standard_error_cr1: float
    df: float


def quasi_demean(values: Floats, cluster: Codes, ratio: float) -> Floats:
    """Take a random intercept of known variance ratio out of the columns.

    Parameters
    ----------
    values : ndarray of float64, shape (n,) or (n, k)
        Outcome or design.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1.
    ratio : float
        Variance between clusters over variance within.

    Returns
    -------
    ndarray of float64, shape as given
        Rows whose covariance is proportional to the identity under the model.
    """
    columns = values.reshape(len(values), -1)
    sizes = np.bincount(cluster).astype(np.float64)
    means = np.zeros((len(sizes), columns.shape[1]))
    np.add.at(means, cluster, columns)
    means *= ((1 - 1 / np.sqrt(1 + ratio * sizes)) / sizes)[:, None]
    return (columns - means[cluster]).reshape(values.shape)


def fit_cluster_robust(y: Floats, x: Floats, cluster: Codes, *, ratio: float = 0.0) -> RobustFit:
    """Estimate the first coefficient with its CR2 error.

    Parameters
    ----------
    y : ndarray of float64, shape (n,)
        Outcome; finite.
    x : ndarray of float64, shape (n, k)
        Design of full column rank; the column of interest first.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1; at least two clusters.
    ratio : float
        Working model: variance between clusters over variance within.

    Returns
    -------
    RobustFit

    Notes
    -----
    Bell and McCaffrey 2002; Pustejovsky and Tipton 2018, equations 5 to 11. With clusters of
    one particle CR2 is HC2; for one exposure per cluster and equal cluster sizes it is Welch's
    error on the cluster means. A direction that one cluster alone determines is left out by
    a generalized inverse, as they recommend.
    """
    if ratio:
        y, x = quasi_demean(y, cluster, ratio), quasi_demean(x, cluster, ratio)
    n, k = x.shape
    n_clusters = int(cluster.max()) + 1
    q, r = np.linalg.qr(x)
    back = np.linalg.inv(r)  # (X'X)^-1 = back back'
    in_q = q.T @ y
    residual = y - q @ in_q
    direction = back[0]  # the first coefficient, written in the basis q
    # In the basis q the matrix U of the header is q itself.
    scores = np.zeros((n_clusters, k))
    np.add.at(scores, cluster, q * residual[:, None])
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(n_clusters))
    gram = np.stack([part.T @ part for part in np.split(q[order], starts[1:])])
    eigenvalues, vectors = np.linalg.eigh(gram)
    eigenvalues = np.clip(eigenvalues, 0.0, 1.0)
    left = 1 - eigenvalues
    scale = np.where(left > 1e-10, 1 / np.sqrt(np.where(left > 1e-10, left, 1.0)), 0.0)
    # q_c' A_c = (vectors scale vectors') q_c', because q_c = W sqrt(eigenvalues) vectors'
    adjusted = np.einsum("cij,cj,ckj,k->ci", vectors, scale, vectors, direction)
    contributions = np.einsum("ci,ci->c", adjusted, scores)
    # Degrees of freedom: Omega = diag(|g_c|^2) - B B', g_c = q_c adjusted_c, B_c = gram_c adjusted_c
    b = np.einsum("cij,cj->ci", gram, adjusted)
    lengths = np.einsum("ci,ci->c", adjusted, b)
    inner = b.T @ b
    trace = float(lengths.sum() - np.trace(inner))
    trace2 = float((lengths**2).sum() - 2 * (lengths * (b**2).sum(axis=1)).sum() + (inner**2).sum())
    plain = scores @ direction
    stata = n_clusters / (n_clusters - 1) * (n - 1) / (n - k)
    return RobustFit(
        estimate=float(direction @ in_q),
        standard_error=float(np.sqrt((contributions**2).sum())),
        standard_error_cr1=float(np.sqrt(stata * (plain**2).sum())),
        df=trace**2 / trace2 if trace2 > 0 else float("nan"),
    )
