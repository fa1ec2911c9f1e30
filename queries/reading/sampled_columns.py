"""The graph without its numbers, and the numbers of a part of it: what training on a large graph reads.

The topology stays with whoever trains: a few bytes a contact. Numbers are read for each mini-batch by keys and by
the database's own identifiers of contacts, and checked to be those of what was asked for.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cathograph.queries.catalog import load_internal
from cathograph.queries.reading.graph_columns import (
    TARGET_NAMES,
    ContactColumns,
    ExportedImage,
    check_complete,
    portions,
)
from cathograph.queries.server.connection import Connection
from cathograph.schema.errors import DatabaseError


class TopologyColumns(NamedTuple):
    """Particles and contacts of one image.

    Attributes
    ----------
    label : (n,) int64
        Ascending.
    phase : (n,) str
        Name of the phase.
    a, b : (m,) int64
        Labels of the ends of each contact, a < b.
    contact : (m,) int64
        Its number; the database's identifier is the prefix that `read_topology` gives, and this number.
    """

    label: NDArray[np.int64]
    phase: NDArray[np.str_]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    contact: NDArray[np.int64]


class SampledParticles(NamedTuple):
    """Particles in the order in which they were asked for; missing numbers are NaN.

    Attributes
    ----------
    centroid : (n, 2 or 3) float64
        In pixels.
    features : (n, f) float64
        The properties asked for.
    targets : (n, 3) float64
        `cathograph.queries.reading.graph_columns.TARGET_NAMES`.
    """

    centroid: NDArray[np.float64]
    features: NDArray[np.float64]
    targets: NDArray[np.float64]


def read_topology(
    connection: Connection, images: Sequence[ExportedImage]
) -> tuple[list[TopologyColumns], str]:
    """Read which particles of some images are in contact.

    Returns
    -------
    list of TopologyColumns
        One for each of `images`.
    str
        What the database puts before the number of a contact in its identifier.

    Raises
    ------
    DatabaseError
        When the server fails, or an image was changed or removed meanwhile.
    """
    query = load_internal("inspect", "graph_topology").text
    prefixes: set[str] = set()
    columns = []
    for portion in portions(images):
        pieces: dict[str, list[TopologyColumns]] = {}
        found = connection.read(query, {"segmentations": [image.segmentation for image in portion]})
        for segmentation, label, phase, a, b, contact in found.rows:
            split = [each.rpartition(":") for each in contact]
            prefixes.update(f"{before}{sign}" for before, sign, _ in split)
            pieces.setdefault(segmentation, []).append(
                TopologyColumns(
                    np.array(label, np.int64),
                    np.array(phase, np.str_),
                    np.array(a, np.int64),
                    np.array(b, np.int64),
                    np.array([int(number) for *_, number in split], np.int64),
                )
            )
        columns += [_whole(pieces.get(image.segmentation, []), image) for image in portion]
    if len(prefixes) > 1:
        msg = (
            f"Found identifiers of contacts that begin with {' and '.join(sorted(prefixes))}; expected one database. "
            "Name a server with a single database."
        )
        raise DatabaseError(msg)
    return columns, next(iter(prefixes), "")


def read_sampled_particles(
    connection: Connection,
    keys: Sequence[str],
    features: Sequence[str],
    ndim: int,
    *,
    measurements: Sequence[str] = (),
    with_flagged: bool = False,
) -> SampledParticles:
    """Read some particles, with their states of some measurements, at most one of each segmentation.

    Flagged states have no values, unless `with_flagged`.

    Raises
    ------
    DatabaseError
        When the server fails, or one of them is not in sight any more.
    """
    found = connection.read(
        load_internal("inspect", "sampled_particles").text,
        {
            "keys": list(keys),
            "features": list(features),
            "measurements": list(measurements),
            "with_flagged": with_flagged,
        },
    ).only_row()
    if found["key"] != list(keys):
        raise _changed(len(found["key"]), len(keys), "particles")
    axes = ("z", "y", "x")[-ndim:]
    empty = np.empty((len(keys), 0))
    return SampledParticles(
        np.stack([np.array(found[f"centroid_{axis}"], np.float64) for axis in axes], axis=1),
        np.stack([np.array(each, np.float64) for each in found["features"]], axis=1) if features else empty,
        np.stack([np.array(found[name], np.float64) for name in TARGET_NAMES], axis=1),
    )


def read_sampled_contacts(
    connection: Connection, contacts: Sequence[str], start_keys: Sequence[str], b: NDArray[np.int64]
) -> ContactColumns:
    """Read some contacts, which must start and end where they did when the topology was read.

    Parameters
    ----------
    connection : Connection
        The store.
    contacts : sequence of str
        The database's identifiers.
    start_keys : sequence of str
        Key of the particle that each starts from.
    b : (m,) int64
        Label of the particle that each ends at.

    Raises
    ------
    DatabaseError
        When the server fails, or one of them is gone.
    """
    found = connection.read(
        load_internal("inspect", "sampled_contacts").text, {"contacts": list(contacts)}
    ).only_row()
    if found["a"] != list(start_keys) or found["b"] != b.tolist():
        raise _changed(sum(each in set(start_keys) for each in found["a"]), len(start_keys), "contacts")
    a = np.array([int(key.rpartition(":")[2]) for key in start_keys], np.int64)
    return ContactColumns(a, b, *(np.array(found[name], np.float64) for name in ContactColumns._fields[2:]))


def _whole(pieces: Sequence[TopologyColumns], image: ExportedImage) -> TopologyColumns:
    none = np.empty(0, np.int64)
    parts = [TopologyColumns(none, np.empty(0, np.str_), none, none, none), *pieces]
    label, a, b, contact = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("label", "a", "b", "contact")
    )
    phase = np.concatenate([part.phase for part in parts])
    check_complete(image, len(label), len(a))
    order, by_ends = np.argsort(label), np.lexsort((b, a))
    return TopologyColumns(label[order], phase[order], a[by_ends], b[by_ends], contact[by_ends])


def _changed(found: int, expected: int, what: str) -> DatabaseError:
    return DatabaseError(
        f"Found {found} of {expected} {what} of a mini-batch as they were; expected all. The store was changed since "
        "its graph was read. Open it again (open_remote), and go on from the last checkpoint."
    )
