"""Exact betweenness and closeness of one large contact graph, beside what one would otherwise use.

Rivals. ``rustworkx + networkit``, the fastest pair of libraries found: the one for betweenness, the other for
closeness. ``Graph Data Science``, in a server of a temporary home, without the time of its projection.
``networkx``, of which only some sources are run and the time is scaled to all (said in its name): all of them
take a quarter of an hour. igraph is no rival here because of its licence (docs/decisions/0009).

Ours is `cathograph.analysis.network.brandes.path_centralities`: both from one search per particle. Every
rival's numbers must equal ours. For Graph Data Science the memory is the growth of its server.
"""

from collections.abc import Callable
from pathlib import Path

import networkit
import networkx
import numpy as np
import rustworkx
from numpy.typing import NDArray

from cathograph.analysis.network.brandes import PathCentralities, path_centralities
from cathograph.analysis.network.contact_graph import build_contact_graph
from cathograph.benchmarks.gds_metrics import paths_with_gds, projected
from cathograph.benchmarks.label_images import make_composite
from cathograph.benchmarks.measure import BenchRow, WrongAnswer, measure_peak_mb, time_alternately
from cathograph.benchmarks.speed.composite_rows import make_rows
from cathograph.benchmarks.speed.temporary_store import temporary_store
from cathograph.ingest.graph.contacts import find_contacts
from cathograph.queries.writing.images import IngestRunRecord, write_image

SHAPE = (2100, 2100)
"""About 10,000 particles."""
SOURCES = 40
"""Sources that networkx runs; its time is scaled to all."""
RIVALS = ("rustworkx + networkit", "Graph Data Science", f"networkx, scaled up from {SOURCES} sources")

Edges = NDArray[np.int64]
"""Rows (a, b): places of two particles in contact, from 0."""


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[BenchRow]:
    """Run the comparisons whose name or rival contains `only`.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each comparison.
    only : str, optional
        Part of a rival's name.

    Returns
    -------
    list of BenchRow
        One row per rival.

    Raises
    ------
    WrongAnswer
        When a rival's numbers and ours differ.
    """
    say = progress or (lambda line: None)
    say("making the image and its contacts")
    labels = make_composite(SHAPE)
    edges = _edges_of(labels)
    n = int(edges.max()) + 1
    name = f"betweenness + closeness, {n:,} particles, {len(edges):,} contacts"
    rivals = [rival for rival in RIVALS if only is None or only in rival or only in name]
    if not rivals:
        return []
    paths_of(edges[:64] % 16)  # compiled
    ours_peak_mb = measure_peak_mb("cathograph.benchmarks.speed.centrality:paths_of", edges)
    rows = []
    for rival in rivals:
        say(f"{name}: beside {rival}")
        compare = dict(zip(RIVALS, (_beside_libraries, _beside_gds, _beside_networkx), strict=True))[rival]
        ours_s, rival_s, rival_peak_mb = compare(labels, edges)
        rows.append(
            BenchRow(
                name=name,
                ours_s=ours_s,
                rival=rival,
                rival_s=rival_s,
                ratio=rival_s / ours_s,
                ours_peak_mb=ours_peak_mb,
                rival_peak_mb=rival_peak_mb,
            )
        )
    return rows


def paths_of(edges: Edges) -> PathCentralities:
    """Compute betweenness and closeness as Cathograph does, the graph's building included."""
    unique = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0)
    graph = build_contact_graph(
        np.arange(int(unique.max()) + 1), unique[:, 0], unique[:, 1], np.ones(len(unique))
    )
    return path_centralities(graph)


def paths_of_libraries(edges: Edges) -> PathCentralities:
    """Compute betweenness with rustworkx and closeness with networkit, all cores, graphs' building included."""
    n = int(edges.max()) + 1
    rust = rustworkx.PyGraph(multigraph=False)
    rust.add_nodes_from(range(n))
    rust.extend_from_edge_list([(a, b) for a, b in edges.tolist()])
    between = rustworkx.graph_betweenness_centrality(rust, normalized=False, parallel_threshold=1)
    kit = networkit.GraphFromCoo((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), n=n)
    closeness = networkit.centrality.Closeness(kit, True, networkit.centrality.ClosenessVariant.GENERALIZED)
    closeness.run()
    return PathCentralities(np.array([between[place] for place in range(n)]), np.array(closeness.scores()))


