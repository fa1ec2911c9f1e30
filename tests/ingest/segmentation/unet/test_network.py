"""The network: shapes for any number of classes, its reach, its gates and its loss."""

import math

import numpy as np
import pytest
import torch
from small_networks import ALL_PHASES, random_network

from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.dual_attention import DualAttention
from cathograph.ingest.segmentation.unet.loss import class_weights, contours, segmentation_loss
from cathograph.ingest.segmentation.unet.network import Outputs, UNet
from cathograph.schema.errors import ModelError
from cathograph.schema.phases import NMC, SSE


@pytest.mark.parametrize("n_classes", [1, 2, 3, 4])
@pytest.mark.parametrize("attention", [True, False])
def test_shapes(n_classes, attention):
    network = random_network((3, 4, 5), attention=attention, classes=ALL_PHASES[:n_classes])
    outputs = network(torch.zeros(2, 1, 16, 24))
    assert outputs.logits.shape == (2, n_classes, 16, 24)
    levels = [(16, 24), (8, 12)] if attention else []
    assert [each.shape for each in outputs.class_logits] == [(2, n_classes, *side) for side in levels]
    assert [each.shape for each in outputs.boundary_logits] == [(2, 1, *side) for side in levels]


@pytest.mark.parametrize("attention", [True, False])
def test_no_pixel_beyond_the_margin_changes_an_answer_and_one_close_to_it_does(attention):
    # Channels (4, 4, 4): 2·(1+2+4) down, 2·(1+2) up, 1+2 for the boundary map, 3 for pooling: 26, so 28; without
    # attention 23, so 24.
    network = random_network((4, 4, 4), attention=attention)
    margin = network.architecture.margin_px
    assert margin == (28 if attention else 24)
    # Many random images: on each, some ways through the network are shut by its ReLUs.
    images = torch.randn(24, 1, 96, 96, requires_grad=True)
    reach = 0
    for y in range(48, 52):  # all places within a pixel of the coarsest resolution
        (gradient,) = torch.autograd.grad(network(images).logits[:, :, y, y].sum(), images)
        rows = torch.nonzero(gradient.abs().sum((0, 1, 3)))[:, 0]
        reach = max(reach, y - int(rows.min()), int(rows.max()) - y)
    assert margin - 6 < reach <= margin


def test_default_architecture_has_three_levels_above_the_bottom():
    default = Architecture(ALL_PHASES)
    assert (default.stride_px, default.margin_px) == (8, 64)


def test_a_fresh_gate_lets_the_skip_through_times_one_plus_the_boundary():
    # Class weights are 1 at first and probabilities sum to 1, so the class gate is 1 whatever the logits.
    torch.manual_seed(0)
    attention = DualAttention(3, 4)
    skip, up = torch.randn(1, 3, 6, 6), torch.randn(1, 3, 6, 6)
    gated, classes, boundary = attention(skip, up)
    torch.testing.assert_close(gated, skip * (1 + boundary.sigmoid()))
    assert classes.shape == (1, 4, 6, 6)


def test_batch_statistics_do_not_matter_in_inference():
    network = random_network()
    one, other = torch.randn(1, 1, 16, 16), 50 * torch.randn(1, 1, 16, 16)
    alone = network(one).logits
    together = network(torch.cat((one, other))).logits[:1]
    torch.testing.assert_close(alone, together)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"classes": ()}, "classes"),
        ({"classes": (NMC, SSE)}, "classes"),  # not by their codes
        ({"classes": (NMC, NMC)}, "classes"),
        ({"channels": (4,)}, "1 resolutions"),
        ({"channels": (4, 0)}, "channels"),
        ({"channels": (4, 10**9)}, "channels"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_shapes_that_cannot_be_built(changes, found):
    with pytest.raises(ModelError, match=found):
        Architecture(**{"classes": ALL_PHASES, **changes})


def test_contours_by_hand():
    target = torch.tensor([[[0, 0, 0, 0, 1, 1, 1, 1]] * 3])
    assert contours(target)[0, 1].tolist() == [False, False, False, True, True, False, False, False]
    assert contours(target, 2)[0, 1].tolist() == [False, False, True, True, True, True, False, False]


def test_loss_of_an_undecided_network_by_hand():
    # Two classes, equal logits, no auxiliary outputs: cross-entropy is ln 2 whatever the weights. Dice, for 2 pixels of
    # each class of 4: both classes 1 − (2·1 + 1) / (2 + 2 + 1) = 0.4.
    outputs = Outputs(torch.zeros(1, 2, 2, 2), [], [])
    target = torch.tensor([[[0, 1], [0, 1]]])
    loss = segmentation_loss(outputs, target, torch.tensor([0.3, 2.0]))
    assert float(loss) == pytest.approx(math.log(2) + 0.4)


def test_loss_of_a_right_answer_is_nearly_zero_and_of_a_wrong_one_is_not():
    target = torch.tensor([[[0, 1], [0, 1]]])
    right = 50.0 * torch.nn.functional.one_hot(target, 2).movedim(-1, 1).to(torch.float32)
    weights = torch.ones(2)
    assert float(segmentation_loss(Outputs(right, [], []), target, weights)) < 1e-6
    assert float(segmentation_loss(Outputs(right.flip(1), [], []), target, weights)) > 10


def test_auxiliary_outputs_are_supervised():
    network = random_network((3, 4, 5)).train()
    target = torch.from_numpy(np.random.default_rng(0).integers(0, 4, (2, 16, 16)))
    segmentation_loss(network(torch.randn(2, 1, 16, 16)), target, torch.ones(4)).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    bias = network.attention[1].boundary_logit.bias
    assert float(bias.grad.abs()) > 0


def test_rare_classes_weigh_more_and_absent_ones_count_as_one():
    weights = class_weights(torch.tensor([900, 100, 0]))
    # 1/30 and 1/10, over their mean 1/15.
    assert weights.tolist() == pytest.approx([0.5, 1.5, 1.0])


def test_same_size_with_and_without_attention():
    count = [
        sum(p.numel() for p in UNet(Architecture(ALL_PHASES, attention=on)).parameters())
        for on in (True, False)
    ]
    assert count[1] < count[0] < 1.05 * count[1]
