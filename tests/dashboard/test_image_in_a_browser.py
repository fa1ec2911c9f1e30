"""The page Image and the figures as people use them: a real Chromium, clicks where the particles are."""

import io
import re

import pandas as pd
import pytest
from dashboard_browser import wait_until_quiet
from playwright.sync_api import expect

from cathograph.notebook import query

pytestmark = pytest.mark.long

_VIEW = {"sample": "LCD-1", "image": "LCD00"}


def place_on_screen(page, chart, x_um, y_um):
    """Give where a point of a chart lies on the screen."""
    return chart.evaluate(
        """(chart, place) => {
            const plot = chart.querySelector('.js-plotly-plot'), box = plot.getBoundingClientRect();
            const {xaxis, yaxis} = plot._fullLayout;
            return [box.x + xaxis._offset + xaxis.d2p(place[0]), box.y + yaxis._offset + yaxis.d2p(place[1])];
        }""",
        [x_um, y_um],
    )


@pytest.fixture
def particle(small_store):
    """Give an NMC in the middle of the image, round enough that its centroid lies in it."""
    particles = query(small_store, "particles", **_VIEW)
    nmc = particles[
        (particles["phase"] == "NMC") & ~particles["touches_border"] & (particles["convexity"] > 0.95)
    ]
    return nmc.loc[nmc["area_px"].idxmax()]


def test_click_a_particle_then_its_neighbour(browser_page, particle, small_store, keep_screenshot):
    browser_page.goto("/image?view=LCD-1/LCD00")
    wait_until_quiet(browser_page)
    chart = browser_page.get_by_test_id("stPlotlyChart").first
    expect(chart.locator(".layer-below image, image").first).to_be_attached()
    pixel_um = query(small_store, "images", **_VIEW)["pixel_size_um"].iloc[0]
    # Beside the centroid, where only the grid of click points tells whose pixel it is.
    aside = 0.25 * particle["equivalent_diameter_um"]
    x, y = place_on_screen(
        browser_page,
        chart,
        (particle["centroid_x"] + 0.5) * pixel_um + aside,
        (particle["centroid_y"] + 0.5) * pixel_um,
    )
    browser_page.mouse.move(x, y)
    browser_page.wait_for_timeout(300)
    browser_page.mouse.click(x, y)
    expect(browser_page.get_by_role("heading", name=f"NMC {particle['label']}")).to_be_visible()
    assert f"particle={particle['label']}" in browser_page.url
    wait_until_quiet(browser_page)
    keep_screenshot(browser_page, "image")

    neighbour = (
        browser_page.get_by_test_id("stButton").filter(has_text=re.compile(r"^(NMC|SSE|Graphite) \d+$")).first
    )
    name = neighbour.inner_text()
    neighbour.get_by_role("button").click()
    expect(browser_page.get_by_role("heading", name=name)).to_be_visible()
    assert re.search(rf"particle={name.split()[1]}\b", browser_page.url)


def test_downloads_of_a_figure(browser_page, small_store, keep_screenshot):
    browser_page.goto("/morphology?sample=LCD-1")
    wait_until_quiet(browser_page)
    expect(browser_page.get_by_test_id("stPlotlyChart").nth(2)).to_be_visible()
    keep_screenshot(browser_page, "morphology")
    got = {}
    for kind in ("CSV", "PNG", "PDF", "SVG"):
        with browser_page.expect_download() as coming:
            browser_page.get_by_role("button", name=kind, exact=True).first.click()
        assert coming.value.suggested_filename == f"fig-3a-tpb-size.{kind.lower()}"
        got[kind] = coming.value.path().read_bytes()
    tpbs = query(small_store, "tpbs", sample="LCD-1")
    table = pd.read_csv(io.BytesIO(got["CSV"]))
    pd.testing.assert_frame_equal(table, tpbs[table.columns], check_dtype=False)
    assert {"perimeter_um", "interface_ratio", "is_physical"} <= set(table.columns)
    assert got["PNG"].startswith(b"\x89PNG")
    assert b"<svg" in got["SVG"]
    assert got["PDF"].startswith(b"%PDF")
