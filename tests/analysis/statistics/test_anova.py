"""Analysis of variance against R's car::Anova, by hand, and its counterpart."""

import numpy as np
import pytest
from statistics_reference_data import KIDNEY, as_particles, clustered_particles

from cathograph.analysis.statistics.anova import anova_sums, two_way_anova
from cathograph.analysis.statistics.clustered import estimate_clustered_effect
from cathograph.analysis.statistics.logarithm import take_log
from cathograph.analysis.tables.particle_table import cluster_of
from cathograph.schema.errors import InputError

NAMES = ["at_tpb", "has_concurrent_channel", "at_tpb:has_concurrent_channel"]


@pytest.mark.parametrize(
    ("kind", "sums", "f", "p"),
    [
        (
            2,
            [3.067066, 13.27205, 0.1905093],
            [5.667033, 12.26141, 0.1760025],
            [0.02106078, 4.487909e-05, 0.8391231],
        ),
        (
            3,
            [2.904723, 13.45718, 0.1905093],
            [5.367071, 12.43245, 0.1760025],
            [0.02457384, 3.999431e-05, 0.8391231],
        ),
    ],
)
def test_days_in_hospital_unbalanced(kind: int, sums: list[float], f: list[float], p: list[float]) -> None:
    # R, car::Anova(lm(log(Days + 1) ~ Duration * Weight), type = ...) without the first three
    # rows, with sum contrasts. log(Days + 1) is our log1p.
    data = KIDNEY.drop(index=[0, 1, 2])
    y = take_log(data["days"].to_numpy(), "log1p", "days").logs
    found = anova_sums(y, data["duration"].to_numpy(), data["weight"].to_numpy(), kind)  # type: ignore[arg-type]
    assert found["df"].tolist() == [1, 2, 2, 51]
    np.testing.assert_allclose(found["sum_sq"], [*sums, 27.60181], rtol=1e-6)
    np.testing.assert_allclose(found["f"][:3], f, rtol=1e-6)
    np.testing.assert_allclose(found["p"][:3], p, rtol=1e-6)


def balanced() -> object:
    # Four cells of two, ln of the outcome: (0, 2), (4, 6), (2, 4), (10, 12); means 1, 5, 3, 11.
    # TPB: rows 3 and 7, difference 4; channel: 2 and 8, difference 6; interaction (11 - 3) -
    # (5 - 1) = 4. Sums of squares: 8/4 * 4^2 = 32, 2 * 6^2 = 72, 8/16 * 4^2 = 8; residual 4 * 2 = 8.
    return as_particles(
        np.exp([0.0, 2, 4, 6, 2, 4, 10, 12]),
        [0, 0, 0, 0, 1, 1, 1, 1],
        [0, 1, 2, 3, 0, 1, 2, 3],
        name="polarization_ev",
        has_concurrent_channel=[False, False, True, True] * 2,
    )


@pytest.mark.parametrize("kind", [2, 3])
def test_by_hand(kind: int) -> None:
    found = two_way_anova(balanced(), "polarization_ev", log="ln", type_of_squares=kind)  # type: ignore[arg-type]
    assert [term.term for term in found.terms] == NAMES
    np.testing.assert_allclose([term.sum_sq for term in found.terms], [32, 72, 8])
    np.testing.assert_allclose([term.f for term in found.terms], [16, 36, 4])
    np.testing.assert_allclose([term.partial_eta_squared for term in found.terms], [0.8, 0.9, 0.5])
    np.testing.assert_allclose([term.difference_clustered for term in found.terms], [4, 6, 4])
    assert (found.residual_df, found.residual_sum_sq) == (4, pytest.approx(8))
    assert found.cells == (
        (False, False, 2, pytest.approx(1)),
        (False, True, 2, pytest.approx(5)),
        (True, False, 2, pytest.approx(3)),
        (True, True, 2, pytest.approx(11)),
    )


def test_no_particle_is_dropped_by_default_and_zeros_are_counted() -> None:
    # The paper's 346 residual degrees of freedom are 350 - 4.
    table = clustered_particles(0, n=350, n_images=73)
    found = two_way_anova(table, "polarization_ev")
    assert (found.log, found.n, found.residual_df, found.n_left_out) == ("log1p", 350, 346, 0)
    assert found.n_zeros == int((table["polarization_ev"] == 0).sum()) > 0


def test_ln_leaves_zeros_out_and_says_so() -> None:
    table = clustered_particles(0)
    table.loc[[3, 4], "polarization_ev"] = np.nan
    zeros = int((table["polarization_ev"] == 0).sum())
    found = two_way_anova(table, "polarization_ev", log="ln")
    assert (found.n_zeros, found.n_left_out, found.n_missing) == (zeros, zeros, 2)
    assert found.n == len(table) - zeros - 2


