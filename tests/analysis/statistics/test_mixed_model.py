"""The mixed model against published lme4 values, statsmodels' MixedLM, and dense matrices."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from statistics_reference_data import shipped_with
from statsmodels.regression.mixed_linear_model import MixedLM

from cathograph.analysis.statistics.mixed_model import MixedFit, fit_random_intercepts

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def codes(values: pd.Series) -> Codes:
    return pd.factorize(values)[0].astype(np.int64)


def test_growth_of_pigs() -> None:
    # dietox, R: lmer(Weight ~ Time + (1 | Pig)), as statsmodels' own test quotes it
    data = pd.read_csv(shipped_with("statsmodels.regression", "tests/results/dietox.csv"))
    x = np.column_stack([np.ones(len(data)), data["Time"]]).astype(float)
    found = fit_random_intercepts(data["Weight"].to_numpy(float), x, codes(data["Pig"]))
    np.testing.assert_allclose(found.coefficients, [15.723523, 6.942505], rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), [0.78805374, 0.03338727], rtol=1e-6)
    assert found.var_cluster == pytest.approx(40.39395, rel=1e-6)
    assert found.var_residual == pytest.approx(11.36692, rel=1e-6)
    assert found.log_likelihood == pytest.approx(-2404.775, rel=1e-6)


def test_strength_of_pastes_casks_within_batches() -> None:
    # Pastes (Davies and Goldsmith 1972), R: lmer(strength ~ 1 + (1 | batch/cask)). Ten batches
    # of three casks of two assays: balanced, so the mean has exactly 10 - 1 degrees of freedom.
    data = pd.read_csv(shipped_with("statsmodels.regression", "tests/results/pastes.csv"))
    found = fit_random_intercepts(
        data["strength"].to_numpy(float), np.ones((60, 1)), codes(data["sample"]), codes(data["batch"])
    )
    assert found.coefficients[0] == pytest.approx(60.0533, abs=1e-4)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.6769, abs=1e-4)
    assert np.sqrt(found.var_cluster) == pytest.approx(2.9041, abs=1e-4)
    assert np.sqrt(found.var_sample) == pytest.approx(1.2874, abs=1e-4)
    assert np.sqrt(found.var_residual) == pytest.approx(0.8234, abs=1e-4)
    assert found.log_likelihood == pytest.approx(-246.9907 / 2, abs=1e-4)
    assert found.df[0] == pytest.approx(9)


def draw(seed: int, *, nested: bool) -> tuple[Floats, Floats, Codes, Codes | None]:
    rng = np.random.default_rng(seed)
    n = 90
    sample = rng.integers(0, 4, n)
    cluster = np.unique(sample * 5 + rng.integers(0, 5, n), return_inverse=True)[1].astype(np.int64)
    levels = rng.normal(size=cluster.max() + 1)[cluster] + rng.normal(size=4)[sample]
    x = np.column_stack([rng.random(n) < 0.3, np.ones(n), rng.normal(size=n)]).astype(float)
    y = 8343 + levels + rng.normal(size=n)
    return y, x, cluster, (sample.astype(np.int64) if nested else None)


def by_dense_matrices(
    y: Floats, x: Floats, cluster: Codes, sample: Codes | None, at: MixedFit
) -> tuple[Floats, ...]:
    """Generalized least squares and Satterthwaite by their definitions, n by n."""
    indicators = [np.eye(cluster.max() + 1)[cluster]]
    parts = [at.var_cluster]
    if sample is not None:
        indicators.append(np.eye(sample.max() + 1)[sample])
        parts.append(at.var_sample)
    shapes = [z @ z.T for z in indicators] + [np.eye(len(y))]
    v = sum(part * shape for part, shape in zip([*parts, at.var_residual], shapes, strict=True))
    inverse = np.linalg.inv(v)
    covariance = np.linalg.inv(x.T @ inverse @ x)
    p = inverse - inverse @ x @ covariance @ x.T @ inverse
    information = np.array([[np.trace(p @ a @ p @ b) / 2 for b in shapes] for a in shapes])
    df = []
    for k in range(x.shape[1]):
        row = covariance[k] @ x.T @ inverse
        gradient = np.array([row @ shape @ row for shape in shapes])
        df.append(2 * covariance[k, k] ** 2 / (gradient @ np.linalg.solve(information, gradient)))
    log_likelihood = -0.5 * (
        (len(y) - x.shape[1]) * np.log(2 * np.pi)
        + np.linalg.slogdet(v)[1]
        - np.linalg.slogdet(covariance)[1]
        + (y - y.mean()) @ p @ (y - y.mean())
    )
    return covariance @ x.T @ inverse @ y, covariance, np.array(df), np.array(log_likelihood)


@pytest.mark.parametrize("nested", [False, True])
@settings(max_examples=settings.default.max_examples // 3)
@given(seed=st.integers(0, 10_000))
def test_equal_to_dense_matrices(nested: bool, seed: int) -> None:
    y, x, cluster, sample = draw(seed, nested=nested)
    found = fit_random_intercepts(y, x, cluster, sample)
    coefficients, covariance, df, log_likelihood = by_dense_matrices(y, x, cluster, sample, found)
    np.testing.assert_allclose(found.coefficients, coefficients, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.df, np.minimum(df, len(y) - 3), rtol=1e-6)
    assert found.log_likelihood == pytest.approx(float(log_likelihood), abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_no_other_variances_are_likelier(seed: int) -> None:
    # Around the found maximum, and on both sides of the box, the dense likelihood is lower.
    y, x, cluster, sample = draw(seed, nested=True)
    best = fit_random_intercepts(y, x, cluster, sample)
    rng = np.random.default_rng(seed)
    for factors in [*np.exp(rng.normal(0, 0.5, (12, 3))), [0, 1, 1], [1, 0, 1], [0, 0, 1]]:
        other = MixedFit(
            best.coefficients,
            best.covariance,
            best.var_cluster * factors[0],
            best.var_sample * factors[1],
            best.var_residual * factors[2],
            0.0,
            best.df,
        )
        assert float(by_dense_matrices(y, x, cluster, sample, other)[3]) <= best.log_likelihood + 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_statsmodels(seed: int) -> None:
    y, x, cluster, _ = draw(seed, nested=False)
    found = fit_random_intercepts(y, x, cluster)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its boundary warnings are why we do not use it
        rival = MixedLM(y - 8343, x, groups=cluster).fit(reml=True)
    assert found.coefficients[0] == pytest.approx(rival.fe_params[0], abs=1e-4)
    # MixedLM inverts the joint information of coefficients and variances, we the coefficients' own.
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(rival.bse_fe[0], rel=0.02)
    assert found.var_residual == pytest.approx(rival.scale, rel=1e-3)
    assert found.log_likelihood >= rival.llf - 1e-6


def test_an_exposure_of_whole_clusters_has_clusters_minus_two_degrees_of_freedom() -> None:
    # Balanced: ten images of six particles, four images exposed. The test is then the t-test
    # of ten image means, with 8 degrees of freedom.
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(10), 6)
    x = np.column_stack([cluster < 4, np.ones(60)]).astype(float)
    y = rng.normal(size=10)[cluster] + rng.normal(size=60)
    found = fit_random_intercepts(y, x, cluster)
    assert found.df[0] == pytest.approx(8)
    means = y.reshape(10, 6).mean(axis=1)
    pooled = np.sqrt(((means[:4].var() * 4) + (means[4:].var() * 6)) / 8 * (1 / 4 + 1 / 6))
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(pooled, rel=1e-6)


def test_clusters_less_alike_than_chance_give_zero_variance_and_least_squares() -> None:
    # Every image holds one low and one high particle: all image means are equal.
    y = np.array([0.0, 2, 0, 2, 0, 2, 0, 2.2])
    found = fit_random_intercepts(y, np.ones((8, 1)), np.repeat(np.arange(4), 2))
    assert found.converged
    assert found.var_cluster == 0
    assert found.icc == 0
    assert found.coefficients[0] == pytest.approx(y.mean())


def test_kiloelectronvolts_with_a_tiny_spread_lose_no_digits() -> None:
    y, x, cluster, _ = draw(1, nested=False)
    there = fit_random_intercepts(y - 8343, x, cluster)
    away = fit_random_intercepts((y - 8343) * 1e-4 + 8343, x, cluster)
    assert away.coefficients[0] == pytest.approx(there.coefficients[0] * 1e-4, rel=1e-6)
    assert away.df == pytest.approx(there.df, rel=1e-5)


@pytest.mark.parametrize(
    ("y", "cluster", "reason"),
    [
        ([1.0, 2, 3, 4], [0, 0, 0, 0], "one cluster only"),
        ([1.0, 2, 3, 4], [0, 1, 2, 3], "every cluster holds one particle"),
        ([1.0, 1, 2, 2], [0, 0, 1, 1], "nothing varies within clusters"),
        ([5.0, 5, 5, 5], [0, 0, 1, 1], "no spread"),
    ],
)
def test_what_cannot_be_fitted_says_why(y: list[float], cluster: list[int], reason: str) -> None:
    found = fit_random_intercepts(np.array(y), np.ones((4, 1)), np.array(cluster))
    assert not found.converged
    assert reason in found.reason
    assert np.isnan(found.coefficients).all()
