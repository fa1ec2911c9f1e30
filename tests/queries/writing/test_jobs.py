"""The queue: each job is begun once, one job of an image runs at a time, nothing known queues twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from cathograph.queries.catalog import all_internal_queries, load
from cathograph.queries.cypher_text import used_parameters
from cathograph.queries.reading.content import content_hash
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import connect
from cathograph.queries.writing import jobs
from cathograph.queries.writing.jobs import (
    Claimer,
    JobEnd,
    cancel,
    claim,
    enqueue,
    renew,
    retry,
    settle,
    states,
)
from cathograph.schema.errors import QueryError
from cathograph.schema.nodes import INGEST_RUN

QUEUE = all_internal_queries("queue")


def about(name, image=None):
    return {
        "folder": "/data", "sample": "s", "image": image or name, "file_name": f"{name}.tif",
        "file_sha256": name * 4, "map_file_name": None, "map_sha256": None,
    }  # fmt: skip


def claimer(owner="one", lease_s=60.0):
    return Claimer(owner, "user", "host", "1", lease_s)


def queue(store, *names, **images):
    return enqueue(store, {name: about(name, images.get(name)) for name in names})


def wait_until(holds, patience_s=60):
    """Ask again and again until it holds; a busy machine may take long."""
    give_up = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def state(store, name):
    return states(store, [name])[name].state


@pytest.mark.parametrize("query", QUEUE, ids=lambda query: query.name)
def test_queries_declare_what_they_use_and_are_used(query):
    assert {each.name for each in query.parameters} == used_parameters(query.text)
    assert f'"{query.name}"' in Path(jobs.__file__).read_text()


def test_a_job_from_queue_to_done(store):
    before = content_hash(store)
    assert queue(store, "a") == ["a"]
    assert queue(store, "a") == [], "what is known is not queued again"
    begun = claim(store, ["a"], claimer())
    assert (begun.id, begun.attempts) == ("a", 1)
    assert settle(store, "a", claimer(), JobEnd("done", "written", "given"))
    assert queue(store, "a") == [], "nor what is done"
    row = run(store, load("jobs"), {}).iloc[0]
    assert (row["state"], row["outcome"], row["file"], row["method"]) == ("done", "written", "a.tif", "given")
    assert row["enqueued"] <= row["started"] <= row["finished"]
    assert content_hash(store) == before, "the queue is not content"


def test_what_is_stored_is_declared(store):
    queue(store, "a")
    claim(store, ["a"], claimer())
    settle(store, "a", claimer(), JobEnd("queued", reason="x", pause_s=1.0))
    stored = set(store.read("MATCH (n:IngestRun) RETURN keys(n)").rows[0][0])
    assert stored <= {each.name for each in INGEST_RUN.properties}
    required = {each.name for each in INGEST_RUN.properties if not each.nullable}
    assert required <= stored


def test_only_jobs_that_were_asked_for_are_begun(store):
    queue(store, "a", "b")
    assert claim(store, ["b", "unknown"], claimer()).id == "b"
    assert claim(store, ["b"], claimer()) is None
    assert claim(store, [], claimer()) is None


def test_first_come_first_served(store):
    for name in ("c", "a", "b"):
        queue(store, name)
    order = [claim(store, ["a", "b", "c"], claimer()).id for _ in range(3)]
    assert order == ["c", "a", "b"]


def test_one_job_of_an_image_at_a_time(store):
    """v2 supersedes v1 in the queue, but v1 already runs: v2 waits for it."""
    queue(store, "v1", v1="field")
    claim(store, ["v1"], claimer())
    queue(store, "v2", v2="field")
    assert claim(store, ["v2"], claimer("two")) is None
    settle(store, "v1", claimer(), JobEnd("done", "written"))
    assert claim(store, ["v2"], claimer("two")).id == "v2"


def test_a_newer_version_supersedes_and_the_older_may_come_back(store):
    queue(store, "v1", v1="field")
    queue(store, "v2", v2="field")
    assert state(store, "v1") == "cancelled"
    assert "superseded" in states(store, ["v1"])["v1"].reason
    claim(store, ["v2"], claimer())
    settle(store, "v2", claimer(), JobEnd("done", "written"))
    assert queue(store, "v1", v1="field") == ["v1"], (
        "the file was put back: its version must become active again"
    )
    assert (state(store, "v1"), state(store, "v2")) == ("queued", "done")
    assert queue(store, "v1", v1="field") == []


def test_back_to_the_version_that_runs(store):
    queue(store, "v1", v1="field")
    claim(store, ["v1"], claimer())
    queue(store, "v2", v2="field")
    queue(store, "v1", v1="field")
    assert (state(store, "v1"), state(store, "v2")) == ("running", "cancelled")


def test_a_lease_that_ran_out_is_taken_and_its_owner_can_do_no_harm(store):
    queue(store, "a", "held")
    claim(store, ["held"], claimer("dead"))
    assert claim(store, ["held"], claimer("next")) is None
    claim(store, ["a"], claimer("dead", lease_s=0.05))
    wait_until(lambda: (run(store, load("jobs"), {})["reason"].str.startswith("its service has gone")).any())
    assert claim(store, ["a"], claimer("next")).attempts == 2
    assert renew(store, ["a"], claimer("dead")) == set()
    assert not settle(store, "a", claimer("dead"), JobEnd("failed", reason="late"))
    assert state(store, "a") == "running"


def test_a_renewed_lease_is_kept(store):
    queue(store, "a")
    claim(store, ["a"], claimer("alive", lease_s=0.2))
    assert renew(store, ["a"], claimer("alive")) == {"a"}
    time.sleep(0.3)  # the first lease would have run out
    assert claim(store, ["a"], claimer("other")) is None


def test_a_postponed_job_waits_for_its_pause(store):
    queue(store, "long", "short")
    for name, pause_s in (("long", 600.0), ("short", 0.05)):
        claim(store, [name], claimer())
        settle(store, name, claimer(), JobEnd("queued", reason="disk full", pause_s=pause_s))
    assert claim(store, ["long"], claimer()) is None
    assert states(store, ["long"])["long"].reason == "disk full"
    begun = []
    wait_until(lambda: begun.append(claim(store, ["short"], claimer())) or begun[-1])
    assert begun[-1].attempts == 2


def test_given_back_costs_no_attempt(store):
    queue(store, "a")
    claim(store, ["a"], claimer())
    settle(store, "a", claimer(), JobEnd("queued", attempts=-1))
    assert claim(store, ["a"], claimer()).attempts == 1


def test_failed_stays_failed_until_retried(store):
    queue(store, "aaaa1", "aaaa2")
    for name in ("aaaa1", "aaaa2"):
        claim(store, [name], claimer())
        settle(store, name, claimer(), JobEnd("failed", reason="no pixel size"))
    assert queue(store, "aaaa1") == []
    assert claim(store, ["aaaa1"], claimer()) is None
    assert retry(store, ["aaaa1.tif"]) == ["aaaa1.tif"]
    assert claim(store, ["aaaa1"], claimer()).attempts == 1
    assert retry(store, None) == ["aaaa2.tif"]


def test_cancel(store):
    queue(store, "aaaa1", "aaaa2", "aaaa3")
    claim(store, ["aaaa1"], claimer())
    assert cancel(store, ["aaaa1", "aaaa2"]) == ["aaaa1.tif", "aaaa2.tif"]
    assert renew(store, ["aaaa1"], claimer()) == set(), "its service learns of it"
    assert not settle(store, "aaaa1", claimer(), JobEnd("done", "written"))
    assert claim(store, ["aaaa1", "aaaa2"], claimer()) is None
    assert queue(store, "aaaa2") == [], "a restart does not undo it"
    assert cancel(store, None) == ["aaaa3.tif"]
    assert retry(store, ["aaaa2"]) == ["aaaa2.tif"]


def test_jobs_that_cannot_be_meant(store):
    queue(store, "aaaa1", "aaaa2")
    with pytest.raises(QueryError, match="no job 'zzzz'"):
        retry(store, ["zzzz"])
    with pytest.raises(QueryError, match="no job 'aaa'"):
        retry(store, ["aaa"])
    with pytest.raises(QueryError, match="2 jobs that fit 'aaaa'"):
        cancel(store, ["aaaa"])
    claim(store, ["aaaa1"], claimer())
    settle(store, "aaaa1", claimer(), JobEnd("done", "written"))
    with pytest.raises(QueryError, match="'aaaa1' done; expected one that is queued"):
        cancel(store, ["aaaa1"])
    queue(store, "bbbb1", bbbb1="field")
    queue(store, "bbbb2", bbbb2="field")
    with pytest.raises(QueryError, match="'bbbb1' superseded"):
        retry(store, ["bbbb1"])


def test_names_are_text_and_nothing_else(store):
    name = "x' }) DETACH DELETE n //"
    assert queue(store, name) == [name]
    assert claim(store, [name], claimer()).id == name


def claim_all(uri, user, password, names, owner):
    """Claim until there is nothing left, as a service of its own."""
    taken = []
    with connect(uri, user, password) as connection:
        while (begun := claim(connection, names, claimer(owner))) is not None:
            taken.append(begun.id)
            settle(connection, begun.id, claimer(owner), JobEnd("done", "written"))
    return taken


def test_many_claimants_never_take_the_same_job(store, neo4j_server):
    """Four services, each with a connection of its own, race for the same jobs."""
    names = [f"j{number:02}" for number in range(24)]
    queue(store, *names)
    work = partial(claim_all, neo4j_server.uri, neo4j_server.user, neo4j_server.password, names)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(work, "abcd"))
    everything = [name for each in taken for name in each]
    assert sorted(everything) == names
    assert run(store, load("jobs"), {})["attempts"].tolist() == [1] * 24


def test_two_services_that_find_the_same_files_queue_them_once(store, neo4j_server):
    names = [f"j{number:03}" for number in range(300)]
    address = (neo4j_server.uri, neo4j_server.user, neo4j_server.password)

    def find(_number):
        with connect(*address) as connection:
            return queue(connection, *names)

    with ThreadPoolExecutor(2) as pool:
        queued = [name for each in pool.map(find, range(2)) for name in each]
    assert sorted(queued) == names
    assert len(run(store, load("jobs"), {})) == 300
