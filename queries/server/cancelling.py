"""Ending a query that nobody waits for any longer."""

from cathograph.queries.server.connection import Connection


def cancel(connection: Connection, tag: str) -> bool:
    """End the query that was started with this tag, and the waiting for it.

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
    # Of this process, the thread that waits for it ends it; of another one, the server does.
    return connection.give_up(tag) or connection.terminate(tag)
