"""The blind spot check: by hand, and how often its intervals hold the truth."""

import numpy as np
import pytest
from scipy.stats import binom

from cathograph.analysis.statistics.spot_check import judge_points, wilson
from cathograph.schema.errors import InputError

PHASES = ("NMC", "SSE", "Graphite")


def test_a_perfect_segmentation():
    seen = ["NMC"] * 15 + ["SSE"] * 15
    found = judge_points(seen, seen, {"NMC": 0.5, "SSE": 0.5})
    assert (found.points, found.right) == (30, 30)
    assert found.accuracy.value == 1
    # Wilson at 30 of 30: 1 / (1 + 1.96² / 30).
    assert found.accuracy.low == pytest.approx(1 / (1 + 1.959964**2 / 30), abs=1e-6)
    assert found.corrected["NMC"].value == pytest.approx(0.5)


def test_fractions_are_corrected_by_the_confusion():
    # Found: 60 % NMC, of whose 20 points 5 are SSE; 40 % SSE, all 10 points right. One point is added to each row, half
    # to each phase: NMC = .6 × 15.5 / 21 + .4 × .5 / 11.
    answered = ["NMC"] * 20 + ["SSE"] * 10
    seen = ["NMC"] * 15 + ["SSE"] * 15
    found = judge_points(seen, answered, {"NMC": 0.6, "SSE": 0.4})
    assert found.right == 25
    assert found.corrected["NMC"].value == pytest.approx(0.6 * 15.5 / 21 + 0.4 * 0.5 / 11)
    assert found.corrected["NMC"].low < 0.46 < found.corrected["NMC"].high < 0.6
    assert sum(each.value for each in found.corrected.values()) == pytest.approx(1)


def test_a_phase_without_points_is_not_taken_as_certain():
    seen = ["NMC"] * 30
    found = judge_points(seen, seen, {"NMC": 0.9, "SSE": 0.1})
    assert found.corrected["SSE"].low < 0.02
    assert found.corrected["SSE"].high > 0.1


@pytest.mark.parametrize("accuracy", [0.6, 0.75, 0.85, 0.9, 0.95])
def test_the_interval_of_the_accuracy_by_the_binomial_distribution(accuracy: float):
    intervals = [wilson(right, 30) for right in range(31)]
    chances = binom.pmf(np.arange(31), 30, accuracy)
    holds = [each.low <= accuracy <= each.high for each in intervals]
    assert 0.90 <= chances[holds].sum() <= 0.98


@pytest.mark.parametrize("seed", [0, 1])
def test_intervals_hold_the_truth_in_200_repeats(seed: int):
    # An image of three phases, 84 % of it right; 30 points at random, named without error.
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, 40_000, p=(0.6, 0.25, 0.15))
    confusion = np.array([(0.9, 0.07, 0.03), (0.15, 0.75, 0.1), (0.1, 0.15, 0.75)])
    answer = (rng.random(truth.size)[:, np.newaxis] > confusion.cumsum(axis=1)[truth]).sum(axis=1).clip(0, 2)
    fractions = {phase: float((answer == code).mean()) for code, phase in enumerate(PHASES)}
    true_accuracy = float((truth == answer).mean())
    held, held_fractions = 0, np.zeros(3)
    for _ in range(200):
        places = rng.choice(truth.size, 30, replace=False)
        found = judge_points(
            [PHASES[code] for code in truth[places]], [PHASES[code] for code in answer[places]], fractions
        )
        held += found.accuracy.low <= true_accuracy <= found.accuracy.high
        held_fractions += [
            found.corrected[phase].low <= (truth == code).mean() <= found.corrected[phase].high
            for code, phase in enumerate(PHASES)
        ]
    assert 0.90 <= held / 200 <= 0.98
    assert (held_fractions / 200 >= 0.90).all()


def test_points_that_do_not_fit():
    with pytest.raises(InputError, match="Lithium"):
        judge_points(["Lithium"], ["NMC"], {"NMC": 1.0})
    with pytest.raises(InputError, match="0 named"):
        judge_points([], [], {"NMC": 1.0})
    with pytest.raises(InputError, match=r"1 .* 2"):
        judge_points(["NMC"], ["NMC", "SSE"], {"NMC": 0.5, "SSE": 0.5})
