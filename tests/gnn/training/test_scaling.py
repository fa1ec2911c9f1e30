"""z-scores: of the training part alone, whatever is constant or missing in it."""

import pytest
import torch
from gnn_graphs import make_graph, make_set

from cathograph.gnn.graph_layout import layout_of
from cathograph.gnn.training.scaling import Scaling, fit_scaling
from cathograph.schema.errors import ModelError


def test_hand_worked():
    """Areas 1, 2, 3: mean 2, deviation √(2/3); 5 is then 3 / √(2/3)."""
    train, other = make_graph(0, n_nmc=3), make_graph(1, n_nmc=1)
    train["NMC"].x[:, 0] = torch.tensor([1.0, 2.0, 3.0])
    other["NMC"].x[:, 0] = 5.0
    scaling = fit_scaling([train], layout_of([train]))
    assert scaling.nodes["NMC"].mean[0] == 2
    assert scaling.apply(other)["NMC"].x[0, 0].item() == pytest.approx(3 / (2 / 3) ** 0.5)


def test_the_test_part_does_not_show():
    train, layout = make_set(3), layout_of(make_set(3))
    before = fit_scaling(train, layout).to_card()
    make_graph(9)["NMC"].x.mul_(1e6)
    assert fit_scaling(train, layout).to_card() == before
    scaled = torch.cat([fit_scaling(train, layout).apply(graph)["NMC"].x for graph in train])
    assert torch.allclose(scaled.mean(dim=0), torch.zeros(3), atol=1e-6)
    assert torch.allclose(scaled.std(dim=0, correction=0), torch.ones(3), atol=1e-5)


def test_missing_targets_count_neither_in_moments_nor_in_scores():
    graph = make_graph(0, n_nmc=3)
    graph["NMC"].y[:, 0] = torch.tensor([1.0, 3.0, 1e9])
    graph["NMC"].y_mask[2, 0] = False
    scaling = fit_scaling([graph], layout_of([graph]))
    assert scaling.targets.mean[0] == 2
    assert scaling.apply(graph)["NMC"].y[:, 0].tolist() == [-1.0, 1.0, 0.0]


def test_a_feature_without_variance_is_zero_everywhere():
    train, other = make_graph(0), make_graph(1)
    train["NMC"].x[:, 1] = 0.1  # whose mean is not exactly 0.1
    scaling = fit_scaling([train], layout_of([train]))
    assert (scaling.apply(other)["NMC"].x[:, 1] == 0).all()
    assert torch.isfinite(scaling.apply(other)["NMC"].x).all()


def test_a_phase_that_never_occurs_is_no_error():
    train = make_set(2, n_graphite=0)
    scaling = fit_scaling(train, layout_of(train))
    assert torch.isfinite(scaling.apply(make_graph(7))["Graphite"].x).all()


def test_the_card_gives_back_every_bit():
    train = make_set(2)
    scaling = fit_scaling(train, layout_of(train))
    again = Scaling.from_card(scaling.to_card())
    assert torch.equal(again.contacts.deviation, scaling.contacts.deviation)
    assert torch.equal(again.targets.mean, scaling.targets.mean)


def test_restoring_undoes_scaling():
    train = make_set(2)
    targets = fit_scaling(train, layout_of(train)).targets
    y = train[0]["NMC"].y
    assert torch.allclose(targets.restore(targets.scale(y)), y)


def _break_feature(graph):
    graph["SSE"].x[2, 1] = torch.nan


def _break_contact(graph):
    graph["NMC", "contact", "SSE"].edge_attr[0, 3] = torch.inf


def _break_state(graph):
    graph["NMC"].y[0, 0] = torch.nan


def _unmeasured(graph):
    graph["NMC"].y_mask[:, 1] = False


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (_break_feature, "nan for convexity of particle ks1000:11 in s1/000; expected a number"),
        (_break_contact, "contact NMC-SSE of s1/000 whose interface_um is no number"),
        (_break_state, "a measured state of s1/000 that is no number"),
        (_unmeasured, "no measured heterogeneity_ev in 1 training images"),
    ],
)
def test_what_cannot_be_learned_from_is_named(damage, found):
    graph = make_graph(0)
    damage(graph)
    with pytest.raises(ModelError, match=found):
        fit_scaling([graph], layout_of([graph]))
