"""States of exposed particles compared with the others, printed (paper Figs. 4d-g, 5c-e)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cathograph.analysis.figures.figure import (
    STATE_NOTE,
    label_of,
    of_selection,
    split_selections,
    spread,
    title_of,
    why_no_states,
)
from cathograph.analysis.figures.group_boxes.data import (
    describe_effect,
    group_data,
    name_group,
    outcomes_of,
    split_groups,
)
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.figures.printed_style import (
    SCATTER_AS_PIXELS,
    SMALL_PT,
    PrintedFigure,
    add_note,
    draw_box,
    draw_points,
    make_panels,
    narrow_tick_labels,
    plain_ticks,
    share_range_by_scale,
    write_in_panel,
    write_texts,
)
from cathograph.analysis.tables.particle_table import STATES


def draw_group_boxes(
    nmc: pd.DataFrame, comparisons: pd.DataFrame, exposure: str, legend: PhaseLegend = DEFAULT_LEGEND
) -> PrintedFigure:
    """Draw boxes of the states (and the size) by exposure (Figs. 4d-g, 5c-e).

    Parameters
    ----------
    nmc, comparisons : DataFrame
    exposure : {"at_tpb", "has_concurrent_channel", "has_touching_channel"}
    legend : PhaseLegend
        As for `cathograph.analysis.figures.group_boxes.data.group_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = group_data(nmc, comparisons, exposure, legend)
    if data.missing:
        return PrintedFigure.of_nothing(data)
    outcomes = outcomes_of(comparisons, exposure)
    parts = split_selections(data.table)
    # Four panels in one row would be too narrow for their texts.
    across = 2 if len(outcomes) == 4 else len(outcomes)
    figure, grid = make_panels(len(parts) * len(outcomes) // across, across, height_mm=62)
    panels = np.reshape(np.array(grid), (len(parts), len(outcomes))).tolist()
    for line, (name, rows) in zip(panels, parts, strict=True):
        tests = of_selection(comparisons[comparisons["exposure"] == exposure], name)
        for axis, outcome in zip(line, outcomes, strict=True):
            _boxes(axis, rows, outcome, exposure, tests[tests["outcome"] == outcome], name, legend)
            if across == 3:  # six boxes next to each other: longer lines would meet
                narrow_tick_labels(axis, 12)
    for place, outcome in enumerate(outcomes):
        share_range_by_scale([[line[place]] for line in panels], parts, outcome)
    add_note(figure, STATE_NOTE)
    return PrintedFigure.of(data, figure)


def _boxes(
    axis: Axes,
    rows: pd.DataFrame,
    outcome: str,
    exposure: str,
    comparison: pd.DataFrame,
    selection: str,
    legend: PhaseLegend,
) -> None:
    if rows[outcome].isna().all():
        write_in_panel(axis, title_of(selection, f"{label_of(outcome)}: {why_no_states(rows, legend)}."))
        return
    groups = split_groups(rows, outcome, exposure)
    for place, group in enumerate(groups):
        draw_box(axis, group.numbers, place, width=0.55, colour=group.colour, alpha=0.3)
        if len(rows) <= SCATTER_AS_PIXELS:
            x = place + spread(len(group.points), 0.18, place)
            draw_points(axis, x, group.points, of=len(rows), colour=group.colour)
    axis.set_xticks([0, 1], [name_group(group, outcome) for group in groups], fontsize=SMALL_PT)
    axis.set_xlim(-0.5, 1.5)
    if outcome not in STATES:
        axis.set_yscale("log")
    plain_ticks(axis)
    write_texts(axis, title=title_of(selection, describe_effect(comparison)), y=label_of(outcome))
