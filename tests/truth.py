"""The definitions of the design once more, as slowly and plainly as possible.

Nothing here calls our own code: contacts come from `scipy.ndimage` filters over one region at a
time, triangles and channels from networkx, nearest distances from all pairs of pixels. What the
store answers is compared with this.
"""

from itertools import combinations

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist


def contacts(labels: NDArray[np.integer], radius_px: int = 3) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Pairs (a < b) in contact → (overlap_ab, overlap_ba, gap_px)."""
    names = [int(name) for name in np.unique(labels) if name != 0]
    counts: dict[int, dict[int, int]] = {}
    for name in names:
        grown = ndimage.maximum_filter(labels == name, size=2 * radius_px + 1, mode="constant")
        seen, n = np.unique(labels[grown], return_counts=True)
        counts[name] = {
            int(other): int(k) for other, k in zip(seen, n, strict=True) if other not in (0, name)
        }
    places = {name: np.argwhere(labels == name) for name in names}
    return {
        (a, b): (counts[a][b], counts[b][a], gap(places[a], places[b]))
        for a, b in combinations(names, 2)
        if b in counts[a]
    }


def gap(one: NDArray[np.integer], other: NDArray[np.integer]) -> int:
    """Smallest Chebyshev distance between two sets of pixels."""
    return int(cKDTree(one).query(other, p=np.inf)[0].min())


def contact_graph(labels: NDArray[np.integer], phases: dict[int, str], radius_px: int = 3) -> nx.Graph:
    """Particle graph with the phase of each node, and `weight_px` and `gap_px` on each edge."""
    graph = nx.Graph()
    for name in np.unique(labels):
        if name:
            graph.add_node(int(name), phase=phases[int(name)])
    for (a, b), (ab, ba, gap_px) in contacts(labels, radius_px).items():
        graph.add_edge(a, b, weight_px=(ab + ba) / 2, gap_px=gap_px)
    return graph


def triangles(graph: nx.Graph) -> set[tuple[int, int, int]]:
    """(nmc, sse, graphite) pairwise in contact."""
    phase = nx.get_node_attributes(graph, "phase")
    found = set()
    for a, b in graph.edges:
        for c in nx.common_neighbors(graph, a, b):
            three = {phase[n]: n for n in (a, b, c)}
            if set(three) == {"NMC", "SSE", "Graphite"}:
                found.add((three["NMC"], three["SSE"], three["Graphite"]))
    return found


def has_junction(labels: NDArray[np.integer], triple: tuple[int, int, int], radius_px: int = 3) -> bool:
    """Whether some window of (radius + 1) pixels a side holds all three regions."""
    return bool(junction_windows(labels, triple, radius_px).any())


def junction_count(labels: NDArray[np.integer], triple: tuple[int, int, int], radius_px: int = 3) -> int:
    """Count groups of neighbouring window positions (over corners) that hold all three regions."""
    windows = junction_windows(labels, triple, radius_px)
    return int(ndimage.label(windows, structure=np.ones((3,) * labels.ndim))[1])


def junction_windows(
    labels: NDArray[np.integer], triple: tuple[int, int, int], radius_px: int
) -> NDArray[np.bool_]:
    """Window positions, wholly inside the image, that hold all three regions."""
    side = tuple(min(radius_px + 1, length) for length in labels.shape)
    windows = np.lib.stride_tricks.sliding_window_view(labels, side)
    axes = tuple(range(labels.ndim, 2 * labels.ndim))
    return np.logical_and.reduce([(windows == name).any(axis=axes) for name in triple])


def channels(graph: nx.Graph) -> dict[tuple[int, int], tuple[int, int]]:
    """Pairs of NMC (a < b) → (shared SSE, shared graphite neighbours), both at least 1."""
    phase = nx.get_node_attributes(graph, "phase")
    nmc = sorted(n for n in graph if phase[n] == "NMC")
    found = {}
    for a, b in combinations(nmc, 2):
        shared = [phase[n] for n in nx.common_neighbors(graph, a, b)]
        via = (shared.count("SSE"), shared.count("Graphite"))
        if min(via) > 0:
            found[a, b] = via
    return found


def touching_channels(graph: nx.Graph) -> dict[tuple[int, int], tuple[int, float]]:
    """Pairs of NMC (a < b) that touch → (shared SSE, at least 1; weight_px of their contact)."""
    phase = nx.get_node_attributes(graph, "phase")
    found = {}
    for one, other, contact in graph.edges(data=True):
        shared = sum(phase[n] == "SSE" for n in nx.common_neighbors(graph, one, other))
        if phase[one] == phase[other] == "NMC" and contact["gap_px"] == 1 and shared:
            found[min(one, other), max(one, other)] = (shared, contact["weight_px"])
    return found


def nearest(labels: NDArray[np.integer], graph: nx.Graph) -> dict[int, tuple[int, float, str, bool]]:
    """NMC → (nearest NMC, distance in pixels, via, touching); ties to the lowest label."""
    phase = nx.get_node_attributes(graph, "phase")
    places = {n: np.argwhere(labels == n) for n in sorted(graph) if phase[n] == "NMC"}
    found = {}
    for a, mine in places.items():
        others = [(float(cdist(mine, theirs).min()), b) for b, theirs in places.items() if b != a]
        if not others:
            continue
        distance, b = min(others)
        shared = {phase[n] for n in nx.common_neighbors(graph, a, b)} & {"SSE", "Graphite"}
        via = {0: "neither", 1: next(iter(shared), ""), 2: "both"}[len(shared)]
        touching = bool(cdist(mine, places[b], "chebyshev").min() == 1)
        found[a] = (b, distance, via, touching)
    return found


def perimeter_px(labels: NDArray[np.integer], triple: tuple[int, int, int]) -> float:
    """Perimeter of the triangle of the centroids, in pixels."""
    points = [np.argwhere(labels == name).mean(axis=0) for name in triple]
    return float(sum(np.linalg.norm(p - q) for p, q in combinations(points, 2)))
