"""Measurements in the store: all or nothing, once, versions side by side, and what the queries say of them."""

# ruff: noqa: E501  tables worked out by hand, one row a line

import dataclasses
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta

import pandas as pd
import pytest
from toy_measurement import make_toy_measurement
from toy_rows import make_toy_rows

from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.reading.graph_columns import exported_images, read_columns
from cathograph.queries.reading.measured_edges import measured_edges
from cathograph.queries.reading.runner import run
from cathograph.queries.reading.sampled_columns import read_sampled_particles
from cathograph.queries.server.connection import connect
from cathograph.queries.writing.activation import activate
from cathograph.queries.writing.images import IngestRunRecord, unfinished, write_image
from cathograph.queries.writing.measurements import (
    active_segmentation,
    discard_unfinished_measurement,
    measurements_left_behind,
    note_known_measurement,
    write_measurement,
)
from cathograph.schema.errors import DatabaseError, QueryError, RowError
from cathograph.schema.nodes import MEASUREMENT
from cathograph.schema.relationships import STATE
from cathograph.schema.rows import FieldOfView


def add(store, rows=None, **options):
    return write_measurement(
        store, rows or make_toy_measurement(), IngestRunRecord.of_memory("map"), **options
    )


def ask(store, name, **given):
    return run(store, load(name), load(name).bind(given))


def rows_of(table, *columns):
    return {
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in table[list(columns)].itertuples(index=False)
    }


@pytest.mark.parametrize("group_rows", [10_000, 1, 2])
def test_everything_is_there_however_it_is_cut(toy_store, group_rows):
    result = add(toy_store, group_rows=group_rows)
    assert dataclasses.astuple(result) == ("written", "m1", 3, 2, 2)
    found = counts(toy_store)
    assert (found["Measurement"], found["STATE"], found["ON"]) == (1, 3, 1)
    assert "StagedMeasurement" not in found
    assert toy_store.read("MATCH (m:Measurement)-[:OF]->(i:Image) RETURN m.key, i.id").rows == [
        ["m1", "field"]
    ]
    wrote = toy_store.read("MATCH (r:IngestRun)-[:WROTE]->(m:Measurement) RETURN r.state, r.file_name").rows
    assert wrote == [["written", "map"]]


def test_stored_properties_are_those_declared(toy_store):
    add(toy_store)
    for text, declared in (
        ("MATCH (m:Measurement) RETURN keys(m)", MEASUREMENT.properties),
        ("MATCH ()-[s:STATE]->() RETURN keys(s)", STATE.properties),
    ):
        found = {name for (names,) in toy_store.read(text).rows for name in names}
        assert found <= {prop.name for prop in declared}
        assert {prop.name for prop in declared if not prop.nullable} <= found


def test_the_content_does_not_depend_on_how_it_is_cut(toy_store, neo4j_server):
    hashes = set()
    for group_rows in (10_000, 1):
        add(toy_store, group_rows=group_rows)
        hashes.add(content_hash(toy_store))
        with neo4j_server.driver() as driver:
            driver.execute_query("MATCH (m:Measurement) DETACH DELETE m")
    assert len(hashes) == 1


def test_twice_writes_nothing_but_a_run(toy_store):
    empty = content_hash(toy_store)
    add(toy_store)
    before, number = content_hash(toy_store), counts(toy_store)
    assert before != empty, "the content hash must see measurements"
    assert add(toy_store).state == "unchanged"
    after = counts(toy_store)
    assert content_hash(toy_store) == before
    assert after.pop("IngestRun") == number.pop("IngestRun") + 1
    assert after.pop("WROTE") == number.pop("WROTE") + 1
    assert after == number


def test_a_changed_value_shows_in_the_content_hash(toy_store, neo4j_server):
    add(toy_store)
    before = content_hash(toy_store)
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (:Measurement)-[s:STATE]->({label: 1}) SET s.soc_ev = 8343.5")
    assert content_hash(toy_store) != before


