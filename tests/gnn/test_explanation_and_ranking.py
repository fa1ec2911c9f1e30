"""Explanations find what was planted; rankings order by it, and their changes do what they say."""

import numpy as np
import pytest
import torch
from gnn_graphs import make_graph, make_set, sse_interface

from cathograph.gnn.answers.explanation import explain_particle
from cathograph.gnn.answers.prediction import Predictor
from cathograph.gnn.answers.ranking import changes_of, name_candidates, score_candidates, score_changes
from cathograph.gnn.training.ensemble import keep_targets, train_model
from cathograph.gnn.training.network_training import TrainingSettings
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import ModelError

CHANGES = changes_of(SSB_CATHODE)

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def learned():
    """Give images and a model of two networks that has learned the planted sum over SSE contacts."""
    graphs = keep_targets(make_set(60, target="sse_interface"), ["soc_ev", "heterogeneity_ev"])
    settings = TrainingSettings(
        sizes=(("hidden", 12), ("dropout", 0.0)), learning_rate=1e-2, batch_images=12, max_epochs=30
    )
    return graphs, Predictor(train_model(graphs, settings, name="m", members=2, device="cpu"), device="cpu")


def test_contributions_are_those_planted(learned):
    """Of the particle's own SSE contacts, each contributes interface times the SSE's area feature."""
    graphs, predictor = learned
    graph = graphs[0]
    row = int(np.argmax(np.abs(sse_interface(graph))))
    explained = explain_particle(predictor, graph, graph["NMC"].key[row], "soc_ev", mask_epochs=3)
    assert explained.predicted_ev == pytest.approx(predictor.predict(graph).mean[row, 0], abs=1e-4)
    own = explained.contacts[explained.contacts["steps"] == 1]
    index, attr = graph["NMC", "contact", "SSE"].edge_index, graph["NMC", "contact", "SSE"].edge_attr
    planted = {
        int(graph["SSE"].label[sse]): float(interface * graph["SSE"].x[sse, 0])
        for sse, interface in zip(index[1][index[0] == row], attr[index[0] == row][:, 3], strict=True)
    }
    label = int(graph["NMC"].label[row])
    found = {}
    for one in own.itertuples():
        ends = {one.label_a, one.label_b}
        if {one.phase_a, one.phase_b} == {"NMC", "SSE"} and label in ends:
            found[(ends - {label}).pop()] = one.contribution_ev
    assert found.keys() == planted.keys()
    order = sorted(planted)
    assert np.corrcoef([planted[one] for one in order], [found[one] for one in order])[0, 1] > 0.9
    assert (
        own["contribution_ev"].abs().mean()
        > 3 * explained.contacts.query("steps == 2")["contribution_ev"].abs().mean()
    )


def test_the_tables_are_whole(learned):
    graphs, predictor = learned
    graph = graphs[1]
    explained = explain_particle(predictor, graph, graph["NMC"].key[0], "heterogeneity_ev", mask_epochs=3)
    pairs = explained.contacts[["label_a", "label_b"]].apply(frozenset, axis=1)
    assert pairs.is_unique  # a contact is two edges, and one row
    assert explained.contacts["mask"].between(0, 1).all()
    assert (explained.contacts["contribution_sd_ev"] >= 0).all()
    sizes = explained.contacts["contribution_ev"].abs().to_numpy()
    assert (np.diff(sizes) <= 0).all()
    assert set(explained.neighbours["steps"]) <= {1, 2}
    assert int(graph["NMC"].label[0]) not in set(explained.neighbours["label"])


def test_a_particle_without_contacts_has_nothing_to_explain(learned):
    _, predictor = learned
    (alone,) = keep_targets([make_graph(5, n_nmc=1, n_sse=0, n_graphite=0)], ["soc_ev", "heterogeneity_ev"])
    explained = explain_particle(predictor, alone, alone["NMC"].key[0], "soc_ev")
    assert len(explained.contacts) == len(explained.neighbours) == 0
    assert "contribution_ev" in explained.contacts.columns


def test_what_cannot_be_explained_is_named(learned):
    graphs, predictor = learned
    with pytest.raises(ModelError, match="no NMC of key 'k9:1' in the image"):
        explain_particle(predictor, graphs[0], "k9:1", "soc_ev")
    with pytest.raises(
        ModelError, match="target 'polarization_ev'; expected one of soc_ev, heterogeneity_ev"
    ):
        explain_particle(predictor, graphs[0], graphs[0]["NMC"].key[0], "polarization_ev")


def test_images_are_ranked_by_what_was_planted(learned):
    graphs, predictor = learned
    chosen = graphs[:12]
    table = score_candidates(predictor, name_candidates(chosen)).table()
    truth = {f"s1/{graph.image}": sse_interface(graph).mean() for graph in chosen}
    assert table["heterogeneity_ev"].is_monotonic_increasing
    assert np.corrcoef(table["heterogeneity_ev"], table["candidate"].map(truth))[0, 1] > 0.8
    assert (table["heterogeneity_sd_ev"] >= 0).all()
    assert (table["nmc"] == 8).all()


def test_changes_are_made_to_copies_and_mean_what_they_say(learned):
    graphs, predictor = learned
    before = graphs[0].clone()
    table = score_changes(predictor, graphs[:4])
    assert set(table["candidate"]) == set(CHANGES)
    assert torch.equal(graphs[0]["NMC"].x, before["NMC"].x)
    wider = CHANGES["NMC-SSE contacts 20 % wider"](graphs[0])
    key = ("SSE", "contact", "NMC")
    assert torch.allclose(wider[key].edge_attr[:, :4], 1.2 * before[key].edge_attr[:, :4])
    assert torch.equal(wider[key].edge_attr[:, 4], before[key].edge_attr[:, 4])  # the gap stays
    assert torch.equal(wider["SSE", "contact", "SSE"].edge_attr, before["SSE", "contact", "SSE"].edge_attr)
    smaller = CHANGES["NMC 10 % smaller in diameter"](graphs[0])
    assert torch.allclose(
        smaller["NMC"].x, before["NMC"].x * torch.tensor([0.81, 1.0, 1.0], dtype=torch.float64)
    )
    assert CHANGES["no NMC-Graphite contacts"](graphs[0])["Graphite", "contact", "NMC"].edge_index.shape == (
        2,
        0,
    )


def test_candidates_without_nmc_are_refused(learned):
    _, predictor = learned
    bare = keep_targets([make_graph(5, n_nmc=0)], ["soc_ev", "heterogeneity_ev"])
    with pytest.raises(ModelError, match="no active particle in 1 candidates"):
        score_candidates(predictor, name_candidates(bare))
