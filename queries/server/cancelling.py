"""Ending a query that nobody waits for any longer."""

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection


def cancel(connection: Connection, tag: str) -> bool:
    """End the query that was started with this tag.

    Parameters
    ----------
    connection : Connection
        Where it runs; the thread that waits for it gets `cathograph.schema.errors.QueryTimeout`.
    tag : str
        As given to `cathograph.queries.reading.runner.ask`.

    Returns
    -------
    bool
        False when none runs: it has ended, or not begun.
    """
    return bool(connection.read(load_internal("inspect", "terminate_tagged").text, {"tag": tag}).rows)
