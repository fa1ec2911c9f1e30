"""The graph as GraphML or GEXF, for Gephi, Cytoscape, igraph and networkx.

Both have numbers, texts and truth values, but no lists and no nulls. So a list is written as JSON
(``[0, 4, 12, 9]``; the graph's attribute ``lists`` names such attributes) and a null is left out.
GEXF keeps the name ``label`` for what is shown beside a node, so there the label in the image is the
attribute ``particle_label``. Node ids are particle keys. The graph is undirected; ``overlap_ab``
belongs to the labels ``a`` and ``b`` of the edge, whichever end a program names first.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from xml.etree.ElementTree import ParseError

import networkx as nx

from cathograph.analysis.exports.exported_graph import (
    EDGE_KINDS,
    LISTS,
    NODE_KINDS,
    ExportedGraph,
    records,
    typed,
)
from cathograph.analysis.exports.xml_text import require_xml_text
from cathograph.schema.errors import InputError

GraphFormat = Literal["graphml", "gexf"]

_LABEL = "particle_label"


def write_graph(graph: ExportedGraph, path: Path, kind: GraphFormat) -> None:
    """Write a graph to one file.

    Parameters
    ----------
    graph : ExportedGraph
        What to write.
    path : Path
        File.
    kind : {"graphml", "gexf"}
        Format.

    Raises
    ------
    InputError
        When a name has a character that XML cannot hold, or the file cannot be written.
    """
    made = _as_networkx(graph, kind)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "graphml":
            nx.write_graphml_xml(made, path, infer_numeric_types=False)
        else:
            nx.write_gexf(made, path)
    except OSError as error:
        msg = f"Found {path} not writable ({error.strerror}); expected a folder with room. Choose another --out."
        raise InputError(msg) from error


def read_graph(path: Path, kind: GraphFormat) -> ExportedGraph:
    """Read a graph that `write_graph` wrote.

    Raises
    ------
    InputError
        When the file is missing or is no such graph.
    """
    try:
        made = nx.read_graphml(path) if kind == "graphml" else nx.read_gexf(path)
    except (OSError, nx.NetworkXError, ParseError) as error:
        msg = f"Found {path} unreadable ({error}); expected a file of `cathograph export --format {kind}`."
        raise InputError(msg) from error
    nodes = [{**_decoded(data, kind), "key": key} for key, data in made.nodes(data=True)]
    edges = []
    for first, second, data in made.edges(data=True):
        plain = _decoded(data, kind)
        # Undirected: the ends come in any order, the source is the one with the lower label.
        label = _LABEL if kind == "gexf" else "label"
        ordered = sorted((first, second), key=lambda key: int(made.nodes[key][label]))
        edges.append({**plain, "source": ordered[0], "target": ordered[1]})
    edges.sort(key=lambda edge: (edge["sample"], edge["image"], edge["a"], edge["b"]))
    return ExportedGraph(
        particles=typed({name: [node.get(name) for node in nodes] for name in NODE_KINDS}, NODE_KINDS),
        contacts=typed({name: [edge.get(name) for edge in edges] for name in EDGE_KINDS}, EDGE_KINDS),
    )


def _as_networkx(graph: ExportedGraph, kind: GraphFormat) -> "nx.Graph[str]":
    made: nx.Graph[str] = nx.Graph(lists=", ".join(sorted(LISTS)))
    for node in records(graph.particles, NODE_KINDS):
        key = str(node.pop("key"))
        attributes = _encoded(node)
        if kind == "gexf":
            attributes[_LABEL] = attributes.pop("label")
            attributes["label"] = f"{node['phase']} {node['label']}"
        made.add_node(key, **attributes)
    for edge in records(graph.contacts, EDGE_KINDS):
        made.add_edge(edge.pop("source"), edge.pop("target"), **_encoded(edge))
    return made


def _encoded(properties: Mapping[str, object]) -> dict[str, object]:
    encoded: dict[str, object] = {}
    for name, value in properties.items():
        text = json.dumps(value) if isinstance(value, list) else value
        if isinstance(text, str):
            require_xml_text(name, text, "GraphML or GEXF")
        encoded[name] = text
    return encoded


def _decoded(data: Mapping[str, Any], kind: GraphFormat) -> dict[str, Any]:
    decoded = {
        name: json.loads(value) if name in LISTS and isinstance(value, str) else value
        for name, value in data.items()
    }
    if kind == "gexf" and _LABEL in decoded:
        decoded["label"] = decoded.pop(_LABEL)
    return decoded
