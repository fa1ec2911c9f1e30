"""Printed figures: drawn with matplotlib and saved as PNG and SVG, with the table as CSV.

Figures are made without pyplot, so no window opens and none stays in memory. Each selection has its own panel on
the same axes; a selection without data has a message in its panel. Texts with a selection's name are drawn with
``parse_math=False``, so that a dollar sign does not start a formula.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Literal, Self

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, ScalarFormatter
from numpy.typing import ArrayLike

from cathograph.analysis.figures.box_numbers import BoxNumbers
from cathograph.analysis.figures.figure import FigureData, parts_on_one_scale
from cathograph.schema.errors import InputError

SCATTER_AS_PIXELS = 2000
"""Above this number of points a scatter plot is stored as pixels in the SVG, which would be huge otherwise."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PrintedFigure(FigureData):
    """A figure with its drawing.

    Attributes
    ----------
    drawing : Figure
        Not registered with pyplot.
    """

    drawing: Figure

    @classmethod
    def of(cls, data: FigureData, drawing: Figure) -> Self:
        """Join a drawing with the data that it shows."""
        return cls(**{each.name: getattr(data, each.name) for each in fields(FigureData)}, drawing=drawing)

    @classmethod
    def of_nothing(cls, data: FigureData) -> Self:
        """Make a figure that explains why there is nothing to draw."""
        drawing, panels = make_panels(1, 1, width=6.0, height=1.6)
        write_in_panel(panels[0][0], data.missing)
        return cls.of(data, drawing)

    def save(self, folder: Path) -> tuple[Path, Path, Path]:
        """Write PNG, SVG and CSV.

        Returns
        -------
        tuple of Path
            PNG, SVG, CSV. The same figure always gives the same bytes.

        Raises
        ------
        InputError
            When the folder cannot be written to.
        """
        png, svg, csv = (folder / f"{self.name}.{suffix}" for suffix in ("png", "svg", "csv"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            png.write_bytes(self.render("png"))
            svg.write_bytes(self.render("svg"))
            self.table.to_csv(csv, index=False, lineterminator="\n")
        except OSError as error:
            msg = (
                f"Found {folder} not writable ({error.strerror}); expected room there. Choose another --out."
            )
            raise InputError(msg) from error
        return png, svg, csv

    def render(self, kind: Literal["png", "svg"]) -> bytes:
        """Give the content of an image file; the same figure always gives the same bytes."""
        file = BytesIO()
        with mpl.rc_context({"svg.hashsalt": self.name}):
            self.drawing.savefig(
                file, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None
            )
        self.drawing.set_layout_engine("none")  # the layout takes half of the time; it is computed once
        return file.getvalue()


def make_panels(
    rows: int,
    columns: int,
    *,
    width: float = 3.6,
    height: float = 3.4,
    share_y: bool | Literal["none", "all", "row", "col"] = False,
) -> tuple[Figure, list[list[Axes]]]:
    """Make a grid of panels, each of `width` × `height` inches."""
    figure = Figure(figsize=(max(columns * width, 4.2), rows * height + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=share_y)
    return figure, [list(line) for line in grid]


def share_range_by_scale(
    panels: Sequence[Sequence[Axes]], parts: Sequence[tuple[str, pd.DataFrame]], outcome: str
) -> None:
    """Give the panels of an outcome the same y range wherever their values are on one scale.

    Parameters
    ----------
    panels : sequence of sequence of Axes
        The panels of each selection, drawn already; those with a message are left alone.
    parts : sequence of tuple of str and DataFrame
        The selections, from `cathograph.analysis.figures.figure.split_selections`.
    outcome : str
        Column that is drawn.
    """
    for places in parts_on_one_scale(parts, outcome):
        drawn = [axis for place in places for axis in panels[place] if axis.axison]
        limits = [axis.get_ylim() for axis in drawn]
        for axis in drawn:
            axis.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
            plain_ticks(axis)


def write_in_panel(axis: Axes, text: str) -> None:
    """Write a message instead of showing empty axes."""
    axis.set_axis_off()
    axis.text(
        0.5, 0.5, "\n".join(wrap(text, 34)), ha="center", va="center", transform=axis.transAxes,
        fontsize=10, color="#444444", parse_math=False,
        bbox={"facecolor": "#f2f2f2", "edgecolor": "none", "boxstyle": "round,pad=0.8"},
    )  # fmt: skip


def draw_box(
    axis: Axes, numbers: BoxNumbers, place: float, *, width: float, colour: str, alpha: float
) -> None:
    """Draw a box from its numbers; nothing where there are too few values for quartiles."""
    if not numbers.has_box:
        return
    axis.bxp(
        [
            {
                "med": numbers.median, "q1": numbers.q1, "q3": numbers.q3, "whislo": numbers.low,
                "whishi": numbers.high, "mean": numbers.mean,
            }
        ],
        positions=[place], widths=width, showmeans=True, showfliers=False, manage_ticks=False, patch_artist=True,
        boxprops={"facecolor": colour, "alpha": alpha},
        medianprops={"color": "black", "linewidth": 1.6},
        meanprops={"marker": "D", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 5},
    )  # fmt: skip


def draw_points(
    axis: Axes,
    x: ArrayLike,
    y: ArrayLike,
    *,
    of: int,
    colour: str,
    marker: str = "o",
    alpha: float = 0.5,
    label: str | None = None,
) -> None:
    """Draw points, their size chosen for `of` points in the panel."""
    axis.scatter(
        x, y, s=mark_area(of), c=colour, marker=marker, alpha=alpha, label=label,
        linewidths=0.8 if marker == "x" else 0, rasterized=of > SCATTER_AS_PIXELS,
    )  # fmt: skip


def add_note(figure: Figure, note: str) -> None:
    """Write a line below the panels."""
    figure.supxlabel(note, fontsize=8, color="#444444")


def plain_ticks(axis: Axes) -> None:
    """Write plain numbers on both axes: 8343.5 without an offset, also 2 and 5 on a logarithmic axis."""
    for one in (axis.xaxis, axis.yaxis):
        if one.get_scale() == "log":
            low, high = one.get_view_interval()
            if high < 1000 * low:  # powers of ten alone would give one or two ticks
                one.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
                one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                one.set_minor_formatter(NullFormatter())
        elif isinstance(one.get_major_formatter(), ScalarFormatter):
            axis.ticklabel_format(axis="x" if one is axis.xaxis else "y", useOffset=False, style="plain")


def mark_area(n: int) -> float:
    """Choose the area of a mark in points²: large enough for three points, small enough for thousands.

    Examples
    --------
    >>> mark_area(3), mark_area(5000)
    (36.0, 6.0)
    """
    return float(np.clip(120 / np.sqrt(max(n, 1)), 6, 36))
