"""An empty store for each test, and one with the toy image of `toy_rows` in it."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from database_server import DatabaseServer
from toy_measurement import make_toy_measurement
from toy_prediction import make_toy_prediction
from toy_rows import make_toy_rows

from analysis.stored_metrics import refresh_metrics
from queries.connection import Connection, connect
from queries.jobs import enqueue
from queries.measurements import write_measurement
from queries.migrations import migrate
from queries.predictions import write_prediction
from queries.writing import IngestRunRecord, write_image
from schema.rows import ImageRows


@pytest.fixture
def toy_rows() -> Callable[..., ImageRows]:
    """Give the maker of the toy image's rows."""
    return make_toy_rows


@pytest.fixture
def changed() -> Callable[..., ImageRows]:
    """Give a maker of toy rows with one table or field replaced."""

    def make(**replacements):
        return dataclasses.replace(make_toy_rows(), **replacements)

    return make


@pytest.fixture(scope="module")
def opened_store(neo4j_server: DatabaseServer) -> Iterator[Connection]:
    """Give a connection to the emptied database with its schema."""
    neo4j_server.empty()
    with connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as connection:
        migrate(connection)
        yield connection


@pytest.fixture
def store(opened_store: Connection, neo4j_server: DatabaseServer) -> Connection:
    """Give the store with its schema and nothing in it."""
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (n) WHERE NOT n:SchemaVersion DETACH DELETE n")
    return opened_store


@pytest.fixture
def toy_store(store: Connection) -> Connection:
    """Give the store with the toy image in it."""
    write_image(store, make_toy_rows(), IngestRunRecord.of_memory("field"))
    return store


@pytest.fixture
def fill(store: Connection) -> Callable[..., None]:
    """Give what fills a place with all that queries ask for: image, energy map, metrics, a job."""

    def write(sample: str = "s1", image: str = "field", key: str = "k1") -> None:
        run = IngestRunRecord.of_memory(image)
        write_image(store, make_toy_rows(image=image, sample=sample, key=key), run)
        write_measurement(store, make_toy_measurement(f"m {key}", segmentation=key), run)
        write_prediction(store, make_toy_prediction(segmentation=key), run)
        refresh_metrics(store, segmentation=key)
        job = {
            "folder": "/data", "sample": sample, "image": image, "file_name": f"{image}.tif",
            "file_sha256": key, "map_file_name": None, "map_sha256": None,
        }  # fmt: skip
        enqueue(store, {key: job})

    return write


@pytest.fixture
def full_store(store: Connection, fill: Callable[..., None]) -> Connection:
    """Give the store with one place filled, so that every query has rows."""
    fill()
    return store
