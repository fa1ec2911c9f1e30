"""Particles and contacts of images as arrays, for what computes on whole graphs.

The database gives lists, one a column (the queries ``export_*``): a list of 10,000 numbers is one value to the
driver, so nothing is done once a particle but the reading of the number itself. A table of the same rows takes
more than ten times as long. Missing numbers are NaN.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cathograph.queries.catalog import load_internal
from cathograph.queries.reading.measured_edges import choose_measured_edge
from cathograph.queries.server.connection import Connection
from cathograph.schema.composites import Composite
from cathograph.schema.errors import DatabaseError
from cathograph.schema.network_metrics import METRIC_NAMES

TARGET_NAMES = ("soc_ev", "heterogeneity_ev", "polarization_ev")
"""Measured values of an active particle that models predict."""

_ROWS_AT_ONCE = 500_000
"""Particles and contacts of one query, unless a single image has more."""

_CONTACT_PARTS = 2


@dataclass(frozen=True)
class ExportedImage:
    """An active segmentation and where its image belongs; what is not known is None.

    Attributes
    ----------
    segmentation, measurement : str
        Keys.
    sample, image, cathode, beamtime, volume : str
        Identifiers, as in `cathograph.schema.rows.FieldOfView`.
    absorption_edge : str
        Of the measurement, as in ``Co K``.
    ndim : int
        2 or 3.
    pixel_size_um : float
        Edge of a pixel.
    n_particles, n_contacts : int
        How many it has.
    has_metrics : bool
        Whether all of its network metrics are there.
    composite : Composite
        Its phases and their roles.
    """

    segmentation: str
    sample: str
    image: str
    cathode: str | None
    beamtime: str | None
    volume: str | None
    measurement: str | None
    absorption_edge: str | None
    ndim: int
    pixel_size_um: float
    n_particles: int
    n_contacts: int
    has_metrics: bool
    composite: Composite


class ParticleColumns(NamedTuple):
    """Particles of one image, by label.

    Attributes
    ----------
    label : (n,) int64
        Ascending.
    phase : (n,) str
        Name of the phase.
    centroid : (n, 2 or 3) float64
        In pixels, (y, x) or (z, y, x).
    features : (n, f) float64
        The properties asked for, in their order; NaN where there is none.
    """

    label: NDArray[np.int64]
    phase: NDArray[np.str_]
    centroid: NDArray[np.float64]
    features: NDArray[np.float64]

    def keep(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "ParticleColumns":
        """Give some of the rows: (n,) bool, or places."""
        return ParticleColumns(self.label[rows], self.phase[rows], self.centroid[rows], self.features[rows])


class ContactColumns(NamedTuple):
    """Contacts of one image, in no order.

    Attributes
    ----------
    a, b : (m,) int64
        Labels, a < b.
    overlap_ab, overlap_ba, weight_px, interface, gap_px : (m,) float64
        As `cathograph.schema.relationships.CONTACT`; ``interface`` is in µm, in 3D in µm².
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    overlap_ab: NDArray[np.float64]
    overlap_ba: NDArray[np.float64]
    weight_px: NDArray[np.float64]
    interface: NDArray[np.float64]
    gap_px: NDArray[np.float64]


class TargetColumns(NamedTuple):
    """Measured states of the active particles of one image, by label.

    Attributes
    ----------
    label : (n,) int64
        Ascending.
    values : (n, 3) float64
        `TARGET_NAMES`; NaN where there is no value.
    flagged : (n,) bool
        Whether the measurement calls the state doubtful.
    """

    label: NDArray[np.int64]
    values: NDArray[np.float64]
    flagged: NDArray[np.bool_]


class ImageColumns(NamedTuple):
    """All columns of one image."""

    image: ExportedImage
    particles: ParticleColumns
    contacts: ContactColumns
    targets: TargetColumns


