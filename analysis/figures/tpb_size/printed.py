"""Sizes of triple phase boundaries and of the NMC in them, printed (paper Figs. 3a, 3b)."""

import pandas as pd
from matplotlib.axes import Axes

from cathograph.analysis.figures.box_numbers import box_numbers
from cathograph.analysis.figures.figure import (
    BLUE,
    VERMILION,
    label_of,
    size_column,
    split_selections,
    spread,
    title_of,
)
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.figures.printed_style import (
    SMALL_PT,
    PrintedFigure,
    draw_box,
    draw_points,
    make_panels_in_rows,
    plain_ticks,
    write_in_panel,
    write_texts,
)
from cathograph.analysis.figures.tpb_size.data import (
    nmc_size_data,
    sizes_by_tpbs,
    split_by_kind,
    tpb_size_data,
)


def draw_tpb_size(tpbs: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> PrintedFigure:
    """Draw the size of TPBs against their interface ratio (Fig. 3a).

    Parameters
    ----------
    tpbs : DataFrame
    legend : PhaseLegend
        As for `cathograph.analysis.figures.tpb_size.data.tpb_size_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = tpb_size_data(tpbs, legend)
    if data.missing:
        return PrintedFigure.of_nothing(data)
    parts = split_selections(data.table)
    figure, panels = make_panels_in_rows(len(parts), share_y=True)
    for axis, (name, rows) in zip(panels, parts, strict=True):
        if rows.empty:
            write_in_panel(axis, title_of(name, "no triple phase boundary."))
            continue
        for (kind, chosen), colour, marker in zip(
            split_by_kind(rows), (BLUE, VERMILION), ("o", "^"), strict=True
        ):
            draw_points(
                axis, chosen["interface_ratio"], chosen["perimeter_um"], of=len(rows), colour=colour,
                marker=marker, alpha=0.6, label=f"{kind} ({len(chosen)})",
            )  # fmt: skip
        axis.set_xscale("log")
        axis.set_yscale("log")
        plain_ticks(axis)
        write_texts(
            axis,
            title=title_of(name, f"{len(rows)} TPBs"),
            x=label_of("interface_ratio", legend),
            y=label_of("perimeter_um"),
        )
        axis.legend(fontsize=SMALL_PT, loc="best", markerscale=2)
    return PrintedFigure.of(data, figure)


def draw_nmc_size_by_tpbs(nmc: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> PrintedFigure:
    """Draw the size of NMC particles by the number of their TPBs (Fig. 3b).

    Parameters
    ----------
    nmc : DataFrame
    legend : PhaseLegend
        As for `cathograph.analysis.figures.tpb_size.data.nmc_size_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = nmc_size_data(nmc, legend)
    if data.missing:
        return PrintedFigure.of_nothing(data)
    size = size_column(data.table)
    parts = split_selections(data.table)
    figure, panels = make_panels_in_rows(len(parts), share_y=True)
    for axis, (name, rows) in zip(panels, parts, strict=True):
        n = int(rows[size].notna().sum())
        if not n:
            write_in_panel(axis, title_of(name, legend.write("no {active_phase} particle.")))
            continue
        _boxes_by_count(axis, rows, n, legend.active_colour)
        write_texts(
            axis,
            title=title_of(name, legend.write(f"{n} {{actives}}")),
            x="TPBs of the particle",
            y=label_of(size),
        )
    return PrintedFigure.of(data, figure)


def _boxes_by_count(axis: Axes, rows: pd.DataFrame, n: int, colour: str) -> None:
    groups = sizes_by_tpbs(rows)
    for place, (_, group) in enumerate(groups):
        draw_box(axis, box_numbers(group), place, width=0.6, colour=colour, alpha=0.45)
        x = place + spread(len(group), 0.2, place)
        draw_points(axis, x, group, of=n, colour="#333333", alpha=0.35)
    axis.set_xticks(
        range(len(groups)), [f"{name}\nn = {len(group)}" for name, group in groups], fontsize=SMALL_PT
    )
    axis.set_xlim(-0.6, len(groups) - 0.4)
    axis.set_yscale("log")
    plain_ticks(axis)
