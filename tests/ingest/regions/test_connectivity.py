"""Regions over faces only, or over corners as well: hand-worked, against scikit-image, and with splitting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.measure import label as label_of_equal_values

from cathograph.ingest.options import Connectivity, IngestOptions
from cathograph.ingest.reading import Reading, read_regions
from cathograph.ingest.regions.bodies import bodies_apart, label_bodies
from cathograph.ingest.regions.labelling import label_phases
from cathograph.schema import phases
from cathograph.schema.composites import SSB_CATHODE

NMC, SSE = phases.NMC.code, phases.SSE.code
FACES = Connectivity.FACES
SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=8)
MASKS = hnp.arrays(bool, SHAPES)
PHASE_IMAGES = hnp.arrays(
    np.uint8, SHAPES, elements=st.sampled_from([phase.code for phase in SSB_CATHODE.all_phases])
)


@pytest.mark.parametrize("code", [NMC, SSE])
def test_blocks_that_meet_at_a_corner_are_two_over_faces(code):
    image = np.zeros((4, 4), np.uint8)
    image[:2, :2] = image[2:, 2:] = code
    assert label_phases(image).region_labels.tolist() == [1]
    assert label_phases(image, connectivity=FACES).labels.tolist() == [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 2, 2],
        [0, 0, 2, 2],
    ]


def test_voxels_that_share_an_edge_are_two_over_faces():
    image = np.zeros((2, 2, 2), np.uint8)
    image[0, 0, 0] = image[0, 1, 1] = image[1, 1, 1] = SSE
    assert label_phases(image).region_labels.tolist() == [1]
    assert label_phases(image, connectivity=FACES).labels[image > 0].tolist() == [1, 2, 2]


@given(PHASE_IMAGES)
def test_without_splitting_regions_are_those_of_scikit_image(image):
    ours = label_phases(image, split_nmc=False, connectivity=FACES).labels
    expected = label_of_equal_values(image, background=0, connectivity=1)
    pairs = np.unique(np.stack((ours.ravel(), expected.ravel())), axis=1)
    assert pairs.shape[1] == np.unique(ours).size == np.unique(expected).size


@given(MASKS)
def test_in_each_mask_every_body_is_by_itself(mask):
    bodies = label_bodies(mask, FACES)
    masks = list(bodies_apart(bodies))
    assert np.array_equal(np.sum(masks, axis=0), mask)
    for apart in masks:
        over_corners, count = ndimage.label(apart, np.ones((3,) * mask.ndim))
        assert count == np.unique(bodies[apart]).size
        assert len({*zip(over_corners[apart].tolist(), bodies[apart].tolist(), strict=True)}) == count


@given(PHASE_IMAGES)
def test_a_particle_never_reaches_over_a_corner_into_another_body(image):
    labels = label_phases(image, connectivity=FACES).labels
    bodies = label_of_equal_values(image, background=0, connectivity=1)
    solid = image > 0
    pairs = {*zip(labels[solid].tolist(), bodies[solid].tolist(), strict=True)}
    assert len(pairs) == np.unique(labels[solid]).size


@pytest.mark.parametrize("ndim", [2, 3])
def test_bodies_that_meet_at_a_corner_are_split_as_each_would_be_alone(ndim):
    # Two overlapping balls of radius 8 with a pixel at each end of the box's diagonal, joined by a line of pixels.
    size = (17,) * (ndim - 1) + (30,)
    axes = np.ogrid[tuple(slice(0, side) for side in size)]
    pair = np.zeros(size, bool)
    for centre in (8, 21):
        pair |= sum((axis - 8) ** 2 for axis in axes[:-1]) + (axes[-1] - centre) ** 2 <= 8**2
    centre_line = (8,) * (ndim - 1)
    pair[centre_line] = True  # along x through both, to both ends
    alone = label_phases(np.where(pair, NMC, 0).astype(np.uint8), connectivity=FACES).labels
    assert np.unique(alone).size - 1 == 2
    # The copy begins one pixel beyond the end of the first, one row down: they share an edge.
    both = np.zeros((*size[:-2], size[-2] + 1, 2 * size[-1]), np.uint8)
    both[..., :-1, : size[-1]][pair] = NMC
    both[..., 1:, size[-1] :][pair] = NMC
    assert ndimage.label(both, np.ones((3,) * ndim))[1] == 1
    assert ndimage.label(both)[1] == 2
    found = label_phases(both, connectivity=FACES).labels
    for part in (found[..., :-1, : size[-1]], found[..., 1:, size[-1] :]):
        assert len({*zip(part[pair].tolist(), alone[pair].tolist(), strict=True)}) == 2
    assert np.unique(found).size - 1 == 4


@pytest.mark.parametrize(
    "options",
    [
        {"source": "phases", "phases": "0=background,1=SSE"},
        {"segmenter_parameters": {"phases_by_grey": "background,SSE", "denoise": "none"}},
    ],
    ids=["phases", "grey"],
)
def test_every_source_without_labels_takes_the_option(options):
    rng = np.random.default_rng(5)
    corners = np.kron([[1, 0], [0, 1]], np.ones((20, 20), np.uint8))
    pixels = (
        corners if "phases" in options else (100 * corners + rng.integers(0, 9, corners.shape)).astype("u1")
    )
    found = [
        read_regions(pixels, Reading.of(IngestOptions(**options, connectivity=each))).region_labels.size
        for each in Connectivity
    ]
    assert found[0] > found[1]
