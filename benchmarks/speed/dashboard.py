"""How long people wait for the dashboard: a store of 100 images with 50,000 particles, a real Chromium.

There is no rival to run beside it. What stands in its place is the longest wait that we allow ourselves: two
seconds for the first page, one for a change of the filter or a click on a particle. Beside the first page stands
an empty page of Streamlit in the same browser: no page of ours can be there sooner.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from playwright.sync_api import Browser, sync_playwright

from cathograph.benchmarks.measure import BenchRow
from cathograph.benchmarks.speed.dashboard_visits import (
    time_clicks,
    time_filter,
    time_known_browser,
    time_new_browser,
)
from cathograph.benchmarks.speed.many_images import N_IMAGES, fill_store
from cathograph.benchmarks.speed.temporary_store import TemporaryServer, temporary_server
from cathograph.schema.errors import DashboardError, InputError

FIRST_PAGE_S, CHANGE_S = 2.0, 1.0
_START_S = 60.0
_ALLOWED = "longest wait allowed"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_EMPTY_PAGE = "import streamlit\n\nstreamlit.metric('Particles', '0')\n"


@dataclass(frozen=True)
class Wait:
    """One wait, and what it stands beside."""

    name: str
    seconds: float
    allowed_s: float
    beside: str = _ALLOWED


def run(progress: Callable[[str], None], only: str | None = None) -> list[BenchRow]:
    """Fill a temporary store, start the dashboard on it, and time what a browser shows.

    Raises
    ------
    InputError
        When there is no Chromium.
    WrongAnswer
        When a page shows other numbers than are in the store.
    """
    browser_path = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if browser_path is None:
        msg = f"Found none of {', '.join(_BROWSERS)}; expected a browser to drive. Install chromium."
        raise InputError(msg)
    with temporary_server() as server, tempfile.TemporaryDirectory() as folder:
        with server.connect() as store:
            n_particles = fill_store(store, progress)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            waits, peak_mb = measure(server, browser, browser_path, Path(folder), n_particles, progress)
            browser.close()
    return [
        BenchRow(
            name=f"{wait.name}, {N_IMAGES} images, {n_particles:,} particles",
            ours_s=wait.seconds,
            rival=wait.beside,
            rival_s=wait.allowed_s,
            ratio=wait.allowed_s / wait.seconds,
            ours_peak_mb=peak_mb,
            rival_peak_mb=0.0,
        )
        for wait in waits
        if only is None or only in wait.name
    ]


def measure(
    server: TemporaryServer,
    browser: Browser,
    browser_path: str,
    folder: Path,
    n_particles: int,
    progress: Callable[[str], None],
) -> tuple[list[Wait], float]:
    """Time everything on a filled store; gives the waits, and the memory of the process that serves, MB."""
    progress("an empty page")
    with _empty_page(folder) as url:
        floor_s = time_new_browser(browser, url, 0)
    with _dashboard(server, folder) as (url, pid):
        progress("the first visitor")
        after_start_s = time_new_browser(browser, url, n_particles, runs=1)
        progress("later visitors")
        new_s = time_new_browser(browser, url, n_particles)
        known_s = time_known_browser(browser, browser_path, folder / "profile", url, n_particles)
        progress("filter changes")
        sample_s, size_s = time_filter(browser, url, n_particles)
        progress("clicks on particles")
        click_s, clicked = time_clicks(browser, url, folder, lambda *words: _cathograph(server, *words))
        peak_mb = psutil.Process(pid).memory_info().rss / 1e6
    new = "first page, new browser"
    return [
        Wait("first page after a start, new browser", after_start_s, FIRST_PAGE_S),
        Wait(new, new_s, FIRST_PAGE_S),
        Wait(new, new_s, floor_s, "an empty page of Streamlit"),
        Wait("first page, browser that was here before", known_s, FIRST_PAGE_S),
        Wait("filter: a sample", sample_s, CHANGE_S),
        Wait("filter: a size", size_s, CHANGE_S),
        Wait(f"click in an image of {clicked:,} particles", click_s, CHANGE_S),
    ], peak_mb


@contextmanager
def _dashboard(server: TemporaryServer, folder: Path) -> Iterator[tuple[str, int]]:
    """Start the dashboard as a user does; gives its address and the process that serves it."""
    command = [sys.executable, "-m", "cathograph", "dashboard", "--port", "0", "--no-browser"]
    with subprocess.Popen(  # noqa: S603  our own module
        command, env=_environment(server), stdout=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said.startswith("Dashboard: "):
                msg = (
                    f"Found the dashboard saying {said!r}; expected its address. Start it by hand to see why."
                )
                raise DashboardError(msg)
            (child, *_) = psutil.Process(process.pid).children()
            yield said.removeprefix("Dashboard: ").strip(), child.pid
        finally:
            process.terminate()


@contextmanager
def _empty_page(folder: Path) -> Iterator[str]:
    """Serve a page with nothing but one number, as Streamlit does by itself."""
    script = folder / "empty.py"
    script.write_text(_EMPTY_PAGE, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--server.headless=true", "--server.fileWatcherType=none"]
    command += ["--browser.gatherUsageStats=false"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder) as process:  # noqa: S603
        try:
            _wait_for(f"{url}/_stcore/health")
            yield url
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    give_up = time.monotonic() + _START_S
    while time.monotonic() < give_up:
        with suppress(URLError, OSError), urlopen(url, timeout=2) as answer:  # noqa: S310  our own
            if answer.status == 200:
                return
        time.sleep(0.1)
    msg = f"Found nothing at {url} after {_START_S:.0f} s; expected Streamlit to serve an empty page. Try again."
    raise DashboardError(msg)


def _cathograph(server: TemporaryServer, *arguments: str) -> None:
    """Run a command on the store."""
    command = [sys.executable, "-m", "cathograph", *arguments]
    subprocess.run(command, check=True, capture_output=True, env=_environment(server))  # noqa: S603


def _environment(server: TemporaryServer) -> dict[str, str]:
    return os.environ | {
        "NEO4J_URI": server.uri,
        "NEO4J_USER": "neo4j",
        "NEO4J_PASSWORD": server.password,
    }
