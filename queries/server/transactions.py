"""What a query gives: its rows, the operators of its plan, and the transaction in which it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import neo4j
from neo4j.exceptions import Neo4jError, ServiceUnavailable, SessionExpired

from cathograph.queries.server.driver_errors import is_final, translate
from cathograph.schema.errors import DatabaseError, QueryError

Result = TypeVar("Result")
Parameters = Mapping[str, object]

MOST_ROWS = 5_000_000
"""Most rows of a user's own query: about 1 GB where each holds one number."""


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
            elsewhere = (
                " Or have all of them written: `cathograph query FILE.cypher --out FILE.csv`."
                if most_rows < MOST_ROWS
                else ""
            )
            msg = (
                f"Found more than {most_rows:,} rows; expected no more to be held in memory here. Narrow the "
                f"query (LIMIT, an aggregation).{elsewhere}"
            )
            raise QueryError(msg)
        return Records(tuple(result.keys()), rows)


class LostInQuery(Exception):  # noqa: N818  handled by the connection, never seen by users
    """The server went away while it ran a query that may be the reason."""


def translated(
    work: Callable[[neo4j.ManagedTransaction], Result], timeout_s: float | None, *, repeat: bool
) -> Callable[[neo4j.ManagedTransaction], Result]:
    """Turn errors that no repetition can mend into ours, inside the transaction, so the driver gives up.

    Parameters
    ----------
    work : callable
        What is done in the transaction.
    timeout_s : float or None
        The limit that was set.
    repeat : bool
        Whether the driver may repeat it after a connection that was lost meanwhile.

    Raises
    ------
    LostInQuery
        When the connection is lost and it may not.
    """

    def guarded(transaction: neo4j.ManagedTransaction) -> Result:
        try:
            return work(transaction)
        except Neo4jError as error:
            if is_final(error):
                raise translate(error, timeout_s) from error
            raise
        except (ServiceUnavailable, SessionExpired, OSError) as error:
            if repeat:
                raise
            raise LostInQuery from error

    return guarded


def steps_of(plan: Mapping[str, Any]) -> tuple[PlanStep, ...]:
    """List the operators of a plan; without recursion, because a plan may be deeper than Python's stack."""
    steps, waiting = [], [plan]
    while waiting:
        one = waiting.pop()
        details = (one.get("args") or {}).get("Details", "")
        steps.append(PlanStep(str(one["operatorType"]).split("@")[0], str(details)))
        waiting.extend(one.get("children") or ())
    return tuple(steps)
