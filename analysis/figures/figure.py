"""What a figure shows, before it is drawn, and the colours, units and words that all figures share.

A figure exists in three steps: `FigureData` holds its table and texts; a *printed figure* draws them with
matplotlib for files; an *interactive figure* draws them with Plotly for a page. A *panel* is one plot within
a figure: where a table has a column ``selection``, each selection has its own panel or row of panels.

Colours are those of Okabe and Ito. Wherever colour distinguishes groups, marker, position or hatching does too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.tables.wording import split_unit

BLUE, VERMILION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"

STATE_NOTE = "Energies are relative positions of the absorption edge, not lithium contents."
"""Stands with every figure and table that shows a state."""

NOT_MEASURED = "No measured states: these images have no energy map or no {active_phase} particle."
"""For `PhaseLegend.write`."""

LABELS = {
    "soc_ev": "SOC indicator: mean edge energy (eV)",
    "heterogeneity_ev": "heterogeneity: SD of edge energy (eV)",
    "polarization_ev": "polarization: peak distance (eV)",
    "area_um2": "particle area (µm²)",
    "volume_um3": "particle volume (µm³)",
    "equivalent_diameter_um": "equivalent diameter (µm)",
    "perimeter_um": "TPB size: perimeter of the triangle (µm)",
    "neighbours_nmc": "{active_phase} neighbours",
    "neighbours_sse": "{ionic} neighbours",
    "neighbours_graphite": "{electronic} neighbours",
    "interface_ratio": "interface ratio {first}–{second} / {first}–{third}",
}
"""Axis labels of columns, with units; for `PhaseLegend.write`."""

GROUPS = {
    "at_tpb": ("in a TPB", "in no TPB"),
    "has_concurrent_channel": ("with a channel", "without"),
    "has_touching_channel": ("with a touching channel", "without"),
}
"""Names of the exposed particles and of the others."""

EDGE = ("element", "edge")
"""Columns that name the absorption edge of a state."""

_NAMES = ("selection", "sample", "image", "label", "nmc", "sse", "graphite")


@dataclass(frozen=True, eq=False)
class FigureData:
    """What a figure shows.

    Attributes
    ----------
    name : str
        Stem of its file names.
    paper : str
        Number of the paper's figure.
    title, caption : str
        Heading, and an explanation of what is drawn.
    table : DataFrame
        The data, one row per mark: written as the figure's CSV file.
    missing : str
        Why nothing can be drawn; empty if there is something to draw.
    legend : PhaseLegend
        How its phases look and what its texts call them.
    """

    name: str
    paper: str
    title: str
    caption: str
    table: pd.DataFrame
    missing: str = ""
    legend: PhaseLegend = DEFAULT_LEGEND


def split_selections(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Split a table by its column ``selection``, in the order of the categories, including empty ones.

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


def of_selection(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Keep the rows of one selection; a table without the column ``selection`` is returned whole."""
    return table[table["selection"] == name] if "selection" in table.columns else table


def parts_on_one_scale(parts: Sequence[tuple[str, pd.DataFrame]], outcome: str) -> list[list[int]]:
    """Group selections whose values of an outcome can share an axis: mean energies only of one absorption edge.

    Parameters
    ----------
    parts : sequence of tuple of str and DataFrame
        From `split_selections`.
    outcome : str
        Column that is drawn.

    Returns
    -------
    list of list of int
        Places in `parts`, by scale. A selection without a measured edge is on the scale of the first one.

    Examples
    --------
    >>> ni, co = (pd.DataFrame({"element": [element], "edge": ["K"]}) for element in ("Ni", "Co"))
    >>> parts_on_one_scale([("a", ni), ("b", co), ("c", ni)], "soc_ev")
    [[0, 2], [1]]
    >>> parts_on_one_scale([("a", ni), ("b", co)], "heterogeneity_ev")
    [[0, 1]]
    """
    if outcome != "soc_ev":
        return [list(range(len(parts)))]
    edges = [_edge_of(rows) for _, rows in parts]
    first = next((edge for edge in edges if edge), "")
    known = [edge or first for edge in edges]
    return [[place for place, one in enumerate(known) if one == edge] for edge in dict.fromkeys(known)]


def _edge_of(rows: pd.DataFrame) -> str:
    """Name the absorption edge of some particles; empty where none is measured."""
    if not set(EDGE) <= set(rows.columns):
        return ""
    return next(iter((rows[EDGE[0]] + " " + rows[EDGE[1]]).dropna()), "")


def edge_columns(table: pd.DataFrame) -> list[str]:
    """List the columns that name the absorption edge of a row's state."""
    return [name for name in EDGE if name in table.columns]


def name_columns(table: pd.DataFrame) -> list[str]:
    """List the columns that identify the particle of a row."""
    return [name for name in _NAMES if name in table.columns]


def label_of(column: str, legend: PhaseLegend = DEFAULT_LEGEND) -> str:
    """Write the axis label of a column, with its unit; `legend` names the phases.

    Examples
    --------
    >>> label_of("area_um2"), label_of("weighted_degree_px"), label_of("ionic_closeness")
    ('particle area (µm²)', 'weighted degree (px)', 'ionic closeness')
    """
    if column in LABELS:
        return legend.write(LABELS[column])
    words, unit = split_unit(column)
    return f"{words} ({unit})" if unit else words


def size_column(table: pd.DataFrame) -> str:
    """Choose the column of the particle size: the area, or the volume in 3D."""
    has_area = "area_um2" in table.columns and table["area_um2"].notna().any()
    has_volume = "volume_um3" in table.columns and table["volume_um3"].notna().any()
    return "volume_um3" if has_volume and not has_area else "area_um2"


def title_of(selection: str, text: str) -> str:
    """Put the name of a selection before the title of a panel.

    Examples
    --------
    >>> title_of("LCD", "12 TPBs"), title_of("", "12 TPBs")
    ('LCD: 12 TPBs', '12 TPBs')
    """
    return f"{selection}: {text}" if selection else text


def why_no_states(rows: pd.DataFrame, legend: PhaseLegend) -> str:
    """Explain why a panel shows no states of its particles."""
    return "not measured" if len(rows) else legend.write("no {active_phase} particle")


def spread(n: int, width: float, seed: int = 0) -> NDArray[np.float64]:
    """Give random offsets that keep the points of a group apart; the same on every call."""
    return np.random.default_rng(seed).uniform(-width, width, n)
