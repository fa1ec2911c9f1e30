"""The same set-up without edges: what a network learns from a particle's own features."""

import torch
from torch import Tensor, nn

from cathograph.gnn.graph_layout import GraphLayout
from cathograph.gnn.networks.contact_network import Contacts, Nodes


class MLPModel(nn.Module):
    """Two residual layers on the features of active particles; contacts and other phases are not looked at.

    Parameters
    ----------
    layout : GraphLayout
        Widths of inputs and outputs.
    hidden : int
        Width of a particle's state.
    dropout : float
        Share of a layer's outputs set to 0 in training.
    """

    def __init__(self, layout: GraphLayout, *, hidden: int = 32, dropout: float = 0.1) -> None:
        super().__init__()
        self._target_phase = layout.target_phase
        self.encoder = nn.Linear(len(layout.node_features[layout.target_phase]), hidden)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout))
            for _ in range(2)
        )
        self.head = nn.Sequential(
            nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, len(layout.targets))
        )

    def forward(self, x: Nodes, edge_index: Contacts, edge_attr: Contacts) -> Tensor:
        """Predict z-scores of the targets; as `cathograph.gnn.networks.contact_network.ContactNetwork.forward`."""
        state = self.encoder(x[self._target_phase])
        for layer in self.layers:
            state = state + layer(state)
        return torch.as_tensor(self.head(state))
