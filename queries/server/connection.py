"""The connection to Neo4j; only the modules of this folder import the driver.

Everything above speaks in `Records`, `Transaction` and our own errors. Work runs in managed transactions: the driver
repeats them when the server asks for it (a deadlock, a leader change, a dropped connection before the commit), which
is safe because a transaction that did not commit left nothing behind. The one case in which it may have committed, a
connection lost during the commit itself, is safe too: every write here may be repeated (see
`cathograph.queries.writing.images`).
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import neo4j
from neo4j.exceptions import AuthError, ConfigurationError, DriverError, Neo4jError, TransientError

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.deadline import ENDED, Question, ServerKeeper
from cathograph.queries.server.driver_errors import (
    AlreadyThereError,
    ServerGone,
    about_tls,
    driver_errors,
    ended_by_query,
    first_line,
    gone,
    not_ended,
    not_taken,
    still_running,
)
from cathograph.queries.server.driver_values import to_plain
from cathograph.queries.server.transactions import (
    LostInQuery,
    Parameters,
    PlanStep,
    Records,
    Transaction,
    steps_of,
    translated,
)
from cathograph.schema.errors import CannotConnect, DatabaseError, QueryTimeout, WriteRefused

Result = TypeVar("Result")

_SCHEMES = tuple(f"{name}{security}://" for name in ("bolt", "neo4j") for security in ("", "+s", "+ssc"))
_ROWS_A_FETCH = 5000
_ATTEMPTS = 5
# The server knows first whether a query has ended in time, and says it better.
_SERVER_AHEAD_S = 2.0
_LEAST_S = 0.1
# A connection that was idle for longer may lead to a server that has gone; it is tried before it is used.
_TRY_IDLE_AFTER_S = 1.0
RETRY_S = 30.0
"""How long a transaction is repeated unless said otherwise."""


class Connection:
    """An open connection to one Neo4j server. Close it, or use it in a ``with`` block."""

    def __init__(self, driver: neo4j.Driver, uri: str, keeper: ServerKeeper | None = None) -> None:
        self._driver = driver
        self.uri = uri
        self._keeper = keeper
        self._questions: dict[str, Question[Any]] = {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close all sockets."""
        self._driver.close()

    def answers(self) -> bool:
        """Say whether the server answers now, asked once."""
        try:
            self._driver.verify_connectivity()
        except (DriverError, Neo4jError, OSError):
            return False
        return True

    def read(
        self,
        text: str,
        parameters: Parameters | None = None,
        *,
        timeout_s: float | None = None,
        plain: bool = False,
        tag: str | None = None,
        most_rows: int | None = None,
        repeat: bool = True,
        spent_s: float = 0.0,
    ) -> Records:
        """Run one query in READ access mode.

        Parameters
        ----------
        text : str
            Cypher.
        parameters : Mapping, optional
            Its parameters.
        timeout_s : float, optional
            The server ends the query after this many seconds. Where it does not, waiting ends a little later.
        plain : bool, optional
            Turn nodes, relationships, paths, times and points into values that JSON can hold.
        tag : str, optional
            Name under which `cathograph.queries.server.cancelling.cancel` ends it.
        most_rows : int, optional
            More rows are refused.
        repeat : bool, optional
            Ask again when the server goes away meanwhile. False for a query that may be the reason.
        spent_s : float, optional
            Part of the time limit that was spent before, in planning the query.

        Raises
        ------
        QueryError
            When the query is wrong (`ParameterError`, `WriteRefused`, `QueryTimeout` where that is why).
        DatabaseError
            When the server fails or is gone.
        """

        def work(transaction: neo4j.ManagedTransaction) -> Records:
            records = Transaction(transaction).run(text, parameters, most_rows=most_rows)
            if plain:
                return Records(records.columns, [[to_plain(value) for value in row] for row in records.rows])
            return records

        # All rows in one go, unless some may be left: those would have to be waited for.
        fetch_size = -1 if most_rows is None else _ROWS_A_FETCH
        return self._ask(work, timeout_s, tag, fetch_size, repeat=repeat, spent_s=spent_s)

    def stream(self, text: str, parameters: Parameters | None = None) -> Iterator[list[Any]]:
        """Give the rows of a query one by one, without keeping them.

        Raises
        ------
        DatabaseError
            When the server fails or is gone.
        """
        with driver_errors(self.uri), self._driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
            for record in session.run(text, dict(parameters or {})):
                yield record.values()

    def write(self, work: Callable[[Transaction], Result], *, timeout_s: float | None = None) -> Result:
        """Run `work` in one transaction; the driver may call it again when the server asks to repeat.

        Raises
        ------
        DatabaseError
            When the server fails or is gone; nothing of this transaction is visible then.
        """
        return self._in_session(neo4j.WRITE_ACCESS, lambda tx: work(Transaction(tx)), timeout_s)

    def change_schema(self, statements: Sequence[str]) -> None:
        """Run schema statements, each in a transaction of its own (Neo4j does not mix them with data).

        A statement that changes many nodes makes its own transactions (``CALL … IN TRANSACTIONS``), because one
        would not fit into the server's memory. What an interrupted run has done by then stays.
        """
        for statement in statements:
            if "IN TRANSACTIONS" in statement:
                self._run_in_batches(statement)
                continue
            # Of two commands that open a bare store at once, the second may meet what the first has just made:
            # IF NOT EXISTS looks before it takes its lock.
            with contextlib.suppress(AlreadyThereError):
                self.write(lambda transaction, text=statement: transaction.run(text))  # type: ignore[misc]

    def _run_in_batches(self, statement: str) -> None:
        """Run a statement that commits in batches; two processes that migrate at once may meet a deadlock."""
        for attempt in range(_ATTEMPTS):
            with (
                driver_errors(self.uri),
                self._driver.session(default_access_mode=neo4j.WRITE_ACCESS) as session,
            ):
                try:
                    session.run(statement).consume()
                except TransientError:
                    if attempt == _ATTEMPTS - 1:
                        raise
                else:
                    return

    def explain(
        self,
        text: str,
        parameters: Parameters | None = None,
        *,
        timeout_s: float | None = 60.0,
        tag: str | None = None,
    ) -> tuple[PlanStep, ...]:
        """Have the server plan a query without running it, and list the operators of the plan.

        `text` must begin with EXPLAIN. An answer without a plan (the server ran the text instead)
        is an error, not an empty plan. `timeout_s` and `tag` are those of `read`.
        """

        def work(transaction: neo4j.ManagedTransaction) -> tuple[PlanStep, ...]:
            plan = transaction.run(text, dict(parameters or {})).consume().plan
            if plan is None:
                msg = "Found no plan for this text; expected one query. Give a single query without EXPLAIN."
                raise WriteRefused(msg)
            return steps_of(plan)

        return self._ask(work, timeout_s, tag, repeat=False)

    def give_up(self, tag: str) -> bool:
        """End the waiting for a query of this connection, and the query; False where none of this tag runs."""
        question = self._questions.get(tag)
        if question is not None:
            question.leave()
        return question is not None

    def _ask(
        self,
        work: Callable[[neo4j.ManagedTransaction], Result],
        timeout_s: float | None,
        tag: str | None,
        fetch_size: int = -1,
        *,
        repeat: bool,
        spent_s: float = 0.0,
    ) -> Result:
        """Read, and wait for the answer a little longer than the server may take."""
        if timeout_s is None and tag is None:
            return self._in_session(neo4j.READ_ACCESS, work, timeout_s, fetch_size=fetch_size)
        name = tag or uuid4().hex

        def ask(question: Question[Result]) -> Result:
            def begun(transaction: neo4j.ManagedTransaction) -> Result:
                question.begin()
                return work(transaction)

            return self._in_session(
                neo4j.READ_ACCESS, begun, timeout_s, name, fetch_size, repeat=repeat, spent_s=spent_s
            )

        question = Question(ask, name)
        self._questions[name] = question
        try:
            question.start()
            if question.wait(None if timeout_s is None else timeout_s - spent_s + _SERVER_AHEAD_S):
                return question.result()
            cancelled = question.is_left
            self._end(question, timeout_s)
            raise QueryTimeout(ENDED if cancelled else still_running(timeout_s))
        except LostInQuery as lost:
            raise self._why_lost(lost, question.asked_at) from lost
        except KeyboardInterrupt:
            self._end(question, timeout_s)
            raise
        finally:
            self._questions.pop(name, None)

    def _end(self, question: Question[Any], timeout_s: float | None) -> None:
        """Have the server end a query; where its thread does not react, start the local server again.

        Raises
        ------
        QueryTimeout
            When it does not react.
        DatabaseError
            When the server did not even take it.
        """
        if question.ends_when_told(self.terminate):
            return
        if not question.has_begun:
            raise DatabaseError(not_taken(self.uri, time.time() - question.asked_at))
        if self._keeper is not None:
            self._keeper.restart(question.asked_at)
        raise QueryTimeout(not_ended(timeout_s, self.uri, started_again=self._keeper is not None))

    def terminate(self, tag: str) -> bool:
        """Have the server end the transaction of this tag; tell whether there was one."""
        return bool(self.read(load_internal("inspect", "terminate_tagged").text, {"tag": tag}).rows)

    def _why_lost(self, lost: LostInQuery, since: float) -> DatabaseError:
        """Say why the server went away in the middle of a user's own query; start the local one again."""
        why = None if self._keeper is None else self._keeper.revive(since)
        if why is None:
            return gone(self.uri, lost.__cause__ or lost)
        return DatabaseError(ended_by_query(why))

    def _in_session(
        self,
        access: str,
        work: Callable[[neo4j.ManagedTransaction], Result],
        timeout_s: float | None,
        tag: str | None = None,
        fetch_size: int = -1,
        *,
        repeat: bool = True,
        spent_s: float = 0.0,
    ) -> Result:
        # A limit of 0 would be none.
        left_s = None if timeout_s is None else max(_LEAST_S, timeout_s - spent_s)
        metadata = None if tag is None else {"cathograph_tag": tag}
        bounded = neo4j.unit_of_work(metadata=metadata, timeout=left_s)(
            translated(work, timeout_s, repeat=repeat)
        )

        def run() -> Result:
            with (
                driver_errors(self.uri),
                self._driver.session(fetch_size=fetch_size, default_access_mode=access) as session,
            ):
                if access == neo4j.READ_ACCESS:
                    return session.execute_read(bounded)
                return session.execute_write(bounded)

        try:
            return run()
        except ServerGone:
            # Another command may be starting the server again; what did not commit may be repeated.
            if self._keeper is None or not self._keeper.wait_for_server():
                raise
            return run()


