"""The linear mixed model with random intercepts: image, or image within sample.

``y = X b + u_image (+ u_sample) + e``, fitted by restricted maximum likelihood (REML), tested
with Satterthwaite degrees of freedom.

Why not statsmodels' ``MixedLM``: it has no small-sample degrees of freedom (its p values are
normal ones), and where the estimated variance between images is zero, which is the common
case of a *weak* clustering, it ends with a convergence warning that cannot be told from a
failure. For nested intercepts all that REML needs are sums per cluster, so the likelihood is
exact at that boundary, costs some 50 microseconds, and a search over one or two variance
ratios cannot miss its maximum. The tests prove it equal to MixedLM and to the published lme4
values of two data sets.

Strategy. Divide by the residual variance: ``V = I + v_c Zc Zc' + v_s Zs Zs'``. Each cluster's
block inverts by Sherman and Morrison, so does each sample's on top of that; with ``M = [X y]``
``M' V^-1 M`` follows from the total ``M'M``, the column sums per cluster and the cluster
sizes. X is orthonormalized and y replaced by its least-squares residual first, because eight
kiloelectronvolts with a spread of half an electronvolt would cost half of the digits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_LARGEST_RATIO = 1e6
"""Variance between clusters over variance within: above it nothing varies within a cluster."""


@dataclass(frozen=True)
class MixedFit:
    """A fitted random-intercept model.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (k,)
        Generalized least squares estimate, in the unit of the outcome.
    covariance : ndarray of float64, shape (k, k)
        Model-based covariance of the coefficients.
    var_cluster, var_sample, var_residual : float
        Variance components; ``var_sample`` is 0 for a model without sample intercepts.
    log_likelihood : float
        Restricted log-likelihood.
    df : ndarray of float64, shape (k,)
        Satterthwaite degrees of freedom of each coefficient.
    reason : str
        Empty when the fit converged, else why it must not be used; all numbers are then NaN.
    """

    coefficients: Floats
    covariance: Floats
    var_cluster: float
    var_sample: float
    var_residual: float
    log_likelihood: float
    df: Floats
    reason: str = ""

    @property
    def converged(self) -> bool:
        """Whether the fit may be used."""
        return not self.reason

    @property
    def ratio_cluster(self) -> float:
        """Variance between clusters over the residual variance."""
        return self.var_cluster / self.var_residual

    @property
    def icc(self) -> float:
        """Intra-class correlation: share of the variance that particles of a cluster have in common."""
        shared = self.var_cluster + self.var_sample
        return shared / (shared + self.var_residual)


@dataclass(frozen=True)
class _Sums:
    """All that the likelihood needs to know of the data."""

    total: Floats  # (k+1, k+1): M'M
    per_cluster: Floats  # (clusters, k+1): column sums of M
    sizes: Floats  # (clusters,)
    sample_of: Codes  # (clusters,): which sample a cluster belongs to
    n_samples: int  # 0 without sample intercepts

    def by_sample(self, rows: Floats) -> Floats:
        """Add up rows of clusters to rows of samples."""
        out = np.zeros((self.n_samples, *rows.shape[1:]))
        np.add.at(out, self.sample_of, rows)
        return out


@dataclass(frozen=True)
class _Evaluated:
    """The model at given variance ratios, all relative to the residual variance."""

    xvx: Floats
    xvy: Floats
    rss: float
    logdet: float


def fit_random_intercepts(y: Floats, x: Floats, cluster: Codes, sample: Codes | None = None) -> MixedFit:
    """Fit random intercepts for clusters, and for samples that contain them, by REML.

    Parameters
    ----------
    y : ndarray of float64, shape (n,)
        Outcome; finite.
    x : ndarray of float64, shape (n, k)
        Design with its intercept column; of full column rank.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1.
    sample : ndarray of int64, shape (n,), optional
        Sample of each row; every cluster lies in one sample. Adds a second random intercept.

    Returns
    -------
    MixedFit
        With a `reason` instead of numbers where the data cannot tell the variances apart.

    Notes
    -----
    Patterson and Thompson 1971 (REML); Satterthwaite degrees of freedom from the expected
    information, as Fai and Cornelius 1996, exact in balanced designs. A variance estimated as
    zero stays uncertain in them: it is not taken for known.
    """
    n, k = x.shape
    n_clusters = int(cluster.max()) + 1
    if n_clusters < 2:
        return _not_fitted(k, "one cluster only: the variance between clusters cannot be seen")
    if n_clusters == n:
        return _not_fitted(k, "every cluster holds one particle: between and within cannot be told apart")
    q, r = np.linalg.qr(x)
    first = np.linalg.solve(r, q.T @ y)
    residual = y - x @ first
    if n <= k or float(residual @ residual) <= 1e-24 * max(float(y @ y), 1e-300):
        return _not_fitted(k, "no spread is left in the outcome: nothing to estimate a variance from")
    sums = _sum_up(np.column_stack([q, residual]), cluster, sample)
    levels = 1 if sample is None else 2
    ratios, reason = _maximize(sums, n, k, levels)
    if not reason and ratios.max() > 0.999 * _LARGEST_RATIO:
        reason = "nothing varies within clusters: the residual variance is zero"
    if reason:
        return _not_fitted(k, reason)
    at = _evaluate(sums, ratios)
    sigma2 = at.rss / (n - k)
    back = np.asarray(np.linalg.inv(r), dtype=np.float64)
    covariance_q = np.asarray(np.linalg.inv(at.xvx), dtype=np.float64)
    logdet_xvx = float(np.linalg.slogdet(at.xvx)[1]) + 2 * float(np.log(np.abs(np.diag(r))).sum())
    log_likelihood = -0.5 * ((n - k) * (1 + np.log(2 * np.pi * sigma2)) + at.logdet + logdet_xvx)
    df = _satterthwaite(sums, ratios, covariance_q, back, n - k)
    if not np.isfinite(df).all():
        return _not_fitted(k, "the information about the variances is singular")
    return MixedFit(
        coefficients=first + back @ np.linalg.solve(at.xvx, at.xvy),
        covariance=sigma2 * back @ covariance_q @ back.T,
        var_cluster=float(ratios[0] * sigma2),
        var_sample=float(ratios[1] * sigma2) if levels == 2 else 0.0,
        var_residual=float(sigma2),
        log_likelihood=float(log_likelihood),
        df=df,
    )


def _not_fitted(k: int, reason: str) -> MixedFit:
    nan = float("nan")
    return MixedFit(np.full(k, nan), np.full((k, k), nan), nan, nan, nan, nan, np.full(k, nan), reason)


def _sum_up(m: Floats, cluster: Codes, sample: Codes | None) -> _Sums:
    n_clusters = int(cluster.max()) + 1
    per_cluster = np.zeros((n_clusters, m.shape[1]))
    np.add.at(per_cluster, cluster, m)
    sample_of = np.zeros(n_clusters, dtype=np.int64)
    n_samples = 0
    if sample is not None:
        sample_of[cluster] = sample
        n_samples = int(sample.max()) + 1
    sizes = np.bincount(cluster, minlength=n_clusters).astype(np.float64)
    return _Sums(m.T @ m, per_cluster, sizes, sample_of, n_samples)


def _evaluate(sums: _Sums, ratios: Floats) -> _Evaluated:
    """Weigh the sums by the inverse of V at the variance ratios (cluster, and sample)."""
    grown = 1 + ratios[0] * sums.sizes
    mvm = sums.total - (sums.per_cluster.T * (ratios[0] / grown)) @ sums.per_cluster
    logdet = float(np.log(grown).sum())
    if len(ratios) == 2:
        weight = sums.by_sample(sums.sizes / grown)
        rows = sums.by_sample(sums.per_cluster / grown[:, None])
        mvm = mvm - (rows.T * (ratios[1] / (1 + ratios[1] * weight))) @ rows
        logdet += float(np.log1p(ratios[1] * weight).sum())
    xvx, xvy = mvm[:-1, :-1], mvm[:-1, -1]
    rss = float(mvm[-1, -1] - xvy @ np.linalg.solve(xvx, xvy))
    return _Evaluated(xvx, xvy, rss, logdet)


def _maximize(sums: _Sums, n: int, k: int, levels: int) -> tuple[Floats, str]:
    """Search the variance ratios: a grid first, so that no local maximum is taken, then a simplex."""

    def ratio_of(share: Floats) -> Floats:
        # A share in [0, 1) of each level's variance in that level and the residual: a search
        # over a bounded box instead of one to infinity.
        ratios: Floats = np.minimum(share / np.maximum(1 - share, 1e-300), _LARGEST_RATIO)
        return ratios

    def deviance(share: Floats) -> float:
        at = _evaluate(sums, ratio_of(np.clip(share, 0.0, 1.0)))
        if at.rss <= 0:
            return np.inf
        sign, logdet_xvx = np.linalg.slogdet(at.xvx)
        return np.inf if sign <= 0 else float((n - k) * np.log(at.rss) + at.logdet + logdet_xvx)

    # Two levels make a square of the grid; the simplex then has a little farther to go.
    inner = np.linspace(0.02, 0.98, 13 if levels == 1 else 6)
    grid = np.concatenate([[0.0], inner, [0.995, 0.9995]])
    points = [np.array(p) for p in np.stack(np.meshgrid(*[grid] * levels), -1).reshape(-1, levels)]
    values = [deviance(p) for p in points]
    start = points[int(np.argmin(values))]
    best, best_value = start, min(values)
    if levels == 1:
        place = int(np.searchsorted(grid, start[0]))
        low, high = grid[max(place - 1, 0)], grid[place + 1] if place + 1 < len(grid) else 1.0
        found = optimize.minimize_scalar(
            lambda share: deviance(np.array([share])),
            bounds=(low, high),
            method="bounded",
            options={"xatol": 1e-10},
        )
        candidates = [(np.array([float(found.x)]), float(found.fun), bool(found.success))]
    else:
        candidates = []
        # Besides the inner search one along each side of the box: a simplex does not reach a
        # side exactly, and "no variance between samples" is a frequent answer.
        for free in ((True, True), (True, False), (False, True)):
            mask = np.array(free)
            found = optimize.minimize(
                lambda part, mask=mask: deviance(_spread(part, mask)),
                np.maximum(start[mask], 0.01),
                method="Nelder-Mead",
                bounds=[(0.0, 1.0)] * int(mask.sum()),
                options={"xatol": 1e-7, "fatol": 1e-8, "maxiter": 2000},
            )
            candidates.append((_spread(found.x, mask), float(found.fun), bool(found.success)))
    success = True
    for share, value, ended_well in candidates:
        if value < best_value - 1e-9:
            best, best_value, success = share, value, ended_well
    if not np.isfinite(best_value):
        return ratio_of(best), "the restricted likelihood has no finite value"
    return ratio_of(best), "" if success else "the search for the variances did not converge"


def _spread(part: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Put the searched shares in their places, zero elsewhere."""
    share = np.zeros(len(mask))
    share[mask] = part
    return share


