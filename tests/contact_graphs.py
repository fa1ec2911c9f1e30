"""Contact graphs for tests: of every shape that images bring, and the same as networkx graphs."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pandas as pd

from cathograph.analysis.network.contact_graph import build_contact_graph
from cathograph.benchmarks.label_images import make_composite
from cathograph.ingest.graph.contacts import find_contacts

PHASES = ("NMC", "SSE", "Graphite")
N_GRAPHS = 100


def random_tables(seed):
    """Make particles and contacts: sparse, dense, bipartite, trees, hubs, real label images; some isolated."""
    rng = np.random.default_rng(seed)
    if seed % 5 == 0:
        contacts = find_contacts(make_composite((64, 80), seed=seed))
        labels = np.unique([contacts.a, contacts.b])
        a, b, weight = contacts.a, contacts.b, contacts.weight_px
        labels = np.append(labels, labels.max() + np.array([2, 5]))  # two that touch nothing
    else:
        n = int(rng.integers(2, 40))
        graph = [
            lambda: nx.gnm_random_graph(n, int(rng.integers(0, 3 * n)), seed=seed),
            lambda: nx.disjoint_union(nx.complete_bipartite_graph(2, n // 4), nx.path_graph(n // 2 + 1)),
            lambda: nx.disjoint_union(nx.random_labeled_tree(n, seed=seed), nx.star_graph(n // 2)),
            lambda: nx.compose(nx.gnm_random_graph(n, n // 2, seed=seed), nx.star_graph(n // 3)),
        ][seed % 5 - 1]()
        labels = 3 + 2 * np.arange(graph.number_of_nodes())
        edges = np.array(sorted(graph.edges), dtype=int).reshape(-1, 2)
        a, b = labels[edges.min(axis=1)], labels[edges.max(axis=1)]
        weight = rng.integers(2, 7, len(edges)) / 2  # few values: many paths of equal length
    particles = pd.DataFrame(
        {
            "label": labels,
            "phase": rng.choice(PHASES, len(labels)).astype(object),
            "bbox": [
                [int(y), int(x), int(y) + 2, int(x) + 2] for y, x in rng.integers(0, 7, (len(labels), 2))
            ],
        }
    )
    return particles, pd.DataFrame({"a": a, "b": b, "weight_px": weight})


def as_contact_graph(particles, contacts):
    return build_contact_graph(
        particles["label"].to_numpy(), *(contacts[name].to_numpy() for name in ("a", "b", "weight_px"))
    )


def as_networkx(particles, contacts, phases=PHASES):
    """Give the graph of some phases; `length` is an exact fraction, so that ties are ties."""
    graph = nx.Graph()
    graph.add_nodes_from(particles.loc[particles["phase"].isin(phases), "label"].tolist())
    for a, b, weight in contacts.itertuples(index=False):
        if a in graph and b in graph:
            graph.add_edge(a, b, weight=weight, length=1 / Fraction(weight))
    return graph
