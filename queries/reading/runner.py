"""Run a query, get a table.

A named query gives its declared columns with their types, also when there is no row. A user's own query
passes `cathograph.queries.reading.guard` first and gives whatever it returns, as values that every format
can hold. Every query runs in READ access mode with a time limit of its own (a limit for the whole server
would end ingests), and returns all of its rows.

A query may return its rows packed: one column ``rows``, each cell a list of maps. The driver takes
about 40 µs for a record and 4 µs for a map inside of one, so the queries with a row a particle or a
contact pack a few thousand rows into a record: ten times faster, and the server holds no more at once.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from cathograph.queries.catalog import Query
from cathograph.queries.reading.guard import check_read_only
from cathograph.queries.reading.result_graph import ResultGraph, graph_of
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.driver_values import to_plain
from cathograph.queries.server.transactions import MOST_ROWS, Records
from cathograph.queries.value_types import MOST_LEVELS, column, guessed_column, levels_of
from cathograph.schema.errors import DatabaseError, QueryError

TIMEOUT_S = 300.0
"""Time limit of a query, unless another is given."""


class _Columns(NamedTuple):
    """A result by columns."""

    columns: tuple[str, ...]
    cells: Sequence[Sequence[object]]


def run(
    connection: Connection,
    query: Query,
    parameters: Mapping[str, object] | None = None,
    *,
    timeout_s: float | None = TIMEOUT_S,
) -> pd.DataFrame:
    """Run a query and give all of its rows.

    Parameters
    ----------
    connection : Connection
        Where to run it.
    query : Query
        From `cathograph.queries.catalog.load` or `cathograph.queries.catalog.adhoc`.
    parameters : Mapping, optional
        Values by name, already of their types; text from a command line goes through
        `cathograph.queries.catalog.Query.bind` first.
    timeout_s : float or None, optional
        Seconds after which the server ends it; None for no limit.

    Returns
    -------
    DataFrame
        Columns as declared: INTEGER is int64 (Int64 where null may occur), FLOAT float64, BOOLEAN bool
        (boolean), STRING str, DATETIME datetime64 in UTC, lists object.

    Raises
    ------
    ParameterError, WriteRefused, QueryTimeout, QueryError
        When it cannot be run as asked.
    DatabaseError
        When the server fails.
    """
    bound = query.complete(parameters or {})
    if not query.is_named:
        return _as_guessed(_plain(_own(connection, query, bound, timeout_s, None, MOST_ROWS)))
    return _as_declared(connection.read(query.text, bound, timeout_s=timeout_s), query)


@dataclass(frozen=True, eq=False)
class Answer:
    """A table, and the nodes and relationships in it."""

    table: pd.DataFrame
    graph: ResultGraph


def ask(
    connection: Connection,
    query: Query,
    parameters: Mapping[str, object] | None = None,
    *,
    timeout_s: float | None = TIMEOUT_S,
    tag: str | None = None,
    most_rows: int | None = None,
) -> Answer:
    """Run a query as `run` does; give its graph too, and let it be cancelled.

    Parameters
    ----------
    connection, query, parameters, timeout_s
        See `run`.
    tag : str, optional
        Name under which `cathograph.queries.server.cancelling.cancel` ends it.
    most_rows : int, optional
        More rows than this are refused (of a query that packs its rows, more packs).

    Raises
    ------
    ParameterError, WriteRefused, QueryTimeout, QueryError, DatabaseError
        As `run`; a query that was cancelled is a QueryTimeout.
    """
    bound = query.complete(parameters or {})
    if query.is_named:
        records = connection.read(query.text, bound, timeout_s=timeout_s, tag=tag, most_rows=most_rows)
        return Answer(_as_declared(records, query), ResultGraph())
    records = _own(connection, query, bound, timeout_s, tag, most_rows or MOST_ROWS)
    return Answer(_as_guessed(_plain(records)), graph_of(records.rows))


def _own(
    connection: Connection,
    query: Query,
    bound: dict[str, object],
    timeout_s: float | None,
    tag: str | None,
    most_rows: int,
) -> Records:
    """Check and run a user's own query; its plan is part of its time."""
    began = time.monotonic()
    check_read_only(connection, query.text, bound, timeout_s=timeout_s, tag=tag)
    return connection.read(
        query.text,
        bound,
        timeout_s=timeout_s,
        tag=tag,
        most_rows=most_rows,
        repeat=False,
        spent_s=time.monotonic() - began,
    )


def _plain(records: Records) -> Records:
    """Turn values of the database into plain ones; refuse those that are nested too deep for any format."""
    for row in records.rows:
        if levels_of(row) > MOST_LEVELS:
            msg = f"Found lists or maps nested more than {MOST_LEVELS} levels deep; expected fewer. Return their parts."
            raise QueryError(msg)
    return Records(records.columns, [[to_plain(value) for value in row] for row in records.rows])


def _as_declared(records: Records, query: Query) -> pd.DataFrame:
    declared = tuple(each.name for each in query.columns)
    table = _unpacked(records, declared)
    if table.columns != declared:
        msg = (
            f"Found columns {table.columns} from {query.name}; expected {declared}. "
            "This is a fault in Cathograph; please report it."
        )
        raise DatabaseError(msg)
    return pd.DataFrame(
        {
            each.name: column(cells, each.kind, nullable=each.nullable)
            for each, cells in zip(query.columns, table.cells, strict=True)
        }
    )


def _as_guessed(records: Records) -> pd.DataFrame:
    table = _unpacked(records)
    return pd.DataFrame(
        {name: guessed_column(cells) for name, cells in zip(table.columns, table.cells, strict=True)}
    )


def _unpacked(records: Records, declared: tuple[str, ...] = ()) -> _Columns:
    """Turn records into columns; the maps in a lone column `rows` are rows themselves."""
    if records.columns == ("rows",) and all(_is_packed(cell) for (cell,) in records.rows):
        rows = [row for (cell,) in records.rows for row in cell]
        names = tuple(rows[0]) if rows else declared
        # The driver gives maps in the order of their keys in the query.
        if rows or declared:
            names = declared if declared and set(names) == set(declared) else names
            return _Columns(names, [[row.get(name) for row in rows] for name in names])
    return _Columns(
        records.columns,
        list(zip(*records.rows, strict=True)) if records.rows else [()] * len(records.columns),
    )


def _is_packed(cell: object) -> bool:
    return isinstance(cell, list) and all(isinstance(row, dict) for row in cell)
