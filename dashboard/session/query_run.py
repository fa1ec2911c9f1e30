"""A running query, in a thread of its own, so that the page can show its time and cancel it."""

import threading
import time
import uuid
from dataclasses import dataclass, field

from cathograph.queries.catalog import Query
from cathograph.queries.reading.runner import Answer, ask
from cathograph.queries.server.cancelling import cancel
from cathograph.queries.server.connection import Connection
from cathograph.schema.errors import CathographError

MOST_ROWS = 2_000_000
"""Most rows of a free query that the dashboard keeps in memory; more rows are an error."""


@dataclass
class QueryRun:
    """One run of one query.

    Attributes
    ----------
    query, parameters, timeout_s
        Query, bound parameters and time limit.
    answer : Answer or None
        The answer, until another query is run.
    n_rows : int or None
        Number of its rows.
    error : CathographError or None
        Why there is no answer.
    cancelled : bool
        Whether the user cancelled it.
    seconds : float
        Duration, after the end.
    """

    query: Query
    parameters: dict[str, object]
    timeout_s: float
    answer: Answer | None = None
    n_rows: int | None = None
    error: CathographError | None = None
    cancelled: bool = False
    seconds: float = 0.0
    _tag: str = field(default_factory=lambda: uuid.uuid4().hex)
    _began: float = field(default_factory=time.monotonic)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self, connection: Connection) -> None:
        """Start; returns at once."""
        threading.Thread(target=self._work, args=(connection,), daemon=True, name="query").start()

    def has_ended(self, *, wait_s: float = 0.0) -> bool:
        """Tell whether it has ended; wait for the end at most `wait_s`."""
        return self._ended.wait(wait_s)

    def elapsed_s(self) -> float:
        """Give the seconds since the start, at most until the end."""
        return self.seconds if self._ended.is_set() else time.monotonic() - self._began

    def cancel(self, connection: Connection) -> None:
        """Cancel it; a query that ends before that keeps its answer."""
        self.cancelled = True
        cancel(connection, self._tag)

    def leave(self, connection: Connection) -> None:
        """Make room for another query: cancel this one if it runs, and forget its answer."""
        if not self.has_ended():
            self.cancel(connection)
        self.answer = None

    def _work(self, connection: Connection) -> None:
        try:
            self.answer = ask(
                connection,
                self.query,
                self.parameters,
                timeout_s=self.timeout_s,
                tag=self._tag,
                most_rows=MOST_ROWS,
            )
            self.n_rows = len(self.answer.table)
        except CathographError as error:
            self.error = error
        finally:
            self.seconds = time.monotonic() - self._began
            self._ended.set()
