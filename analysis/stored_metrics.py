"""Network metrics of what is in the store: computed where they are missing, for one segmentation or all.

The contacts are read back from the store, also right after an ingest: so there is one way to the stored
values, and they are those of what is stored. Reading takes a small part of the time that computing does.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version as package_version
from typing import NoReturn

import pandas as pd

from analysis.network_metrics import PathLimits, measure_network
from queries.connection import Connection
from queries.metrics_writing import MetricsState, metrics_states, read_contact_graph, write_metrics
from schema.errors import QueryError
from schema.network_metrics import METRICS_VERSION

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
        Up to which size shortest paths are followed; metrics computed with smaller limits are computed anew
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
    for done, state in enumerate(due):
        if progress is not None:
            progress(state.image, done, len(due))
        stored = read_contact_graph(connection, state.segmentation)
        if stored is None:  # removed meanwhile
            continue
        metrics = measure_network(stored.particles, stored.contacts, stored.shape, limits)
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
        When a key names no particle of an active segmentation.
    """
    by_segmentation: dict[str, set[int]] = {}
    for key in keys:
        segmentation, _, label = key.rpartition(":")
        if not segmentation or not label.isdecimal():
            _refuse(key)
        by_segmentation.setdefault(segmentation, set()).add(int(label))
    places = {state.segmentation: state for state in metrics_states(connection)}
    tables = []
    for segmentation, labels in sorted(by_segmentation.items()):
        place = places.get(segmentation)
        stored = None if place is None else read_contact_graph(connection, segmentation, sorted(labels))
        if place is None or stored is None:
            _refuse(f"{segmentation}:{min(labels)}")
        unknown = labels - set(stored.particles["label"])
        if unknown:
            _refuse(f"{segmentation}:{min(unknown)}")
        metrics = measure_network(stored.particles, stored.contacts, stored.shape, limits)
        metrics.insert(0, "sample", place.sample)
        metrics.insert(1, "image", place.image)
        metrics.insert(3, "phase", stored.particles["phase"].to_numpy())
        tables.append(metrics)
    if not tables:
        msg = (
            "Found no particle selected; expected a query that returns at least one key. "
            "Loosen the conditions of the query."
        )
        raise QueryError(msg)
    return pd.concat(tables, ignore_index=True).sort_values(["sample", "image", "label"], ignore_index=True)


def _is_due(state: MetricsState, limits: PathLimits) -> bool:
    if state.version is None or state.version < METRICS_VERSION:
        return True
    done = (state.largest or 0, state.largest_weighted or 0)
    wanted = (limits.unweighted, limits.weighted)
    return any(had < state.particles and had < new for had, new in zip(done, wanted, strict=True))


def _refuse(key: str) -> NoReturn:
    msg = (
        f"Found {key!r}, the key of no particle in an active segmentation; expected keys as "
        "`MATCH (n:Particle) RETURN n.key AS key` gives them."
    )
    raise QueryError(msg)
