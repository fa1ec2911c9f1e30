"""The one place where pages get tables: named queries, kept as long as the store stays the same.

The command ``cathograph dashboard`` names the database in the environment of this process alone. A table is
read once for each version of the store (`cathograph.queries.reading.content.store_version`), whole, and
narrowed here: so a change of the filter asks the database nothing. It is kept as it is, not as a copy for
each reader; what pages get shares its memory until they change something in it (pandas copies on write).
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
"""Queries whose rows change without a new version of the store."""


@dataclass(frozen=True)
class Address:
    """Where the database is and who we are to it."""

    uri: str
    user: str
    password: str = field(repr=False)


def connection() -> Connection:
    """Give the connection of this process.

    Raises
    ------
    CannotConnect
        When none is named, or nothing answers.
    """
    return _connected(address())


def address() -> Address:
    """Read where the database is.

    Raises
    ------
    CannotConnect
        When the environment does not say.
    """
    uri, password = os.environ.get(URI), os.environ.get(PASSWORD)
    if not uri or password is None:
        msg = (
            "Found no database named for this dashboard; expected to be started by a command that names it. "
            "Start it with `cathograph dashboard`."
        )
        raise CannotConnect(msg)
    return Address(uri, os.environ.get(USER, "neo4j"), password)


def look() -> str:
    """Ask for the version of the store; once at the beginning of each run of a page.

    Raises
    ------
    CannotConnect, DatabaseError
        When there is no database to ask.
    """
    version = store_version(connection())
    st.session_state[_VERSION] = version
    return version


def version() -> str:
    """Give the version of the store that this run of a page looks at."""
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
        Of the query; not ``sample`` or ``image``, which the selection narrows.

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
    return selection.narrow(
        name, whole, _images(version), lambda: _read(connection(), "particles", (), version)
    )


def read_ahead(names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Read named queries before anybody asks, so that the first visitor finds them here; gives them by name.

    Raises
    ------
    CannotConnect, DatabaseError
        When there is no database to ask.
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
    """One row per NMC, its electrochemical state (null without an energy map) and what it is part of."""
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
