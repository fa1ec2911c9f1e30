"""A plate: one figure with its caption and the table behind it, and what all plates share.

Figures are made without pyplot, so nothing stays open and no window is asked for. Colours are
those of Okabe and Ito, and where colour tells groups apart a second sign (marker, place,
hatching) does too. Every figure takes one table; its column ``selection``, where there is one,
makes one panel (or row of panels) a selection on the same axes, so that selections can be
compared by eye. A selection without data says so in its panel. Texts that hold a selection's
name are drawn with ``parse_math=False``: a dollar sign in it is no formula.
"""

from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, ScalarFormatter

from schema.errors import InputError

BLUE, VERMILION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"

STATE_NOTE = "Energies are relative positions of the Ni K-edge, not lithium contents."
"""Said wherever a state is shown."""

LABELS = {
    "soc_ev": "SOC indicator: mean edge energy (eV)",
    "heterogeneity_ev": "heterogeneity: SD of edge energy (eV)",
    "polarization_ev": "polarization: peak distance (eV)",
    "area_um2": "particle area (µm²)",
    "volume_um3": "particle volume (µm³)",
    "equivalent_diameter_um": "equivalent diameter (µm)",
    "perimeter_um": "TPB size: perimeter of the triangle (µm)",
    "neighbours_nmc": "NMC neighbours",
    "neighbours_sse": "SSE neighbours",
    "neighbours_graphite": "graphite neighbours",
    "interface_ratio": "interface ratio NMC–SSE / NMC–graphite",
}
"""How columns are written on axes, with their units."""

SCATTER_AS_PIXELS = 2000
"""Above this many points a scatter is drawn as pixels inside the SVG: paths would make it huge."""


@dataclass(frozen=True, eq=False)
class Plate:
    """One figure of a report.

    Attributes
    ----------
    name : str
        Stem of its files.
    paper : str
        Which figure of the paper it is.
    title, caption : str
        Heading, and what is drawn and how.
    figure : Figure
        Not registered with pyplot.
    table : DataFrame
        What is drawn, one row a mark: the CSV behind the figure.
    missing : str
        Why nothing could be drawn; empty where something is.
    """

    name: str
    paper: str
    title: str
    caption: str
    figure: Figure
    table: pd.DataFrame
    missing: str = ""

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
            self.figure.savefig(png, dpi=150)
            self.figure.set_layout_engine("none")  # laid out once: that is half of the time
            with mpl.rc_context({"svg.hashsalt": self.name}):
                self.figure.savefig(svg, dpi=150, metadata={"Date": None})
            self.table.to_csv(csv, index=False, lineterminator="\n")
        except OSError as error:
            msg = (
                f"Found {folder} not writable ({error.strerror}); expected room there. Choose another --out."
            )
            raise InputError(msg) from error
        return png, svg, csv


def split_selections(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Split a table by its column ``selection``, in the order of the categories, empty ones included.

    Examples
    --------
    >>> table = pd.DataFrame({"selection": pd.Categorical(["b"], categories=["a", "b"]), "x": [1]})
    >>> [(name, len(rows)) for name, rows in split_selections(table)]
    [('a', 0), ('b', 1)]
    """
    if "selection" not in table.columns:
        return [("", table)]
    selection = table["selection"].astype("category")
    return [(str(name), table[selection == name]) for name in selection.cat.categories]


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


def label_of(column: str) -> str:
    """Write a column on an axis, unit included.

    Examples
    --------
    >>> label_of("area_um2"), label_of("weighted_degree_px"), label_of("ionic_closeness")
    ('particle area (µm²)', 'weighted degree (px)', 'ionic closeness')
    """
    if column in LABELS:
        return LABELS[column]
    for suffix, unit in (("_um2", "µm²"), ("_um3", "µm³"), ("_um", "µm"), ("_ev", "eV"), ("_px", "px")):
        if column.endswith(suffix):
            return f"{column.removesuffix(suffix).replace('_', ' ')} ({unit})"
    return column.replace("_", " ")


def size_column(table: pd.DataFrame) -> str:
    """Choose what a particle's size is: its area, or in 3D its volume."""
    has_area = "area_um2" in table.columns and table["area_um2"].notna().any()
    has_volume = "volume_um3" in table.columns and table["volume_um3"].notna().any()
    return "volume_um3" if has_volume and not has_area else "area_um2"


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


def spread(n: int, width: float, seed: int = 0) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Give offsets that keep points of one group from lying on each other; the same every time."""
    return np.random.default_rng(seed).uniform(-width, width, n)


def mark_area(n: int) -> float:
    """Choose the area of a mark, points², so that three points are seen and a thousand do not clot.

    Examples
    --------
    >>> mark_area(3), mark_area(5000)
    (36.0, 6.0)
    """
    return float(np.clip(120 / np.sqrt(max(n, 1)), 6, 36))
