"""Regions of phase images and of label images: hand-worked, against scikit-image, and bad input."""

import logging

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import label as label_of_equal_values

from cathograph.ingest.regions.labelling import label_phases, regions_from_labels
from cathograph.ingest.regions.splitting import SplitRules
from cathograph.schema import phases
from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE
from cathograph.schema.errors import InputImageError, PhaseMapError, SegmentationError

SSE, NMC, GRAPHITE = phases.SSE.code, phases.NMC.code, phases.GRAPHITE.code
PHASE_IMAGES = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=2, max_dims=3, max_side=8),
    elements=st.sampled_from([phase.code for phase in SSB_CATHODE.all_phases]),
)


def test_hand_worked_phase_image():
    # S SSE, N NMC, G graphite. The two N touch at a corner only: one region (8-connected); so do
    # the G at (0, 3), (1, 4). The S on the left and right of the N are two regions. Numbers follow the
    # first pixel in scan order, whatever the phase.
    text = "S N . G . S . N . G S N . . . . . . G G"
    codes = {".": 0, "S": SSE, "N": NMC, "G": GRAPHITE}
    phase_image = np.array([codes[sign] for sign in text.split()], np.uint8).reshape(4, 5)
    labelled = label_phases(phase_image)
    assert labelled.labels.tolist() == [
        [1, 2, 0, 3, 0],
        [1, 0, 2, 0, 3],
        [1, 2, 0, 0, 0],
        [0, 0, 0, 4, 4],
    ]
    assert labelled.labels.dtype == np.int32
    assert labelled.region_labels.tolist() == [1, 2, 3, 4]
    assert labelled.region_labels.dtype == np.int64
    assert labelled.region_phases.tolist() == [SSE, NMC, GRAPHITE, GRAPHITE]
    assert labelled.region_phases.dtype == np.uint8
    assert labelled.dropped == dict.fromkeys(SSB_CATHODE.phases, 0)


def test_corner_contact_joins_in_3d():
    # Two voxels that share only a corner are 26-connected.
    phase_image = np.zeros((2, 2, 2), np.uint8)
    phase_image[0, 0, 0] = phase_image[1, 1, 1] = GRAPHITE
    assert label_phases(phase_image).region_labels.tolist() == [1]


def test_nmc_alone_is_split():
    # The same body (two 5x5 squares with a bridge; see test_splitting) in every phase.
    body = np.ones((5, 11), bool)
    body[[0, 1, 3, 4], 5] = False
    for phase in SSB_CATHODE.phases:
        phase_image = np.pad(body * np.uint8(phase.code), 1)
        assert label_phases(phase_image).region_labels.size == (2 if phase == phases.NMC else 1)
        assert label_phases(phase_image, split_nmc=False).region_labels.size == 1
        assert label_phases(phase_image, rules=SplitRules(convexity=0.9)).region_labels.size == 1


def test_filtering_comes_after_splitting_and_numbering_after_both(caplog):
    # Squares of 25 and 26 pixels after the cut: minimum 26 drops one of them though the body has 51,
    # and the SSE pixel before it. What is left is number 1.
    body = np.ones((5, 11), bool)
    body[[0, 1, 3, 4], 5] = False
    phase_image = np.pad(body * np.uint8(NMC), 1)
    phase_image[0, 0] = SSE
    with caplog.at_level(logging.INFO):
        labelled = label_phases(phase_image, min_size_px=26)
    assert labelled.dropped == {phases.SSE: 1, phases.NMC: 1, phases.GRAPHITE: 0}
    assert labelled.region_labels.tolist() == [1]
    assert np.count_nonzero(labelled.labels) == 26
    assert "dropped 1 SSE regions below 26 px" in caplog.text
    assert "dropped 1 NMC regions below 26 px" in caplog.text


@given(PHASE_IMAGES)
def test_without_splitting_equals_components_of_equal_values(phase_image):
    # scikit-image finds the same components of equal values.
    labelled = label_phases(phase_image, split_nmc=False)
    found = label_of_equal_values(phase_image, background=0, connectivity=phase_image.ndim)
    # It visits axes of length 1 in another order, so its numbers are brought into ours: by first pixel.
    numbers, first = np.unique(found, return_index=True)
    rank = np.argsort(np.argsort(np.where(numbers == 0, -1, first)))
    has_background = numbers[0] == 0
    expected = (rank + (not has_background))[np.searchsorted(numbers, found)]
    assert labelled.labels.tolist() == expected.tolist()
    assert labelled.region_labels.tolist() == list(range(1, expected.max() + 1))


