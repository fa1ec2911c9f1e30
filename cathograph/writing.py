"""Opening the store to write: as `cathograph.store`, and pausing while a backup is made."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cathograph.settings import Settings
from cathograph.store import Say, open_store

if TYPE_CHECKING:
    from queries.connection import Connection


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
        from cathograph.home import Home

        return Home(self.settings.home).writing()


@contextmanager
def open_for_writing(
    settings: Settings, *, dry_run: bool = False, say: Say | None = None
) -> Iterator[WritableStore]:
    """Open the store for an ingest, closed at the end."""
    if dry_run:
        yield WritableStore(None, settings)
        return
    with open_store(settings, say=say) as connection:
        yield WritableStore(connection, settings)
