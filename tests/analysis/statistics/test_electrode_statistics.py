"""Tables S1 to S3 in one call: the same numbers as one by one."""

import numpy as np
import pandas as pd
import pytest
from statistics_reference_data import clustered_particles

from cathograph.analysis.statistics.anova import two_way_anova
from cathograph.analysis.statistics.electrode_statistics import (
    ElectrodeStatistics,
    compute_electrode_statistics,
    tabulate_anova,
)
from cathograph.analysis.statistics.group_comparison import compare_groups
from cathograph.analysis.statistics.multiple_testing import correct_family
from cathograph.analysis.tables.particle_table import STATES
from cathograph.schema.errors import InputError


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return clustered_particles(0, n=350, n_images=73, effect=-0.4, n_samples=3)


@pytest.fixture(scope="module")
def found(table: pd.DataFrame) -> ElectrodeStatistics:
    return compute_electrode_statistics(table, metrics=["degree", "area_um2"], draws=99)


def test_table_s1_is_the_six_comparisons(table: pd.DataFrame, found: ElectrodeStatistics) -> None:
    s1 = found.group_comparisons
    assert s1["figure"].tolist() == ["4e", "4f", "4g", "5c", "5d", "5e"]
    one = compare_groups(table, "polarization_ev", "has_concurrent_channel", draws=99)
    line = s1.set_index("figure").loc["5e"]
    for name in ("d", "p", "p_clustered", "d_clustered", "n_clusters"):
        assert line[name] == pytest.approx(getattr(one, name))
    np.testing.assert_allclose(s1["p_family"], correct_family(s1["p"]))
    np.testing.assert_allclose(s1["p_clustered_family"], correct_family(s1["p_clustered"]))
    assert (s1["p_family"] >= s1["p"]).all()
    np.testing.assert_allclose(s1["d_size_adjusted"], found.size_adjusted["d_adjusted"])


@pytest.fixture(scope="module")
def with_touching(table: pd.DataFrame) -> pd.DataFrame:
    """Give the same particles, every third of them with a touching channel."""
    return table.assign(has_touching_channel=np.arange(len(table)) % 3 == 0)


def test_a_table_with_touching_channels_has_nine_comparisons(
    with_touching: pd.DataFrame, found: ElectrodeStatistics
) -> None:
    nine = compute_electrode_statistics(with_touching, draws=0)
    s1 = nine.group_comparisons
    assert s1["figure"].tolist() == ["4e", "4f", "4g", "5c", "5d", "5e", "ours", "ours", "ours"]
    touching = s1[s1["exposure"] == "has_touching_channel"]
    assert touching["outcome"].tolist() == list(STATES)
    for line in touching.to_dict("records"):
        one = compare_groups(with_touching, line["outcome"], "has_touching_channel", draws=0)
        for name in ("d", "p", "d_clustered", "p_clustered"):
            assert line[name] == pytest.approx(getattr(one, name))
    np.testing.assert_allclose(s1["p"][:6], found.group_comparisons["p"])
    np.testing.assert_allclose(s1["p_family"], correct_family(s1["p"]))
    assert nine.size_adjusted["exposure"].tolist() == s1["exposure"].tolist()
    assert set(nine.counterparts["exposure"]) == set(s1["exposure"])
    assert nine.anova_heterogeneity["p"].equals(found.anova_heterogeneity["p"]), "TPB × concurrent channel"


def test_the_analyses_of_variance_take_either_type_of_channel(with_touching: pd.DataFrame) -> None:
    s2, s3 = tabulate_anova(with_touching, channel="has_touching_channel")
    for lines, state in ((s2, "heterogeneity_ev"), (s3, "polarization_ev")):
        expected = two_way_anova(with_touching, state, ("at_tpb", "has_touching_channel"), type_of_squares=3)
        assert lines["term"].tolist()[1] == "has_touching_channel"
        assert lines["p"].iloc[4:7].tolist() == pytest.approx([term.p for term in expected.terms])
    with pytest.raises(
        InputError, match="channel 'at_tpb'; expected has_concurrent_channel or has_touching_channel"
    ):
        tabulate_anova(with_touching, channel="at_tpb")
    with pytest.raises(InputError, match="no column has_touching_channel"):
        tabulate_anova(with_touching.drop(columns="has_touching_channel"), channel="has_touching_channel")


