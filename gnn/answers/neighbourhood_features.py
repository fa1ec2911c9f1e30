"""Features of a particle's neighbours that need no graph network: counts, sums and means by phase.

The strongest simple baseline for message passing: if boosting on these does as well, the network has learned
nothing beyond them.
"""

import numpy as np
from numpy.typing import NDArray
from torch_geometric.data import HeteroData

from cathograph.gnn.graph_layout import target_phase, values


def own_features(graph: HeteroData) -> NDArray[np.float64]:
    """Give the features of active particles themselves, shape (active particles, features)."""
    return np.asarray(values(graph, target_phase(graph), "x").double().numpy())


def neighbourhood_features(graph: HeteroData) -> NDArray[np.float64]:
    """Give, for each active particle and each phase, what its contacts and neighbours of that phase are like.

    Returns
    -------
    ndarray, shape (active particles, phases x (1 + 2 x contact features + 2 x particle features))
        Per phase: number of contacts; sum and largest of each contact feature; sum over contacts of each
        feature of the neighbour, and its mean. 0 without a contact.

    Notes
    -----
    One step of messages with fixed weights. Products of contact and neighbour features are not among them:
    that is what an edge network adds.
    """
    active = target_phase(graph)
    n = len(values(graph, active, "x"))
    blocks = []
    for phase in graph.node_types:
        contacts = graph[phase, "contact", active]
        source, sink = contacts.edge_index.numpy()
        attr = contacts.edge_attr.double().numpy()
        x = values(graph, phase, "x").double().numpy()[source]
        count, sums, largest, of_neighbours = (
            np.zeros((n, k)) for k in (1, attr.shape[1], attr.shape[1], x.shape[1])
        )
        np.add.at(count, sink, 1)
        np.add.at(sums, sink, attr)
        np.maximum.at(largest, sink, attr)  # contact features are not negative
        np.add.at(of_neighbours, sink, x)
        blocks += [count, sums, largest, of_neighbours, of_neighbours / np.maximum(count, 1)]
    return np.concatenate(blocks, axis=1)


def all_features(graph: HeteroData) -> NDArray[np.float64]:
    """Give a particle's own features and those of its neighbourhood."""
    return np.concatenate([own_features(graph), neighbourhood_features(graph)], axis=1)
