"""Network metrics onto the particles of a segmentation, and what to compute them from.

They come after the ingest's rows and never change what those say, so they are not part of the transaction that
brings an image into sight: a particle is there first, its metrics a moment later. The segmentation's
`metrics_version` is taken off before the first of them is written and set after the last, so whoever finds it
missing (the next ingest of the image, `cathograph metrics`) computes them again, and no query shows metrics
without it. Of two runs over one segmentation the one that began last goes on; the other finds its token
`metrics_run` replaced and stops. Writing the same metrics twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import pandas as pd

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Transaction
from cathograph.queries.writing.activation import run_write
from cathograph.queries.writing.row_batches import as_list
from cathograph.schema.composites import Composite
from cathograph.schema.errors import DatabaseError
from cathograph.schema.network_metrics import METRICS_VERSION, PARTICLE_METRICS

PARTICLES_AT_ONCE = 5_000
"""Particles of one transaction."""


@dataclass(frozen=True)
class MetricsState:
    """An active segmentation and the metrics its particles carry.

    Attributes
    ----------
    segmentation, sample, image : str
        Which it is.
    particles : int
        How many it has.
    version, largest, largest_weighted : int or None
        `cathograph.schema.network_metrics.SEGMENTATION_METRICS`; None when there are no metrics yet.
    """

    segmentation: str
    sample: str
    image: str
    particles: int
    version: int | None
    largest: int | None
    largest_weighted: int | None


@dataclass(frozen=True, eq=False)
class StoredGraph:
    """Particles and contacts of one segmentation, as they are stored.

    Attributes
    ----------
    ids : list of str
        The database's own identifiers, in the order of `particles`.
    particles : DataFrame
        ``label`` (ascending), ``phase``, ``bbox``.
    contacts : DataFrame
        ``a``, ``b``, ``weight_px``.
    shape : tuple of int
        Pixels of the image.
    composite : Composite
        What its phases do.
    """

    ids: list[str]
    particles: pd.DataFrame
    contacts: pd.DataFrame
    shape: tuple[int, ...]
    composite: Composite


def metrics_states(
    connection: Connection,
    *,
    sample: str | None = None,
    image: str | None = None,
    segmentation: str | None = None,
) -> list[MetricsState]:
    """List the active segmentations with the state of their metrics."""
    query = load_internal("inspect", "metrics_states")
    parameters = {"sample": sample, "image": image, "segmentation": segmentation}
    return [MetricsState(*row) for row in connection.read(query.text, parameters).rows]


def read_contact_graph(
    connection: Connection, segmentation: str, labels: Sequence[int] | None = None
) -> StoredGraph | None:
    """Read the contact graph of a segmentation, or the part of it between some of its particles.

    Returns
    -------
    StoredGraph or None
        None when the segmentation is gone.
    """
    query = load_internal("inspect", "contact_graph")
    parameters = {"segmentation": segmentation, "labels": None if labels is None else list(labels)}
    records = connection.read(query.text, parameters)
    if not records.rows:
        return None
    found = records.only_row()
    return StoredGraph(
        found["ids"],
        pd.DataFrame(
            {
                "label": pd.Series(found["label"], dtype="int64"),
                "phase": pd.Series(found["phase"], dtype=object),
                "bbox": pd.Series(found["bbox"], dtype=object),
            }
        ),
        pd.DataFrame(
            {
                "a": pd.Series(found["a"], dtype="int64"),
                "b": pd.Series(found["b"], dtype="int64"),
                "weight_px": pd.Series(found["weight_px"], dtype="float64"),
            }
        ),
        tuple(found["shape"]),
        Composite.from_definition(found["composite"]),
    )


def write_metrics(
    connection: Connection,
    segmentation: str,
    ids: Sequence[str],
    metrics: pd.DataFrame,
    *,
    code_version: str,
    largest: int,
    largest_weighted: int,
    group_rows: int = PARTICLES_AT_ONCE,
) -> None:
    """Put metrics on the particles of a segmentation, and note on it that they are there.

    Parameters
    ----------
    connection : Connection
        Where.
    segmentation : str
        Its key.
    ids : sequence of str
        `StoredGraph.ids`.
    metrics : DataFrame
        A row for each of `ids`, the columns of `cathograph.schema.network_metrics.PARTICLE_METRICS`.
    code_version : str
        Version of Cathograph.
    largest, largest_weighted : int
        Limits they were computed with.
    group_rows : int, optional
        Particles of one transaction.

    Raises
    ------
    DatabaseError
        When a particle is gone meanwhile, another run took over, or the server fails; the segmentation then
        counts as one without metrics.
    """
    columns = {prop.name: as_list(metrics[prop.name]) for prop in PARTICLE_METRICS}
    this_run = str(uuid4())

    def write_from(first: int, *, begins: bool, ends: bool) -> None:
        chosen = slice(first, first + group_rows)

        def work(transaction: Transaction) -> None:
            if begins:
                run_write(transaction, "begin_metrics", segmentation=segmentation, run=this_run)
            held = run_write(transaction, "hold_metrics", segmentation=segmentation).rows
            if held != [[this_run]]:
                msg = (
                    f"Found the metrics of segmentation {segmentation} "
                    f"{'being written by another run' if held else 'without their segmentation'}; expected one "
                    "run at a time. Run the same command again."
                )
                raise DatabaseError(msg)
            part = {name: values[chosen] for name, values in columns.items()}
            touched = list(ids[chosen])
            written = run_write(transaction, "set_metrics", ids=touched, **part).only_row()["written"]
            if written != len(touched):
                msg = (
                    f"Found {written} of {len(touched)} particles of segmentation {segmentation}; expected "
                    "all. The store was changed meanwhile. Run the same command again."
                )
                raise DatabaseError(msg)
            if ends:
                run_write(
                    transaction,
                    "finish_metrics",
                    segmentation=segmentation,
                    version=METRICS_VERSION,
                    code_version=code_version,
                    largest=largest,
                    largest_weighted=largest_weighted,
                )

        connection.write(work)

    for first in range(0, max(len(metrics), 1), group_rows):
        write_from(first, begins=first == 0, ends=first + group_rows >= len(metrics))
