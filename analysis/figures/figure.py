"""A figure without its drawing, and the colours, units and words that all figures share.

Colours are those of Okabe and Ito, and where colour tells groups apart a second sign (marker,
place, hatching) does too. A column ``selection`` in a table makes one panel (or row of panels) a
selection, so that selections can be compared by eye.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.tables.wording import split_unit

BLUE, VERMILION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"

STATE_NOTE = "Energies are relative positions of the Ni K-edge, not lithium contents."
"""Said wherever a state is shown."""

NOT_MEASURED = "Not measured here: these images have no energy map, or no NMC particle."

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

GROUPS = {
    "at_tpb": ("in a TPB", "in none"),
    "has_concurrent_channel": ("with channel", "without"),
}
"""What exposed particles and the others are called."""

_NAMES = ("selection", "sample", "image", "label", "nmc", "sse", "graphite")


@dataclass(frozen=True, eq=False)
class FigureData:
    """What a figure shows.

    Attributes
    ----------
    name : str
        Stem of its files.
    paper : str
        Which figure of the paper it is.
    title, caption : str
        Heading, and what is drawn and how.
    table : DataFrame
        What is drawn, one row a mark: the CSV behind the figure.
    missing : str
        Why nothing can be drawn; empty where something can.
    """

    name: str
    paper: str
    title: str
    caption: str
    table: pd.DataFrame
    missing: str = ""


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


def of_selection(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Keep the rows of one selection; a table without selections is all of one."""
    return table[table["selection"] == name] if "selection" in table.columns else table


def name_columns(table: pd.DataFrame) -> list[str]:
    """Give the columns that say which particle a row is about."""
    return [name for name in _NAMES if name in table.columns]


def label_of(column: str) -> str:
    """Write a column on an axis, unit included.

    Examples
    --------
    >>> label_of("area_um2"), label_of("weighted_degree_px"), label_of("ionic_closeness")
    ('particle area (µm²)', 'weighted degree (px)', 'ionic closeness')
    """
    if column in LABELS:
        return LABELS[column]
    words, unit = split_unit(column)
    return f"{words} ({unit})" if unit else words


def size_column(table: pd.DataFrame) -> str:
    """Choose what a particle's size is: its area, or in 3D its volume."""
    has_area = "area_um2" in table.columns and table["area_um2"].notna().any()
    has_volume = "volume_um3" in table.columns and table["volume_um3"].notna().any()
    return "volume_um3" if has_volume and not has_area else "area_um2"


def spread(n: int, width: float, seed: int = 0) -> NDArray[np.float64]:
    """Give offsets that keep points of one group from lying on each other; the same every time."""
    return np.random.default_rng(seed).uniform(-width, width, n)