def test_a_second_map_is_a_second_measurement(toy_store):
    add(toy_store)
    first = content_hash(toy_store)
    assert add(toy_store, make_toy_measurement("m2", shift_ev=1.0)).state == "written"
    both = content_hash(toy_store)
    assert rows_of(ask(toy_store, "measurements"), "measurement", "active", "in_sight", "particles", "measured", "flagged") == {
        ("m1", False, False, 3, 2, 2), ("m2", True, True, 3, 2, 2),
    }  # fmt: skip
    assert rows_of(ask(toy_store, "states"), "label", "soc_ev", "measurement") == {
        (1, 8344.0, "m2"), (2, 8345.0, "m2"), (5, None, "m2"),
    }  # fmt: skip
    assert add(toy_store).state == "reactivated"
    assert rows_of(ask(toy_store, "states"), "label", "soc_ev") == {(1, 8343.0), (2, 8344.0), (5, None)}
    assert len({first, both, content_hash(toy_store)}) == 3
    known = note_known_measurement(toy_store, "k1", "m2", IngestRunRecord.of_memory("map"))
    assert known is not None
    assert known.state == "reactivated"
    assert content_hash(toy_store) == both


def test_a_measurement_stays_with_its_segmentation(toy_store):
    """Another segmentation of the image has no states; the older one, back in sight, has its own again."""
    add(toy_store)
    before = content_hash(toy_store)
    write_image(toy_store, make_toy_rows(key="k2"), IngestRunRecord.of_memory("toy"))
    assert ask(toy_store, "states")["soc_ev"].isna().all()
    assert rows_of(ask(toy_store, "measurements"), "measurement", "active", "in_sight") == {
        ("m1", True, False)
    }
    assert len(ask(toy_store, "state_by_structure")) == 0
    add(toy_store, make_toy_measurement("m2", segmentation="k2", shift_ev=2.0))
    assert rows_of(ask(toy_store, "states"), "label", "soc_ev") == {(1, 8345.0), (2, 8346.0), (5, None)}
    activate(toy_store, "k1")
    assert rows_of(ask(toy_store, "states"), "label", "soc_ev") == {(1, 8343.0), (2, 8344.0), (5, None)}
    assert content_hash(toy_store) != before
    assert counts(toy_store)["STATE"] == 6


def test_states(toy_store):
    """One row per NMC, also before there is a map; with what the statistics compare them by."""
    promised = "sample image volume cathode label area_um2 soc_ev heterogeneity_ev polarization_ev at_tpb at_physical_tpb has_concurrent_channel n_valid dropped_fraction"
    without = ask(toy_store, "states")
    assert list(without.columns)[:14] == promised.split()
    structure = (
        "sample",
        "image",
        "volume",
        "label",
        "area_um2",
        "at_tpb",
        "at_physical_tpb",
        "has_concurrent_channel",
    )
    expected = {
        ("s1", "field", None, 1, 0.1, True, True, True),
        ("s1", "field", None, 2, 0.2, True, False, True),
        ("s1", "field", None, 5, 0.5, False, False, False),
    }
    assert rows_of(without, *structure) == expected
    assert without[["soc_ev", "heterogeneity_ev", "polarization_ev", "n_valid", "flagged"]].isna().all().all()
    add(toy_store)
    table = ask(toy_store, "states")
    assert rows_of(table, *structure) == expected
    assert rows_of(table, "label", "soc_ev", "heterogeneity_ev", "polarization_ev", "n_valid", "dropped_fraction", "n_peaks", "flagged", "reason") == {
        (1, 8343.0, 0.5, 1.0, 100, 0.0, 2, False, None),
        (2, 8344.0, 0.7, None, 90, 0.2, 3, True, "one side"),
        (5, None, None, None, 3, 0.0, None, True, "too few valid pixels"),
    }  # fmt: skip


