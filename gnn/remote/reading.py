"""Numbers of some nodes and edges of a topology, read from the database: the queries of a remote backend.

One query reads all particles of a mini-batch and another all its contacts. Each particle and each contact is
read once, also where both directions of a contact are needed.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from cathograph.gnn.graph_layout import EdgeType
from cathograph.gnn.graphs.node_features import Missing
from cathograph.gnn.graphs.topology import Topology
from cathograph.queries.reading.sampled_columns import (
    SampledParticles,
    read_sampled_contacts,
    read_sampled_particles,
)
from cathograph.queries.server.connection import Connection
from cathograph.schema.errors import ParameterError
from cathograph.schema.keys import particle_key

OpenConnection = Callable[[], Connection]
"""Opens a connection; must be picklable for workers that are spawned, as `cathograph.connect` is."""

_AT_ONCE = 20_000
"""Particles or contacts of one query."""


class NodeRequest(NamedTuple):
    """Values of some nodes: their type, ``x``, ``pos``, ``label``, ``y`` or ``y_mask``, and (n,) their numbers."""

    node_type: str
    name: str
    nodes: NDArray[np.int64]


class EdgeRequest(NamedTuple):
    """Features of some edges: their type and (m,) their numbers."""

    edge_type: EdgeType
    edges: NDArray[np.int64]


class OwnConnection:
    """A connection of this process: a forked or spawned one opens its own."""

    def __init__(self, open_connection: OpenConnection) -> None:
        self._open = open_connection
        self._opened: dict[int, Connection] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave connections out: they do not travel."""
        return {"_open": self._open, "_opened": {}}

    def get(self) -> Connection:
        """Give this process's connection, opened when it is first asked for."""
        # A forked process keeps its parent's connection untouched: closing it would end the parent's session.
        if os.getpid() not in self._opened:
            self._opened[os.getpid()] = self._open()
        return self._opened[os.getpid()]

    def close(self) -> None:
        """Close this process's connection, if there is one."""
        connection = self._opened.pop(os.getpid(), None)
        if connection is not None:
            connection.close()


