"""The dashboard as people use it: the command that starts it, and a real Chromium."""

import io

import pandas as pd
import pytest
from dashboard_browser import wait_until_quiet
from playwright.sync_api import expect
from small_dashboard_store import HARMFUL

from cathograph.queries.catalog import adhoc, load
from cathograph.queries.reading.runner import run

pytestmark = pytest.mark.long

PAGES = ("", "image", "morphology", "reaction", "network", "confounders", "query", "gnn", "ingest")


def choose(page, label, option):
    """Choose an option of a field of the filter."""
    page.get_by_test_id("stMultiSelect").filter(has_text=label).get_by_role("combobox").click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")
    wait_until_quiet(page)


def open_query(page, text):
    """Open the page Query and run one's own Cypher."""
    page.goto("/query")
    wait_until_quiet(page)
    page.get_by_label("Cypher").fill(text)
    page.get_by_label("Cypher").press("Control+Enter")
    wait_until_quiet(page)
    page.get_by_role("button", name="Run").click()


def downloaded(page, button):
    """Click a download and give its bytes."""
    with page.expect_download() as coming:
        page.get_by_test_id("stDownloadButton").get_by_role("button", name=button).click()
    return coming.value.path().read_bytes()


def test_open_filter_and_send_the_view_to_a_colleague(browser_page, keep_screenshot):
    browser_page.goto("/")
    wait_until_quiet(browser_page)
    images = browser_page.get_by_test_id("stMetric").filter(has_text="Images")
    expect(images).to_contain_text("7")
    keep_screenshot(browser_page, "overview")
    choose(browser_page, "Sample", "BLE-1")
    expect(images).to_contain_text("3")
    assert "sample=BLE-1" in browser_page.url
    browser_page.get_by_role("link", name="Query").click()
    wait_until_quiet(browser_page)
    assert "sample=BLE-1" in browser_page.url
    colleague = browser_page.context.new_page()
    colleague.goto(browser_page.url.replace("/query", "/"))
    wait_until_quiet(colleague)
    expect(colleague.get_by_test_id("stMetric").filter(has_text="Images")).to_contain_text("3")


def test_a_query_and_its_download(browser_page, small_store, keep_screenshot):
    text = "MATCH (n:NMC) RETURN n.label AS label, n.area_um2 AS area_um2 ORDER BY area_um2, label"
    open_query(browser_page, text)
    expect(browser_page.get_by_text("rows in")).to_be_visible()
    keep_screenshot(browser_page, "query")
    expected = run(small_store, adhoc(text), {})
    assert downloaded(browser_page, "CSV").decode() == expected.to_csv(index=False)
    parquet = pd.read_parquet(io.BytesIO(downloaded(browser_page, "Parquet")))
    pd.testing.assert_frame_equal(parquet, expected, check_dtype=False)


def test_an_answer_with_nodes_is_drawn(browser_page, keep_screenshot):
    open_query(
        browser_page, "MATCH (a:NMC)-[c:CONTACT]->(b:SSE) RETURN a, c, b ORDER BY a.key, b.key LIMIT 9"
    )
    browser_page.get_by_role("tab", name="Graph").click()
    expect(browser_page.get_by_text("9 of 9 relationships")).to_be_visible()
    expect(browser_page.locator(".js-plotly-plot .legendtext").first).to_be_visible()
    keep_screenshot(browser_page, "query-graph")


def test_a_query_that_writes_is_refused(browser_page, small_store):
    before = len(run(small_store, load("samples"), {}))
    open_query(browser_page, "CREATE (n:Sample {id: 'intruder'}) RETURN n")
    expect(browser_page.get_by_text("expected a query that only reads")).to_be_visible()
    assert len(run(small_store, load("samples"), {})) == before


def test_a_hung_query_is_cancelled(browser_page):
    open_query(browser_page, "UNWIND range(1, 1000000000000) AS x RETURN sum(x) AS total")
    cancel = browser_page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    cancel.click()
    expect(browser_page.get_by_text("Cancelled after")).to_be_visible()


def test_harmful_names_are_text(browser_page, keep_screenshot):
    """The fixture fails the test when anything runs or asks another machine for something."""
    for path in ("/", "/query", "/ingest", "/gnn"):
        browser_page.goto(path)
        wait_until_quiet(browser_page)
        assert browser_page.locator("a[href^='javascript']").count() == 0
    choose(browser_page, "Sample", HARMFUL)
    expect(browser_page.get_by_text("<script>alert(1)</script>").first).to_be_visible()
    assert browser_page.locator("strong", has_text="bold").count() == 0
    open_query(browser_page, "RETURN '<img src=x onerror=alert(1)>' AS `<b>x</b>`, '**bold**' AS y")
    expect(browser_page.get_by_text("1 rows in")).to_be_visible()
    assert browser_page.locator("img[src=x]").count() == 0
    keep_screenshot(browser_page, "harmful")


@pytest.fixture
def narrow_page(chromium, dashboard_url, small_store):
    """Give a tab as wide as a telephone; light or dark changes colours only, and dark is looked at less often."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, base_url=dashboard_url, color_scheme="dark"
    )
    yield context.new_page()
    context.close()


def test_narrow_screens_cut_nothing_off(narrow_page, keep_screenshot):
    for name in PAGES:
        narrow_page.goto(f"/{name}")
        wait_until_quiet(narrow_page)
        assert narrow_page.evaluate("document.documentElement.scrollWidth") <= 390, name
        assert narrow_page.get_by_test_id("stMain").evaluate("main => main.scrollWidth") <= 390, name
        keep_screenshot(narrow_page, f"narrow-dark-{name or 'overview'}")


def test_an_upload_shows_up_on_the_other_pages(browser_page, dashboard_files, keep_screenshot):
    browser_page.goto("/ingest")
    wait_until_quiet(browser_page)
    browser_page.get_by_role("tab", name="Upload a file").click()
    browser_page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        dashboard_files[0].phases
    )
    # Streamlit lists a file some moments after it was chosen, and an earlier click leaves it behind.
    expect(browser_page.get_by_text(dashboard_files[0].phases.name)).to_be_visible()
    browser_page.get_by_label("Sample", exact=True).last.fill("uploaded <i>here</i>")
    browser_page.get_by_role("button", name="Ingest").click()
    expect(browser_page.get_by_text("is done.")).to_be_visible()
    keep_screenshot(browser_page, "upload")
    browser_page.get_by_role("link", name="Overview").click()
    wait_until_quiet(browser_page)
    expect(browser_page.get_by_test_id("stMetric").filter(has_text="Images")).to_contain_text("8")


def test_a_failed_job_is_queued_again(browser_page, small_store):
    browser_page.goto("/ingest?job_states=failed")
    wait_until_quiet(browser_page)
    table = browser_page.get_by_test_id("stDataFrame").first
    table.locator(".dvn-scroller").click(position={"x": 18, "y": 52})
    retry = browser_page.get_by_role("button", name="Retry")
    expect(retry).to_be_enabled()
    retry.click()
    expect(browser_page.get_by_text("Queued again")).to_be_visible()
    jobs = run(small_store, load("jobs"), {"image": "failed"})
    assert jobs["state"].tolist() == ["queued"]
