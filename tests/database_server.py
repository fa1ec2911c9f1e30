"""Which database the tests use, and how nothing of it stays behind.

Order: a server named for tests (`CATHOGRAPH_TEST_NEO4J_URI`), refused when anything is in it;
a container where Docker answers; a local server in a temporary home. `NEO4J_URI` is never looked
at: it names somebody's data.
"""

import contextlib
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import neo4j

from cathograph.local_neo4j.config import ServerMemory
from cathograph.local_neo4j.server import LocalNeo4j

SMALL = ServerMemory(heap_mb=768, page_cache_mb=128)
# A server that lives for minutes does not earn back what the second compiler costs at its start:
# without it a start takes 13 s of processor time in place of 23 s.
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
# Tests empty and fill the store all the time. By default the server plans a query again when the counts that its plan
# was made for have changed fourfold: that was a fifth of its work, and changes no answer.
KEEP_PLANS = {
    "dbms.cypher.statistics_divergence_threshold": "1.0",
    "dbms.cypher.min_replan_interval": "1h",
}
CONTAINER_IMAGE = "neo4j:5.26-community"


@dataclass(frozen=True)
class DatabaseServer:
    """A server that tests may fill and empty."""

    uri: str
    user: str
    password: str

    def driver(self) -> neo4j.Driver:
        """Open a driver; its server-side notes about unknown labels are no news in an empty store."""
        return neo4j.GraphDatabase.driver(
            self.uri, auth=(self.user, self.password), notifications_min_severity="OFF"
        )

    @cached_property
    def _kept_driver(self) -> neo4j.Driver:
        """The driver that empties the store before hundreds of tests: each new one would log in again."""
        return self.driver()

    def close(self) -> None:
        """Close the driver that this object keeps; the next question opens another."""
        if "_kept_driver" in self.__dict__:
            self._kept_driver.close()
            del self.__dict__["_kept_driver"]

    def schema(self) -> frozenset[tuple[str, str]]:
        """Read which constraints and indexes there are, and the version that the store says it has."""
        questions = {
            "index": "SHOW INDEXES YIELD name",
            "constraint": "SHOW CONSTRAINTS YIELD name",
            "version": "MATCH (n:SchemaVersion) RETURN toString(n.version)",
        }
        with self._kept_driver.session() as session:
            return frozenset(
                (kind, name) for kind, question in questions.items() for name in session.run(question).value()
            )

    def empty_of_data(self) -> None:
        """Remove all data; the schema stays, and with it what the server has planned."""
        with self._kept_driver.session() as session:
            session.run(
                "MATCH (n) WHERE NOT n:SchemaVersion CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 20000 ROWS"
            ).consume()

    def drop_projections(self) -> None:
        """Remove all graphs in memory."""
        with self._kept_driver.session() as session:
            for name in session.run("CALL gds.graph.list() YIELD graphName").value():
                session.run("CALL gds.graph.drop($name) YIELD graphName", name=name).consume()

    def empty(self) -> None:
        """Remove all data, constraints, indexes and graphs in memory."""
        self.empty_of_data()
        self.drop_projections()
        with self._kept_driver.session() as session:
            session.run("MATCH (n:SchemaVersion) DELETE n").consume()
            for name in session.run("SHOW CONSTRAINTS YIELD name").value():
                session.run(f"DROP CONSTRAINT `{name}` IF EXISTS").consume()
            for name in session.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'").value("name"):
                session.run(f"DROP INDEX `{name}` IF EXISTS").consume()


@dataclass(frozen=True)
class OwnServer:
    """A local server of these tests, and what the two commands said that started it at once."""

    server: LocalNeo4j
    first_words: list[str]


@contextmanager
def open_database_server(say: Callable[[str], None]) -> Iterator[DatabaseServer]:
    """Have a server for the tests, and leave nothing behind."""
    if "CATHOGRAPH_TEST_NEO4J_URI" in os.environ:
        opened = given_server()
    elif docker_answers():
        opened = container_server()
    else:
        opened = local_server()
    with opened as server:
        say(f"tests use {server.uri}")
        try:
            yield server
        finally:
            server.close()


