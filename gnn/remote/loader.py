"""Mini-batches straight from the database: the stores, the sampler and PyTorch Geometric's loader combined.

PyTorch Geometric's loader takes no edge features from a remote backend; `EdgeFeatures` adds them to each batch by
the numbers of the sampled edges, in the worker that made it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch_geometric import typing as pyg_typing
from torch_geometric.data import HeteroData, TensorAttr
from torch_geometric.loader import NodeLoader
from torch_geometric.sampler import BaseSampler, NeighborSampler

from cathograph.gnn.graphs.hetero_data import edge_feature_names, target_types
from cathograph.gnn.graphs.node_features import DEFAULT_FEATURES, Missing, check_features
from cathograph.gnn.graphs.subgraph_selection import (
    SubgraphSelection,
    choose,
    only_composite,
    only_dimension,
)
from cathograph.gnn.graphs.topology import build_topology
from cathograph.gnn.remote.neighbour_sampler import FanOut, NeighbourSampler
from cathograph.gnn.remote.reading import OpenConnection
from cathograph.gnn.remote.stores import Neo4jFeatureStore, Neo4jGraphStore
from cathograph.queries.reading.graph_columns import TARGET_NAMES
from cathograph.queries.reading.sampled_columns import read_topology
from cathograph.schema.errors import ParameterError
from cathograph.schema.network_metrics import METRIC_NAMES

Transform = Callable[[HeteroData], HeteroData]


class RemoteStores(NamedTuple):
    """The two halves of a remote backend, in the order in which PyTorch Geometric takes them."""

    features: Neo4jFeatureStore
    graph: Neo4jGraphStore


def open_remote(
    open_connection: OpenConnection,
    selection: SubgraphSelection | None = None,
    features: Sequence[str] | None = None,
    *,
    missing: Missing | str = Missing.ERROR,
) -> RemoteStores:
    """Read the topology of some images; their numbers stay in the database.

    Parameters
    ----------
    open_connection : callable
        Opens a connection, as `cathograph.connect` does; called once in each process that reads.
    selection : SubgraphSelection, optional
        Which images, by sample, cathode kind or name; default all.
    features : sequence of str, optional
        As in `cathograph.gnn.graphs.export.export_hetero_data`.
    missing : Missing or str, optional
        ``error`` or ``mark``; particles cannot be dropped batch by batch.

    Returns
    -------
    RemoteStores
        For `remote_loader`, or any loader of PyTorch Geometric that takes a feature store and a graph store.

    Raises
    ------
    QueryError
        When nothing is selected.
    ParameterError
        When a feature is unknown or not computed, the selection is of single particles, or the images are of several
        composites, or in 2D and 3D.
    DatabaseError
        When the server fails.

    Examples
    --------
    >>> stores = open_remote(cathograph.connect, SubgraphSelection(cathode="LCD"))  # doctest: +SKIP
    >>> for batch in remote_loader(stores, [10, 10], batch_size=256):  # doctest: +SKIP
    ...     batch["NMC"].y[: batch["NMC"].batch_size]
    """
    policy = Missing(missing)
    selection = selection or SubgraphSelection()
    if selection.keys is not None or selection.query is not None or policy is Missing.DROP:
        what = "missing='drop'" if policy is Missing.DROP else "a selection of single particles"
        msg = f"Found {what} for a remote backend; expected whole images. Use export_hetero_data for it."
        raise ParameterError(msg)
    names = None if features is None else check_features(features)
    with open_connection() as connection:
        chosen = choose(connection, selection)
        composite = only_composite(chosen)
        names = DEFAULT_FEATURES[only_dimension(chosen)] if names is None else names
        images = [each.image for each in chosen]
        uncomputed = [each.image for each in images if not each.has_metrics]
        if uncomputed and METRIC_NAMES.intersection(names):
            msg = (
                f"Found no network metrics for {len(uncomputed)} of {len(images)} images, the first {uncomputed[0]!r}; "
                "expected them, for they are among the features. Compute them with `cathograph metrics`."
            )
            raise ParameterError(msg)
        columns, contact_prefix = read_topology(connection, images)
    topology = build_topology(images, composite, columns, contact_prefix)
    return RemoteStores(
        Neo4jFeatureStore(open_connection, topology, names, policy, with_flagged=selection.with_flagged),
        Neo4jGraphStore(topology),
    )


def remote_loader(
    stores: RemoteStores,
    num_neighbors: FanOut,
    input_nodes: torch.Tensor | None = None,
    *,
    node_type: str | None = None,
    transform: Transform | None = None,
    **loading: Any,  # noqa: ANN401  what torch.utils.data.DataLoader takes
) -> NodeLoader:
    """Make a loader of sampled neighbourhoods.

    Parameters
    ----------
    stores : RemoteStores
        From `open_remote`.
    num_neighbors : sequence of int, or mapping of edge types to them
        See `cathograph.gnn.remote.neighbour_sampler.NeighbourSampler`.
    input_nodes : tensor, optional
        Numbers of the seed nodes, or a mask of all; default all.
    node_type : str, optional
        Type of the seed nodes; default the active phase.
    transform : callable, optional
        Applied to each batch, in the worker.
    **loading
        ``batch_size``, ``shuffle``, ``num_workers``, ``prefetch_factor`` and the like.

    Returns
    -------
    NodeLoader
        Of HeteroData as `cathograph.gnn.graphs.export.export_hetero_data` gives them, without keys
        (`Topology.keys` has them for ``n_id``); seed nodes come first, ``batch_size`` of them. Every node
        and edge type is in every batch.
    """
    seed_type = _seed_type(stores, node_type)
    return NodeLoader(
        tuple(stores),
        node_sampler=make_sampler(stores, num_neighbors),
        input_nodes=(seed_type, _seeds(stores, seed_type, input_nodes)),
        transform=EdgeFeatures(stores.features, transform),
        filter_per_worker=True,
        **loading,
    )


def make_sampler(stores: RemoteStores, num_neighbors: FanOut) -> BaseSampler:
    """Take PyTorch Geometric's own sampler where pyg-lib is installed, else ours; both number edges alike."""
    if pyg_typing.WITH_PYG_LIB:
        return NeighborSampler(tuple(stores), num_neighbors=num_neighbors)
    return NeighbourSampler(stores.graph.topology, num_neighbors)


