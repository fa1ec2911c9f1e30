"""Deleting: at once out of sight, wholly removed, and nothing else touched."""

import pytest
from toy_rows import make_toy_rows

from cathograph.queries.catalog import all_read_queries, load
from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.reading.runner import run
from cathograph.queries.writing.deletion import deletable, remove_withdrawn, withdraw
from cathograph.queries.writing.images import IngestRunRecord, unfinished, write_image
from cathograph.queries.writing.jobs import Claimer, claim, enqueue, retry
from cathograph.schema.errors import QueryError

ME = Claimer("me", "user", "host", "1", 60.0)


def write(store, key, **view):
    write_image(store, make_toy_rows(key=key, **view), IngestRunRecord.of_memory(key))


@pytest.fixture
def two_places(store, fill):
    """Two samples, each with all that may hang on an image; gives the content with the second alone."""
    fill("s2", "other", "k2")
    alone = content_hash(store), {name: n for name, n in counts(store).items() if name != "IngestRun"}
    fill("s1", "field", "k1")
    return alone


def test_what_would_go_is_listed_with_versions_out_of_sight(store):
    write(store, "k1")
    write(store, "k1 again")
    (row,) = deletable(store, "s1")
    assert (row.image, row.segmentations, row.particles, row.contacts, row.tpbs) == ("field", 2, 10, 10, 4)
    assert row.last_written is not None
    assert deletable(store, "s1", "field") == [row]
    assert deletable(store, "s1", "none") == deletable(store, "s' OR 1=1 //") == []


def test_a_sample_goes_whole_and_the_other_stays_as_it_was(store, two_places):
    content, numbers = two_places
    assert withdraw(store, "s1") == 1
    assert content_hash(store) == content, "out of sight at once, before anything is removed"
    assert remove_withdrawn(store) == 1
    assert content_hash(store) == content
    left = {name: n for name, n in counts(store).items() if name != "IngestRun"}
    assert left == numbers, "nothing stays behind, not even out of sight"
    assert unfinished(store) == []
    written = store.read("MATCH (r:IngestRun) WHERE r.folder IS NULL RETURN count(r)").rows
    assert written == [[1]], "the run that wrote what is gone is gone, that of s2 stays"


def test_no_query_sees_anything_once_it_is_withdrawn(store, fill):
    """Killed after the first transaction: over for whoever asks, and the next deletion removes the rest."""
    fill()
    withdraw(store, "s1")
    for query in all_read_queries():
        table = run(store, query, {})
        if query.name in ("jobs", "ingest_runs"):
            assert table["state"].tolist() == ["cancelled"]
        else:
            assert table.empty, query.name
    seen = set(counts(store)) & {
        "Particle",
        "NMC",
        "SSE",
        "Graphite",
        "TPB",
        "Segmentation",
        "Measurement",
        "Prediction",
        "Image",
    }
    assert seen == set()
    fill()
    again = content_hash(store)
    assert remove_withdrawn(store) == 1, "beside the same image ingested anew"
    assert content_hash(store) == again
    assert remove_withdrawn(store) == 0


def test_one_image_of_a_sample(store):
    write(store, "k1", image="a", beamtime="b1")
    before = content_hash(store)
    write(store, "k2", image="b", beamtime="b2")
    assert withdraw(store, "s1", "b") == 1
    remove_withdrawn(store)
    assert content_hash(store) == before, "its beamtime went with it, the sample did not"
    assert withdraw(store, "s1", "b") == 0


def test_a_volume_by_its_name_or_one_of_its_slices(store):
    for number in range(3):
        write(store, f"k{number}", image=f"v#{number}", volume="v", slice_index=number)
    assert [each.image for each in deletable(store, "s1", "v")] == ["v#0", "v#1", "v#2"]
    assert withdraw(store, "s1", "v#1") == 1
    assert run(store, load("images"), {})["image"].tolist() == ["v#0", "v#2"]
    assert withdraw(store, "s1", "v") == 2
    assert remove_withdrawn(store) == 3
    assert set(counts(store)) == {"SchemaVersion"}


def test_a_running_job_is_not_cut_off_and_a_watched_folder_does_not_bring_it_back(store, fill):
    fill()
    before = content_hash(store)
    claim(store, ["k1"], ME)
    with pytest.raises(QueryError, match=r"Found field.tif being ingested into sample 's1'"):
        withdraw(store, "s1")
    assert content_hash(store) == before
    about = {
        "folder": "/data",
        "sample": "s1",
        "image": "field",
        "file_name": "field.tif",
        "file_sha256": "k1",
    }
    store.write(
        lambda tx: tx.run("MATCH (r:IngestRun {id: 'k1'}) SET r.lease_until = datetime('2000-01-01')")
    )
    withdraw(store, "s1")
    assert enqueue(store, {"k1": about}) == []
    assert claim(store, ["k1"], ME) is None
    assert run(store, load("jobs"), {})["reason"].tolist() == ["deleted by the user; retry brings it back"]
    assert retry(store, ["field.tif"]) == ["field.tif"]
    assert claim(store, ["k1"], ME).id == "k1"
