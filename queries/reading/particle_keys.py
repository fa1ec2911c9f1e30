"""Particles that a user names: by a query of their own (FILE.cypher) or by keys, each known to be in sight.

Exports, graphs for models and the metrics of a sub-graph all begin like this, so what they accept and refuse
is the same.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cathograph.queries.catalog import Query, adhoc_file, load_internal
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import Connection
from cathograph.schema.errors import QueryError


def keys_of_file(connection: Connection, path: Path) -> list[str]:
    """Run the read-only query in a file without parameters; see `keys_of_query`."""
    return keys_of_query(connection, adhoc_file(path), source=str(path))


def keys_of_query(
    connection: Connection,
    query: Query,
    parameters: Mapping[str, object] | None = None,
    *,
    source: str | None = None,
) -> list[str]:
    """Run a user's query and give the keys of particles in its column ``key``.

    Parameters
    ----------
    connection : Connection
        Where to run it.
    query : Query
        From `cathograph.queries.catalog.adhoc`.
    parameters : Mapping, optional
        Values by name.
    source : str, optional
        Where the query comes from, for messages.

    Returns
    -------
    list of str
        Each key once, in the order of the rows; see `in_sight` for whether they are of particles.

    Raises
    ------
    QueryError
        When the query cannot be run as asked, or has no column of keys.
    """
    table = run(connection, query, parameters)
    if "key" not in table.columns or not all(isinstance(each, str) for each in table["key"]):
        msg = (
            f"Found columns {', '.join(map(str, table.columns)) or 'none'} from {source or query.name}; expected a "
            "column key with the keys of particles. End the query like `RETURN n.key AS key`."
        )
        raise QueryError(msg)
    return list(dict.fromkeys(table["key"]))


def in_sight(connection: Connection, keys: Iterable[str]) -> list[str]:
    """Give the keys, each once, when all of them are of particles of active segmentations.

    Raises
    ------
    QueryError
        When there is no key, or one of no particle in sight.
    """
    distinct = list(dict.fromkeys(keys))
    if not distinct:
        msg = (
            "Found no particle selected; expected at least one key. Loosen the conditions of the query, or look "
            "with `cathograph query particles` what there is."
        )
        raise QueryError(msg)
    found = connection.read(load_internal("inspect", "known_keys").text, {"keys": distinct})
    known = set(found.only_row()["known"])
    unknown = [key for key in distinct if key not in known]
    if unknown:
        msg = (
            f"Found {len(unknown)} of {len(distinct)} keys that no particle in sight has, the first {unknown[0]!r}; "
            "expected keys as `MATCH (n:Particle) RETURN n.key AS key` gives them. Correct the query, or ask it "
            "again after an ingest."
        )
        raise QueryError(msg)
    return distinct
