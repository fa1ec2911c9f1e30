"""One measurement into the store: all of it, or nothing that anybody sees, and never twice.

As with images (`cathograph.queries.writing.images`), rows go in groups that each fit a transaction, under a
`StagedMeasurement` that no query looks at, and the last transaction brings the whole into sight and removes
what a killed ingest of another map, or with another method, left behind on that segmentation more than an
hour ago. Whoever writes to a segmentation holds it for the length of a transaction, so two ingests of one
map take turns.

A measurement belongs to the particles of the segmentation it was computed on. One measurement of a segmentation
is active, the one ingested last; since one segmentation of an image is in sight, so is at most one
measurement.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from cathograph.queries.catalog import load_internal, load_write
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Transaction
from cathograph.queries.writing.activation import run_write
from cathograph.queries.writing.images import IngestRunRecord, State
from cathograph.queries.writing.row_batches import GROUP_ROWS, as_list
from cathograph.schema.errors import DatabaseError, QueryError
from cathograph.schema.keys import image_key
from cathograph.schema.measurement_rows import MeasurementRows
from cathograph.schema.rows import FieldOfView

_DISCARD_AT_ONCE = 10_000
_ABANDONED_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class MeasurementResult:
    """What became of a measurement, and its counts: NMC, those with values, those flagged."""

    state: State
    measurement_key: str
    particles: int
    measured: int
    flagged: int


@dataclass(frozen=True)
class ActiveSegmentation:
    """How the active segmentation of an image came about; `params` is canonical JSON.

    `slice_index` is the page of its file; None where the file had one page.
    """

    segmentation: str
    content_sha256: str
    source: str
    method: str
    params: str
    pixel_size_um: float
    slice_index: int | None
    nmc: int
    composite: str


def active_segmentation(connection: Connection, sample: str, image: str) -> ActiveSegmentation:
    """Find the active segmentation of an image.

    Raises
    ------
    QueryError
        When the image is not there.
    """
    query = load_internal("inspect", "active_segmentation")
    found = connection.read(query.text, {"sample": sample, "image": image})
    if not found.rows:
        msg = (
            f"Found no image {image!r} of sample {sample!r}; expected one that was ingested. "
            "`cathograph query images` lists them; `cathograph ingest … --energy-map` brings both at once."
        )
        raise QueryError(msg)
    return ActiveSegmentation(**found.only_row())


def measurements_left_behind(connection: Connection, view: FieldOfView, segmentation_key: str) -> int:
    """Count the measurements that go out of sight when a segmentation without any becomes an image's active one."""
    query = load_internal("inspect", "earlier_measurements")
    place = {"image_key": image_key(view.sample, view.image), "segmentation": segmentation_key}
    found = connection.read(query.text, place).only_row()
    return 0 if found["own"] else int(found["earlier"])


def note_known_measurement(
    connection: Connection, segmentation_key: str, measurement_key: str, run: IngestRunRecord
) -> MeasurementResult | None:
    """Note a run over a map that is stored, so nothing need be computed; it is the active one then.

    Returns
    -------
    MeasurementResult or None
        ``unchanged`` or ``reactivated``; None, with nothing noted, when it is not stored.
    """

    def work(transaction: Transaction) -> MeasurementResult | None:
        _hold(transaction, segmentation_key)
        return _note_known(transaction, segmentation_key, measurement_key, run)

    return connection.write(work)


def write_measurement(
    connection: Connection,
    rows: MeasurementRows,
    run: IngestRunRecord,
    *,
    group_rows: int = GROUP_ROWS,
    abandoned_after: timedelta = _ABANDONED_AFTER,
) -> MeasurementResult:
    """Write a measurement and make it the active one of its segmentation.

    Parameters
    ----------
    connection : Connection
        Where; its schema up to date (`cathograph.queries.server.migrations`).
    rows : MeasurementRows
        Checked here before anything is sent.
    run : IngestRunRecord
        Noted beside it, also when nothing else changes.
    group_rows : int, optional
        Rows of one transaction.
    abandoned_after : timedelta, optional
        Other measurements of the segmentation that were begun, not finished, and not written to for so long are
        removed.

    Raises
    ------
    RowError
        When a row breaks the data model; nothing is written.
    QueryError
        When the segmentation is not there.
    DatabaseError
        When the server fails, or the segmentation was changed meanwhile; what was written stays out of sight,
        and writing again goes on from there.
    """
    rows.check()
    key = rows.measurement_key
    known = note_known_measurement(connection, rows.segmentation_key, key, run)
    if known is not None:
        return known
    columns = {str(name): as_list(rows.states[name]) for name in rows.states.columns}
    mark = _fingerprint(columns, group_rows)
    starts = range(0, max(1, len(rows.states)), group_rows)

    def write_group(transaction: Transaction, number: int) -> MeasurementResult | None:
        _hold(transaction, rows.segmentation_key)
        found = _find(transaction, key)
        if found["active"] is not None:  # another ingest has finished it meanwhile
            return _note_known(transaction, rows.segmentation_key, key, run)
        if found["groups_written"] is None and number == 0:
            run_write(
                transaction,
                "begin_measurement",
                measurement=key,
                segmentation=rows.segmentation_key,
                fingerprint=mark,
            )
            found = _find(transaction, key)
        written = found["groups_written"]
        if written is None or written < number or found["fingerprint"] != mark:
            msg = (
                f"Found measurement {key} changed by another ingest; expected one at a time, or equal "
                "versions of Cathograph. Wait for it, then run the same command again."
            )
            raise DatabaseError(msg)
        if written == number:
            part = {
                name: values[starts[number] : starts[number] + group_rows] for name, values in columns.items()
            }
            _stage(transaction, rows, number + 1, part)
        return _finish(transaction, rows, run) if number == len(starts) - 1 else None

    begun = connection.write(lambda transaction: _find(transaction, key))
    if begun["groups_written"] is not None and begun["fingerprint"] != mark:
        discard_unfinished_measurement(connection, key)
    for number in range(len(starts)):
        result = connection.write(lambda transaction, at=number: write_group(transaction, at))  # type: ignore[misc]
        if result is not None:
            discard_abandoned(connection, rows.segmentation_key, abandoned_after)
            return result
    msg = f"Found measurement {key} not finished after its last group; expected it to be. Please report it."
    raise DatabaseError(msg)


