"""Models of other composites: names make no difference to the numbers, and a model takes its own phases only."""

import json

import numpy as np
import pytest
from gnn_graphs import make_graph, make_set
from torch_geometric.data import HeteroData

from cathograph.gnn.answers.explanation import explain_particle
from cathograph.gnn.answers.prediction import Predictor
from cathograph.gnn.answers.ranking import changes_of, score_changes
from cathograph.gnn.training.ensemble import train_model
from cathograph.gnn.training.model_files import CARD, WEIGHTS, _hash, load_model, save_model
from cathograph.gnn.training.network_training import TrainingSettings
from cathograph.schema.composites import SSB_CATHODE, built_in
from cathograph.schema.errors import ModelError

SOFC = built_in("sofc-electrode")
SETTINGS = TrainingSettings(sizes=(("hidden", 4),), max_epochs=2)
NAMES = {"NMC": "Ni", "SSE": "YSZ", "Graphite": "Pore"}


def of_fuel_electrode(graph):
    """Give the same graph under the names of the fuel electrode."""

    def named(key):
        return tuple(map(named, key)) if isinstance(key, tuple) else NAMES.get(key, key)

    renamed = HeteroData.from_dict({named(key): value for key, value in graph.to_dict().items()})
    renamed.composite, renamed.composite_definition = SOFC.name, SOFC.definition
    return renamed


def test_changes_are_named_by_the_carriers():
    assert list(changes_of(SSB_CATHODE)) == [
        "NMC-SSE contacts 20 % wider",
        "NMC-SSE contacts 20 % narrower",
        "NMC-Graphite contacts 20 % wider",
        "NMC-Graphite contacts 20 % narrower",
        "no NMC-NMC contacts",
        "no NMC-Graphite contacts",
        "NMC 10 % smaller in diameter",
    ]
    five = changes_of(built_in("ssb-cathode-with-voids-and-metal"))
    assert {"NMC-Lithium contacts 20 % wider", "no NMC-Lithium contacts"} < set(five)
    assert not [name for name in five if "Void" in name]


@pytest.mark.training
@pytest.mark.parametrize("architecture", ["nnconv", "gatv2", "mlp"])
def test_names_of_phases_change_no_prediction(architecture, tmp_path):
    settings = TrainingSettings(architecture=architecture, sizes=(("hidden", 4),), max_epochs=2)
    graphs = make_set(5, n_nmc=3, n_sse=3, n_graphite=2)
    renamed = [of_fuel_electrode(graph) for graph in graphs]
    one = train_model(graphs, settings, name="m", device="cpu")
    other = train_model(renamed, settings, name="m", device="cpu")
    save_model(other, tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert loaded.layout.target_phase == "Ni"
    new = make_graph(70)
    expected = Predictor(one, device="cpu").predict(new).members
    assert np.array_equal(Predictor(loaded, device="cpu").predict(of_fuel_electrode(new)).members, expected)
    with pytest.raises(ModelError, match="missing: Ni, YSZ, Pore; not known to it: NMC, SSE, Graphite"):
        Predictor(loaded, device="cpu").predict(new)


@pytest.mark.training
def test_answers_have_the_names_of_the_composite():
    graphs = [of_fuel_electrode(graph) for graph in make_set(5, n_nmc=3, n_sse=3, n_graphite=2)]
    predictor = Predictor(train_model(graphs, SETTINGS, name="m", device="cpu"), device="cpu")
    explained = explain_particle(predictor, graphs[0], graphs[0]["Ni"].key[0], "soc_ev", mask_epochs=0)
    assert set(explained.neighbours["phase"]) <= {"Ni", "YSZ", "Pore"}
    with pytest.raises(ModelError, match="no Ni of key 'k9:1'"):
        explain_particle(predictor, graphs[0], "k9:1", "soc_ev")
    assert set(score_changes(predictor, graphs)["candidate"]) == set(changes_of(SOFC))


@pytest.mark.training
def test_a_model_of_an_earlier_version_predicts_nmc(tmp_path):
    graphs = make_set(5, n_nmc=3, n_sse=3, n_graphite=2)
    model = train_model(graphs, SETTINGS, name="m", device="cpu")
    save_model(model, tmp_path)
    card = json.loads((tmp_path / CARD).read_text())
    assert card["layout"].pop("target_phase") == "NMC"
    covered = {name: part for name, part in card.items() if name not in ("model_hash", "saved")}
    card["model_hash"] = _hash(covered, (tmp_path / WEIGHTS).read_bytes())
    (tmp_path / CARD).write_text(json.dumps(card))
    loaded = load_model(tmp_path)
    assert loaded.layout == model.layout
    new = make_graph(70)
    assert np.array_equal(
        Predictor(loaded, device="cpu").predict(new).members,
        Predictor(model, device="cpu").predict(new).members,
    )
