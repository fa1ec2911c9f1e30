"""What a model must know of the graphs it takes: phases, features, targets, whose they are and at which edge.

A model is trained on graphs of one layout and refuses any other by name, because two exports with the same
number of columns would otherwise be mixed up without an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor
from torch_geometric.data import HeteroData

from cathograph.schema.composites import Composite
from cathograph.schema.errors import ModelError
from cathograph.schema.phases import NMC

EdgeType = tuple[str, str, str]


@dataclass(frozen=True)
class GraphLayout:
    """Names of what graphs hold, in the order of their columns.

    Attributes
    ----------
    node_features : dict of str to tuple of str
        Names of the columns of ``x`` by phase.
    edge_features : tuple of str
        Names of the columns of ``edge_attr``.
    targets : tuple of str
        Names of the columns of ``y``.
    target_phase : str
        Phase whose states are predicted: the active one.
    absorption_edge : str
        Edge of the states, as in ``Co K``; empty where no graph has any.
    with_flagged : bool
        Whether flagged states are targets.
    """

    node_features: dict[str, tuple[str, ...]]
    edge_features: tuple[str, ...]
    targets: tuple[str, ...]
    target_phase: str
    absorption_edge: str = ""
    with_flagged: bool = False

    @property
    def phases(self) -> tuple[str, ...]:
        """Phases, in the order of the graphs."""
        return tuple(self.node_features)

    @property
    def edge_types(self) -> tuple[EdgeType, ...]:
        """Contacts of every ordered pair of phases."""
        return tuple((a, "contact", b) for a in self.phases for b in self.phases)

    def to_card(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {
            "node_features": {phase: list(names) for phase, names in self.node_features.items()},
            "edge_features": list(self.edge_features),
            "targets": list(self.targets),
            "target_phase": self.target_phase,
            "absorption_edge": self.absorption_edge,
            "with_flagged": self.with_flagged,
        }

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> "GraphLayout":
        """Read what `to_card` gave.

        A card from before there were other composites and edges names neither: they were NMC and Ni K. One that does
        not speak of flagged states is of a model that learnt from them too.
        """
        return cls(
            {str(phase): tuple(names) for phase, names in card["node_features"].items()},
            tuple(card["edge_features"]),
            tuple(card["targets"]),
            str(card.get("target_phase", NMC.name)),
            str(card.get("absorption_edge", "Ni K")),
            bool(card.get("with_flagged", True)),
        )


def layout_of(graphs: Sequence[HeteroData]) -> GraphLayout:
    """Read the layout that all graphs share.

    Raises
    ------
    ModelError
        When there is no graph, or two have different layouts; the message names what differs.
    """
    if not graphs:
        msg = "Found no image; expected at least one. Widen the selection, or ingest images first."
        raise ModelError(msg)
    first = _one_layout(graphs[0])
    for graph in graphs[1:]:
        check_layout(first, graph)
        first = replace(first, absorption_edge=first.absorption_edge or _edge_of(graph))
    return first


def check_layout(expected: GraphLayout, graph: HeteroData) -> None:
    """Refuse a graph of another layout than the one a model was trained on.

    Raises
    ------
    ModelError
        Naming the phases or features that are missing or new.
    """
    found = _one_layout(graph)
    if found.phases != expected.phases:
        _refuse("phases", found.phases, expected.phases, graph)
    if found.target_phase != expected.target_phase:
        _refuse("active phase", (found.target_phase,), (expected.target_phase,), graph)
    for phase, names in expected.node_features.items():
        if found.node_features[phase] != names:
            _refuse(f"features of {phase}", found.node_features[phase], names, graph)
    if found.edge_features != expected.edge_features:
        _refuse("features of contacts", found.edge_features, expected.edge_features, graph)
    if found.absorption_edge and expected.absorption_edge not in ("", found.absorption_edge):
        _refuse("absorption edge", (found.absorption_edge,), (expected.absorption_edge,), graph)


def name_of(graph: HeteroData) -> str:
    """Name an image as messages do.

    Examples
    --------
    >>> name_of(HeteroData(sample="s1", image="07"))
    's1/07'
    """
    return f"{graph.sample}/{graph.image}"


def composite_of(graph: HeteroData) -> Composite:
    """Give the composite of an exported image."""
    return Composite.from_definition(graph.composite_definition)


def target_phase(graph: HeteroData) -> str:
    """Name the phase whose states are predicted: the one that has ``y``.

    Raises
    ------
    ModelError
        When there are several: a model has one head, and states of two materials are two questions.
    """
    active: list[str] = [phase for phase in graph.node_types if "y" in graph[phase]]
    if len(active) != 1:
        msg = (
            f"Found {len(active)} active phases ({', '.join(active) or 'none'}); expected one, because a model "
            "predicts the states of one. Ingest the images with a composite that has one active phase."
        )
        raise ModelError(msg)
    return active[0]


def values(graph: HeteroData, store: str | EdgeType, name: str) -> Tensor:
    """Read a tensor of a node or edge type."""
    tensor: Tensor = graph[store][name]
    return tensor


def _one_layout(graph: HeteroData) -> GraphLayout:
    phases = list(graph.node_types)
    names = graph.feature_names
    by_phase = {phase: tuple(names[phase]) if isinstance(names, dict) else tuple(names) for phase in phases}
    for phase, columns in by_phase.items():
        width = values(graph, phase, "x").shape[1]
        if width != len(columns):
            msg = (
                f"Found {width} columns and {len(columns)} names of features of {phase} in {name_of(graph)}; "
                "expected as many. Export the graphs again."
            )
            raise ModelError(msg)
    return GraphLayout(
        by_phase,
        tuple(graph.edge_feature_names),
        tuple(graph.target_names),
        target_phase(graph),
        _edge_of(graph),
        bool("with_flagged" in graph and graph.with_flagged),
    )


def _edge_of(graph: HeteroData) -> str:
    """Name the absorption edge of the states of a graph; batches of a store and parts of a graph name none."""
    return str(graph.absorption_edge) if "absorption_edge" in graph else ""


def _refuse(what: str, found: Sequence[str], expected: Sequence[str], graph: HeteroData) -> None:
    missing = [name for name in expected if name not in found]
    new = [name for name in found if name not in expected]
    differs = "; ".join(
        part
        for part in (
            f"missing: {', '.join(missing)}" if missing else "",
            f"not known to it: {', '.join(new)}" if new else "",
            "" if missing or new else f"in another order: {', '.join(found)}",
        )
        if part
    )
    msg = (
        f"Found other {what} in {name_of(graph)} than the model was trained on ({differs}); expected "
        f"{', '.join(expected)}. Export images of the same composite with the same --features, or train a model on "
        "these."
    )
    raise ModelError(msg)
