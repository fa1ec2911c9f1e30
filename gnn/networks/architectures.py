"""The networks that can be trained, by name."""

from enum import StrEnum
from typing import Any

from torch import nn

from cathograph.gnn.graph_layout import GraphLayout
from cathograph.gnn.networks.gatv2_model import GATv2Model
from cathograph.gnn.networks.mlp_model import MLPModel
from cathograph.gnn.networks.nnconv_model import NNConvModel


class Architecture(StrEnum):
    """What can be trained."""

    NNCONV = "nnconv"
    GATV2 = "gatv2"
    MLP = "mlp"


def build_model(architecture: Architecture, layout: GraphLayout, sizes: dict[str, Any]) -> nn.Module:
    """Make a network with fresh weights.

    Parameters
    ----------
    architecture : Architecture
        Which.
    layout : GraphLayout
        Of the graphs it takes.
    sizes : dict
        Keyword arguments of its class: ``hidden``, ``dropout``, ….
    """
    match architecture:
        case Architecture.NNCONV:
            return NNConvModel(layout, **sizes)
        case Architecture.GATV2:
            return GATv2Model(layout, **sizes)
        case Architecture.MLP:
            return MLPModel(layout, **sizes)
