"""Phases by modes of grey values: no rim without a phase, and told where grey values do not show a phase."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from cathograph.benchmarks.accuracy.honesty import LARGEST_SHARE, invented_rim
from cathograph.benchmarks.accuracy.made_slices import four_phases, two_phases
from cathograph.ingest.segmentation import MultiOtsu, make_segmenter, run_segmenter
from cathograph.ingest.segmentation.grey_modes import GreyModes
from cathograph.ingest.segmentation.partial_volume import resolve_ramps
from cathograph.schema.errors import SegmentationError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

SIDE_PX = 128


@pytest.fixture(scope="module")
def nmc_in_pores():
    return [two_phases(number, side_px=SIDE_PX) for number in range(3)]


def test_no_rim_of_sse_is_invented_around_nmc_in_pores(nmc_in_pores):
    for made in nmc_in_pores:
        found = run_segmenter(GreyModes(), made.grey)
        assert invented_rim(found, made.phases) <= LARGEST_SHARE
        both, either = (
            each(found == NMC.code, made.phases == NMC.code) for each in (np.logical_and, np.logical_or)
        )
        assert both.sum() / either.sum() > 0.95


def test_the_same_in_the_inverse_grey_order():
    made = two_phases(5, side_px=SIDE_PX, dark_nmc=True)
    found = run_segmenter(GreyModes(phases_by_grey="NMC,SSE,Graphite,background"), made.grey)
    assert invented_rim(found, made.phases) <= LARGEST_SHARE


def test_the_measure_sees_the_rims_of_multi_otsu(nmc_in_pores):
    made = nmc_in_pores[0]
    assert invented_rim(run_segmenter(MultiOtsu(), made.grey), made.phases) > 0.5


def test_equal_grey_values_of_two_phases_are_told_with_both_names():
    for number in (0, 2):
        doubts = GreyModes().doubts(four_phases(number, graphite=0.45, sse=0.45, side_px=SIDE_PX).grey)
        assert any("Graphite" in doubt and "SSE" in doubt for doubt in doubts)


def test_clearly_different_grey_values_leave_no_doubt_of_graphite_and_sse():
    made = four_phases(2, graphite=0.3, sse=0.6, side_px=SIDE_PX)
    assert not [doubt for doubt in GreyModes().doubts(made.grey) if "Graphite" in doubt and "SSE" in doubt]


def test_a_film_that_is_a_line_of_its_own_stays():
    # Two bright particles with a film of SSE of four pixels between them, blurred: a valley and not a ramp.
    grey = np.ones((40, 80), np.float32)
    grey[:, :20] = 0.0
    grey[:, 50:54] = 0.4
    grey[:, 70:] = 0.4
    blurred = ndimage.gaussian_filter(grey, 0.7, mode="nearest")
    found = run_segmenter(GreyModes(phases_by_grey="background,SSE,NMC"), blurred)
    assert (found[:, 51:53] == SSE.code).all()
    assert (found[:, 15:24] != SSE.code).all()  # the outline between pore and NMC


@given(
    sigma=st.floats(0.3, 1.5),
    sides=st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0])).filter(
        lambda two: two[0] != two[1]
    ),
    vertical=st.booleans(),
)
def test_a_blurred_step_has_only_its_two_sides(sigma, sides, vertical):
    step = np.full((24, 24), sides[0], np.float32)
    step[:, 12:] = sides[1]
    grey = ndimage.gaussian_filter(step.T if vertical else step, sigma, mode="nearest")
    found = resolve_ramps(grey, np.digitize(grey, [0.25, 0.75]), np.array([0.0, 0.5, 1.0]))
    assert np.array_equal(found == 2, grey >= 0.5)
    assert set(np.unique(found)) == {0, 2}


def test_two_phases_have_no_ramp_to_a_third():
    ranks = np.array([[0, 1], [1, 0]])
    assert resolve_ramps(np.zeros((2, 2), np.float32), ranks, np.array([0.0, 1.0])) is ranks


def test_noise_alone_is_one_phase_and_refused_or_in_doubt():
    noise = np.random.default_rng(0).normal(100, 5, (96, 96))
    doubts = GreyModes().doubts(noise)
    assert len(doubts) == 3  # of four phases, one is shown


def test_factor_and_offset_change_nothing(nmc_in_pores):
    grey = nmc_in_pores[1].grey
    assert np.array_equal(GreyModes().segment(grey), GreyModes().segment(grey * 64 + 1024))


def test_a_volume_is_segmented(nmc_in_pores):
    volume = np.stack([nmc_in_pores[0].grey] * 3)
    found = run_segmenter(GreyModes(denoise_radius_px=0), volume)
    assert found.shape == volume.shape
    assert not np.isin(found, [SSE.code, GRAPHITE.code]).any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"phases_by_grey": "NMC"},
        {"phases_by_grey": "NMC,Gold"},
        {"denoise_radius_px": -1},
        {"denoise_radius_px": 1.5},
        {"valley_depth": 0},
        {"valley_depth": 1},
        {"smallest_share": 0.5},
    ],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(SegmentationError, match=next(iter(wrong))):
        make_segmenter("grey-modes", **wrong)


def test_a_constant_image_is_refused():
    with pytest.raises(SegmentationError, match="contrast"):
        run_segmenter(GreyModes(), np.full((16, 16), 7))
