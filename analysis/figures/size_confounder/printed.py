"""States against particle size by exposure, printed (paper Fig. S8)."""

import pandas as pd
from matplotlib.axes import Axes

from cathograph.analysis.figures.figure import (
    STATE_NOTE,
    label_of,
    split_selections,
    title_of,
    why_no_states,
)
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.figures.printed_style import (
    SMALL_PT,
    PrintedFigure,
    add_note,
    draw_points,
    make_panels,
    plain_ticks,
    share_range_by_scale,
    write_in_panel,
    write_texts,
)
from cathograph.analysis.figures.size_confounder.data import (
    describe_effect,
    panels_by_selection,
    size_data,
    split_by_exposure,
)
from cathograph.analysis.tables.particle_table import EXPOSURES, STATES


def draw_size_confounder(
    nmc: pd.DataFrame, adjusted: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND
) -> PrintedFigure:
    """Draw states against size by exposure (Fig. S8).

    Parameters
    ----------
    nmc, adjusted : DataFrame
    legend : PhaseLegend
        As for `cathograph.analysis.figures.size_confounder.data.size_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = size_data(nmc, adjusted, legend)
    if data.missing:
        return PrintedFigure.of_nothing(data)
    size = str(adjusted["size"].iloc[0])
    parts = split_selections(data.table)
    figure, panels = make_panels(len(parts) * len(EXPOSURES), len(STATES))
    lines = iter(panels)
    for name, rows in parts:
        for exposure in EXPOSURES:
            for axis, state in zip(next(lines), STATES, strict=True):
                _scatter(
                    axis, rows, size, state, exposure, legend,
                    no_data=title_of(name, label_of(state)),
                    title=title_of(name, describe_effect(adjusted, name, exposure, state)),
                )  # fmt: skip
    for place, state in enumerate(STATES):
        share_range_by_scale(panels_by_selection(panels, place), parts, state)
    add_note(figure, STATE_NOTE)
    return PrintedFigure.of(data, figure)


def _scatter(
    axis: Axes,
    rows: pd.DataFrame,
    size: str,
    state: str,
    exposure: str,
    legend: PhaseLegend,
    *,
    no_data: str,
    title: str,
) -> None:
    groups = split_by_exposure(rows, size, state, exposure)
    if not groups:
        write_in_panel(axis, f"{no_data}: {why_no_states(rows, legend)}.")
        return
    for group, marker, style in zip(groups, ("o", "^"), ("-", "--"), strict=True):
        draw_points(
            axis, group.sizes, group.values, of=len(rows), colour=group.colour, marker=marker, alpha=0.45,
            label=f"{group.name} ({len(group.sizes)})",
        )  # fmt: skip
        if group.line is not None:
            axis.plot(*group.line, color=group.colour, ls=style, lw=1.2)
    axis.set_xscale("log")
    write_texts(axis, title=title, x=label_of(size), y=label_of(state))
    axis.legend(fontsize=SMALL_PT, loc="best", markerscale=2)
    plain_ticks(axis)
