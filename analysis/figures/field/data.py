"""The graph of one image and the pixels under it (Figs. 2, 4c, 5b)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import FigureData

_CAPTION = (
    "Left to right: the X-ray image where there is one, its regions by phase, and the graph: a line a contact, wider "
    "where the contact weighs more; dashed lines are concurrent channels; a ring is a place where the three regions "
    "of a TPB meet. One image of the selection, whole; `cathograph dashboard` shows every one."
)


@dataclass(frozen=True, eq=False)
class FieldGraph:
    """One 2D image, its particles and what joins them.

    Attributes
    ----------
    title : str
        Which it is.
    labels : ndarray of int, shape (y, x)
        Label image, 0 is background.
    grey : ndarray of float, shape (y, x), or None
        X-ray image.
    pixel_size_um : float
        Edge of a pixel.
    particles, contacts, junctions, channels : DataFrame
        Rows of the queries `particles`, `contacts`, `junctions`, `concurrent_channels` for this image.
    """

    title: str
    labels: NDArray[np.integer]
    grey: NDArray[np.floating] | None
    pixel_size_um: float
    particles: pd.DataFrame
    contacts: pd.DataFrame
    junctions: pd.DataFrame
    channels: pd.DataFrame


def field_graph_data(
    graph: FieldGraph | None, *, selection: str = "", number: int = 1, missing: str = ""
) -> FigureData:
    """Lay out what the figure shows, one row a mark.

    Parameters
    ----------
    graph : FieldGraph or None
        What to show; None where no image of the selection can be shown.
    selection : str
        Its name, where there are several.
    number : int
        Its number, from 1: it makes the names of the files.
    missing : str
        Why there is no graph.

    Returns
    -------
    FigureData
        Its table has ``mark`` (particle, contact, concurrent channel, TPB junction), the labels ``a``, ``b``
        (and ``c``) that it belongs to, ``phase`` and place ``y``, ``x`` in pixels where it has them, and the
        ``weight`` of contacts. Lines lead from centroid to centroid.
    """
    head = (
        "fig-2-graph-over-image" + (f"-{number}" if number > 1 else ""),
        "Figs. 2, 4c, 5b",
        f"The graph over its image{f', {selection}' if selection else ''}",
        _CAPTION,
    )
    if graph is None:
        return FigureData(*head, pd.DataFrame(), missing)
    particles = graph.particles[["label", "phase", "centroid_y", "centroid_x"]]
    parts = {
        "particle": particles.set_axis(["a", "phase", "y", "x"], axis=1),
        "contact": graph.contacts[["a", "b", "weight"]],
        "concurrent channel": graph.channels[["nmc_a", "nmc_b"]].set_axis(["a", "b"], axis=1),
        "TPB junction": graph.junctions[["nmc", "sse", "graphite", "y", "x"]].set_axis(
            ["a", "b", "c", "y", "x"], axis=1
        ),
    }
    table = pd.concat(
        [part.assign(mark=mark) for mark, part in parts.items() if len(part)], ignore_index=True
    )
    names = ["mark", "a", "b", "c", "phase", "y", "x", "weight"]
    labels = dict.fromkeys(("a", "b", "c"), "Int64")
    return FigureData(*head, table.reindex(columns=names).astype(labels))
