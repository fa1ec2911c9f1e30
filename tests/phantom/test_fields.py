"""Smooth fields are smooth, standardised and repeatable; counts of pixels are met exactly."""

import numpy as np
import pytest

from cathograph.phantom.fields import highest_pixels, smooth_field


@pytest.mark.parametrize("shape", [(300, 200), (60, 70, 80), (1, 40)])
def test_field_is_standardised_and_repeats(shape: tuple[int, ...]) -> None:
    one, again = (smooth_field(shape, 4.0, np.random.default_rng(3)) for _ in range(2))
    assert one.shape == shape
    assert one.dtype == np.float32
    assert np.array_equal(one, again)
    assert abs(float(one.mean())) < 0.05
    assert float(one.std()) == pytest.approx(1, abs=0.05)


def test_longer_length_is_smoother() -> None:
    rough, smooth = (smooth_field((200, 200), length, np.random.default_rng(0)) for length in (2.0, 16.0))
    assert np.abs(np.diff(smooth, axis=0)).mean() < np.abs(np.diff(rough, axis=0)).mean() / 4


def test_a_field_of_one_pixel_is_zero() -> None:
    assert smooth_field((1, 1), 3.0, np.random.default_rng(0)).tolist() == [[0.0]]


def test_highest_pixels_by_hand() -> None:
    score = np.array([[9, 1, 5], [4, 8, 2]], dtype=np.float32)
    allowed = np.array([[0, 1, 1], [1, 1, 1]], dtype=bool)  # the 9 may not be chosen
    assert highest_pixels(score, allowed, 2).tolist() == [[False, False, True], [False, True, False]]
    assert highest_pixels(score, allowed, 0).sum() == 0
    assert np.array_equal(highest_pixels(score, allowed, 99), allowed)
