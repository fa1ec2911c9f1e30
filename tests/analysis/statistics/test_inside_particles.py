"""The mean slope inside particles against designs whose answer is known, and on phantoms with a planted front."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cathograph.analysis.statistics.inside_particles import describe_slope, judge_slope, mean_slope
from cathograph.benchmarks.accuracy.reaction_fronts import recoveries, slopes_of_image


def profiles(slopes, images, **columns):
    return pd.DataFrame(
        {
            "sample": "s", "image": [str(each) for each in images], "volume": None, "flagged": False,
            "touches_border": False, "junction_slope_ev_per_um": slopes,
        }
        | columns
    )  # fmt: skip


def test_one_particle_an_image_is_students_test():
    slopes = np.array([0.3, 0.1, 0.5, 0.2, 0.4, 0.6])
    found = mean_slope(profiles(slopes, range(6))).quoted
    assert found.estimate == pytest.approx(slopes.mean())
    assert found.p_value == pytest.approx(stats.ttest_1samp(slopes, 0).pvalue)
    low, high = stats.t.interval(0.95, 5, slopes.mean(), stats.sem(slopes))
    assert found.ci == (pytest.approx(low), pytest.approx(high))


def test_equal_particles_of_an_image_count_once():
    slopes = np.array([0.3, -0.1, 0.5, 0.2, -0.4, 0.6])
    once = mean_slope(profiles(slopes, range(6))).quoted
    often = mean_slope(profiles(np.repeat(slopes, 5), np.repeat(range(6), 5))).quoted
    assert often.estimate == pytest.approx(once.estimate, abs=1e-3)
    assert often.standard_error == pytest.approx(once.standard_error, rel=0.02)


def test_slices_of_a_volume_are_one_cluster():
    slopes = np.linspace(0.1, 0.6, 12)
    found = mean_slope(profiles(slopes, range(12), volume=np.repeat(["a", "b", "c", "d", "e", "f"], 2)))
    assert found.n_clusters == 6


def test_equal_names_in_two_samples_are_two_images():
    found = mean_slope(profiles(np.arange(6.0), [0, 1, 2, 0, 1, 2], sample=list("aaabbb")))
    assert found.n_clusters == 6


@pytest.mark.parametrize(("images", "words"), [([0] * 6, "images"), ([0, 0, 0, 1, 2, 2], "images")])
def test_few_images_have_an_estimate_and_a_reason(images, words):
    found = mean_slope(profiles(np.arange(6.0), images)).quoted
    assert np.isfinite(found.estimate)
    assert np.isnan(found.p_value)
    assert words in found.reason
    assert found.reason in describe_slope(mean_slope(profiles(np.arange(6.0), images)))


def test_flagged_and_cut_particles_are_left_out():
    left_out = [True] + [False] * 6
    table = profiles([99.0, *np.arange(6.0)], range(7))
    for column in ("flagged", "touches_border"):
        found = mean_slope(table.assign(**{column: left_out}))
        assert (found.n_particles, found.quoted.estimate) == (6, pytest.approx(2.5))


def test_nothing_to_test():
    found = mean_slope(profiles([np.nan, np.nan], [0, 1]))
    assert np.isnan(found.quoted.estimate)
    assert found.quoted.reason in describe_slope(found)
    assert "cannot be tested" in judge_slope(found)


def test_the_sentence_says_which_way():
    slopes = np.array([0.5, 0.6, 0.55, 0.52, 0.58, 0.49])
    rising = mean_slope(profiles(slopes, range(6)))
    assert "rise away from" in judge_slope(rising)
    assert "6 particles of 6 clusters" in describe_slope(rising)
    assert "fall away from" in judge_slope(mean_slope(profiles(-slopes, range(6))))
    assert "No change" in judge_slope(mean_slope(profiles([1.0, -1.1, 0.9, -1.0, 1.2, -0.8], range(6))))


def test_a_planted_front_is_recovered_and_none_where_there_is_none():
    images = [slopes_of_image(seed, depths_um=(0.5,)) for seed in range(1000, 1010)]
    none, front = recoveries(images, stores=40, images_per_store=8, seed=0, depths_um=(0.5,))
    assert none.stores == front.stores == 40
    assert (none.truth_ev_per_um, none.mean_ev_per_um) == (0, pytest.approx(0, abs=0.5))
    assert front.truth_ev_per_um > 0.2
    # What is seen is the texture plus the front: both miss by the same amount, but for the blur.
    assert front.mean_ev_per_um - none.mean_ev_per_um == pytest.approx(front.truth_ev_per_um, rel=0.1)
    assert front.held >= 0.85
    assert none.found <= 0.15
