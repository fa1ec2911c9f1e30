"""A query on its way: run beside the page, so that the page can show how long it takes and end it."""

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
"""Rows of a query of one's own that the dashboard holds in its memory; more is an error that says so."""


@dataclass
class QueryRun:
    """One run of one query.

    Attributes
    ----------
    query, parameters, timeout_s
        What is asked.
    answer : Answer or None
        Once it has come, until another query is asked.
    n_rows : int or None
        Its rows.
    error : CathographError or None
        Why none came.
    cancelled : bool
        Whether the user asked to end it.
    seconds : float
        How long it took, once it has ended.
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
        """Begin; returns at once."""
        threading.Thread(target=self._work, args=(connection,), daemon=True, name="query").start()

    def has_ended(self, *, wait_s: float = 0.0) -> bool:
        """Tell whether it has ended, waiting for that a while."""
        return self._ended.wait(wait_s)

    def elapsed_s(self) -> float:
        """Tell for how long it has been running."""
        return self.seconds if self._ended.is_set() else time.monotonic() - self._began

    def cancel(self, connection: Connection) -> None:
        """End it; a query that ends by itself meanwhile keeps its answer."""
        self.cancelled = True
        cancel(connection, self._tag)

    def leave(self, connection: Connection) -> None:
        """Make room for another: end it where it runs, forget its answer where it has one."""
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
