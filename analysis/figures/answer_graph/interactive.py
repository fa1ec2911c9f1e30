"""The graph in the answer of a query: nodes coloured by phase, properties in tooltips."""

import html
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx
import plotly.graph_objects as go

from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend

_OTHER = "#cc79a7"
_LINE = "#8a8a8a"
_MOST_LINES = 14
_LONGEST_VALUE = 60


@dataclass(frozen=True)
class DrawnNode:
    """The labels and properties of a node."""

    labels: tuple[str, ...]
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class DrawnLink:
    """The type and properties of a relationship between two nodes."""

    source: str
    target: str
    type: str
    properties: Mapping[str, Any]


def plot_answer_graph(
    nodes: Mapping[str, DrawnNode], links: Mapping[str, DrawnLink], legend: PhaseLegend = DEFAULT_LEGEND
) -> go.Figure:
    """Plot a graph with a spring layout; the same graph always gives the same picture.

    Parameters
    ----------
    nodes, links : Mapping
        By identifier. Both ends of each link must be nodes.
    legend : PhaseLegend
        How the phases look.

    Returns
    -------
    Figure
        One trace for each kind of node, so that the legend lists the kinds and can hide them.

    Notes
    -----
    Texts from the database are escaped, because Plotly interprets some HTML.
    """
    graph = nx.Graph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((link.source, link.target) for link in links.values())
    places = nx.spring_layout(graph, seed=1) if nodes else {}
    figure = go.Figure()
    _add_links(figure, links, places)
    phases = {look.name for look in legend.looks()}
    for kind in sorted({_kind(node, phases) for node in nodes.values()}):
        members = [name for name, node in nodes.items() if _kind(node, phases) == kind]
        figure.add_trace(
            go.Scatter(
                x=[float(places[name][0]) for name in members],
                y=[float(places[name][1]) for name in members],
                mode="markers+text",
                name=html.escape(kind),
                text=[_caption(nodes[name]) for name in members],
                textposition="top center",
                hovertext=[_card(", ".join(nodes[name].labels), nodes[name].properties) for name in members],
                hoverinfo="text",
                marker={
                    "size": 16,
                    "color": legend.look(kind).colour if kind in phases else _OTHER,
                    "symbol": legend.look(kind).symbol if kind in phases else "circle-open-dot",
                    "line": {"width": 1, "color": _LINE},
                },
            )
        )
    hidden = {"visible": False, "fixedrange": False}
    figure.update_layout(
        xaxis=hidden,
        yaxis=hidden,
        height=520,
        margin={"l": 0, "r": 0, "t": 10, "b": 0},
        dragmode="pan",
        legend={"orientation": "h"},
        hoverlabel={"align": "left"},
    )
    return figure


def _add_links(figure: go.Figure, links: Mapping[str, DrawnLink], places: Mapping[str, Any]) -> None:
    """Draw all lines as one trace, and a mark in the middle of each line for its tooltip."""
    across: list[float | None] = []
    along: list[float | None] = []
    for link in links.values():
        (x0, y0), (x1, y1) = places[link.source], places[link.target]
        across += [float(x0), float(x1), None]
        along += [float(y0), float(y1), None]
    if not across:
        return
    figure.add_trace(
        go.Scatter(
            x=across,
            y=along,
            mode="lines",
            line={"width": 1, "color": _LINE},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    middle = [(places[link.source] + places[link.target]) / 2 for link in links.values()]
    figure.add_trace(
        go.Scatter(
            x=[float(place[0]) for place in middle],
            y=[float(place[1]) for place in middle],
            mode="markers",
            marker={"size": 7, "color": _LINE, "opacity": 0.6},
            hovertext=[_card(link.type, link.properties) for link in links.values()],
            hoverinfo="text",
            showlegend=False,
        )
    )


def _kind(node: DrawnNode, known: Collection[str]) -> str:
    """Name the phase of a particle, or else the first label; nodes that the query did not return have none."""
    phases = [label for label in node.labels if label in known]
    return phases[0] if phases else node.labels[0] if node.labels else "not returned"


def _caption(node: DrawnNode) -> str:
    for name in ("label", "id"):
        if name in node.properties:
            return html.escape(_short(node.properties[name]))
    return ""


def _card(title: str, properties: Mapping[str, Any]) -> str:
    lines = [
        f"{html.escape(name)}: {html.escape(_short(value))}" for name, value in sorted(properties.items())
    ]
    more = [f"… {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    return "<br>".join([f"<b>{html.escape(title)}</b>", *lines[:_MOST_LINES], *more])


def _short(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
