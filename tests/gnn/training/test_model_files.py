"""Model files: every bit comes back, nothing is unpickled, nothing damaged or foreign is used."""

import copy
import json
import pickle

import numpy as np
import pytest
import torch
from gnn_graphs import FEATURES, make_graph, make_set

from cathograph.gnn.answers.prediction import Predictor, prediction_rows
from cathograph.gnn.graph_layout import GraphLayout, check_layout, layout_of
from cathograph.gnn.training.ensemble import train_model
from cathograph.gnn.training.model_files import CARD, WEIGHTS, load_model, save_model
from cathograph.gnn.training.network_training import TrainingSettings
from cathograph.schema.errors import InputError, ModelError


@pytest.fixture(scope="module")
def graphs():
    return make_set(5, n_nmc=3, n_sse=3, n_graphite=2)


@pytest.fixture(scope="module")
def model(graphs):
    settings = TrainingSettings(sizes=(("hidden", 4),), max_epochs=2)
    return train_model(graphs, settings, name="toy", members=2, folds=2, device="cpu")


@pytest.fixture
def folder(model, tmp_path):
    save_model(model, tmp_path / "m")
    return tmp_path / "m"


def test_a_loaded_model_says_the_same(model, graphs, folder):
    again = load_model(folder)
    for graph in (*graphs, make_graph(70)):
        before, after = Predictor(model).predict(graph), Predictor(again).predict(graph)
        assert np.array_equal(before.members, after.members)
        assert before.part == after.part
    assert again.layout == model.layout
    assert again.settings == model.settings
    assert again.folds[1].split == model.folds[1].split


def test_the_hash_tells_models_apart_and_the_same_from_itself(model, folder, tmp_path):
    assert load_model(folder).model_hash == save_model(load_model(folder), tmp_path / "copy").model_hash
    changed = copy.deepcopy(model)
    next(iter(changed.folds[0].networks[0].weights.values())).view(-1)[0] += 1e-6
    assert save_model(changed, tmp_path / "changed").model_hash != load_model(folder).model_hash


def test_the_card_says_what_shaped_the_model(folder):
    card = json.loads((folder / CARD).read_text())
    assert card["layout"]["node_features"]["NMC"] == FEATURES
    assert card["settings"]["learning_rate"] == 1e-3
    assert card["versions"].keys() >= {"cathograph", "torch", "python"}
    assert len(card["folds"]) == 2


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda m: (m / WEIGHTS).unlink(), "no model in .*model.safetensors"),
        (lambda m: (m / CARD).unlink(), "no model in .*model.json"),
        (lambda m: (m / WEIGHTS).write_bytes((m / WEIGHTS).read_bytes()[:-7]), "do not belong together"),
        (lambda m: (m / WEIGHTS).write_bytes(pickle.dumps({"a": 1})), "do not belong together"),
        (lambda m: (m / CARD).write_text("{"), "no JSON"),
        (lambda m: (m / CARD).write_text("[]"), "format 'list'"),
        (
            lambda m: (m / CARD).write_text((m / CARD).read_text().replace('"format": 1', '"format": 9')),
            "format 9 in .*expected 1",
        ),
        (
            lambda m: (m / CARD).write_text((m / CARD).read_text().replace('"convexity"', '"area_px"')),
            "do not belong together",
        ),
    ],
)
def test_damaged_files_are_refused(folder, damage, found):
    damage(folder)
    with pytest.raises(ModelError, match=found):
        load_model(folder)


def test_no_room_is_an_error(model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not writable"):
        save_model(model, tmp_path / "file" / "m")


def other_feature(graph):
    graph.feature_names = ["area_um2", "convexity", "degree"]


def other_order(graph):
    graph.feature_names = ["convexity", "area_um2", "noise"]


def other_phase(graph):
    graph["Binder"].x = torch.zeros((0, 3))


def other_contacts(graph):
    graph.edge_feature_names = [
        "overlap_target_px",
        "overlap_source_px",
        "weight_px",
        "interface_um2",
        "gap_px",
    ]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (other_feature, r"other features of NMC in s1/000 .*missing: noise; not known to it: degree"),
        (other_order, r"in another order: convexity, area_um2, noise"),
        (other_phase, r"other phases in s1/000 .*not known to it: Binder"),
        (
            other_contacts,
            r"other features of contacts .*missing: interface_um; not known to it: interface_um2",
        ),
    ],
)
def test_graphs_of_other_features_or_phases_are_refused_by_name(model, change, found):
    graph = make_graph(0)
    change(graph)
    with pytest.raises(ModelError, match=found):
        Predictor(model).predict(graph)
    with pytest.raises(ModelError):
        check_layout(model.layout, graph)


def at_edge(graph, edge):
    graph.absorption_edge = edge
    return graph


def test_a_model_knows_the_edge_of_its_targets(graphs, tmp_path):
    """Graphs without a measurement name no edge; they say nothing about the model's."""
    few = TrainingSettings(sizes=(("hidden", 4),), max_epochs=1)
    at_co = [at_edge(copy.copy(graph), "Co K") for graph in graphs]
    unmeasured = at_edge(make_graph(80), "")
    trained = train_model([unmeasured, *at_co], few, name="co", members=1, folds=1, device="cpu")
    assert trained.layout.absorption_edge == "Co K"
    save_model(trained, tmp_path / "co")
    again = load_model(tmp_path / "co")
    assert again.layout.absorption_edge == "Co K"
    written = prediction_rows(again, Predictor(again).predict(unmeasured)).prediction
    assert (written["element"], written["edge"]) == ("Co", "K")
    with pytest.raises(
        ModelError, match=r"other absorption edge .*Co K.*Ni K|other absorption edge .*Ni K.*Co K"
    ):
        Predictor(again).predict(at_edge(make_graph(81), "Ni K"))
    with pytest.raises(ModelError, match="other absorption edge"):
        layout_of([unmeasured, *at_co, at_edge(make_graph(82), "Ni K")])


def test_a_card_from_before_edges_had_names_is_of_ni_k(model):
    card = model.layout.to_card()
    del card["absorption_edge"]
    assert GraphLayout.from_card(card).absorption_edge == "Ni K"


def test_a_model_knows_whether_it_learnt_from_flagged_states(model):
    """A card from before they were left out does not say so: it did."""
    card = model.layout.to_card()
    assert card["with_flagged"] is False
    assert not GraphLayout.from_card(card).with_flagged
    del card["with_flagged"]
    assert GraphLayout.from_card(card).with_flagged
