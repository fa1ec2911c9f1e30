"""What a notebook needs: questions to the store, and the graph of an array without a store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from schema.phases import Phase

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True, eq=False)
class GraphTables:
    """The particle graph of one label image as tables.

    Attributes
    ----------
    particles : DataFrame
        One row per region; columns of `schema.nodes.PARTICLE`.
    contacts : DataFrame
        One row per pair of regions in contact, labels ``a`` < ``b``.
    tpbs : DataFrame
        One row per triangle NMC–SSE–graphite.
    channels : DataFrame
        One row per pair of NMC with a concurrent channel (none above the hub limit).
    local_channels : DataFrame
        One row per pair of NMC with a local channel.
    nearest : DataFrame
        One row per NMC that has another.
    """

    particles: pd.DataFrame
    contacts: pd.DataFrame
    tpbs: pd.DataFrame
    channels: pd.DataFrame
    local_channels: pd.DataFrame
    nearest: pd.DataFrame


def query(store: "Connection", name: str, *, timeout_s: float = 300.0, **parameters: object) -> pd.DataFrame:
    """Ask a named query of the store.

    Parameters
    ----------
    store : Connection
        From `cathograph.connect`.
    name : str
        One of ``cathograph queries``.
    timeout_s : float
        The query is ended after this.
    **parameters
        The query's parameters, for instance ``sample="s100"``.

    Returns
    -------
    DataFrame
        The columns that the query declares.

    Raises
    ------
    UnknownQuery, ParameterError, QueryTimeout
        As their names say.
    """
    from queries.catalog import load
    from queries.runner import run

    question = load(name)
    return run(store, question, question.bind(parameters), timeout_s=timeout_s)


def analyse_labels(
    labels: NDArray[np.integer],
    phases: Mapping[int, str | Phase],
    *,
    pixel_size_um: float,
    radius_px: int = 3,
    local_channel_path_um: float | None = None,
) -> GraphTables:
    """Compute the particle graph of a label image, without any database.

    Parameters
    ----------
    labels : ndarray of int, shape (y, x) or (z, y, x)
        Label image, 0 is background.
    phases : Mapping
        Phase of each label.
    pixel_size_um : float
        Edge of a pixel in µm.
    radius_px : int
        Contact radius (Chebyshev), 3 in the paper.
    local_channel_path_um : float, optional
        Longest path of a local channel; None leaves them out.

    Returns
    -------
    GraphTables

    Raises
    ------
    InputError
        When labels and phases do not fit each other.

    Examples
    --------
    Two regions side by side, one pixel between them and their corner neighbour:

    >>> import numpy as np
    >>> labels = np.zeros((8, 8), dtype=int)
    >>> labels[:4, :4], labels[:4, 5:], labels[5:, :] = 1, 2, 3
    >>> graph = analyse_labels(labels, {1: "NMC", 2: "SSE", 3: "Graphite"}, pixel_size_um=0.05)
    >>> graph.contacts[["a", "b", "gap_px"]].values.tolist()
    [[1, 2, 2], [1, 3, 2], [2, 3, 2]]
    >>> graph.tpbs[["nmc", "sse", "graphite", "junctions", "is_physical"]].values.tolist()
    [[1, 2, 3, 1, True]]
    """
    from ingest import rows
    from ingest.graph import build_graph
    from ingest.regions import regions_from_labels

    table = {int(label): Phase.parse(str(phase)) for label, phase in phases.items()}
    graph = build_graph(
        regions_from_labels(labels, table),
        pixel_size_um=pixel_size_um,
        radius_px=radius_px,
        local_channel_path_um=local_channel_path_um,
    )
    return GraphTables(
        particles=rows.particle_rows(graph),
        contacts=rows.contact_rows(graph),
        tpbs=rows.tpb_rows(graph),
        channels=rows.channel_rows(graph),
        local_channels=rows.local_channel_rows(graph),
        nearest=rows.nearest_rows(graph),
    )
