"""One image as a `HeteroData`: columns of the store in, tensors out, nothing lost on the way.

Node types are the phases of the image's composite. Every node type and every pair of them as an edge type is there
for every image, empty where the image has none, so that images with different phases make one batch. Numbers
stay float64, as they are stored; training casts them. A contact becomes two directed edges, each with the overlap of
its own end first.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch_geometric.data import HeteroData
from torch_geometric.data.storage import NodeStorage

from cathograph.gnn.graph_layout import EdgeType
from cathograph.gnn.graphs.node_features import Missing
from cathograph.queries.reading.graph_columns import (
    TARGET_NAMES,
    ImageColumns,
    ParticleColumns,
    TargetColumns,
)
from cathograph.schema.composites import Composite, Role
from cathograph.schema.errors import ParameterError
from cathograph.schema.keys import particle_key
from cathograph.schema.measures import MEASURE_NAMES
from cathograph.schema.network_metrics import METRIC_NAMES


def node_types(composite: Composite) -> tuple[str, ...]:
    """Name the node types of images of a composite: its phases, in the order of their codes.

    Examples
    --------
    >>> from cathograph.schema.composites import SSB_CATHODE
    >>> node_types(SSB_CATHODE)
    ('SSE', 'NMC', 'Graphite')
    """
    return tuple(phase.name for phase in composite.phases)


def edge_types(composite: Composite) -> tuple[EdgeType, ...]:
    """Name the edge types of images of a composite: every ordered pair of phases."""
    return tuple((source, "contact", target) for source, target in product(node_types(composite), repeat=2))


def target_types(composite: Composite) -> tuple[str, ...]:
    """Name the node types that have targets: the active phases."""
    return tuple(phase.name for phase in composite.with_role(Role.ACTIVE))


def edge_feature_names(ndim: int) -> tuple[str, ...]:
    """Names of the columns of ``edge_attr``.

    Examples
    --------
    >>> edge_feature_names(2)
    ('overlap_target_px', 'overlap_source_px', 'weight_px', 'interface_um', 'gap_px')
    """
    interface = "interface_um" if ndim == 2 else "interface_um2"
    return ("overlap_target_px", "overlap_source_px", "weight_px", interface, "gap_px")


def build_hetero_data(
    columns: ImageColumns,
    features: Sequence[str],
    *,
    missing: Missing = Missing.ERROR,
    selected: NDArray[np.int64] | None = None,
) -> HeteroData:
    """Make the `HeteroData` of one image.

    Parameters
    ----------
    columns : ImageColumns
        From `cathograph.queries.reading.graph_columns`. Contacts with a particle that is not among
        `columns.particles` are left out.
    features : sequence of str
        Names of the columns of ``columns.particles.features``.
    missing : Missing, optional
        What to do where a feature has no value.
    selected : (k,) int64, optional
        Labels that were asked for, where the others are their neighbourhood; default all.

    Returns
    -------
    HeteroData
        See `cathograph.gnn.graphs.export.export_hetero_data`.

    Raises
    ------
    ParameterError
        When a feature has no value and `missing` says that this is an error.
    """
    image = columns.image
    composite = image.composite
    particles, names, dropped = _with_all_values(columns, tuple(features), missing)
    data = HeteroData()
    place = np.full(len(particles.label), -1)
    for phase in node_types(composite):
        rows = np.flatnonzero(particles.phase == phase)
        place[rows] = np.arange(len(rows))
        label = particles.label[rows]
        node = data[phase]
        node.x = _tensor(particles.features[rows])
        node.pos = _tensor(particles.centroid[rows])
        node.label = _tensor(label)
        node.key = [particle_key(image.segmentation, each) for each in label.tolist()]
        node.selected = _tensor(
            np.ones(len(rows), dtype=np.bool_) if selected is None else np.isin(label, selected)
        )
    for phase in target_types(composite):
        _add_targets(data[phase], columns.targets)
    _add_edges(data, columns, particles, place)
    data.image, data.sample, data.segmentation = image.image, image.sample, image.segmentation
    data.volume, data.beamtime, data.cathode = image.volume or "", image.beamtime or "", image.cathode or ""
    data.measurement, data.absorption_edge = image.measurement or "", image.absorption_edge or ""
    data.composite, data.composite_definition = composite.name, composite.definition
    data.pixel_size_um = image.pixel_size_um
    data.feature_names = list(names)
    data.edge_feature_names = list(edge_feature_names(image.ndim))
    data.target_names = list(TARGET_NAMES)
    data.dropped = dropped
    return data


def _add_targets(node: NodeStorage, targets: TargetColumns) -> None:
    label = node.label.numpy()
    values = np.full((len(label), len(TARGET_NAMES)), np.nan)
    flagged = np.zeros(len(label), dtype=np.bool_)
    if len(targets.label):
        where = np.minimum(np.searchsorted(targets.label, label), len(targets.label) - 1)
        measured = targets.label[where] == label
        values[measured] = targets.values[where[measured]]
        flagged[measured] = targets.flagged[where[measured]]
    known = np.isfinite(values)
    node.y = _tensor(np.where(known, values, 0.0))
    node.y_mask = _tensor(known)
    node.flagged = _tensor(flagged)


def _add_edges(
    data: HeteroData, columns: ImageColumns, particles: ParticleColumns, place: NDArray[np.int64]
) -> None:
    """Add both directions of every contact between particles that are there, sorted by source and target.

    The number of an edge type is that of its pair of phases, in the order of `edge_types`.
    """
    contacts = columns.contacts
    a, a_there = _rows_of(contacts.a, particles.label)
    b, b_there = _rows_of(contacts.b, particles.label)
    there = np.flatnonzero(a_there & b_there)
    source, target = np.concatenate([a[there], b[there]]), np.concatenate([b[there], a[there]])
    phases, kinds = node_types(columns.image.composite), edge_types(columns.image.composite)
    code = np.zeros(len(particles.label), dtype=np.int64)
    for number, phase in enumerate(phases):
        code[particles.phase == phase] = number
    pair = code[source] * len(phases) + code[target]
    # One sort for all edge types: no two edges have the same source and target.
    order = np.argsort((pair * len(code) + source) * len(code) + target)
    source, target, pair = source[order], target[order], pair[order]
    contact = there[np.where(order < len(there), order, order - len(there))]
    forwards = order < len(there)
    ab, ba = contacts.overlap_ab[contact], contacts.overlap_ba[contact]
    attributes = np.stack(
        [
            np.where(forwards, ab, ba),
            np.where(forwards, ba, ab),
            *(column[contact] for column in (contacts.weight_px, contacts.interface, contacts.gap_px)),
        ],
        axis=1,
    )
    bounds = np.searchsorted(pair, np.arange(len(kinds) + 1))
    for number, (source_type, relation, target_type) in enumerate(kinds):
        rows = slice(bounds[number], bounds[number + 1])
        edges = data[source_type, relation, target_type]
        edges.edge_index = _tensor(np.stack([place[source[rows]], place[target[rows]]]))
        edges.edge_attr = _tensor(attributes[rows].copy())


def _rows_of(
    labels: NDArray[np.int64], known: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give the row of each label in ascending `known`, and whether it is there at all."""
    if not len(known):
        return np.zeros(len(labels), dtype=np.int64), np.zeros(len(labels), dtype=np.bool_)
    rows = np.minimum(np.searchsorted(known, labels), len(known) - 1)
    return rows, known[rows] == labels


