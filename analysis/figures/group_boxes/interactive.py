"""States of exposed particles beside the others, on a page (paper Figs. 4d-g, 5c-e)."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.figure import FigureData, label_of, of_selection, split_selections, spread
from cathograph.analysis.figures.group_boxes.data import name_group, outcomes_of, say_effect, split_groups
from cathograph.analysis.figures.interactive_style import (
    Panels,
    add_box,
    make_log,
    make_panel,
    mark_size,
    name_places,
    plain,
    say_in_panel,
    share_range,
    title_of,
)
from cathograph.analysis.tables.particle_table import STATES

_POINTS_UP_TO = 2000
"""Above this many particles boxes stand alone, as in the files."""


def plot_group_boxes(data: FigureData, comparisons: pd.DataFrame, exposure: str) -> Panels:
    """Plot boxes of the states (and the size) by an exposure (Figs. 4d-g, 5c-e), a row a selection.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.group_boxes.data.group_data`.
    comparisons : DataFrame
    exposure : {"at_tpb", "has_concurrent_channel"}
        As for that function.
    """
    outcomes = outcomes_of(comparisons, exposure)
    tests = comparisons[comparisons["exposure"] == exposure]
    panels = [
        [
            _boxes(rows, outcome, exposure, of_selection(tests[tests["outcome"] == outcome], name), name)
            for outcome in outcomes
        ]
        for name, rows in split_selections(data.table)
    ]
    for place, outcome in enumerate(outcomes):
        log = outcome not in STATES
        column = [row[place] for row in panels if row[place].data]
        if log:
            for panel in column:
                make_log(panel, "y", data.table[outcome])
        share_range(column, data.table[outcome], log=log)
    return panels


def _boxes(
    rows: pd.DataFrame, outcome: str, exposure: str, comparison: pd.DataFrame, selection: str
) -> go.Figure:
    if rows[outcome].isna().all():
        why = "not measured" if len(rows) else "no NMC particle"
        return say_in_panel(title_of(selection, label_of(outcome)), why)
    panel = make_panel(title_of(selection, say_effect(comparison)), y=label_of(outcome))
    groups = split_groups(rows, outcome, exposure)
    for place, group in enumerate(groups):
        shown = group.points if len(rows) <= _POINTS_UP_TO else np.empty(0)
        panel.add_trace(
            go.Scatter(
                x=place + spread(len(shown), 0.18, place), y=shown, mode="markers", showlegend=False,
                name=plain(group.name),
                marker={"color": group.colour, "size": mark_size(len(rows)), "opacity": 0.35},
                hovertemplate="%{y:.6~g}<extra></extra>",
            )
        )  # fmt: skip
        add_box(panel, group.numbers, place, name=group.name, colour=group.colour)
    name_places(panel, [name_group(group, outcome) for group in groups])
    panel.update_yaxes(tickformat=".6~g")
    return panel
