"""Opening the store for writing: like `cathograph.store`, and waiting for a running backup."""

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
    """A store for writing; `writing` gives the context for the transaction of one image.

    Attributes
    ----------
    connection : Connection or None
        None for a dry run.
    settings : Settings
        Settings that name it.
    """

    connection: "Connection | None"
    settings: Settings

    def writing(self) -> AbstractContextManager[None]:
        """Block backups of the local server meanwhile; other servers manage their own backups."""
        if self.connection is None or self.settings.neo4j_uri is not None:
            return nullcontext()
        require("ingest", what="a local database")
        from cathograph.home import Home

        return Home(self.settings.home).writing()


@contextmanager
def open_for_writing(
    settings: Settings, *, dry_run: bool = False, say: Say | None = None, retry_s: float = RETRY_S
) -> Iterator[WritableStore]:
    """Open the store for an ingest and close it at the end; parameters as in `open_store`."""
    if dry_run:
        yield WritableStore(None, settings)
        return
    with open_store(settings, say=say, retry_s=retry_s) as connection:
        yield WritableStore(connection, settings)


@contextmanager
def open_on_worker(uri: str | None, home: Path) -> Iterator[WritableStore]:
    """Open the store on a worker of a cluster, with the credentials in the worker's environment.

    No password is sent through the cluster, and a worker that would write to another store writes nothing.

    Parameters
    ----------
    uri : str or None
        ``NEO4J_URI`` of the process that submits the work; None for the local server of `home`.
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
            f"{uri or f'that of {home}'}. Start the workers with the same NEO4J_URI and with NEO4J_PASSWORD."
        )
        raise InputError(msg)
    with open_for_writing(settings) as store:
        yield store
