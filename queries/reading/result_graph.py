"""The nodes and relationships in the answer to a query, as a graph."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from neo4j.graph import Node, Path, Relationship

from cathograph.queries.server.driver_values import to_plain


@dataclass(frozen=True)
class GraphNode:
    """A node: its labels and what it carries."""

    labels: tuple[str, ...]
    properties: dict[str, Any]


@dataclass(frozen=True)
class GraphLink:
    """A relationship: from which node to which, its type and what it carries."""

    source: str
    target: str
    type: str
    properties: dict[str, Any]


@dataclass
class ResultGraph:
    """Nodes and relationships by the server's identifiers.

    Attributes
    ----------
    nodes : dict
        Also the ends of relationships that were returned without them; those have neither labels nor properties.
    links : dict
        Relationships.
    """

    nodes: dict[str, GraphNode] = field(default_factory=dict)
    links: dict[str, GraphLink] = field(default_factory=dict)

    def add(self, value: object) -> None:
        """Add what is in a cell; what is neither node, relationship nor path is passed over."""
        if isinstance(value, Node):
            self.nodes[value.element_id] = GraphNode(
                tuple(sorted(value.labels)), to_plain(dict(value.items()))
            )
        elif isinstance(value, Relationship):
            self._add_link(value)
        elif isinstance(value, Path):
            for part in (*value.nodes, *value.relationships):
                self.add(part)
        elif isinstance(value, list | tuple):
            for part in value:
                self.add(part)
        elif isinstance(value, dict):
            for part in value.values():
                self.add(part)

    def _add_link(self, link: Relationship) -> None:
        start, end = link.nodes
        if start is None or end is None:
            return
        for node in (start, end):
            self.nodes.setdefault(node.element_id, GraphNode((), {}))
        self.links[link.element_id] = GraphLink(
            start.element_id, end.element_id, link.type, to_plain(dict(link.items()))
        )


def graph_of(rows: Iterable[Iterable[object]]) -> ResultGraph:
    """Collect the graph in the rows of an answer, each node and relationship once."""
    graph = ResultGraph()
    for row in rows:
        for cell in row:
            graph.add(cell)
    return graph
