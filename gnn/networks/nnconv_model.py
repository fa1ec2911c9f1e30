"""The paper's model: two NNConv layers on the heterogeneous contact graph.

A small network turns the features of a contact into a matrix that the neighbour's state is multiplied with, so
a wide interface can pass on something else than a narrow one. Messages are added up, not averaged: how much
interface a particle has in all is what the paper's questions are about.
"""

import torch
from torch import nn
from torch_geometric.nn import NNConv

from cathograph.gnn.graph_layout import GraphLayout
from cathograph.gnn.networks.contact_network import ContactNetwork


class NNConvModel(ContactNetwork):
    """Edge-conditioned convolution (Gilmer et al., 2017), one a pair of phases.

    Parameters
    ----------
    layout : GraphLayout
        Widths of inputs and outputs.
    hidden : int
        Width of a particle's state.
    edge_hidden : int
        Width of the edge network's hidden layer.
    dropout : float
        Share of a layer's outputs set to 0 in training.
    """

    def __init__(
        self, layout: GraphLayout, *, hidden: int = 32, edge_hidden: int = 16, dropout: float = 0.1
    ) -> None:
        width = len(layout.edge_features)
        super().__init__(
            layout, lambda: _convolution(width, hidden, edge_hidden), hidden=hidden, dropout=dropout
        )


def _convolution(edge_width: int, hidden: int, edge_hidden: int) -> nn.Module:
    first, last = nn.Linear(edge_width, edge_hidden), nn.Linear(edge_hidden, hidden * hidden)
    with torch.no_grad():  # matrices of a size that leaves the state's scale as it is
        last.weight.mul_(hidden**-0.5)
        last.bias.mul_(hidden**-0.5)
    network = nn.Sequential(first, nn.GELU(), last)
    made: nn.Module = NNConv(hidden, hidden, network, aggr="add", root_weight=False, bias=False)
    return made
