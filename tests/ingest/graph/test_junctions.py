"""Junctions: by hand, against windows labelled with scipy, against pixels pairwise within r, on discs."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage as ndi
from scipy.spatial.distance import cdist
from small_images import GRAPHITE, NMC, OTHER, SSE, labelled_images, phases

from cathograph.ingest.graph.junctions import find_junctions
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.errors import InputError, InputImageError

# In the drawn images: N = 1 is NMC, S = 2 is SSE, G = 3 is graphite, X = 4 is another phase.
NAMES, CODES = np.array([1, 2, 3]), phases(NMC, SSE, GRAPHITE)


def draw(*rows):
    return np.array([[".NSGX".index(letter) for letter in row] for row in rows])


def junctions_of(image, radius_px):
    found = find_junctions(Regions(image, NAMES, CODES), radius_px=radius_px)
    return found.count.tolist(), found.positions_px.tolist()


def test_three_quarters_meet_in_a_point():
    # r = 1: windows of 2×2. Only the window at (3, 3), pixels (3..4, 3..4), holds N, S and G;
    # its centre is the corner at which they meet.
    image = draw(*["NNNNSSSS"] * 4, *["GGGGGGGG"] * 4)
    assert junctions_of(image, 1) == ([1], [[3.5, 3.5]])
    # r = 3: windows of 4×4 at rows 1, 2, 3 (they hold rows 3 and 4), columns 1, 2, 3: nine windows, one
    # junction, its mean centre is the same corner.
    assert junctions_of(image, 3) == ([1], [[3.5, 3.5]])


def test_ring_of_contacts_without_a_meeting():
    # r = 1: N–S touch at the left, N–G at the right, S–G below: a triangle of contacts, but no 2×2 window
    # holds all three.
    image = draw(
        "NNNNNNNN", "S......G", "S......G", "S......G", "S......G", "S......G", "S......G", "SSSSGGGG"
    )
    assert junctions_of(image, 1) == ([], [])
    # r = 7: one window, the whole image.
    assert junctions_of(image, 7) == ([1], [[3.5, 3.5]])


def test_within_r_of_all_three_is_not_enough():
    # r = 3. Pixel (3, 2) lies within 3 of N, of S and of G. But N–G are 6 rows apart, so no window of
    # 4×4 holds both. (N and G may be in contact elsewhere, outside this detail.)
    image = draw("N.......", "........", "........", "....S...", "........", "........", "G.......")
    assert junctions_of(image, 3) == ([], [])


def test_positions_connect_not_the_pixels_they_cover():
    # r = 3, 4 rows high, so windows differ in x only. x = 0 holds N (column 0), S, G; x = 1 (columns 1..4)
    # holds no N; x = 2 holds N (column 5). Both windows cover columns 2 and 3, yet positions 0 and 2 are no
    # neighbours: two junctions, centres at x = 1.5 and 3.5.
    image = draw("N.SG.N", "N.SG.N", "N.SG.N", "N.SG.N")
    assert junctions_of(image, 3) == ([2], [[1.5, 1.5], [1.5, 3.5]])


def test_diagonal_positions_are_neighbours():
    # r = 1: the 2×2 windows at (0, 0) and (1, 1) hold all three, (0, 1) and (1, 0) do not: 8-neighbours,
    # one junction, centre between (0.5, 0.5) and (1.5, 1.5).
    image = draw("GN.", ".SN", "..G")
    assert junctions_of(image, 1) == ([1], [[1.0, 1.0]])


def test_meeting_across_a_gap():
    # r = 2, windows of 3×3: N at (2, 2), S at (2, 4), G at (4, 2). Only the window at (2, 2) holds all.
    image = draw("......", "......", "..N.S.", "......", "..G...", "......")
    assert junctions_of(image, 2) == ([1], [[3.0, 3.0]])
    assert junctions_of(image, 1) == ([], [])


def test_image_smaller_than_the_window():
    # One row, r = 3: the window spans the image's single row and 3 of its 3 columns.
    assert junctions_of(draw("NSG"), 3) == ([1], [[0.0, 1.0]])
    # r = 1: N and G are 2 apart.
    assert junctions_of(draw("NSG"), 1) == ([], [])
    # Windows inside (x = 0 and 1), not those that stick out: the mean centre is 2, the middle of the row.
    assert junctions_of(draw(".NSG."), 3) == ([1], [[0.0, 2.0]])


def test_other_phases_and_background_never_take_part():
    image = draw("NS", "XG")
    found = find_junctions(
        Regions(image, np.array([1, 2, 3, 4]), phases(NMC, SSE, GRAPHITE, OTHER)), radius_px=1
    )
    assert (found.nmc.tolist(), found.sse.tolist(), found.graphite.tolist()) == ([1], [2], [3])
    found = find_junctions(
        Regions(image, np.array([1, 2, 3, 4]), phases(NMC, SSE, OTHER, OTHER)), radius_px=1
    )
    assert found.nmc.size == 0
    assert found.offsets.tolist() == [0]
    assert found.positions_px.shape == (0, 2)


def windows_by_definition(labels, triple, radius_px):
    sides = tuple(min(radius_px + 1, length) for length in labels.shape)
    views = np.lib.stride_tricks.sliding_window_view(labels, sides)
    axes = tuple(range(labels.ndim, 2 * labels.ndim))
    return np.logical_and.reduce([(views == name).any(axis=axes) for name in triple]), sides


@given(labelled_images(), st.integers(0, 4))
def test_equal_to_labelled_windows_and_to_pixels_pairwise_within_r(image, radius_px):
    labels, names, codes = image
    found = find_junctions(Regions(labels, names, codes), radius_px=radius_px)
    rows = {
        triple: found.positions_px[found.offsets[i] : found.offsets[i + 1]]
        for i, triple in enumerate(zip(found.nmc, found.sse, found.graphite, strict=True))
    }
    assert list(rows) == sorted(rows)
    assert [len(places) for places in rows.values()] == found.count.tolist()
    places = {name: np.argwhere(labels == name) for name in names}
    by_phase = [names[codes == code] for code in (NMC, SSE, GRAPHITE)]
    for triple in product(*by_phase):
        close = [
            cdist(places[a], places[b], "chebyshev") <= radius_px
            for a, b in ((triple[0], triple[1]), (triple[1], triple[2]), (triple[0], triple[2]))
        ]
        meets = bool(np.einsum("ij,jk,ik->", *(matrix.astype(int) for matrix in close)))
        assert (triple in rows) == meets
        if meets:
            windows, sides = windows_by_definition(labels, triple, radius_px)
            pieces, n = ndi.label(windows, np.ones((3,) * labels.ndim))
            centres = ndi.center_of_mass(windows, pieces, range(1, n + 1)) + (np.array(sides) - 1) / 2
            np.testing.assert_allclose(np.sort(rows[triple], axis=0), np.sort(centres, axis=0))
            np.testing.assert_allclose(rows[triple].sum(axis=0), np.sum(centres, axis=0))


@given(labelled_images(), st.integers(0, 3), st.randoms(use_true_random=False))
def test_relabelling_flipping_and_transposing_change_nothing(image, radius_px, random):
    labels, names, codes = image
    before = find_junctions(Regions(labels, names, codes), radius_px=radius_px)
    axis = random.randrange(labels.ndim)
    flipped = find_junctions(Regions(np.flip(labels, axis), names, codes), radius_px=radius_px)
    turned = find_junctions(Regions(labels.T, names, codes), radius_px=radius_px)
    for after in (flipped, turned):
        np.testing.assert_array_equal(before.count, after.count)
        np.testing.assert_array_equal(before.nmc, after.nmc)
    new_names = np.array(random.sample(range(1, 90000), names.size), dtype=np.int64)
    table = np.zeros(int(names.max(initial=0)) + 1, dtype=np.int64)
    table[names] = new_names
    order = np.argsort(new_names)
    renamed = find_junctions(Regions(table[labels], new_names[order], codes[order]), radius_px=radius_px)
    triples = {
        tuple(table[list(triple)]): n
        for *triple, n in zip(before.nmc, before.sse, before.graphite, before.count, strict=True)
    }
    assert triples == {
        tuple(triple): n
        for *triple, n in zip(renamed.nmc, renamed.sse, renamed.graphite, renamed.count, strict=True)
    }


@pytest.mark.parametrize(
    ("n_sectors", "radius_px"),
    # Narrower sectors than these lose their last pixels before the centre.
    [(3, 2), (4, 2), (6, 2), (3, 3), (4, 3), (6, 3), (9, 3), (6, 4), (9, 4), (12, 4)],
)
def test_sectors_of_a_disc_meet_at_its_centre(n_sectors, radius_px):
    # Sectors 1…k of cycling phases; every triple of three phases meets at the centre and nowhere else.
    y, x = np.indices((61, 61)) - 30.2
    angle = np.arctan2(y, x) % (2 * np.pi)
    labels = np.where(np.hypot(y, x) < 28, 1 + (angle * n_sectors / (2 * np.pi)).astype(int), 0)
    names = np.arange(1, n_sectors + 1)
    codes = np.resize(CODES, n_sectors)
    found = find_junctions(Regions(labels, names, codes), radius_px=radius_px)
    triples = set(zip(found.nmc, found.sse, found.graphite, strict=True))
    assert triples == set(product(*(names[codes == code] for code in (NMC, SSE, GRAPHITE))))
    assert (found.count == 1).all()
    # Windows reach further where sectors are narrow, but a window's centre stays within its own size.
    assert np.abs(found.positions_px - 30.2).max() <= radius_px
    assert np.isnan(found.length_px).all()


@pytest.mark.parametrize(
    ("labels", "radius_px", "error", "found"),
    [
        (draw("NSG"), -1, InputError, "radius_px = -1"),
        (np.array([[1.0]]), 3, InputImageError, "float64"),
        (np.array([[8]]), 3, InputImageError, "label 8"),
    ],
)
def test_bad_input(labels, radius_px, error, found):
    with pytest.raises(error, match=found):
        find_junctions(Regions(labels, NAMES, CODES), radius_px=radius_px)