def paths_of_networkx(edges: Edges) -> NDArray[np.float64]:
    """Run both with networkx from `SOURCES` sources only; gives the closeness of these sources."""
    graph = networkx.empty_graph(int(edges.max()) + 1)
    graph.add_edges_from(edges.tolist())
    networkx.betweenness_centrality(graph, k=min(SOURCES, len(graph)), normalized=False, seed=0)
    return np.array([networkx.closeness_centrality(graph, u=source) for source in _sources(len(graph))])


def _beside_libraries(labels: NDArray[np.int32], edges: Edges) -> tuple[float, float, float]:
    ours_s, rival_s, ours, theirs = time_alternately(
        lambda: paths_of(edges), lambda: paths_of_libraries(edges)
    )
    _check(ours.betweenness, theirs.betweenness)
    _check(ours.closeness, theirs.closeness)
    return (
        ours_s,
        rival_s,
        measure_peak_mb("cathograph.benchmarks.speed.centrality:paths_of_libraries", edges),
    )


def _beside_networkx(labels: NDArray[np.int32], edges: Edges) -> tuple[float, float, float]:
    ours_s, rival_s, ours, theirs = time_alternately(
        lambda: paths_of(edges), lambda: paths_of_networkx(edges)
    )
    _check(ours.closeness[_sources(len(ours.closeness))], theirs)
    scale = len(ours.closeness) / SOURCES
    return (
        ours_s,
        rival_s * scale,
        measure_peak_mb("cathograph.benchmarks.speed.centrality:paths_of_networkx", edges),
    )


def _beside_gds(labels: NDArray[np.int32], edges: Edges) -> tuple[float, float, float]:
    rows = make_rows(labels)
    with temporary_store() as (store, pid):
        write_image(store, rows, IngestRunRecord.of_memory("benchmark"))
        with projected(store, rows.segmentation_key) as graph:
            before = _resident_mb(pid, "VmRSS")
            ours_s, rival_s, ours, theirs = time_alternately(
                lambda: paths_of(edges), lambda: paths_with_gds(store, graph)
            )
            grown = max(_resident_mb(pid, "VmHWM") - before, 0.0)
    # Labels of those in contact, ascending, are the places.
    theirs = theirs.loc[np.unique(rows.contacts[["a", "b"]].to_numpy())]
    _check(ours.betweenness, theirs["betweenness"].to_numpy())
    alone = len(rows.particles) - len(ours.closeness)  # isolated particles, which dilute closeness there
    n = len(ours.closeness)
    _check(ours.closeness * (n - 1) / (n + alone - 1), theirs["closeness"].to_numpy())
    return ours_s, rival_s, grown


def _edges_of(labels: NDArray[np.int32]) -> Edges:
    """Contacts by the places of those particles that have one."""
    contacts = find_contacts(labels)
    _, places = np.unique(np.stack([contacts.a, contacts.b], axis=1), return_inverse=True)
    return places.reshape(-1, 2).astype(np.int64)


def _sources(n: int) -> NDArray[np.int64]:
    return np.linspace(0, n - 1, min(SOURCES, n)).astype(np.int64)


def _resident_mb(pid: int, field: str) -> float:
    """Resident set of another process in MB (10⁶ bytes); Linux."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines[field].split()[0]) * 1024 / 1e6


def _check(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> None:
    if not np.allclose(ours, theirs, rtol=1e-6, atol=1e-6):
        worst = int(np.argmax(np.abs(ours - theirs)))
        msg = f"Found {ours[worst]} for particle {worst}, the rival {theirs[worst]}."
        raise WrongAnswer(msg)
