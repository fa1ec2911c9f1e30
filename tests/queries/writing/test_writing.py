"""Writing an image: all of it or nothing, never twice, whatever happens in the middle."""

import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor

import pytest
from repository import ROOT
from toy_rows import make_toy_rows

from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.server.connection import connect
from cathograph.queries.writing.images import (
    IngestRunRecord,
    discard_unfinished,
    note_unchanged,
    unfinished,
    write_image,
)
from cathograph.queries.writing.row_batches import cut_into_groups, fingerprint
from cathograph.schema.errors import DatabaseError, RowError
from cathograph.schema.keys import particle_key
from cathograph.schema.nodes import INGEST_RUN, PARTICLE, SEGMENTATION, TPB
from cathograph.schema.relationships import CONCURRENT_CHANNEL, CONTACT, LOCAL_CHANNEL, NEAREST


def write(store, rows, **options):
    return write_image(store, rows, IngestRunRecord.of_memory("toy"), **options)


def one_column(store, text):
    return [row[0] for row in store.read(text).rows]


def changed(**replacements):
    return dataclasses.replace(make_toy_rows(), **replacements)


VISIBLE = {
    "Particle": 5, "NMC": 3, "SSE": 1, "Graphite": 1, "Active": 3, "Ionic": 1, "Electronic": 1, "TPB": 2, "CONTACT": 5,
    "MEETS": 6, "IN": 5, "NEAREST": 3, "CONCURRENT_CHANNEL": 1, "LOCAL_CHANNEL": 1, "Segmentation": 1, "Image": 1,
    "Sample": 1, "IngestRun": 1, "OF": 1, "SEGMENTS": 1, "WROTE": 1,
}  # fmt: skip


@pytest.mark.parametrize("group_rows", [10_000, 1, 2, 3, 7])
def test_everything_is_there_however_it_is_cut(store, group_rows):
    steps = []
    result = write(store, make_toy_rows(), group_rows=group_rows, progress=lambda *step: steps.append(step))
    assert (result.state, result.segmentation_key) == ("written", "k1")
    found = counts(store)
    assert {name: number for name, number in found.items() if name != "SchemaVersion"} == VISIBLE
    contacts = store.read(
        "MATCH (a:Particle)-[c:CONTACT]->(b:Particle) RETURN a.label, b.label, c.weight_px ORDER BY a.label, b.label"
    )
    assert contacts.rows == [[1, 3, 5.0], [1, 4, 6.0], [2, 3, 6.0], [2, 4, 2.0], [3, 4, 8.0]]
    tpbs = store.read(
        "MATCH (t:TPB)-[:MEETS]->(p:Particle) WITH t, p ORDER BY p.label RETURN t.key, collect(p.label) ORDER BY t.key"
    )
    assert tpbs.rows == [["k1:1-3-4", [1, 3, 4]], ["k1:2-3-4", [2, 3, 4]]]
    assert unfinished(store) == []
    # Groups that finished are reported; the last one is not, because it ends the whole.
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_the_content_does_not_depend_on_how_it_is_cut(store, neo4j_server):
    hashes = set()
    for group_rows in (10_000, 2):
        write(store, make_toy_rows(), group_rows=group_rows)
        hashes.add(content_hash(store))
        neo4j_server.empty_of_data()
    assert len(hashes) == 1


def test_keys_are_those_of_schema_keys(toy_store):
    assert set(one_column(toy_store, "MATCH (p:Particle) RETURN p.key")) == {
        particle_key("k1", n) for n in range(1, 6)
    }
    assert set(one_column(toy_store, "MATCH (t:TPB) RETURN t.key")) == {
        "k1:1-3-4",
        "k1:2-3-4",
    }


@pytest.mark.parametrize(
    ("label", "declared"),
    [("Particle", PARTICLE), ("TPB", TPB), ("Segmentation", SEGMENTATION), ("IngestRun", INGEST_RUN)],
)
def test_stored_properties_are_those_declared(toy_store, label, declared):
    text = {
        "Particle": "MATCH (n:Particle) RETURN keys(n)", "TPB": "MATCH (n:TPB) RETURN keys(n)",
        "Segmentation": "MATCH (n:Segmentation) RETURN keys(n)", "IngestRun": "MATCH (n:IngestRun) RETURN keys(n)",
    }[label]  # fmt: skip
    found = {name for names in one_column(toy_store, text) for name in names}
    names = {prop.name for prop in declared.properties}
    required = {prop.name for prop in declared.properties if not prop.nullable}
    assert found <= names
    assert required <= found