def test_states_of_a_slice_name_their_volume(store):
    write_image(
        store, make_toy_rows(volume="v", slice_index=4, cathode="LCD"), IngestRunRecord.of_memory("toy")
    )
    assert rows_of(ask(store, "states"), "volume", "cathode", "label") == {
        ("v", "LCD", 1), ("v", "LCD", 2), ("v", "LCD", 5),
    }  # fmt: skip


def test_state_by_structure(toy_store):
    assert len(ask(toy_store, "state_by_structure")) == 0, "without a map there is nothing to average"
    add(toy_store)
    table = ask(toy_store, "state_by_structure")
    columns = (
        "structure",
        "present",
        "particles",
        "measured",
        "flagged",
        "mean_soc_ev",
        "mean_heterogeneity_ev",
        "mean_polarization_ev",
        "with_polarization",
        "same_method",
    )
    assert rows_of(table, *columns) == {
        ("TPB", True, 2, 2, 1, 8343.5, 0.6, 1.0, 1, True),
        ("TPB", False, 1, 0, 1, None, None, None, 0, True),
        ("physical TPB", True, 1, 1, 0, 8343.0, 0.5, 1.0, 1, True),
        ("physical TPB", False, 2, 1, 2, 8344.0, 0.7, None, 0, True),
        ("concurrent channel", True, 2, 2, 1, 8343.5, 0.6, 1.0, 1, True),
        ("concurrent channel", False, 1, 0, 1, None, None, None, 0, True),
        ("touching channel", False, 3, 2, 2, 8343.5, 0.6, 1.0, 1, True),
    }  # fmt: skip


def test_maps_read_in_different_ways_are_told(toy_store):
    add(toy_store)
    write_image(toy_store, make_toy_rows(image="other", key="k2"), IngestRunRecord.of_memory("toy"))
    add(toy_store, make_toy_measurement("m2", segmentation="k2", params='{"version":1,"window_low_ev":8330}'))
    table = ask(toy_store, "state_by_structure")
    assert not table["same_method"].any()
    assert ask(toy_store, "state_by_structure", image="other")["same_method"].all()


def test_methods_count_over_a_sample_not_over_one_row(toy_store, neo4j_server):
    """Image one, method A, has NMC at TPBs only, image two, method B, has none: each row has one method.

    Comparing the rows mixes the two all the same.
    """
    add(toy_store, make_toy_measurement(params='{"version":1}'))
    rows = make_toy_rows(image="other", key="k2")
    bare = dataclasses.replace(
        rows, tpbs=rows.tpbs.iloc[:0], segmentation={**rows.segmentation, "n_tpbs": 0, "n_physical_tpbs": 0}
    )
    write_image(toy_store, bare, IngestRunRecord.of_memory("toy"))
    add(toy_store, make_toy_measurement("m2", segmentation="k2", params='{"version":2}'))
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (:Measurement {key: 'm1'})-[s:STATE]->({label: 5}) DELETE s")
    table = ask(toy_store, "state_by_structure")
    tpb = table[table["structure"] == "TPB"]
    assert sorted(zip(tpb["present"], tpb["particles"], strict=True)) == [(False, 3), (True, 2)]
    assert not table["same_method"].any()


# Wrong, interrupted, at once -----------------------------------------------------------------------------


def test_wrong_rows_write_nothing(toy_store):
    before, number = content_hash(toy_store), counts(toy_store)
    rows = make_toy_measurement()
    for bad, words in (
        ({"states": rows.states.assign(soc_ev=float("inf"))}, r"inf.* in row 0 in states\.soc_ev"),
        ({"states": rows.states.assign(label=[1, 1, 5])}, "label 1 twice"),
        ({"states": rows.states.assign(missing_fraction=1.5)}, "fraction of 1.5"),
        ({"states": rows.states.drop(columns="reason")}, "reason"),
        ({"measurement": {**rows.measurement, "n_flagged": 1}}, r"measurement\.n_flagged 1 and 2 rows"),
        ({"measurement": {**rows.measurement, "shape": "8"}}, r"measurement\.shape"),
    ):
        with pytest.raises(RowError, match=words):
            add(toy_store, dataclasses.replace(rows, **bad))
    assert content_hash(toy_store) == before
    assert counts(toy_store) == number


