"""Pages of a store with nothing in it say what to do next."""

import pytest
from small_dashboard_store import words

PAGES = ("overview", "query", "gnn", "ingest")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_what_to_do_with_an_empty_store(empty_store, open_page, name):
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert "cathograph" in words(app) or name == "query"
