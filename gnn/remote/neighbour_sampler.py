"""Neighbourhoods of seed nodes, sampled with numpy: PyTorch Geometric's sampler needs pyg-lib, which is not on PyPI.

Hop by hop and edge type by edge type, all nodes found in the last hop are processed together: the positions of
their incoming edges are laid out in one array; where a node has more edges than requested, each of them draws a
random number and the smallest are kept. A node is processed once, in the hop that found it. The numbers of edges
are those of `cathograph.gnn.graphs.topology`, so their features are found by them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch_geometric.sampler import BaseSampler, HeteroSamplerOutput, NodeSamplerInput

from cathograph.gnn.graph_layout import EdgeType
from cathograph.gnn.graphs.topology import EdgeColumns, Topology
from cathograph.schema.errors import ParameterError

FanOut = Sequence[int] | Mapping[EdgeType, Sequence[int]]


class NeighbourSampler(BaseSampler):  # type: ignore[misc]  # PyG ships no types
    """Sample up to so many incoming edges of each node and edge type, for each hop.

    Parameters
    ----------
    topology : Topology
        The graph.
    num_neighbors : sequence of int, or mapping of edge types to them
        Edges of each type for each hop; -1 takes all. An edge type that a mapping lacks is not followed.

    Raises
    ------
    ParameterError
        When the hops of edge types differ, an edge type is unknown, or a number is below -1.

    Notes
    -----
    Random numbers come from PyTorch's generator of this process, so ``torch.manual_seed`` and the seeds that a
    `DataLoader` gives its workers repeat a run.
    """

    def __init__(self, topology: Topology, num_neighbors: FanOut) -> None:
        super().__init__()
        self._topology = topology
        self._wanted = _by_edge_type(topology, num_neighbors)
        self._hops = max((len(each) for each in self._wanted.values()), default=0)
        self._place: dict[str, NDArray[np.int64]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what each process makes for itself."""
        return {**self.__dict__, "_place": {}}

    def sample_from_nodes(self, index: NodeSamplerInput, **_: object) -> HeteroSamplerOutput:
        """Sample the neighbourhood of some nodes of one type.

        Raises
        ------
        ParameterError
            When a node is requested twice.
        """
        seeds = index.node.numpy().astype(np.int64)
        if len(np.unique(seeds)) != len(seeds):
            msg = f"Found a node twice among {len(seeds)} seeds; expected each once. Sample without replacement."
            raise ParameterError(msg)
        draw = np.random.default_rng(int(torch.randint(2**62, ()).item()))
        found = {each: [np.empty(0, np.int64)] for each in self._topology.nodes}
        found[index.input_type] = [seeds]
        edges: dict[EdgeType, list[NDArray[np.int64]]] = {each: [] for each in self._topology.edges}
        try:
            self._number(index.input_type, seeds, 0)
            for hop in range(self._hops):
                new = self._hop(hop, {each: pieces[-1] for each, pieces in found.items()}, edges, draw)
                for node_type, nodes in new.items():
                    self._number(node_type, nodes, sum(map(len, found[node_type])))
                    found[node_type].append(nodes)
            return self._output(index, found, edges)
        finally:
            for node_type, pieces in found.items():
                for nodes in pieces:
                    self._places(node_type)[nodes] = -1

    def sample_from_edges(self, index: object, neg_sampling: object = None) -> HeteroSamplerOutput:
        """Refuse: contacts are not predicted here.

        Raises
        ------
        ParameterError
            Always.
        """
        msg = "Found edges to sample from; expected nodes. Use a NodeLoader (remote_loader)."
        raise ParameterError(msg)

    def _hop(
        self,
        hop: int,
        frontier: Mapping[str, NDArray[np.int64]],
        edges: Mapping[EdgeType, list[NDArray[np.int64]]],
        draw: np.random.Generator,
    ) -> dict[str, NDArray[np.int64]]:
        """Follow every edge type once; adds to `edges` and gives the nodes that are new, by type."""
        reached: dict[str, list[NDArray[np.int64]]] = {each: [] for each in frontier}
        for edge_type, wanted in self._wanted.items():
            columns = self._topology.edges[edge_type]
            chosen = _choose(columns, frontier[edge_type[2]], wanted[hop], draw)
            edges[edge_type].append(chosen)
            reached[edge_type[0]].append(columns.row[chosen])
        new = {}
        for node_type, pieces in reached.items():
            nodes = np.unique(np.concatenate([np.empty(0, np.int64), *pieces]))
            new[node_type] = nodes[self._places(node_type)[nodes] < 0]
        return new

    def _output(
        self,
        index: NodeSamplerInput,
        found: Mapping[str, list[NDArray[np.int64]]],
        edges: Mapping[EdgeType, list[NDArray[np.int64]]],
    ) -> HeteroSamplerOutput:
        row, col, edge, n_edges = {}, {}, {}, {}
        for edge_type, pieces in edges.items():
            columns = self._topology.edges[edge_type]
            chosen = np.concatenate([np.empty(0, np.int64), *pieces])
            row[edge_type] = torch.from_numpy(self._places(edge_type[0])[columns.row[chosen]])
            col[edge_type] = torch.from_numpy(self._places(edge_type[2])[columns.targets(chosen)])
            edge[edge_type] = torch.from_numpy(chosen)
            n_edges[edge_type] = [len(each) for each in pieces] or [0] * self._hops
        return HeteroSamplerOutput(
            node={each: torch.from_numpy(np.concatenate(pieces)) for each, pieces in found.items()},
            row=row,
            col=col,
            edge=edge,
            num_sampled_nodes={each: [len(nodes) for nodes in pieces] for each, pieces in found.items()},
            num_sampled_edges=n_edges,
            metadata=(index.input_id, index.time),
        )

    def _places(self, node_type: str) -> NDArray[np.int64]:
        """Place of each node in the sample, -1 for those that are not in it."""
        if node_type not in self._place:
            self._place[node_type] = np.full(len(self._topology.nodes[node_type].label), -1)
        return self._place[node_type]

    def _number(self, node_type: str, nodes: NDArray[np.int64], first: int) -> None:
        self._places(node_type)[nodes] = np.arange(first, first + len(nodes))


