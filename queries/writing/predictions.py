"""What a model says of one segmentation into the store: all of it in one transaction, and never twice.

A prediction belongs to the particles of the segmentation it was made from, so a model has one Prediction for
each. Run again with equal values, nothing is written but who ran it; with other values (network metrics were
computed anew, another machine rounds otherwise) they take the place of the old ones.
"""

import hashlib
from typing import Literal

from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Transaction
from cathograph.queries.writing.activation import run_write
from cathograph.queries.writing.images import IngestRunRecord
from cathograph.queries.writing.row_batches import GROUP_ROWS, as_list
from cathograph.schema.errors import DatabaseError, QueryError
from cathograph.schema.prediction_rows import PredictionRows

PredictionState = Literal["written", "unchanged"]


def write_prediction(connection: Connection, rows: PredictionRows, run: IngestRunRecord) -> PredictionState:
    """Write what a model says of the NMC of a segmentation.

    Parameters
    ----------
    connection : Connection
        Where; its schema up to date (`cathograph.queries.server.migrations`).
    rows : PredictionRows
        Checked here before anything is sent.
    run : IngestRunRecord
        Noted beside it, also when nothing else changes; its file is the model's.

    Returns
    -------
    str
        ``written``, or ``unchanged`` when the model has said just that already.

    Raises
    ------
    RowError
        When a row breaks the data model; nothing is written.
    QueryError
        When the segmentation is not there.
    DatabaseError
        When the server fails, or the segmentation went out of sight meanwhile; nothing is written.
    """
    rows.check()
    columns = {str(name): as_list(rows.predicted[name]) for name in rows.predicted.columns}
    content = hash_values(columns)

    def work(transaction: Transaction) -> PredictionState:
        if not run_write(transaction, "hold_segmentation", segmentation=rows.segmentation_key).rows:
            msg = (
                f"Found no segmentation {rows.segmentation_key!r}; expected the one that was predicted. It was "
                "removed meanwhile; run the same command again."
            )
            raise QueryError(msg)
        found = run_write(transaction, "find_prediction", prediction=rows.key).rows
        state: PredictionState = "unchanged" if found and found[0][0] == content else "written"
        if state == "written":
            _write(transaction, rows, columns, content)
        run_write(transaction, "note_prediction_run", prediction=rows.key, state=state, **vars(run))
        return state

    return connection.write(work)


def hash_values(columns: dict[str, list[object]]) -> str:
    """Hash predicted values, columns in any order.

    Examples
    --------
    >>> hash_values({"a": [1.5], "b": [None]}) == hash_values({"b": [None], "a": [1.5]})
    True
    """
    return hashlib.sha256(repr(sorted(columns.items())).encode()).hexdigest()


def _write(
    transaction: Transaction, rows: PredictionRows, columns: dict[str, list[object]], content: str
) -> None:
    place = {"prediction": rows.key, "segmentation": rows.segmentation_key}
    properties = {**rows.prediction, "content_sha256": content, "n_particles": len(rows.predicted)}
    run_write(transaction, "begin_prediction", properties=properties, **place)
    for start in range(0, len(rows.predicted), GROUP_ROWS):
        part = {name: values[start : start + GROUP_ROWS] for name, values in columns.items()}
        written = run_write(transaction, "write_predicted", **place, **part).only_row()["written"]
        if written != len(part["label"]):
            msg = (
                f"Found {written} of {len(part['label'])} NMC of the prediction in sight; expected all. The "
                "active segmentation of the image was changed meanwhile; nothing of this prediction was "
                "written. Run the same command again."
            )
            raise DatabaseError(msg)
