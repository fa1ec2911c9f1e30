"""What all panels share: their frame, points of particles, boxes, and how names are shown.

Plotly reads a little HTML in every text, so names from a store are escaped. Text and grid take the colours of the
page, light or dark; what is drawn in the middle of a panel has a colour that is seen on both.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.box_numbers import BoxNumbers

Panels = list[list[go.Figure]]
"""Rows of panels."""

NEUTRAL = "#808080"
"""Seen on a light page and on a dark one."""

HEIGHT_PX = 340

_LEGEND_PX = 48
"""Room for a legend of two rows, which it has in a narrow panel."""

_MOST_POINTS = 6000
"""Over all panels of a figure; a browser draws so many marks in a moment."""

_LOG_TICKS = [factor * 10.0**power for power in range(-4, 9) for factor in (1, 2, 5)]


def plain(text: str) -> str:
    """Write a text so that Plotly shows it letter by letter; line breaks stay."""
    return escape(str(text)).replace("\n", "<br>")


def make_panel(
    title: str, *, x: str = "", y: str = "", height_px: int = HEIGHT_PX, legend: bool = False
) -> go.Figure:
    """Make an empty panel with room for its title, and for a legend below it; its texts are plain."""
    lines = title.count("\n") + 1 if title else 0
    figure = go.Figure()
    if title:
        # No title of Plotly's: that hangs on the figure's border, and a theme moves it into the plot.
        figure.add_annotation(
            text=f"<b>{plain(title)}</b>", x=0, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom",
            yshift=_LEGEND_PX if legend else 6, showarrow=False, align="left", font={"size": 13},
        )  # fmt: skip
    figure.update_layout(
        height=height_px,
        margin={"l": 8, "r": 8, "t": 16 + 18 * lines + (_LEGEND_PX if legend else 0), "b": 8},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"size": 11}},
        hoverlabel={"align": "left"},
        dragmode="zoom",
    )
    figure.update_xaxes(title={"text": plain(x), "font": {"size": 12}}, automargin=True)
    figure.update_yaxes(
        title={"text": plain(y.replace(": ", ":\n")), "font": {"size": 12}}, automargin=True, zeroline=False
    )
    return figure


def say_in_panel(title: str, text: str) -> go.Figure:
    """Make a panel that only says why it holds no data."""
    figure = make_panel(title, height_px=140)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=plain(text), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure


def title_of(selection: str, text: str) -> str:
    """Put the name of a selection before a title."""
    return f"{selection}: {text}" if selection else text


def make_log(figure: go.Figure, axis: str, values: pd.Series | np.ndarray) -> None:
    """Make an axis logarithmic, with numbers as they are: 0.5, 1, 2 and not powers of ten alone."""
    positive = np.asarray(values, dtype=float)
    positive = positive[positive > 0]
    update = figure.update_xaxes if axis == "x" else figure.update_yaxes
    update(type="log")
    if len(positive) and positive.max() < 1000 * positive.min():
        shown = [tick for tick in _LOG_TICKS if positive.min() / 2 < tick < 2 * positive.max()]
        update(tickvals=shown, ticktext=[f"{tick:g}" for tick in shown])


def share_range(panels: Sequence[go.Figure], values: pd.Series, *, log: bool = False) -> None:
    """Give panels the same range along y, so that selections can be compared by eye."""
    known = values.dropna().to_numpy(dtype=float)
    known = known[known > 0] if log else known
    if not len(known):
        return
    low, high = float(known.min()), float(known.max())
    if log:
        low, high = float(np.log10(low)), float(np.log10(high))
    room = 0.06 * (high - low) or 0.1 * abs(high) or 0.1
    for panel in panels:
        panel.update_yaxes(range=[low - room, high + room])


def thin(rows: pd.DataFrame, panels: int) -> pd.DataFrame:
    """Keep as many rows as a panel can show, drawn at random but the same every time, in their order."""
    most = max(_MOST_POINTS // max(panels, 1), 300)
    if len(rows) <= most:
        return rows
    kept = np.sort(np.random.default_rng(0).choice(len(rows), most, replace=False))
    return rows.iloc[kept]


def note_thinning(figure: go.Figure, drawn: int, all_rows: int) -> None:
    """Say that not every point is drawn."""
    if drawn < all_rows:
        figure.add_annotation(
            text=f"{drawn:,} of {all_rows:,} points drawn", x=1, y=1, xref="paper", yref="paper", xanchor="right",
            yanchor="top", showarrow=False, font={"size": 10},
        )  # fmt: skip


def mark_size(n: int) -> float:
    """Choose the diameter of a mark, so that three points are seen and a thousand do not clot.

    Examples
    --------
    >>> mark_size(3), mark_size(5000)
    (9.0, 4.0)
    """
    return float(np.clip(28 / np.sqrt(max(n, 1)) ** 0.5, 4, 9))


def name_places(figure: go.Figure, names: list[str]) -> None:
    """Write names below places 0, 1, 2, …, upright however narrow the panel is."""
    figure.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=[plain(name) for name in names],
        tickangle=0,
        tickfont={"size": 10},
        range=[-0.6, len(names) - 0.4],
    )


def name_rows(rows: pd.DataFrame) -> list[str]:
    """Say of each row which particle it is, for hovering."""
    columns = [
        name for name in ("sample", "image", "label", "nmc", "sse", "graphite") if name in rows.columns
    ]
    if not columns:
        return [""] * len(rows)
    texts = [[f"{name} {escape(str(value))}" for value in rows[name]] for name in columns]
    return ["<br>".join(parts) for parts in zip(*texts, strict=True)]


def add_box(figure: go.Figure, numbers: BoxNumbers, place: float, *, name: str, colour: str) -> None:
    """Draw a box of numbers computed before; nothing where there are too few for quartiles."""
    if not numbers.has_box:
        return
    figure.add_trace(
        go.Box(
            x=[place], q1=[numbers.q1], median=[numbers.median], q3=[numbers.q3], mean=[numbers.mean],
            lowerfence=[numbers.low], upperfence=[numbers.high], name=plain(name), boxpoints=False, width=0.55,
            line={"color": colour, "width": 1.8}, fillcolor=_tint(colour), showlegend=False,
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[place], y=[numbers.mean], mode="markers", showlegend=False, name=f"mean of {plain(name)}",
            marker={"symbol": "diamond", "size": 9, "color": "white", "line": {"color": "black", "width": 1.2}},
            hovertemplate=f"mean %{{y:.4g}}, n = {numbers.n}<extra></extra>",
        )
    )  # fmt: skip


def _tint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.3)"
