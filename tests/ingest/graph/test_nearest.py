"""Nearest NMC: by hand, and exact against all pairs of pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from small_images import (
    GRAPHITE,
    NMC,
    SSE,
    contact_list,
    contacts_by_dilation,
    labelled_images,
    neighbours_in,
    phases,
)

from cathograph.ingest.graph.nearest import find_nearest_nmc
from cathograph.schema.errors import InputImageError

NO_CONTACTS = contact_list({})


def nearest_of(labels, names, codes, contacts):
    return find_nearest_nmc(neighbours_in(labels, names, codes, contacts))


def rows(found):
    return {
        int(n): (int(m), float(d), str(v), bool(t))
        for n, m, d, v, t in zip(
            found.nmc, found.nearest, found.distance_px, found.via, found.touching, strict=True
        )
    }


def all_pairs(labels, names, codes, contacts):
    """Every pixel of every NMC against every pixel of every other."""
    places = {int(n): np.argwhere(labels == n) for n in names[codes == NMC]}
    touched = {int(n): set() for n in names}
    for a, b in zip(contacts.a.tolist(), contacts.b.tolist(), strict=True):
        touched[a].add(b)
        touched[b].add(a)
    code = dict(zip(names.tolist(), codes.tolist(), strict=True))
    expected = {}
    for a in places:
        others = [(cdist(places[a], places[b], "sqeuclidean").min(), b) for b in places if b != a]
        if others:
            squared, b = min(others)
            shared = {code[n] for n in touched[a] & touched[b]}
            via = {(0, 0): "neither", (1, 0): "SSE", (0, 1): "Graphite", (1, 1): "both"}
            touching = cdist(places[a], places[b], "chebyshev").min() == 1
            expected[a] = (b, np.sqrt(squared), via[SSE in shared, GRAPHITE in shared], bool(touching))
    return expected


def test_four_particles_by_hand():
    # 1 at (0, 0), 2 at (0, 3), 3 at (4, 0), 7 at (1, 4), each one pixel.
    # 1: 2 is 3 away, 3 is 4 away → 2. 2: 7 is a diagonal away, √2, touching. 3: 1 is 4 away, 7 is 5 away
    # (3 down, 4 across), 2 is 5 away → 1. 7: 2. The relation is not symmetric: 1's nearest is 2, 2's is 7.
    labels = np.zeros((8, 8), dtype=int)
    labels[0, 0], labels[0, 3], labels[4, 0], labels[1, 4] = 1, 2, 3, 7
    found = nearest_of(labels, np.array([1, 2, 3, 7]), phases(NMC, NMC, NMC, NMC), NO_CONTACTS)
    assert rows(found) == {
        1: (2, 3.0, "neither", False),
        2: (7, pytest.approx(np.sqrt(2)), "neither", True),
        3: (1, 4.0, "neither", False),
        7: (2, pytest.approx(np.sqrt(2)), "neither", True),
    }


def test_ties_go_to_the_lowest_label():
    # 5 in the middle, 9 left, 4 right, 3 above, all 2 away; the diagonal 1 is √8 away.
    labels = np.zeros((8, 8), dtype=int)
    labels[3, 3], labels[3, 1], labels[3, 5], labels[1, 3], labels[5, 5] = 5, 9, 4, 3, 1
    names = np.array([1, 3, 4, 5, 9])
    found = rows(nearest_of(labels, names, phases(*[NMC] * 5), NO_CONTACTS))
    assert found[5][:2] == (3, 2.0)
    # Several particles right below one long particle: all are 1 away, the lowest label counts.
    labels = np.array([[8, 8, 8, 8], [6, 2, 7, 7]])
    found = rows(nearest_of(labels, np.array([2, 6, 7, 8]), phases(*[NMC] * 4), NO_CONTACTS))
    assert found[8][:2] == (2, 1.0)


def test_boundary_to_boundary_not_centre_to_centre():
    # The long 1 and the small 3: boundaries 2 apart, centres 5; 2 lies 3 from 1.
    labels = np.zeros((8, 12), dtype=int)
    labels[4, :8], labels[4, 9], labels[0, 0:2] = 1, 3, 2
    found = rows(nearest_of(labels, np.array([1, 2, 3]), phases(NMC, NMC, NMC), NO_CONTACTS))
    assert found[1][:2] == (3, 2.0)
    assert found[2][:2] == (1, 4.0)


def test_a_particle_in_pieces_steps_over_its_own_pieces():
    # One row: 1 1 . 1 . 1 . . 2: from the last piece of 1, 2 is 3 away.
    labels = np.array([[1, 1, 0, 1, 0, 1, 0, 0, 2]])
    found = rows(nearest_of(labels, np.array([1, 2]), phases(NMC, NMC), NO_CONTACTS))
    assert found == {1: (2, 3.0, "neither", False), 2: (1, 3.0, "neither", False)}


@pytest.mark.parametrize(
    ("extra", "via"),
    [
        ({}, "neither"),
        ({(1, 5): 1}, "neither"),
        ({(1, 5): 1, (2, 5): 1}, "SSE"),
        ({(1, 6): 1, (2, 6): 1}, "Graphite"),
        ({(1, 5): 1, (2, 5): 1, (1, 6): 1, (2, 6): 1}, "both"),
        # Each has SSE and graphite, but not the same.
        ({(1, 5): 1, (2, 7): 1, (1, 6): 1, (2, 8): 1}, "neither"),
    ],
)
def test_via_shared_neighbours(extra, via):
    labels = np.array([[1, 0, 2], [5, 6, 7], [8, 8, 8]])
    names, codes = np.array([1, 2, 5, 6, 7, 8]), phases(NMC, NMC, SSE, GRAPHITE, SSE, GRAPHITE)
    found = nearest_of(labels, names, codes, contact_list(extra))
    assert found.via.tolist() == [via, via]


@given(labelled_images(), st.integers(1, 3))
def test_equal_to_all_pairs_of_pixels(image, radius_px):
    labels, names, codes = image
    contacts = contacts_by_dilation(labels, radius_px)
    found = rows(nearest_of(labels, names, codes, contacts))
    expected = all_pairs(labels, names, codes, contacts)
    assert list(found) == sorted(expected)
    for n, (nearest, distance, via, touching) in expected.items():
        assert found[n] == (nearest, pytest.approx(distance), via, touching)


@pytest.mark.parametrize("shape", [(70, 90), (20, 25, 30)])
def test_one_huge_and_many_tiny(shape):
    # A lattice of walls that spans the image, and single pixels in its cells.
    rng = np.random.default_rng(5)
    labels = np.zeros(shape, dtype=np.int64)
    for axis, side in enumerate(shape):
        np.moveaxis(labels, axis, 0)[4:side:11] = 50
    free = np.argwhere(labels == 0)
    tiny = free[rng.choice(len(free), 40, replace=False)]
    labels[tuple(tiny.T)] = np.arange(100, 140)
    names, codes = np.unique(labels[labels > 0]), phases(*[NMC] * 41)
    found = rows(nearest_of(labels, names, codes, NO_CONTACTS))
    expected = all_pairs(labels, names, codes, NO_CONTACTS)
    assert {n: row[:2] for n, row in found.items()} == {
        n: (row[0], pytest.approx(row[1])) for n, row in expected.items()
    }


@pytest.mark.parametrize(("labels", "codes"), [([[1, 2]], (NMC, SSE)), ([[1, 2]], (SSE, SSE)), ([[0]], ())])
def test_fewer_than_two_particles_give_no_row(labels, codes):
    found = nearest_of(np.array(labels), np.arange(1, len(codes) + 1), phases(*codes), NO_CONTACTS)
    assert found.nmc.size == found.nearest.size == found.distance_px.size == found.via.size == 0


def test_a_pixel_of_an_unknown_region():
    with pytest.raises(InputImageError, match="label 4"):
        nearest_of(np.array([[1, 4]]), np.array([1]), phases(NMC), NO_CONTACTS)
