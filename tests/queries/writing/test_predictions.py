"""Predictions in the store: beside measurements, once, whole, and what the queries say of them."""

import dataclasses
from importlib.resources import files

import pandas as pd
import pytest
from toy_measurement import make_toy_measurement
from toy_prediction import make_toy_prediction
from toy_rows import make_toy_rows

from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.reading.runner import run
from cathograph.queries.server.migrations import schema_files, statements
from cathograph.queries.writing.activation import activate
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.queries.writing.measurements import write_measurement
from cathograph.queries.writing.predictions import write_prediction
from cathograph.schema.errors import DatabaseError, QueryError, RowError
from cathograph.schema.nodes import PREDICTION
from cathograph.schema.relationships import PREDICTS


def add(store, rows=None):
    return write_prediction(
        store, rows or make_toy_prediction(), IngestRunRecord.of_memory("toy.safetensors")
    )


def ask(store, name, **given):
    return run(store, load(name), load(name).bind(given))


def rows_of(table, *columns):
    return {
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in table[list(columns)].itertuples(index=False)
    }


def test_predictions_stand_beside_measurements(toy_store):
    write_measurement(toy_store, make_toy_measurement(), IngestRunRecord.of_memory("map"))
    before = rows_of(ask(toy_store, "states"), "label", "soc_ev", "heterogeneity_ev", "polarization_ev")
    assert add(toy_store) == "written"
    assert (
        rows_of(ask(toy_store, "states"), "label", "soc_ev", "heterogeneity_ev", "polarization_ev") == before
    )
    table = ask(toy_store, "predictions")
    assert rows_of(table, "label", "key", "soc_ev_predicted", "soc_ev", "polarization_ev", "soc_sd_ev") == {
        (1, "k1:1", 8343.5, 8343.0, 1.0, 0.1),
        (2, "k1:2", 8344.5, 8344.0, None, 0.2),
        (5, "k1:5", 8345.0, None, None, 0.3),
    }
    assert rows_of(table, "sample", "image", "model", "model_hash", "split", "members") == {
        ("s1", "field", "toy", "h1", "test", 2)
    }


def test_a_prediction_stands_beside_what_was_measured_at_its_edge(toy_store):
    """The Co energies are 617 eV lower; beside a model of Ni K they would be an error of 617 eV."""
    at_co = {"element": "Co", "edge": "K"}
    write_measurement(toy_store, make_toy_measurement(), IngestRunRecord.of_memory("ni"))
    write_measurement(
        toy_store, make_toy_measurement("m2", shift_ev=-617, **at_co), IngestRunRecord.of_memory("co")
    )
    add(toy_store)
    add(toy_store, make_toy_prediction("other", "h2", shift_ev=-617, **at_co))
    columns = ("label", "model", "element", "soc_ev_predicted", "soc_ev")
    at_ni = {
        (1, "toy", "Ni", 8343.5, 8343.0),
        (2, "toy", "Ni", 8344.5, 8344.0),
        (5, "toy", "Ni", 8345.0, None),
    }
    moved = {
        (label, "other", "Co", predicted - 617, measured and measured - 617)
        for label, _, _, predicted, measured in at_ni
    }
    assert rows_of(ask(toy_store, "predictions"), *columns) == at_ni | moved
    assert rows_of(ask(toy_store, "predictions", edge="Co K"), *columns) == moved
    assert rows_of(ask(toy_store, "prediction_models"), "model", "element", "edge") == {
        ("toy", "Ni", "K"),
        ("other", "Co", "K"),
    }


def test_predictions_from_before_edges_had_names_become_those_of_ni_k(toy_store, neo4j_server):
    add(toy_store)
    migration = next(name for name in schema_files().values() if "edges-of-predictions" in name)
    text = (files("cathograph.schema") / "constraints" / migration).read_text(encoding="utf-8")
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (p:Prediction) REMOVE p.element, p.edge")
    before = rows_of(ask(toy_store, "predictions"), "label", "soc_ev_predicted", "element")
    assert {each[-1] for each in before} == {None}
    for _ in range(2):
        toy_store.change_schema(statements(text))
        now = rows_of(ask(toy_store, "predictions", edge="Ni K"), "label", "soc_ev_predicted", "edge")
        assert now == {(label, energy, "K") for label, energy, _ in before}


