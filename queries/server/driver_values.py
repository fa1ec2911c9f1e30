"""Values of the database that JSON cannot hold, as values that it can.

Own queries of users may return nodes, relationships, paths, times and points; a table, CSV or JSON
wants plain ones.
"""

import base64
from typing import Any

from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import Point
from neo4j.time import Date, DateTime, Duration, Time


def to_plain(value: Any) -> Any:  # noqa: ANN401  whatever a user's query returns
    """Turn a value of the driver into strings, numbers, lists and dictionaries.

    Parameters
    ----------
    value
        What a query returned in one cell.

    Returns
    -------
    object
        Nodes: ``{"labels", "properties"}``; relationships: ``{"type", "properties"}`` (their ends are
        in a path, or what the query returns beside them); paths: the list of their nodes and
        relationships in turn; times: ISO 8601; points: coordinates with the reference system; bytes: base64.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    # Before list and tuple: points and durations are tuples, too.
    if isinstance(value, Point):
        return {"srid": value.srid, "coordinates": list(value)}
    if isinstance(value, Date | DateTime | Time | Duration):
        return value.iso_format()
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Node):
        return {"labels": sorted(value.labels), "properties": to_plain(dict(value.items()))}
    if isinstance(value, Relationship):
        return {"type": value.type, "properties": to_plain(dict(value.items()))}
    if isinstance(value, Path):
        steps: list[Any] = [to_plain(value.start_node)]
        for relationship, node in zip(value.relationships, value.nodes[1:], strict=True):
            steps += [to_plain(relationship), to_plain(node)]
        return steps
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    return str(value)
