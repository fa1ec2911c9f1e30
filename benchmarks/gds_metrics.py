"""Centralities by Graph Data Science in the server: the rival of the benchmarks and a reference in tests.

The stored values come from `cathograph.analysis.network.network_metrics`, which is faster. The Cypher files
stay in queries/gds, because docs/network.md offers them for sub-graphs of one's own in Neo4j Browser.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import pandas as pd

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection


def centralities_with_gds(
    connection: Connection,
    segmentation: str,
    *,
    phases: Sequence[str] | None = None,
    labels: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Compute centralities of one active segmentation with Graph Data Science; nothing is stored.

    Parameters
    ----------
    connection : Connection
        A server with Graph Data Science.
    segmentation : str
        Key of an active segmentation.
    phases, labels : sequence, optional
        Only particles of these phases, of these labels, and the contacts between them.

    Returns
    -------
    DataFrame
        Index ``label``, a column per metric.

    Raises
    ------
    QueryError, DatabaseError
        When the server has no Graph Data Science, or fails.
    """
    with projected(connection, segmentation, phases=phases, labels=labels) as graph:
        return _run(connection, "centralities", graph)


def eigenvectors_with_gds(connection: Connection, segmentation: str, labels: Sequence[int]) -> pd.DataFrame:
    """Compute eigenvector centralities of the particles `labels`, which must be connected; as above."""
    with projected(connection, segmentation, labels=labels) as graph:
        return _run(connection, "eigenvectors", graph)


def paths_with_gds(connection: Connection, graph: str) -> pd.DataFrame:
    """Compute betweenness and closeness of a projected graph; as above."""
    return _run(connection, "paths", graph)


@contextmanager
def projected(
    connection: Connection,
    segmentation: str,
    *,
    phases: Sequence[str] | None = None,
    labels: Sequence[int] | None = None,
) -> Iterator[str]:
    """Hold one image's contact graph in Graph Data Science; gives the name of the graph."""
    graph = f"cathograph-{uuid4()}"
    try:
        connection.read(
            load_internal("gds", "project_contacts").text,
            {
                "graph": graph,
                "segmentation": segmentation,
                "phases": None if phases is None else list(phases),
                "labels": None if labels is None else list(labels),
            },
        )
        yield graph
    finally:
        connection.read(load_internal("gds", "drop_graph").text, {"graph": graph})


def _run(connection: Connection, name: str, graph: str) -> pd.DataFrame:
    records = connection.read(load_internal("gds", name).text, {"graph": graph})
    table = pd.DataFrame(records.rows, columns=list(records.columns))
    return table.pivot_table(index="label", columns="metric", values="value")
