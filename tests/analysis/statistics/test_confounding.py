"""Analysis of covariance against R and by hand."""

import numpy as np
import pytest
from statistics_reference_data import MTCARS, as_particles, clustered_particles

from cathograph.analysis.statistics.confounding import adjust_for_size
from cathograph.schema.errors import InputError


def test_manual_gears_and_weight() -> None:
    # R, summary(lm(mpg ~ am + wt, mtcars)): am -0.02362 (error 1.54565, p 0.988),
    # wt -5.35281 (p 1.87e-07), 29 degrees of freedom. The textbook confounder: cars with manual
    # gears go 7.245 miles farther, and none at equal weight.
    table = as_particles(MTCARS["mpg"], MTCARS["am"], area_um2=MTCARS["wt"].to_numpy())
    found = adjust_for_size(table, "soc_ev", "at_tpb", scale="linear")
    assert found.difference == pytest.approx(7.245, abs=5e-4)
    assert found.difference_adjusted == pytest.approx(-0.02362, abs=5e-6)
    low, high = found.difference_adjusted_ci
    assert (high - low) / 2 == pytest.approx(1.54565 * 2.04523, abs=1e-4)  # t of 29 degrees of freedom
    assert found.p_adjusted == pytest.approx(0.988, abs=5e-4)
    assert found.size_slope == pytest.approx(-5.35281, abs=5e-6)
    assert found.size_slope_p == pytest.approx(1.87e-7, rel=2e-3)
    assert found.df == 29
    # R, summary(lm(mpg ~ am * wt, mtcars)): am:wt p = 0.00102
    assert found.equal_slopes_p == pytest.approx(0.00102, abs=5e-6)
    assert found.d_adjusted == pytest.approx(found.d * found.difference_adjusted / found.difference)


def test_by_hand_on_a_log_scale() -> None:
    # Exposed particles are twice as large, and the outcome is log2 of the size, plus or minus
    # a tenth: nothing is left of the exposure at equal size.
    size = np.array([1.0, 2, 4, 1, 2, 4, 2, 4, 8, 2, 4, 8])
    noise = 0.1 * np.array([1, 1, 1, -1, -1, -1] * 2)
    table = as_particles(np.log2(size) + noise, [0] * 6 + [1] * 6, [0, 1, 2, 3, 4, 5] * 2, area_um2=size)
    found = adjust_for_size(table, "soc_ev", "at_tpb")
    assert found.difference == pytest.approx(1)
    assert found.difference_adjusted == pytest.approx(0, abs=1e-12)
    assert found.size_slope == pytest.approx(1 / np.log(2))
    assert found.d_size > 0
    assert found.sentence.startswith(
        "SOC indicator by TPB membership at equal size: the effect shrinks from d = "
    )


def test_size_that_does_not_matter_changes_nothing_much() -> None:
    table = clustered_particles(0, n=400, n_images=60, effect=0.6)
    found = adjust_for_size(table, "soc_ev", "at_tpb")
    assert found.d_adjusted == pytest.approx(found.d, abs=0.05)
    assert found.p_adjusted_clustered < 0.05
    assert "60 images are accounted for as well" in found.sentence


def test_row_holds_intervals() -> None:
    row = adjust_for_size(clustered_particles(1), "soc_ev", "at_tpb").row()
    assert {"difference_adjusted_ci_low", "difference_adjusted_clustered_ci_high", "d_adjusted"} <= set(row)


@pytest.mark.parametrize(
    ("outcome", "exposed", "size", "reason"),
    [
        ([1.0, 2, 3, 4], [1, 0, 0, 0], [1.0, 2, 3, 4], "groups of 1 and 3"),
        ([2.0, 2, 5, 5], [1, 1, 0, 0], [1.0, 2, 3, 4], "neither group has any spread"),
        ([1.0, 2, 3, 4], [1, 1, 0, 0], [2.0, 2, 3, 3], "area_um2 does not vary within the groups"),
        ([np.nan] * 4, [1, 1, 0, 0], [1.0, 2, 3, 4], "groups of 0 and 0"),
        ([1.0, 2, 3, 4], [1, 1, 0, 0], [np.nan] * 4, "groups of 0 and 0"),
    ],
)
def test_without_an_answer_the_reason_is_given(
    outcome: list[float], exposed: list[int], size: list[float], reason: str
) -> None:
    found = adjust_for_size(as_particles(outcome, exposed, area_um2=size), "soc_ev", "at_tpb")
    assert reason in found.reason
    assert reason in found.sentence
    assert np.isnan([found.difference_adjusted, found.p_adjusted, found.p_adjusted_clustered]).all()


def test_one_image_only_keeps_the_naive_adjustment() -> None:
    found = adjust_for_size(clustered_particles(2).assign(image="a"), "soc_ev", "at_tpb")
    assert np.isfinite(found.p_adjusted)
    assert np.isnan(found.p_adjusted_clustered)
    assert "one cluster only" in found.reason_clustered
    assert found.reason_clustered in found.sentence


def test_bad_input_is_refused() -> None:
    table = clustered_particles(3)
    with pytest.raises(
        InputError, match=r"200 sizes in column area_um2 that are not positive, the first is 0"
    ):
        adjust_for_size(table.assign(area_um2=0.0), "soc_ev", "at_tpb")
    with pytest.raises(InputError, match=r"scale='sqrt'"):
        adjust_for_size(table, "soc_ev", "at_tpb", scale="sqrt")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no column volume_um3"):
        adjust_for_size(table, "soc_ev", "at_tpb", size="volume_um3")


def test_one_exposed_image_has_no_clustered_p_at_equal_size() -> None:
    table = clustered_particles(4)
    table["at_tpb"] = table["image"] == table["image"].iloc[0]
    found = adjust_for_size(table, "soc_ev", "at_tpb")
    assert np.isfinite([found.p_adjusted, found.d_adjusted_clustered]).all()
    assert np.isnan([found.p_adjusted_clustered, *found.difference_adjusted_clustered_ci]).all()
    assert f"lie in 1 of {found.n_clusters} images" in found.reason_clustered
    assert found.effective_clusters == pytest.approx(1, abs=0.2)
