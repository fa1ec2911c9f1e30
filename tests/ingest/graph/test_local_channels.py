"""Local channels: by hand, and against Dijkstra on the pixels of each region."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage as ndi
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from small_images import GRAPHITE, NMC, SSE, contacts_by_dilation, labelled_images, neighbours_in, phases

from cathograph.ingest.graph.channels import channel_pairs
from cathograph.ingest.graph.local_channels import find_local_channels
from cathograph.schema.errors import InputError


def rows(found):
    return {
        (int(a), int(b)): (pytest.approx(s), pytest.approx(g))
        for a, b, s, g in zip(
            found.nmc_a, found.nmc_b, found.path_sse_px, found.path_graphite_px, strict=True
        )
    }


def local_channels(labels, names, codes, radius_px, max_path_px):
    return find_local_channels(touching(labels, names, codes, radius_px), max_path_px=max_path_px)


def touching(labels, names, codes, radius_px):
    return neighbours_in(labels, names, codes, contacts_by_dilation(labels, radius_px))


# SSE 5 is the top row, graphite 6 the bottom row; NMC 1, 2, 3 hang between. r = 1.
#   5 5 5 5 5 5 5 5
#   1 . . . 2 . . 3
#   6 6 6 6 6 6 6 6
CORRIDORS = np.array([[5] * 8, [1, 0, 0, 0, 2, 0, 0, 3], [6] * 8])
CORRIDOR_NAMES, CORRIDOR_CODES = np.array([1, 2, 3, 5, 6]), phases(NMC, NMC, NMC, SSE, GRAPHITE)


@pytest.mark.parametrize(
    ("max_path_px", "pairs"),
    [
        # Pixels of either row in contact (r = 1): columns 0..1 with 1, 3..5 with 2, 6..7 with 3.
        # So 1–2 is 1 → 3, length 2; 2–3 is 5 → 6, length 1; 1–3 is 1 → 6, length 5.
        (0.9, {}),
        (1, {(2, 3): (1, 1)}),
        (2, {(1, 2): (2, 2), (2, 3): (1, 1)}),
        (4.9, {(1, 2): (2, 2), (2, 3): (1, 1)}),
        (5, {(1, 2): (2, 2), (1, 3): (5, 5), (2, 3): (1, 1)}),
    ],
)
def test_a_hub_joins_only_its_neighbours_along_the_way(max_path_px, pairs):
    assert rows(local_channels(CORRIDORS, CORRIDOR_NAMES, CORRIDOR_CODES, 1, max_path_px)) == pairs


def test_a_pixel_in_contact_with_both_makes_length_zero():
    # r = 2: column 2 of both rows is within 2 of 1 (column 0) and of 2 (column 4); 3 (column 7) shares
    # columns 5 and 6 with 2; from 1 (up to column 2) to 3 (from column 5) it is 3.
    found = rows(local_channels(CORRIDORS, CORRIDOR_NAMES, CORRIDOR_CODES, 2, 2))
    assert found == {(1, 2): (0, 0), (2, 3): (0, 0)}
    found = rows(local_channels(CORRIDORS, CORRIDOR_NAMES, CORRIDOR_CODES, 2, 3))
    assert found == {(1, 2): (0, 0), (1, 3): (3, 3), (2, 3): (0, 0)}


def test_paths_stay_inside_the_region():
    # r = 1. SSE 5 is a U: down the left side, along the bottom, up the right side. 1 and 2 sit on the two
    # tips, four columns apart as the crow flies, but the way leads around.
    labels = np.array(
        [
            [1, 0, 0, 0, 2],
            [5, 0, 6, 0, 5],
            [5, 6, 6, 6, 5],
            [5, 0, 0, 0, 5],
            [0, 5, 5, 5, 0],
        ]
    )
    names, codes = np.array([1, 2, 5, 6]), phases(NMC, NMC, SSE, GRAPHITE)
    # Graphite 6 is not in contact with 1 or 2 at r = 1 ((1, 2) is 2 columns away): no local channel.
    assert rows(local_channels(labels, names, codes, 1, 50)) == {}
    labels[1, 1:4] = 6
    # Now (1, 1) … (1, 3) is: 2 steps. SSE from (1, 0): down 2, diagonal, 2 along, diagonal, up 2.
    assert rows(local_channels(labels, names, codes, 1, 50)) == {(1, 2): (6 + 2 * np.sqrt(2), 2)}
    assert rows(local_channels(labels, names, codes, 1, 6 + 2 * np.sqrt(2))) != {}
    assert rows(local_channels(labels, names, codes, 1, 8.8)) == {}


def test_two_touching_regions_are_not_one_path():
    # The SSE layer is cut into regions 5 and 7 that touch: 1 and 2 share no SSE region.
    labels = np.array([[5, 5, 7, 7], [1, 0, 0, 2], [6, 6, 6, 6]])
    names, codes = np.array([1, 2, 5, 6, 7]), phases(NMC, NMC, SSE, GRAPHITE, SSE)
    assert rows(local_channels(labels, names, codes, 1, 50)) == {}
    labels[0] = 5
    assert rows(local_channels(labels, names[:4], codes[:4], 1, 50)) == {(1, 2): (1, 1)}


def test_a_region_in_two_pieces_is_no_path():
    # Label 5 in two pieces (ingested as regions): the contact graph shares it, no path joins its pieces.
    labels = np.array([[5, 0, 0, 5], [1, 0, 0, 2], [6, 6, 6, 6]])
    names, codes = np.array([1, 2, 5, 6]), phases(NMC, NMC, SSE, GRAPHITE)
    assert channel_pairs(touching(labels, names, codes, 1)).nmc_a.tolist() == [1]
    assert rows(local_channels(labels, names, codes, 1, 50)) == {}


def test_space_diagonals_cost_root_three():
    labels = np.zeros((4, 4, 4), dtype=int)
    labels[0, 0, 0], labels[3, 3, 3] = 1, 2
    labels[1, 1, 1] = labels[2, 2, 2] = 5
    labels[0, 0, 1] = labels[0, 1, 2] = labels[1, 2, 3] = labels[2, 3, 3] = 6
    names, codes = np.array([1, 2, 5, 6]), phases(NMC, NMC, SSE, GRAPHITE)
    # SSE: (1,1,1) → (2,2,2). Graphite: only (0,0,1) touches 1, only (2,3,3) touches 2; three steps between:
    # √2, √3, √2.
    assert rows(local_channels(labels, names, codes, 1, 5)) == {
        (1, 2): (np.sqrt(3), 2 * np.sqrt(2) + np.sqrt(3)),
    }


def paths_inside(labels, name, near):
    """Dijkstra over the pixels of one region, between those in contact with each pair of particles."""
    pixels = np.argwhere(labels == name)
    index = np.full(np.array(labels.shape) + 2, -1)
    index[tuple((pixels + 1).T)] = np.arange(len(pixels))
    froms, tos, costs = [], [], []
    for move in np.argwhere(np.ones((3,) * labels.ndim)) - 1:
        if move.any():
            other = index[tuple((pixels + 1 + move).T)]
            froms.append(np.flatnonzero(other >= 0))
            tos.append(other[other >= 0])
            costs.append(np.full(len(tos[-1]), np.sqrt(np.abs(move).sum())))
    links = (np.concatenate(costs), (np.concatenate(froms), np.concatenate(tos)))
    graph = coo_array(links, shape=(len(pixels),) * 2).tocsr()
    ends = {n: np.flatnonzero(mask[tuple(pixels.T)]) for n, mask in near.items()}
    ends = {n: pixels_in_contact for n, pixels_in_contact in ends.items() if pixels_in_contact.size}
    away = {n: dijkstra(graph, indices=seeds, min_only=True) for n, seeds in ends.items()}
    return {(a, b): away[a][ends[b]].min() for a, b in combinations(sorted(ends), 2)}


def by_dijkstra(labels, names, codes, radius_px, max_path_px):
    near = {
        int(n): ndi.maximum_filter((labels == n).astype(np.uint8), 2 * radius_px + 1, mode="constant") > 0
        for n in names[codes == NMC]
    }
    shortest = {SSE: {}, GRAPHITE: {}}
    for code, paths in shortest.items():
        for name in names[codes == code]:
            for pair, path in paths_inside(labels, name, near).items():
                if path <= max_path_px + 1e-9:
                    paths[pair] = min(path, paths.get(pair, np.inf))
    return {
        pair: (path, shortest[GRAPHITE][pair])
        for pair, path in shortest[SSE].items()
        if pair in shortest[GRAPHITE]
    }


@given(
    labelled_images(max_side_2d=8, max_side_3d=4), st.integers(1, 3), st.sampled_from([0, 1, 1.5, 3, 6, 1e6])
)
def test_equal_to_dijkstra_on_pixels(image, radius_px, max_path_px):
    labels, names, codes = image
    found = local_channels(labels, names, codes, radius_px, max_path_px)
    assert rows(found) == by_dijkstra(labels, names, codes, radius_px, max_path_px)
    pairs = list(zip(found.nmc_a.tolist(), found.nmc_b.tolist(), strict=True))
    assert pairs == sorted(pairs)
    shared = channel_pairs(touching(labels, names, codes, radius_px))
    assert set(pairs) <= set(zip(shared.nmc_a.tolist(), shared.nmc_b.tolist(), strict=True))


@pytest.mark.parametrize("shape", [(40, 40), (14, 14, 14)])
@pytest.mark.parametrize("max_path_px", [2, 7, 1e6])
def test_winding_hubs_equal_dijkstra(shape, max_path_px):
    # Two interwoven bodies (a smoothed random field cut at its median) and particles punched into them.
    rng = np.random.default_rng(11)
    field = ndi.gaussian_filter(rng.normal(size=shape), 2)
    labels = np.where(field > np.median(field), 101, 102)
    for n, centre in enumerate(rng.integers(2, np.array(shape) - 2, (12, len(shape))), start=1):
        labels[((np.moveaxis(np.indices(shape), 0, -1) - centre) ** 2).sum(axis=-1) <= 4] = n
    names = np.unique(labels)
    codes = np.where(names == 101, SSE, np.where(names == 102, GRAPHITE, NMC)).astype(np.uint8)
    found = rows(local_channels(labels, names, codes, 1, max_path_px))
    assert found == by_dijkstra(labels, names, codes, 1, max_path_px)
    assert found


def test_nothing_to_join():
    labels = np.array([[1, 5]])
    assert rows(local_channels(labels, np.array([1, 5]), phases(NMC, SSE), 1, 5)) == {}
    assert rows(local_channels(labels * 0, np.empty(0, np.int64), phases(), 1, 5)) == {}


@pytest.mark.parametrize("max_path_px", [-1.0, float("nan")])
def test_bad_input(max_path_px):
    with pytest.raises(InputError, match=f"max_path_px = {max_path_px}"):
        local_channels(CORRIDORS, CORRIDOR_NAMES, CORRIDOR_CODES, 1, max_path_px)