def test_stored_properties_are_those_declared(toy_store):
    add(toy_store)
    for text, declared in (
        ("MATCH (p:Prediction) RETURN keys(p)", PREDICTION.properties),
        ("MATCH ()-[p:PREDICTS]->() RETURN keys(p)", PREDICTS.properties),
    ):
        for (names,) in toy_store.read(text).rows:
            assert set(names) == {prop.name for prop in declared}


def test_twice_writes_nothing_but_a_run(toy_store):
    empty = content_hash(toy_store)
    add(toy_store)
    before, number = content_hash(toy_store), counts(toy_store)
    assert before != empty
    assert add(toy_store) == "unchanged"
    after = counts(toy_store)
    assert content_hash(toy_store) == before
    assert after.pop("IngestRun") == number.pop("IngestRun") + 1
    assert after.pop("WROTE") == number.pop("WROTE") + 1
    assert after == number


def test_other_values_of_the_same_model_take_the_place_of_the_old(toy_store):
    add(toy_store)
    number = counts(toy_store)
    assert add(toy_store, make_toy_prediction(shift_ev=1.0)) == "written"
    after = counts(toy_store)
    assert (after["Prediction"], after["PREDICTS"]) == (number["Prediction"], number["PREDICTS"]) == (1, 3)
    assert rows_of(ask(toy_store, "predictions"), "label", "soc_ev_predicted") == {
        (1, 8344.5), (2, 8345.5), (5, 8346.0),
    }  # fmt: skip


def test_two_models_stand_side_by_side(toy_store):
    add(toy_store)
    add(toy_store, make_toy_prediction("other", "h2", split="train"))
    assert len(ask(toy_store, "predictions")) == 6
    assert set(ask(toy_store, "predictions", model="other")["model_hash"]) == {"h2"}
    assert set(ask(toy_store, "predictions", model="h1")["model"]) == {"toy"}
    models = ask(toy_store, "prediction_models")
    assert list(models["model"]) == ["other", "toy"]  # the newest first
    parts = ("images", "train_images", "validation_images", "test_images", "unseen_images")
    assert rows_of(models, "model", *parts, "nmc") == {
        ("toy", 1, 0, 0, 1, 0, 3), ("other", 1, 1, 0, 0, 0, 3),
    }  # fmt: skip


def test_what_a_model_does_not_predict_is_null(toy_store):
    rows = make_toy_prediction()
    only = rows.predicted.assign(soc_ev=float("nan"), soc_sd_ev=float("nan"))
    add(toy_store, dataclasses.replace(rows, predicted=only))
    table = ask(toy_store, "predictions")
    assert table["soc_ev_predicted"].isna().all()
    assert not table["heterogeneity_ev_predicted"].isna().any()


def test_a_prediction_stays_with_its_segmentation(toy_store):
    add(toy_store)
    write_image(toy_store, make_toy_rows(key="k2"), IngestRunRecord.of_memory("toy"))
    assert len(ask(toy_store, "predictions")) == 0
    assert len(ask(toy_store, "prediction_models")) == 0
    activate(toy_store, "k1")
    assert len(ask(toy_store, "predictions")) == 3


def test_a_segmentation_out_of_sight_is_refused_and_nothing_is_written(toy_store):
    write_image(toy_store, make_toy_rows(key="k2"), IngestRunRecord.of_memory("toy"))
    with pytest.raises(DatabaseError, match=r"Found 0 of 3 NMC of the prediction in sight; expected all"):
        add(toy_store)
    assert "Prediction" not in counts(toy_store)


def test_a_segmentation_that_is_gone_is_refused(toy_store):
    with pytest.raises(QueryError, match="Found no segmentation 'k9'"):
        add(toy_store, make_toy_prediction(segmentation="k9"))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (make_toy_prediction(split="training"), "prediction.split 'training'; expected one of train,"),
        (make_toy_prediction(members=0), "members"),
        (
            dataclasses.replace(
                make_toy_prediction(), predicted=make_toy_prediction().predicted.assign(label=[1, 1, 5])
            ),
            "label 1 twice",
        ),
        (
            dataclasses.replace(
                make_toy_prediction(),
                predicted=make_toy_prediction().predicted.assign(soc_ev=[8343.0, float("inf"), 1]),
            ),
            "soc_ev",
        ),
    ],
)
def test_rows_that_break_the_model_are_refused(toy_store, rows, found):
    with pytest.raises(RowError, match=found):
        add(toy_store, rows)
    assert "Prediction" not in counts(toy_store)
