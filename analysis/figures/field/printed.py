"""The graph of one image over its pixels, printed (paper Figs. 2, 4c, 5b).

Three panels show one field of view. The lines of all contacts are one collection, so that ten thousand of them are
drawn quickly. TPBs have a ring where their three regions meet; those whose regions do not meet have none.
"""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from cathograph.analysis.figures.field.boundaries import inner_boundaries
from cathograph.analysis.figures.field.data import MOST_CHANNELS, FieldGraph, FieldTables, drawn_channels
from cathograph.analysis.figures.figure import FigureData
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend, PhaseLook
from cathograph.analysis.figures.printed_style import (
    PAGE_MM,
    SMALL_PT,
    TEXT_PT,
    PrintedFigure,
    make_panels,
    write_texts,
)
from cathograph.schema.composites import BACKGROUND_PHASE

_CONTACT, _DASHES, _DOTS = "#555555", (0, (4, 3)), (0, (1, 1.5))
_MARKS_IN_FULL = 1000
"""Above this number marks are drawn smaller."""
_TEXTS_MM = 21
"""Room for the titles above and the legend below."""
_TITLE_CHARACTERS, _LEGEND_COLUMNS = 40, 7


def draw_field_graph(graph: FieldGraph | None, data: FigureData) -> PrintedFigure:
    """Draw the graph of one image over its pixels.

    Parameters
    ----------
    graph : FieldGraph or None
        What to draw; None if there is nothing, then the figure gives the reason.
    data : FigureData
        From `cathograph.analysis.figures.field.data.field_graph_data`.
    """
    if graph is None:
        return PrintedFigure.of_nothing(data)
    return PrintedFigure.of(data, draw_graph_over_image(graph))


def draw_graph_over_image(graph: FieldGraph) -> Figure:
    """Draw the X-ray image, the regions by phase, and the graph over them, side by side.

    Parameters
    ----------
    graph : FieldGraph
        What to draw; without X-ray image there are two panels.

    Returns
    -------
    Figure
        Not registered with pyplot, so that nothing stays open.
    """
    labels, grey, tables = graph.labels, graph.grey, graph.tables
    panels = 3 if grey is not None else 2
    height_px, width_px = labels.shape
    picture_mm = PAGE_MM / panels * height_px / width_px
    figure, grid = make_panels(1, panels, height_mm=picture_mm + _TEXTS_MM)
    axes = grid[0]
    coloured = colour_by_phase(labels, tables.particles, graph.legend)
    if grey is not None:
        low, high = np.percentile(grey, (0.5, 99.5))
        axes[0].imshow(grey, cmap="gray", vmin=low, vmax=high)
        write_texts(axes[0], title="X-ray image")
    regions, over_image = axes[-2], axes[-1]
    outlined = coloured.copy()
    outlined[inner_boundaries(labels)] *= 0.55
    regions.imshow(outlined)
    counts = tables.particles["phase"].value_counts()
    looks = graph.legend.looks(counts.index)
    in_words = [f"{counts.get(look.name, 0)} {look.name}" for look in looks]
    write_texts(regions, title="\n".join(wrap(", ".join(in_words), _TITLE_CHARACTERS)))
    over_image.imshow(0.35 * coloured + 0.65)
    _draw_graph(over_image, tables, graph.legend)
    for axis in axes:
        axis.set_axis_off()
    _draw_scale_bar(axes[0], labels.shape, graph.pixel_size_um)
    if graph.title:
        figure.suptitle(graph.title, fontsize=TEXT_PT, parse_math=False)
    handles = _legend(looks, graph.legend)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), _LEGEND_COLUMNS), frameon=False,
        fontsize=SMALL_PT,
    )  # fmt: skip
    return figure


def colour_by_phase(
    labels: NDArray[np.integer], particles: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND
) -> NDArray[np.float64]:
    """Colour a label image by phase.

    Returns
    -------
    ndarray of float64, shape (y, x, 3)
        Red, green, blue between 0 and 1.
    """
    ordered = particles.sort_values("label")
    known = ordered["label"].to_numpy()
    palette = np.array(
        [
            to_rgb(BACKGROUND_PHASE.colour),
            *(to_rgb(legend.look(phase).colour) for phase in ordered["phase"]),
        ]
    )
    position = np.searchsorted(known, labels, side="left")
    inside = position < len(known)
    hit = np.zeros(labels.shape, dtype=bool)
    hit[inside] = known[position[inside]] == labels[inside]
    return np.asarray(palette[np.where(hit, position + 1, 0)])


