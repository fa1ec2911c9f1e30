"""Percolation: the example of decision 7, sides by hand, and brute force on random graphs."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from contact_graphs import as_networkx, random_tables

from cathograph.analysis.network.network_metrics import measure_network
from cathograph.ingest.graph.contacts import find_contacts
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.regions.shapes import measure_regions
from cathograph.schema.composites import SIDES

# docs/decisions/0007: contact radius 1, so nothing reaches across the two empty columns.
EXAMPLE = np.array(
    [
        [1, 1, 1, 0, 0, 5, 5, 5],
        [1, 1, 1, 0, 0, 5, 5, 5],
        [2, 2, 2, 0, 0, 6, 6, 6],
        [2, 2, 2, 0, 0, 6, 6, 6],
        [3, 3, 3, 0, 0, 6, 6, 6],
        [3, 3, 3, 0, 0, 6, 6, 6],
        [4, 4, 4, 0, 0, 6, 6, 6],
        [4, 4, 4, 0, 0, 6, 6, 6],
    ],
    dtype=np.int32,
)
EXAMPLE_PHASES = ["SSE", "NMC", "SSE", "NMC", "NMC", "Graphite"]


def metrics_of(labels, phases):
    contacts = find_contacts(labels, radius_px=1)
    names = np.unique(labels[labels > 0])
    regions = Regions(labels, names, np.ones(names.size, dtype=np.uint8))
    particles = pd.DataFrame(
        {"label": names, "phase": phases, "bbox": measure_regions(regions).bbox.tolist()}
    )
    table = pd.DataFrame({"a": contacts.a, "b": contacts.b, "weight_px": contacts.weight_px})
    return measure_network(particles, table, labels.shape).set_index("label")


def test_example_of_the_decision():
    found = metrics_of(EXAMPLE, EXAMPLE_PHASES)
    # NMC 2 touches SSE 1, which lies at the top and on the left. SSE 3 lies on the left only: no way leads
    # through NMC 2. NMC 5 lies at the top itself, which does not count without SSE.
    assert found["ionic_sides"].tolist() == [["top", "left"], ["top", "left"], ["left"], ["left"], [], None]
    # NMC 4 lies at the bottom itself and touches no graphite; NMC 5 does.
    graphite = ["bottom", "right"]
    assert found["electronic_sides"].tolist() == [None, [], None, [], graphite, graphite]
    # Without SSE 1 NMC 2 has no way to the top, but keeps that to the left through SSE 3; NMC 4 has SSE 3 only.
    assert found["cuts_off"].tolist() == [[1, 0, 0, 0], None, [0, 0, 1, 0], None, None, [0, 1, 0, 1]]


def test_3d_has_front_and_back():
    labels = np.zeros((3, 4, 4), dtype=np.int32)
    labels[0, 1:3, 1:3], labels[1, 1:3, 1:3], labels[2, 1:3, 1:3] = 1, 2, 3
    found = metrics_of(labels, ["SSE", "NMC", "Graphite"])
    assert found.loc[2, ["ionic_sides", "electronic_sides"]].tolist() == [["front"], ["back"]]
    assert found["cuts_off"].tolist() == [[0, 0, 0, 0, 1, 0], None, [0, 0, 0, 0, 0, 1]]


@pytest.mark.parametrize("turned", range(4))
def test_turning_the_image_turns_the_sides(turned):
    """A quarter turn against the clock takes the top to the left, the left to the bottom, and so on."""
    turn = {"top": "left", "left": "bottom", "bottom": "right", "right": "top"}
    expected = metrics_of(EXAMPLE, EXAMPLE_PHASES)["ionic_sides"].dropna()
    for _ in range(turned):
        expected = expected.map(lambda sides: [turn[side] for side in sides])
    found = metrics_of(np.rot90(EXAMPLE, turned).copy(), EXAMPLE_PHASES)["ionic_sides"].dropna()
    assert found.map(set).to_dict() == expected.map(set).to_dict()


@pytest.mark.parametrize("seed", range(60))
def test_equal_to_brute_force(seed):
    """Reached: a path in networkx; cut off: take each carrier out and look again."""
    particles, contacts = random_tables(seed)
    shape = (8, 8)
    particles["bbox"] = particles["bbox"].map(lambda box: [*box[:2], min(box[2], 8), min(box[3], 8)])
    found = measure_network(particles, contacts, shape).set_index("label")
    graph = as_networkx(particles, contacts)
    phase = particles.set_index("label")["phase"]
    boxes = particles.set_index("label")["bbox"]
    nmc = set(phase.index[phase == "NMC"])
    for carrier_phase, column in (("SSE", "ionic_sides"), ("Graphite", "electronic_sides")):
        carriers = set(phase.index[phase == carrier_phase])
        for place, side in enumerate(SIDES[:4]):
            at_side = {label for label in carriers if touches(boxes[label], side, shape)}
            reached = walk(graph, carriers, at_side, nmc)
            expected = {
                label for label, sides in found[column].items() if sides is not None and side in sides
            }
            assert expected == reached
            for carrier in carriers:
                left = walk(graph, carriers - {carrier}, at_side - {carrier}, nmc)
                assert found.loc[carrier, "cuts_off"][place] == len((reached - left) & nmc)


def touches(box, side, shape):
    return {
        "top": box[0] == 0,
        "bottom": box[2] == shape[0],
        "left": box[1] == 0,
        "right": box[3] == shape[1],
    }[side]


def walk(graph, carriers, at_side, nmc):
    """Carriers joined to the side through carriers, and the NMC that touch one of them."""
    ways = graph.subgraph(carriers)
    joined = set().union(*(nx.node_connected_component(ways, label) for label in at_side))
    return joined | {label for label in nmc if joined & set(graph[label])}
