"""Scores worked out by hand, and what must hold for any image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.segmentation.scores.boundary import score_boundaries
from cathograph.ingest.segmentation.scores.graph_error import compare_graphs, regions_of
from cathograph.ingest.segmentation.scores.instances import score_instances
from cathograph.ingest.segmentation.scores.overlap import (
    confusion_matrix,
    intersection_over_union,
    score_overlap,
)
from cathograph.schema import phases
from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE
from cathograph.schema.errors import InputImageError

PHASES = tuple(sorted(SSB_CATHODE.all_phases, key=lambda phase: phase.code))
SSE, NMC, GRAPHITE = phases.SSE.code, phases.NMC.code, phases.GRAPHITE.code


def test_iou_by_hand():
    truth = np.array([[1, 1, 1, 2, 2, 2]], np.uint8)
    found = np.array([[1, 1, 2, 2, 2, 0]], np.uint8)
    scores = score_overlap([truth], [found], PHASES)
    # SSE: 2 of 3. NMC: 2 of (3 + 3 − 2). Background is only in the prediction: 0. Graphite is in neither.
    values = {phase: interval.value for phase, interval in scores.iou.items()}
    assert values == pytest.approx({BACKGROUND_PHASE: 0.0, phases.SSE: 2 / 3, phases.NMC: 0.5})
    assert scores.mean_iou.value == pytest.approx((0 + 2 / 3 + 0.5) / 3)
    assert scores.unit == "block of 128 px"


def test_images_are_pooled_and_drawn_as_wholes():
    # Four right images and a wrong one, of one class each 10 pixels: IoU of SSE is 40 / 50.
    right, wrong = np.full((1, 10), SSE, np.uint8), np.full((1, 10), NMC, np.uint8)
    scores = score_overlap([right] * 5, [right] * 4 + [wrong], PHASES)
    sse = scores.iou[phases.SSE]
    assert scores.unit == "image"
    assert sse.value == pytest.approx(0.8)
    # Draws of five images hold the wrong one 0 to 3 times in 95 % of all draws (binomial, p = 1/5): 1.0 to 0.4.
    assert (sse.low, sse.high) == pytest.approx((0.4, 1.0))


def test_shapes_that_differ():
    with pytest.raises(InputImageError, match="equal shapes"):
        confusion_matrix(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), PHASES)


@given(
    hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 3)),
    hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 3)),
)
@settings(max_examples=settings.default.max_examples // 2)
def test_iou_against_sets_of_pixels(truth, found):
    shares = intersection_over_union(confusion_matrix(truth, found, PHASES))
    for k, phase in enumerate(PHASES):
        a, b = truth == phase.code, found == phase.code
        if (a | b).any():
            assert shares[k] == pytest.approx((a & b).sum() / (a | b).sum())
        else:
            assert np.isnan(shares[k])


def test_boundary_f1_by_hand():
    truth = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 3, axis=0).astype(np.uint8)
    found = np.repeat([[1, 1, 2, 1, 2, 2, 2, 2]], 3, axis=0).astype(np.uint8)
    # Column 2 is wrong. SSE boundary: true at column 3; found at columns 1 and 3. Within 0 px: precision 1/2, recall
    # 1, F1 2/3. NMC: true at column 4, found at 2 and 4: the same.
    scores = score_boundaries([truth], [found], PHASES, tolerance_px=0)
    assert scores == pytest.approx({phases.SSE: 2 / 3, phases.NMC: 2 / 3})
    assert score_boundaries([truth], [found], PHASES, tolerance_px=2) == pytest.approx(
        {phases.SSE: 1, phases.NMC: 1}
    )


def test_boundaries_that_only_one_side_has():
    flat, half = np.full((4, 4), 1, np.uint8), np.array([[1, 1, 2, 2]] * 4, np.uint8)
    assert score_boundaries([flat], [flat], PHASES) == {}
    assert score_boundaries([flat], [half], PHASES) == {phases.SSE: 0.0, phases.NMC: 0.0}


def test_merges_and_misses_by_hand():
    truth = np.array([[1, 1, 2, 2, 0, 3, 0]])
    found = np.array([[9, 9, 9, 9, 0, 0, 4]])
    scores = score_instances(truth, found)
    # 9 holds 1 and 2, each with IoU 1/2, which is no hit; 3 is missed, 4 is not true.
    assert (scores.merges, scores.splits, scores.panoptic_quality) == (1, 0, 0.0)
    assert (scores.true_particles, scores.found_particles, scores.segmentation_quality) == (3, 2, None)


def test_no_particles_at_all():
    assert score_instances(np.zeros((3, 3), int), np.zeros((3, 3), int)).panoptic_quality is None


@given(hnp.arrays(np.int64, (5, 6), elements=st.integers(0, 4)))
@settings(max_examples=settings.default.max_examples // 2)
def test_a_label_image_is_right_whatever_its_numbers(labels):
    renamed = np.array([0, 70, 3, 12, 900])[labels]
    scores = score_instances(labels, renamed)
    assert scores.splits == scores.merges == 0
    assert scores.panoptic_quality in (1.0, None)


def test_graph_error_by_hand():
    # NMC beside SSE and graphite, which touch one another: one TPB, a channel needs a second NMC.
    truth = np.zeros((12, 12), np.uint8)
    truth[4:8, 1:5], truth[2:6, 5:9], truth[6:10, 5:9] = NMC, SSE, GRAPHITE
    found = np.where(truth == GRAPHITE, 0, truth)
    error = compare_graphs(*(label_phases(each) for each in (truth, found)))
    assert (error.truth.nmc, error.truth.tpbs, error.truth.degrees.tolist()) == (1, 1, [2])
    assert (error.found.nmc, error.found.tpbs, error.found.degrees.tolist()) == (1, 0, [1])
    assert error.degree_distance == pytest.approx(1.0)
    assert error.as_record()["truth"]["mean_degree"] == 2.0


def test_graphs_without_nmc():
    empty = regions_of(np.zeros((8, 8), np.uint8), min_size_px=1)
    error = compare_graphs(empty, empty)
    assert (error.truth.channel_share, error.degree_distance, error.found.tpbs) == (None, None, 0)