@pytest.mark.parametrize(
    "declared", [CONTACT, CONCURRENT_CHANNEL, LOCAL_CHANNEL, NEAREST], ids=lambda d: d.type
)
def test_stored_relationship_properties_are_those_declared(toy_store, declared):
    rows = toy_store.read(
        "MATCH ()-[r]->() WHERE type(r) = $type RETURN keys(r)", {"type": declared.type}
    ).rows
    found = {name for (names,) in rows for name in names}
    assert {prop.name for prop in declared.properties if not prop.nullable} <= found
    assert found <= {prop.name for prop in declared.properties}


def test_ingest_twice_changes_nothing_but_the_runs(toy_store):
    before, number = content_hash(toy_store), counts(toy_store)
    assert write(toy_store, make_toy_rows()).state == "unchanged"
    after = counts(toy_store)
    assert content_hash(toy_store) == before
    assert after.pop("IngestRun") == 2
    assert after.pop("WROTE") == 2
    assert after.items() <= number.items()
    assert set(one_column(toy_store, "MATCH (r:IngestRun) RETURN r.state")) == {"written", "unchanged"}


def test_note_unchanged_tells_the_counts(toy_store):
    view = make_toy_rows().field_of_view
    noted = note_unchanged(toy_store, view, "k1", IngestRunRecord.of_memory("toy"))
    assert noted == {"particles": 5, "contacts": 5, "tpbs": 2, "physical_tpbs": 1, "channel_pairs": 1}
    assert note_unchanged(toy_store, view, "k2", IngestRunRecord.of_memory("toy")) is None
    assert counts(toy_store)["IngestRun"] == 2


def test_a_run_that_was_noted_is_not_noted_twice(toy_store):
    """A commit whose answer was lost is repeated by the driver: the run must not be doubled."""
    run = IngestRunRecord.of_memory("toy")
    rows = make_toy_rows(image="other", key="k2")
    assert write_image(toy_store, rows, run).state == "written"
    assert write_image(toy_store, rows, run).state == "written"
    assert counts(toy_store)["IngestRun"] == 2


def test_a_newer_version_hides_the_older(toy_store):
    newer = changed(
        segmentation_key="k2", segmentation={**make_toy_rows().segmentation, "pixel_size_um": 0.2}
    )
    assert write(toy_store, newer).state == "written"
    found = counts(toy_store)
    assert (found["Image"], found["Segmentation"]) == (1, 2)
    for name in ("Particle", "NMC", "SSE", "Graphite", "TPB"):
        assert found[name] == VISIBLE[name], name
    assert (found["InactiveParticle"], found["InactiveTPB"]) == (5, 2)
    assert one_column(toy_store, "MATCH (s:Segmentation {active: true}) RETURN s.key") == ["k2"]
    # Hidden particles keep their phase as a property, and carry none of its labels.
    hidden = toy_store.read("MATCH (p:InactiveParticle) RETURN p.phase, labels(p)").rows
    assert sorted(phase for phase, _ in hidden) == ["Graphite", "NMC", "NMC", "NMC", "SSE"]
    assert all(labels == ["InactiveParticle"] for _, labels in hidden)


def test_an_older_version_comes_back_as_it_was(toy_store):
    before = content_hash(toy_store)
    newer = changed(segmentation_key="k2")
    write(toy_store, newer)
    both = content_hash(toy_store)
    assert note_unchanged(toy_store, newer.field_of_view, "k1", IngestRunRecord.of_memory("toy")) is None
    assert write(toy_store, make_toy_rows()).state == "reactivated"
    assert one_column(toy_store, "MATCH (s:Segmentation {active: true}) RETURN s.key") == ["k1"]
    found = counts(toy_store)
    assert (found["NMC"], found["InactiveParticle"], found["Segmentation"]) == (3, 5, 2)
    assert write(toy_store, newer).state == "reactivated"
    assert content_hash(toy_store) == both != before