def _satterthwaite(sums: _Sums, ratios: Floats, covariance_q: Floats, back: Floats, n_minus_k: int) -> Floats:
    """Degrees of freedom of each coefficient, from the expected information.

    With P the REML projection, the information about variances i and j is tr(P Vi P Vj) / 2.
    For the intercepts that is the squared Frobenius norm of Zi' P Zj, and Zc' P Zc is a diagonal
    minus a product of thin matrices. The entries of the residual variance follow from
    P V P = P, without a matrix of n rows.
    """
    k = covariance_q.shape[0]
    grown = 1 + ratios[0] * sums.sizes
    diagonal = sums.sizes / grown  # Zc' V^-1 Zc before samples
    zvx = sums.per_cluster[:, :k] / grown[:, None]
    thin, middle = zvx, covariance_q
    two = len(ratios) == 2
    if two:
        member = np.zeros((len(sums.sizes), sums.n_samples))
        member[np.arange(len(sums.sizes)), sums.sample_of] = 1.0
        weight = sums.by_sample(diagonal)
        damped = ratios[1] / (1 + ratios[1] * weight)
        spread = member * diagonal[:, None]
        zvx = zvx - (spread * damped) @ sums.by_sample(thin)
        thin = np.column_stack([spread, zvx])
        middle = np.zeros((thin.shape[1], thin.shape[1]))
        middle[: sums.n_samples, : sums.n_samples] = np.diag(damped)
        middle[sums.n_samples :, sums.n_samples :] = covariance_q

    def norm2(diag: Floats, rows: Floats) -> float:
        # || diag - rows middle rows' ||^2 without the square matrix
        inner = rows.T @ rows @ middle
        leverage = np.einsum("ij,jk,ik->i", rows, middle, rows)
        return float((diag**2).sum() - 2 * (diag * leverage).sum() + np.trace(inner @ inner))

    def trace(diag: Floats, rows: Floats) -> float:
        return float(diag.sum() - np.trace(rows.T @ rows @ middle))

    levels = [0, 1] if two else [0]
    shared = np.zeros((len(levels), len(levels)))
    traces = np.zeros(len(levels))
    shared[0, 0], traces[0] = norm2(diagonal, thin), trace(diagonal, thin)
    if two:
        thin_s = sums.by_sample(thin)
        shared[1, 1], traces[1] = norm2(weight, thin_s), trace(weight, thin_s)
        cross = spread - thin @ middle @ thin_s.T
        shared[0, 1] = shared[1, 0] = float((cross**2).sum())
    with_residual = traces - shared @ ratios
    residual = n_minus_k - 2 * ratios @ with_residual - ratios @ shared @ ratios
    information = np.block(
        [[shared, with_residual[:, None]], [with_residual[None, :], np.array([[residual]])]]
    )
    if np.linalg.cond(information) > 1e12:
        return np.full(k, np.nan)
    inverse = np.linalg.inv(information)
    df = np.empty(k)
    for column in range(k):
        direction = covariance_q @ back[column]
        variance = float(back[column] @ direction)
        at_clusters = zvx @ direction
        slopes = [float(at_clusters @ at_clusters)]
        if two:
            at_samples = sums.by_sample(at_clusters)
            slopes.append(float(at_samples @ at_samples))
        slopes.append(variance - float(ratios @ np.array(slopes)))
        gradient = np.array(slopes)
        df[column] = min(variance**2 / float(gradient @ inverse @ gradient), float(n_minus_k))
    return df
