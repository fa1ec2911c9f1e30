"""Clicks anywhere in a chart: the place in its own units, whatever mark is or is not there.

Streamlit reports clicks on a chart's marks only, and marks by the ten thousand make each click slow. A small component
listens to the chart's container and gives the place instead (chart_clicks.js). It gives what was in sight as well:
Streamlit begins a chart that has changed anew, which would lose the zoom.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import streamlit as st

_NAME = "cathograph_chart_clicks"
Window = tuple[tuple[float, float], tuple[float, float]]
"""What of a chart is in sight: from and to along x, from and to along y, in its units."""

_SCRIPT = Path(__file__).with_name("chart_clicks.js")


@contextmanager
def clickable(key: str, take: Callable[[float, float, Window], None], whole: Window) -> Iterator[None]:
    """Take clicks on the chart that is laid out in this block.

    Parameters
    ----------
    key : str
        Of the container; letters and underscores.
    take : callable
        Called with x and y in the chart's units and with what was in sight, before the page runs again.
    whole : Window
        What the chart's own button goes back to.
    """
    clicks = f"{key}_clicks"

    def taken() -> None:
        place = st.session_state[clicks]["place"]
        if place is not None:
            at, x, y = ((float(first), float(second)) for first, second in place)
            take(*at, (x, y))

    with st.container(key=key):
        yield
        # Registered in each run: a second server in this process, as in tests, does not know it yet.
        st.components.v2.component(_NAME, js=_script())(
            key=clicks, data={"chart": key, "whole": whole}, on_place_change=taken, height=1
        )


@cache
def _script() -> str:
    return _SCRIPT.read_text(encoding="utf-8")
