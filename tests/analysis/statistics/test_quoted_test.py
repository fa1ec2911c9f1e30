"""The quoted test against the mixed model, the list of working ICCs, and its own one-by-one answer."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from cathograph.analysis.statistics.cluster_robust import fit_cluster_robust
from cathograph.analysis.statistics.clustered import estimate_clustered_effect, held_constant
from cathograph.analysis.statistics.mixed_model import fit_random_intercepts
from cathograph.analysis.statistics.quoted_test import WORKING_ICC, choose_working_icc, fit_outcomes

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def draw(seed: int, icc: float, m: int = 6) -> tuple[Floats, Floats, Codes]:
    rng = np.random.default_rng(seed)
    cluster = np.sort(np.concatenate([np.arange(30), rng.integers(0, 30, 150)]))
    exposure = (rng.random(180) < 0.4).astype(float)
    levels, own = rng.normal(size=(30, m))[cluster], rng.normal(size=(180, m))
    outcomes = np.sqrt(icc) * levels + np.sqrt(1 - icc) * own
    return outcomes, np.column_stack([exposure, np.ones(180)]), cluster


@pytest.mark.parametrize("icc", [0.0, 0.2, 0.6])
def test_the_working_icc_is_the_nearest_of_the_list_to_the_mixed_models(icc: float) -> None:
    outcomes, design, cluster = draw(1, icc)
    chosen = choose_working_icc(outcomes, design, cluster)
    for place, y in zip(chosen, outcomes.T, strict=True):
        model = fit_random_intercepts(y, design, cluster).icc
        # The likelihood has one maximum: the best of the list is one of the two neighbours of it.
        below = max(int(np.searchsorted(WORKING_ICC, model, side="right")) - 1, 0)
        assert place in (below, below + 1)


def test_p_is_that_of_students_t_with_the_designs_degrees_of_freedom() -> None:
    outcomes, design, cluster = draw(2, 0.2)
    found = fit_outcomes(outcomes, design, cluster)
    for column, icc in enumerate(found.working_icc):
        one = fit_cluster_robust(outcomes[:, column], design, cluster, ratio=icc / (1 - icc))
        t = one.estimate / one.standard_error
        assert found.estimates[column] == pytest.approx(one.estimate)
        assert found.dfs[column] == pytest.approx(one.df)
        assert found.p_values[column] == pytest.approx(2 * stats.t.sf(abs(t), one.df))


def test_what_is_simulated_is_what_is_quoted() -> None:
    outcomes, design, cluster = draw(3, 0.2)
    exposure = design[:, 0]
    columns = np.column_stack([exposure, held_constant(len(exposure))])
    found = fit_outcomes(outcomes, columns, cluster)
    for column, y in enumerate(outcomes.T):
        quoted = estimate_clustered_effect(8343 + y, exposure, cluster, draws=0).quoted
        assert quoted.p_value == pytest.approx(found.p_values[column], rel=1e-6)
        assert quoted.estimate == pytest.approx(found.estimates[column], rel=1e-6)


def test_a_flat_likelihood_gives_least_squares() -> None:
    outcomes, design, _ = draw(4, 0.0)
    assert (choose_working_icc(outcomes, design, np.arange(180)) == 0).all()


def test_clusters_without_spread_inside_give_the_highest_icc() -> None:
    # Every image has one value: only the differences between images are left.
    _, design, cluster = draw(5, 0.0)
    outcomes = np.random.default_rng(5).normal(size=(30, 2))[cluster]
    assert (choose_working_icc(outcomes, design, cluster) == len(WORKING_ICC) - 1).all()


def test_an_outcome_without_spread_has_no_p() -> None:
    _, design, cluster = draw(6, 0.0)
    found = fit_outcomes(np.zeros((180, 1)), design, cluster)
    assert np.isnan(found.p_values).all()
