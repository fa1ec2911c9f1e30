"""Neo4j as a remote backend of PyTorch Geometric: numbers stay in the database, the topology is held in memory.

`Neo4jFeatureStore` gives node features, targets, positions and **edge features** by index; one query
reads all particles of a mini-batch and another all its contacts. `Neo4jGraphStore` gives the edges of each type, in
compressed columns. Both can be pickled: a worker opens a connection of its own. What the database holds is
read-only here; tensors under other names can be put beside it, in the memory of the process.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch_geometric.data import EdgeAttr, FeatureStore, GraphStore, TensorAttr
from torch_geometric.data.graph_store import EdgeLayout

from cathograph.gnn.graphs.hetero_data import target_types
from cathograph.gnn.graphs.node_features import Missing
from cathograph.gnn.graphs.topology import Topology
from cathograph.gnn.remote.reading import EdgeRequest, NodeRequest, OpenConnection, TopologyReader
from cathograph.queries.reading.graph_columns import TARGET_NAMES
from cathograph.schema.errors import ParameterError

_OF_NODES = ("x", "pos", "label")
_OF_TARGETS = ("y", "y_mask")
_OF_EDGES = ("edge_attr",)


class Neo4jFeatureStore(FeatureStore):  # type: ignore[misc]  # it ships no types
    """Node and edge features of a `Topology`, read from the database by index.

    Groups are node types with ``x``, ``pos``, ``label`` (active phases also ``y``, ``y_mask``) and edge types with
    ``edge_attr``; an index is a number of `Topology`. Columns are those of
    `cathograph.gnn.graphs.export.export_hetero_data`.

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
        missing: Missing = Missing.ERROR,
        *,
        with_flagged: bool = False,
    ) -> None:
        super().__init__()
        self.topology = topology
        self._reader = TopologyReader(open_connection, topology, features, missing, with_flagged=with_flagged)
        self._beside: dict[tuple[Any, Any], tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns of ``x``."""
        return self._reader.feature_names

    def close(self) -> None:
        """Close this process's connection; the next read opens another."""
        self._reader.connection.close()

    def get_all_tensor_attrs(self) -> list[TensorAttr]:
        """List everything that can be asked for, without an index."""
        names: list[tuple[object, str]] = [
            (group, name) for group in self.topology.nodes for name in self._names(group)
        ]
        names += [(group, name) for group in self.topology.edges for name in _OF_EDGES]
        return [self._tensor_attr_cls.cast(*each) for each in (*names, *self._beside)]

    def _names(self, group: object) -> tuple[str, ...]:
        """Names that the database holds of a group."""
        if group in self.topology.edges:
            return _OF_EDGES
        if group in self.topology.nodes:
            return (*_OF_NODES, *(_OF_TARGETS if group in target_types(self.topology.composite) else ()))
        return ()

    def _get_tensor(self, attr: TensorAttr) -> torch.Tensor:
        return self._multi_get_tensor([attr])[0]

    def _multi_get_tensor(self, attrs: list[TensorAttr]) -> list[torch.Tensor]:
        stored = [attr for attr in attrs if attr.attr_name in self._names(attr.group_name)]
        nodes = [attr for attr in stored if attr.group_name in self.topology.nodes]
        edges = [attr for attr in stored if attr.group_name in self.topology.edges]
        read = [
            *self._reader.read_nodes(
                [NodeRequest(each.group_name, each.attr_name, self._positions(each)) for each in nodes]
            ),
            *self._reader.read_edges([EdgeRequest(each.group_name, self._positions(each)) for each in edges]),
        ]
        found = dict(zip(map(id, [*nodes, *edges]), read, strict=True))
        return [found[id(attr)] if id(attr) in found else self._get_beside(attr) for attr in attrs]

    def _positions(self, attr: TensorAttr) -> NDArray[np.int64]:
        """Give the index of a request as numbers."""
        group = attr.group_name
        size = len(
            self.topology.nodes[group].label
            if group in self.topology.nodes
            else self.topology.edges[group].row
        )
        positions = _as_positions(attr.index, size, f"{group} {attr.attr_name}")
        if len(positions) and int(positions.max()) >= size:
            msg = f"Found place {positions.max()} of {group} {attr.attr_name}; expected less than {size}. Correct it."
            raise ParameterError(msg)
        return positions

    def _get_tensor_size(self, attr: TensorAttr) -> tuple[int, ...] | None:
        group, name = attr.group_name, attr.attr_name
        if name not in self._names(group):
            return tuple(self._get_beside(attr).shape) if (group, name) in self._beside else None
        n = len(self._positions(attr))
        width = {"x": len(self.feature_names), "pos": self._reader.ndim, "edge_attr": 5}.get(
            name, len(TARGET_NAMES)
        )
        return (n,) if name == "label" else (n, width)

    def _put_tensor(self, tensor: torch.Tensor, attr: TensorAttr) -> bool:
        if attr.attr_name in self._names(attr.group_name):
            raise _read_only(f"{attr.attr_name} of {attr.group_name}")
        rows = torch.as_tensor(tensor)
        index = _as_positions(attr.index, len(rows), f"{attr.group_name} {attr.attr_name}")
        if len(index) != len(rows):
            msg = (
                f"Found {len(rows)} rows for {len(index)} places of {attr.attr_name} of {attr.group_name}; expected as "
                "many. Correct the index."
            )
            raise ParameterError(msg)
        self._beside[attr.group_name, attr.attr_name] = (torch.from_numpy(index), rows)
        return True

    def _get_beside(self, attr: TensorAttr) -> torch.Tensor:
        """Give a tensor that was put here; rows are found by the places they were put at."""
        index, rows = self._beside.get((attr.group_name, attr.attr_name), (None, None))
        if index is None or rows is None:
            msg = f"Found nothing named {attr.attr_name!r} of {attr.group_name!r} in the feature store"
            raise KeyError(msg)
        if attr.index is None or (isinstance(attr.index, slice) and attr.index == slice(None)):
            return rows
        places, order = torch.sort(index)
        wanted = torch.from_numpy(
            _as_positions(attr.index, int(places[-1]) + 1 if len(places) else 0, attr.attr_name)
        )
        at = torch.searchsorted(places, wanted).clamp(max=max(len(places) - 1, 0))
        if len(wanted) and not torch.equal(places[at], wanted):
            msg = f"Found places of {attr.attr_name!r} of {attr.group_name!r} that were not put into the feature store"
            raise KeyError(msg)
        return rows[order[at]]

    def _remove_tensor(self, attr: TensorAttr) -> bool:
        if attr.attr_name in self._names(attr.group_name):
            raise _read_only(f"{attr.attr_name} of {attr.group_name}")
        return self._beside.pop((attr.group_name, attr.attr_name), None) is not None


class Neo4jGraphStore(GraphStore):  # type: ignore[misc]  # it ships no types
    """Edges of a `Topology` by type, in compressed columns; other layouts by ``coo()`` and ``csr()``."""

    def __init__(self, topology: Topology) -> None:
        super().__init__()
        self.topology = topology
        self._beside: dict[tuple[Any, ...], tuple[torch.Tensor, torch.Tensor]] = {}

    def get_all_edge_attrs(self) -> list[EdgeAttr]:
        """List the edge types with their sizes."""
        stored = [
            EdgeAttr(each, EdgeLayout.CSC, size=(self._size(each[0]), self._size(each[2])))
            for each in self.topology.edges
        ]
        return [*stored, *(EdgeAttr(*key) for key in self._beside)]

    def _size(self, node_type: str) -> int:
        return len(self.topology.nodes[node_type].label)

    def _get_edge_index(self, edge_attr: EdgeAttr) -> tuple[torch.Tensor, torch.Tensor] | None:
        if edge_attr.edge_type in self.topology.edges:
            if edge_attr.layout is not EdgeLayout.CSC:
                return None
            columns = self.topology.edges[edge_attr.edge_type]
            return torch.from_numpy(columns.row), torch.from_numpy(columns.colptr)
        return self._beside.get(_layout_key(edge_attr))

    def _put_edge_index(self, edge_index: tuple[torch.Tensor, torch.Tensor], edge_attr: EdgeAttr) -> bool:
        if edge_attr.edge_type in self.topology.edges:
            raise _read_only(f"edges {edge_attr.edge_type}")
        self._beside[_layout_key(edge_attr)] = edge_index
        return True

    def _remove_edge_index(self, edge_attr: EdgeAttr) -> bool:
        if edge_attr.edge_type in self.topology.edges:
            raise _read_only(f"edges {edge_attr.edge_type}")
        return self._beside.pop(_layout_key(edge_attr), None) is not None


def _layout_key(attr: EdgeAttr) -> tuple[Any, ...]:
    return (attr.edge_type, attr.layout, attr.is_sorted, attr.size)


def _as_positions(index: object, size: int, what: str) -> NDArray[np.int64]:
    """Turn an index of PyTorch Geometric (None, slice, number, mask, array, tensor) into numbers from 0 to size.

    Examples
    --------
    >>> _as_positions(slice(1, None), 3, "x").tolist(), _as_positions(torch.tensor([True, False]), 2, "x").tolist()
    ([1, 2], [0])
    """
    everything = np.arange(size)
    if index is None:
        return everything
    if isinstance(index, slice):
        return everything[index]
    numbers = np.atleast_1d(np.asarray(index))
    if numbers.dtype == np.bool_ and len(numbers) == size:
        return np.flatnonzero(numbers)
    if not len(numbers):
        return np.empty(0, np.int64)
    if numbers.dtype.kind not in "iu" or numbers.min() < 0:
        msg = f"Found an index of {numbers.dtype} from {numbers.min()} for {what}; expected numbers from 0. Correct it."
        raise ParameterError(msg)
    return numbers.astype(np.int64)


def _read_only(what: str) -> ParameterError:
    return ParameterError(
        f"Found {what} to be changed; expected what the database holds to stay as it is. Choose another name for "
        "what you put beside it; predictions are stored by `cathograph gnn predict`."
    )
