"""Registration finds shifts that were made, though absorption changes across the edge, and undoes them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.xanes.registration import find_drift, move_frame, register_stack
from cathograph.ingest.xanes.similarity import Similarity, fit_similarity
from cathograph.phantom import make_energy_map, make_microstructure, make_xanes_stack
from cathograph.schema.errors import InputError

ENERGIES = np.array([8250.0, 8320.0, 8335.0, 8339.0, 8343.0, 8347.0, 8355.0, 8400.0])
MARGIN = 16


@pytest.fixture(scope="module")
def drifting():
    """Make a phantom over the edge that drifts by up to 6 pixels, and what undoes it."""
    phantom = make_microstructure((176, 192), seed=4)
    made = make_xanes_stack(phantom, make_energy_map(phantom, seed=4), ENERGIES, seed=4, snr=None)
    walk = np.cumsum(np.random.default_rng(4).normal(0, 1.6, (len(ENERGIES), 2)), axis=0)
    walk -= walk[-1]
    inner = slice(MARGIN, -MARGIN)
    moved = np.stack([ndimage.shift(frame, -step, order=3) for frame, step in zip(made, walk, strict=True)])
    noise = 0.02 * np.random.default_rng(5).standard_normal(moved.shape)
    return (moved + noise).astype(np.float32)[:, inner, inner], walk, made[:, inner, inner]


@pytest.mark.parametrize(("against", "most"), [("reference", 0.15), ("previous", 0.3)])
def test_known_shifts_are_recovered(drifting, against, most):
    # A tenth of a pixel blurs an outline less than the microscope does. Errors add up against the previous frame.
    frames, walk, _ = drifting
    drift = find_drift(ArrayEnergyStack(frames, ENERGIES), against=against)
    np.testing.assert_allclose(drift.shifts_px, walk, atol=most)
    assert drift.anchor == len(ENERGIES) - 1
    assert drift.largest_px == pytest.approx(np.hypot(*walk.T).max(), abs=2 * most)


def test_any_frame_may_be_the_reference(drifting):
    frames, walk, _ = drifting
    for against in ("reference", "previous"):
        drift = find_drift(ArrayEnergyStack(frames, ENERGIES), against=against, reference=3)
        np.testing.assert_allclose(drift.shifts_px, walk - walk[3], atol=0.3)
        assert not drift.shifts_px[3].any()


def test_a_registered_stack_lies_on_the_undrifted_one(drifting):
    frames, _, still = drifting
    stack = ArrayEnergyStack(frames, ENERGIES, pixel_size_um=0.05)
    registered = register_stack(stack, find_drift(stack))
    assert registered.pixel_size_um == 0.05
    before = np.abs(frames - still).mean()
    after = np.nanmean(np.abs(registered.read_rows(0, frames.shape[1]) - still))
    assert after < 0.35 * before
    assert np.isnan(registered.read_frame(0)).mean() < 0.15


def test_dead_pixels_do_not_spread(drifting):
    frames = drifting[0].copy()
    frames[:, 50, 60] = np.nan
    moved = move_frame(frames[0], Similarity(np.array([0.0, 2.0])))
    # Two columns come from outside, and the dead pixel is two further to the right.
    expected = np.zeros(moved.shape, bool)
    expected[:, :2] = True
    expected[50, 62] = True
    np.testing.assert_array_equal(np.isnan(moved), expected)
    drift = find_drift(ArrayEnergyStack(frames, ENERGIES))
    np.testing.assert_allclose(drift.shifts_px, drifting[1], atol=0.15)


def test_frames_that_cannot_be_registered_are_refused(drifting):
    frames, _, _ = drifting
    stack = ArrayEnergyStack(frames, ENERGIES)
    with pytest.raises(InputError, match="against 'neighbour'; expected one of previous, reference"):
        find_drift(stack, against="neighbour")
    with pytest.raises(InputError, match="reference frame 8; expected 0 to 7"):
        find_drift(stack, reference=8)
    with pytest.raises(InputError, match=r"10 × 144 pixels|10 × 160 pixels"):
        find_drift(ArrayEnergyStack(frames[:, :10], ENERGIES))
    flat = frames.copy()
    flat[2] = 0.3
    with pytest.raises(InputError, match=r"no structure in frame 2 \(8335 eV\)"):
        find_drift(ArrayEnergyStack(flat, ENERGIES))


def test_a_shift_of_half_the_frame_is_refused():
    frame = np.zeros((64, 64), np.float32)
    frame[8:20, 8:20] = 1
    frames = np.stack([frame, np.roll(frame, 24, axis=1)])
    with pytest.raises(InputError, match=r"expected at most a quarter.*`register_against` \(previous"):
        find_drift(ArrayEnergyStack(frames, [8330, 8340]))


def test_shifts_of_another_stack_are_refused(drifting):
    frames, _, _ = drifting
    drift = find_drift(ArrayEnergyStack(frames, ENERGIES))
    with pytest.raises(InputError, match="Found 8 shifts for 2 frames"):
        register_stack(ArrayEnergyStack(frames[:2], ENERGIES[:2]), drift)


def test_a_magnification_that_follows_the_energy_is_undone_with_the_drift():
    # Zone plate without correction: pixels grow with the energy, so that frames shrink about their middle as E⁻¹.
    phantom = make_microstructure((192, 192), seed=4)
    still = make_xanes_stack(phantom, make_energy_map(phantom, seed=4), ENERGIES, seed=4, snr=None)
    middle = (np.array(phantom.labels.shape) - 1) / 2
    shift = np.array([1.5, -2.0])
    frames = []
    for frame, energy in zip(still, ENERGIES, strict=True):
        scale = energy / ENERGIES[-1]
        offset = middle - scale * middle + shift * (energy != ENERGIES[-1])
        frames.append(ndimage.affine_transform(frame, [scale, scale], offset=offset, order=3, mode="nearest"))
    noise = 0.02 * np.random.default_rng(5).standard_normal(still.shape)
    stack = ArrayEnergyStack((np.stack(frames) + noise).astype(np.float32), ENERGIES)
    drift = find_drift(stack)
    assert drift.exponent == pytest.approx(1, abs=0.1)
    assert drift.agreement.min() > 0.5
    registered = register_stack(stack, drift).read_rows(0, 192)
    inner = (slice(None), slice(12, -12), slice(12, -12))
    error = np.nanmean(np.abs(registered - still)[inner])
    alone = replace(drift, motions=tuple(Similarity(each.shift_px) for each in drift.motions))
    assert error < 0.7 * np.nanmean(np.abs(register_stack(stack, alone).read_rows(0, 192) - still)[inner])


def test_no_magnification_is_made_up_where_there_is_none(drifting):
    frames, _, _ = drifting
    drift = find_drift(ArrayEnergyStack(frames, ENERGIES))
    assert drift.exponent == 0
    assert (drift.zooms == 1).all()
    assert (drift.rotations_deg == 0).all()
    assert drift.agreement[-1] == 1
    assert (drift.agreement > 0.5).all()


def turned(turns_deg, zooms):
    """Make a phantom whose frames are turned and enlarged, and how each has to be moved to lie on the last one."""
    phantom = make_microstructure((256, 256), seed=4)
    still = make_xanes_stack(phantom, make_energy_map(phantom, seed=4), ENERGIES, seed=4, snr=None)
    truth = [
        Similarity(np.array([0.3, -0.4]) * k, z, t)
        for k, (z, t) in enumerate(zip(zooms, turns_deg, strict=True))
    ]
    truth = [each.seen_from(truth[-1]) for each in truth]
    noise = 0.02 * np.random.default_rng(5).standard_normal(still.shape)
    nothing = Similarity(np.zeros(2))
    frames = [
        nothing.seen_from(each).apply(frame, order=3, mode="nearest")
        for frame, each in zip(still, truth, strict=True)
    ]
    return (np.stack(frames) + noise).astype(np.float32), still, truth


@pytest.mark.parametrize(
    ("turns_deg", "zooms"),
    [
        (np.linspace(-0.5, 0, 8), np.ones(8)),
        (np.linspace(2, 0, 8), np.ones(8)),
        (np.zeros(8), np.array([1.004, 0.995, 1.006, 0.992, 1.003, 0.997, 1.005, 1])),
    ],
)
def test_frames_that_turn_or_change_their_size_are_laid_on_each_other(turns_deg, zooms):
    frames, still, truth = turned(turns_deg, zooms)
    stack = ArrayEnergyStack(frames, ENERGIES)
    drift = find_drift(stack)
    assert drift.exponent is None
    apart = [
        found.moves_corners_px(right, (256, 256)) for found, right in zip(drift.motions, truth, strict=True)
    ]
    assert max(apart) < 0.35
    inner = (slice(None), slice(16, -16), slice(16, -16))
    alone = replace(drift, motions=tuple(Similarity(each.shift_px) for each in drift.motions))
    error, before = (
        np.nanmean(np.abs(register_stack(stack, each).read_rows(0, 256) - still)[inner])
        for each in (drift, alone)
    )
    assert error < 0.8 * before


def test_the_anchor_stays_and_the_others_lie_on_it(drifting):
    frames, walk, _ = drifting
    drift = find_drift(ArrayEnergyStack(frames, ENERGIES), anchor=4)
    assert drift.anchor == 4
    assert not drift.shifts_px[4].any()
    np.testing.assert_allclose(drift.shifts_px, walk - walk[4], atol=0.3)
    with pytest.raises(InputError, match="anchor frame 8; expected 0 to 7"):
        find_drift(ArrayEnergyStack(frames, ENERGIES), anchor=8)


@given(
    zoom=st.floats(0.9, 1.1),
    angle=st.floats(-20, 20),
    y=st.floats(-9, 9),
    x=st.floats(-9, 9),
    other=st.floats(-20, 20),
)
def test_similarities_seen_from_each_other(zoom, angle, y, x, other):
    one, two = Similarity(np.array([y, x]), zoom, angle), Similarity(np.array([x, 1.0]), 1 / zoom, other)
    assert one.seen_from(one).moves_corners_px(Similarity(np.zeros(2)), (64, 64)) < 1e-9
    between = one.seen_from(two)
    point = np.array([3.0, -7.0])
    onto_third = two.matrix @ (between.matrix @ point + between.shift_px) + two.shift_px
    np.testing.assert_allclose(onto_third, one.matrix @ point + one.shift_px, atol=1e-9)


def test_images_without_anything_in_common_keep_the_first_guess():
    start, weights = Similarity(np.array([1.0, 2.0])), np.ones((32, 32))
    flat = np.zeros((32, 32), np.float32)
    assert fit_similarity(flat, flat, start, weights) == start