def test_tables_s2_and_s3_hold_both_types(table: pd.DataFrame, found: ElectrodeStatistics) -> None:
    for lines, state in (
        (found.anova_heterogeneity, "heterogeneity_ev"),
        (found.anova_polarization, "polarization_ev"),
    ):
        assert lines["type"].tolist() == [2] * 4 + [3] * 4
        assert lines["outcome"].unique().tolist() == [state]
        assert lines.loc[lines["term"] == "residual", "df"].tolist() == [346, 346]
        expected = two_way_anova(table, state, type_of_squares=3)
        assert lines["p"].iloc[4] == pytest.approx(expected.terms[0].p)
    both = pd.concat([found.anova_heterogeneity[:3], found.anova_polarization[:3]])
    np.testing.assert_allclose(both["p_family"], correct_family(both["p"]))


def test_correlations_are_every_metric_with_every_state(found: ElectrodeStatistics) -> None:
    assert len(found.correlations) == 6
    np.testing.assert_allclose(found.correlations["p_family"], correct_family(found.correlations["p"]))


def test_counts_and_counterparts(found: ElectrodeStatistics) -> None:
    assert (found.n_particles, found.n_samples, found.n_images, found.n_clusters) == (350, 3, 73, 73)
    assert found.clusters == "images"
    assert len(found.counterparts) == 6 * 5
    assert found.counterparts.groupby(["exposure", "outcome"])["quoted"].sum().tolist() == [1] * 6


def test_the_same_table_gives_the_same_numbers(table: pd.DataFrame) -> None:
    first, second = (compute_electrode_statistics(table, draws=19) for _ in range(2))
    pd.testing.assert_frame_equal(first.group_comparisons, second.group_comparisons)
    pd.testing.assert_frame_equal(first.counterparts, second.counterparts)


def test_a_state_without_values_leaves_reasons_not_errors(table: pd.DataFrame) -> None:
    # As an image without any energy map: 4g, 5e and Table S3 have no answer, the rest has.
    found = compute_electrode_statistics(table.assign(polarization_ev=None), metrics=["degree"], draws=0)
    s1 = found.group_comparisons.set_index("figure")
    assert s1.loc[["4g", "5e"], "p"].isna().all()
    assert s1.loc["4g", "reason"].startswith("no particle has a value of polarization_ev")
    # The family is then the four tests that have an answer.
    known = s1["p"].notna()
    np.testing.assert_allclose(s1.loc[known, "p_family"], correct_family(s1.loc[known, "p"]))
    assert found.anova_polarization["reason"].tolist() == ["no particle has a value"] * 2
    assert found.anova_polarization["p_family"].isna().all()
    assert found.correlations["p"].isna().sum() == 1


def test_an_empty_table_leaves_reasons_not_errors(table: pd.DataFrame) -> None:
    found = compute_electrode_statistics(table.iloc[:0], metrics=["degree"], draws=0)
    assert found.n_particles == 0
    assert found.group_comparisons["p"].isna().all()


def test_a_missing_column_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no column soc_ev, betweenness"):
        compute_electrode_statistics(table.drop(columns="soc_ev"), metrics=["betweenness"])


