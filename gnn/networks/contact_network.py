"""What the graph networks have in common: encoders by phase, two rounds of messages, a head on active particles."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch_geometric.nn import HeteroConv

from cathograph.gnn.graph_layout import EdgeType, GraphLayout

Nodes = dict[str, Tensor]
Contacts = dict[EdgeType, Tensor]


class ContactNetwork(nn.Module):
    r"""Two rounds of messages over contacts, with GELU, dropout, LayerNorm and residuals.

    .. math:: h_i \leftarrow h_i + \mathrm{Dropout}\,\mathrm{GELU} \sum_{\text{phases}}
        \mathrm{Conv}(\mathrm{LN}(h_j), e_{ij})

    Parameters
    ----------
    layout : GraphLayout
        Widths of inputs and outputs.
    convolution : callable
        Makes the convolution of one edge type, from `hidden` to `hidden`.
    hidden : int
        Width of a particle's state.
    dropout : float
        Share of a layer's outputs set to 0 in training.

    Notes
    -----
    The paper names the parts and not their order. LayerNorm stands before each convolution: behind it, it
    would take away how large a sum of messages is.
    """

    def __init__(
        self, layout: GraphLayout, convolution: Callable[[], nn.Module], *, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self._target_phase = layout.target_phase
        self.encoders = nn.ModuleDict(
            {phase: nn.Linear(len(names), hidden) for phase, names in layout.node_features.items()}
        )
        # The last round is read at active particles only.
        rounds = (
            layout.edge_types,
            tuple(kind for kind in layout.edge_types if kind[2] == layout.target_phase),
        )
        self.norms = nn.ModuleList(
            nn.ModuleDict({phase: nn.LayerNorm(hidden) for phase in layout.phases}) for _ in rounds
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "There exist node types")
            self.convolutions = nn.ModuleList(
                HeteroConv({kind: convolution() for kind in kinds}, aggr="sum") for kinds in rounds
            )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Sequential(
            nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, len(layout.targets))
        )

    def forward(self, x: Nodes, edge_index: Contacts, edge_attr: Contacts) -> Tensor:
        """Predict z-scores of the targets.

        Parameters
        ----------
        x : dict of str to Tensor, shape (n, features)
            By phase; a phase may be empty.
        edge_index, edge_attr : dict of EdgeType to Tensor, shapes (2, m) and (m, contact features)
            By edge type; an edge type may be empty.

        Returns
        -------
        Tensor, shape (active particles, targets)
        """
        state = {phase: self.encoders[phase](features) for phase, features in x.items()}
        for norms, convolution in zip(self.norms, self.convolutions, strict=True):
            normed = {phase: norms[phase](h) for phase, h in state.items()}  # type: ignore[index]
            messages = convolution(normed, edge_index, edge_attr_dict=edge_attr)
            for phase, message in messages.items():
                state[phase] = state[phase] + self.dropout(nn.functional.gelu(message))
        return torch.as_tensor(self.head(state[self._target_phase]))
