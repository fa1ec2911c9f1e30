"""The graph of many images without its numbers, as training on a graph larger than memory keeps it.

Nodes of a type are numbered image after image and by label, as in a batch of the export. Edges into each node are
stored together (compressed columns), so that a sampler finds the neighbours of a node without a search; the
position of an edge is its number. About 16 bytes per edge, two edges per contact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cathograph.gnn.graph_layout import EdgeType
from cathograph.gnn.graphs.hetero_data import edge_types, node_types
from cathograph.queries.reading.graph_columns import ExportedImage
from cathograph.queries.reading.sampled_columns import TopologyColumns
from cathograph.schema.composites import Composite
from cathograph.schema.keys import particle_key


class NodePlaces(NamedTuple):
    """Where the nodes of a type are: (n,) number of the image, (n,) label in it."""

    image: NDArray[np.int32]
    label: NDArray[np.int64]


class EdgeColumns(NamedTuple):
    """Edges of a type by their target.

    Attributes
    ----------
    colptr : (n_target + 1,) int64
        Edges ``colptr[i]:colptr[i + 1]`` end at node i.
    row : (m,) int64
        Node that each starts from.
    contact : (m,) int64
        Number of its contact in the database; both directions have the same.
    """

    colptr: NDArray[np.int64]
    row: NDArray[np.int64]
    contact: NDArray[np.int64]

    def targets(self, edges: NDArray[np.int64]) -> NDArray[np.int64]:
        """Node that each of some edges ends at."""
        return np.searchsorted(self.colptr, edges, side="right") - 1


@dataclass(frozen=True, eq=False)
class Topology:
    """Nodes and edges of some images.

    Attributes
    ----------
    images : tuple of ExportedImage
        Which images.
    composite : Composite
        Theirs; its phases are the node types.
    contact_prefix : str
        What the database puts before the number of a contact.
    nodes : dict
        `NodePlaces` of each node type.
    edges : dict
        `EdgeColumns` of each edge type.
    """

    images: tuple[ExportedImage, ...]
    composite: Composite
    contact_prefix: str
    nodes: dict[str, NodePlaces]
    edges: dict[EdgeType, EdgeColumns]

    def keys(self, node_type: str, nodes: NDArray[np.int64]) -> list[str]:
        """Keys of the particles of some nodes."""
        image, label = (column[nodes].tolist() for column in self.nodes[node_type])
        return [
            particle_key(self.images[number].segmentation, each)
            for number, each in zip(image, label, strict=True)
        ]


def build_topology(
    images: Sequence[ExportedImage],
    composite: Composite,
    columns: Sequence[TopologyColumns],
    contact_prefix: str,
) -> Topology:
    """Put the topologies of some images together.

    Parameters
    ----------
    images : sequence of ExportedImage
        Which they are.
    composite : Composite
        Theirs.
    columns : sequence of TopologyColumns
        One for each of `images`.
    contact_prefix : str
        From `cathograph.queries.reading.sampled_columns.read_topology`.

    Returns
    -------
    Topology
        Every node type and edge type is there, empty where no image has any.
    """
    phases, kinds = node_types(composite), edge_types(composite)
    sizes = dict.fromkeys(phases, 0)
    nodes: dict[str, list[NodePlaces]] = {each: [] for each in phases}
    edges: dict[EdgeType, list[NDArray[np.int64]]] = {each: [] for each in kinds}
    for number, each in enumerate(columns):
        place = np.zeros(len(each.label), dtype=np.int64)
        code = np.zeros(len(each.label), dtype=np.int64)
        for phase_number, phase in enumerate(phases):
            rows = np.flatnonzero(each.phase == phase)
            place[rows] = sizes[phase] + np.arange(len(rows))
            code[rows] = phase_number
            sizes[phase] += len(rows)
            nodes[phase].append(NodePlaces(np.full(len(rows), number, np.int32), each.label[rows]))
        a, b = np.searchsorted(each.label, each.a), np.searchsorted(each.label, each.b)
        source, target = np.concatenate([a, b]), np.concatenate([b, a])
        contact = np.concatenate([each.contact, each.contact])
        pair = code[source] * len(phases) + code[target]
        for pair_number, edge_type in enumerate(kinds):
            rows = np.flatnonzero(pair == pair_number)
            edges[edge_type].append(np.stack([place[source[rows]], place[target[rows]], contact[rows]]))
    return Topology(
        tuple(images),
        composite,
        contact_prefix,
        {phase: _joined(pieces) for phase, pieces in nodes.items()},
        {edge_type: _by_target(pieces, sizes[edge_type[2]]) for edge_type, pieces in edges.items()},
    )


def _joined(pieces: Sequence[NodePlaces]) -> NodePlaces:
    image = np.concatenate([np.empty(0, np.int32), *(each.image for each in pieces)])
    return NodePlaces(image, np.concatenate([np.empty(0, np.int64), *(each.label for each in pieces)]))


def _by_target(pieces: Sequence[NDArray[np.int64]], n_target: int) -> EdgeColumns:
    source, target, contact = np.concatenate([np.empty((3, 0), np.int64), *pieces], axis=1)
    order = np.lexsort((source, target))
    counts = np.bincount(target, minlength=n_target)
    return EdgeColumns(np.concatenate([[0], np.cumsum(counts)]), source[order], contact[order])
