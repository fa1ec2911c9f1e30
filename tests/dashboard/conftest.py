"""What the dashboard's tests share: a small store, pages run headless, and a real browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from database_server import DatabaseServer
from playwright.sync_api import Browser, Page, sync_playwright
from small_dashboard_store import MadeFiles, fill, make_files
from streamlit.testing.v1 import AppTest

from cathograph.dashboard.session.environment import PASSWORD, URI, USER
from cathograph.queries.reading.content import store_version
from cathograph.queries.server.connection import Connection, connect

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_S = 60
_FILLED: dict[str, str] = {}
"""Version of the small store, by the address of its server, while nobody has changed it."""

_SCRIPT = """
from cathograph.dashboard_server.painter import IngestPainter
from cathograph.dashboard_server.pixel_reader import read_image_pixels
from cathograph.dashboard.app import main
from cathograph.dashboard.session.image_pixels import read_with
from cathograph.dashboard.session.painting import paint_with

read_with(read_image_pixels)
paint_with(IngestPainter())
main({!r})
"""

SHELF = "CATHOGRAPH_TEST_SCREENSHOTS"
"""Environment variable: a folder in which screenshots are kept."""


@pytest.fixture(scope="session")
def dashboard_files(tmp_path_factory: pytest.TempPathFactory) -> list[MadeFiles]:
    """Give the files of the small store; they stay while tests run, for pages draw them."""
    return make_files(tmp_path_factory.mktemp("dashboard-files"))


@pytest.fixture(scope="session")
def dashboard_connection(neo4j_server: DatabaseServer) -> Iterator[Connection]:
    """Give a connection to the test server."""
    with connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as connection:
        yield connection
    st.cache_resource.clear()


@pytest.fixture
def dashboard_environment(
    neo4j_server: DatabaseServer, dashboard_connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name the test server to pages that run in this process."""
    monkeypatch.setenv(URI, neo4j_server.uri)
    monkeypatch.setenv(USER, neo4j_server.user)
    monkeypatch.setenv(PASSWORD, neo4j_server.password)


@pytest.fixture
def small_store(
    neo4j_server: DatabaseServer,
    empty_with_schema: Callable[[], None],
    dashboard_connection: Connection,
    dashboard_files: list[MadeFiles],
    dashboard_environment: None,
) -> Connection:
    """Give the small store; filled anew where another test has changed it."""
    if store_version(dashboard_connection) != _FILLED.get(neo4j_server.uri):
        empty_with_schema()
        fill(dashboard_connection, dashboard_files)
        _FILLED[neo4j_server.uri] = store_version(dashboard_connection)
    return dashboard_connection


@pytest.fixture
def empty_store(
    empty_with_schema: Callable[[], None], dashboard_connection: Connection, dashboard_environment: None
) -> Connection:
    """Give the store with its schema and nothing in it."""
    empty_with_schema()
    return dashboard_connection


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Give what runs a page headless: its name, and the filter as the address holds it."""

    def run(name: str, **filter_: object) -> AppTest:
        app = AppTest.from_string(_SCRIPT.format(name), default_timeout=120)
        for key, value in filter_.items():
            app.query_params[key] = value
        return app.run()

    return run


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Give the system's Chromium, headless. Absent, its tests are skipped; in CI they fail."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        line = f"NO BROWSER TESTS: found none of {', '.join(_BROWSERS)}; install chromium to run them"
        if os.environ.get("CI"):
            pytest.fail(f"{line}; CI must run them")
        pytest.skip(line)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dashboard_url(neo4j_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a dashboard of the test server, started by the command that people use."""
    environment = os.environ | {
        "NEO4J_URI": neo4j_server.uri,
        "NEO4J_USER": neo4j_server.user,
        "NEO4J_PASSWORD": neo4j_server.password,
        "CATHOGRAPH_HOME": str(tmp_path_factory.mktemp("dashboard-home")),
    }
    command = [sys.executable, "-m", "cathograph", "dashboard", "--port", "0", "--no-browser"]
    log = tmp_path_factory.mktemp("dashboard-log") / "log"
    with log.open("w") as said:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            first = process.stdout.readline() if process.stdout else ""
            if not first.startswith("Dashboard: "):
                pytest.fail(f"the dashboard said {first!r}; {log.read_text()}")
            yield first.removeprefix("Dashboard: ").strip()
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture
def browser_page(chromium: Browser, dashboard_url: str, small_store: Connection) -> Iterator[Page]:
    """Give a tab of 1440 × 900 on the small store; what it says to the console fails the test at the end."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=dashboard_url)
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_S * 1000)
    alerts: list[str] = []
    foreign: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: foreign.append(asked.url) if _is_foreign(asked.url) else None)
    yield page
    context.close()
    assert not alerts, "a name from the store ran as a script"
    assert not foreign, "a page asked another machine for something"


@pytest.fixture
def keep_screenshot(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Give what keeps a screenshot, in the folder that the environment names, else in the test's own."""

    def keep(page: Page, name: str) -> Path:
        shelf = Path(os.environ.get(SHELF, tmp_path))
        shelf.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=shelf / f"{name}.png")
        return shelf / f"{name}.png"

    return keep


def _is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
