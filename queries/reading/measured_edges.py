"""Which absorption edges were measured, and which of them a question is about."""

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.schema.edges import edge_among


def measured_edges(
    connection: Connection, *, sample: str | None = None, image: str | None = None
) -> list[str]:
    """List the edges of the energy maps in sight, by name."""
    found = connection.read(
        load_internal("inspect", "measured_edges").text, {"sample": sample, "image": image}
    )
    return [str(edge) for edge, _ in found.rows]


def choose_measured_edge(
    connection: Connection, edge: str | None, *, sample: str | None = None, image: str | None = None
) -> str | None:
    """Choose the edge whose states are read: the named one, else the only one.

    Returns
    -------
    str or None
        Its name; None where nothing was measured and no edge was named.

    Raises
    ------
    QueryError, InputError
        As `cathograph.schema.edges.edge_among`.
    """
    return edge_among(measured_edges(connection, sample=sample, image=image), edge)
