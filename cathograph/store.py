"""Opening the store: the server of ``NEO4J_URI``, or else the local server of this home, started if necessary.

Constraints and indexes are updated whenever the store is opened, so every command finds a complete schema.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cathograph.extras import require
from cathograph.queries.server.connection import RETRY_S
from cathograph.queries.server.connection import connect as connect_driver
from cathograph.queries.server.migrations import migrate
from cathograph.settings import Settings, read_settings

if TYPE_CHECKING:
    from cathograph.local_neo4j.server import LocalNeo4j
    from cathograph.queries.server.connection import Connection

Say = Callable[[str], None]


def look_at_store(settings: Settings, *, say: Say | None = None, retry_s: float = RETRY_S) -> "Connection":
    """Open the store without updating its schema.

    Raises
    ------
    CannotConnect, LocalServerError
        As `open_store`.
    """
    if settings.neo4j_uri is not None and settings.neo4j_password is not None:
        password = settings.neo4j_password.get_secret_value()
        return connect_driver(settings.neo4j_uri, settings.neo4j_user, password, retry_s=retry_s)
    server = _local_server(settings)
    address = server.start(progress=say)
    from cathograph.local_neo4j.keeper import LocalKeeper

    return connect_driver(
        address.uri, address.user, address.password, retry_s=retry_s, keeper=LocalKeeper(server)
    )


def _local_server(settings: Settings) -> "LocalNeo4j":
    """Give the local server of the home; MissingExtra where this installation has none."""
    require("ingest", what="a local database (or set NEO4J_URI and NEO4J_PASSWORD)")
    from cathograph.local_neo4j.server import LocalNeo4j

    return LocalNeo4j(settings.home)


def open_store(settings: Settings, *, say: Say | None = None, retry_s: float = RETRY_S) -> "Connection":
    """Open the store that the settings name, and update its schema.

    Parameters
    ----------
    settings : Settings
        See `cathograph.settings.read_settings`.
    say : callable, optional
        Called with a line of text for each slow step.
    retry_s : float, optional
        As `cathograph.queries.server.connection.connect`.

    Raises
    ------
    CannotConnect
        When no server answers.
    LocalServerError
        When the local server cannot be started.
    MissingExtra
        When no server is named and this installation has no local one.
    SchemaOutdated
        When the store was written by a newer Cathograph.
    """
    connection = look_at_store(settings, say=say, retry_s=retry_s)
    try:
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@dataclass(frozen=True)
class StoreAddress:
    """Address of the store for another process of Cathograph."""

    uri: str
    user: str
    password: str = field(repr=False)


def find_store(settings: Settings, *, say: Say | None = None) -> StoreAddress:
    """Start the store if necessary, update its schema, and return its address.

    Raises
    ------
    CannotConnect, LocalServerError, SchemaOutdated
        As `open_store`.
    """
    open_store(settings, say=say).close()
    if settings.neo4j_uri is not None and settings.neo4j_password is not None:
        return StoreAddress(
            settings.neo4j_uri, settings.neo4j_user, settings.neo4j_password.get_secret_value()
        )
    found = _local_server(settings).start(progress=say)
    return StoreAddress(found.uri, found.user, found.password)


def connect(home: str | Path | None = None) -> "Connection":
    """Open the store from a notebook: the server of ``NEO4J_URI``, or else the local server of `home`.

    Examples
    --------
    >>> import cathograph
    >>> with cathograph.connect() as store:  # doctest: +SKIP
    ...     tpbs = cathograph.query(store, "tpbs", sample="s100")
    """
    return open_store(read_settings(None if home is None else Path(home)))