class TopologyReader:
    """Reads numbers of nodes and edges of a `Topology`.

    Parameters
    ----------
    open_connection : callable
        Opens a connection to the store.
    topology : Topology
        The graph.
    features : sequence of str
        Columns of ``x``.
    missing : Missing
        ``error`` or ``mark``.
    with_flagged : bool
        Whether flagged states have values.
    """

    def __init__(
        self,
        open_connection: OpenConnection,
        topology: Topology,
        features: Sequence[str],
        missing: Missing,
        *,
        with_flagged: bool,
    ) -> None:
        self.topology = topology
        self.connection = OwnConnection(open_connection)
        self._features = tuple(features)
        self._missing = missing
        self._with_flagged = with_flagged
        self.ndim = topology.images[0].ndim

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns of ``x``."""
        marks = [f"{name}_known" for name in self._features] if self._missing is Missing.MARK else []
        return [*self._features, *marks]

    def read_nodes(self, requests: Sequence[NodeRequest]) -> list[torch.Tensor]:
        """Read what is asked of particles.

        Raises
        ------
        DatabaseError
            When the server fails, or a particle is not what it was.
        ParameterError
            When a feature has no value.
        """
        if not requests:
            return []
        asked: dict[str, NDArray[np.int64]] = {}
        for node_type, name, nodes in requests:
            if name != "label":
                asked[node_type] = np.union1d(asked.get(node_type, np.empty(0, np.int64)), nodes)
        keys = [key for node_type, nodes in asked.items() for key in self.topology.keys(node_type, nodes)]
        found = self._particles(keys)
        starts = dict(zip(asked, np.cumsum([0, *map(len, asked.values())]).tolist(), strict=False))
        tensors = []
        for node_type, name, nodes in requests:
            if name == "label":
                tensors.append(torch.from_numpy(self.topology.nodes[node_type].label[nodes]))
            else:
                rows = starts[node_type] + np.searchsorted(asked[node_type], nodes)
                tensors.append(self._values(name, found, rows))
        return tensors

    def read_edges(self, requests: Sequence[EdgeRequest]) -> list[torch.Tensor]:
        """Read what is asked of contacts.

        Raises
        ------
        DatabaseError
            When the server fails, or a contact is not what it was.
        """
        if not requests:
            return []
        asked = [self._ends(edge_type, edges) for edge_type, edges in requests]
        numbers, first_seen, places = np.unique(
            np.concatenate([each.contact for each in asked]), return_index=True, return_inverse=True
        )
        all_keys = [key for each in asked for key in each.start_keys]
        keys = [all_keys[place] for place in first_seen.tolist()]
        b = np.concatenate([each.b for each in asked])[first_seen]
        names = [f"{self.topology.contact_prefix}{number}" for number in numbers.tolist()]
        pieces = []
        for first in range(0, max(len(names), 1), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            contacts = read_sampled_contacts(self.connection.get(), names[part], keys[part], b[part])
            pieces.append(np.stack(contacts[2:], axis=1))
        values = np.concatenate(pieces)
        swapped = values[:, [1, 0, 2, 3, 4]]
        tensors, start = [], 0
        for each in asked:
            rows = places[start : start + len(each.contact)]
            start += len(each.contact)
            tensors.append(torch.from_numpy(np.where(each.is_backward[:, None], swapped[rows], values[rows])))
        return tensors

    def _particles(self, keys: Sequence[str]) -> SampledParticles:
        measured = [image.measurement for image in self.topology.images if image.measurement is not None]
        pieces = [
            read_sampled_particles(
                self.connection.get(),
                keys[first : first + _AT_ONCE],
                self._features,
                self.ndim,
                measurements=measured,
                with_flagged=self._with_flagged,
            )
            for first in range(0, max(len(keys), 1), _AT_ONCE)
        ]
        return SampledParticles(*(np.concatenate(column) for column in zip(*pieces, strict=True)))

    def _values(self, name: str, found: SampledParticles, rows: NDArray[np.int64]) -> torch.Tensor:
        if name == "pos":
            return torch.from_numpy(found.centroid[rows])
        if name == "x":
            return torch.from_numpy(self._with_all_values(found.features[rows]))
        known = np.isfinite(found.targets[rows])
        return torch.from_numpy(known if name == "y_mask" else np.where(known, found.targets[rows], 0.0))

    def _with_all_values(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        known = np.isfinite(values)
        if self._missing is Missing.MARK:
            return np.concatenate([np.where(known, values, 0.0), known], axis=1)
        if not known.all():
            column = int(np.flatnonzero(~known.all(axis=0))[0])
            msg = (
                f"Found feature {self._features[column]} missing for {int((~known[:, column]).sum())} of {len(known)} "
                "particles of a mini-batch; expected a finite number for each. Leave the feature out, or choose "
                "missing='mark'."
            )
            raise ParameterError(msg)
        return values

    def _ends(self, edge_type: EdgeType, edges: NDArray[np.int64]) -> "_Ends":
        """Find the contact of each edge and where it starts: at the lower label, whichever way the edge goes."""
        columns = self.topology.edges[edge_type]
        source, target = columns.row[edges], columns.targets(edges)
        source_label = self.topology.nodes[edge_type[0]].label[source]
        target_label = self.topology.nodes[edge_type[2]].label[target]
        image = self.topology.nodes[edge_type[0]].image[source]
        is_backward = source_label > target_label
        a = np.where(is_backward, target_label, source_label)
        keys = [
            particle_key(self.topology.images[number].segmentation, label)
            for number, label in zip(image.tolist(), a.tolist(), strict=True)
        ]
        return _Ends(
            columns.contact[edges], keys, np.where(is_backward, source_label, target_label), is_backward
        )


class _Ends(NamedTuple):
    """Contacts of some edges: their numbers, where they start and end, and whether the edge runs against them."""

    contact: NDArray[np.int64]
    start_keys: list[str]
    b: NDArray[np.int64]
    is_backward: NDArray[np.bool_]
