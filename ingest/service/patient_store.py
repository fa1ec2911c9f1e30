"""The service's own connection: when the database is gone it waits, says so once, and goes on.

Whatever is asked of it is asked again until it is answered, so each such request must bear being
repeated. A request that fails again and again while the database does answer is a fault, and is raised.
"""

import contextlib
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from cathograph.ingest.service.job_run import OpenedStore, OpenStore
from cathograph.schema.errors import DatabaseError, SchemaOutdated

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection

Result = TypeVar("Result")
Say = Callable[[str], None]

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_MOST_FAULTS = 5


class Stopped(Exception):  # noqa: N818  no error: the user wants the service to end while the database is gone
    """The service was told to end while it waited for the database."""


class PatientStore:
    """An open store that is opened again when it fails.

    Parameters
    ----------
    open_store : callable
        Opens it.
    stop : threading.Event
        Set when the service is to end.
    say : callable
        Called with a line when the database goes, and when it is back.
    """

    def __init__(self, open_store: OpenStore, stop: threading.Event, say: Say) -> None:
        self._open = open_store
        self._stop = stop
        self._say = say
        self._opened = ExitStack()
        self._store: OpenedStore | None = None

    def __enter__(self) -> Self:
        """Open the store; here, at the start, a database that is not there is an error."""
        self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self._close()

    def run(self, work: "Callable[[Connection], Result]") -> Result:
        """Run `work` until the database has answered it.

        Raises
        ------
        Stopped
            When the service is told to end meanwhile.
        DatabaseError
            When it fails though the database answers.
        """
        pause_s, faults, gone = _FIRST_PAUSE_S, 0, False
        while True:
            try:
                result = self.once(work)
            except SchemaOutdated:
                raise
            except DatabaseError as error:
                if self._answers():
                    faults += 1
                    if faults >= _MOST_FAULTS:
                        raise
                elif not gone:
                    gone = True
                    self._say(f"The database is gone; waiting for it. {' '.join(str(error).split())}")
                if self._stop.wait(pause_s):
                    raise Stopped from error
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
                self._close()
            else:
                if gone:
                    self._say("The database is back.")
                return result

    def once(self, work: "Callable[[Connection], Result]") -> Result:
        """Run `work` once; `DatabaseError` when it fails."""
        store = self._store or self._connect()
        if store.connection is None:
            msg = "Found no connection to the store; expected one. This is a fault in Cathograph; please report it."
            raise DatabaseError(msg)
        with store.writing():
            return work(store.connection)

    def once_if_open(self, work: "Callable[[Connection], Result]") -> Result | None:
        """Run `work` once, from another thread; None when the store is not open or fails."""
        store = self._store
        if store is None or store.connection is None:
            return None
        try:
            with store.writing():
                return work(store.connection)
        except DatabaseError:
            return None

    def _connect(self) -> OpenedStore:
        self._store = self._opened.enter_context(self._open())
        return self._store

    def _close(self) -> None:
        self._store = None
        # A connection to a server that has gone may not close in peace.
        with contextlib.suppress(DatabaseError):
            self._opened.close()

    def _answers(self) -> bool:
        store = self._store
        return store is not None and store.connection is not None and store.connection.answers()
