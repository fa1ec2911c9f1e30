"""CR2 against Stata's numbers, Welch's test, and the definition with n by n matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from statsmodels.datasets import grunfeld
from statsmodels.regression.linear_model import OLS

from cathograph.analysis.statistics.cluster_robust import fit_cluster_robust, quasi_demean

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def with_intercept(*columns: Floats) -> Floats:
    return np.column_stack([*columns, np.ones(len(columns[0]))])


def test_stata_hc2() -> None:
    # Deterministic data of the tests of R's dfadjust, which quote Stata's `reg y x, vce(hc2)`
    # and `reg y x, cluster(clusters)`. With clusters of one particle CR2 is HC2.
    y = np.concatenate([np.cos(np.arange(10)), np.tan(np.arange(1, 11))])
    x = np.concatenate([np.sin(np.arange(1, 11)), np.sin(np.arange(2, 12))])
    found = fit_cluster_robust(y, with_intercept(x), np.arange(20))
    assert found.estimate == pytest.approx(0.3241183110, abs=1e-9)
    assert found.standard_error == pytest.approx(0.4421048122, abs=1e-9)
    clusters = np.tile([2, 1, 3, 2, 2, 3, 3, 1, 1, 2], 2) - 1
    clustered = fit_cluster_robust(y, with_intercept(x), clusters)
    assert clustered.standard_error_cr1 == pytest.approx(0.1814501834, abs=1e-9)
    assert OLS(y, with_intercept(x)).fit().HC2_se[0] == pytest.approx(found.standard_error)


def test_stata_investment_by_company() -> None:
    # Grunfeld, Stata: regress invest mvalue kstock, vce(cluster company)
    data = grunfeld.load_pandas()
    firms = data.exog["firm"][:200].astype(str)
    cluster = np.unique(firms, return_inverse=True)[1]
    y = data.endog[:200].to_numpy()
    value, capital = (data.exog[name][:200].to_numpy() for name in ("value", "capital"))
    found = fit_cluster_robust(y, with_intercept(value, capital), cluster)
    assert found.estimate == pytest.approx(0.11556215606596, rel=1e-8)
    assert found.standard_error_cr1 == pytest.approx(0.01589433647768, rel=1e-7)
    found = fit_cluster_robust(y, with_intercept(capital, value), cluster)
    assert found.estimate == pytest.approx(0.23067848754982, rel=1e-8)
    assert found.standard_error_cr1 == pytest.approx(0.08496711097464, rel=1e-7)


def test_whole_clusters_exposed_is_welch_on_cluster_means() -> None:
    # Ten images of six particles, four exposed: CR2 is Welch's error on the ten means, and the
    # degrees of freedom are Welch's with the variances taken for equal (Imbens and Kolesar
    # 2016): (1/4 + 1/6)^2 / (1/(16*3) + 1/(36*5)) = 7.5.
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(10), 6)
    y = rng.normal(size=10)[cluster] + rng.normal(size=60)
    found = fit_cluster_robust(y, with_intercept((cluster < 4).astype(float)), cluster)
    means = y.reshape(10, 6).mean(axis=1)
    welch = stats.ttest_ind(means[:4], means[4:], equal_var=False)
    assert found.estimate / found.standard_error == pytest.approx(welch.statistic)
    assert found.df == pytest.approx((1 / 4 + 1 / 6) ** 2 / (1 / 48 + 1 / 180))


def by_definition(y: Floats, x: Floats, cluster: Codes, ratio: float) -> tuple[float, float, float]:
    """Follow Bell and McCaffrey with n by n matrices, whitened by the root of the working covariance."""
    n = len(y)
    z = np.eye(cluster.max() + 1)[cluster]
    values, vectors = np.linalg.eigh(np.eye(n) + ratio * z @ z.T)
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    y, x = root @ y, root @ x
    bread = np.linalg.inv(x.T @ x)
    hat = x @ bread @ x.T
    residual = y - hat @ y
    variance, columns = 0.0, []
    for c in range(cluster.max() + 1):
        rows = cluster == c
        values, vectors = np.linalg.eigh(np.eye(rows.sum()) - hat[np.ix_(rows, rows)])
        adjust = vectors @ np.diag(np.where(values > 1e-10, np.abs(values), np.inf) ** -0.5) @ vectors.T
        direction = adjust @ x[rows] @ bread[0]
        variance += (direction @ residual[rows]) ** 2
        columns.append((np.eye(n) - hat)[:, rows] @ direction)
    g = np.array(columns) @ np.array(columns).T
    return float(bread[0] @ x.T @ y), float(np.sqrt(variance)), float(np.trace(g) ** 2 / (g**2).sum())


@given(seed=st.integers(0, 10_000), ratio=st.sampled_from([0.0, 0.25, 3.0]), with_samples=st.booleans())
def test_equal_to_the_definition(seed: int, ratio: float, with_samples: bool) -> None:
    rng = np.random.default_rng(seed)
    cluster = np.unique(rng.integers(0, 9, 60), return_inverse=True)[1]
    exposure = (rng.random(60) < 0.3).astype(float)
    others = [rng.normal(size=60)]
    if with_samples:  # the last sample is one cluster: a direction that a cluster alone determines
        others += [(cluster % 3 == 0).astype(float), (cluster == 1).astype(float)]
    x, y = with_intercept(exposure, *others), rng.normal(size=9)[cluster] + rng.normal(size=60)
    found = fit_cluster_robust(y, x, cluster, ratio=ratio)
    assert (found.estimate, found.standard_error, found.df) == pytest.approx(
        by_definition(y, x, cluster, ratio), rel=1e-7
    )


def test_quasi_demeaning_by_hand() -> None:
    # Two particles and ratio 4: 1 - 1/sqrt(1 + 8) = 2/3 of the mean 3 is 2.
    np.testing.assert_allclose(quasi_demean(np.array([2.0, 4, 7]), np.array([0, 0, 1]), 0.0), [2, 4, 7])
    np.testing.assert_allclose(quasi_demean(np.array([2.0, 4]), np.array([0, 0]), 4.0), [0, 2])


def test_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    cluster = rng.integers(0, 8, 50)
    cluster = np.unique(cluster, return_inverse=True)[1]
    x, y = with_intercept(rng.normal(size=50)), rng.normal(size=50)
    order = rng.permutation(50)
    there, back = fit_cluster_robust(y, x, cluster), fit_cluster_robust(y[order], x[order], cluster[order])
    assert there.standard_error == pytest.approx(back.standard_error)
    assert there.df == pytest.approx(back.df)
