"""Intervals: their scale, their correction, and that corrected ones hold what they say."""

import numpy as np
import pytest

from cathograph.ingest.segmentation.uncertainty.intervals import (
    FEWEST_IMAGES,
    QUANTITIES,
    Margins,
    Spread,
    corrected,
    fit_margins,
    spread_of,
)


def test_spreads():
    assert spread_of([3.0]) == Spread(3.0, 3.0, 3.0)
    assert spread_of([None, None]) is None
    spread = spread_of([float(k) for k in range(101)])
    assert (spread.low, spread.median, spread.high) == pytest.approx((5, 50, 95))


def _images(rng, n, bias, noise):
    """Make counts whose passes agree with each other far better than with the truth."""
    truth = np.exp(rng.normal(4, 0.8, n))
    centre = truth * bias * np.exp(rng.normal(0, noise, n))
    passes = centre[:, None] * np.exp(rng.normal(0, 0.02, (n, 8)))
    return [spread_of(row) for row in passes.tolist()], truth.tolist()


@pytest.mark.parametrize(("bias", "noise"), [(1.0, 0.2), (1.8, 0.2), (0.5, 0.4), (1.0, 0.0)])
def test_corrected_intervals_hold_the_truth_as_often_as_they_say(bias, noise):
    held, before = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        margins = fit_margins("tpbs", *_images(rng, 100, bias, noise))
        spreads, truths = _images(rng, 100, bias, noise)
        before += [spread.holds(truth) for spread, truth in zip(spreads, truths, strict=True)]
        held += [
            corrected("tpbs", spread, margins).holds(truth)
            for spread, truth in zip(spreads, truths, strict=True)
        ]
    assert 0.88 <= np.mean(held) <= 0.95
    if noise:
        assert np.mean(before) < 0.2


def test_a_biased_median_is_moved_onto_the_truth():
    rng = np.random.default_rng(0)
    margins = fit_margins("particles", *_images(rng, 400, 2.0, 0.1))
    spreads, truths = _images(rng, 400, 2.0, 0.1)
    after = [corrected("particles", spread, margins) for spread in spreads]
    assert np.median([s.median / t for s, t in zip(after, truths, strict=True)]) == pytest.approx(1, abs=0.03)
    assert all(s.low <= s.median <= s.high for s in after)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_margins_of_nothing_change_nothing(quantity):
    spread = Spread(0.5, 0.25, 0.75)
    after = corrected(quantity, spread, Margins(0.0, 0.0, 0.0))
    assert (after.low, after.median, after.high) == pytest.approx((0.25, 0.5, 0.75))


def test_counts_stay_above_zero_and_shares_between_zero_and_one():
    assert corrected("tpbs", Spread(2, 1, 3), Margins(-5, -5, 0.5)).low == 0
    share = corrected("channel_share", Spread(0.5, 0.4, 0.6), Margins(-0.7, 0, 0.7))
    assert (share.low, share.high) == (0, 1)


def test_margins_that_narrow_past_each_other_meet_in_the_middle():
    after = corrected("channel_share", Spread(0.5, 0.45, 0.55), Margins(0.2, 0.0, -0.2))
    assert (after.low, after.median, after.high) == pytest.approx((0.5, 0.5, 0.5))


def test_an_error_of_some_per_cent_is_the_same_at_any_size():
    small, large = (
        (n, [Spread(n, n, n)] * 40, [n * (0.8 + 0.01 * k) for k in range(40)]) for n in (1e3, 1e5)
    )
    for n, spreads, truths in (small, large):
        after = corrected("particles", Spread(n, n, n), fit_margins("particles", spreads, truths))
        assert after.low / n == pytest.approx(0.81, abs=0.01)
        assert after.high / n == pytest.approx(1.18, abs=0.01)


def test_images_without_the_quantity_do_not_count_and_too_few_give_no_margins():
    spreads, truths = _images(np.random.default_rng(0), FEWEST_IMAGES, 1.0, 0.2)
    assert fit_margins("tpbs", [*spreads, None], [*truths, 3.0]) == fit_margins("tpbs", spreads, truths)
    assert fit_margins("tpbs", spreads[1:], truths[1:]) is None
