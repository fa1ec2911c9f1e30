"""The clustered counterparts side by side: which is quoted, and what is said when one fails."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from cathograph.analysis.statistics.cluster_robust import fit_cluster_robust
from cathograph.analysis.statistics.clustered import estimate_clustered_effect
from cathograph.analysis.statistics.mixed_model import fit_random_intercepts
from cathograph.schema.errors import InputError

METHODS = [
    "mixed model, cluster-robust CR2",
    "mixed model, Satterthwaite",
    "least squares, cluster-robust CR2",
    "wild cluster bootstrap (Rademacher weights)",
    "permutation within clusters",
]


def draw(
    seed: int = 0, n_clusters: int = 20
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    cluster = np.sort(np.concatenate([np.arange(n_clusters), rng.integers(0, n_clusters, 100)]))
    exposure = (rng.random(len(cluster)) < 0.4).astype(float)
    return rng.normal(size=n_clusters)[cluster] + rng.normal(size=len(cluster)), exposure, cluster


def test_all_counterparts_stand_side_by_side_and_the_first_is_quoted() -> None:
    y, exposure, cluster = draw()
    found = estimate_clustered_effect(y, exposure, cluster, draws=199)
    assert [effect.method for effect in found.counterparts] == METHODS
    assert found.quoted == found.counterparts[0]
    x = np.column_stack([exposure, np.ones(len(y))])
    mixed = fit_random_intercepts(y, x, cluster)
    robust = fit_cluster_robust(y, x, cluster, ratio=mixed.ratio_cluster)
    # The working model takes its ICC from a list, so that it is near to the model's, not equal.
    assert found.quoted.estimate == pytest.approx(mixed.coefficients[0], abs=0.03 * robust.standard_error)
    assert found.quoted.standard_error == pytest.approx(robust.standard_error, rel=0.01)
    assert found.counterparts[1].standard_error == pytest.approx(np.sqrt(mixed.covariance[0, 0]))
    assert found.icc == pytest.approx(mixed.icc)
    assert (found.n_particles, found.n_clusters) == (120, 20)
    assert 4 < found.effective_clusters <= 20
    assert found.caution == ""


def test_the_same_seed_gives_the_same_numbers() -> None:
    y, exposure, cluster = draw()
    first, second = (estimate_clustered_effect(y, exposure, cluster, draws=199, seed=3) for _ in range(2))
    assert first == second


def test_with_one_particle_per_cluster_the_model_is_least_squares() -> None:
    # Every image holds one particle: between and within images cannot be told apart.
    y, exposure, _ = draw()
    found = estimate_clustered_effect(y, exposure, np.arange(len(y)), draws=0)
    assert found.quoted.method == "least squares, cluster-robust CR2"
    assert np.isfinite(found.quoted.p_value)
    robust = fit_cluster_robust(y, np.column_stack([exposure, np.ones(len(y))]), np.arange(len(y)))
    assert found.quoted.standard_error == pytest.approx(robust.standard_error)
    assert "every cluster holds one particle" in found.counterparts[1].reason
    assert np.isnan(found.icc)


@pytest.mark.parametrize("exposed", [1, 2, 3])
def test_few_exposed_images_have_an_estimate_and_a_reason_instead_of_p(exposed: int) -> None:
    # 73 images of five; the first one, two, three are exposed as a whole.
    rng = np.random.default_rng(exposed)
    cluster = np.repeat(np.arange(73), 5)
    y = rng.normal(size=73)[cluster] + rng.normal(size=365)
    whole = (cluster < exposed).astype(float)
    found = estimate_clustered_effect(y, whole, cluster, units="images", draws=99)
    # Images are equally large and exposed as a whole, so every working model gives the difference of means.
    difference = y[cluster < exposed].mean() - y[cluster >= exposed].mean()
    assert found.quoted.estimate == pytest.approx(difference)
    assert found.effective_clusters == pytest.approx(exposed, rel=0.1)
    for effect in found.counterparts:
        assert np.isnan([effect.p_value, effect.df, effect.standard_error, *effect.ci]).all()
        assert f"lie in {exposed} of 73 images" in effect.reason


def test_four_images_are_too_few_however_they_are_exposed() -> None:
    # Within four images alone an error has three degrees of freedom at most.
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(4), 50)
    exposure = np.tile([1.0, 0.0], 100)
    found = estimate_clustered_effect(rng.normal(size=200), exposure, cluster, units="images", draws=0)
    assert found.effective_clusters == pytest.approx(4)
    assert np.isnan(found.quoted.p_value)
    assert "3.0 degrees of freedom with 4 images" in found.quoted.reason


def test_the_answer_is_judged_without_a_look_at_the_outcome() -> None:
    y, exposure, cluster = draw(n_clusters=6)
    first = estimate_clustered_effect(y, exposure, cluster, draws=0)
    second = estimate_clustered_effect(y**3 + 10 * exposure, exposure, cluster, draws=0)
    assert first.effective_clusters == second.effective_clusters
    assert first.quoted.reason == second.quoted.reason


def test_samples_have_levels_of_their_own() -> None:
    # Sample 1 lies ten higher and holds most of the exposed: without samples that looks like an
    # effect. With a level per sample the estimate does not know of the shift at all.
    y, exposure, cluster = draw()
    sample = (cluster >= 10).astype(np.int64)
    there = estimate_clustered_effect(y, exposure, cluster, sample=sample, draws=0)
    shifted = estimate_clustered_effect(y + 10 * sample, exposure, cluster, sample=sample, draws=0)
    assert "within sample" in there.quoted.method
    assert shifted.quoted.estimate == pytest.approx(there.quoted.estimate)
    assert shifted.quoted.p_value == pytest.approx(there.quoted.p_value)
    pooled = estimate_clustered_effect(y + 10 * sample, exposure, cluster, draws=0)
    assert abs(pooled.quoted.estimate - there.quoted.estimate) > 1e-3


def test_an_exposure_that_only_differs_between_samples_has_no_answer() -> None:
    y, _, cluster = draw()
    sample = (cluster >= 10).astype(np.int64)
    found = estimate_clustered_effect(y, sample.astype(float), cluster, sample=sample, draws=0)
    assert "does not vary within samples" in found.quoted.reason
    assert np.isnan(found.quoted.p_value)


def test_random_samples_count_samples_where_the_exposure_differs_between_them() -> None:
    # Balanced: six samples of four images of five particles, three samples exposed as a whole.
    # Six units in two groups leave four degrees of freedom.
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(24), 5)
    sample = cluster // 4
    y = rng.normal(size=6)[sample] + rng.normal(size=24)[cluster] + rng.normal(size=120)
    found = estimate_clustered_effect(
        y, (sample < 3).astype(float), cluster, sample=sample, samples="random", draws=99
    )
    assert found.quoted.method == "mixed model within sample, cluster-robust CR2"
    assert found.quoted.df == pytest.approx(4)
    means = y.reshape(6, 20).mean(axis=1)
    welch = stats.ttest_ind(means[:3], means[3:], equal_var=False)
    assert found.quoted.estimate / found.quoted.standard_error == pytest.approx(welch.statistic)
    assert found.counterparts[1].df == pytest.approx(4)
    assert "Webb" in found.counterparts[3].method  # six samples, not 24 images, are the units


def test_samples_of_one_cluster_each_have_no_term() -> None:
    y, exposure, cluster = draw()
    alone = estimate_clustered_effect(y, exposure, cluster, draws=0)
    found = estimate_clustered_effect(y, exposure, cluster, sample=cluster, draws=0)
    assert found.quoted == alone.quoted
    assert "each sample is one cluster" in found.caution


def test_covariates_may_repeat_each_other() -> None:
    y, exposure, cluster = draw()
    size = np.random.default_rng(8).normal(size=len(y))
    once = estimate_clustered_effect(y, exposure, cluster, covariates=size[:, None], draws=99)
    twice = estimate_clustered_effect(
        y, exposure, cluster, covariates=np.column_stack([size, 3 * size - 1]), draws=99
    )
    assert twice.quoted.estimate == pytest.approx(once.quoted.estimate)
    assert once.counterparts[-1].reason == "not defined with covariates"


@pytest.mark.parametrize(
    ("y", "exposure", "cluster", "reason"),
    [
        ([1.0, 2, 3, 4], [1.0, 0, 1, 0], [0, 0, 0, 0], "one cluster only"),
        ([1.0, 2, 3, 4], [1.0, 1, 1, 1], [0, 0, 1, 1], "the exposure does not vary"),
        ([2.0, 2, 2, 2], [1.0, 0, 1, 0], [0, 0, 1, 1], "the outcome does not vary"),
        ([], [], [], "no particles"),
    ],
)
def test_without_an_answer_the_reason_is_given(
    y: list[float], exposure: list[float], cluster: list[int], reason: str
) -> None:
    found = estimate_clustered_effect(np.array(y), np.array(exposure), np.array(cluster, dtype=np.int64))
    assert reason in found.quoted.reason
    assert np.isnan(found.quoted.estimate)
    assert found.counterparts == ()


def test_outcome_that_follows_exactly_from_the_exposure() -> None:
    exposure = np.array([1.0, 0, 1, 0, 1, 0])
    found = estimate_clustered_effect(2 * exposure, exposure, np.repeat(np.arange(3), 2), draws=19)
    assert np.isnan(found.quoted.p_value)
    assert "no spread is left" in found.quoted.reason


def test_an_unknown_way_with_samples_is_refused() -> None:
    y, exposure, cluster = draw()
    with pytest.raises(InputError, match=r"samples='none'; expected 'fixed' or 'random'"):
        estimate_clustered_effect(y, exposure, cluster, samples="none")  # type: ignore[arg-type]
