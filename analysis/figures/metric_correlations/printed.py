"""Network metrics against the state, printed: heat map and scatter plots (paper Figs. 5a, S5-S7)."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cathograph.analysis.figures.figure import (
    BLUE,
    STATE_NOTE,
    VERMILION,
    label_of,
    of_selection,
    split_selections,
    title_of,
)
from cathograph.analysis.figures.least_squares import line_through
from cathograph.analysis.figures.metric_correlations.data import (
    SHORT,
    correlation_data,
    correlation_grid,
    describe_correlation,
    strongest,
    top_metric_data,
)
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.figures.printed_style import (
    SMALL_PT,
    PrintedFigure,
    add_note,
    draw_points,
    make_panels,
    make_panels_in_rows,
    plain_ticks,
    share_range_by_scale,
    write_in_panel,
    write_texts,
)
from cathograph.analysis.tables.particle_table import STATES


def draw_correlation_map(correlations: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> PrintedFigure:
    """Draw the heat map of correlations (Fig. 5a).

    Parameters
    ----------
    correlations : DataFrame
    legend : PhaseLegend
        As for `cathograph.analysis.figures.metric_correlations.data.correlation_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = correlation_data(correlations, legend)
    if data.missing:
        return PrintedFigure.of_nothing(data)
    metrics = list(dict.fromkeys(data.table["metric"]))
    parts = split_selections(data.table)
    figure, panels = make_panels_in_rows(
        len(parts), across=3, height_mm=22 + 5.5 * len(metrics), share_y=True
    )
    drawn = None
    for axis, (name, rows) in zip(panels, parts, strict=True):
        if rows.empty or rows["r"].isna().all():
            write_in_panel(axis, title_of(name, "not measured."))
            continue
        grid = correlation_grid(rows, metrics, legend)
        drawn = axis.pcolormesh(
            np.ma.masked_invalid(grid.r), cmap="RdBu_r", vmin=-1, vmax=1, edgecolors="white", linewidth=1
        )
        axis.set_facecolor("#e4e4e4")
        for (row, column), r in np.ndenumerate(grid.r):
            axis.text(
                column + 0.5, row + 0.5, grid.texts[row][column], ha="center", va="center", fontsize=SMALL_PT,
                color="white" if abs(r) > 0.6 else "black",
            )  # fmt: skip
        axis.set_xticks(np.arange(len(STATES)) + 0.5, [SHORT[state] for state in STATES], fontsize=SMALL_PT)
        axis.set_yticks(
            np.arange(len(metrics)) + 0.5, [label_of(metric, legend) for metric in metrics], fontsize=SMALL_PT
        )
        axis.tick_params(length=0)
        write_texts(axis, title=name)
        axis.set_ylim(len(metrics), 0)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=panels, shrink=0.8)
        bar.set_label("Pearson's r", fontsize=SMALL_PT)
        bar.ax.tick_params(labelsize=SMALL_PT)
    add_note(figure, STATE_NOTE)
    return PrintedFigure.of(data, figure)


def draw_top_metrics(
    nmc: pd.DataFrame,
    correlations: pd.DataFrame,
    state: str,
    legend: PhaseLegend = DEFAULT_LEGEND,
    *,
    top: int = 4,
) -> PrintedFigure:
    """Draw a state against the metrics that correlate most with it (Figs. S5-S7).

    Parameters
    ----------
    nmc, correlations : DataFrame
    state : str
    legend : PhaseLegend
    top : int
        As for `cathograph.analysis.figures.metric_correlations.data.top_metric_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = top_metric_data(nmc, correlations, state, legend, top=top)
    if data.missing:
        return PrintedFigure.of_nothing(data)
    parts = split_selections(nmc)
    # Four panels in one row would be too narrow for their texts.
    across = 2 if top == 4 else top
    figure, grid = make_panels(len(parts) * top // across, across)
    panels = np.reshape(np.array(grid), (len(parts), top)).tolist()
    for line, (name, _) in zip(panels, parts, strict=True):
        points = of_selection(data.table, name)
        chosen = strongest(correlations, state, name, top=top)
        for axis, one in zip(line, chosen, strict=False):
            _scatter(axis, points[points["metric"] == one["metric"]], one, state, name, legend)
        for place, axis in enumerate(line[len(chosen) :]):
            axis.set_axis_off()
            if place == 0:
                rest = "no other metric varies" if chosen else "not measured"
                write_in_panel(axis, title_of(name, f"{rest}."))
    share_range_by_scale(panels, parts, state)
    add_note(figure, STATE_NOTE)
    return PrintedFigure.of(data, figure)


def _scatter(
    axis: Axes, points: pd.DataFrame, one: Mapping[Hashable, Any], state: str, name: str, legend: PhaseLegend
) -> None:
    x, y = (points[column].to_numpy(dtype=float) for column in ("value", state))
    draw_points(axis, x, y, of=len(x), colour=BLUE)
    axis.plot(*line_through(x, y), color=VERMILION, linewidth=1.2)
    axis.locator_params(axis="x", nbins=5)
    plain_ticks(axis)
    write_texts(
        axis,
        title=title_of(name, describe_correlation(one, len(x))),
        x=label_of(str(one["metric"]), legend),
        y=label_of(state),
    )
