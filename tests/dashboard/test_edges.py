"""Two absorption edges in a dashboard: one is chosen, in the address too, and neither hides the other."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from dashboard_browser import wait_until_quiet
from playwright.sync_api import expect

from cathograph.ingest.options import StateMethod
from cathograph.ingest.states.map_source import MapSource
from cathograph.ingest.stored.stored_image import ingest_map
from cathograph.notebook import query

pytestmark = pytest.mark.long

PAGES = ("overview", "image", "morphology", "reaction", "network", "confounders", "gnn")
MOVED_EV = 617.0


@pytest.fixture
def two_edges(small_store, dashboard_files, tmp_path):
    """Give the small store, each of its maps also at the Co K edge, 617 eV lower."""
    for made in dashboard_files:
        if made.energy is not None:
            path = Path(tmp_path / f"{made.energy.stem}_co.npy")
            np.save(path, tifffile.imread(made.energy) - np.float32(MOVED_EV))
            method = StateMethod(edge="Co K", window_ev=(7723, 7731), reference_ev=7727)
            ingest_map(
                small_store, MapSource(path, method=method), sample=made.sample, image=made.phases.stem,
                labels=made.phases,
            )  # fmt: skip
    return small_store


def edge_box(app):
    return next((each for each in app.sidebar.selectbox if each.label == "Absorption edge"), None)


def test_one_edge_is_not_asked_for(small_store, open_page):
    app = open_page("reaction")
    assert not app.exception
    assert edge_box(app) is None


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_the_edge_that_is_chosen(two_edges, open_page, name):
    for edge in ("Co K", "Ni K"):
        app = open_page(name, edge=edge)
        assert not app.exception
        assert not app.error, [each.value for each in app.error]
        assert edge_box(app).options == ["Co K", "Ni K"]
        assert edge_box(app).value == edge


def test_statistics_are_those_of_one_edge(two_edges, open_page):
    tables = {}
    for edge in ("Co K", "Ni K"):
        app = open_page("reaction", edge=edge)
        tables[edge] = next(each.value for each in app.dataframe if "difference" in each.value.columns)
    # The Co maps are the Ni maps moved, so differences are the same, up to the rounding of 32-bit floats.
    differences = [tables[edge]["difference"].to_numpy(float) for edge in tables]
    np.testing.assert_allclose(*differences, atol=0.02)
    states = query(two_edges, "states")
    means = states.groupby("element")["soc_ev"].mean()
    assert means["Ni"] - means["Co"] == pytest.approx(MOVED_EV, abs=0.01)


@pytest.mark.parametrize("name", ["reaction", "network", "confounders"])
def test_both_edges_side_by_side(two_edges, open_page, name):
    app = open_page(name, by="absorption edge")
    assert not app.exception
    assert not app.error, [each.value for each in app.error]
    counts = [each.value for each in app.text]
    assert [next(each for each in counts if each.startswith(edge)) for edge in ("Co K: ", "Ni K: ")]
    table = next(each.value for each in app.dataframe if "selection" in each.value.columns)
    assert list(dict.fromkeys(table["selection"])) == ["Co K", "Ni K"]


def test_structure_does_not_depend_on_the_edge(two_edges, open_page):
    app = open_page("morphology", by="absorption edge")
    assert not app.exception
    assert any("absorption edge" in each.value for each in app.info)
    assert not any("selection" in each.value.columns for each in app.dataframe)


@pytest.mark.browser
def test_the_choice_is_shown_in_a_browser(two_edges, browser_page, keep_screenshot):
    browser_page.goto("/reaction")
    wait_until_quiet(browser_page)
    box = browser_page.get_by_test_id("stSelectbox").filter(has_text="Absorption edge")
    expect(box.get_by_role("combobox")).to_have_value("Co K")
    keep_screenshot(browser_page, "reaction-co")