def _choose(
    columns: EdgeColumns, nodes: NDArray[np.int64], wanted: int, draw: np.random.Generator
) -> NDArray[np.int64]:
    """Choose up to `wanted` of the edges into each node; all for -1.

    Examples
    --------
    Node 0 has edges 0 and 1, node 1 has edge 2:

    >>> columns = EdgeColumns(np.array([0, 2, 3]), np.array([4, 5, 6]), np.array([7, 8, 9]))
    >>> _choose(columns, np.array([1, 0]), -1, np.random.default_rng(0)).tolist()
    [2, 0, 1]
    >>> len(_choose(columns, np.array([1, 0]), 1, np.random.default_rng(0)))
    2
    """
    first: NDArray[np.int64] = columns.colptr[nodes]
    degree = columns.colptr[nodes + 1] - first
    owner = np.repeat(np.arange(len(nodes)), degree)
    before = np.cumsum(degree) - degree
    edges: NDArray[np.int64] = np.arange(len(owner)) + (first - before)[owner]
    if wanted < 0 or not len(edges) or degree.max() <= wanted:
        return edges
    shuffled = np.lexsort((draw.random(len(edges)), owner))
    rank = np.arange(len(edges)) - before[owner]
    kept: NDArray[np.int64] = edges[np.sort(shuffled[rank < wanted])]
    return kept


def _by_edge_type(topology: Topology, num_neighbors: FanOut) -> dict[EdgeType, list[int]]:
    if isinstance(num_neighbors, Mapping):
        wanted = {edge_type: list(each) for edge_type, each in num_neighbors.items()}
    else:
        wanted = {edge_type: list(num_neighbors) for edge_type in topology.edges}
    unknown = [edge_type for edge_type in wanted if edge_type not in topology.edges]
    hops = {len(each) for each in wanted.values()}
    lowest = min((number for each in wanted.values() for number in each), default=0)
    if unknown or len(hops) > 1 or lowest < -1:
        problem = f"edge type {unknown[0]}" if unknown else f"hops {sorted(hops)}, lowest number {lowest}"
        msg = (
            f"Found {problem} in num_neighbors; expected edge types as (phase, 'contact', phase), the same number of "
            "hops for each, and numbers of -1 (all) or more. Correct it."
        )
        raise ParameterError(msg)
    return wanted
