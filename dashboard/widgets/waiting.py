"""What a page shows while something of its visitor's runs: for how long, and a way to end it."""

from collections.abc import Callable
from typing import Protocol

import streamlit as st

_TICK_S = 0.5


class Running(Protocol):
    """A query or a command on its way."""

    cancelled: bool

    def has_ended(self) -> bool:
        """Tell whether it has ended."""

    def elapsed_s(self) -> float:
        """Tell for how long it has been running."""


@st.fragment(run_every=_TICK_S)
def show_running(run: Running, words: str, cancel: Callable[[], None]) -> None:
    """Say that it runs, look again by itself, and lay out the page anew at the end.

    Parameters
    ----------
    run : Running
        What is waited for.
    words : str
        Markdown with the place ``{seconds}``.
    cancel : callable
        Ends it.
    """
    if run.has_ended():
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(words.replace("{seconds}", f"{run.elapsed_s():.0f} s"))
        if st.button("Cancel", icon=":material/stop:", key="cancel_running", disabled=run.cancelled):
            cancel()
