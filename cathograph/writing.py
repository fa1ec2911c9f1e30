"""Opening the store to write: as `cathograph.store`, and pausing while a backup is made."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cathograph.extras import require
from cathograph.queries.server.connection import RETRY_S
from cathograph.schema.errors import InputError
from cathograph.settings import Settings, read_settings
from cathograph.store import Say, open_store

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


@dataclass(frozen=True)
class WritableStore:
    """A store to write to; `writing` makes the context held around one image's transaction.

    Attributes
    ----------
    connection : Connection or None
        None for a dry run.
    settings : Settings
        Where it is.
    """

    connection: "Connection | None"
    settings: Settings

    def writing(self) -> AbstractContextManager[None]:
        """Hold off a backup of the local server; a given server looks after itself."""
        if self.connection is None or self.settings.neo4j_uri is not None:
            return nullcontext()
        require("ingest", what="a local database")
        from cathograph.home import Home

        return Home(self.settings.home).writing()


@contextmanager
def open_for_writing(
    settings: Settings, *, dry_run: bool = False, say: Say | None = None, retry_s: float = RETRY_S
) -> Iterator[WritableStore]:
    """Open the store for an ingest, closed at the end; parameters as of `open_store`."""
    if dry_run:
        yield WritableStore(None, settings)
        return
    with open_store(settings, say=say, retry_s=retry_s) as connection:
        yield WritableStore(connection, settings)


@contextmanager
def open_on_worker(uri: str | None, home: Path) -> Iterator[WritableStore]:
    """Open the store on a worker of a cluster, with the credentials of its own environment.

    So no password travels through the cluster, and a worker that would write elsewhere writes nothing.

    Parameters
    ----------
    uri : str or None
        ``NEO4J_URI`` of whoever gives the work; None for the local server of `home`.
    home : Path
        Home of the local server.

    Raises
    ------
    InputError
        When the worker's environment names another store.
    """
    settings = read_settings(home)
    if settings.neo4j_uri != uri:
        msg = (
            f"Found a worker whose store is {settings.neo4j_uri or 'a local one'}; expected "
            f"{uri or f'that of {home}'}. Start the workers with the same NEO4J_URI, and NEO4J_PASSWORD beside it."
        )
        raise InputError(msg)
    with open_for_writing(settings) as store:
        yield store
