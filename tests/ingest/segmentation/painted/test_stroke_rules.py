"""Strokes that are made from masks: by hand, and what holds for every mask."""

import numpy as np
import pytest
from scipy import ndimage

from cathograph.benchmarks.accuracy.painted import mean_iou
from cathograph.benchmarks.accuracy.stroke_rules import (
    FIRST_STROKES,
    LENGTH_PX,
    lay_stroke,
    paint_at_random,
    paint_guided,
)
from cathograph.ingest.segmentation.painted.strokes import NOT_PAINTED


def _mask(seed: int = 0) -> np.ndarray:
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(120, 110)), 5)
    return (1 + np.digitize(smooth, np.quantile(smooth, (0.3, 0.6)))).astype(np.uint8)


def test_a_stroke_follows_a_thin_band():
    # A band of 3 rows: along it the stroke has all its 20 px, across it 3.
    mask = np.ones((50, 60), np.uint8)
    mask[20:23] = 2
    y, x = lay_stroke(mask, 2, (21, 30))
    assert set(zip(y.tolist(), x.tolist(), strict=True)) == {
        (a, b) for a in (20, 21, 22) for b in range(20, 40)
    }


def test_a_stroke_ends_where_its_phase_ends():
    mask = np.ones((41, 41), np.uint8)
    mask[18:23, 18:23] = 2  # a square of 5 px
    y, x = lay_stroke(mask, 2, (20, 20))
    assert (mask[y, x] == 2).all()
    assert y.size <= 5 * 5
    single = np.ones((9, 9), np.uint8)
    single[4, 4] = 2
    assert [each.tolist() for each in lay_stroke(single, 2, (4, 4))] == [[4], [4]]


def test_painting_at_random_says_only_what_is_true():
    mask = _mask()
    painted = paint_at_random(mask, 4, np.random.default_rng(1))
    here = painted != NOT_PAINTED
    assert (painted[here] == mask[here]).all()
    for code in (1, 2, 3):
        assert 0 < (painted == code).sum() <= 4 * LENGTH_PX * 3
    again = paint_at_random(mask, 4, np.random.default_rng(1))
    assert (painted == again).all()


def test_guided_strokes_lie_where_the_answer_is_in_doubt():
    mask = _mask(2)

    def answer(painted: np.ndarray) -> np.ndarray:
        sure = np.zeros((*mask.shape, 3), np.float32)
        sure[..., 0] = 1
        sure[30:80, 30:80] = 1 / 3
        return sure

    kept = paint_guided(mask, (FIRST_STROKES, FIRST_STROKES + 1), answer, np.random.default_rng(3))
    first, second = kept.values()
    new = second != first
    assert new.any()
    assert (second[new] == mask[new]).all()
    # Places lie in the patch; a stroke reaches at most 11 px beyond it.
    y, x = np.nonzero(new)
    assert min(y.min(), x.min()) >= 30 - 24 - 11
    assert (first[first != NOT_PAINTED] == second[first != NOT_PAINTED]).all()


def test_mean_iou_by_hand():
    mask, answer = np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2])
    assert mean_iou(mask, answer) == pytest.approx((2 / 3 + 1 / 2) / 2)
