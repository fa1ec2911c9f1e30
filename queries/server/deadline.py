"""Waiting for an answer no longer than was asked for.

The server ends a query at its time limit by setting a mark, which the thread of the query reads now and then. A
thread inside of one regular expression, or of the planner, does not read it for minutes. So the caller has a time
limit too: the query runs in a thread here, and the caller waits until it has ended, the time is over, or somebody
cancels it. The thread that is left behind ends when the server answers or ends.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from cathograph.schema.errors import QueryTimeout

Result = TypeVar("Result")

_REACTION_S = 5.0
_TELLINGS = 5

ENDED = "Found the query ended on request; expected it to finish. Nothing was changed; run it again for an answer."
"""What is said of a query that was cancelled."""


class ServerKeeper(Protocol):
    """Starts the server of a connection again; a server that the user has set up has none."""

    def restart(self, since: float) -> None:
        """End the server at once and start its process again, unless it was started after `since` (s since 1970)."""

    def revive(self, since: float) -> str | None:
        """Start a server that has ended; say why it ended, None where it answers or was stopped on purpose."""

    def wait_for_server(self) -> bool:
        """Wait until a server that is being started answers; False where none is."""


class Question(Generic[Result]):
    """A query that is asked in a thread, and that may be left behind.

    Parameters
    ----------
    ask : callable
        Called with this object; it calls `begin` in each transaction that it begins.
    tag : str
        Name of its transactions on the server.

    Attributes
    ----------
    asked_at : float
        Seconds since 1970.
    has_begun : bool
        Whether a transaction of it has begun on the server.
    is_left : bool
        Whether nobody waits for it any longer.
    """

    def __init__(self, ask: "Callable[[Question[Result]], Result]", tag: str) -> None:
        self.tag = tag
        self.asked_at = time.time()
        self.has_begun = False
        self.is_left = False
        self._ask = ask
        self._changed = threading.Condition()
        self._has_ended = False
        self._result: list[Result] = []
        self._error: BaseException | None = None

    def start(self) -> None:
        """Ask, in a thread."""
        threading.Thread(target=self._run, daemon=True, name="question").start()

    def begin(self) -> None:
        """Note that a transaction has begun.

        Raises
        ------
        QueryTimeout
            When nobody waits for it any longer: the driver must not repeat it.
        """
        if self.is_left:
            raise QueryTimeout(ENDED)
        self.has_begun = True

    def wait(self, seconds: float | None) -> bool:
        """Wait until it has ended or was left; tell whether it has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_ended or self.is_left, timeout=seconds)
            return self._has_ended

    def ends_when_told(self, tell: Callable[[str], bool]) -> bool:
        """Leave it, and have the server told to end it; tell whether it ends within some seconds.

        Parameters
        ----------
        tell : callable
            Called with the tag, in a thread, because the server may answer nobody; and more than once, because the
            transaction may be beginning just then.
        """
        self.leave()
        for _ in range(_TELLINGS):
            Question[bool](lambda _: tell(self.tag), "").start()
            with self._changed:
                if self._changed.wait_for(lambda: self._has_ended, timeout=_REACTION_S / _TELLINGS):
                    return True
        return False

    def leave(self) -> None:
        """Wake whoever waits for it."""
        with self._changed:
            self.is_left = True
            self._changed.notify_all()

    def result(self) -> Result:
        """Give its answer, or raise its error; once it has ended."""
        if self._error is not None:
            raise self._error
        return self._result[0]

    def _run(self) -> None:
        try:
            self._result.append(self._ask(self))
        except BaseException as error:  # noqa: BLE001  raised where it is waited for
            self._error = error
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()
