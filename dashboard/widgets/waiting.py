"""The message of a page during a query or command: the time so far, and a button to cancel."""

from collections.abc import Callable
from typing import Protocol

import streamlit as st

_TICK_S = 0.5


class Running(Protocol):
    """A running query or command."""

    cancelled: bool

    def has_ended(self) -> bool:
        """Tell whether it has ended."""

    def elapsed_s(self) -> float:
        """Tell for how long it has been running."""


@st.fragment(run_every=_TICK_S)
def show_running(run: Running, words: str, cancel: Callable[[], None]) -> None:
    """Lay out the message, refresh it, and rerun the page at the end.

    Parameters
    ----------
    run : Running
        The query or command.
    words : str
        Markdown with the placeholder ``{seconds}``.
    cancel : callable
        Cancels it.
    """
    if run.has_ended():
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(words.replace("{seconds}", f"{run.elapsed_s():.0f} s"))
        if st.button("Cancel", icon=":material/stop:", key="cancel_running", disabled=run.cancelled):
            cancel()
