"""The page Segment as people use it: a real Chromium paints with the mouse, sees the result and ingests it."""

import re

import numpy as np
import pytest
import tifffile
from dashboard_browser import wait_until_quiet
from playwright.sync_api import expect

from cathograph.notebook import query

pytestmark = [pytest.mark.long, pytest.mark.browser]

SIDE = 192


@pytest.fixture
def made_image(tmp_path):
    """Give a file: bright at the left, grey at the top right, dark at the bottom right."""
    grey = np.full((SIDE, SIDE), 200.0)
    grey[: SIDE // 2, SIDE // 2 :] = 130
    grey[SIDE // 2 :, SIDE // 2 :] = 60
    grey += np.random.default_rng(0).normal(0, 8, grey.shape)
    path = tmp_path / "painted in a browser.tif"
    tifffile.imwrite(path, grey.astype(np.uint8))
    return path


def place_on_screen(canvas, y, x):
    """Give where a pixel of the whole image lies on the screen."""
    box = canvas.bounding_box()
    scale = min(box["width"], box["height"]) / SIDE
    left = box["x"] + (box["width"] - scale * SIDE) / 2
    top = box["y"] + (box["height"] - scale * SIDE) / 2
    return left + scale * x, top + scale * y


def paint(page, phase, y, x, length):
    """Choose a phase and drag the mouse along a row."""
    page.get_by_role("button", name=phase).click()
    canvas = page.locator("canvas")
    page.mouse.move(*place_on_screen(canvas, y, x))
    page.mouse.down()
    page.mouse.move(*place_on_screen(canvas, y, x + length), steps=4)
    page.mouse.up()


def test_paint_see_undo_and_ingest(browser_page, made_image, small_store, keep_screenshot):
    page = browser_page
    page.goto("/segment")
    page.locator("input[type=file]").set_input_files(made_image)
    canvas = page.locator("canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile("Paint two phases"))
    canvas.scroll_into_view_if_needed()
    paint(page, re.compile("^NMC"), 40, 20, 40)
    expect(page.get_by_text("expected two or more")).to_be_visible()
    paint(page, re.compile("^SSE"), 40, 120, 40)
    paint(page, re.compile("^Graphite"), 150, 120, 40)
    # Half of the image, a quarter and a quarter.
    expect(canvas).to_have_attribute("aria-label", re.compile(r"Graphite 2[45]\.\d %"))
    assert re.search(r"NMC (49|50)\.\d %", canvas.get_attribute("aria-label"))
    wait_until_quiet(page)
    keep_screenshot(page, "segment")
    # A stroke that is undone leaves no trace, also in the home.
    painted = re.compile(r"[\d,]+ pixels painted").search(canvas.get_attribute("aria-label")).group()
    paint(page, "Eraser (E)", 40, 25, 20)
    expect(canvas).not_to_have_attribute("aria-label", re.compile(painted))
    page.keyboard.press("Control+z")
    expect(canvas).to_have_attribute("aria-label", re.compile(painted))
    page.reload()
    page.locator("input[type=file]").set_input_files(made_image)
    expect(canvas).to_have_attribute("aria-label", re.compile(painted))
    page.get_by_role("button", name="Least sure").click()
    page.get_by_label("Sample", exact=True).last.fill("painted")
    page.get_by_label("Pixel size (nm)").fill("50")
    page.get_by_label("Pixel size (nm)").press("Tab")
    page.get_by_role("button", name="Ingest").last.click()
    expect(page.get_by_text("is done. The page Image shows it.")).to_be_visible()
    found = query(small_store, "tpbs", sample="painted")
    assert len(found) == 1
