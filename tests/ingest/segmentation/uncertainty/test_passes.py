"""Passes of a network with channels left out: repeatable, the same in tiles, and what they say of regions."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import random_network

from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.segmentation.segmenter import Pass
from cathograph.ingest.segmentation.uncertainty.passes import count_structures, run_passes
from cathograph.ingest.segmentation.unet.channel_dropout import channels_left_out
from cathograph.ingest.segmentation.unet.inference import Run, predict_classes
from cathograph.ingest.segmentation.unet.unet_segmenter import UNetSegmenter
from cathograph.ingest.segmentation.unet.weights import SegmentationModel
from cathograph.schema import phases
from cathograph.schema.errors import SegmentationError

CPU = torch.device("cpu")
NMC, SSE, GRAPHITE = (phase.code for phase in (phases.NMC, phases.SSE, phases.GRAPHITE))


@pytest.fixture(scope="module")
def network():
    return random_network()


@pytest.fixture(scope="module")
def grey():
    return np.random.default_rng(1).normal(size=(150, 131)).astype(np.float32)


def sample(network, grey, *, passes=3, seed=5, **run):
    segmenter = UNetSegmenter(
        SegmentationModel(network, "small", "0" * 64), Run(CPU, **run), Path("small.pt")
    )
    return list(segmenter.sample(grey, segmenter.segment(grey), passes=passes, seed=seed))


def test_passes_differ_and_repeat_by_their_seed(network, grey):
    first, again, other = (sample(network, grey, seed=seed) for seed in (5, 5, 6))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.phases, two.phases)
        np.testing.assert_array_equal(one.probability, two.probability)
    assert any((one.phases != two.phases).any() for one, two in zip(first, other, strict=True))
    assert (first[0].phases != first[1].phases).any()
    # The first passes of many are those of few.
    for one, two in zip(first, sample(network, grey, passes=5), strict=False):
        np.testing.assert_array_equal(one.phases, two.phases)


@pytest.mark.parametrize(("tile", "batch"), [(32, 1), (24, 5)])
def test_passes_of_tiles_are_those_of_the_whole(network, grey, tile, batch):
    whole = sample(network, grey, tile_px=4096)
    for one, two in zip(sample(network, grey, tile_px=tile, batch=batch), whole, strict=True):
        np.testing.assert_array_equal(one.phases, two.phases)
        np.testing.assert_allclose(one.probability, two.probability, atol=1e-5)


def test_all_slices_of_a_stack_have_the_same_channels_left_out(network, grey):
    for each in sample(network, np.stack([grey, grey])):
        np.testing.assert_array_equal(each.phases[0], each.phases[1])
        np.testing.assert_array_equal(each.probability[0], each.probability[1])


def test_afterwards_the_network_answers_as_before(network, grey):
    before = predict_classes(network, grey, Run(CPU))
    with channels_left_out(network, np.random.default_rng(0)):
        assert (predict_classes(network, grey, Run(CPU)) != before).any()
    np.testing.assert_array_equal(predict_classes(network, grey, Run(CPU)), before)
    assert not network.training


def test_as_many_channels_are_left_out_as_the_network_was_trained_with(network):
    share = network.architecture.dropout
    features = torch.ones(1, 1, 16, 16)
    left_out = []
    kept_factor = set()
    for seed in range(300):
        seen = []
        hook = network.down[2][-1].register_forward_pre_hook(
            lambda _, inputs, seen=seen: seen.append(inputs[0])
        )
        with channels_left_out(network, np.random.default_rng(seed)):
            after = network.down[2][-1].register_forward_hook(lambda _, __, out, seen=seen: seen.append(out))
            with torch.inference_mode():
                network(features)
            after.remove()
        hook.remove()
        into, out = seen
        live = (into != 0).any(dim=(2, 3))[0] if into.ndim == 4 else None
        ratio = (out.abs().sum((0, 2, 3)) / into.abs().sum((0, 2, 3)))[live]
        left_out += (ratio == 0).tolist()
        kept_factor |= {round(float(value), 4) for value in ratio if value > 0}
    assert np.mean(left_out) == pytest.approx(share, abs=0.03)
    assert kept_factor == {round(1 / (1 - share), 4)}


def test_a_network_without_dropout_is_refused():
    network = random_network()
    object.__setattr__(network.architecture, "dropout", 0.0)
    segmenter = UNetSegmenter(SegmentationModel(network, "sure", "0" * 64), Run(CPU), Path("sure.pt"))
    with pytest.raises(SegmentationError, match="sure trained without dropout"):
        segmenter.require_passes()


class _Told:
    """A segmenter whose passes are written down."""

    def __init__(self, passes):
        self._passes = passes

    def sample(self, image, phases, *, passes, seed):
        assert passes == len(self._passes)
        self.asked = phases
        yield from self._passes


def test_confidence_of_a_region_is_the_mean_over_its_pixels_and_the_passes():
    stored = np.array([[NMC, NMC, 0, SSE], [0, 0, 0, SSE], [GRAPHITE, 0, 0, 0]], np.uint8)
    without_nmc = np.where(stored == NMC, 0, stored).astype(np.uint8)
    sure = np.where(stored > 0, 1.0, 0.2).astype(np.float32)
    less = sure.copy()
    less[0, 0], less[1, 3], less[2, 0] = 0.5, 0.0, 0.25
    told = _Told([Pass(stored, sure), Pass(without_nmc, less)])
    label = partial(label_phases, min_size_px=1)
    image = label(stored)
    assert image.region_phases.tolist() == [NMC, SSE, GRAPHITE]
    found = run_passes(told, stored, image, passes=2, seed=0, label=label, radius_px=3)
    assert found.confidence.tolist() == [(4 - 0.5) / 4, (4 - 1) / 4, (2 - 0.75) / 2]
    np.testing.assert_array_equal(told.asked, stored)
    # All three lie within three pixels of each other: one TPB. A single NMC has no other to share neighbours with.
    assert found.counts == (
        {"particles": 3.0, "tpbs": 1.0, "channel_share": 0.0},
        {"particles": 2.0, "tpbs": 0.0, "channel_share": None},
    )


def test_nothing_at_all_has_no_confidence():
    nothing = np.zeros((4, 4), np.uint8)
    label = partial(label_phases, min_size_px=1)
    told = _Told([Pass(nothing, np.ones((4, 4), np.float32))])
    found = run_passes(told, nothing, label(nothing), passes=1, seed=0, label=label, radius_px=3)
    assert found.confidence.size == 0
    assert found.counts == ({"particles": 0.0, "tpbs": 0.0, "channel_share": None},)


def test_structures_of_two_nmc_that_share_both_neighbours():
    phases = np.zeros((9, 9), np.uint8)
    phases[1, 1:8] = SSE
    phases[3:5, 1:3] = phases[3:5, 6:8] = NMC
    phases[6, 1:8] = GRAPHITE
    assert count_structures(label_phases(phases), radius_px=2) == {
        "particles": 4.0,
        "tpbs": 0.0,  # SSE and graphite are five pixels apart
        "channel_share": 1.0,
    }
