"""States of exposed particles compared with the others, interactive (paper Figs. 4d-g, 5c-e)."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.figure import (
    FigureData,
    label_of,
    of_selection,
    split_selections,
    spread,
    title_of,
    why_no_states,
)
from cathograph.analysis.figures.group_boxes.data import (
    describe_effect,
    name_group,
    outcomes_of,
    split_groups,
)
from cathograph.analysis.figures.interactive_style import (
    InteractiveFigure,
    add_box,
    add_points,
    make_empty_panel,
    make_log,
    make_panel,
    name_places,
    share_range_by_scale,
)
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.tables.particle_table import STATES

_POINTS_UP_TO = 2000
"""Above this number of particles only the boxes are drawn, as in the printed figure."""


def plot_group_boxes(data: FigureData, comparisons: pd.DataFrame, exposure: str) -> InteractiveFigure:
    """Plot boxes of the states (and the size) by exposure (Figs. 4d-g, 5c-e), one row per selection.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.group_boxes.data.group_data`.
    comparisons : DataFrame
    exposure : {"at_tpb", "has_concurrent_channel", "has_touching_channel"}
        As for that function.
    """
    outcomes = outcomes_of(comparisons, exposure)
    tests = comparisons[comparisons["exposure"] == exposure]
    parts = split_selections(data.table)
    panels = [
        [
            _boxes(
                rows,
                outcome,
                exposure,
                of_selection(tests[tests["outcome"] == outcome], name),
                name,
                data.legend,
            )
            for outcome in outcomes
        ]
        for name, rows in parts
    ]
    for place, outcome in enumerate(outcomes):
        column = [[row[place]] for row in panels]
        if outcome not in STATES:
            for (panel,) in column:
                if panel.data:
                    make_log(panel, "y", data.table[outcome])
        share_range_by_scale(column, parts, outcome)
    return panels


def _boxes(
    rows: pd.DataFrame,
    outcome: str,
    exposure: str,
    comparison: pd.DataFrame,
    selection: str,
    legend: PhaseLegend,
) -> go.Figure:
    if rows[outcome].isna().all():
        return make_empty_panel(title_of(selection, label_of(outcome)), why_no_states(rows, legend))
    panel = make_panel(title_of(selection, describe_effect(comparison)), y=label_of(outcome))
    groups = split_groups(rows, outcome, exposure)
    for place, group in enumerate(groups):
        shown = group.points if len(rows) <= _POINTS_UP_TO else np.empty(0)
        x = place + spread(len(shown), 0.18, place)
        add_points(panel, x, shown, of=len(rows), name=group.name, colour=group.colour, opacity=0.35)
        add_box(panel, group.numbers, place, name=group.name, colour=group.colour)
    name_places(panel, [name_group(group, outcome) for group in groups])
    panel.update_yaxes(tickformat=".6~g")
    return panel
