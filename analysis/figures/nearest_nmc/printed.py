"""The phases that connect each NMC with its nearest NMC, printed (paper Fig. 3c)."""

import pandas as pd

from cathograph.analysis.figures.figure import title_of
from cathograph.analysis.figures.nearest_nmc.data import nearest_data, split_bars, ways_of
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.figures.printed_style import PrintedFigure, make_panels, write_in_panel


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
    figure, panels = make_panels(1, len(parts), width=4.2, height=3.7, share_y=True)
    for axis, (name, bars, n) in zip(panels[0], parts, strict=True):
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
            axis.text(place, share + 1.5, f"{count}\n{share:.0f} %", ha="center", va="bottom", fontsize=8)
        axis.set_xticks(range(4), [way.label for way in ways], fontsize=9)
        axis.set_ylim(0, 119)
        axis.set_yticks(range(0, 101, 20))
        axis.set_title(title_of(name, legend.write(f"{n} {{actives}}")), fontsize=10, parse_math=False)
        axis.spines[["top", "right"]].set_visible(False)
    panels[0][0].set_ylabel(legend.write("{active_phase} particles (%)"))
    return PrintedFigure.of(data, figure)
