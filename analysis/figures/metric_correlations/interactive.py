"""Network metrics against the state, interactive: heat map and scatter plots (paper Figs. 5a, S5-S7)."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.figure import (
    BLUE,
    VERMILION,
    FigureData,
    label_of,
    of_selection,
    split_selections,
    title_of,
)
from cathograph.analysis.figures.interactive_style import (
    InteractiveFigure,
    add_line,
    add_points,
    make_empty_panel,
    make_panel,
    name_rows,
    note_thinning,
    plain,
    share_range_by_scale,
    thin,
)
from cathograph.analysis.figures.least_squares import line_through
from cathograph.analysis.figures.metric_correlations.data import (
    SHORT,
    correlation_grid,
    describe_correlation,
    strongest,
)
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.tables.particle_table import STATES


def plot_correlation_map(data: FigureData) -> InteractiveFigure:
    """Plot the heat map of correlations (Fig. 5a), one panel per selection.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.metric_correlations.data.correlation_data`.
    """
    metrics = list(dict.fromkeys(data.table["metric"]))
    panels = []
    for name, rows in split_selections(data.table):
        if rows.empty or rows["r"].isna().all():
            panels.append(make_empty_panel(name, "not measured"))
            continue
        panel = make_panel(name, height_px=110 + 28 * len(metrics))
        grid = correlation_grid(rows, metrics, data.legend)
        panel.add_trace(
            go.Heatmap(
                x=[plain(SHORT[state]) for state in STATES],
                y=[label_of(metric, data.legend) for metric in metrics],
                z=grid.r, text=grid.texts, customdata=[[plain(each) for each in row] for row in grid.details],
                texttemplate="%{text}", colorscale="RdBu", reversescale=True, zmin=-1, zmax=1, xgap=1, ygap=1,
                colorbar={"title": {"text": "r"}, "thickness": 12}, hoverongaps=False,
                hovertemplate="%{customdata}<extra></extra>",
            )
        )  # fmt: skip
        panel.update_yaxes(autorange="reversed", showgrid=False)
        panel.update_xaxes(showgrid=False)
        panels.append(panel)
    return [panels]


def plot_top_metrics(
    data: FigureData, correlations: pd.DataFrame, state: str, *, top: int = 4
) -> InteractiveFigure:
    """Plot a state against the metrics that correlate most with it (Figs. S5-S7), one row per selection.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.metric_correlations.data.top_metric_data`.
    correlations : DataFrame
    state : str
    top : int
        As for that function.
    """
    parts = split_selections(correlations)
    panels = []
    for name, _ in parts:
        points = of_selection(data.table, name)
        line = [
            _scatter(
                points[points["metric"] == one["metric"]],
                one,
                state,
                name,
                data.legend,
                panels=top * len(parts),
            )
            for one in strongest(correlations, state, name, top=top)
        ]
        panels.append(line or [make_empty_panel(name, "not measured")])
    share_range_by_scale(panels, split_selections(data.table), state)
    return panels


def _scatter(
    points: pd.DataFrame,
    one: Mapping[Hashable, Any],
    state: str,
    selection: str,
    legend: PhaseLegend,
    *,
    panels: int,
) -> go.Figure:
    panel = make_panel(
        title_of(selection, describe_correlation(one, len(points))),
        x=label_of(str(one["metric"]), legend),
        y=label_of(state),
    )
    drawn = thin(points, panels)
    add_points(
        panel, drawn["value"], drawn[state], of=len(drawn), name="particles", colour=BLUE,
        texts=name_rows(drawn), tooltip="%{text}<br>%{x:.4g}, %{y:.5g} eV",
    )  # fmt: skip
    x, y = line_through(points["value"].to_numpy(dtype=float), points[state].to_numpy(dtype=float))
    add_line(panel, x, y, name="least squares", colour=VERMILION)
    panel.update_yaxes(tickformat=".6~g")
    note_thinning(panel, len(drawn), len(points))
    return panel