def test_a_test_without_a_p_value_is_no_member_of_the_family() -> None:
    # All particles at TPBs in one image: three of the six comparisons have no clustered p.
    table = clustered_particles(0, n=350, n_images=73, effect=-0.4)
    table["at_tpb"] = table["image"] == table["image"].iloc[0]
    found = compute_electrode_statistics(table, draws=0)
    s1 = found.group_comparisons.set_index("exposure")
    assert s1.loc["at_tpb", "p_clustered_family"].isna().all()
    assert (s1.loc["at_tpb", "reason_clustered"] != "").all()
    assert (s1.loc["at_tpb", "reason_size_adjusted_clustered"] != "").all()
    rest = s1.loc["has_concurrent_channel"]
    np.testing.assert_allclose(rest["p_clustered_family"], correct_family(rest["p_clustered"]))


def flagged_table() -> pd.DataFrame:
    """Give particles whose flagged states would make an effect: exposed ones with a spread cut by the window."""
    table = clustered_particles(1, n=350, n_images=73)
    flagged = table["at_tpb"].to_numpy() & (np.arange(350) % 2 == 0)
    table["flagged"] = pd.array(np.where(flagged, True, None), dtype="boolean")
    table.loc[flagged, "heterogeneity_ev"] = 0.01
    return table


def test_flagged_states_are_left_out_and_counted_in_every_test() -> None:
    table = flagged_table()
    n_flagged = int(table["flagged"].sum())
    found = compute_electrode_statistics(table, metrics=["degree"], draws=0)
    clean = table.assign(**{state: table[state].where(table["flagged"].isna()) for state in STATES})
    expected = compute_electrode_statistics(clean.drop(columns="flagged"), metrics=["degree"], draws=0)
    for name, p in (
        ("group_comparisons", "p_clustered"),
        ("anova_heterogeneity", "p"),
        ("size_adjusted", "p_adjusted"),
        ("correlations", "r"),
    ):
        lines, others = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(lines[p], others[p], err_msg=name)
        assert (lines["n_flagged"] == n_flagged).all(), name
        assert (others["n_flagged"] == 0).all(), name
        np.testing.assert_array_equal(lines["n_missing"] + n_flagged, others["n_missing"], err_msg=name)


def test_the_result_with_flagged_states_stands_beside() -> None:
    table = flagged_table()
    found = compute_electrode_statistics(table, draws=0).group_comparisons
    plain = compute_electrode_statistics(table.drop(columns="flagged"), draws=0).group_comparisons
    for name in ("d", "p", "d_clustered", "p_clustered"):
        np.testing.assert_allclose(found[f"{name}_with_flagged"], plain[name])
        assert plain[f"{name}_with_flagged"].isna().all()
    line = found.set_index(["exposure", "outcome"]).loc[("at_tpb", "heterogeneity_ev")]
    assert line["p_clustered_with_flagged"] < 1e-6 < line["p_clustered"]


def test_noise_that_differs_between_groups_is_no_effect_once_it_is_known() -> None:
    """All particles are homogeneous; those in TPBs are thinner, so their fits are noisier."""
    table = flagged_table().drop(columns="flagged")
    rng = np.random.default_rng(5)
    noise = np.where(table["at_tpb"], 0.4, 0.2)
    table["heterogeneity_ev"] = noise * rng.uniform(0.95, 1.05, len(table))
    table["heterogeneity_corrected_ev"] = rng.uniform(0, 0.05, len(table))
    table["fit_noise_ev"] = noise
    found = compute_electrode_statistics(table, draws=0).group_comparisons
    line = found.set_index(["exposure", "outcome"]).loc[("at_tpb", "heterogeneity_ev")]
    assert line["without_fit_noise"] is True
    assert line["p"] > 1e-3
    assert line["p_with_noise"] < 1e-12
    assert found["d_with_noise"].notna().sum() == 2
    plain = compute_electrode_statistics(table.drop(columns="heterogeneity_corrected_ev"), draws=0)
    others = plain.group_comparisons.set_index(["exposure", "outcome"])
    assert others.loc[("at_tpb", "heterogeneity_ev"), "d"] == line["d_with_noise"]
    assert others["d_with_noise"].isna().all()
