"""A modern alternative to the paper's model: GATv2 attention with the features of contacts (Brody et al., 2022).

Attention weighs neighbours against each other and so averages their messages: it cannot count how many there
are. NNConv with sums can; that is the reason to have both.
"""

from torch_geometric.nn import GATv2Conv

from cathograph.gnn.graph_layout import GraphLayout
from cathograph.gnn.networks.contact_network import ContactNetwork


class GATv2Model(ContactNetwork):
    """GATv2 attention, one a pair of phases.

    Parameters
    ----------
    layout : GraphLayout
        Widths of inputs and outputs.
    hidden : int
        Width of a particle's state, a multiple of `heads`.
    heads : int
        Attention heads.
    dropout : float
        Share of a layer's outputs set to 0 in training.
    """

    def __init__(
        self, layout: GraphLayout, *, hidden: int = 32, heads: int = 4, dropout: float = 0.1
    ) -> None:
        width = len(layout.edge_features)
        super().__init__(
            layout,
            lambda: GATv2Conv(
                hidden, hidden // heads, heads, edge_dim=width, add_self_loops=False, bias=False
            ),
            hidden=hidden,
            dropout=dropout,
        )
