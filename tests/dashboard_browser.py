"""Waiting for a page of the dashboard in a browser."""

from playwright.sync_api import Page, expect

expect.set_options(timeout=120_000)  # five seconds are few where other tests run beside


def wait_until_quiet(page: Page) -> None:
    """Wait until the page has been laid out: a heading is there, and nothing runs any more."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