def fewer(labels, **options):
    rows = make_toy_measurement(**options)
    states = rows.states[rows.states["label"].isin(labels)].reset_index(drop=True)
    about = {
        "n_particles": len(states),
        "n_measured": int(states["soc_ev"].notna().sum()),
        "n_flagged": int(states["flagged"].sum()),
    }
    return dataclasses.replace(rows, states=states, measurement={**rows.measurement, **about})


@pytest.mark.parametrize("group_rows", [10_000, 1])
def test_states_must_be_those_of_the_nmc_in_sight(toy_store, group_rows):
    """A particle too few, one that is no NMC, a segmentation that is hidden: nothing becomes visible."""
    before = content_hash(toy_store)
    with pytest.raises(DatabaseError, match="2 states for 3 NMC"):
        add(toy_store, fewer([1, 2]), group_rows=group_rows)
    rows = make_toy_measurement("m3")
    with pytest.raises(DatabaseError, match="NMC of the states in sight"):
        add(
            toy_store,
            dataclasses.replace(rows, states=rows.states.assign(label=[1, 3, 5])),
            group_rows=group_rows,
        )
    assert content_hash(toy_store) == before
    write_image(toy_store, make_toy_rows(key="k2"), IngestRunRecord.of_memory("toy"))
    with pytest.raises(DatabaseError, match="NMC of the states in sight"):
        add(toy_store, make_toy_measurement("m4"), group_rows=group_rows)
    assert "Measurement" not in counts(toy_store)
    with pytest.raises(QueryError, match="no segmentation 'none'"):
        add(toy_store, make_toy_measurement(segmentation="none"))


def interrupted(store, rows, group_rows=1):
    """Leave a measurement behind of which two groups were written, as a killed ingest does."""
    staged = dataclasses.replace(rows, states=rows.states.assign(label=[1, 2, 999]))
    with pytest.raises(DatabaseError, match="0 of 1 NMC"):
        add(store, staged, group_rows=group_rows)
    return staged


def test_half_a_measurement_is_not_seen_and_other_rows_start_over(toy_store):
    before = content_hash(toy_store)
    interrupted(toy_store, make_toy_measurement())
    assert counts(toy_store)["StagedMeasurement"] == 1
    assert content_hash(toy_store) == before
    assert len(ask(toy_store, "measurements")) == 0
    assert ask(toy_store, "states")["soc_ev"].isna().all()
    assert add(toy_store, group_rows=1).state == "written"
    assert (counts(toy_store)["STATE"], "StagedMeasurement" in counts(toy_store)) == (3, False)


def test_running_again_goes_on(toy_store, neo4j_server):
    """Stopped after two of three groups: the third run writes the third group only."""
    rows = make_toy_measurement()
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (n:Active {label: 5}) REMOVE n:Active")
        with pytest.raises(DatabaseError):
            add(toy_store, rows, group_rows=1)
        driver.execute_query("MATCH (n:Particle {label: 5}) SET n:Active")
    assert (counts(toy_store)["STAGED_STATE"], "STATE" in counts(toy_store)) == (2, False)
    assert unfinished(toy_store) == ["m1"]
    assert add(toy_store, rows, group_rows=1).state == "written"
    assert unfinished(toy_store) == []
    assert "STAGED_STATE" not in counts(toy_store)
    assert counts(toy_store)["STATE"] == 3


def test_discarding_leaves_nothing(toy_store):
    number = counts(toy_store)
    interrupted(toy_store, make_toy_measurement())
    discard_unfinished_measurement(toy_store, "m1")
    assert counts(toy_store) == number


