"""Is it only the size? States against particle size by exposure, drawn for files (paper Fig. S8)."""

import pandas as pd
from matplotlib.axes import Axes

from cathograph.analysis.figures.figure import STATE_NOTE, label_of, of_selection, split_selections
from cathograph.analysis.figures.printed_style import (
    SCATTER_AS_PIXELS,
    Plate,
    add_note,
    make_panels,
    mark_area,
    plain_ticks,
    say_in_panel,
)
from cathograph.analysis.figures.size_confounder.data import say_effect, size_data, split_by_exposure
from cathograph.analysis.tables.particle_table import EXPOSURES, STATES


def draw_size_confounder(nmc: pd.DataFrame, adjusted: pd.DataFrame) -> Plate:
    """Draw states against size, exposed particles and others (Fig. S8).

    Parameters
    ----------
    nmc, adjusted : DataFrame
        As for `cathograph.analysis.figures.size_confounder.data.size_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = size_data(nmc, adjusted)
    if data.missing:
        return Plate.without_figure(data)
    size = str(adjusted["size"].iloc[0])
    parts = split_selections(data.table)
    figure, panels = make_panels(
        len(parts) * len(EXPOSURES), len(STATES), width=3.7, height=3.3, share_y="col"
    )
    lines = iter(panels)
    for name, rows in parts:
        of_name = of_selection(adjusted, name)
        for exposure in EXPOSURES:
            for axis, state in zip(next(lines), STATES, strict=True):
                chosen = of_name[(of_name["exposure"] == exposure) & (of_name["outcome"] == state)]
                _scatter(axis, rows, size, state, exposure, chosen, f"{name}: " if name else "")
    add_note(figure, STATE_NOTE)
    return Plate.of(data, figure)


def _scatter(
    axis: Axes, rows: pd.DataFrame, size: str, state: str, exposure: str, line: pd.DataFrame, prefix: str
) -> None:
    groups = split_by_exposure(rows, size, state, exposure)
    if not groups:
        why = "not measured" if len(rows) else "no NMC particle"
        say_in_panel(axis, f"{prefix}{label_of(state)}: {why}.")
        return
    for group, marker, style in zip(groups, ("o", "^"), ("-", "--"), strict=True):
        axis.scatter(
            group.sizes, group.values, s=mark_area(len(rows)), c=group.colour, marker=marker, alpha=0.45,
            linewidths=0, label=f"{group.name} ({len(group.sizes)})", rasterized=len(rows) > SCATTER_AS_PIXELS,
        )  # fmt: skip
        if group.line is not None:
            axis.plot(*group.line, color=group.colour, ls=style, lw=1.8)
    axis.set_xscale("log")
    axis.set_xlabel(label_of(size), fontsize=9)
    axis.set_ylabel(label_of(state), fontsize=9)
    axis.legend(fontsize=7, loc="best")
    plain_ticks(axis)
    axis.set_title(prefix + say_effect(line), fontsize=9, parse_math=False)
