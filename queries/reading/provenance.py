"""The way back from a number: which file, read how, by whom, with which code and which model.

A particle's key leads to its segmentation, and that to everything that shaped it; a run's identifier to what it
wrote. Parameters, kept as JSON texts, are given as what they say, so that the hash of a model that
segmented or predicted stands among them.
"""

import json
from typing import Any

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.driver_values import to_plain
from cathograph.queries.server.transactions import Records
from cathograph.schema.errors import QueryError

_JSON_TEXTS = ("params", "placement", "dropped")
_EMPTY_OF_A_JOB = ("lease_owner", "lease_until", "superseded")


def provenance(connection: Connection, key: str) -> dict[str, Any]:
    """Tell where what has this key comes from.

    Parameters
    ----------
    connection : Connection
        Where.
    key : str
        Key of a particle, a segmentation, a measurement or a prediction, or identifier of a run or job.

    Returns
    -------
    dict
        ``kind`` (particle, segmentation, measurement, prediction, run, job), ``key``, and by kind: ``particle``,
        ``sample``, ``image``, ``beamtime``, ``properties``, ``runs``, ``jobs``, ``segmentation`` (a record of this
        form), ``measured`` (measurements and predictions on it), ``wrote`` (records). Values that JSON can hold.

    Raises
    ------
    QueryError
        When nothing has this key.
    """
    found = _thing(connection, key)
    if found is not None:
        if found["kind"] == "segmentation":
            return found | {"measured": _beside(connection, key)}
        return found | {"segmentation": _thing(connection, found["segmentation"])}
    particle = _particle(connection, key)
    if particle is not None:
        return particle
    run = _run(connection, key)
    if run is not None:
        return run
    msg = (
        f"Found nothing with key {key!r}; expected that of a particle, segmentation, measurement, prediction, run or "
        "job. `cathograph query segmentations` and `jobs --json` list some; a particle's is SEGMENTATION:LABEL."
    )
    raise QueryError(msg)


def _thing(connection: Connection, key: str) -> dict[str, Any] | None:
    found = _rows(_read(connection, "provenance", key=key))
    if not found:
        return None
    row = found[0]
    return {
        "kind": row["kind"].lower(),
        "key": key,
        "sample": row["sample"],
        "image": row["image"],
        "beamtime": row["beamtime"],
        "segmentation": row["segmentation"],
        "properties": _said(row["properties"]),
        "runs": [_said(run) for run in row["runs"]],
        "jobs": [_said(job) for job in row["jobs"]],
    }


def _particle(connection: Connection, key: str) -> dict[str, Any] | None:
    segmentation, _, label = key.rpartition(":")
    if not label.isdecimal():
        return None
    found = _rows(
        _read(connection, "particle_of_key", segmentation=segmentation, label=min(int(label), 2**62))
    )
    if not found:
        return None
    of = _thing(connection, segmentation)
    return {
        "kind": "particle",
        "key": key,
        "particle": found[0],
        "segmentation": of,
        "measured": _beside(connection, segmentation),
    }


def _run(connection: Connection, identifier: str) -> dict[str, Any] | None:
    found = _rows(_read(connection, "run_of_id", id=identifier))
    if not found:
        return None
    properties = _said(found[0]["properties"])
    kind = "run" if properties.get("folder") is None else "job"
    wrote = [_thing(connection, key) for key in found[0]["wrote"]]
    return {
        "kind": kind,
        "key": identifier,
        "properties": properties,
        "wrote": [each for each in wrote if each],
    }


def _beside(connection: Connection, segmentation: str) -> list[dict[str, Any]]:
    found = [
        _thing(connection, row["key"])
        for row in _rows(_read(connection, "beside", segmentation=segmentation))
    ]
    return [each for each in found if each]


def _said(properties: dict[str, Any]) -> dict[str, Any]:
    """Give properties as JSON can hold them, JSON texts as what they say, without what only the queue needs."""
    said: dict[str, Any] = {}
    for name in sorted(properties.keys() - set(_EMPTY_OF_A_JOB)):
        value = to_plain(properties[name])
        said[name] = json.loads(value) if name in _JSON_TEXTS and isinstance(value, str) else value
    return said


def _read(connection: Connection, name: str, **parameters: object) -> Records:
    return connection.read(load_internal("inspect", name).text, parameters)


def _rows(records: Records) -> list[dict[str, Any]]:
    return [dict(zip(records.columns, row, strict=True)) for row in records.rows]