def test_what_was_abandoned_goes_when_another_measurement_is_finished(toy_store, neo4j_server):
    """Killed, then run with another window: another key. What may still be written stays."""
    interrupted(toy_store, make_toy_measurement("killed"))
    write_image(toy_store, make_toy_rows(image="other", key="k2"), IngestRunRecord.of_memory("toy"))
    interrupted(toy_store, make_toy_measurement("elsewhere", segmentation="k2"))
    add(toy_store, make_toy_measurement("m1"), group_rows=1)
    assert unfinished(toy_store) == ["elsewhere", "killed"], "touched seconds ago"
    with neo4j_server.driver() as driver:
        driver.execute_query(
            "MATCH (n:StagedMeasurement) SET n.touched = datetime() - duration({minutes: 61})"
        )
    add(toy_store, make_toy_measurement("m2"), group_rows=1)
    assert unfinished(toy_store) == ["elsewhere"], "on another segmentation"
    assert counts(toy_store)["STAGED_STATE"] == 2
    add(toy_store, make_toy_measurement("m3", segmentation="k2"), abandoned_after=timedelta(0))
    assert unfinished(toy_store) == []
    assert "STAGED_STATE" not in counts(toy_store)


def test_states_lost_meanwhile_are_not_taken_for_all(toy_store, neo4j_server):
    """Three groups, the first one's state gone before the last: refused, and nothing is in sight."""
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (n:Active {label: 5}) REMOVE n:Active")
        with pytest.raises(DatabaseError):
            add(toy_store, group_rows=1)
        driver.execute_query("MATCH (n:Particle {label: 5}) SET n:Active")
        driver.execute_query("MATCH ()-[s:STAGED_STATE]->({label: 1}) DELETE s")
    with pytest.raises(DatabaseError, match="2 states for 3 NMC"):
        add(toy_store, group_rows=1)
    assert "Measurement" not in counts(toy_store)


def test_measurements_left_behind(toy_store):
    view = FieldOfView("s1", "field")
    assert measurements_left_behind(toy_store, view, "k2") == 0
    add(toy_store)
    add(toy_store, make_toy_measurement("m2"))
    assert measurements_left_behind(toy_store, view, "k2") == 2
    assert measurements_left_behind(toy_store, view, "k1") == 0, "the active one stays"
    assert measurements_left_behind(toy_store, FieldOfView("s1", "new"), "k3") == 0
    write_image(toy_store, make_toy_rows(key="k2"), IngestRunRecord.of_memory("toy"))
    add(toy_store, make_toy_measurement("m3", segmentation="k2"))
    assert measurements_left_behind(toy_store, view, "k1") == 0, "its own come back with it"


def _add(address, key, group_rows):
    with connect(*address) as connection:
        return add(connection, make_toy_measurement(key), group_rows=group_rows).state


