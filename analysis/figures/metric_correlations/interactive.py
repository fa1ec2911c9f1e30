"""Network metrics against the state, on a page: heat map and scatters (paper Figs. 5a, S5-S7)."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.figure import (
    BLUE,
    VERMILION,
    FigureData,
    label_of,
    of_selection,
    split_selections,
)
from cathograph.analysis.figures.interactive_style import (
    Panels,
    make_panel,
    mark_size,
    name_rows,
    note_thinning,
    plain,
    say_in_panel,
    share_range,
    thin,
    title_of,
)
from cathograph.analysis.figures.least_squares import line_through
from cathograph.analysis.figures.metric_correlations.data import (
    SHORT,
    cells_of,
    r_of,
    say_correlation,
    strongest,
    write_cell,
)
from cathograph.analysis.tables.particle_table import STATES


def plot_correlation_map(data: FigureData) -> Panels:
    """Plot the heat map of correlations (Fig. 5a), a panel a selection.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.metric_correlations.data.correlation_data`.
    """
    metrics = list(dict.fromkeys(data.table["metric"]))
    panels = []
    for name, rows in split_selections(data.table):
        if rows.empty or rows["r"].isna().all():
            panels.append(say_in_panel(name, "not measured"))
            continue
        panel = make_panel(name, height_px=110 + 28 * len(metrics))
        cells = cells_of(rows)
        panel.add_trace(
            go.Heatmap(
                x=[plain(SHORT[state]) for state in STATES],
                y=[label_of(metric) for metric in metrics],
                z=np.array([[r_of(cells.get((metric, state))) for state in STATES] for metric in metrics]),
                text=[[write_cell(cells.get((metric, state))) for state in STATES] for metric in metrics],
                texttemplate="%{text}", colorscale="RdBu", reversescale=True, zmin=-1, zmax=1, xgap=1, ygap=1,
                colorbar={"title": {"text": "r"}, "thickness": 12}, hoverongaps=False,
                customdata=[[_say_cell(cells.get((metric, state))) for state in STATES] for metric in metrics],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )  # fmt: skip
        panel.update_yaxes(autorange="reversed", showgrid=False)
        panel.update_xaxes(showgrid=False)
        panels.append(panel)
    return [panels]


def _say_p(p: float) -> str:
    return "none" if np.isnan(p) else f"{p:.2g}"


def _say_cell(one: Mapping[Hashable, Any] | None) -> str:
    if one is None or np.isnan(one["r"]):
        return "no correlation"
    return plain(
        f"{one['outcome']} against {one['metric']}\nr = {one['r']:.3f}\n"
        f"corrected p: particles {one['p_family']:.2g}, images {_say_p(one['p_clustered_family'])}"
    )


def plot_top_metrics(data: FigureData, correlations: pd.DataFrame, state: str, *, top: int = 4) -> Panels:
    """Plot a state against the metrics that correlate most with it (Figs. S5-S7), a row a selection.

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
            _scatter(points[points["metric"] == one["metric"]], one, state, name, panels=top * len(parts))
            for one in strongest(correlations, state, name, top=top)
        ]
        panels.append(line or [say_in_panel(name, "not measured")])
    share_range([panel for line in panels for panel in line if panel.data], data.table[state])
    return panels


def _scatter(
    points: pd.DataFrame, one: Mapping[Hashable, Any], state: str, selection: str, *, panels: int
) -> go.Figure:
    panel = make_panel(
        title_of(selection, say_correlation(one, len(points))),
        x=label_of(str(one["metric"])),
        y=label_of(state),
    )
    drawn = thin(points, panels)
    panel.add_trace(
        go.Scatter(
            x=drawn["value"], y=drawn[state], mode="markers", showlegend=False, text=name_rows(drawn),
            name="particles",
            marker={"color": BLUE, "size": mark_size(len(drawn)), "opacity": 0.5},
            hovertemplate="%{text}<br>%{x:.4g}, %{y:.5g} eV<extra></extra>",
        )
    )  # fmt: skip
    x, y = line_through(points["value"].to_numpy(dtype=float), points[state].to_numpy(dtype=float))
    panel.add_trace(
        go.Scatter(
            x=x, y=y, mode="lines", showlegend=False, name="least squares", line={"color": VERMILION, "width": 2},
            hoverinfo="skip",
        )
    )  # fmt: skip
    panel.update_yaxes(tickformat=".6~g")
    note_thinning(panel, len(drawn), len(points))
    return panel