def discard_unfinished_measurement(connection: Connection, measurement_key: str) -> None:
    """Remove what an ingest that was killed left out of sight, when it will not be run again."""
    removed = 1
    while removed:
        removed = connection.write(
            lambda transaction: int(
                run_write(
                    transaction, "discard_states", measurement=measurement_key, at_most=_DISCARD_AT_ONCE
                ).only_row()["removed"]
            )
        )
    connection.write(
        lambda transaction: run_write(transaction, "drop_measurement", measurement=measurement_key)
    )


def discard_abandoned(connection: Connection, segmentation_key: str, after: timedelta) -> None:
    """Remove measurements of a segmentation that were begun, not finished, and not written to for so long."""
    parameters = {"segmentation": segmentation_key, "seconds": int(after.total_seconds())}
    for (key,) in connection.read(load_write("abandoned_measurements").text, parameters).rows:
        discard_unfinished_measurement(connection, key)


def _hold(transaction: Transaction, segmentation_key: str) -> None:
    if not run_write(transaction, "hold_segmentation", segmentation=segmentation_key).rows:
        msg = (
            f"Found no segmentation {segmentation_key!r}; expected that of the image. Ingest the image first, "
            "or both at once: `cathograph ingest IMAGE --energy-map MAP`."
        )
        raise QueryError(msg)


def _find(transaction: Transaction, key: str) -> dict[str, Any]:
    return run_write(transaction, "find_measurement", measurement=key).only_row()


def _note_known(
    transaction: Transaction, segmentation_key: str, key: str, run: IngestRunRecord
) -> MeasurementResult | None:
    found = _find(transaction, key)
    if found["active"] is None:
        return None
    state: State = "unchanged" if found["active"] else "reactivated"
    run_write(transaction, "show_measurement", measurement=key, segmentation=segmentation_key)
    noted = _note(transaction, key, run, state)
    return MeasurementResult(noted, key, found["particles"], found["measured"], found["flagged"])


def _stage(
    transaction: Transaction, rows: MeasurementRows, group: int, part: dict[str, list[object]]
) -> None:
    written = run_write(
        transaction,
        "stage_states",
        measurement=rows.measurement_key,
        segmentation=rows.segmentation_key,
        groups_written=group,
        **part,
    ).only_row()["written"]
    if written != len(part["label"]):
        msg = (
            f"Found {written} of {len(part['label'])} NMC of the states in sight; expected all. The active "
            "segmentation of the image was changed meanwhile; nothing of this map is visible. Run the same "
            "command again."
        )
        raise DatabaseError(msg)


def _finish(transaction: Transaction, rows: MeasurementRows, run: IngestRunRecord) -> MeasurementResult:
    key, segmentation = rows.measurement_key, rows.segmentation_key
    found = run_write(
        transaction,
        "finish_measurement",
        measurement=key,
        segmentation=segmentation,
        properties=dict(rows.measurement),
    ).only_row()
    if not found["nmc"] == found["states"] == len(rows.states):
        msg = (
            f"Found {found['states']} states for {found['nmc']} NMC; expected one each. The active segmentation "
            "of the image was changed meanwhile; nothing of this map is visible. Run the same command again."
        )
        raise DatabaseError(msg)
    run_write(transaction, "show_measurement", measurement=key, segmentation=segmentation)
    noted = _note(transaction, key, run, "written")
    counts = [int(str(rows.measurement[name])) for name in ("n_particles", "n_measured", "n_flagged")]
    return MeasurementResult(noted, key, *counts)


def _note(transaction: Transaction, key: str, run: IngestRunRecord, state: State) -> State:
    noted = run_write(
        transaction, "note_measurement_run", measurement=key, state=state, **vars(run)
    ).only_row()["state"]
    return next(each for each in get_args(State) if each == noted)


def _fingerprint(columns: dict[str, list[object]], group_rows: int) -> str:
    """Hash rows and how they are cut, so that an interrupted ingest goes on only with the same ones."""
    text = repr((group_rows, sorted(columns.items())))
    return hashlib.sha256(text.encode()).hexdigest()
