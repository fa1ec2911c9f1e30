"""Network metrics of stored segmentations: computed where they are missing, for one segmentation or all.

The contacts are read back from the store, also right after an ingest, so the metrics always belong to what is
stored. Reading takes a small part of the time that computing does.

With many images, the next ones are read and computed while one is written: the server and the kernels, which
release the interpreter's lock, then work at the same time.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from importlib.metadata import version as package_version

import pandas as pd
from threadpoolctl import threadpool_limits

from cathograph.analysis.network.network_metrics import PathLimits, measure_network
from cathograph.queries.reading.particle_keys import in_sight
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.metrics import (
    MetricsState,
    StoredGraph,
    metrics_states,
    read_contact_graph,
    write_metrics,
)
from cathograph.schema.errors import QueryError
from cathograph.schema.keys import split_particle_key
from cathograph.schema.network_metrics import METRICS_VERSION

_AT_ONCE = 2
"""Images computed at once: with more they wait for each other, because reading and pandas hold the interpreter."""

Computed = tuple[StoredGraph, pd.DataFrame] | None
Progress = Callable[[str, int, int], None]
Writing = Callable[[], AbstractContextManager[None]]


def refresh_metrics(
    connection: Connection,
    *,
    sample: str | None = None,
    image: str | None = None,
    segmentation: str | None = None,
    limits: PathLimits | None = None,
    again: bool = False,
    writing: Writing = nullcontext,
    progress: Progress | None = None,
) -> list[MetricsState]:
    """Compute and store the network metrics of active segmentations that lack them.

    Parameters
    ----------
    connection : Connection
        The store.
    sample, image, segmentation : str, optional
        Only of this sample, image or segmentation.
    limits : PathLimits, optional
        Up to which size shortest paths are followed; metrics computed with smaller limits are computed again
        where the difference matters.
    again : bool
        Also where they are there already.
    writing : callable
        Makes the context that is held around the writing of one segmentation.
    progress : callable, optional
        Called with (image, done, total).

    Returns
    -------
    list of MetricsState
        The segmentations whose metrics were computed, as they were before.

    Raises
    ------
    DatabaseError
        When the server fails; running again finishes the work.
    """
    limits = limits or PathLimits()
    known = metrics_states(connection, sample=sample, image=image, segmentation=segmentation)
    due = [state for state in known if again or _is_due(state, limits)]
    with closing(_computed_ahead(connection, due, limits)) as ahead:
        for done, (state, computed) in enumerate(ahead):
            if progress is not None:
                progress(state.image, done, len(due))
            if computed is None:  # removed meanwhile
                continue
            stored, metrics = computed
            with writing():
                write_metrics(
                    connection,
                    state.segmentation,
                    stored.ids,
                    metrics,
                    code_version=package_version("cathograph"),
                    largest=limits.unweighted,
                    largest_weighted=limits.weighted,
                )
    if progress is not None:
        progress("done", len(due), len(due))
    return due


def measure_selection(
    connection: Connection, keys: Sequence[str], limits: PathLimits | None = None
) -> pd.DataFrame:
    """Compute the network metrics of the sub-graph that some particles induce, image by image.

    Parameters
    ----------
    connection : Connection
        The store; nothing is written.
    keys : sequence of str
        Keys of particles of active segmentations; doubles count once.
    limits : PathLimits, optional
        Up to which size shortest paths are followed.

    Returns
    -------
    DataFrame
        ``sample``, ``image``, ``label``, ``phase`` and the metrics, one row a particle; contacts with
        particles that are not selected do not count, nor do their paths.

    Raises
    ------
    QueryError
        When there is no key, or one that names no particle of an active segmentation.
    """
    by_segmentation: dict[str, list[int]] = {}
    for key in in_sight(connection, keys):
        segmentation, label = split_particle_key(key)
        by_segmentation.setdefault(segmentation, []).append(label)
    places = {state.segmentation: state for state in metrics_states(connection)}
    tables = []
    for segmentation, labels in sorted(by_segmentation.items()):
        place = places.get(segmentation)
        stored = None if place is None else read_contact_graph(connection, segmentation, sorted(labels))
        if place is None or stored is None:
            msg = (
                f"Found segmentation {segmentation} gone while its particles were read; expected it to stay. Run "
                "the same command again."
            )
            raise QueryError(msg)
        metrics = measure_network(stored.particles, stored.contacts, stored.shape, limits, stored.composite)
        metrics.insert(0, "sample", place.sample)
        metrics.insert(1, "image", place.image)
        metrics.insert(3, "phase", stored.particles["phase"].to_numpy())
        tables.append(metrics)
    return pd.concat(tables, ignore_index=True).sort_values(["sample", "image", "label"], ignore_index=True)


def _computed_ahead(
    connection: Connection, due: Sequence[MetricsState], limits: PathLimits
) -> Generator[tuple[MetricsState, Computed]]:
    """Give each image with its metrics, in order, the next ones being computed meanwhile."""

    def compute(state: MetricsState) -> Computed:
        stored = read_contact_graph(connection, state.segmentation)
        if stored is None:
            return None
        return stored, measure_network(
            stored.particles, stored.contacts, stored.shape, limits, stored.composite
        )

    waiting: deque[tuple[MetricsState, Future[Computed]]] = deque()
    # The eigenvectors' small products are just large enough for BLAS to wake its threads: three times the
    # processor time, and on a busy machine five times the time, of one thread.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for state in due:
                waiting.append((state, pool.submit(compute, state)))
                if len(waiting) > _AT_ONCE:
                    first, future = waiting.popleft()
                    yield first, future.result()
            for first, future in waiting:
                yield first, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _is_due(state: MetricsState, limits: PathLimits) -> bool:
    if state.version is None or state.version < METRICS_VERSION:
        return True
    done = (state.largest or 0, state.largest_weighted or 0)
    wanted = (limits.unweighted, limits.weighted)
    return any(had < state.particles and had < new for had, new in zip(done, wanted, strict=True))
