"""Sections that start closed and are computed when opened, so that the page does not wait for them."""

from collections.abc import Callable

import streamlit as st


def show_expander(title: str, show: Callable[[], None], *, key: str) -> None:
    """Lay out a section that can be opened.

    Parameters
    ----------
    title : str
        Its title; not a name given by a user.
    show : callable
        Lays out its content.
    key : str
        Key of its state, open or closed.
    """
    fold = st.expander(title, key=key, on_change="rerun")
    if fold.open:
        with fold:
            show()
