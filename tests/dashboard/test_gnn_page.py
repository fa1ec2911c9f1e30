"""The page GNN: a model's predictions beside what was measured."""

import json

import numpy as np
import pytest
from small_dashboard_store import MODEL_HASH, words
from toy_rows import make_toy_rows

from cathograph.dashboard.session.model_cards import CARD, find_card
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.queries.writing.images import IngestRunRecord, write_image

pytestmark = pytest.mark.long


def errors_of(app):
    return {each.label: each.value for each in app.metric}


def test_errors_are_those_of_the_test_images(small_store, open_page):
    table = run(small_store, load("predictions"), {"sample": "BLE-1"})
    both = table.dropna(subset=["heterogeneity_ev", "heterogeneity_ev_predicted"])
    residual = both["heterogeneity_ev_predicted"] - both["heterogeneity_ev"]
    app = open_page("gnn")
    assert not app.exception
    shown = errors_of(app)
    assert shown["NMC predicted"] == f"{len(table):,}"
    assert shown["also measured"] == f"{len(both):,}"
    assert float(shown["RMSE (eV)"]) == pytest.approx(np.sqrt((residual**2).mean()), abs=6e-4)
    assert len(app.get("plotly_chart")) == 2
    assert "cathograph gnn train" in words(app)


def test_the_filter_narrows_it(small_store, open_page):
    everything = open_page("gnn")
    app = open_page("gnn", image=["BLE-1/BLE00"])
    assert int(errors_of(app)["NMC predicted"]) < int(errors_of(everything)["NMC predicted"])
    assert "filter" in words(open_page("gnn", sample=["LCD-1"]))


def test_without_a_model_it_says_how_to_train_one(empty_store, open_page):
    write_image(empty_store, make_toy_rows(), IngestRunRecord.of_memory("field"))
    assert "cathograph gnn train" in words(open_page("gnn"))


def test_the_card_of_a_model_is_found_by_its_hash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = {"seed": 0, "epochs": 3, "best_epoch": 1, "validation_loss": 0.5}
    cards = {
        "other": "{", "another": json.dumps({"model_hash": "x"}),
        "mine": json.dumps({"model_hash": MODEL_HASH, "folds": [{"networks": [network]}]}),
        "noted": json.dumps(
            {"model_hash": "n", "folds": [{"networks": [network | {"validation_losses": [1, 0.5, 0.6]}]}]}
        ),
    }  # fmt: skip
    for name, text in cards.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / CARD).write_text(text)
    card = find_card(MODEL_HASH)
    assert card is not None
    assert card.folder.name == "mine"
    assert card.networks.to_dict("records") == [{"fold": 1, "network": 1, **network}]
    assert card.curves == {}
    noted = find_card("n")
    assert noted is not None
    assert noted.curves == {"fold 1, network 1": [1.0, 0.5, 0.6]}
    assert find_card("unknown") is None
