"""One image into the store: all of it, or nothing that anybody sees, and never twice.

A small image is one transaction. A large one does not fit (see `cathograph.queries.writing.row_batches`), so
its rows go in groups, under a `StagedSegmentation` that no query looks at; the last transaction brings the
whole of it into sight. Each group is written in one transaction together with the note that it is there:

- killed at any moment, an ingest goes on after the last group that was noted;
- two ingests of one image at once take turns: each transaction begins by locking the staged node, and
  whoever finds a group already there goes on to the next;
- rows that differ from those begun with (another version of the code) start over.

Nodes that many images share (sample, beamtime, volume) are touched last and in the same order, so ingests of
different images hold each other up for the shortest time and never in a circle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args
from uuid import uuid4

from cathograph.queries.catalog import load_internal, load_write
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Transaction
from cathograph.queries.writing.activation import hide_others, run_write, show
from cathograph.queries.writing.row_batches import GROUP_ROWS, Group, RowColumns, cut_into_groups, fingerprint
from cathograph.schema.errors import DatabaseError
from cathograph.schema.keys import image_key, volume_key
from cathograph.schema.rows import FieldOfView, ImageRows

State = Literal["written", "unchanged", "reactivated"]
Progress = Callable[[int, int], None]

_DISCARD_AT_ONCE = 2_000


@dataclass(frozen=True)
class IngestRunRecord:
    """One run of the ingest over one image.

    Attributes
    ----------
    id : str
        Random identifier.
    started : datetime
        Start, with time zone.
    user, host, code_version : str
        Who, where, with which Cathograph.
    file_name, file_sha256 : str
        From which file.
    file_path, dataset : str or None
        Where it lay on that machine, and the path inside it.
    grey_path, grey_sha256 : str or None
        Grey image of the same field, for pictures: nothing is computed from it.
    """

    id: str
    started: datetime
    user: str
    host: str
    code_version: str
    file_name: str
    file_sha256: str
    file_path: str | None = None
    dataset: str | None = None
    grey_path: str | None = None
    grey_sha256: str | None = None

    @classmethod
    def of_memory(cls, name: str) -> "IngestRunRecord":
        """Record rows that come from no file: notebooks, tests."""
        return cls(str(uuid4()), datetime.now(UTC), "", "", "", name, "")


@dataclass(frozen=True)
class WriteResult:
    """What became of an image: written, unchanged (it was there), or reactivated (an older version was)."""

    state: State
    segmentation_key: str


def write_image(
    connection: Connection,
    rows: ImageRows,
    run: IngestRunRecord,
    *,
    progress: Progress | None = None,
    group_rows: int = GROUP_ROWS,
) -> WriteResult:
    """Write one image's rows and make them the active segmentation of the image.

    Parameters
    ----------
    connection : Connection
        Where; its schema up to date (`cathograph.queries.server.migrations`).
    rows : ImageRows
        Checked here before anything is sent.
    run : IngestRunRecord
        Noted beside it, also when nothing else changes.
    progress : callable, optional
        Called with (rows written, rows in all).
    group_rows : int, optional
        Rows of one transaction.

    Returns
    -------
    WriteResult
        ``unchanged`` when this segmentation is the active one already; ``reactivated`` when it was there,
        hidden behind a newer one, and is the active one again.

    Raises
    ------
    RowError
        When a row breaks the data model; nothing is written.
    DatabaseError
        When the server fails; what was written stays out of sight, and writing again goes on from there.
    """
    rows.check()
    view, key = rows.field_of_view, rows.segmentation_key
    known = connection.write(lambda transaction: _note_known(transaction, view, key, run))
    if known is not None:
        return WriteResult(known, key)
    groups = cut_into_groups(rows, group_rows)
    mark = fingerprint(rows, group_rows)
    if _begun_with_other_rows(connection, key, mark):
        discard_unfinished(connection, key)
    columns = RowColumns(rows)
    total, done = sum(group.rows for group in groups), 0
    for number, group in enumerate(groups):
        state = _write_group(connection, rows, run, columns, groups, number, mark)
        if state is not None:
            return WriteResult(state, key)
        done += group.rows
        if progress is not None:
            progress(done, total)
    msg = (
        f"Found segmentation {key} not finished after its last group; expected it to be. "
        "This is a fault in Cathograph; please report it."
    )
    raise DatabaseError(msg)


def note_unchanged(
    connection: Connection, view: FieldOfView, segmentation_key: str, run: IngestRunRecord
) -> dict[str, int] | None:
    """Note a run over an image whose segmentation is stored and active; so nothing need be computed.

    Returns
    -------
    dict or None
        Its counts (particles, contacts, tpbs, physical_tpbs, channel_pairs), or None, with nothing noted,
        when it is not stored or not active.
    """

    def work(transaction: Transaction) -> dict[str, int] | None:
        found = _find(transaction, segmentation_key)
        if not found["active"]:
            return None
        _place(transaction, view)
        _note(transaction, segmentation_key, run, "unchanged")
        return {name: int(found[name]) for name in _COUNTS}

    return connection.write(work)


_COUNTS = ("particles", "contacts", "tpbs", "physical_tpbs", "channel_pairs")


def unfinished(connection: Connection) -> list[str]:
    """Keys of segmentations and measurements that were begun and not finished: an ingest runs, or one was killed."""
    records = connection.read(load_internal("inspect", "unfinished").text)
    return [row[0] for row in records.rows]


def discard_unfinished(connection: Connection, segmentation_key: str) -> None:
    """Remove what an ingest that was killed left out of sight, when it will not be run again."""
    removed = 1
    while removed:
        removed = connection.write(
            lambda transaction: int(
                run_write(
                    transaction, "discard_staged", segmentation=segmentation_key, at_most=_DISCARD_AT_ONCE
                ).only_row()["removed"]
            )
        )
    connection.write(lambda transaction: run_write(transaction, "drop_staged", segmentation=segmentation_key))


def _write_group(
    connection: Connection,
    rows: ImageRows,
    run: IngestRunRecord,
    columns: RowColumns,
    groups: list[Group],
    number: int,
    mark: str,
) -> State | None:
    """Write one group in one transaction; give the state once the segmentation is in sight."""
    key, group = rows.segmentation_key, groups[number]
    in_one = len(groups) == 1
    if (
        not in_one
        and not columns.knows_particles
        and any(batch.table != "particles" for batch in group.batches)
    ):
        columns.identify(*connection.read(load_write("staged_particles").text, {"segmentation": key}).rows[0])

    def work(transaction: Transaction) -> State | None:
        found = _hold(transaction, key)
        if found["active"] is not None:  # another ingest has finished it meanwhile
            run_write(transaction, "drop_staged", segmentation=key)
            return _note_known(transaction, rows.field_of_view, key, run)
        written = found["groups_written"] or 0
        if (written and found["fingerprint"] != mark) or written < number:
            msg = (
                f"Found another ingest writing image {rows.field_of_view.image!r} with other rows; expected "
                "one at a time, or equal versions of Cathograph. "
                "Wait for it, then run the same command again."
            )
            raise DatabaseError(msg)
        if written == number:
            if in_one:
                columns.forget_particles()
            _write_batches(transaction, group, columns, key)
            run_write(
                transaction, "count_group", segmentation=key, groups_written=number + 1, fingerprint=mark
            )
        if not group.is_last:
            return None
        return _finish(transaction, rows, run)

    return connection.write(work)


def _write_batches(transaction: Transaction, group: Group, columns: RowColumns, key: str) -> None:
    for batch in group.batches:
        if batch.table != "particles" and not columns.knows_particles:
            columns.identify(*run_write(transaction, "staged_particles", segmentation=key).rows[0])
        written = run_write(transaction, batch.query, **columns.parameters(batch)).only_row()["written"]
        if written != batch.stop - batch.start:
            msg = (
                f"Found {written} of {batch.stop - batch.start} {batch.table} written; expected all. The "
                "store was changed meanwhile; nothing of this image is visible. Run the same command again."
            )
            raise DatabaseError(msg)


def _finish(transaction: Transaction, rows: ImageRows, run: IngestRunRecord) -> State:
    view, key = rows.field_of_view, rows.segmentation_key
    place = image_key(view.sample, view.image)
    hide_others(transaction, place, view.image, key)
    run_write(
        transaction, "finish_staged", segmentation=key, image_key=place, properties=dict(rows.segmentation)
    )
    show(transaction, key)
    _place(transaction, view)
    return _note(transaction, key, run, "written")


def _note_known(transaction: Transaction, view: FieldOfView, key: str, run: IngestRunRecord) -> State | None:
    """Note a run over a segmentation that is stored, in sight again if it was hidden; None if it is not."""
    found = _find(transaction, key)
    if found["active"] is None:
        return None
    state: State = "unchanged"
    if not found["active"]:
        hide_others(transaction, image_key(view.sample, view.image), view.image, key)
        show(transaction, key)
        state = "reactivated"
    _place(transaction, view)
    return _note(transaction, key, run, state)


def _place(transaction: Transaction, view: FieldOfView) -> None:
    place = image_key(view.sample, view.image)
    run_write(transaction, "place_image", image_key=place, sample=view.sample, cathode=view.cathode)
    if view.beamtime is not None:
        run_write(transaction, "place_in_beamtime", image_key=place, beamtime=view.beamtime)
    if view.volume is not None:
        run_write(
            transaction,
            "place_in_volume",
            image_key=place,
            sample=view.sample,
            volume_key=volume_key(view.sample, view.volume),
            volume=view.volume,
            slice_index=view.slice_index,
        )


def _note(transaction: Transaction, key: str, run: IngestRunRecord, state: State) -> State:
    noted = run_write(
        transaction,
        "note_run",
        segmentation=key,
        state=state,
        **vars(run),
    ).only_row()["state"]
    return next(each for each in get_args(State) if each == noted)


def _find(transaction: Transaction, key: str) -> dict[str, Any]:
    return run_write(transaction, "find_segmentation", segmentation=key).only_row()


def _hold(transaction: Transaction, key: str) -> dict[str, Any]:
    """Lock a segmentation that was begun, or begin it, and tell how far it has come."""
    identifier = _find(transaction, key)["id"]
    if identifier is None:
        identifier = run_write(transaction, "begin_staged", segmentation=key).only_row()["id"]
    run_write(transaction, "hold_staged", id=identifier, segmentation=key)
    return _find(transaction, key)


def _begun_with_other_rows(connection: Connection, key: str, mark: str) -> bool:
    records = connection.read(load_write("find_segmentation").text, {"segmentation": key})
    found = records.only_row()["fingerprint"]
    return found is not None and found != mark
