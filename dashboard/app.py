"""The frame of the dashboard: login, pages, filter bar, and error messages.

Streamlit runs its script, and with it `main`, on every click. Tests call `main` with the page to open.
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
    segment,
)
from cathograph.dashboard.session import access, field, store
from cathograph.dashboard.session.address import names_in_address, unknown_names
from cathograph.dashboard.session.phases import legend_of
from cathograph.dashboard.widgets.empty_states import show_error, show_no_database, show_unknown_names
from cathograph.dashboard.widgets.filter_bar import show_filter_bar
from cathograph.dashboard.widgets.login import ask_to_log_in, offer_logout
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
    ("segment", "Segment", ":material/brush:", segment.page),
    ("ingest", "Ingest", ":material/input:", ingest.page),
)


def read_ahead() -> None:
    """Read what the first page needs, before there are visitors.

    Raises
    ------
    CathographError
        When the database does not answer.
    """
    # There is no page to show a spinner on, and Streamlit would warn about that in the log.
    logging.getLogger(script_run_context.__name__).setLevel(logging.ERROR)
    store.read_ahead(overview.TABLES)


def read_on() -> None:
    """Read what the page Image needs; there may be visitors already.

    Raises
    ------
    CathographError
        When the database does not answer.
    """
    field.read_ahead()


def main(first: str = "overview") -> None:
    """Lay out one run of the dashboard.

    Parameters
    ----------
    first : str
        The page that opens if the address names none.
    """
    st.set_page_config(page_title="Cathograph", page_icon=_ICON, layout="wide")
    granted = access.is_granted()
    # Before the login too, so that the address leads to its page after the login.
    chosen = st.navigation(
        [
            st.Page(
                page if granted else ask_to_log_in,
                title=title,
                icon=icon,
                url_path=path,
                default=path == first,
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
        images, edges = store.images(), store.measured_edges()
        legend = legend_of(images)
    except CathographError as error:
        show_no_database(error)
        return
    unknown = unknown_names(names_in_address(), images, edges)
    if unknown:
        show_unknown_names(unknown)
        return
    with st.sidebar:
        show_filter_bar(images, legend, edges)
        offer_logout()
    try:
        chosen.run()
    except CathographError as error:
        show_error(error)