def connect(
    uri: str,
    user: str,
    password: str,
    *,
    timeout_s: float = 10.0,
    retry_s: float = RETRY_S,
    keeper: ServerKeeper | None = None,
) -> Connection:
    """Open a connection and make sure that the server answers.

    Parameters
    ----------
    uri : str
        ``bolt://host:port`` or ``neo4j://…``.
    user, password : str
        Credentials.
    timeout_s : float, optional
        How long to wait for the server.
    retry_s : float, optional
        How long to repeat a transaction that the server asks to repeat, or that a lost connection has ended.
    keeper : ServerKeeper, optional
        Starts the local server again when a query has ended it or does not react.

    Raises
    ------
    CannotConnect
        When nothing answers at `uri`, or the credentials are refused.
    """
    if not uri.startswith(_SCHEMES):
        msg = f"Found database address {uri!r}; expected one like bolt://localhost:7687. Correct NEO4J_URI."
        raise CannotConnect(msg)
    # A deadlock that is repeated, as it should be, is no news; a connection that is lost is told in our words.
    logging.getLogger("neo4j").setLevel(logging.CRITICAL)
    try:
        driver = neo4j.GraphDatabase.driver(
            uri,
            auth=(user, password),
            connection_timeout=timeout_s,
            connection_acquisition_timeout=max(timeout_s, 60.0),
            max_transaction_retry_time=retry_s,
            liveness_check_timeout=_TRY_IDLE_AFTER_S,
            # An empty store lacks the labels that queries name; the hints about it are no news to anyone.
            notifications_min_severity="OFF",
            user_agent="cathograph",
        )
    except (ValueError, ConfigurationError) as error:
        msg = (
            f"Found database address {uri!r} ({error}); expected one like bolt://localhost:7687. "
            "Correct NEO4J_URI."
        )
        raise CannotConnect(msg) from error
    try:
        driver.verify_connectivity()
    except AuthError as error:
        driver.close()
        msg = (
            f"Found a server at {uri} that refuses user {user!r} ({error.message}); expected it to accept "
            "the credentials. Correct NEO4J_USER and NEO4J_PASSWORD."
        )
        raise CannotConnect(msg) from error
    except (DriverError, Neo4jError, OSError, ValueError) as error:
        driver.close()
        msg = (
            f"Found no Neo4j at {uri} ({first_line(error)}); expected one that answers. "
            f"{about_tls(uri)}Start it with `cathograph db start`, or correct NEO4J_URI."
        )
        raise CannotConnect(msg) from error
    return Connection(driver, uri, keeper)