class EdgeFeatures:
    """Adds ``edge_attr`` to a sampled batch, and the names of all columns, then applies another transform.

    Parameters
    ----------
    features : Neo4jFeatureStore
        Where they are.
    then : callable, optional
        Applied afterwards.
    """

    def __init__(self, features: Neo4jFeatureStore, then: Transform | None = None) -> None:
        self._features = features
        self._then = then

    def __call__(self, batch: HeteroData) -> HeteroData:
        """Give the batch with its edge features, found by the numbers of its edges."""
        attrs = [TensorAttr(each, "edge_attr", batch[each].e_id) for each in batch.edge_types]
        for attr, values in zip(attrs, self._features.multi_get_tensor(attrs), strict=True):
            batch[attr.group_name].edge_attr = values
        batch.feature_names = self._features.feature_names
        batch.edge_feature_names = list(edge_feature_names(self._features.topology.images[0].ndim))
        batch.target_names = list(TARGET_NAMES)
        composite = self._features.topology.composite
        batch.composite, batch.composite_definition = composite.name, composite.definition
        return batch if self._then is None else self._then(batch)


def _seed_type(stores: RemoteStores, node_type: str | None) -> str:
    """Give the node type of the seeds: the one that is asked for, or the active phase."""
    topology = stores.graph.topology
    if node_type is None:
        active = target_types(topology.composite)
        if len(active) > 1:
            msg = (
                f"Found {len(active)} active phases ({', '.join(active)}) in the composite {topology.composite.name} "
                "and no node type of the seeds; expected one of them. Give node_type."
            )
            raise ParameterError(msg)
        return active[0]
    if node_type not in topology.nodes:
        msg = (
            f"Found node type {node_type!r}; expected one of {', '.join(topology.nodes)}. Correct node_type."
        )
        raise ParameterError(msg)
    return node_type


def _seeds(stores: RemoteStores, node_type: str, input_nodes: torch.Tensor | None) -> torch.Tensor:
    n = len(stores.graph.topology.nodes[node_type].label)
    seeds = torch.arange(n) if input_nodes is None else torch.as_tensor(input_nodes)
    if seeds.dtype == torch.bool and len(seeds) == n:
        seeds = seeds.nonzero().view(-1)
    if not len(seeds) or seeds.is_floating_point() or int(seeds.min()) < 0 or int(seeds.max()) >= n:
        msg = (
            f"Found {len(seeds)} seed nodes of {n} {node_type}; expected at least one, each a number from 0 to "
            f"{n - 1}. Correct input_nodes, or the selection."
        )
        raise ParameterError(msg)
    return seeds
