"""The only place where pages get tables: rows of named queries, kept until the store changes.

The command ``cathograph dashboard`` names the database in the environment of this process. A table is read as a whole,
once per version of the store (`cathograph.queries.reading.content.store_version`), and narrowed here, so that a change
of the filter needs no query. Pages share its memory until they change their table (pandas copies on write).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from cathograph.dashboard.session.environment import PASSWORD, URI, USER
from cathograph.dashboard.session.selection import Selection
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import counts, store_version
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import Connection, connect
from cathograph.schema.errors import CannotConnect

_VERSION = "store_version"
_TABLES_KEPT = 60
_ALWAYS_ASKED = ("ingest_runs", "jobs")
"""Queries whose rows can change without a new version of the store."""


@dataclass(frozen=True)
class Address:
    """Address of the database, user and password."""

    uri: str
    user: str
    password: str = field(repr=False)


def connection() -> Connection:
    """Give the connection of this process.

    Raises
    ------
    CannotConnect
        When the environment names no database, or it does not answer.
    """
    return _connected(address())


def address() -> Address:
    """Read the address of the database from the environment.

    Raises
    ------
    CannotConnect
        When the environment names none.
    """
    uri, password = os.environ.get(URI), os.environ.get(PASSWORD)
    if not uri or password is None:
        msg = (
            f"Found no database address in {URI}; expected the dashboard to be started by the command that sets it. "
            "Start it with `cathograph dashboard`."
        )
        raise CannotConnect(msg)
    return Address(uri, os.environ.get(USER, "neo4j"), password)


def look() -> str:
    """Read the version of the store, once at the start of each run of a page.

    Raises
    ------
    CannotConnect, DatabaseError
        When the database does not answer.
    """
    version = store_version(connection())
    st.session_state[_VERSION] = version
    return version


def version() -> str:
    """Give the version of the store in this run of a page."""
    return str(st.session_state.get(_VERSION) or look())


def table(
    name: str, selection: Selection | None = None, parameters: dict[str, object] | None = None
) -> pd.DataFrame:
    """Give the rows of a named query that a selection keeps.

    Parameters
    ----------
    name : str
        Name of the query.
    selection : Selection, optional
        None for all rows.
    parameters : dict, optional
        Parameters of the query, except ``sample`` and ``image``, which are part of the selection.

    Returns
    -------
    DataFrame
        Columns as the query declares them. Changing it changes no other reader's.
    """
    version = str(st.session_state.get(_VERSION) or look())
    given = tuple(sorted((parameters or {}).items()))
    if name in _ALWAYS_ASKED:
        whole = run(connection(), load(name), dict(given))
    else:
        whole = _read(connection(), name, given, version)
    if selection is None or selection.keeps_all:
        return whole.copy(deep=False)
    return selection.narrow(name, whole, _images(version), lambda: _read(connection(), "states", (), version))


def read_ahead(names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Read named queries before there are visitors; gives the tables by name.

    Raises
    ------
    CannotConnect, DatabaseError
        When the database does not answer.
    """
    version = store_version(connection())
    return {name: _read(connection(), name, (), version) for name in names}


def images(selection: Selection | None = None) -> pd.DataFrame:
    """One row per image with its counts."""
    return table("images", selection)


def particles(selection: Selection | None = None) -> pd.DataFrame:
    """One row per particle, its size, place and shape."""
    return table("particles", selection)


def states(selection: Selection | None = None) -> pd.DataFrame:
    """One row per active particle, its electrochemical state (null without an energy map) and what it is part of."""
    return table("states", selection)


def contacts(selection: Selection | None = None) -> pd.DataFrame:
    """One row per pair of particles in contact."""
    return table("contacts", selection)


def tpbs(selection: Selection | None = None) -> pd.DataFrame:
    """One row per triple phase boundary."""
    return table("tpbs", selection)


def centralities(selection: Selection | None = None) -> pd.DataFrame:
    """One row per particle, its network metrics."""
    return table("centralities", selection)


def composites() -> pd.DataFrame:
    """One row per composite of the images."""
    return table("composites")


def content_counts() -> dict[str, int]:
    """Count nodes by label and relationships by type."""
    return _counts(connection(), str(st.session_state.get(_VERSION) or look()))


def _images(version: str) -> pd.DataFrame:
    return _read(connection(), "images", (), version)


@st.cache_resource(max_entries=2, show_spinner="Connecting to the database …", on_release=Connection.close)
def _connected(where: Address) -> Connection:
    return connect(where.uri, where.user, where.password)


@st.cache_resource(max_entries=_TABLES_KEPT, show_spinner="Reading the database …")
def _read(
    _connection: Connection, name: str, parameters: tuple[tuple[str, object], ...], version: str
) -> pd.DataFrame:
    return run(_connection, load(name), dict(parameters))


@st.cache_resource(max_entries=2, show_spinner=False)
def _counts(_connection: Connection, version: str) -> dict[str, int]:
    return counts(_connection)
