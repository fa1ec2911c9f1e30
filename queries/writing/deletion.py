"""Images out of the store: out of sight at once, in one transaction, then removed in portions.

What is to go becomes what an ingest that was never finished leaves (`StagedSegmentation`,
`StagedMeasurement`, inactive particles): no query looks at it and it is no content. So a deletion that is killed in the
middle is over for whoever asks, and `remove_withdrawn` removes the rest.

The jobs of a watched folder are cancelled, not forgotten, or the service would bring the images back at its next
look.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Transaction
from cathograph.queries.writing.activation import run_write
from cathograph.queries.writing.images import discard_unfinished, unfinished
from cathograph.queries.writing.measurements import discard_abandoned
from cathograph.schema.errors import QueryError

_WITHDRAWN = "deleted "
_PARTS = 3  # of a withdrawn segmentation's key: mark, random name, number
Writing = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Deletable:
    """One image that would go, with the counts of all of its segmentations.

    Attributes
    ----------
    image : str
        Its name.
    segmentations, particles, contacts, tpbs, measurements, predictions : int
        What hangs on it, also out of sight.
    last_written : datetime or None
        When its newest segmentation was written.
    """

    image: str
    segmentations: int
    particles: int
    contacts: int
    tpbs: int
    measurements: int
    predictions: int
    last_written: datetime | None


def deletable(connection: Connection, sample: str, image: str | None = None) -> list[Deletable]:
    """List what `withdraw` would take; empty when there is nothing of that name.

    Parameters
    ----------
    connection : Connection
        Where.
    sample : str
        Sample.
    image : str, optional
        One of its images, or of its volumes.
    """
    found = connection.read(load_internal("inspect", "deletable").text, {"sample": sample, "image": image})
    return [Deletable(*row) for row in found.rows]


def withdraw(connection: Connection, sample: str, image: str | None = None) -> int:
    """Take images of a sample out of sight, all of them in one transaction; give how many.

    Parameters
    ----------
    connection : Connection
        Where.
    sample : str
        Sample.
    image : str, optional
        One of its images, or of its volumes, all of whose slices go then.

    Raises
    ------
    QueryError
        When one of them is being ingested by `cathograph watch`; nothing is changed.
    DatabaseError
        When the server fails; nothing is changed.
    """
    meant: dict[str, object] = {"sample": sample, "image": image}

    def work(transaction: Transaction) -> int:
        running = run_write(transaction, "hold_jobs", **meant).only_row()["running"]
        if running:
            msg = (
                f"Found {running[0]} being ingested into sample {sample!r} now; expected no running job of it. "
                "Wait for it, or take it out of the queue with `cathograph cancel`."
            )
            raise QueryError(msg)
        held = run_write(transaction, "hold_images", **meant).rows
        mark = f"{_WITHDRAWN}{uuid4()}"
        for number, segmentation in enumerate(key for _, key in held if key is not None):
            run_write(transaction, "hide_tpbs", segmentation=segmentation)
            run_write(transaction, "hide_particles", segmentation=segmentation)
            run_write(
                transaction,
                "withdraw_segmentation",
                segmentation=segmentation,
                withdrawn=f"{mark} {number}",
            )
        keys = sorted({key for key, _ in held})
        run_write(transaction, "withdraw_jobs", **meant)
        return int(run_write(transaction, "drop_images", sample=sample, image_keys=keys).only_row()["images"])

    return connection.write(work)


def remove_withdrawn(connection: Connection, *, writing: Writing = nullcontext) -> int:
    """Remove what deletions have taken out of sight, these and ones that were killed; give how many segmentations.

    Parameters
    ----------
    connection : Connection
        Where.
    writing : callable, optional
        Makes the context that is held around each segmentation; a backup waits for it.
    """
    withdrawn = [key for key in unfinished(connection) if key.startswith(_WITHDRAWN)]
    # A measurement's key begins with that of its segmentation, which may be gone already.
    segmentations = {" ".join(key.split(" ")[:_PARTS]) for key in withdrawn}
    for key in sorted(segmentations):
        with writing():
            discard_unfinished(connection, key)
            discard_abandoned(connection, key, timedelta(0))
    return len(segmentations)