@given(PHASE_IMAGES, st.integers(1, 12), st.booleans())
def test_regions_partition_their_phases(phase_image, min_size_px, split_nmc):
    labelled = label_phases(phase_image, min_size_px=min_size_px, split_nmc=split_nmc)
    everything = label_phases(phase_image, split_nmc=split_nmc)
    areas = np.bincount(everything.labels.ravel(), minlength=everything.region_labels.size + 1)[1:]
    # With every region kept, areas sum to the foreground, phase by phase, and each region is of one phase.
    for phase in SSB_CATHODE.phases:
        mine = everything.region_phases == phase.code
        assert areas[mine].sum() == np.count_nonzero(phase_image == phase.code)
        assert labelled.dropped[phase] == np.count_nonzero(areas[mine] < min_size_px)
    code_of = np.concatenate(([0], everything.region_phases))
    assert np.array_equal(code_of[everything.labels], phase_image)
    # The minimum size drops exactly the small ones, and numbers the others by first pixel.
    kept = np.flatnonzero(areas >= min_size_px) + 1
    assert np.array_equal(labelled.labels > 0, np.isin(everything.labels, kept))
    values, first = np.unique(labelled.labels, return_index=True)
    assert np.array_equal(values[np.argsort(first)][values[np.argsort(first)] > 0], labelled.region_labels)
    assert np.array_equal(labelled.region_phases, everything.region_phases[kept - 1])


@given(PHASE_IMAGES, st.randoms(use_true_random=False))
def test_flipping_and_transposing_keep_components(phase_image, random):
    axes = random.sample(range(phase_image.ndim), phase_image.ndim)
    axis = random.randrange(phase_image.ndim)
    before = label_phases(phase_image, split_nmc=False).labels.transpose(axes)
    after = np.flip(label_phases(np.flip(phase_image.transpose(axes), axis), split_nmc=False).labels, axis)
    pairs = np.unique(np.stack([before.ravel(), after.ravel()]), axis=1)
    assert pairs.shape[1] == np.unique(pairs[0]).size == np.unique(pairs[1]).size


def test_input_is_left_alone_and_strides_do_not_matter():
    phase_image = np.arange(24, dtype=np.uint8).reshape(4, 6) % 4
    kept = phase_image.copy()
    turned = label_phases(phase_image.T)
    assert np.array_equal(phase_image, kept)
    assert np.array_equal(turned.labels, label_phases(np.ascontiguousarray(phase_image.T)).labels)


@pytest.mark.parametrize(
    ("phase_image", "message"),
    [
        (np.array([[0, 9]], np.uint8), "code 9"),
        (np.array([[0, -1]]), "code -1"),
        (np.array([[0, 300]]), "code 300"),
        (np.array([[0.0, 1.0]]), "type float64"),
        (np.array([[True, False]]), "type bool"),
        (np.array([0, 1], np.uint8), r"shape \(2,\)"),
        (np.zeros((0, 5), np.uint8), r"shape \(0, 5\)"),
        (np.zeros((2, 2, 2, 2), np.uint8), r"shape \(2, 2, 2, 2\)"),
    ],
)
def test_arrays_that_are_no_phase_image(phase_image, message):
    with pytest.raises(InputImageError, match=message):
        label_phases(phase_image)


def test_minimum_size_below_one():
    with pytest.raises(SegmentationError, match="minimum size of 0"):
        label_phases(np.zeros((3, 3), np.uint8), min_size_px=0)


def test_given_labels_are_kept():
    # 70 lies in two pieces and stays one region; 5 has one pixel and is not filtered; the labels have gaps.
    labels = np.array([[70, 0, 5], [0, 0, 0], [70, 70, 0]], np.uint16)
    labelled = regions_from_labels(labels, {5: phases.SSE, 70: phases.NMC})
    assert labelled.labels.tolist() == labels.tolist()
    assert labelled.labels.dtype == np.int32
    assert labelled.region_labels.tolist() == [5, 70]
    assert labelled.region_phases.tolist() == [SSE, NMC]
    assert labelled.dropped == {}