def test_wrong_rows_write_nothing(store):
    before = content_hash(store)
    bad = make_toy_rows().contacts.assign(b=[3, 4, 3, 4, 9])
    with pytest.raises(RowError, match=r"label 9 in contacts\.b"):
        write(store, changed(contacts=bad))
    assert content_hash(store) == before
    assert set(counts(store)) == {"SchemaVersion"}


@pytest.mark.parametrize(
    "name", ["it's", 'a "b"', "a/b\\c", "µ-Probe №1 日本", "`x`) DETACH DELETE n //", "$sample", "s" * 1000]
)
def test_any_name_is_stored_as_it_is(store, name):
    write(
        store, make_toy_rows(sample=name, image=name, cathode=name, beamtime=name, volume=name, slice_index=0)
    )
    found = store.read(
        "MATCH (b:Beamtime)<-[:MEASURED_IN]-(i:Image)-[:OF]->(s:Sample)<-[:OF]-(v:Volume)<-[:SLICE_OF]-(i) "
        "RETURN s.id, i.id, s.cathode, b.id, v.id"
    )
    assert found.rows == [[name] * 5]


def test_what_is_known_of_an_image_may_come_later(toy_store):
    """The cathode kind given with a later ingest of the same is taken up; a correction replaces it."""
    for cathode, beamtime, kept in (
        (None, None, None),
        ("LCD", "b1", "LCD"),
        (None, None, "LCD"),
        ("BLE", "b2", "BLE"),
    ):
        assert write(toy_store, make_toy_rows(cathode=cathode, beamtime=beamtime)).state == "unchanged"
        assert one_column(toy_store, "MATCH (s:Sample) RETURN s.cathode") == [kept]
    assert one_column(toy_store, "MATCH (:Image)-[:MEASURED_IN]->(b) RETURN b.id") == ["b2"]


def test_images_of_one_sample_share_it(toy_store):
    write(toy_store, make_toy_rows(image="other", key="k2"))
    write(toy_store, make_toy_rows(sample="s2", key="k3"))
    found = counts(toy_store)
    assert (found["Sample"], found["Image"], found["Segmentation"], found["NMC"]) == (2, 3, 3, 9)


# In the middle ----------------------------------------------------------------------------------------


def begin(store, groups, rows=None, group_rows=2):
    """Write the first groups of the toy image and stop there, as a killed ingest would."""

    class StoppedError(Exception):
        pass

    def stop(done, total):
        stop.groups += 1
        if stop.groups == groups:
            raise StoppedError

    stop.groups = 0
    with pytest.raises(StoppedError):
        write(store, rows or make_toy_rows(), group_rows=group_rows, progress=stop)


@pytest.fixture
def undisturbed(store, neo4j_server):
    """Content hash of the toy image, written in one go."""
    write(store, make_toy_rows())
    value = content_hash(store)
    neo4j_server.empty_of_data()
    return value


def test_half_an_image_is_not_seen(store):
    empty = content_hash(store)
    n_groups = len(cut_into_groups(make_toy_rows(), 2))
    for groups in range(1, n_groups):
        begin(store, groups)
        assert unfinished(store) == ["k1"]
        assert content_hash(store) == empty
        found = counts(store)
        assert not {"Particle", "NMC", "TPB", "Segmentation", "Image", "Sample"} & set(found)
        discard_unfinished(store, "k1")
        assert set(counts(store)) == {"SchemaVersion"}


@pytest.mark.parametrize("groups", [1, 3, 5, 8])
def test_running_again_goes_on_and_ends_the_same(store, undisturbed, groups):
    begin(store, groups)
    written = counts(store)["InactiveParticle"]
    begin(store, groups + 1)  # killed again, a little later
    assert counts(store)["InactiveParticle"] >= written
    assert write(store, make_toy_rows(), group_rows=2).state == "written"
    assert content_hash(store) == undisturbed
    assert unfinished(store) == []


@pytest.mark.parametrize("other", ["rows", "cut"])
def test_other_rows_start_over(store, undisturbed, other):
    """A newer version of the code gives other rows for the same key: nothing of the old ones stays."""
    rows = make_toy_rows()
    begun_with = changed(particles=rows.particles.assign(convexity=0.5)) if other == "rows" else rows
    begin(store, 4, rows=begun_with, group_rows=2)
    write(store, rows, group_rows=2 if other == "rows" else 3)
    assert content_hash(store) == undisturbed


