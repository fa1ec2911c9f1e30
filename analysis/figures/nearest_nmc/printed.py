"""The phases that connect each NMC with its nearest NMC, printed (paper Fig. 3c)."""

import pandas as pd

from cathograph.analysis.figures.figure import title_of
from cathograph.analysis.figures.nearest_nmc.data import nearest_data, split_bars, ways_of
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.figures.printed_style import (
    SMALL_PT,
    PrintedFigure,
    make_panels_in_rows,
    write_in_panel,
    write_texts,
)


def draw_nearest_connection(nearest: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> PrintedFigure:
    """Draw by which phases NMC are connected with their nearest NMC (Fig. 3c).

    Parameters
    ----------
    nearest : DataFrame
    legend : PhaseLegend
        As for `cathograph.analysis.figures.nearest_nmc.data.nearest_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = nearest_data(nearest, legend)
    if data.missing:
        return PrintedFigure.of_nothing(data)
    parts, ways = split_bars(data.table), ways_of(legend)
    figure, panels = make_panels_in_rows(len(parts), share_y=True)
    for axis, (name, bars, n) in zip(panels, parts, strict=True):
        if not n:
            write_in_panel(axis, title_of(name, legend.write("no image with two {active_phase} particles.")))
            continue
        shares = 100 * bars["share"]
        colours = [way.colour for way in ways]
        axis.bar(range(4), shares, color=colours, edgecolor="black", linewidth=0.6)
        axis.bar(
            range(4), 100 * bars["touching"] / n, color="none", edgecolor="white", hatch="///", linewidth=0
        )
        for place, (count, share) in enumerate(zip(bars["nmc"], shares, strict=True)):
            axis.text(
                place, share + 1.5, f"{count}\n{share:.0f} %", ha="center", va="bottom", fontsize=SMALL_PT
            )
        axis.set_xticks(range(4), [way.label for way in ways], fontsize=SMALL_PT)
        axis.set_ylim(0, 119)
        axis.set_yticks(range(0, 101, 20))
        write_texts(
            axis,
            title=title_of(name, legend.write(f"{n} {{actives}}")),
            y=legend.write("{active_phase} particles (%)"),
        )
        axis.spines[["top", "right"]].set_visible(False)
    return PrintedFigure.of(data, figure)
