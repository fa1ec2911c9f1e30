"""TPBs: by hand, against networkx triangles, and every junction is a triangle."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_images import (
    GRAPHITE,
    NMC,
    OTHER,
    SSE,
    contact_list,
    contacts_by_dilation,
    labelled_images,
    neighbours_by_list,
    neighbours_in,
    phases,
)

from cathograph.ingest.graph.junctions import find_junctions
from cathograph.ingest.graph.tpbs import find_tpbs
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.errors import InputError

PHASE_NAMES = {NMC: "NMC", SSE: "SSE", GRAPHITE: "Graphite", OTHER: "other"}


def centroids(labels, names):
    return np.array([np.argwhere(labels == name).mean(axis=0) for name in names]).reshape(-1, labels.ndim)


def tpbs_of(labels, names, codes, radius_px, pixel_size_um=1.0):
    return find_tpbs(
        neighbours_in(labels, names, codes, contacts_by_dilation(labels, radius_px)),
        centroids(labels, names),
        find_junctions(Regions(labels, names, codes), radius_px=radius_px),
        pixel_size_um,
    )


def test_three_rectangles_by_hand():
    # r = 1. NMC 30: rows 0..3, columns 0..3; SSE 10: rows 0..3, columns 4..7; graphite 20: rows 4..7.
    # Centroids (1.5, 1.5), (1.5, 5.5), (5.5, 3.5): sides 4, √(16 + 4), √20.
    # NMC dilated by 1 covers SSE's column 4, rows 0..3: 4 pixels, and the same back: weight 4.
    # NMC dilated covers graphite's row 4, columns 0..4: 5 pixels; graphite dilated covers row 3 of NMC,
    # 4 pixels: weight 4.5. SSE–graphite likewise 4.5.
    labels = np.full((8, 8), 20)
    labels[:4, :4], labels[:4, 4:] = 30, 10
    found = tpbs_of(labels, np.array([10, 20, 30]), phases(SSE, GRAPHITE, NMC), 1, pixel_size_um=0.5)
    assert (found.nmc.tolist(), found.sse.tolist(), found.graphite.tolist()) == ([30], [10], [20])
    assert found.perimeter_um == pytest.approx([0.5 * (4 + 2 * np.sqrt(20))])
    assert found.interface_ratio == pytest.approx([4 / 4.5])
    assert found.weight_sum_px == pytest.approx([13.0])
    assert found.junctions.tolist() == [1]
    assert found.is_physical.tolist() == [True]
    assert found.junction_positions_px.tolist() == [[3.5, 3.5]]
    assert np.isnan(found.junction_length_um).all()


def test_a_ring_is_a_tpb_in_which_nothing_meets():
    # r = 1: NMC above, SSE at the left, graphite at the right and below: three contacts in three places.
    labels = np.zeros((8, 8), dtype=int)
    labels[0], labels[1:, 0], labels[1:, 7], labels[7, 4:] = 1, 2, 3, 3
    labels[7, :4] = 2
    found = tpbs_of(labels, np.array([1, 2, 3]), phases(NMC, SSE, GRAPHITE), 1)
    assert found.nmc.size == 1
    assert found.junctions.tolist() == [0]
    assert found.is_physical.tolist() == [False]
    assert found.junction_offsets.tolist() == [0, 0]


def test_two_contacts_are_no_tpb():
    # r = 1, one row: N S G. N and G are 2 apart.
    found = tpbs_of(np.array([[1, 2, 3]]), np.array([1, 2, 3]), phases(NMC, SSE, GRAPHITE), 1)
    assert found.nmc.size == 0
    assert found.junction_positions_px.shape == (0, 2)


def test_line_length_of_a_voxel_image():
    # Three bars along z, 15 voxels of 0.4 µm.
    labels = np.ones((15, 10, 10), dtype=int)
    labels[:, 5:, :5], labels[:, 5:, 5:] = 2, 3
    found = tpbs_of(labels, np.array([1, 2, 3]), phases(NMC, SSE, GRAPHITE), 3, pixel_size_um=0.4)
    assert found.junction_length_um == pytest.approx([6.0], abs=0.4)
    # The same bars with a gap wider than r in their middle: two junctions, their lengths add up (5 + 5).
    labels[5:10, 3:7, 3:7] = 0
    labels[5:10] = 0
    found = tpbs_of(labels, np.array([1, 2, 3]), phases(NMC, SSE, GRAPHITE), 3, pixel_size_um=0.4)
    assert found.junctions.tolist() == [2]
    assert found.junction_length_um == pytest.approx([4.0], abs=0.8)
    # Without any junction the length is 0, not unknown.
    labels = np.zeros((8, 1, 8), dtype=int)
    labels[0], labels[1:, 0, 0], labels[1:, 0, 7], labels[7, 0, 4:] = 1, 2, 3, 3
    labels[7, 0, :4] = 2
    found = tpbs_of(labels, np.array([1, 2, 3]), phases(NMC, SSE, GRAPHITE), 1)
    assert found.junction_length_um.tolist() == [0.0]


@given(labelled_images(), st.integers(0, 4))
def test_equal_to_networkx_triangles_and_to_their_junctions(image, radius_px):
    labels, names, codes = image
    contacts = contacts_by_dilation(labels, radius_px)
    junctions = find_junctions(Regions(labels, names, codes), radius_px=radius_px)
    places = centroids(labels, names)
    found = find_tpbs(neighbours_in(labels, names, codes, contacts), places, junctions, 0.25)
    graph = nx.Graph()
    for name, code, place in zip(names.tolist(), codes.tolist(), places, strict=True):
        graph.add_node(name, phase=PHASE_NAMES[code], place=place)
    for a, b, weight in zip(contacts.a.tolist(), contacts.b.tolist(), contacts.weight_px, strict=True):
        graph.add_edge(a, b, weight=weight)
    expected = {}
    for corners in nx.enumerate_all_cliques(graph):
        by_phase = {graph.nodes[n]["phase"]: n for n in corners}
        if len(corners) == 3 and set(by_phase) == {"NMC", "SSE", "Graphite"}:
            n, s, g = (by_phase[phase] for phase in ("NMC", "SSE", "Graphite"))
            perimeter = sum(
                np.linalg.norm(graph.nodes[p]["place"] - graph.nodes[q]["place"])
                for p, q in combinations(corners, 2)
            )
            weight = [graph.edges[edge]["weight"] for edge in ((n, s), (n, g), (s, g))]
            expected[n, s, g] = (0.25 * perimeter, weight[0] / weight[1], sum(weight))
    triples = list(zip(found.nmc.tolist(), found.sse.tolist(), found.graphite.tolist(), strict=True))
    assert triples == sorted(expected)
    columns = np.stack([found.perimeter_um, found.interface_ratio, found.weight_sum_px], axis=1)
    np.testing.assert_allclose(columns, np.array([expected[t] for t in triples]).reshape(-1, 3))
    # Every triple that meets is a triangle of contacts: three pixels pairwise within r.
    met = dict(
        zip(
            zip(junctions.nmc.tolist(), junctions.sse.tolist(), junctions.graphite.tolist(), strict=True),
            junctions.count.tolist(),
            strict=True,
        )
    )
    assert set(met) <= set(triples)
    assert found.junctions.tolist() == [met.get(triple, 0) for triple in triples]
    assert (found.is_physical == (found.junctions > 0)).all()
    np.testing.assert_array_equal(np.diff(found.junction_offsets), found.junctions)
    np.testing.assert_array_equal(found.junction_positions_px, junctions.positions_px)
    if labels.ndim == 3:
        assert found.junction_length_um.sum() == pytest.approx(0.25 * junctions.length_px.sum())


def test_hubs_are_searched_from_the_shorter_side():
    # One SSE body that touches 200 NMC and 300 graphite grains; NMC k touches graphite k and k + 1.
    nmc, graphite, hub = np.arange(1, 201), np.arange(1001, 1301), 5000
    pairs = {(int(n), hub): 2 for n in nmc} | {(int(g), hub): 3 for g in graphite}
    pairs |= {(int(n), 1000 + int(n) + step): 5 for n in nmc for step in (0, 1)}
    names = np.concatenate((nmc, graphite, [hub]))
    codes = np.repeat(phases(NMC, GRAPHITE, SSE), [200, 300, 1])
    neighbours = neighbours_by_list(contact_list(pairs), names, codes)
    found = find_tpbs(neighbours, np.zeros((names.size, 2)), find_junctions(neighbours.regions), 1.0)
    expected = [(int(n), hub, 1000 + int(n) + step) for n in nmc for step in (0, 1)]
    assert list(zip(found.nmc, found.sse, found.graphite, strict=True)) == expected
    assert set(found.interface_ratio) == {2 / 5}
    assert set(found.weight_sum_px) == {10.0}


LABELS, NAMES, CODES = np.array([[1, 2], [3, 3]]), np.array([1, 2, 3]), phases(NMC, SSE, GRAPHITE)


def touching(contacts):
    return neighbours_in(LABELS, NAMES, CODES, contacts)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"neighbours": touching(contacts_by_dilation(LABELS, 2))}, "radius 2 px and junctions at 1 px"),
        ({"neighbours": touching(contact_list({(1, 2): 1}, 1))}, "not all in contact"),
        ({"neighbours": touching(contact_list({}, 1))}, "not all in contact"),
        ({"centroids_px": np.zeros((2, 2))}, r"\(2, 2\)"),
        ({"centroids_px": np.zeros((3, 3))}, r"\(3, 3\)"),
        ({"pixel_size_um": 0.0}, "pixel size 0.0"),
        ({"pixel_size_um": float("nan")}, "pixel size nan"),
    ],
)
def test_bad_input(change, found):
    good = {
        "neighbours": touching(contacts_by_dilation(LABELS, 1)),
        "centroids_px": centroids(LABELS, NAMES),
        "junctions": find_junctions(Regions(LABELS, NAMES, CODES), radius_px=1),
        "pixel_size_um": 1.0,
    }
    find_tpbs(**good)
    with pytest.raises(InputError, match=found):
        find_tpbs(**(good | change))