@pytest.mark.parametrize(
    "dtype",
    [bool, np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64, ">i2"],
)
def test_every_type_of_whole_numbers(dtype):
    labelled = regions_from_labels(np.array([[0, 1], [1, 1]], dtype), {1: phases.GRAPHITE})
    assert labelled.labels.tolist() == [[0, 1], [1, 1]]
    assert labelled.region_phases.tolist() == [GRAPHITE]


@pytest.mark.parametrize("label", [2**31 - 1, 2**31, 2**53, 2**63 - 1])
def test_large_labels_are_exact(label):
    labelled = regions_from_labels(np.array([[0, label, 3]], np.int64), {label: phases.NMC, 3: phases.SSE})
    assert labelled.labels.tolist() == [[0, label, 3]]
    assert labelled.region_labels.tolist() == [3, label]
    assert labelled.region_phases.tolist() == [SSE, NMC]


def test_labels_of_phase_background_become_background():
    labelled = regions_from_labels(
        np.array([[0, 1, 2]]), {0: BACKGROUND_PHASE, 1: BACKGROUND_PHASE, 2: phases.NMC}
    )
    assert labelled.labels.tolist() == [[0, 0, 2]]
    assert labelled.region_labels.tolist() == [2]


def test_rows_for_labels_not_in_the_image_are_logged(caplog):
    with caplog.at_level(logging.INFO):
        labelled = regions_from_labels(np.array([[0, 1]]), {1: phases.NMC, 2: phases.SSE, 3: phases.SSE})
    assert labelled.region_labels.tolist() == [1]
    assert "names 2 labels that the image does not hold" in caplog.text


def test_image_without_regions():
    labelled = regions_from_labels(np.zeros((3, 3), int), {1: phases.NMC})
    assert labelled.region_labels.shape == labelled.region_phases.shape == (0,)
    assert label_phases(np.zeros((3, 3), np.uint8)).region_labels.shape == (0,)


def test_labels_without_phase_are_listed_up_to_ten():
    labels = np.arange(13).reshape(1, 13)
    with pytest.raises(PhaseMapError, match=r"2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 1 more; .* 12 labels"):
        regions_from_labels(labels, {1: phases.NMC})
    with pytest.raises(PhaseMapError, match="without a phase: 12;"):
        regions_from_labels(labels, dict.fromkeys(range(1, 12), phases.NMC))


def test_zero_cannot_be_a_region():
    with pytest.raises(PhaseMapError, match="NMC for label 0"):
        regions_from_labels(np.array([[0, 1]]), {0: phases.NMC, 1: phases.SSE})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([[0, -3]]), "label -3"),
        (np.array([[0, 2**63]], np.uint64), "label 9223372036854775808"),
        (np.array([[0, 1.5]]), r"1.5 at pixel \(0, 1\)"),
        (np.array([[0, np.nan]]), r"nan at pixel \(0, 1\)"),
        (np.array([[np.inf, 0]]), r"inf at pixel \(0, 0\)"),
        (np.array([[0, 2.0**60]]), "at pixel"),
        (np.array([[0, 1j]]), "type complex128"),
        (np.array([["a"]]), "type <U1"),
        (np.array([1, 2]), r"shape \(2,\)"),
        (np.zeros((3, 0), int), r"shape \(3, 0\)"),
    ],
)
def test_arrays_that_are_no_label_image(labels, message):
    with pytest.raises(InputImageError, match=message):
        regions_from_labels(labels, {1: phases.NMC})


def test_real_slice(shared_data):
    # 0 NMC, 1 carbon, 2 pore (its README); the pore stands for SSE.
    values = tifffile.imread(shared_data / "nmc-nanoct-pairs" / "100_label.tif")
    phase_image = np.array([NMC, GRAPHITE, SSE], np.uint8)[values]
    whole = label_phases(phase_image, split_nmc=False)
    split = label_phases(phase_image)
    assert np.count_nonzero(whole.region_phases == NMC) == 433  # its README's speckle included
    assert np.count_nonzero(split.region_phases == NMC) > 500
    for phase in (SSE, GRAPHITE):
        assert np.count_nonzero(split.region_phases == phase) == np.count_nonzero(
            whole.region_phases == phase
        )
    assert (split.labels > 0).all()
