"""What is in the store, in one hash and in a few numbers.

The hash does not depend on the order in which the database gives its rows: each node and relationship is
hashed alone, by its key and its properties, and the hashes are added up. So nothing is sorted and nothing is
kept in memory, and two equal things count twice. Who wrote what, and when, is left out.
"""

import hashlib
import json
from collections.abc import Mapping

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.driver_values import to_plain
from cathograph.schema.measures import FAMILIES

_NOT_CONTENT = {"created", "metrics_run", "measures_computed", "spot_checked"} | {
    f"{each}_{what}"
    for each in ("metrics", *(family.name for family in FAMILIES))
    for what in ("computed", "code_version")
}
_SPACE = 2**512


def content_hash(connection: Connection) -> str:
    """Hash the whole content of the store.

    Returns
    -------
    str
        64 hexadecimal digits, equal for equal content on any server.

    Notes
    -----
    What an interrupted ingest left out of sight is not content.
    """
    total = 0
    for name in ("content_nodes", "content_relationships"):
        query = load_internal("inspect", name)
        names = [column.name for column in query.columns]
        for row in connection.stream(query.text):
            item = {key: _canonical(value) for key, value in zip(names, row, strict=True)}
            text = json.dumps(item, sort_keys=True, separators=(",", ":"))
            total = (total + int.from_bytes(hashlib.sha512(text.encode()).digest())) % _SPACE
    return hashlib.sha256(total.to_bytes(64)).hexdigest()


def counts(connection: Connection) -> dict[str, int]:
    """Count nodes by label and relationships by type, everything in the store included."""
    found: dict[str, int] = {}
    for name in ("node_counts", "relationship_counts"):
        found.update((row[0], row[1]) for row in connection.read(load_internal("inspect", name).text).rows)
    return found


def store_version(connection: Connection) -> str:
    """Name the state of what tables show: another name as soon as anything in them may be another.

    Notes
    -----
    Far cheaper than `content_hash`, for it looks at keys alone, which are hashes of all that shaped a thing.
    Jobs of the ingest service are left out: a page that shows them asks each time.
    """
    found = connection.read(load_internal("inspect", "store_version").text).only_row()
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items() if key not in _NOT_CONTENT}
    return sorted(value) if isinstance(value, list) else value