def _with_all_values(
    columns: ImageColumns, names: tuple[str, ...], missing: Missing
) -> tuple[ParticleColumns, tuple[str, ...], int]:
    """Settle what lacks a value; gives the particles, the names of their features, and how many were dropped."""
    particles, image = columns.particles, columns.image
    known = np.isfinite(particles.features)
    if missing is Missing.MARK:
        marked = np.concatenate([np.where(known, particles.features, 0.0), known], axis=1)
        return particles._replace(features=marked), (*names, *(f"{name}_known" for name in names)), 0
    if known.all():
        return particles, names, 0
    if missing is Missing.DROP:
        kept = np.flatnonzero(known.all(axis=1))
        return particles.keep(kept), names, len(known) - len(kept)
    column = int(np.flatnonzero(~known.all(axis=0))[0])
    lacking = ~known[:, column]
    phases = ", ".join(np.unique(particles.phase[lacking]).tolist())
    metrics = names[column] in METRIC_NAMES and not image.has_metrics
    measures = names[column] in MEASURE_NAMES and lacking.all()
    todo = "Compute them with `cathograph metrics`." if metrics else (
        "Compute it with `cathograph measures --missing`." if measures else
        "Leave the feature out, or choose missing='mark' (0 and a feature that says so) or 'drop'."
    )  # fmt: skip
    msg = (
        f"Found feature {names[column]} missing for {int(lacking.sum())} of {len(lacking)} particles ({phases}) of "
        f"image {image.image!r} of sample {image.sample!r}; expected a finite number for each. {todo}"
    )
    raise ParameterError(msg)


def _tensor(values: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))
