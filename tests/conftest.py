"""What all tests share: a database, the real images, and walls around the user's own things."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from database_server import DatabaseServer, OwnServer, open_database_server, small_server, temporary_home
from distribution import note_database_tests, pytest_configure_node, pytest_xdist_make_scheduler  # noqa: F401  hooks
from hypothesis import HealthCheck, settings
from repository import ROOT

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection

# Two processes share two cores, and the networks of tests are too small to gain from threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

NEEDED_MARKER = {"neo4j_server": "neo4j", "own_server": "neo4j", "shared_data": "data", "chromium": "browser"}


# How many examples hypothesis makes; `pytest --hypothesis-profile=thorough` asks for more. No test fails because the
# machine is busy.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", _PATIENT, max_examples=50)
settings.register_profile("thorough", _PATIENT, max_examples=1000)
settings.load_profile("fast")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what uses the database or the real images, so that `-m "not neo4j"` is always true."""
    items.sort(key=_place)
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        for fixture, marker in NEEDED_MARKER.items():
            if fixture in fixtures:
                item.add_marker(marker)
    note_database_tests(config, items)


def _place(item: pytest.Item) -> int:
    """Give a test its place in the order: 0 first, 2 last.

    Files beside this one go through all rooms and take longest: at the end of a run one process would still be at
    them while the other has nothing to do. Tests that drop the schema come last, for with it goes every plan.
    """
    if "bare" in getattr(item, "fixturenames", ()):
        return 2
    return 0 if item.path.parent == Path(__file__).parent else 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a test fail in CI that gives up because something is missing: a browser, the real images.

    A condition on the kind of machine is a `skipif` that stands at the test, and may skip.
    """
    report = yield
    gave_up = report.skipped and not hasattr(report, "wasxfail") and not item.get_closest_marker("skipif")
    if gave_up and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be missing: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def no_users_own_store() -> Iterator[None]:
    """Keep every test away from the user's server and home."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        for name in [name for name in os.environ if name.startswith("NEO4J_")]:
            patch.delenv(name)
        home = Path(folder) / "home"
        patch.setenv("CATHOGRAPH_HOME", str(home))
        yield
        if home.exists():
            from cathograph.local_neo4j.server import LocalNeo4j

            LocalNeo4j(home).stop()


@pytest.fixture(scope="session")
def neo4j_server(request: pytest.FixtureRequest) -> Iterator[DatabaseServer]:
    """Give the database of this run; see `database_server`. Whoever uses it may empty it."""
    # A worker of pytest-xdist has no terminal of its own to say it on.
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    with open_database_server(reporter.write_line if reporter else lambda line: None) as server:
        yield server


@pytest.fixture(scope="session")
def own_server() -> Iterator[OwnServer]:
    """Give a local server that tests may crash, stop, back up: always of our own, never a given one.

    It lives in a path with blanks and umlauts. Its first start is made by two commands at once.
    """
    with temporary_home("Zellen & Öfen") as home:
        environment = os.environ | {
            "PYTHONPATH": str(Path(__file__).parent),
            "NEO4J_PASSWORD": "of-someone-else",
        }
        script = "import sys; from pathlib import Path; from database_server import small_server; "
        script += "print(small_server(Path(sys.argv[1])).start().uri)"
        commands = [
            subprocess.Popen(
                [sys.executable, "-c", script, str(home)], env=environment, stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        said = [command.communicate(timeout=280)[0].strip() for command in commands]
        yield OwnServer(small_server(home), said)


@pytest.fixture(scope="session")
def empty_with_schema(neo4j_server: DatabaseServer, connection: "Connection") -> Callable[[], None]:
    """Give what leaves nothing in the database but its schema.

    The schema is made anew only where a test has changed it: with it goes all that the server has planned, and
    planning the named queries again for each module would take minutes.
    """
    from cathograph.queries.server.migrations import migrate

    def make_schema() -> None:
        neo4j_server.empty()
        migrate(connection)

    make_schema()
    whole = neo4j_server.schema()

    def empty() -> None:
        neo4j_server.empty_of_data()
        neo4j_server.drop_projections()
        if neo4j_server.schema() != whole:
            make_schema()

    return empty


@pytest.fixture(scope="session")
def connection(neo4j_server: DatabaseServer) -> "Iterator[Connection]":
    """Give the one connection that the tests of this process share."""
    from cathograph.queries.server.connection import connect

    with connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as opened:
        yield opened


@pytest.fixture(scope="module")
def clean_store(connection: "Connection", empty_with_schema: Callable[[], None]) -> "Connection":
    """Give the connection to the emptied database with its schema; emptied once a module."""
    empty_with_schema()
    return connection


@pytest.fixture
def store(clean_store: "Connection", neo4j_server: DatabaseServer) -> "Connection":
    """Give the store with its schema and nothing in it."""
    neo4j_server.empty_of_data()
    return clean_store


@pytest.fixture
def store_environment(
    store: "Connection", neo4j_server: DatabaseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Give the environment of a reader whose store is the emptied test server, in a folder of his own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEO4J_URI", neo4j_server.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_server.password)
    return dict(os.environ)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real images beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real images: {folder} is absent")
    return folder