def test_two_ingests_with_other_rows_at_once_do_not_mix(store):
    """The second discards what the first began; the first notices and stops."""
    rows = make_toy_rows()

    def meanwhile(done, total):
        if done == 2:
            write(store, changed(particles=rows.particles.assign(convexity=0.5)), group_rows=2)

    assert write(store, rows, group_rows=2, progress=meanwhile).state == "unchanged"
    assert one_column(store, "MATCH (p:Particle) RETURN DISTINCT p.convexity") == [0.5]


def test_a_discarded_ingest_notices(store):
    def meanwhile(done, total):
        if done == 4:
            discard_unfinished(store, "k1")

    with pytest.raises(DatabaseError, match="another ingest writing image 'field'"):
        write(store, make_toy_rows(), group_rows=2, progress=meanwhile)
    assert set(counts(store)) == {"SchemaVersion"}


def test_fingerprint_tells_rows_apart():
    rows = make_toy_rows()
    same = fingerprint(rows)
    assert fingerprint(make_toy_rows()) == same
    assert fingerprint(rows, 3) != same
    assert fingerprint(changed(particles=rows.particles.assign(touches_border=True))) != same
    assert fingerprint(changed(contacts=rows.contacts.assign(gap_px=[1, 1, 1, 3, 1]))) != same
    assert fingerprint(changed(nearest=rows.nearest.assign(via=["both", "both", "SSE"]))) != same
    assert fingerprint(changed(segmentation={**rows.segmentation, "version": "2"})) != same


def _ingest(address, image, key, group_rows):
    with connect(*address) as connection:
        states = [write(connection, make_toy_rows(image=image, key=key), group_rows=group_rows).state]
    return states[0]


@pytest.mark.parametrize("group_rows", [10_000, 2])
def test_many_ingests_at_once(store, neo4j_server, undisturbed, group_rows):
    """Four processes on one image, then on four images of one sample: each is there once."""
    address = (neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, mp_context=spawn) as pool:
        same = [pool.submit(_ingest, address, "field", "k1", group_rows) for _ in range(4)]
        states = sorted(task.result() for task in same)
        assert states == ["unchanged"] * 3 + ["written"]
        assert content_hash(store) == undisturbed
        others = [pool.submit(_ingest, address, f"image {n}", f"other {n}", group_rows) for n in range(4)]
        assert [task.result() for task in others] == ["written"] * 4
    found = counts(store)
    assert (found["Sample"], found["Image"], found["Segmentation"], found["NMC"]) == (1, 5, 5, 15)


def test_versions_of_one_image_at_once(store, neo4j_server):
    """Whichever comes last is the active one; the others are hidden, none is half seen."""
    address = (neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        tasks = [pool.submit(_ingest, address, "field", f"version {n}", 10_000) for n in range(4)]
        assert [task.result() for task in tasks] == ["written"] * 4
    found = counts(store)
    assert (found["Segmentation"], found["Particle"], found["InactiveParticle"], found["TPB"]) == (
        4,
        5,
        15,
        2,
    )
    assert len(one_column(store, "MATCH (s:Segmentation {active: true}) RETURN s.key")) == 1


_CLIENT = """
    import sys
    sys.path.insert(0, sys.argv[4])
    from test_writing import make_toy_rows, write
    from cathograph.queries.server.connection import connect
    with connect(*sys.argv[1:4]) as store:
        print("ready", flush=True)
        write(store, make_toy_rows(), group_rows=1, progress=lambda done, total: print(done, flush=True))
"""


@pytest.mark.parametrize("killed_after", ["ready", "2", "6", "11", "16"])
def test_client_killed_in_the_middle(store, neo4j_server, undisturbed, killed_after):
    """SIGKILL once a number of rows is reported, so inside the next group's transaction or beside it."""
    address = (neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    tests = ROOT / "tests" / "queries" / "writing"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tests.parent, tests.parents[1])))}
    client = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_CLIENT), *address, str(tests)],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    with client:
        for line in client.stdout:
            if line.strip() == killed_after:
                client.send_signal(signal.SIGKILL)
                break
    assert client.returncode == -signal.SIGKILL
    assert not {"Particle", "NMC", "TPB", "Image"} & set(counts(store))
    write(store, make_toy_rows(), group_rows=1)
    assert content_hash(store) == undisturbed
    assert unfinished(store) == []
