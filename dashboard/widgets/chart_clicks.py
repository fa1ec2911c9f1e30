"""Clicks anywhere in a chart: the position in the chart's units, with or without a mark there.

Streamlit reports only clicks on marks, and tens of thousands of marks make each click slow. So a small component
(chart_clicks.js) listens to the chart's container and reports the position. It also reports the visible range, because
Streamlit redraws a changed chart without its zoom.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import streamlit as st

_NAME = "cathograph_chart_clicks"
Window = tuple[tuple[float, float], tuple[float, float]]
"""Visible range of a chart: start and end along x, start and end along y, in its units."""

_SCRIPT = Path(__file__).with_name("chart_clicks.js")


@contextmanager
def clickable(key: str, take: Callable[[float, float, Window], None], whole: Window) -> Iterator[None]:
    """Receive clicks on the chart in this block.

    Parameters
    ----------
    key : str
        Key of the container; letters and underscores.
    take : callable
        Called with x and y in the chart's units and with the visible range, before the page runs again.
    whole : Window
        Range that the chart's button for resetting the axes shows.
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
