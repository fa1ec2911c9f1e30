"""z-scores from the training part alone: what a model learns from, and how its answers become eV again.

Means and deviations of the test part would be knowledge of it. A feature without variance carries nothing and
becomes 0 everywhere, also where a later image has another value: the model never saw what that would mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from cathograph.gnn.graph_layout import GraphLayout, name_of, target_phase, values
from cathograph.schema.errors import ModelError

_LEAST_RELATIVE_DEVIATION = 1e-12


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and standard deviation by column, float64; a deviation of 0 means a constant column."""

    mean: Tensor
    deviation: Tensor

    def scale(self, numbers: Tensor) -> Tensor:
        """Give z-scores; 0 for a constant column."""
        steady = self.deviation == 0
        scaled = (numbers - self.mean) / torch.where(steady, 1.0, self.deviation)
        return torch.where(steady, 0.0, scaled)

    def restore(self, scores: Tensor) -> Tensor:
        """Give numbers in their own unit back."""
        return scores.double() * self.deviation + self.mean

    def to_card(self) -> dict[str, list[float]]:
        """Give what JSON can hold, exactly."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> "Moments":
        """Read what `to_card` gave."""
        return cls(
            torch.tensor(card["mean"], dtype=torch.float64),
            torch.tensor(card["deviation"], dtype=torch.float64),
        )


@dataclass(frozen=True, eq=False)
class Scaling:
    """Moments of node features by phase, of contact features, and of targets."""

    nodes: dict[str, Moments]
    contacts: Moments
    targets: Moments

    def apply(self, graph: HeteroData) -> HeteroData:
        """Make what a model takes: float32 z-scores, and nothing that cannot be put into a batch.

        Raises
        ------
        ModelError
            When a feature is not a finite number.
        """
        check_finite(graph)
        scaled = HeteroData()
        for phase, moments in self.nodes.items():
            scaled[phase].x = moments.scale(values(graph, phase, "x")).float()
        for kind in graph.edge_types:
            scaled[kind].edge_index = graph[kind].edge_index
            scaled[kind].edge_attr = self.contacts.scale(graph[kind].edge_attr).float()
        active = target_phase(graph)
        mask = values(graph, active, "y_mask")
        scaled[active].y = torch.where(mask, self.targets.scale(values(graph, active, "y")), 0.0).float()
        scaled[active].y_mask = mask
        return scaled

    def to_card(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {
            "nodes": {phase: moments.to_card() for phase, moments in self.nodes.items()},
            "contacts": self.contacts.to_card(),
            "targets": self.targets.to_card(),
        }

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> "Scaling":
        """Read what `to_card` gave."""
        return cls(
            {phase: Moments.from_card(each) for phase, each in card["nodes"].items()},
            Moments.from_card(card["contacts"]),
            Moments.from_card(card["targets"]),
        )


def fit_scaling(graphs: Sequence[HeteroData], layout: GraphLayout) -> Scaling:
    """Compute moments over the training part.

    Parameters
    ----------
    graphs : sequence of HeteroData
        The training part, and nothing else.
    layout : GraphLayout
        Of these graphs.

    Raises
    ------
    ModelError
        When a feature is not a finite number, or a target was never measured.
    """
    for graph in graphs:
        check_finite(graph)
    nodes = {phase: _moments(torch.cat([values(g, phase, "x") for g in graphs])) for phase in layout.phases}
    contacts = _moments(
        torch.cat([values(graph, kind, "edge_attr") for graph in graphs for kind in graph.edge_types])
    )
    y = torch.cat([values(graph, layout.target_phase, "y") for graph in graphs])
    mask = torch.cat([values(graph, layout.target_phase, "y_mask") for graph in graphs])
    missing = [
        name for name, there in zip(layout.targets, mask.any(dim=0).tolist(), strict=True) if not there
    ]
    if missing:
        msg = (
            f"Found no measured {missing[0]} in {len(graphs)} training images; expected some. Ingest energy "
            "maps, or leave it out with --targets."
        )
        raise ModelError(msg)
    columns = [_moments(y[mask[:, place], place : place + 1]) for place in range(len(layout.targets))]
    targets = Moments(torch.cat([c.mean for c in columns]), torch.cat([c.deviation for c in columns]))
    return Scaling(nodes, contacts, targets)


def check_finite(graph: HeteroData) -> None:
    """Refuse features that are not finite numbers, and measured targets that are not.

    Raises
    ------
    ModelError
        Naming the first particle and feature.
    """
    names = graph.feature_names
    for phase in graph.node_types:
        bad = ~torch.isfinite(values(graph, phase, "x"))
        if bad.any():
            row, column = (int(place) for place in bad.nonzero()[0])
            name = (names[phase] if isinstance(names, dict) else names)[column]
            msg = (
                f"Found {values(graph, phase, 'x')[row, column].item()} for {name} of particle "
                f"{graph[phase].key[row]} in {name_of(graph)}; expected a number. Leave the feature out with "
                "--features, or run `cathograph metrics` where it is a network metric."
            )
            raise ModelError(msg)
    for kind in graph.edge_types:
        bad = ~torch.isfinite(graph[kind].edge_attr)
        if bad.any():
            column = int(bad.nonzero()[0, 1])
            msg = (
                f"Found a contact {kind[0]}-{kind[2]} of {name_of(graph)} whose {graph.edge_feature_names[column]} "
                "is no number; expected one. Ingest the image again."
            )
            raise ModelError(msg)
    active = target_phase(graph)
    measured = values(graph, active, "y")[values(graph, active, "y_mask")]
    if not torch.isfinite(measured).all():
        msg = (
            f"Found a measured state of {name_of(graph)} that is no number; expected the mask to leave it out. "
            "Export the graphs again."
        )
        raise ModelError(msg)


def _moments(numbers: Tensor) -> Moments:
    if not len(numbers):
        width = numbers.shape[1]
        return Moments(torch.zeros(width, dtype=torch.float64), torch.zeros(width, dtype=torch.float64))
    mean = numbers.double().mean(dim=0)
    deviation = numbers.double().std(dim=0, correction=0)
    # Rounding leaves a constant column a deviation of about 1e-16 of its value.
    steady = deviation <= _LEAST_RELATIVE_DEVIATION * mean.abs()
    return Moments(mean, torch.where(steady, 0.0, deviation))