def test_two_ingests_at_once(toy_store, neo4j_server):
    """One map by two processes is there once; two maps are both there, one of them active."""
    address = (neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        same = [pool.submit(_add, address, "m1", 1) for _ in range(2)]
        assert sorted(task.result() for task in same) == ["unchanged", "written"]
        others = [pool.submit(_add, address, key, 1) for key in ("m2", "m3")]
        assert [task.result() for task in others] == ["written"] * 2
    assert (counts(toy_store)["Measurement"], counts(toy_store)["STATE"]) == (3, 9)
    assert toy_store.read("MATCH (m:Measurement {active: true}) RETURN count(m)").rows == [[1]]


def test_active_segmentation(toy_store):
    found = active_segmentation(toy_store, "s1", "field")
    assert (found.segmentation, found.source, found.nmc, found.pixel_size_um) == ("k1", "regions", 3, 0.1)
    with pytest.raises(QueryError, match=r"no image 'none' of sample 's1'.*query images"):
        active_segmentation(toy_store, "s1", "none")


def co(key="co", **more):
    """Measure the same NMC at the Co K edge, 616 eV below nickel's."""
    return make_toy_measurement(key, shift_ev=-616.0, element="Co", **more)


def test_maps_of_two_edges_stand_side_by_side(toy_store):
    add(toy_store)
    ni_alone = ask(toy_store, "states")
    assert add(toy_store, co()).state == "written"
    assert rows_of(ask(toy_store, "measurements"), "measurement", "element", "edge", "active", "in_sight") == {
        ("m1", "Ni", "K", True, True), ("co", "Co", "K", True, True),
    }  # fmt: skip
    both = {
        (1, "Ni", 8343.0),
        (2, "Ni", 8344.0),
        (5, "Ni", None),
        (1, "Co", 7727.0),
        (2, "Co", 7728.0),
        (5, "Co", None),
    }
    assert rows_of(ask(toy_store, "states"), "label", "element", "soc_ev") == both
    pd.testing.assert_frame_equal(ask(toy_store, "states", edge="Ni K"), ni_alone)
    assert rows_of(ask(toy_store, "states", edge="Co K"), "label", "soc_ev") == {
        (1, 7727.0),
        (2, 7728.0),
        (5, None),
    }
    assert rows_of(ask(toy_store, "states", edge="Fe K"), "label", "element", "soc_ev") == {
        (1, None, None), (2, None, None), (5, None, None),
    }  # fmt: skip
    assert len(ask(toy_store, "measurements", edge="Co K")) == 1


def test_a_new_map_replaces_only_that_of_its_edge(toy_store):
    for rows in (make_toy_measurement(), co(), make_toy_measurement("m2", shift_ev=1.0), co("co2")):
        add(toy_store, rows)
    shown = {("m1", False), ("m2", True), ("co", False), ("co2", True)}
    assert rows_of(ask(toy_store, "measurements"), "measurement", "active") == shown
    assert add(toy_store, co()).state == "reactivated"
    shown = {("m1", False), ("m2", True), ("co", True), ("co2", False)}
    assert rows_of(ask(toy_store, "measurements"), "measurement", "active") == shown


def test_means_never_mix_edges(toy_store):
    add(toy_store)
    ni = rows_of(ask(toy_store, "state_by_structure"), "structure", "present", "mean_soc_ev")
    add(toy_store, co())
    table = ask(toy_store, "state_by_structure")
    assert table["same_method"].all()
    assert rows_of(table[table["element"] == "Ni"], "structure", "present", "mean_soc_ev") == ni
    assert rows_of(table[table["element"] == "Co"], "structure", "present", "mean_soc_ev") == {
        (structure, present, None if mean is None else mean - 616) for structure, present, mean in ni
    }
    assert set(ask(toy_store, "state_by_structure", edge="Co K")["element"]) == {"Co"}


def test_what_reads_one_state_a_particle_asks_for_the_edge(toy_store):
    add(toy_store)
    add(toy_store, co())
    assert measured_edges(toy_store) == ["Co K", "Ni K"]
    with pytest.raises(QueryError, match="Co K and Ni K"):
        exported_images(toy_store)
    for edge, key, first in (("Ni K", "m1", 8343.0), ("Co K", "co", 7727.0)):
        (image,) = exported_images(toy_store, edge=edge)
        assert image.measurement == key
        (columns,) = read_columns(toy_store, [image], ["area_px"])
        assert columns.targets[1][0, 0] == first
        sampled = read_sampled_particles(toy_store, ["k1:1", "k1:2"], [], 2, measurements=[key])
        assert sampled.targets[0, 0] == first
        particles = ask(toy_store, "graph_particles", edge=edge)
        assert particles["key"].is_unique
        assert particles.loc[particles["label"] == 1, "state"].iloc[0]["soc_ev"] == first
