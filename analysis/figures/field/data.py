"""The graph of one image and the pixels below it (paper Figs. 2, 4c, 5b)."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import FigureData
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend

_CAPTION = (
    "From left to right: the X-ray image (if there is one), its regions by phase, and its graph. Each line is a "
    "contact; wider lines have a larger weight. Dashed lines are concurrent channels, dotted lines touching channels. "
    "Rings are places where the three regions of a TPB meet. The figure shows one image of the selection; "
    "`cathograph dashboard` shows all images."
)


NO_CHANNELS = pd.DataFrame({"nmc_a": [], "nmc_b": []}, dtype="int64")
"""A table of channels without rows."""


@dataclass(frozen=True, eq=False)
class FieldTables:
    """The graph of one field of view.

    Attributes
    ----------
    particles : DataFrame
        Columns ``label``, ``phase``, ``centroid_y``, ``centroid_x`` (pixels), ``equivalent_diameter_um``.
    contacts : DataFrame
        Columns ``a``, ``b`` (labels), ``weight`` (0 to 1).
    junctions : DataFrame
        One row per junction of a TPB; columns ``y``, ``x`` (pixels).
    channels, touching : DataFrame
        Concurrent and touching channels; columns ``nmc_a``, ``nmc_b`` (labels).
    """

    particles: pd.DataFrame
    contacts: pd.DataFrame
    junctions: pd.DataFrame
    channels: pd.DataFrame
    touching: pd.DataFrame = field(default_factory=lambda: NO_CHANNELS)


FIELD_QUERIES = ("particles", "contacts", "junctions", "concurrent_channels", "touching_channels")
"""Named queries that give these tables for one image, in their order."""

MOST_CHANNELS = 400
"""Above this number of dashed lines they would hide the image; only so many are drawn."""


def drawn_channels(channels: pd.DataFrame) -> pd.DataFrame:
    """Choose the channels that are drawn: all, or `MOST_CHANNELS` at random, the same on every call.

    The first ones of the table would all lie at the top of the image, because labels run in scan order.
    """
    if len(channels) <= MOST_CHANNELS:
        return channels
    return channels.sample(MOST_CHANNELS, random_state=0).sort_index()


@dataclass(frozen=True, eq=False)
class FieldGraph:
    """One 2D image and its graph.

    Attributes
    ----------
    title : str
        Sample and image.
    labels : ndarray of int, shape (y, x)
        Label image, 0 is background.
    grey : ndarray of float, shape (y, x), or None
        X-ray image.
    pixel_size_um : float
        Edge of a pixel.
    tables : FieldTables
        Its graph.
    legend : PhaseLegend
        How the phases of its composite look.
    """

    title: str
    labels: NDArray[np.integer]
    grey: NDArray[np.floating] | None
    pixel_size_um: float
    tables: FieldTables
    legend: PhaseLegend = DEFAULT_LEGEND


def field_graph_data(
    graph: FieldGraph | None, *, selection: str = "", number: int = 1, missing: str = ""
) -> FigureData:
    """Prepare the graph over its image (Figs. 2, 4c, 5b).

    Parameters
    ----------
    graph : FieldGraph or None
        What to show; None if no image of the selection can be shown.
    selection : str
        Its name, if there are several.
    number : int
        Its number, from 1; from 2 on it is part of the file names.
    missing : str
        Why there is no image.

    Returns
    -------
    FigureData
        Its table has ``mark`` (particle, contact, concurrent channel, touching channel, TPB junction), the labels
        ``a``, ``b`` (and ``c``) of its particles, and, where they apply, ``phase``, position ``y``, ``x`` (pixels)
        and ``weight`` of the contact. Lines connect centroids.
    """
    head = (
        "fig-2-graph-over-image" + (f"-{number}" if number > 1 else ""),
        "Figs. 2, 4c, 5b",
        f"The graph over its image{f', {selection}' if selection else ''}",
        _CAPTION,
    )
    if graph is None:
        return FigureData(*head, pd.DataFrame(), missing)
    tables = graph.tables
    particles = tables.particles[["label", "phase", "centroid_y", "centroid_x"]]
    parts = {
        "particle": particles.set_axis(["a", "phase", "y", "x"], axis=1),
        "contact": tables.contacts[["a", "b", "weight"]],
        "concurrent channel": tables.channels[["nmc_a", "nmc_b"]].set_axis(["a", "b"], axis=1),
        "touching channel": tables.touching[["nmc_a", "nmc_b"]].set_axis(["a", "b"], axis=1),
        "TPB junction": tables.junctions[["nmc", "sse", "graphite", "y", "x"]].set_axis(
            ["a", "b", "c", "y", "x"], axis=1
        ),
    }
    table = pd.concat(
        [part.assign(mark=mark) for mark, part in parts.items() if len(part)], ignore_index=True
    )
    names = ["mark", "a", "b", "c", "phase", "y", "x", "weight"]
    labels = dict.fromkeys(("a", "b", "c"), "Int64")
    return FigureData(*head, table.reindex(columns=names).astype(labels), legend=graph.legend)
