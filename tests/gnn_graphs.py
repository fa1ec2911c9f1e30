"""Graphs of made particles, as the exporter gives them, with targets that are planted."""

import numpy as np
import torch
from torch_geometric.data import HeteroData

from cathograph.schema.composites import SSB_CATHODE

PHASES = ("NMC", "SSE", "Graphite")
FEATURES = ["area_um2", "convexity", "noise"]
EDGE_FEATURES = ["overlap_target_px", "overlap_source_px", "weight_px", "interface_um", "gap_px"]
TARGETS = ["soc_ev", "heterogeneity_ev", "polarization_ev"]


def make_graph(
    seed=0, *, n_nmc=8, n_sse=8, n_graphite=4, sample="s1", image=None, volume="", beamtime="", target="noise"
):
    """Make one image: `target` is "noise", "sse_interface" (a sum over SSE contacts), or "own" (its area)."""
    rng = np.random.default_rng(seed)
    counts = dict(zip(PHASES, (n_nmc, n_sse, n_graphite), strict=True))
    name = image or f"{seed:03d}"
    graph = HeteroData(
        sample=sample, image=name, volume=volume, beamtime=beamtime, cathode="", pixel_size_um=0.05,
        segmentation=f"k{sample}{name}", feature_names=FEATURES, edge_feature_names=EDGE_FEATURES,
        target_names=TARGETS, composite=SSB_CATHODE.name, composite_definition=SSB_CATHODE.definition,
    )  # fmt: skip
    start = 1
    for phase, n in counts.items():
        labels = np.arange(start, start + n)
        start += n
        graph[phase].x = torch.tensor(rng.normal(size=(n, len(FEATURES))))
        graph[phase].pos = torch.tensor(rng.uniform(0, 100, (n, 2)))
        graph[phase].label = torch.tensor(labels)
        graph[phase].key = [f"k{sample}{name}:{label}" for label in labels]
    for a in PHASES:
        for b in PHASES:
            graph[a, "contact", b].edge_index = torch.zeros((2, 0), dtype=torch.int64)
            graph[a, "contact", b].edge_attr = torch.zeros((0, 5), dtype=torch.float64)
    for a, b in (("NMC", "SSE"), ("NMC", "Graphite"), ("NMC", "NMC"), ("SSE", "Graphite")):
        _join(graph, a, b, rng)
    graph["NMC"].y = torch.tensor(_targets(graph, target, rng))
    graph["NMC"].y_mask = torch.ones((n_nmc, 3), dtype=torch.bool)
    return graph


def make_set(n, *, seed=0, **options):
    """Make several images."""
    return [make_graph(1000 * seed + k, **options) for k in range(n)]


def sse_interface(graph):
    """Sum, over the SSE contacts of each NMC, of interface times the SSE's area feature."""
    index, attr = graph["NMC", "contact", "SSE"].edge_index, graph["NMC", "contact", "SSE"].edge_attr
    parts = attr[:, 3] * graph["SSE"].x[index[1], 0]
    return torch.zeros(len(graph["NMC"].x), dtype=torch.float64).index_add_(0, index[0], parts).numpy()


def _join(graph, a, b, rng):
    pairs = [
        (i, j)
        for i in range(len(graph[a].x))
        for j in range(len(graph[b].x))
        if (a != b or i < j) and rng.random() < 0.3
    ]
    index = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).T
    m = index.shape[1]
    overlap = rng.integers(1, 50, (m, 2)).astype(float)
    attr = np.column_stack([overlap, overlap.mean(axis=1), rng.uniform(0, 2, m), rng.integers(1, 4, m)])
    there = (index, torch.tensor(attr))
    back = (index.flip(0), torch.tensor(attr[:, [1, 0, 2, 3, 4]]))
    for (source, sink), (one_index, one_attr) in (((a, b), there), ((b, a), back)):
        store = graph[source, "contact", sink]
        store.edge_index = torch.cat([store.edge_index, one_index], dim=1)
        store.edge_attr = torch.cat([store.edge_attr, one_attr])


def _targets(graph, target, rng):
    n = len(graph["NMC"].x)
    noise = rng.normal(size=(n, 3))
    if target == "noise":
        return noise
    value = sse_interface(graph) if target == "sse_interface" else graph["NMC"].x[:, 0].numpy()
    return value[:, None] * [1.0, 0.5, 2.0] + 0.02 * noise
