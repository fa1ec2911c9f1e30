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
identity only in the few directions of U, so k by k eigenproblems do, one per cluster. All of
that depends on the design alone, so it is prepared once and then serves any number of outcomes.
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


@dataclass(frozen=True, eq=False)
class RobustDesign:
    """A design with its clusters, ready for outcomes.

    Attributes
    ----------
    df : float
        Satterthwaite degrees of freedom of CR2.
    shares : ndarray of float64, shape (clusters,)
        Share of each cluster in the information on the first coefficient: its part of the sum of
        squares of the first column after all others are taken out. They add up to 1.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row.
    ratio : float
        Working model.
    basis : ndarray of float64, shape (n, k)
        Orthonormal basis of the quasi-demeaned design.
    direction : ndarray of float64, shape (k,)
        The first coefficient in that basis.
    scores_cr2 : ndarray of float64, shape (n,)
        Weights of the residuals in each cluster's contribution to the CR2 variance.
    """

    df: float
    shares: Floats
    cluster: Codes
    ratio: float
    basis: Floats
    direction: Floats
    scores_cr2: Floats

    @property
    def effective_clusters(self) -> float:
        """As many clusters of equal shares would carry the coefficient: 1 / sum(shares^2)."""
        return float(1 / (self.shares**2).sum())

    def fit(self, outcomes: Floats) -> tuple[Floats, Floats, Floats]:
        """Estimate the first coefficient for each outcome.

        Parameters
        ----------
        outcomes : ndarray of float64, shape (n, m)
            One outcome a column; finite.

        Returns
        -------
        estimates, standard_errors, standard_errors_cr1 : ndarray of float64, shape (m,)
            As in `RobustFit`.
        """
        y = quasi_demean(outcomes, self.cluster, self.ratio)
        in_basis = self.basis.T @ y
        residual = y - self.basis @ in_basis
        (n, k), n_clusters = self.basis.shape, len(self.shares)
        cr2 = sum_by_cluster(self.scores_cr2[:, None] * residual, self.cluster)
        cr1 = sum_by_cluster((self.basis @ self.direction)[:, None] * residual, self.cluster)
        stata = n_clusters / (n_clusters - 1) * (n - 1) / (n - k)
        return (
            self.direction @ in_basis,
            np.sqrt((cr2**2).sum(axis=0)),
            np.sqrt(stata * (cr1**2).sum(axis=0)),
        )


def sum_by_cluster(rows: Floats, cluster: Codes) -> Floats:
    """Add up the rows of each cluster.

    Parameters
    ----------
    rows : ndarray of float64, shape (n, m)
        Rows to add.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1; every cluster occurs.

    Returns
    -------
    ndarray of float64, shape (clusters, m)
    """
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(int(cluster.max()) + 1))
    out: Floats = np.add.reduceat(rows[order], starts, axis=0)
    return out


def quasi_demean(values: Floats, cluster: Codes, ratio: float) -> Floats:
    """Take a random intercept of known variance ratio out of the columns.

    Parameters
    ----------
    values : ndarray of float64, shape (n,) or (n, m)
        Outcomes or design.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1.
    ratio : float
        Variance between clusters over variance within.

    Returns
    -------
    ndarray of float64, shape as given
        Rows whose covariance is proportional to the identity under the model.
    """
    if ratio == 0:
        return values
    columns = values.reshape(len(values), -1)
    sizes = np.bincount(cluster).astype(np.float64)
    means = sum_by_cluster(columns, cluster)
    means *= ((1 - 1 / np.sqrt(1 + ratio * sizes)) / sizes)[:, None]
    return (columns - means[cluster]).reshape(values.shape)


def prepare_design(x: Floats, cluster: Codes, *, ratio: float = 0.0) -> RobustDesign:
    """Prepare the CR2 error of the first coefficient.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Design of full column rank; the column of interest first.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1; at least two clusters.
    ratio : float
        Working model: variance between clusters over variance within.

    Returns
    -------
    RobustDesign

    Notes
    -----
    Bell and McCaffrey 2002; Pustejovsky and Tipton 2018, equations 5 to 11. With clusters of
    one particle CR2 is HC2; for one exposure per cluster and equal cluster sizes it is Welch's
    error on the cluster means. A direction that one cluster alone determines is left out by
    a generalized inverse, as they recommend. Where that is the direction of the coefficient itself,
    as when one image holds all exposed particles, the error is far too small: see
    `cathograph.analysis.statistics.admission`.
    """
    n_clusters = int(cluster.max()) + 1
    q, r = np.linalg.qr(quasi_demean(x, cluster, ratio))
    # (X'X)^-1 = back back'; its first row is the first coefficient, written in the basis q. In that
    # basis the matrix U of the header is q itself.
    direction = np.asarray(np.linalg.inv(r)[0], dtype=np.float64)
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(n_clusters))
    gram = np.stack([part.T @ part for part in np.split(q[order], starts[1:])])
    eigenvalues, vectors = np.linalg.eigh(gram)
    left = 1 - np.clip(eigenvalues, 0.0, 1.0)
    scale = np.where(left > 1e-10, 1 / np.sqrt(np.where(left > 1e-10, left, 1.0)), 0.0)
    # q_c' A_c = (vectors scale vectors') q_c', because q_c = W sqrt(eigenvalues) vectors'
    adjusted = np.einsum("cij,cj,ckj,k->ci", vectors, scale, vectors, direction)
    # Degrees of freedom: Omega = diag(|g_c|^2) - B B', g_c = q_c adjusted_c, B_c = gram_c adjusted_c
    b = np.einsum("cij,cj->ci", gram, adjusted)
    lengths = np.einsum("ci,ci->c", adjusted, b)
    inner = b.T @ b
    trace = float(lengths.sum() - np.trace(inner))
    trace2 = float((lengths**2).sum() - 2 * (lengths * (b**2).sum(axis=1)).sum() + (inner**2).sum())
    shares = np.einsum("i,cij,j->c", direction, gram, direction) / float(direction @ direction)
    return RobustDesign(
        df=trace**2 / trace2 if trace2 > 0 else float("nan"),
        shares=shares,
        cluster=cluster,
        ratio=ratio,
        basis=q,
        direction=direction,
        scores_cr2=np.einsum("ni,ni->n", q, adjusted[cluster]),
    )


def fit_cluster_robust(y: Floats, x: Floats, cluster: Codes, *, ratio: float = 0.0) -> RobustFit:
    """Estimate the first coefficient of one outcome with its CR2 error.

    Parameters
    ----------
    y : ndarray of float64, shape (n,)
        Outcome; finite.
    x, cluster, ratio
        As in `prepare_design`.

    Returns
    -------
    RobustFit
    """
    design = prepare_design(x, cluster, ratio=ratio)
    estimate, standard_error, cr1 = (float(found[0]) for found in design.fit(y[:, None]))
    return RobustFit(estimate, standard_error, cr1, design.df)