def _draw_graph(axis: Axes, tables: FieldTables, legend: PhaseLegend) -> None:
    place = tables.particles.set_index("label")[["centroid_x", "centroid_y"]]

    def lines(pairs: pd.DataFrame, first: str, second: str) -> list[NDArray[np.float64]]:
        return list(
            np.stack([place.loc[pairs[first]].to_numpy(), place.loc[pairs[second]].to_numpy()], axis=1)
        )

    contacts, channels, touching = tables.contacts, tables.channels, tables.touching
    if len(contacts):
        widths = 0.3 + 0.9 * np.sqrt(contacts["weight"].to_numpy(dtype=float))
        axis.add_collection(
            LineCollection(lines(contacts, "a", "b"), linewidths=widths, colors=_CONTACT, alpha=0.45)
        )
    for pairs, style in ((channels, _DASHES), (touching, _DOTS)):
        shown = drawn_channels(pairs)
        if len(shown):
            axis.add_collection(
                LineCollection(
                    lines(shown, "nmc_a", "nmc_b"),
                    linewidths=0.7,
                    colors=legend.channel_colour,
                    linestyles=style,
                    alpha=0.8,
                )
            )
    # Marks cover at most the area that those of a usual image do, so that they never hide the image.
    shrink = min(1.0, _MARKS_IN_FULL / max(len(tables.particles), len(tables.junctions), 1))
    for look in legend.looks(tables.particles["phase"].unique()):
        rows = tables.particles[tables.particles["phase"] == look.name]
        axis.scatter(
            rows["centroid_x"], rows["centroid_y"],
            s=shrink * (10 if look.is_active else 4),
            marker=look.marker, color=look.colour, edgecolors="black", linewidths=0.4 * shrink**0.5, zorder=3,
        )  # fmt: skip
    junctions = tables.junctions
    axis.scatter(
        junctions["x"], junctions["y"],
        s=20 * shrink, facecolors="none", edgecolors=legend.junction_colour, linewidths=0.8 * shrink**0.5, zorder=4,
    )  # fmt: skip
    too_many = max(len(channels), len(touching)) > MOST_CHANNELS
    note = f"\n(at most {MOST_CHANNELS} of each type are drawn, at random)" if too_many else ""
    write_texts(
        axis,
        title=f"{len(contacts)} contacts, {len(junctions)} TPB junctions,\n"
        f"{len(channels)} concurrent and {len(touching)} touching channels{note}",
    )


def _legend(looks: Sequence[PhaseLook], legend: PhaseLegend) -> list[Line2D]:
    dots = [
        Line2D(
            [],
            [],
            marker=look.marker,
            linestyle="",
            markerfacecolor=look.colour,
            markeredgecolor="black",
            markersize=4,
            label=look.name,
        )
        for look in looks
    ]
    return [
        *dots,
        Line2D([], [], color=_CONTACT, alpha=0.6, label="contact"),
        Line2D([], [], color=legend.channel_colour, linestyle=_DASHES, label="concurrent channel"),
        Line2D([], [], color=legend.channel_colour, linestyle=_DOTS, label="touching channel"),
        Line2D(
            [], [], marker="o", linestyle="", markerfacecolor="none", markeredgecolor=legend.junction_colour,
            markersize=5, label="TPB junction",
        ),
    ]  # fmt: skip


def _draw_scale_bar(axis: Axes, shape: tuple[int, ...], pixel_size_um: float) -> None:
    """Draw a bar of a round length, at most a fifth of the width."""
    target_um = 0.2 * shape[1] * pixel_size_um
    power = 10.0 ** np.floor(np.log10(target_um))
    length_um = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= target_um)
    y, x = 0.95 * shape[0], 0.04 * shape[1]
    for colour, width in (("white", 3), ("black", 1.8)):
        axis.plot(
            [x, x + length_um / pixel_size_um], [y, y], color=colour, linewidth=width, solid_capstyle="butt"
        )
    axis.text(
        x, y - 0.02 * shape[0], f"{length_um:g} µm", fontsize=SMALL_PT, va="bottom",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
    )  # fmt: skip
