"""The frame of the dashboard: who may enter, the pages, the filter, and what is said when something fails.

Run on every click by the script that Streamlit is given. Tests call `main` with a page to begin with.
"""

import logging
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner_utils import script_run_context

from cathograph.dashboard.pages import (
    confounders,
    gnn,
    image,
    ingest,
    morphology,
    network,
    overview,
    query,
    reaction,
)
from cathograph.dashboard.session import access, field, store
from cathograph.dashboard.session.selection import show_filter_bar
from cathograph.dashboard.widgets.empty_states import show_error, show_no_database
from cathograph.schema.errors import CathographError

_ICON = Path(__file__).with_name("icon.png")

_PAGES = (
    ("overview", "Overview", ":material/dashboard:", overview.page),
    ("image", "Image", ":material/image_search:", image.page),
    ("morphology", "Morphology", ":material/category:", morphology.page),
    ("reaction", "Reaction", ":material/bolt:", reaction.page),
    ("network", "Network", ":material/hub:", network.page),
    ("confounders", "Confounders", ":material/balance:", confounders.page),
    ("query", "Query", ":material/terminal:", query.page),
    ("gnn", "GNN", ":material/psychology:", gnn.page),
    ("ingest", "Ingest", ":material/input:", ingest.page),
)


def read_ahead() -> None:
    """Read what a first page needs, outside of any visit.

    Raises
    ------
    CathographError
        When there is no database to ask.
    """
    # Nobody is there to be shown that something is being read, and Streamlit would say so in the log.
    logging.getLogger(script_run_context.__name__).setLevel(logging.ERROR)
    store.read_ahead(overview.TABLES)


def read_on() -> None:
    """Read what the second page needs, when the first visitors may be there already.

    Raises
    ------
    CathographError
        When there is no database to ask.
    """
    field.read_ahead()


def main(first: str = "overview") -> None:
    """Lay out one run of the dashboard.

    Parameters
    ----------
    first : str
        The page that an address without a page opens.
    """
    st.set_page_config(page_title="Cathograph", page_icon=_ICON, layout="wide")
    granted = access.is_granted()
    # Also before one may enter, so that an address leads to its page as soon as one may.
    chosen = st.navigation(
        [
            st.Page(
                page if granted else access.ask, title=title, icon=icon, url_path=path, default=path == first
            )
            for path, title, icon, page in _PAGES
        ],
        position="sidebar" if granted else "hidden",
        expanded=True,
    )
    if not granted:
        chosen.run()
        return
    try:
        store.look()
        images = store.images()
    except CathographError as error:
        show_no_database(error)
        return
    with st.sidebar:
        show_filter_bar(images)
        access.offer_logout()
    try:
        chosen.run()
    except CathographError as error:
        show_error(error)
