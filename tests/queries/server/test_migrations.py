"""Constraints and indexes: applied once, harmless again, never a newer store."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from toy_measurement import make_toy_measurement
from toy_rows import make_toy_rows

from cathograph.queries.reading.content import content_hash
from cathograph.queries.server.connection import connect
from cathograph.queries.server.migrations import migrate, schema_files, schema_version, statements
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.queries.writing.measurements import write_measurement
from cathograph.schema.errors import DatabaseError, SchemaOutdated
from cathograph.schema.nodes import NODE_TYPES


@pytest.fixture
def bare(neo4j_server):
    neo4j_server.empty()
    with connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as connection:
        yield connection
    neo4j_server.empty()


def constraints_of(store):
    return {
        tuple(row)
        for row in store.read(
            "SHOW CONSTRAINTS YIELD labelsOrTypes, properties, type RETURN labelsOrTypes[0], properties[0], type"
        ).rows
    }


def test_every_node_type_has_its_key(bare):
    assert schema_version(bare) == 0
    assert migrate(bare) == schema_version(bare) == max(schema_files())
    expected = {(node.label, node.key, "UNIQUENESS") for node in NODE_TYPES}
    assert expected <= constraints_of(bare)


def test_again_changes_nothing(bare):
    migrate(bare)
    write_image(bare, make_toy_rows(), IngestRunRecord.of_memory("toy"))
    before, constraints = content_hash(bare), constraints_of(bare)
    migrate(bare)
    assert content_hash(bare) == before
    assert constraints_of(bare) == constraints


@pytest.mark.parametrize(
    "statement",
    ["CREATE INDEX once FOR (n:Once) ON (n.a)", "CREATE CONSTRAINT once FOR (n:Once) REQUIRE n.a IS UNIQUE"],
)
def test_what_another_command_has_just_made_is_made(bare, statement):
    """Two that open a bare store at once: IF NOT EXISTS looks before it locks, so the second meets the first's."""
    bare.change_schema([statement, statement, statement.replace("once", "twice")])


def test_a_key_cannot_stand_twice(bare):
    migrate(bare)
    write_image(bare, make_toy_rows(), IngestRunRecord.of_memory("toy"))
    with pytest.raises(DatabaseError, match="already exists with label `Particle`"):
        bare.write(lambda transaction: transaction.run("CREATE (:Particle {key: 'k1:1'})"))


def test_newer_store_is_refused(bare, neo4j_server):
    migrate(bare)
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (s:SchemaVersion) SET s.version = 9999")
    with pytest.raises(
        SchemaOutdated, match=r"schema version 9999; expected at most \d+.* Update Cathograph"
    ):
        migrate(bare)


def test_measurements_of_before_edges_had_names_become_those_of_ni_k(bare, neo4j_server):
    migrate(bare)
    write_image(bare, make_toy_rows(), IngestRunRecord.of_memory("toy"))
    write_measurement(bare, make_toy_measurement(), IngestRunRecord.of_memory("map"))
    wanted = content_hash(bare)
    write_measurement(bare, make_toy_measurement("co", element="Co"), IngestRunRecord.of_memory("map"))
    with_co = content_hash(bare)
    edges = int(next(number for number, name in schema_files().items() if name.endswith("-edges.cypher")))
    for times in (1, 2):  # again after a migration that was interrupted before it noted its version
        with neo4j_server.driver() as driver:
            driver.execute_query("MATCH (m:Measurement {key: 'm1'}) REMOVE m.element, m.edge")
            driver.execute_query("MATCH (s:SchemaVersion) SET s.version = $before", before=edges - 1)
        assert migrate(bare) == max(schema_files()), times
        assert content_hash(bare) == with_co, "the measurement of another edge is as it was"
    again = write_measurement(bare, make_toy_measurement(), IngestRunRecord.of_memory("map"))
    assert again.state == "unchanged", "the key of the old measurement is valid"
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (m:Measurement {key: 'co'}) DETACH DELETE m")
    assert content_hash(bare) == wanted


def _migrate(address):
    with connect(*address) as connection:
        return migrate(connection)


def test_many_at_once(bare, neo4j_server):
    address = (neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert set(pool.map(_migrate, [address] * 3)) == {max(schema_files())}
    assert {(node.label, node.key, "UNIQUENESS") for node in NODE_TYPES} <= constraints_of(bare)


def test_file_names_are_numbered_without_gaps():
    assert list(schema_files()) == list(range(1, len(schema_files()) + 1))


def test_statements_are_split():
    assert statements("// one; two\nCREATE A;\n  // three\nCREATE\nB;\n") == ["CREATE A", "CREATE\nB"]
