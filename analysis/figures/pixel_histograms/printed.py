"""Histograms of pixel values, printed: grey values, edge energies of particles (paper Figs. S1b, S4)."""

from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes

from cathograph.analysis.figures.figure import STATE_NOTE, VERMILION, FigureData, split_selections, title_of
from cathograph.analysis.figures.pixel_histograms.data import phase_colour
from cathograph.analysis.figures.printed_style import (
    SMALL_PT,
    PrintedFigure,
    add_note,
    make_panels,
    make_panels_in_rows,
    plain_ticks,
    write_in_panel,
    write_texts,
)

_ACROSS = 2
_STYLES = ("-", "--", "-.", ":", (0, (8, 3)), (0, (8, 2, 1, 2, 1, 2)))
"""Lines of the phases."""


def draw_grey_values(data: FigureData) -> PrintedFigure:
    """Draw the distribution of grey values in each phase (Fig. S1b).

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.pixel_histograms.data.grey_value_data`; a column ``selection`` of
        its table gives each selection a panel.
    """
    if data.missing:
        return PrintedFigure.of_nothing(data)
    selections = split_selections(data.table)
    figure, panels = make_panels_in_rows(len(selections), height_mm=55)
    for axis, (name, of_selection) in zip(panels, selections, strict=True):
        if of_selection.empty:
            write_in_panel(axis, "No grey image was found.")
            continue
        for (phase, rows), style in zip(
            of_selection.groupby("phase", sort=False), cycle(_STYLES), strict=False
        ):
            borders = [*rows["grey_low"], rows["grey_high"].iloc[-1]]
            called = str(phase)
            axis.stairs(
                rows["share"],
                borders,
                color=phase_colour(called, data.legend),
                linewidth=1.2,
                label=called,
                ls=style,
            )
        write_texts(axis, title=name, x="grey value", y="share of the phase's pixels")
        axis.legend(fontsize=SMALL_PT)
        plain_ticks(axis)
    return PrintedFigure.of(data, figure)


def draw_particle_energies(data: FigureData) -> PrintedFigure:
    """Draw the energies of the pixels of single particles (Fig. S4), one panel per particle.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.pixel_histograms.data.particle_energy_data`; a column ``selection``
        of its table gives each selection its own rows of panels.
    """
    if data.missing:
        return PrintedFigure.of_nothing(data)
    lines = [
        (name, rows, labels[start : start + _ACROSS])
        for name, rows in split_selections(data.table)
        for labels in [list(rows["label"].unique())]
        for start in range(0, len(labels), _ACROSS)
    ]
    columns = max(len(labels) for _, _, labels in lines)
    figure, panels = make_panels(len(lines), columns, height_mm=45)
    for axes, (name, rows, labels) in zip(panels, lines, strict=True):
        for axis, label in zip(axes, labels, strict=False):
            called = label if isinstance(label, str) else f"particle {label}"
            _draw_particle(
                axis, rows[rows["label"] == label], title_of(name, called), data.legend.active_colour
            )
        for axis in axes[len(labels) :]:
            axis.set_axis_off()
    add_note(figure, STATE_NOTE)
    return PrintedFigure.of(data, figure)


def _draw_particle(axis: Axes, rows: pd.DataFrame, title: str, colour: str) -> None:
    borders = [*rows["energy_low_ev"], rows["energy_high_ev"].iloc[-1]]
    axis.stairs(rows["pixels"], borders, fill=True, color=colour)
    valid, total, mean_ev = rows["pixels"].sum(), rows["pixels_all"].iloc[0], rows["mean_ev"].iloc[0]
    write_texts(axis, title=f"{title}\n{valid} of {total} pixels", x="edge energy (eV)", y="pixels")
    if valid:
        axis.axvline(mean_ev, color=VERMILION, linewidth=1.2)
    else:
        axis.text(
            0.5, 0.5, "no pixel inside the window", ha="center", transform=axis.transAxes, fontsize=SMALL_PT
        )
    axis.set_xlim(borders[0], borders[-1])
    axis.locator_params(axis="x", nbins=5)
    plain_ticks(axis)
