"""Which absorption edges were measured, and which of them a question is about."""

from collections.abc import Sequence

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.schema.edges import edge_of_name
from cathograph.schema.errors import QueryError


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
    QueryError
        As `edge_among`.
    InputError
        When the named edge is none that is known.
    """
    return edge_among(measured_edges(connection, sample=sample, image=image), edge)


def edge_among(measured: Sequence[str], edge: str | None) -> str | None:
    """Choose an edge of those that were measured.

    Raises
    ------
    QueryError
        When several edges were measured and none is named, or the named one was not measured where others were.
    InputError
        When the named edge is none that is known.

    Examples
    --------
    >>> edge_among(["Co K", "Ni K"], "ni k"), edge_among(["Co K"], None), edge_among([], None)
    ('Ni K', 'Co K', None)
    """
    if edge is None:
        if len(measured) > 1:
            msg = (
                f"Found states of {' and '.join(measured)}; expected one absorption edge, because their energies "
                f"cannot be mixed. Choose it with `edge`, for instance {measured[0]}."
            )
            raise QueryError(msg)
        return measured[0] if measured else None
    name = edge_of_name(edge).name
    if measured and name not in measured:
        msg = f"Found no states of {name}; expected one of {', '.join(measured)}. Correct `edge`."
        raise QueryError(msg)
    return name
