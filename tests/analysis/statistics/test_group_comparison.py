"""Welch's test against R and NIST, and what images do to an effect."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statistics_reference_data import MTCARS, SLEEP_1, SLEEP_2, as_particles, clustered_particles, read_nist

from cathograph.analysis.statistics.group_comparison import GroupComparison, compare_groups
from cathograph.schema.errors import InputError


def test_by_hand() -> None:
    # Exposed 1, 2, 3 and others 3, 4, 5, 8 (mean 5, sum of squares 4 + 1 + 0 + 9 = 14).
    # Variances 1 and 14/3; error sqrt(1/3 + 14/12) = sqrt(1.5); t = -3 / sqrt(1.5).
    # Pooled variance (2 + 14) / 5 = 3.2, d = -3 / sqrt(3.2).
    # Welch df = 1.5^2 / ((1/3)^2 / 2 + (14/12)^2 / 3).
    found = compare_groups(
        as_particles([1.0, 2, 3, 3, 4, 5, 8], [1, 1, 1, 0, 0, 0, 0]), "soc_ev", "at_tpb", draws=0
    )
    assert (found.exposed.n, found.exposed.mean, found.exposed.median, found.exposed.sd) == (3, 2, 2, 1)
    assert (found.others.n, found.others.mean, found.others.median) == (4, 5, 4.5)
    assert found.difference == -3
    assert found.t == pytest.approx(-3 / np.sqrt(1.5))
    assert found.df == pytest.approx(1.5**2 / ((1 / 3) ** 2 / 2 + (14 / 12) ** 2 / 3))
    assert found.d == pytest.approx(-3 / np.sqrt(3.2))


def test_students_sleep_data() -> None:
    # R, t.test(extra ~ group, sleep): t = -1.8608, df = 17.776, p = 0.07939, CI -3.3654832 0.2054832
    found = compare_groups(
        as_particles(np.concatenate([SLEEP_1, SLEEP_2]), np.repeat([1, 0], 10)), "soc_ev", "at_tpb", draws=0
    )
    assert found.t == pytest.approx(-1.8608, abs=1e-4)
    assert found.df == pytest.approx(17.776, abs=1e-3)
    assert found.p == pytest.approx(0.07939, abs=1e-5)
    assert found.difference_ci == pytest.approx((-3.3654832, 0.2054832), abs=1e-6)


def test_cars_with_manual_gears() -> None:
    # R, t.test(mpg ~ am, mtcars): t = 3.7671, df = 18.332, p = 0.001374, CI 3.209684 11.280194
    found = compare_groups(as_particles(MTCARS["mpg"], MTCARS["am"]), "soc_ev", "at_tpb", draws=0)
    assert found.t == pytest.approx(3.7671, abs=1e-4)
    assert found.df == pytest.approx(18.332, abs=1e-3)
    assert found.p == pytest.approx(0.001374, abs=1e-6)
    assert found.difference_ci == pytest.approx((3.209684, 11.280194), abs=1e-6)


def test_certified_weight_of_silver() -> None:
    # NIST StRD AtmWtAg, two instruments of 24 readings with seven constant leading digits:
    # certified F = 15.9467335677930 = t^2, as the groups are equally large.
    data = read_nist("nist_anova/AtmWtAg.dat", 61)
    found = compare_groups(as_particles(data[:, 1], data[:, 0] == 1), "soc_ev", "at_tpb", draws=0)
    assert found.t**2 == pytest.approx(15.9467335677930, rel=1e-7)
    assert found.d == pytest.approx(np.sqrt(15.9467335677930 / 12), rel=1e-7)


def test_images_shrink_an_effect_that_is_one_of_images() -> None:
    # Two kinds of images: in high ones most particles are exposed, in low ones few. Within an
    # image exposed particles and others are alike. So the naive effect is one of images.
    rng = np.random.default_rng(0)
    image = np.repeat(np.arange(40), 6)
    high = image % 2 == 0
    exposed = rng.random(240) < np.where(high, 0.8, 0.2)
    y = 2.0 * high + rng.normal(size=40)[image] * 0.3 + rng.normal(size=240) * 0.5
    found = compare_groups(as_particles(y, exposed, image), "soc_ev", "at_tpb", draws=199)
    assert found.p < 1e-6
    assert found.p_clustered > 0.05
    assert abs(found.d_clustered) < 0.3 * abs(found.d)
    assert found.icc > 0.5
    assert found.counterparts[-1].p_value > 0.05
    assert found.sentence.startswith("SOC indicator by TPB membership: the effect shrinks from d = ")
    assert found.sentence.endswith("once 40 images are accounted for.")


def test_both_d_share_one_yardstick() -> None:
    found = compare_groups(clustered_particles(1, effect=0.5), "soc_ev", "at_tpb", draws=0)
    assert found.d / found.difference == pytest.approx(found.d_clustered / found.difference_clustered)


def test_volumes_are_clusters_where_slices_have_one() -> None:
    table = clustered_particles(2)
    table["volume"] = [f"v{int(name[1:]) // 3}" for name in table["image"]]
    found = compare_groups(table, "soc_ev", "at_tpb", draws=0)
    assert found.n_clusters == 10
    assert "10 volumes are accounted for" in found.sentence


def test_samples_apart_do_not_pass_for_an_effect() -> None:
    table = clustered_particles(3, n_samples=3)
    shift = table["sample"].map({"s0": 0.0, "s1": 5.0, "s2": 10.0})
    found = compare_groups(table, "soc_ev", "at_tpb", draws=0)
    moved = compare_groups(table.assign(soc_ev=table["soc_ev"] + shift), "soc_ev", "at_tpb", draws=0)
    assert moved.difference_clustered == pytest.approx(found.difference_clustered)
    assert moved.p_clustered == pytest.approx(found.p_clustered)
    assert "within samples" in found.sentence


def test_missing_values_are_left_out_and_counted() -> None:
    table = as_particles([1.0, np.nan, 2, 3, 3, None, 4, 5, 8], [1, 1, 1, 1, 0, 0, 0, 0, 0])
    found = compare_groups(table, "soc_ev", "at_tpb", draws=0)
    assert found.n_missing == 2
    assert (found.exposed.n, found.others.n) == (3, 4)
    assert found.t == pytest.approx(-3 / np.sqrt(1.5))


def numbers(found: GroupComparison) -> list[float]:
    return [value for value in dataclasses.asdict(found).values() if isinstance(value, float)]


@settings(max_examples=settings.default.max_examples // 3)
@given(
    seed=st.integers(0, 1000),
    scale=st.floats(0.01, 100),
    shift=st.floats(-1e4, 1e4),
)
def test_units_and_order_do_not_matter(seed: int, scale: float, shift: float) -> None:
    table = clustered_particles(seed, n=60, n_images=12, effect=0.5)
    found = compare_groups(table, "soc_ev", "at_tpb", draws=0)
    shuffled = table.sample(frac=1, random_state=seed)
    np.testing.assert_allclose(
        numbers(compare_groups(shuffled, "soc_ev", "at_tpb", draws=0)), numbers(found), rtol=1e-5, atol=1e-9
    )
    other = compare_groups(
        table.assign(soc_ev=(table["soc_ev"] - 8343) * scale + shift), "soc_ev", "at_tpb", draws=0
    )
    for name in ("t", "p", "d", "g", "icc", "p_clustered", "d_clustered", "df_clustered", "power"):
        assert getattr(other, name) == pytest.approx(getattr(found, name), rel=1e-4, abs=1e-6), name


def test_swapping_the_groups_turns_the_signs() -> None:
    table = clustered_particles(5, effect=0.4)
    there = compare_groups(table, "soc_ev", "at_tpb", draws=99)
    back = compare_groups(table.assign(at_tpb=~table["at_tpb"]), "soc_ev", "at_tpb", draws=99)
    for name in ("difference", "t", "d", "d_clustered", "difference_clustered"):
        assert getattr(back, name) == pytest.approx(-getattr(there, name))
    assert back.p_clustered == pytest.approx(there.p_clustered)


def test_one_constant_group_is_still_compared() -> None:
    table = as_particles([2.0, 2, 2, 3, 4, 5], [1, 1, 1, 0, 0, 0], [0, 1, 2, 0, 1, 2])
    found = compare_groups(table, "soc_ev", "at_tpb", draws=99)
    assert found.difference == -2
    assert found.t == pytest.approx(-2 / np.sqrt(1 / 3))


@pytest.mark.parametrize(
    ("outcome", "exposed", "reason"),
    [
        ([1.0, 2, 3, 4], [1, 0, 0, 0], "groups of 1 and 3: a test needs at least two in each"),
        ([1.0, 2, 3, 4], [0, 0, 0, 0], "groups of 0 and 4"),
        ([2.0, 2, 5, 5], [1, 1, 0, 0], "neither group has any spread"),
        ([np.nan] * 4, [1, 1, 0, 0], "no particle has a value of soc_ev (4 are null)"),
        ([], [], "no particle has a value of soc_ev (0 are null)"),
    ],
)
def test_without_an_answer_the_reason_is_given(outcome: list[float], exposed: list[int], reason: str) -> None:
    found = compare_groups(as_particles(outcome, exposed), "soc_ev", "at_tpb")
    assert reason in found.reason
    assert reason in found.sentence
    assert all(np.isnan(x) for x in (found.t, found.p, found.d, found.p_clustered, found.power, *found.d_ci))


def test_one_image_has_a_naive_test_and_a_reason_beside_it() -> None:
    found = compare_groups(as_particles([1.0, 2, 3, 5], [1, 1, 0, 0], [0, 0, 0, 0]), "soc_ev", "at_tpb")
    assert np.isfinite(found.p)
    assert np.isnan(found.p_clustered)
    assert found.method_clustered == "none"
    assert "one cluster only" in found.reason_clustered
    assert found.reason_clustered in found.sentence


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop(columns="at_tpb"), "no column at_tpb"),
        (lambda t: t.drop(columns="image"), "no column image"),
        (lambda t: t.assign(soc_ev=[1.0, np.inf, 2, 3]), "1 infinite values in column soc_ev"),
        (lambda t: t.assign(soc_ev="high"), "soc_ev.*'high'"),
        (lambda t: t.assign(label=1, image="a"), "more than once"),
    ],
)
def test_bad_input_is_refused(change: object, said: str) -> None:
    table = as_particles([1.0, 2, 3, 4], [1, 1, 0, 0])
    with pytest.raises(InputError, match=said):
        compare_groups(change(table), "soc_ev", "at_tpb")  # type: ignore[operator]


def test_a_row_holds_every_number_and_survives_csv() -> None:
    found = compare_groups(clustered_particles(6), "soc_ev", "at_tpb", draws=0)
    row = pd.DataFrame([found.row()])
    for name in (
        "n_exposed",
        "sd_others",
        "d_ci_low",
        "d_ci_high",
        "difference_clustered_ci_low",
        "sentence",
    ):
        assert name in row
    assert "counterparts" not in row


def test_the_table_is_left_as_it_was() -> None:
    table = clustered_particles(7)
    before = table.copy()
    compare_groups(table, "soc_ev", "at_tpb", draws=19)
    pd.testing.assert_frame_equal(table, before)


def test_quoted_interval_and_p_belong_together() -> None:
    # The interval holds zero exactly when p is above 0.05.
    for seed in range(12):
        found = compare_groups(clustered_particles(seed, n=80, effect=0.5), "soc_ev", "at_tpb", draws=0)
        low, high = found.difference_clustered_ci
        assert (low <= 0 <= high) == (found.p_clustered >= 0.05)
        assert found.p == pytest.approx(2 * stats.t.sf(abs(found.t), found.df))


def test_one_exposed_image_has_the_reason_instead_of_p() -> None:
    # No effect; all exposed particles in one of 20 images. The estimate stands, p and interval do not.
    rng = np.random.default_rng(1)
    image = np.repeat(np.arange(20), 10)
    found = compare_groups(
        as_particles(rng.normal(size=20)[image] + rng.normal(size=200), image == 0, image),
        "soc_ev",
        "at_tpb",
        draws=99,
    )
    assert np.isfinite([found.p, found.d, found.d_clustered, found.difference_clustered]).all()
    assert np.isnan([found.p_clustered, found.df_clustered, found.detectable_d_clustered]).all()
    assert np.isnan([*found.d_clustered_ci, *found.difference_clustered_ci]).all()
    assert np.isnan([effect.p_value for effect in found.counterparts]).all()
    assert "all exposed particles lie in 1 of 20 images" in found.reason_clustered
    assert found.reason_clustered in found.sentence
    assert found.row()["effective_clusters"] == pytest.approx(1.1, abs=0.1)
