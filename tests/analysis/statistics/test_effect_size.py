"""Effect sizes against R, Hedges' table and Cohen's example."""

import numpy as np
import pytest
from scipy import stats
from statistics_reference_data import MTCARS, SLEEP_1, SLEEP_2
from statsmodels.stats.power import TTestIndPower

from cathograph.analysis.statistics.effect_size import (
    detectable_difference,
    hedges_correction,
    noncentral_t_interval,
    power_of_welch,
    standardize_difference,
)
from cathograph.schema.errors import InputError


def test_by_hand() -> None:
    # Means 2 and 4, both variances 1, so the pooled standard deviation is 1 and d = -2.
    # J for 4 degrees of freedom: gamma(2) / (sqrt(2) gamma(1.5)) = 1 / (sqrt(2) sqrt(pi) / 2) = 0.79788.
    found = standardize_difference(np.array([1.0, 2, 3]), np.array([3.0, 4, 5]))
    assert found.d == pytest.approx(-2)
    assert found.pooled_sd == pytest.approx(1)
    assert found.g == pytest.approx(-2 * np.sqrt(2 / np.pi))
    assert found.d_ci[0] < -2 < found.d_ci[1]


def test_students_sleep_data() -> None:
    # R, effectsize::cohens_d(extra ~ group, sleep): -0.83 [-1.74, 0.10]
    found = standardize_difference(SLEEP_1, SLEEP_2)
    assert found.d == pytest.approx(-0.8321811, abs=1e-7)
    assert found.d_ci_equal_variances == pytest.approx((-1.74, 0.10), abs=0.005)


def test_cars_with_manual_gears() -> None:
    # R, effectsize::cohens_d(mpg ~ am, mtcars): -1.48 [-2.27, -0.67], automatic minus manual
    manual = MTCARS["am"] == 1
    found = standardize_difference(MTCARS["mpg"][manual].to_numpy(), MTCARS["mpg"][~manual].to_numpy())
    assert found.d == pytest.approx(1.48, abs=0.005)
    assert found.d_ci_equal_variances == pytest.approx((0.67, 2.27), abs=0.005)


@pytest.mark.parametrize(("dof", "factor"), [(2, 0.5642), (3, 0.7236), (10, 0.9228), (50, 0.9849)])
def test_bias_factor_of_hedges_table(dof: int, factor: float) -> None:
    # Hedges 1981, table 1 (exact values, four digits)
    assert hedges_correction(dof) == pytest.approx(factor, abs=1e-4)


def test_bias_factor_is_not_defined_below_two_degrees_of_freedom() -> None:
    assert np.isnan(hedges_correction(1))


def test_textbook_interval_holds_its_own_definition() -> None:
    # At the bounds the observed t is the 97.5th and the 2.5th percentile.
    low, high = noncentral_t_interval(-0.58, 136, 214)
    scale = np.sqrt(136 * 214 / 350)
    assert stats.nct.cdf(-0.58 * scale, 348, low * scale) == pytest.approx(0.975, abs=1e-6)
    assert stats.nct.cdf(-0.58 * scale, 348, high * scale) == pytest.approx(0.025, abs=1e-6)


def test_textbook_interval_is_nan_where_it_cannot_be_computed() -> None:
    assert np.isnan(noncentral_t_interval(-50, 2, 2)).any()
    assert not np.isnan(noncentral_t_interval(40, 30, 30)).any()


def test_delta_interval_is_the_textbook_one_for_many_equal_normal_groups() -> None:
    rng = np.random.default_rng(0)
    found = standardize_difference(rng.normal(size=20_000) + 0.5, rng.normal(size=20_000))
    assert found.d_ci == pytest.approx(found.d_ci_equal_variances, abs=5e-4)


def test_swapping_the_groups_turns_everything_round() -> None:
    there, back = standardize_difference(SLEEP_1, SLEEP_2), standardize_difference(SLEEP_2, SLEEP_1)
    assert back.d == pytest.approx(-there.d)
    assert back.d_ci == pytest.approx((-there.d_ci[1], -there.d_ci[0]))
    assert back.d_ci_equal_variances == pytest.approx(
        (-there.d_ci_equal_variances[1], -there.d_ci_equal_variances[0])
    )


def test_power_of_cohens_example() -> None:
    # Cohen 1988: 64 per group find d = 0.5 with 80 % power at 5 %.
    assert power_of_welch(0.5, 1, 1, 64, 64) == pytest.approx(0.80, abs=0.005)
    assert power_of_welch(0.5, 1, 1, 64, 64) == pytest.approx(TTestIndPower().power(0.5, 64, 0.05), abs=1e-9)


def test_power_without_an_effect_is_the_level_and_with_a_huge_one_is_one() -> None:
    assert power_of_welch(0, 1, 2, 10, 40) == pytest.approx(0.05)
    assert power_of_welch(1e6, 1, 2, 10, 40) == 1.0


def test_power_by_simulation_with_unequal_variances() -> None:
    rng = np.random.default_rng(3)
    p = stats.ttest_ind(
        rng.normal(0.5, 0.7, (4000, 48)), rng.normal(0, 1.2, (4000, 302)), axis=1, equal_var=False
    ).pvalue
    # 4,000 simulations know a rate of about 0.97 within 0.01.
    assert power_of_welch(0.5, 0.7, 1.2, 48, 302) == pytest.approx((p < 0.05).mean(), abs=0.01)


def test_power_of_a_group_of_one_is_refused() -> None:
    with pytest.raises(InputError, match="groups of 1 and 5"):
        power_of_welch(1, 1, 1, 1, 5)


def test_detectable_difference_is_found_with_that_power() -> None:
    # For many degrees of freedom 1.960 + 0.842 = 2.802 standard errors.
    assert detectable_difference(2.0, 1e6) == pytest.approx(2 * 2.8016, abs=1e-3)
    error = np.sqrt(2 / 200)
    assert power_of_welch(detectable_difference(error, 398), 1, 1, 200, 200) == pytest.approx(0.8, abs=2e-3)