@contextmanager
def given_server() -> Iterator[DatabaseServer]:
    """Use the server named for tests; it must be empty, and is empty again afterwards."""
    server = DatabaseServer(
        os.environ["CATHOGRAPH_TEST_NEO4J_URI"],
        os.environ.get("CATHOGRAPH_TEST_NEO4J_USER", "neo4j"),
        os.environ.get("CATHOGRAPH_TEST_NEO4J_PASSWORD", ""),
    )
    with server.driver() as driver:
        n_nodes = driver.execute_query("MATCH (n) RETURN count(n) AS n_nodes").records[0]["n_nodes"]
    if n_nodes:
        msg = (
            f"Found {n_nodes} nodes in {server.uri}; expected an empty store, for tests delete what "
            "they find. Name another server with CATHOGRAPH_TEST_NEO4J_URI, or unset it."
        )
        raise ValueError(msg)
    try:
        yield server
    finally:
        server.empty()
        server.close()


def docker_answers() -> bool:
    """Tell quickly whether a Docker daemon runs that we may use."""
    import docker

    client = None
    # The client leaves its socket to the garbage collector when nobody answers: here, not in a test.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with contextlib.suppress(docker.errors.DockerException):
            client = docker.from_env(timeout=2)
        gc.collect()
    if client is None:
        return False
    try:
        client.ping()
    except (docker.errors.DockerException, OSError):
        return False
    else:
        return True
    finally:
        client.close()


@contextmanager
def container_server() -> Iterator[DatabaseServer]:
    """Start Neo4j with Graph Data Science in a container."""
    from testcontainers.community.neo4j import Neo4jContainer

    container = (
        Neo4jContainer(CONTAINER_IMAGE, username="neo4j", password="only-for-tests")  # noqa: S106
        .with_env("NEO4J_PLUGINS", '["graph-data-science"]')
        .with_env("NEO4J_dbms_security_procedures_unrestricted", "gds.*")
        .with_env("NEO4J_dbms_security_allow__csv__import__from__file__urls", "false")
        .with_env("NEO4J_internal_dbms_cypher__ip__blocklist", "0.0.0.0/0,::/0")
        .with_env("NEO4J_dbms_usage__report_enabled", "false")
    )
    with container:
        yield DatabaseServer(container.get_connection_url(), container.username, container.password)


def small_server(home: Path) -> LocalNeo4j:
    """Make a local server that starts fast and is content with little memory."""
    return LocalNeo4j(home, memory=SMALL, java_options=QUICK, settings=KEEP_PLANS)


@contextmanager
def local_server() -> Iterator[DatabaseServer]:
    """Start a local server in a temporary home."""
    with temporary_home() as home, small_server(home) as address:
        yield DatabaseServer(address.uri, address.user, address.password)


@contextmanager
def temporary_home(name: str = "home") -> Iterator[Path]:
    """Have a home whose server and files are gone afterwards, even when these tests are killed.

    A guard process waits for our end of a pipe to close, which the operating system does
    whatever becomes of us, and then stops the server and removes the folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="cathograph-tests-"))
    guard = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_GUARD), str(folder), name],
        stdin=subprocess.PIPE,
        start_new_session=True,  # out of reach of Ctrl-C, which ends us
    )
    try:
        yield folder / name
    finally:
        LocalNeo4j(folder / name).stop()
        shutil.rmtree(folder)
        guard.communicate()


_GUARD = """
    import shutil, sys
    from pathlib import Path
    sys.stdin.read()
    folder = Path(sys.argv[1])
    if folder.exists():
        from cathograph.local_neo4j.server import LocalNeo4j
        LocalNeo4j(folder / sys.argv[2]).stop()
        shutil.rmtree(folder)
"""
