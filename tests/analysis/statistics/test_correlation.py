"""Correlations against R, NIST and rmcorr, and within images."""

import numpy as np
import pytest
from scipy import stats
from statistics_reference_data import BLAND_ALTMAN, MTCARS, as_particles, clustered_particles, read_nist

from cathograph.analysis.statistics.correlation import correlate, fisher_interval
from cathograph.schema.errors import InputError


def test_weight_and_mileage_of_cars() -> None:
    # R, cor.test(mtcars$mpg, mtcars$wt): r = -0.8676594, CI -0.9338264 -0.7440872, p = 1.294e-10;
    # method = "spearman": rho = -0.886422
    found = correlate(as_particles(MTCARS["mpg"], degree=MTCARS["wt"].to_numpy()), "degree", "soc_ev")
    assert found.r == pytest.approx(-0.8676594, abs=1e-7)
    assert found.r_ci == pytest.approx((-0.9338264, -0.7440872), abs=1e-7)
    assert found.p == pytest.approx(1.294e-10, rel=1e-3)
    assert found.spearman == pytest.approx(-0.886422, abs=1e-6)


def test_certified_calibration_of_ozone_monitors() -> None:
    # NIST StRD Norris: certified R-squared 0.999993745883712
    data = read_nist("nist_linregress/Norris.dat", 61)
    found = correlate(as_particles(data[:, 0], degree=data[:, 1]), "degree", "soc_ev")
    assert found.r**2 == pytest.approx(0.999993745883712, abs=1e-14)


def test_acidity_within_subjects() -> None:
    # Bland and Altman 1995; R, rmcorr: r = -0.5067697, df 38, p = 0.0008471081. Pooled over
    # subjects there is next to nothing to see.
    data = BLAND_ALTMAN
    found = correlate(
        as_particles(data["ph"], image=data["subject"], degree=data["paco2"].to_numpy()), "degree", "soc_ev"
    )
    assert found.r_within == pytest.approx(-0.5067697, abs=1e-7)
    assert found.df_within == 38
    assert found.p_within == pytest.approx(0.0008471081, rel=1e-6)
    assert found.r_within_ci == pytest.approx((-0.71, -0.23), abs=0.005)
    assert abs(found.r) < 0.1


def test_spearmans_interval_by_hand() -> None:
    # Bonett and Wright 2000: rho = 0.5, n = 28: atanh(0.5) +- 1.96 sqrt((1 + 0.125) / 25)
    half = 1.959964 * np.sqrt(1.125 / 25)
    expected = (np.tanh(0.5493061 - half), np.tanh(0.5493061 + half))
    assert fisher_interval(0.5, 26, 0.95, widening=1.125) == pytest.approx(expected, abs=1e-6)
    assert np.isnan(fisher_interval(0.5, 1, 0.95)).all()


def test_for_independent_particles_the_clustered_slope_is_r() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    found = correlate(as_particles(0.4 * x + rng.normal(size=300), degree=x), "degree", "soc_ev")
    assert found.r_clustered == pytest.approx(found.r)
    assert found.p_clustered == pytest.approx(found.p, rel=1) or found.p < 1e-6


def test_a_correlation_of_images_is_none_within_images() -> None:
    rng = np.random.default_rng(1)
    image = np.repeat(np.arange(30), 8)
    level = rng.normal(size=30)[image]
    x, y = level + 0.5 * rng.normal(size=240), level + 0.5 * rng.normal(size=240)
    found = correlate(as_particles(y, image=image, degree=x), "degree", "soc_ev")
    assert found.r > 0.6
    assert abs(found.r_within) < 0.2
    assert abs(found.r_clustered) < 0.5 * found.r
    assert found.sentence.startswith("SOC indicator against degree: the correlation shrinks from r = 0.")


def test_ranks_do_not_mind_a_monotone_scale() -> None:
    table = clustered_particles(0)
    plain = correlate(table, "area_um2", "heterogeneity_ev")
    logged = correlate(table.assign(area_um2=np.log(table["area_um2"])), "area_um2", "heterogeneity_ev")
    assert logged.spearman == pytest.approx(plain.spearman)
    assert logged.p_spearman_clustered == pytest.approx(plain.p_spearman_clustered)
    assert logged.r != pytest.approx(plain.r)


def test_perfect_correlation_has_no_width() -> None:
    x = np.arange(6.0)
    found = correlate(as_particles(2 * x + 1, image=[0, 0, 1, 1, 2, 2], degree=x), "degree", "soc_ev")
    assert found.r == pytest.approx(1)
    assert found.r_ci == pytest.approx((1, 1))
    assert found.p == pytest.approx(0, abs=1e-12)


def test_missing_values_are_left_out_in_pairs() -> None:
    table = clustered_particles(1)
    table.loc[0, "soc_ev"], table.loc[1, "area_um2"] = np.nan, np.nan
    found = correlate(table, "area_um2", "soc_ev")
    rest = table.iloc[2:]
    assert (found.n, found.n_missing) == (len(table) - 2, 2)
    assert found.r == pytest.approx(stats.pearsonr(rest["area_um2"], rest["soc_ev"]).statistic)


@pytest.mark.parametrize(
    ("outcome", "metric", "reason"),
    [
        ([1.0, 2, 3], [1.0, 2, 3], "3 particles have both values"),
        ([1.0, 2, 3, 4], [2.0, 2, 2, 2], "degree does not vary"),
        ([5.0, 5, 5, 5], [1.0, 2, 3, 4], "soc_ev does not vary"),
        ([np.nan] * 5, [1.0, 2, 3, 4, 5], "0 particles have both values"),
    ],
)
def test_without_an_answer_the_reason_is_given(
    outcome: list[float], metric: list[float], reason: str
) -> None:
    found = correlate(as_particles(outcome, degree=metric), "degree", "soc_ev")
    assert reason in found.reason
    assert reason in found.sentence
    assert np.isnan([found.r, found.p, found.p_clustered, found.r_within]).all()


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="no column closeness"):
        correlate(clustered_particles(2), "closeness", "soc_ev")
    with pytest.raises(InputError, match="infinite"):
        correlate(clustered_particles(2).assign(degree=np.inf), "degree", "soc_ev")


def test_a_metric_that_varies_in_one_image_alone_has_no_clustered_p() -> None:
    table = clustered_particles(3)
    first = table["image"] == table["image"].iloc[0]
    metric = np.where(first, np.arange(len(table)), 0.0)
    found = correlate(table.assign(degree=metric), "degree", "soc_ev")
    assert np.isfinite([found.r, found.p, found.r_clustered]).all()
    assert np.isnan([found.p_clustered, found.p_spearman_clustered, *found.r_clustered_ci]).all()
    assert found.effective_clusters < 2
    assert found.reason_clustered in found.sentence
