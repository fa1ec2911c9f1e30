"""Headlines: what they say is what the corrected, clustered tests of the tables say."""

import numpy as np
import pandas as pd
import pytest

from cathograph.analysis.statistics.headlines import (
    comparison_headline,
    correlation_headline,
    electrode_headlines,
    reach_headline,
    size_headline,
)

PAIR = {"exposure": "at_tpb", "outcome": "heterogeneity_ev"}


def comparison(outcome="heterogeneity_ev", p=0.5, d=-0.4, reason_clustered="", reason="", **others):
    interval = (d - 0.2, d + 0.2) if not reason_clustered else (np.nan, np.nan)
    return PAIR | {
        "outcome": outcome, "reason": reason, "reason_clustered": reason_clustered, "caution": "",
        "n_exposed": 12, "n_others": 30, "n_clusters": 9,
        "d": d, "d_ci_low": d - 0.1, "d_ci_high": d + 0.1,
        "d_clustered": d, "d_clustered_ci_low": interval[0], "d_clustered_ci_high": interval[1],
        "p_clustered": 0.001, "p_clustered_family": np.nan if reason_clustered else p,
        "detectable_d": 0.3, "detectable_d_clustered": np.nan if reason_clustered else 0.8,
    } | others  # fmt: skip


def table(*rows):
    return pd.DataFrame(rows)


def test_the_corrected_p_decides_not_the_uncorrected():
    shown = comparison_headline(table(comparison(p=0.049)), "images")
    assert shown.verdict == "Heterogeneity is lower in a TPB."
    assert "−0.40 [−0.60, −0.20]" in shown.basis
    assert "9 images" in shown.basis
    open_ = comparison_headline(table(comparison(p=0.051)), "images")
    assert open_.verdict == "These images do not show whether heterogeneity differs in a TPB."


def test_each_outcome_is_named_once_on_its_side():
    found = comparison_headline(
        table(
            comparison("soc_ev", p=0.01, d=0.5),
            comparison("heterogeneity_ev", p=0.01),
            comparison("polarization_ev", p=0.6, d=0.1, n_exposed=5),
        ),
        "volumes",
    )
    assert found.verdict == (
        "Heterogeneity is lower in a TPB; SOC indicator is higher in a TPB; "
        "these volumes do not show whether polarization differs."
    )
    assert "5 particles in a TPB, 30 others (polarization)" in found.basis


def test_without_a_clustered_p_nothing_is_shown_and_the_reason_stands_once():
    why = "all exposed particles lie in one image"
    rows = [comparison(each, reason_clustered=why) for each in ("soc_ev", "heterogeneity_ev")]
    found = comparison_headline(table(*rows), "images")
    assert "do not show" in found.verdict
    assert found.basis.count(why) == 1
    assert "SOC indicator and heterogeneity" in found.basis


def test_sizes_are_smaller_or_larger():
    row = comparison("area_um2", d=0.7)
    del row["p_clustered_family"]
    assert comparison_headline(table(row), "images").verdict == "Size is larger in a TPB."


def test_size_is_asked_only_of_what_is_shown():
    both = table(comparison("soc_ev", p=0.01), comparison("heterogeneity_ev", p=0.01), comparison(
        "polarization_ev", p=0.5
    ))  # fmt: skip
    adjusted = both[["exposure", "outcome"]].assign(
        d_adjusted_clustered=[-0.3, -0.05, -0.2], p_adjusted_clustered_family=[0.02, 0.7, 0.01]
    )
    found = size_headline(both, adjusted, "images")
    assert found.verdict == (
        "SOC indicator in a TPB is still shown at equal size; "
        "heterogeneity in a TPB is not shown at equal size."
    )
    assert "heterogeneity in a TPB from −0.40 to −0.05" in found.basis
    assert "polarization" not in found.basis
    none = size_headline(both.assign(p_clustered_family=0.9), adjusted, "images")
    assert "No difference" in none.verdict


def correlation(r, p):
    return {
        "metric": "degree", "outcome": "soc_ev", "reason": "", "reason_clustered": "", "n_clusters": 9, "r": r,
        "r_ci_low": r - 0.1, "r_ci_high": r + 0.1, "r_clustered": r / 2, "r_clustered_ci_low": r / 2 - 0.1,
        "r_clustered_ci_high": r / 2 + 0.1, "p_clustered_family": p,
    }  # fmt: skip


def test_the_strongest_is_chosen_among_those_shown():
    found = correlation_headline(table(correlation(-0.8, 0.2), correlation(0.3, 0.01)), "images")
    assert found.verdict == "1 of 2 correlations of network metrics with states is shown."
    assert "r = 0.30 [0.20, 0.40]" in found.basis
    none = correlation_headline(table(correlation(-0.8, 0.2), correlation(0.3, 0.3)), "images")
    assert none.verdict.startswith("No correlation")
    assert "r = −0.80" in none.basis


def test_what_images_could_find():
    rows = table(comparison(), comparison(detectable_d_clustered=1.1), comparison(reason_clustered="few"))
    assert "0.80 to 1.10" in reach_headline(rows, "images").verdict
    alone = reach_headline(table(comparison(reason_clustered="few", n_clusters=1)), "images")
    assert "1 image " in alone.verdict


@pytest.mark.parametrize("clusters", [0, 9])
def test_at_most_eight_answers(clusters):
    exposures = ("at_tpb", "has_concurrent_channel", "has_touching_channel")
    rows = table(*(comparison(n_clusters=clusters) | {"exposure": each} for each in exposures))
    adjusted = rows[["exposure", "outcome"]].assign(d_adjusted_clustered=0.0, p_adjusted_clustered_family=1.0)
    slopes = pd.DataFrame({"verdict": ["a.", "b.", "c."], "basis": ["x.", "y.", "z."]})
    found = electrode_headlines(rows, adjusted, table(correlation(0.1, 0.9)), slopes, "images")
    assert len(found) == (1 if clusters == 0 else 7)
    assert all(each.verdict.endswith(".") for each in found)
