"""Hundreds of attempts at the read-only guard: nothing is written, read from disk or reached."""

import collections
import socket

import pytest
from guard_attempts import FUNCTIONS, HARMLESS, PLACES, attempts

from cathograph.queries.catalog import adhoc
from cathograph.queries.reading.content import content_hash
from cathograph.queries.reading.runner import run
from cathograph.schema.errors import CathographError, QueryError, WriteRefused

pytestmark = pytest.mark.neo4j


@pytest.fixture
def bait():
    """Listen where queries try to connect; gives the listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        yield listener


@pytest.mark.parametrize("place", PLACES)
def test_each_place_takes_a_harmless_function(store, place):
    """What is refused there below is refused for what it is, not because the text is no Cypher."""
    run(store, adhoc(PLACES[place].format(x=HARMLESS)), timeout_s=60)


def test_nothing_is_written_read_or_reached(store, neo4j_server, bait, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("what nobody may read")
    before = content_hash(store), neo4j_server.schema()
    port = bait.getsockname()[1]
    made = attempts(f"'http://127.0.0.1:{port}/x.csv'", n_clauses=200)
    made += attempts(f"'{secret.as_uri()}'", n_expressions=0, n_clauses=120)
    texts = {each.text: each for each in made}
    passed, refused = [], collections.Counter()
    for text, attempt in texts.items():
        try:
            answer = run(store, adhoc(text), timeout_s=60)
        except WriteRefused:
            refused["refused"] += 1
        except QueryError:
            refused["no Cypher"] += 1
        except CathographError as error:
            passed.append((attempt, error))
        else:
            passed.append((attempt, answer.to_string()))
    assert passed == [], refused
    # Texts that are no Cypher say little about the guard.
    assert refused["refused"] >= 400, refused
    assert refused["no Cypher"] < refused["refused"] / 4, refused
    assert (content_hash(store), neo4j_server.schema()) == before
    with pytest.raises(BlockingIOError):  # nobody called
        bait.accept()


def test_the_attempts_are_the_same_each_time():
    first = attempts("'x'")
    assert [each.text for each in first] == [each.text for each in attempts("'x'")]
    assert len({each.text for each in first}) >= 600
    assert {each.place for each in first} > set(PLACES)
    assert all(any(name.split(".")[0] in each.text.lower() for each in first) for name in FUNCTIONS)
