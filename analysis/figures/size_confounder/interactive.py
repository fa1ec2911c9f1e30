"""States against particle size by exposure, interactive (paper Fig. S8)."""

import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.figure import (
    FigureData,
    label_of,
    split_selections,
    title_of,
    why_no_states,
)
from cathograph.analysis.figures.interactive_style import (
    InteractiveFigure,
    add_line,
    add_points,
    make_empty_panel,
    make_log,
    make_panel,
    note_thinning,
    share_range_by_scale,
    thin,
)
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.figures.size_confounder.data import (
    describe_effect,
    panels_by_selection,
    split_by_exposure,
)
from cathograph.analysis.tables.particle_table import EXPOSURES, STATES


def plot_size_confounder(data: FigureData, adjusted: pd.DataFrame) -> InteractiveFigure:
    """Plot states against size by exposure (Fig. S8), one row per selection and exposure.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.size_confounder.data.size_data`.
    adjusted : DataFrame
        As for that function.
    """
    size = str(adjusted["size"].iloc[0])
    parts = split_selections(data.table)
    panels = [
        [
            _scatter(
                rows,
                size,
                state,
                exposure,
                len(parts),
                data.legend,
                no_data=title_of(name, label_of(state)),
                title=title_of(name, describe_effect(adjusted, name, exposure, state)),
            )
            for state in STATES
        ]
        for name, rows in parts
        for exposure in EXPOSURES
    ]
    for place, state in enumerate(STATES):
        share_range_by_scale(panels_by_selection(panels, place), parts, state)
    return panels


def _scatter(
    rows: pd.DataFrame,
    size: str,
    state: str,
    exposure: str,
    parts: int,
    legend: PhaseLegend,
    *,
    no_data: str,
    title: str,
) -> go.Figure:
    known = rows[rows[[size, state]].notna().all(axis=1)]
    groups = split_by_exposure(known, size, state, exposure)
    if not groups:
        return make_empty_panel(no_data, why_no_states(rows, legend))
    panel = make_panel(title, x=label_of(size), y=label_of(state), height_px=360, legend=True)
    drawn = thin(known, len(EXPOSURES) * len(STATES) * parts)
    for group, points, symbol, dash in zip(
        groups, split_by_exposure(drawn, size, state, exposure), ("circle", "triangle-up"), ("solid", "dash"),
        strict=True,
    ):  # fmt: skip
        add_points(
            panel, points.sizes, points.values, of=len(drawn), name=f"{group.name} ({len(group.sizes)})",
            colour=group.colour, symbol=symbol, in_legend=True, tooltip="%{x:.3g}, %{y:.5g} eV",
        )  # fmt: skip
        if group.line is not None:
            add_line(panel, *group.line, name=f"least squares, {group.name}", colour=group.colour, dash=dash)
    make_log(panel, "x", known[size])
    note_thinning(panel, len(drawn), len(known))
    panel.update_yaxes(tickformat=".6~g")
    return panel
