"""Interactive figures: the parts that all of them share, drawn with Plotly.

Plotly interprets some HTML in every text, so names from a store are escaped. Text and grid take the colours of the
page, light or dark; other neutral marks have a grey that is visible on both.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from cathograph.analysis.figures.box_numbers import BoxNumbers
from cathograph.analysis.figures.figure import name_columns, parts_on_one_scale
from cathograph.analysis.tables.particle_table import STATES

InteractiveFigure = list[list[go.Figure]]
"""An interactive figure: rows of panels, each a Plotly figure."""

NEUTRAL = "#808080"
"""A grey that is visible on light and dark pages."""

HEIGHT_PX = 340

_LEGEND_PX = 48
"""Room for a legend of two rows, as in a narrow panel."""

_MOST_POINTS = 6000
"""Points of a figure over all panels, which a browser draws without delay."""

_LOG_TICKS = [factor * 10.0**power for power in range(-4, 9) for factor in (1, 2, 5)]


def plain(text: str) -> str:
    """Escape a text so that Plotly shows it unchanged; line breaks are kept."""
    return escape(str(text)).replace("\n", "<br>")


def make_panel(
    title: str, *, x: str = "", y: str = "", height_px: int = HEIGHT_PX, legend: bool = False
) -> go.Figure:
    """Make a panel with room for its title and for a legend below it; texts are escaped."""
    lines = title.count("\n") + 1 if title else 0
    figure = go.Figure()
    if title:
        # Not Plotly's own title: it is placed by the figure's border, and a theme moves it into the plot.
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
    # Axes carry units, so a tick is never 100µ: large and small numbers are powers of ten.
    figure.update_xaxes(
        title={"text": plain(x), "font": {"size": 12}}, automargin=True, exponentformat="power"
    )
    figure.update_yaxes(
        title={"text": plain(y.replace(": ", ":\n")), "font": {"size": 12}}, automargin=True, zeroline=False,
        exponentformat="power",
    )  # fmt: skip
    return figure


def make_empty_panel(title: str, text: str) -> go.Figure:
    """Make a panel with a message instead of data."""
    figure = make_panel(title, height_px=140)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=plain(text), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure


def make_log(figure: go.Figure, axis: str, values: pd.Series | np.ndarray) -> None:
    """Make an axis logarithmic, with ticks at 0.5, 1, 2 and so on, not at powers of ten alone.

    Where these would be one or two ticks, Plotly chooses them.
    """
    positive = np.asarray(values, dtype=float)
    positive = positive[positive > 0]
    update = figure.update_xaxes if axis == "x" else figure.update_yaxes
    update(type="log")
    if len(positive) and 8 * positive.min() < positive.max() < 1000 * positive.min():
        shown = [tick for tick in _LOG_TICKS if positive.min() / 2 < tick < 2 * positive.max()]
        update(tickvals=shown, ticktext=[f"{tick:g}" for tick in shown])


def share_range(panels: Sequence[go.Figure], values: pd.Series, *, log: bool = False) -> None:
    """Give panels the same y range, so that selections can be compared by eye."""
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


def share_range_by_scale(
    panels: Sequence[Sequence[go.Figure]], parts: Sequence[tuple[str, pd.DataFrame]], outcome: str
) -> None:
    """Give the panels of an outcome the same y range wherever their values are on one scale.

    Parameters
    ----------
    panels : sequence of sequence of Figure
        The panels of each selection.
    parts : sequence of tuple of str and DataFrame
        The selections, from `cathograph.analysis.figures.figure.split_selections`.
    outcome : str
        Column that is drawn.
    """
    for places in parts_on_one_scale(parts, outcome):
        values = pd.concat([parts[place][1][outcome] for place in places])
        drawn = [panel for place in places for panel in panels[place] if panel.data]
        share_range(drawn, values, log=outcome not in STATES)


def thin(rows: pd.DataFrame, panels: int) -> pd.DataFrame:
    """Keep a random sample of as many rows as a panel can show, in their order; the same on every call."""
    most = max(_MOST_POINTS // max(panels, 1), 300)
    if len(rows) <= most:
        return rows
    kept = np.sort(np.random.default_rng(0).choice(len(rows), most, replace=False))
    return rows.iloc[kept]


def note_thinning(figure: go.Figure, drawn: int, all_rows: int) -> None:
    """Write in a panel how many of its points are drawn."""
    if drawn < all_rows:
        figure.add_annotation(
            text=f"{drawn:,} of {all_rows:,} points drawn", x=1, y=1, xref="paper", yref="paper", xanchor="right",
            yanchor="top", showarrow=False, font={"size": 10},
        )  # fmt: skip


def mark_size(n: int) -> float:
    """Choose the diameter of a mark in pixels: large enough for three points, small enough for thousands.

    Examples
    --------
    >>> mark_size(3), mark_size(5000)
    (9.0, 4.0)
    """
    return float(np.clip(28 / np.sqrt(max(n, 1)) ** 0.5, 4, 9))


def add_points(
    panel: go.Figure,
    x: ArrayLike,
    y: ArrayLike,
    *,
    of: int,
    name: str,
    colour: str,
    symbol: str = "circle",
    opacity: float = 0.5,
    tooltip: str = "%{y:.6~g}",
    texts: Sequence[str] | None = None,
    in_legend: bool = False,
) -> None:
    """Draw points, their size chosen for `of` points in the panel; `tooltip` is a template of Plotly's."""
    panel.add_trace(
        go.Scatter(
            x=x, y=y, mode="markers", name=plain(name), text=texts, showlegend=in_legend,
            marker={"color": colour, "symbol": symbol, "size": mark_size(of), "opacity": opacity},
            hovertemplate=f"{tooltip}<extra></extra>",
        )
    )  # fmt: skip


def add_line(
    panel: go.Figure, x: ArrayLike, y: ArrayLike, *, name: str, colour: str, dash: str = "solid"
) -> None:
    """Draw a line without a tooltip."""
    panel.add_trace(
        go.Scatter(
            x=x, y=y, mode="lines", showlegend=False, name=plain(name), hoverinfo="skip",
            line={"color": colour, "dash": dash, "width": 2},
        )
    )  # fmt: skip


def name_places(figure: go.Figure, names: list[str]) -> None:
    """Write names below the positions 0, 1, 2, …; never rotated, however narrow the panel is."""
    figure.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=[plain(name) for name in names],
        tickangle=0,
        tickfont={"size": 10},
        range=[-0.6, len(names) - 0.4],
    )


def name_rows(rows: pd.DataFrame) -> list[str]:
    """Name the particle of each row, for its tooltip."""
    columns = [name for name in name_columns(rows) if name != "selection"]
    if not columns:
        return [""] * len(rows)
    texts = [[f"{name} {escape(str(value))}" for value in rows[name]] for name in columns]
    return ["<br>".join(parts) for parts in zip(*texts, strict=True)]


def add_box(figure: go.Figure, numbers: BoxNumbers, place: float, *, name: str, colour: str) -> None:
    """Draw a box from its numbers; nothing where there are too few values for quartiles."""
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
