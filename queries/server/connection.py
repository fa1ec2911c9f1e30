"""The connection to Neo4j: the only module that imports the driver.

Everything above speaks in `Records`, `Transaction` and our own errors, so that another driver
would be a change of this file. Work runs in managed transactions: the driver repeats them when
the server asks for it (a deadlock, a leader change, a dropped connection before the commit),
which is safe because a transaction that did not commit left nothing behind. The one case in which
it may have committed, a connection lost during the commit itself, is safe too: every write here
may be repeated (see `cathograph.queries.writing.images`).
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

import neo4j
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from cathograph.queries.server.driver_errors import AlreadyThereError, first_line, is_final, translate
from cathograph.queries.server.driver_values import to_plain
from cathograph.schema.errors import (
    CannotConnect,
    CathographError,
    DatabaseError,
    QueryError,
    WriteRefused,
)

Result = TypeVar("Result")
Parameters = Mapping[str, object]

_SCHEMES = tuple(f"{name}{security}://" for name in ("bolt", "neo4j") for security in ("", "+s", "+ssc"))
_ROWS_A_FETCH = 5000
_ATTEMPTS = 5
RETRY_S = 30.0
"""How long a transaction is repeated unless said otherwise."""


@dataclass(frozen=True)
class Records:
    """What a query returned: column names, and one list a row."""

    columns: tuple[str, ...]
    rows: list[list[Any]]

    def only_row(self) -> dict[str, Any]:
        """Give the single row by column name; a query that promises one row and has none is our fault."""
        if len(self.rows) != 1:
            msg = (
                f"Found {len(self.rows)} rows; expected one. This is a fault in Cathograph; please report it."
            )
            raise DatabaseError(msg)
        return dict(zip(self.columns, self.rows[0], strict=True))


@dataclass(frozen=True)
class PlanStep:
    """One operator of a query's plan."""

    operator: str
    details: str


class Transaction:
    """One transaction; everything in it becomes visible together or not at all."""

    def __init__(self, driver_transaction: neo4j.ManagedTransaction) -> None:
        self._transaction = driver_transaction

    def run(
        self, text: str, parameters: Parameters | None = None, *, most_rows: int | None = None
    ) -> Records:
        """Run one query and fetch all of its rows; more than `most_rows` are refused."""
        result = self._transaction.run(text, dict(parameters or {}))
        if most_rows is None:
            return Records(tuple(result.keys()), result.values())
        rows = [record.values() for record in islice(result, most_rows)]
        if result.peek() is not None:
            msg = (
                f"Found more than {most_rows:,} rows; expected no more to be held in memory here. Narrow the "
                "question, or have all of them written: `cathograph query FILE.cypher --out FILE.csv`."
            )
            raise QueryError(msg)
        return Records(tuple(result.keys()), rows)


class Connection:
    """An open connection to one Neo4j server. Close it, or use it in a ``with`` block."""

    def __init__(self, driver: neo4j.Driver, uri: str) -> None:
        self._driver = driver
        self.uri = uri

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
    ) -> Records:
        """Run one query in READ access mode.

        Parameters
        ----------
        text : str
            Cypher.
        parameters : Mapping, optional
            Its parameters.
        timeout_s : float, optional
            The server ends the query after this many seconds.
        plain : bool, optional
            Turn nodes, relationships, paths, times and points into values that JSON can hold.
        tag : str, optional
            Name under which `cathograph.queries.server.cancelling.cancel` ends it.
        most_rows : int, optional
            More rows are refused.

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
        return self._in_session(neo4j.READ_ACCESS, work, timeout_s, tag, fetch_size)

    def stream(self, text: str, parameters: Parameters | None = None) -> Iterator[list[Any]]:
        """Give the rows of a query one by one, without keeping them.

        Raises
        ------
        DatabaseError
            When the server fails or is gone.
        """
        with _driver_errors(self.uri), self._driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
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
                _driver_errors(self.uri),
                self._driver.session(default_access_mode=neo4j.WRITE_ACCESS) as session,
            ):
                try:
                    session.run(statement).consume()
                except TransientError:
                    if attempt == _ATTEMPTS - 1:
                        raise
                else:
                    return

    def explain(self, text: str, parameters: Parameters | None = None) -> tuple[PlanStep, ...]:
        """Have the server plan a query without running it, and list the operators of the plan.

        `text` must begin with EXPLAIN. An answer without a plan (the server ran the text instead)
        is an error, not an empty plan.
        """

        def work(transaction: neo4j.ManagedTransaction) -> tuple[PlanStep, ...]:
            plan = transaction.run(text, dict(parameters or {})).consume().plan
            if plan is None:
                msg = "Found no plan for this text; expected one query. Give a single query without EXPLAIN."
                raise WriteRefused(msg)
            return _steps_of(plan)

        return self._in_session(neo4j.READ_ACCESS, work, timeout_s=60.0)

    def _in_session(
        self,
        access: str,
        work: Callable[[neo4j.ManagedTransaction], Result],
        timeout_s: float | None,
        tag: str | None = None,
        fetch_size: int = -1,
    ) -> Result:
        metadata = None if tag is None else {"cathograph_tag": tag}
        bounded = neo4j.unit_of_work(metadata=metadata, timeout=timeout_s)(_translated(work, timeout_s))
        with (
            _driver_errors(self.uri),
            self._driver.session(fetch_size=fetch_size, default_access_mode=access) as session,
        ):
            if access == neo4j.READ_ACCESS:
                return session.execute_read(bounded)
            return session.execute_write(bounded)


def connect(
    uri: str, user: str, password: str, *, timeout_s: float = 10.0, retry_s: float = RETRY_S
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
            f"Found no Neo4j at {uri} ({first_line(error)}); expected one that answers. Start it with "
            "`cathograph db start`, or correct NEO4J_URI."
        )
        raise CannotConnect(msg) from error
    return Connection(driver, uri)


def _translated(
    work: Callable[[neo4j.ManagedTransaction], Result], timeout_s: float | None
) -> Callable[[neo4j.ManagedTransaction], Result]:
    """Turn errors that no repetition can mend into ours, inside the transaction, so the driver gives up."""

    def guarded(transaction: neo4j.ManagedTransaction) -> Result:
        try:
            return work(transaction)
        except Neo4jError as error:
            if is_final(error):
                raise translate(error, timeout_s) from error
            raise

    return guarded


@contextlib.contextmanager
def _driver_errors(uri: str) -> Iterator[None]:
    try:
        yield
    except CathographError:
        raise
    except (ServiceUnavailable, SessionExpired, OSError) as error:
        msg = (
            f"Found the server at {uri} gone in the middle ({first_line(error)}); expected it to stay. What "
            "was already stored is complete. Start it (`cathograph db start`) and run the same command again."
        )
        raise DatabaseError(msg) from error
    except Neo4jError as error:
        raise translate(error, None) from error
    except DriverError as error:
        msg = (
            f"Found the database driver refusing ({first_line(error)}); expected a working connection. "
            "Run the same command again."
        )
        raise DatabaseError(msg) from error


def _steps_of(plan: Mapping[str, Any]) -> tuple[PlanStep, ...]:
    """List the operators of a plan; without recursion, because a plan may be deeper than Python's stack."""
    steps, waiting = [], [plan]
    while waiting:
        one = waiting.pop()
        details = (one.get("args") or {}).get("Details", "")
        steps.append(PlanStep(str(one["operatorType"]).split("@")[0], str(details)))
        waiting.extend(one.get("children") or ())
    return tuple(steps)
