"""What a browser does to the dashboard, each time until the numbers stand on the page.

The page itself looks for them once a frame, so that nothing is asked of it while it works.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import tifffile

from cathograph.benchmarks.label_images import make_composite
from cathograph.benchmarks.measure import WrongAnswer
from cathograph.benchmarks.speed.many_images import N_SAMPLES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

_RUNS = 5
_PATIENCE_S = 120.0
_VIEW: "ViewportSize" = {"width": 1440, "height": 900}
_LARGE_SHAPE, _PIXEL_UM = (2120, 2120), 0.05
_PHASES = ("NMC", "SSE", "Graphite")
_NO_SANDBOX = ("--no-sandbox",)

_PARTICLES_ARE = """number => {
    const tiles = [...document.querySelectorAll('[data-testid=stMetric]')]
        .map(tile => tile.innerText).filter(text => text.startsWith('Particles'));
    return tiles.length === 1 && tiles[0].split(/\\s+/)[1] === number;
}"""
_PARTICLES_ARE_NOT = """before => {
    const tile = [...document.querySelectorAll('[data-testid=stMetric]')]
        .find(tile => tile.innerText.startsWith('Particles'));
    return tile && tile.innerText !== before;
}"""
_IS_CHOSEN = "name => [...document.querySelectorAll('h4')].some(each => each.innerText.trim() === name)"
_HAS_DRAWN = "() => document.querySelector('.js-plotly-plot .layer-below image, .js-plotly-plot image')"
_PLACE_ON_SCREEN = """(chart, place) => {
    const plot = chart.querySelector('.js-plotly-plot'), box = plot.getBoundingClientRect();
    const {xaxis, yaxis} = plot._fullLayout;
    return [box.x + xaxis._offset + xaxis.d2p(place[0]), box.y + yaxis._offset + yaxis.d2p(place[1])];
}"""


def time_new_browser(browser: "Browser", url: str, n_particles: int, *, runs: int = _RUNS) -> float:
    """Time a first page in a browser that has nothing of it yet: the median, s."""
    found = []
    for _ in range(runs):
        context = browser.new_context(viewport=_VIEW)
        found.append(_time_page(context, url, n_particles))
        context.close()
    return statistics.median(found)


def time_known_browser(
    browser: "Browser", browser_path: str, folder: Path, url: str, n_particles: int
) -> float:
    """Time a first page in a browser that was here before, as on every day but the first: the median, s."""
    context = browser.browser_type.launch_persistent_context(
        folder, executable_path=browser_path, args=_NO_SANDBOX, viewport=_VIEW
    )
    for _ in range(2):
        _time_page(context, url, n_particles)
    found = [_time_page(context, url, n_particles) for _ in range(_RUNS)]
    context.close()
    return statistics.median(found)


def time_filter(browser: "Browser", url: str, n_particles: int) -> tuple[float, float]:
    """Time another sample and another range of sizes: the medians, s."""
    page = browser.new_page(viewport=_VIEW)
    page.goto(url)
    _wait(page, _PARTICLES_ARE, f"{n_particles:,}")
    a_sample = n_particles // N_SAMPLES
    samples = [_time_sample(page, f"sample {number}", (number + 1) * a_sample) for number in range(_RUNS)]
    sizes = [_time_size(page, size) for size in ("0.5", "0.6", "0.7", "0.8")]
    page.close()
    # The first range of sizes reads the particles; the later ones are what people feel.
    return statistics.median(samples), statistics.median(sizes[1:])


def time_clicks(
    browser: "Browser", url: str, folder: Path, cathograph: Callable[..., None]
) -> tuple[float, int]:
    """Ingest a large image with `cathograph` and time clicks: the median, s, and how many particles it has."""
    labels = make_composite(_LARGE_SHAPE)
    names, areas = np.unique(labels[labels > 0], return_counts=True)
    phases = dict(zip(names.tolist(), np.resize(_PHASES, len(names)).tolist(), strict=True))
    image, table = folder / "large.tif", folder / "phases.csv"
    tifffile.imwrite(image, labels)
    pd.DataFrame({"label": list(phases), "phase": list(phases.values())}).to_csv(table, index=False)
    cathograph(
        "ingest", str(image), "--sample=large", "--as=regions", f"--phases={table}",
        f"--pixel-size-nm={1000 * _PIXEL_UM:g}",
    )  # fmt: skip
    page = browser.new_page(viewport=_VIEW)
    page.set_default_timeout(1000 * _PATIENCE_S)
    page.goto(f"{url}/image?view=large/large")
    _wait(page, _HAS_DRAWN, None)
    on_screen = np.isin(names, labels[: _LARGE_SHAPE[0] // 3])  # below, one would have to scroll
    largest = names[on_screen][np.argsort(areas[on_screen])[-2 * _RUNS :]]
    found = [_time_click(page, labels, int(label), phases[int(label)]) for label in largest.tolist()]
    page.close()
    # The first ones find Plotly still settling.
    return statistics.median(found[_RUNS:]), len(names)


def _time_page(context: "BrowserContext", url: str, n_particles: int) -> float:
    page = context.new_page()
    began = time.perf_counter()
    page.goto(url)
    _wait(page, _PARTICLES_ARE, f"{n_particles:,}")
    seconds = time.perf_counter() - began
    page.close()
    return seconds


def _time_sample(page: "Page", sample: str, n_particles: int) -> float:
    page.get_by_test_id("stMultiSelect").filter(has_text="Sample").get_by_role("combobox").click()
    option = page.get_by_role("option", name=sample, exact=True)
    option.wait_for()
    began = time.perf_counter()
    option.click()
    _wait(page, _PARTICLES_ARE, f"{n_particles:,}")
    seconds = time.perf_counter() - began
    page.keyboard.press("Escape")
    return seconds


def _time_size(page: "Page", size: str) -> float:
    before = page.get_by_test_id("stMetric").filter(has_text="Particles").inner_text()
    field = page.locator("input[aria-label^='NMC from']")
    field.fill(size)
    began = time.perf_counter()
    field.press("Enter")
    _wait(page, _PARTICLES_ARE_NOT, before)
    return time.perf_counter() - began


def _time_click(page: "Page", labels: "np.typing.NDArray[np.int32]", label: int, phase: str) -> float:
    """Click in the middle of a particle; until its name stands beside the image."""
    y, x = (float(each) for each in np.argwhere(labels == label).mean(axis=0))
    chart = page.get_by_test_id("stPlotlyChart").first
    place = chart.evaluate(_PLACE_ON_SCREEN, [(x + 0.5) * _PIXEL_UM, (y + 0.5) * _PIXEL_UM])
    page.mouse.move(*place)
    page.wait_for_timeout(300)  # as long as a hand takes: Plotly clicks on what it hovers
    began = time.perf_counter()
    page.mouse.click(*place)
    _wait(page, _IS_CHOSEN, f"{phase} {label}")
    return time.perf_counter() - began


def _wait(page: "Page", holds: str, argument: object) -> None:
    from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

    try:
        page.wait_for_function(holds, arg=argument, timeout=1000 * _PATIENCE_S)
    except PlaywrightTimeoutError as error:
        msg = f"Found a page that does not show {argument} after {_PATIENCE_S:.0f} s; expected the store's numbers."
        raise WrongAnswer(msg) from error
