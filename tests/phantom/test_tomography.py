"""Slices that went through projection and reconstruction: what each part of the instrument does to known slices."""

import numpy as np
import pytest

from cathograph.phantom import Tomography, mean_of_blocks, reconstruct_slice
from cathograph.schema.errors import InputError

CLEAN = Tomography(
    projections=120, photons=1e12, blur_px=0, fringe_px2=0, ring_strength=0, drift=0, attenuation=1.0
)


def disc(side_px=64, radius_px=20.0):
    y, x = np.mgrid[:side_px, :side_px] - (side_px - 1) / 2
    return (np.hypot(y, x) <= radius_px).astype(np.float64)


def test_a_coarse_pixel_is_the_mean_of_the_fine_ones():
    fine = np.zeros((4, 6))
    fine[:2, :3] = 1  # covers the first 2 x 2 block, and the left half of the second one
    assert mean_of_blocks(fine, 2).tolist() == [[1.0, 0.5, 0.0], [0.0, 0.0, 0.0]]


def test_without_noise_the_reconstruction_has_the_true_grey_values():
    true = disc()
    found = reconstruct_slice(true, seed=0, tomography=CLEAN)
    inside, outside = disc(radius_px=15) == 1, disc(radius_px=25) == 0
    assert found[inside].mean() == pytest.approx(1.0, abs=0.03)
    assert found[outside].mean() == pytest.approx(0.0, abs=0.03)


def test_fewer_photons_and_fewer_projections_give_more_noise():
    true, inside = disc(), disc(radius_px=15) == 1
    spreads = [
        float(reconstruct_slice(true, seed=0, tomography=how)[inside].std())
        for how in (
            CLEAN,
            Tomography(**{**vars(CLEAN), "photons": 1e4}),
            Tomography(**{**vars(CLEAN), "photons": 1e4, "projections": 30}),
        )
    ]
    assert spreads[0] < spreads[1] < spreads[2]


def test_drift_changes_brightness_from_left_to_right_by_its_share():
    flat = reconstruct_slice(disc(), seed=0, tomography=CLEAN)
    drifting = reconstruct_slice(disc(), seed=0, tomography=Tomography(**{**vars(CLEAN), "drift": 0.2}))
    assert drifting[32, 20] / flat[32, 20] == pytest.approx(1 + 0.2 * (20 / 63 - 0.5), abs=1e-4)


def test_the_same_seed_gives_the_same_slice_and_another_one_another():
    first, again, other = (reconstruct_slice(disc(32, 10), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "wrong",
    [
        {"projections": 1},
        {"photons": 0.0},
        {"attenuation": -1.0},
        {"blur_px": float("nan")},
        {"fringe_px2": -0.1},
        {"ring_strength": -1.0},
        {"drift": 1.0},
    ],
)
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Tomography(**wrong)


@pytest.mark.parametrize("wrong", [np.ones((8, 9)), np.zeros((8, 8)), -np.ones((8, 8)), np.ones((8, 8, 8))])
def test_no_square_slice_of_grey_values_is_refused(wrong):
    with pytest.raises(InputError, match="slice"):
        reconstruct_slice(wrong, seed=0)


def test_blocks_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"\(5, 6\)"):
        mean_of_blocks(np.ones((5, 6)), 3)
