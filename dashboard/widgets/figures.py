"""A figure on a page: its interactive panels, its caption, and its downloads."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from cathograph.analysis.figures.figure import FigureData
from cathograph.dashboard.widgets.downloads import csv_bytes, file_download

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from cathograph.analysis.figures.interactive_style import InteractiveFigure
    from cathograph.analysis.figures.printed_style import PrintedFigure

_CHART = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def show_figure(
    data: FigureData,
    plot: "Callable[[], InteractiveFigure]",
    draw: "Callable[[], PrintedFigure]",
) -> None:
    """Lay out a figure: its panels, its caption, and its downloads.

    Parameters
    ----------
    data : FigureData
        What it shows.
    plot : callable
        Makes the interactive figure; not called if there is nothing to show.
    draw : callable
        Makes the printed figure; called when a visitor downloads it as PDF, PNG or SVG.
    """
    st.markdown(f"#### {data.paper}: {data.title}")
    if data.missing:
        st.info(data.missing, icon=":material/info:")
        return
    rows = [part for row in plot() for part in _lines(row)]
    for number, row in enumerate(rows):
        for place, (column, panel) in enumerate(zip(st.columns(len(row)), row, strict=True)):
            column.plotly_chart(panel, key=f"{data.name}-{number}-{place}", config=_CHART)
    st.caption(data.caption)
    show_figure_downloads(data, draw)


def _lines(row: "list[Figure]") -> "list[list[Figure]]":
    """Break a row of four panels into two lines, because four side by side are too narrow for their texts."""
    return [row[:2], row[2:]] if len(row) == 4 else [row]


def show_figure_downloads(data: FigureData, draw: "Callable[[], PrintedFigure]") -> None:
    """Offer the table behind a figure, and the figure as a file."""
    with st.container(horizontal=True):
        file_download(
            "CSV", lambda: csv_bytes(data.table), f"{data.name}.csv", "text/csv", key=f"{data.name}-csv"
        )
        file_download(
            "PNG", lambda: draw().render("png"), f"{data.name}.png", "image/png", key=f"{data.name}-png"
        )
        file_download(
            "PDF", lambda: draw().render("pdf"), f"{data.name}.pdf", "application/pdf", key=f"{data.name}-pdf"
        )
        file_download(
            "SVG", lambda: draw().render("svg"), f"{data.name}.svg", "image/svg+xml", key=f"{data.name}-svg"
        )