def test_the_types_differ_by_what_stands_beside_a_main_effect() -> None:
    table = clustered_particles(1)
    two, three = (two_way_anova(table, "heterogeneity_ev", type_of_squares=kind) for kind in (2, 3))
    assert two.terms[2].p == pytest.approx(three.terms[2].p)
    assert two.terms[2].p_clustered == pytest.approx(three.terms[2].p_clustered)
    assert two.terms[0].p != pytest.approx(three.terms[0].p)
    assert two.terms[0].p_clustered != pytest.approx(three.terms[0].p_clustered)
    assert (two.type, three.type) == (2, 3)


def test_the_counterpart_is_the_clustered_effect_beside_the_other_factor() -> None:
    table = clustered_particles(2)
    effect = estimate_clustered_effect(
        np.log1p(table["heterogeneity_ev"].to_numpy()),
        table["at_tpb"].to_numpy(float),
        cluster_of(table).to_numpy(),
        covariates=table[["has_concurrent_channel"]].to_numpy(float),
        draws=0,
    )
    term = two_way_anova(table, "heterogeneity_ev").terms[0]
    assert term.difference_clustered == pytest.approx(effect.quoted.estimate)
    assert term.p_clustered == pytest.approx(effect.quoted.p_value)
    assert term.f_clustered == pytest.approx((effect.quoted.estimate / effect.quoted.standard_error) ** 2)


def test_a_table_has_a_line_per_term_and_the_residual() -> None:
    lines = two_way_anova(clustered_particles(3), "heterogeneity_ev").table()
    assert lines["term"].tolist() == [*NAMES, "residual"]
    assert lines["method_clustered"].unique().tolist() == ["mixed model, cluster-robust CR2"]


@pytest.mark.parametrize(
    ("outcome", "tpb", "channel", "reason"),
    [
        (
            [1.0] * 3 + [2],
            [1, 1, 0, 0],
            [1, 1, 1, 0],
            "no particles with at_tpb=True, has_concurrent_channel=False",
        ),
        ([np.nan] * 4, [1, 1, 0, 0], [1, 0, 1, 0], "no particle has a value"),
        ([1.0, 2, 3, 4], [1, 1, 0, 0], [1, 0, 1, 0], "one particle per cell"),
        ([2.0] * 8, [1, 1, 0, 0] * 2, [1, 0, 1, 0] * 2, "the outcome does not vary"),
    ],
)
def test_without_an_answer_the_reason_is_given(
    outcome: list[float], tpb: list[int], channel: list[int], reason: str
) -> None:
    table = as_particles(outcome, tpb, name="polarization_ev", has_concurrent_channel=np.array(channel) == 1)
    found = two_way_anova(table, "polarization_ev")
    assert reason in found.reason
    assert found.terms == ()
    line = found.table().iloc[0]
    assert (line["term"], line["reason"]) == ("no answer", found.reason)
    assert len(found.table()) == 1
    assert np.isnan(line["p"])


def test_negative_values_and_unknown_options_are_refused() -> None:
    table = clustered_particles(4)
    with pytest.raises(InputError, match=r"1 negative values in column polarization_ev, the first is -0\.5"):
        two_way_anova(table.assign(polarization_ev=[-0.5, *[1.0] * (len(table) - 1)]), "polarization_ev")
    with pytest.raises(InputError, match=r"log='log10'"):
        two_way_anova(table, "polarization_ev", log="log10")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="type 1; expected 2 or 3"):
        two_way_anova(table, "polarization_ev", type_of_squares=1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no column has_concurrent_channel"):
        two_way_anova(table.drop(columns="has_concurrent_channel"), "polarization_ev")


def test_one_image_only_keeps_the_naive_table() -> None:
    found = two_way_anova(clustered_particles(5).assign(image="a"), "heterogeneity_ev")
    assert all(np.isfinite(term.p) and np.isnan(term.p_clustered) for term in found.terms)
    assert all("one cluster only" in term.reason_clustered for term in found.terms)


def test_a_cell_in_one_image_has_no_clustered_interaction() -> None:
    # Particles at TPBs without a channel lie in one image; the main effects are compared in every image.
    table = clustered_particles(6, n=350, n_images=73)
    at_tpb, channel = table["at_tpb"].to_numpy(), table["has_concurrent_channel"].to_numpy().copy()
    channel[at_tpb] = True
    image = table.loc[at_tpb, "image"].value_counts().index[0]
    channel[(table["image"] == image) & at_tpb] = False
    found = two_way_anova(table.assign(has_concurrent_channel=channel), "heterogeneity_ev", type_of_squares=3)
    interaction = found.terms[2]
    assert np.isfinite([interaction.p, interaction.difference_clustered]).all()
    assert np.isnan([interaction.p_clustered, interaction.f_clustered, interaction.df_clustered]).all()
    assert f"of {interaction.n_clusters} images" in interaction.reason_clustered
    assert interaction.effective_clusters < 2
    lines = found.table().set_index("term")
    assert lines.loc[NAMES[2], "reason_clustered"] == interaction.reason_clustered