def exported_images(
    connection: Connection,
    *,
    sample: str | None = None,
    image: str | None = None,
    cathode: str | None = None,
    composite: str | None = None,
    segmentations: Sequence[str] | None = None,
    edge: str | None = None,
    edge_may_lack: bool = False,
) -> list[ExportedImage]:
    """List the images of a selection, by sample and name, with their measurements of one absorption edge.

    With `edge_may_lack`, the named edge need not have been measured; the images then have no measurement.

    Raises
    ------
    QueryError
        When several edges were measured and none is named, or the named one was not measured.
    """
    parameters = {
        "edge": edge
        if edge is not None and edge_may_lack
        else choose_measured_edge(connection, edge, sample=sample, image=image),
        "sample": sample,
        "image": image,
        "cathode": cathode,
        "composite": composite,
        "segmentations": None if segmentations is None else list(segmentations),
    }
    found = connection.read(load_internal("inspect", "export_images").text, parameters)
    composites = {row[-1]: Composite.from_definition(row[-1]) for row in found.rows}
    return [ExportedImage(*(*row[:-1], composites[row[-1]])) for row in found.rows]


def reached_keys(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Give the keys of some particles and of all that are in contact with one of them."""
    found = connection.read(load_internal("inspect", "export_neighbours").text, {"keys": list(keys)})
    return list(found.only_row()["reached"])


def read_columns(
    connection: Connection,
    images: Sequence[ExportedImage],
    features: Sequence[str],
    *,
    with_flagged: bool = False,
) -> list[ImageColumns]:
    """Read all particles, contacts and states of some images.

    Parameters
    ----------
    connection : Connection
        The store.
    images : sequence of ExportedImage
        From `exported_images`.
    features : sequence of str
        Names of number or truth properties of particles. Network metrics are NaN where they are not, or not all,
        computed.
    with_flagged : bool
        Whether flagged states have values; else they have none, like those that were not measured.

    Returns
    -------
    list of ImageColumns
        One for each of `images`.

    Raises
    ------
    DatabaseError
        When the server fails, or an image was changed or removed meanwhile.
    """
    columns = []
    for portion in portions(images):
        keys = [image.segmentation for image in portion]
        # The server uses one core for a query: contacts, the larger half of the work, are two.
        with ThreadPoolExecutor(max_workers=_CONTACT_PARTS) as beside:
            asked = [
                beside.submit(
                    _pieces,
                    connection,
                    "export_contacts",
                    segmentations=keys,
                    part=part,
                    parts=_CONTACT_PARTS,
                )
                for part in range(_CONTACT_PARTS)
            ]
            particles = _pieces(connection, "export_particles", segmentations=keys, features=list(features))
            measured = [image.measurement for image in portion if image.measurement is not None]
            targets = _pieces(connection, "export_targets", measurements=measured, with_flagged=with_flagged)
            contacts = [each.result() for each in asked]
        for image in portion:
            nodes = particles.get(image.segmentation, [])
            found = ImageColumns(
                image,
                _particle_columns(nodes, image, features),
                _contact_columns(
                    [row for part in contacts for row in part.get(image.segmentation, [])], nodes, image
                ),
                _target_columns(targets.get(image.segmentation, [])),
            )
            check_complete(image, len(found.particles.label), len(found.contacts.a))
            columns.append(found)
    return columns


def portions(images: Sequence[ExportedImage]) -> Iterator[list[ExportedImage]]:
    """Cut a list of images into portions whose rows fit into memory as Python lists for a moment."""
    portion: list[ExportedImage] = []
    rows = 0
    for image in images:
        size = image.n_particles + image.n_contacts
        if portion and rows + size > _ROWS_AT_ONCE:
            yield portion
            portion, rows = [], 0
        portion.append(image)
        rows += size
    if portion:
        yield portion


def check_complete(image: ExportedImage, n_particles: int, n_contacts: int) -> None:
    """Refuse an image of which not everything was read.

    Raises
    ------
    DatabaseError
        When it was changed or removed since `exported_images`.
    """
    if (n_particles, n_contacts) != (image.n_particles, image.n_contacts):
        raise _changed_meanwhile(
            image,
            f"{n_particles} particles and {n_contacts} contacts",
            f"{image.n_particles} and {image.n_contacts}",
        )


def _changed_meanwhile(image: ExportedImage, found: str, expected: str = "those") -> DatabaseError:
    return DatabaseError(
        f"Found {found} of image {image.image!r} of sample {image.sample!r}; expected {expected}. The store was "
        "changed meanwhile. Run the same command again."
    )


def _particle_columns(
    pieces: Sequence[dict[str, Any]], image: ExportedImage, features: Sequence[str]
) -> ParticleColumns:
    """Join the rows that a query of particles gave for one image."""
    axes = ("z", "y", "x")[-image.ndim :]
    label = _joined(pieces, "label")
    phase = _joined(pieces, "phase")
    centroid = np.stack([_joined(pieces, f"centroid_{axis}") for axis in axes], axis=1)
    values = [
        np.concatenate([np.empty(0), *(np.array(each["features"][place], np.float64) for each in pieces)])
        for place in range(len(features))
    ]
    if not image.has_metrics:
        values = [
            np.full(len(label), np.nan) if name in METRIC_NAMES else column
            for name, column in zip(features, values, strict=True)
        ]
    table = np.stack(values, axis=1) if values else np.empty((len(label), 0))
    return ParticleColumns(label, phase, centroid, table).keep(np.argsort(label))


def _contact_columns(
    pieces: Sequence[dict[str, Any]], particles: Sequence[dict[str, Any]], image: ExportedImage
) -> ContactColumns:
    """Join the rows of contacts of one image; their ends are nodes among those of its particles."""
    node, label = (_joined(particles, name) for name in ("node", "label"))
    order = np.argsort(node)
    ends = [_joined(pieces, name) for name in ("from_node", "to_node")]
    places = [np.searchsorted(node, each, sorter=order) for each in ends]
    # A segmentation deleted and written anew between the two queries has other nodes.
    one_writing = len({row["written"] for row in (*pieces, *particles)}) <= 1
    if not one_writing or any((place == len(node)).any() for place in places):
        raise _changed_meanwhile(image, "other particles than a moment ago")
    found = [order[place] for place in places]
    if any((node[at] != each).any() for at, each in zip(found, ends, strict=True)):
        raise _changed_meanwhile(image, "contacts with particles that were not there a moment ago")
    return ContactColumns(
        *(label[at] for at in found),
        *(_joined(pieces, name) for name in ContactColumns._fields[2:]),
    )


def _target_columns(pieces: Sequence[dict[str, Any]]) -> TargetColumns:
    label = _joined(pieces, "label")
    values = np.stack([_joined(pieces, name) for name in TARGET_NAMES], axis=1)
    order = np.argsort(label)
    return TargetColumns(label[order], values[order], _joined(pieces, "flagged")[order])


def _pieces(connection: Connection, query: str, **parameters: object) -> dict[str, list[dict[str, Any]]]:
    """Run a query and group its rows by segmentation; lists become arrays as soon as they are here."""
    found = connection.read(load_internal("inspect", query).text, parameters)
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in found.rows:
        values = dict(zip(found.columns, row, strict=True))
        for name in values.keys() & _ARRAYS.keys():
            values[name] = np.array(values[name], _ARRAYS[name])
        grouped.setdefault(values["segmentation"], []).append(values)
    return grouped


def _joined(pieces: Sequence[dict[str, Any]], name: str) -> NDArray[Any]:
    return np.concatenate([np.empty(0, _ARRAYS[name]), *(each[name] for each in pieces)])


_ARRAYS: Mapping[str, type[Any]] = {
    "node": np.int64,
    "label": np.int64,
    "phase": np.str_,
    "from_node": np.int64,
    "to_node": np.int64,
    "flagged": np.bool_,
    **dict.fromkeys(
        (*ContactColumns._fields[2:], *TARGET_NAMES, "centroid_z", "centroid_y", "centroid_x"), np.float64
    ),
}
"""What the lists of the queries hold."""
