"""How long people wait for the dashboard: a store of 100 images with 50,000 particles, a real Chromium.

There is no rival to run beside it. What stands in its place is the longest wait that we allow ourselves: two
seconds for the first page, one for a change of the filter. The first visitor after a start also waits for the
connection and for the tables to be read once; all later ones do not.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil

from benchmarks.composite_rows import make_rows
from benchmarks.label_images import make_composite
from benchmarks.measure import BenchRow, WrongAnswer
from benchmarks.temporary_store import TemporaryServer, temporary_server
from queries.connection import Connection
from queries.writing import IngestRunRecord, write_image
from schema.errors import DashboardError, InputError, MissingExtra

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

N_SAMPLES, IMAGES_A_SAMPLE, PARTICLES_AN_IMAGE = 10, 10, 500
FIRST_PAGE_S, FILTER_CHANGE_S = 2.0, 1.0
_SHAPE = (460, 460)
_RUNS = 5
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def run(progress: Callable[[str], None], only: str | None = None) -> list[BenchRow]:
    """Fill a temporary store, start the dashboard on it, and time what a browser shows.

    Raises
    ------
    MissingExtra
        When Playwright is not installed.
    InputError
        When there is no Chromium.
    WrongAnswer
        When a page shows other numbers than are in the store.
    """
    browser_path = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if browser_path is None:
        msg = f"Found none of {', '.join(_BROWSERS)}; expected a browser to drive. Install chromium."
        raise InputError(msg)
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as error:
        msg = (
            "Found no module playwright; expected it for this benchmark. Install it: pip install playwright."
        )
        raise MissingExtra(msg) from error
    with temporary_server() as server:
        with server.connect() as store:
            n_particles = _fill(store, progress)
        with _dashboard(server) as (url, pid), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            times = _measure(browser, url, n_particles, progress)
            peak_mb = psutil.Process(pid).memory_info().rss / 1e6
            browser.close()
    allowed = {name: FILTER_CHANGE_S if name.startswith("filter") else FIRST_PAGE_S for name in times}
    return [
        BenchRow(
            name=f"{name}, {N_SAMPLES * IMAGES_A_SAMPLE} images, {n_particles:,} particles",
            ours_s=seconds,
            rival="longest wait allowed",
            rival_s=allowed[name],
            ratio=allowed[name] / seconds,
            ours_peak_mb=peak_mb,
            rival_peak_mb=0.0,
        )
        for name, seconds in times.items()
        if only is None or only in name
    ]


def _fill(store: Connection, progress: Callable[[str], None]) -> int:
    """Write one analysed image a hundred times; gives the particles in the store."""
    rows = make_rows(make_composite(_SHAPE))
    for number in range(N_SAMPLES * IMAGES_A_SAMPLE):
        sample, image = divmod(number, IMAGES_A_SAMPLE)
        view = replace(
            rows.field_of_view,
            sample=f"sample {sample}",
            image=f"image {image}",
            cathode=("LCD", "ECD", "BLE")[sample % 3],
        )
        write_image(
            store,
            replace(rows, field_of_view=view, segmentation_key=f"bench {number}"),
            IngestRunRecord.of_memory("benchmark"),
        )
        if number % IMAGES_A_SAMPLE == 0:
            progress(f"filling the store: {number} of {N_SAMPLES * IMAGES_A_SAMPLE} images")
    return len(rows.particles) * N_SAMPLES * IMAGES_A_SAMPLE


@contextmanager
def _dashboard(server: TemporaryServer) -> Iterator[tuple[str, int]]:
    """Start the dashboard as a user does; gives its address and the process that serves it."""
    command = [sys.executable, "-m", "cathograph", "dashboard", "--port", "0", "--no-browser"]
    environment = os.environ | {
        "NEO4J_URI": server.uri,
        "NEO4J_USER": "neo4j",
        "NEO4J_PASSWORD": server.password,
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
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


def _measure(
    browser: "Browser", url: str, n_particles: int, progress: Callable[[str], None]
) -> dict[str, float]:
    progress("the first visitor")
    times = {"first page after a start": _time_first_page(browser, url, n_particles)}
    progress("later visitors")
    later = [_time_first_page(browser, url, n_particles) for _ in range(_RUNS)]
    times["first page"] = statistics.median(later)
    progress("filter changes")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    _wait_for_particles(page, n_particles)
    a_sample = n_particles // N_SAMPLES
    times["filter: a sample"] = statistics.median(
        _time_choice(page, f"sample {number}", (number + 1) * a_sample) for number in range(_RUNS)
    )
    times["filter: a size"] = _time_size(page)
    page.close()
    return times


def _time_first_page(browser: "Browser", url: str, n_particles: int) -> float:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(url)
    _wait_for_particles(page, n_particles)
    seconds = time.perf_counter() - began
    context.close()
    return seconds


def _time_choice(page: "Page", sample: str, n_particles: int) -> float:
    page.get_by_test_id("stMultiSelect").filter(has_text="Sample").get_by_role("combobox").click()
    option = page.get_by_role("option", name=sample, exact=True)
    option.wait_for()
    began = time.perf_counter()
    option.click()
    _wait_for_particles(page, n_particles)
    seconds = time.perf_counter() - began
    page.keyboard.press("Escape")
    return seconds


def _time_size(page: "Page") -> float:
    """Narrow by size, after the particles were read once: the second change is what people feel."""
    tile = page.get_by_test_id("stMetric").filter(has_text="Particles")
    seconds = 0.0
    for size in ("0.5", "0.6", "0.7"):
        before = tile.inner_text()
        field = page.locator("input[aria-label^='NMC from']")
        field.fill(size)
        began = time.perf_counter()
        field.press("Enter")
        _wait_until(lambda before=before: tile.inner_text() != before)  # type: ignore[misc]
        seconds = time.perf_counter() - began
    return seconds


def _wait_for_particles(page: "Page", n_particles: int) -> None:
    tile = page.get_by_test_id("stMetric").filter(has_text="Particles")
    _wait_until(lambda: tile.count() == 1 and f"{n_particles:,}" in tile.inner_text())


def _wait_until(holds: Callable[[], bool], *, patience_s: float = 120.0) -> None:
    give_up = time.perf_counter() + patience_s
    while not holds():
        if time.perf_counter() > give_up:
            msg = f"Found a page that does not show the store's numbers after {patience_s:.0f} s."
            raise WrongAnswer(msg)
        time.sleep(0.01)
