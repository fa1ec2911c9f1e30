"""Printed figures: drawn with matplotlib and saved as PDF, SVG and PNG, with the table as CSV.

Figures have the widths of a journal's column and page, with text of 7 and 8 points, so they can be placed in a paper as
they are. They are made without pyplot, so no window opens and none stays in memory. Each selection has its own panel on
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

COLUMN_MM, PAGE_MM = 85, 170
"""Widths of figures."""

SMALL_PT, TEXT_PT = 7, 8
"""Text sizes: of all texts in and next to panels; of messages and of the title above all panels."""

SCATTER_AS_PIXELS = 2000
"""Above this number of points a scatter plot is stored as pixels in PDF and SVG, which would be huge otherwise."""

Kind = Literal["pdf", "svg", "png"]
"""File formats of figures."""

_DPI = 600
_MM_PER_INCH = 25.4
_NO_DATE: dict[Kind, dict[str, None] | None] = {
    "pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": None
}  # fmt: skip


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
        drawing, panels = make_panels(1, 1, height_mm=35)
        write_in_panel(panels[0][0], data.missing)
        return cls.of(data, drawing)

    def save(self, folder: Path) -> tuple[Path, Path, Path, Path]:
        """Write PNG, SVG, PDF and CSV.

        Returns
        -------
        tuple of Path
            PNG, SVG, PDF, CSV. The same figure always gives the same bytes.

        Raises
        ------
        InputError
            When the folder cannot be written to.
        """
        png, svg, pdf, csv = (folder / f"{self.name}.{suffix}" for suffix in ("png", "svg", "pdf", "csv"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            png.write_bytes(self.render("png"))
            svg.write_bytes(self.render("svg"))
            pdf.write_bytes(self.render("pdf"))
            self.table.to_csv(csv, index=False, lineterminator="\n")
        except OSError as error:
            msg = (
                f"Found {folder} not writable ({error.strerror}); expected room there. Choose another --out."
            )
            raise InputError(msg) from error
        return png, svg, pdf, csv

    def render(self, kind: Kind) -> bytes:
        """Give the content of an image file; the same figure always gives the same bytes."""
        file = BytesIO()
        # Text stays text in PDF and SVG.
        with mpl.rc_context({"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": self.name}):
            self.drawing.savefig(file, format=kind, dpi=_DPI, metadata=_NO_DATE[kind])
        self.drawing.set_layout_engine("none")  # the layout takes half of the time; it is computed once
        return file.getvalue()


def make_panels(
    rows: int,
    columns: int,
    *,
    height_mm: float = 55,
    width_mm: float | None = None,
    share_y: bool | Literal["none", "all", "row", "col"] = False,
) -> tuple[Figure, list[list[Axes]]]:
    """Make a grid of panels, each `height_mm` high.

    One column of panels has the width of a journal's column and several have that of a page, if no `width_mm` is given.
    """
    width_mm = width_mm or (COLUMN_MM if columns == 1 else PAGE_MM)
    figure = Figure(figsize=(width_mm / _MM_PER_INCH, rows * height_mm / _MM_PER_INCH))
    figure.set_layout_engine("constrained", w_pad=0.015, wspace=0.01)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=share_y)
    for axis in grid.flat:
        axis.spines[:].set_linewidth(0.6)
        axis.tick_params(labelsize=SMALL_PT, width=0.6, length=2.5)
        axis.tick_params(which="minor", width=0.4, length=1.5)
    return figure, [list(line) for line in grid]


def make_panels_in_rows(
    count: int, *, across: int = 2, height_mm: float = 60, share_y: bool = False
) -> tuple[Figure, list[Axes]]:
    """Make some panels, at most `across` next to each other."""
    columns = min(count, across)
    figure, grid = make_panels(-(-count // columns), columns, height_mm=height_mm, share_y=share_y)
    axes = [axis for line in grid for axis in line]
    for axis in axes[count:]:
        axis.set_axis_off()
    return figure, axes[:count]


def write_texts(axis: Axes, *, title: str = "", x: str = "", y: str = "") -> None:
    """Write the title and the labels of a panel; a dollar sign in them stays one."""
    axis.set_title(title, fontsize=SMALL_PT, parse_math=False)
    axis.set_xlabel(x, fontsize=SMALL_PT, parse_math=False)
    axis.set_ylabel(y.replace(": ", ":\n"), fontsize=SMALL_PT, parse_math=False)


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
        fontsize=TEXT_PT, color="#444444", parse_math=False,
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
        boxprops={"facecolor": colour, "alpha": alpha, "linewidth": 0.7},
        whiskerprops={"linewidth": 0.7}, capprops={"linewidth": 0.7},
        medianprops={"color": "black", "linewidth": 1.1},
        meanprops={
            "marker": "D", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 3.5,
            "markeredgewidth": 0.7,
        },
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
        linewidths=0.6 if marker == "x" else 0, rasterized=of > SCATTER_AS_PIXELS,
    )  # fmt: skip


def add_note(figure: Figure, note: str) -> None:
    """Write a note below the panels, in as many lines as it takes."""
    characters = int(figure.get_figwidth() * _MM_PER_INCH / 1.3)  # of 7 points
    figure.supxlabel("\n".join(wrap(note, characters)), fontsize=SMALL_PT, color="#444444")


def narrow_tick_labels(axis: Axes, characters: int) -> None:
    """Break the lines of the labels below a panel that are longer than that many characters."""
    labels = [each.get_text().split("\n") for each in axis.get_xticklabels()]
    broken = ["\n".join(part for line in lines for part in wrap(line, characters)) for lines in labels]
    axis.set_xticks(axis.get_xticks(), broken)


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
    (14.0, 2.0)
    """
    return float(np.clip(45 / np.sqrt(max(n, 1)), 2, 14))
