"""A plate: one figure drawn for files, with its caption and the table behind it.

Figures are made without pyplot, so nothing stays open and no window is asked for. What they show
comes from `cathograph.analysis.figure_data`; selections have panels of their own on the same axes, and one
without data says so in its panel. Texts that hold a selection's name are drawn with
``parse_math=False``: a dollar sign in it is no formula.
"""

from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Literal, Self

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, ScalarFormatter

from cathograph.analysis.figures.box_numbers import BoxNumbers
from cathograph.analysis.figures.figure import FigureData
from cathograph.schema.errors import InputError

SCATTER_AS_PIXELS = 2000
"""Above this many points a scatter is drawn as pixels inside the SVG: paths would make it huge."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Plate(FigureData):
    """One figure of a report: what it shows, drawn.

    Attributes
    ----------
    figure : Figure
        Not registered with pyplot.
    """

    figure: Figure

    @classmethod
    def of(cls, data: FigureData, figure: Figure) -> Self:
        """Put a figure to its data."""
        return cls(**{each.name: getattr(data, each.name) for each in fields(FigureData)}, figure=figure)

    @classmethod
    def without_figure(cls, data: FigureData) -> Self:
        """Say in a figure why there is nothing to draw."""
        return cls.of(data, say_in_figure(data.missing))

    def save(self, folder: Path) -> tuple[Path, Path, Path]:
        """Write PNG, SVG and CSV.

        Returns
        -------
        tuple of Path
            PNG, SVG, CSV. The same plate gives the same bytes.

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
        """Draw it as a file in memory; the same plate gives the same bytes."""
        file = BytesIO()
        with mpl.rc_context({"svg.hashsalt": self.name}):
            self.figure.savefig(
                file, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None
            )
        self.figure.set_layout_engine("none")  # laid out once: that is half of the time
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


def say_in_panel(axis: Axes, text: str) -> None:
    """Say in words why a panel holds no data, instead of showing empty axes."""
    axis.set_axis_off()
    axis.text(
        0.5, 0.5, "\n".join(wrap(text, 34)), ha="center", va="center", transform=axis.transAxes,
        fontsize=10, color="#444444", parse_math=False,
        bbox={"facecolor": "#f2f2f2", "edgecolor": "none", "boxstyle": "round,pad=0.8"},
    )  # fmt: skip


def say_in_figure(text: str) -> Figure:
    """Make a figure that only says why there is nothing to draw."""
    figure, panels = make_panels(1, 1, width=6.0, height=1.6)
    say_in_panel(panels[0][0], text)
    return figure


def draw_box(
    axis: Axes, numbers: BoxNumbers, place: float, *, width: float, colour: str, alpha: float
) -> None:
    """Draw a box of numbers computed before; nothing where there are too few for quartiles."""
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


def add_note(figure: Figure, note: str) -> None:
    """Write a line below the panels."""
    figure.supxlabel(note, fontsize=8, color="#444444")


def plain_ticks(axis: Axes) -> None:
    """Write numbers on both axes as they are: 8343.5 without an offset, 2 and 5 on a logarithmic axis."""
    for one in (axis.xaxis, axis.yaxis):
        if one.get_scale() == "log":
            low, high = one.get_view_interval()
            if high < 1000 * low:  # powers of ten alone would be one or two ticks
                one.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
                one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                one.set_minor_formatter(NullFormatter())
        elif isinstance(one.get_major_formatter(), ScalarFormatter):
            axis.ticklabel_format(axis="x" if one is axis.xaxis else "y", useOffset=False, style="plain")


def mark_area(n: int) -> float:
    """Choose the area of a mark, points², so that three points are seen and a thousand do not clot.

    Examples
    --------
    >>> mark_area(3), mark_area(5000)
    (36.0, 6.0)
    """
    return float(np.clip(120 / np.sqrt(max(n, 1)), 6, 36))
