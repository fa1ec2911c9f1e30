"""What stands behind a headline: made once somebody opens it, so that no page waits for what it hides."""

from collections.abc import Callable

import streamlit as st


def show_expander(title: str, show: Callable[[], None], *, key: str) -> None:
    """Lay out a headline, and what it hides when it is open.

    Parameters
    ----------
    title : str
        One of our own words.
    show : callable
        Lays out what is behind it.
    key : str
        Of whether it is open.
    """
    fold = st.expander(title, key=key, on_change="rerun")
    if fold.open:
        with fold:
            show()
