"""Splitting: distance maps, basins, hand-worked bodies, phantoms of known count, and the stop rules."""

import math

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from touching_balls import touching_balls

from cathograph.ingest.regions.basins import find_basins, join_basins
from cathograph.ingest.regions.convexity import measure_convexity
from cathograph.ingest.regions.distance_map import NO_BACKGROUND, squared_distance_map
from cathograph.ingest.regions.splitting import NECK_DEPTHS, SplitRules, split_bodies
from cathograph.schema.errors import SegmentationError

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=3, max_side=9))


def image(text: str) -> np.ndarray:
    return np.array([[character == "#" for character in line] for line in text.split()])


def disc(y: float, x: float, radius: float, shape: tuple[int, int] = (81, 121)) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def count_pieces(labels: np.ndarray) -> int:
    return np.unique(labels[labels > 0]).size


@given(MASKS)
def test_distance_map_equals_scipy(mask):
    squared = squared_distance_map(mask)
    if mask.all():
        assert (squared == NO_BACKGROUND).all()
    else:
        expected = np.rint(ndimage.distance_transform_edt(mask) ** 2)
        assert squared.tolist() == expected.astype(int).tolist()


def test_basins_and_neck_of_two_squares():
    # Two 5x5 squares, one pixel between them. Distances along the middle row:
    # 1 2 3 2 1 | 1 | 1 2 3 2 1. Two peaks of 3; the highest pass is 1 px high.
    mask = np.pad(image("#####.##### #####.##### ########### #####.##### #####.#####"), 1)
    basins = find_basins(squared_distance_map(mask))
    tree = join_basins(basins, ripple_px=0.5, min_area_px=1)
    assert basins.peak.tolist() == [9, 9]
    assert sorted(basins.area.tolist()) == [25, 26]
    # The way leads over the bridge, whose distance is 1: (3 - 1 - 0.5) / 3.
    assert tree.neck_depth.tolist() == [0.5]
    # A group of fewer pixels than the minimum area never gets a marker of its own.
    assert join_basins(basins, ripple_px=0.5, min_area_px=27).neck_depth.tolist() == [0]


@given(MASKS)
def test_basins_are_connected_and_trees_span_bodies(mask):
    basins = find_basins(squared_distance_map(mask))
    numbers = basins.unframed()
    assert np.array_equal(numbers >= 0, mask)
    neighbours = np.ones((3,) * mask.ndim)
    for basin in range(basins.peak.size):
        assert ndimage.label(numbers == basin, neighbours)[1] == 1
    tree = join_basins(basins, ripple_px=0.5, min_area_px=1)
    assert tree.first.size == tree.n_basins - ndimage.label(mask, neighbours)[1]
    assert ((tree.neck_depth >= 0) & (tree.neck_depth <= 1)).all()


def test_two_squares_are_split_at_their_bridge():
    # 51 pixels in a hull of 5x11 = 55: 0.927 < 0.95, so it is cut; a square alone, or with the bridge
    # pixel (a nose that widens no row), has convexity 1. The bridge goes to one of them.
    mask = np.pad(image("#####.##### #####.##### ########### #####.##### #####.#####"), 1)
    labels = split_bodies(mask)
    assert count_pieces(labels) == 2
    assert np.unique(labels[:, :6][mask[:, :6]]).size == 1
    assert np.unique(labels[:, 7:][mask[:, 7:]]).size == 1
    # A threshold that the body reaches keeps it whole,
    assert count_pieces(split_bodies(mask, SplitRules(convexity=0.92))) == 1
    # and so does a minimum area that it does not reach.
    assert count_pieces(split_bodies(mask, SplitRules(min_area_px=52))) == 1


def test_body_without_necks_stays_whole():
    # A plus of one-pixel arms has convexity 9/25 by its hull (the diamond of 25 pixels), but its
    # distance map is 1 everywhere: no child could be made.
    assert count_pieces(split_bodies(np.pad(image("..#.. ..#.. ##### ..#.. ..#.."), 2))) == 1
    # A ring of even width likewise: pixel steps make ripples on its ridge, but no neck.
    for outer, inner in ((35, 25), (30, 10), (20, 16)):
        assert count_pieces(split_bodies(disc(40, 40, outer) & ~disc(40, 40, inner))) == 1


@pytest.mark.parametrize("radius", [3, 3.5, 5, 10.3, 18, 33])
def test_single_round_shapes_are_never_split(radius):
    side = math.ceil(radius) + 3
    y, x = np.mgrid[-side : side + 1, -side : side + 1]
    for shape in (
        y**2 + x**2 <= radius**2,
        (y - 0.5) ** 2 + (x - 0.3) ** 2 <= radius**2,
        (y / radius) ** 2 + (x / (radius / 2)) ** 2 <= 1,
        ((y + x) / radius / 1.4) ** 2 + ((y - x) / (radius / 2)) ** 2 <= 1,
    ):
        assert count_pieces(split_bodies(shape)) == 1
        # Cut by the image border it is still convex.
        assert count_pieces(split_bodies(shape[side - 2 :])) == 1
    z, y, x = np.mgrid[-side : side + 1, -side : side + 1, -side : side + 1]
    assert count_pieces(split_bodies(z**2 + y**2 + x**2 <= radius**2)) == 1
    assert count_pieces(split_bodies((z / radius) ** 2 + (y / radius) ** 2 + (2 * x / radius) ** 2 <= 1)) == 1


@pytest.mark.parametrize("distance", [32, 36, 40])
def test_two_discs_from_overlapping_to_touching(distance):
    labels = split_bodies(disc(40, 40, 20) | disc(40, 40 + distance, 20))
    assert count_pieces(labels) == 2
    assert labels[40, 40] != labels[40, 40 + distance]
    # The cut lies in the middle: both pieces have the same area, but for the middle column.
    areas = np.bincount(labels[labels > 0])
    assert np.ptp(areas[areas > 0]) <= 41


def test_two_discs_that_are_convex_together_stay_whole():
    # At a distance of 1.3 radii the hull fills only the two slim notches: above the threshold.
    mask = disc(40, 40, 20) | disc(40, 66, 20)
    assert measure_convexity(mask.astype(int), np.array([1]))[0] > 0.95
    assert count_pieces(split_bodies(mask)) == 1
    assert count_pieces(split_bodies(mask, SplitRules(convexity=0.99))) == 2


def test_shallow_necks_of_rough_outlines_are_no_cut():
    # A disc with a saw-tooth outline is less convex than 0.95, and so would its pieces be.
    y, x = np.mgrid[-40:41, -40:41]
    angle = np.arctan2(y, x)
    rough = np.hypot(y, x) <= 30 + 3 * np.sign(np.sin(14 * angle))
    assert measure_convexity(rough.astype(int), np.array([1]))[0] < 0.95
    assert count_pieces(split_bodies(rough)) == 1


def test_flaws_inside_a_particle_do_not_split_it():
    # Two touching particles, one with speckle: the body is cut between them, not between the flaws.
    mask = disc(40, 40, 30) | disc(40, 95, 25)
    for y, x in ((30, 30), (45, 35), (38, 52), (52, 48), (28, 45)):
        mask[y : y + 3, x : x + 2] = False
    labels = split_bodies(mask)
    assert count_pieces(labels) == 2
    assert (labels[mask & disc(40, 40, 25)] == labels[40, 41]).all()
    # The flaws themselves stay background.
    assert np.array_equal(labels > 0, mask)


def test_gap_between_three_discs_is_no_flaw():
    # Centres at the corners of an equilateral triangle of side 2r: an enclosed gap of 0.16 r².
    mask = disc(55, 30, 20.5) | disc(55, 70, 20.5) | disc(55 - 34.6, 50, 20.5)
    assert not mask[43, 50]
    assert count_pieces(split_bodies(mask)) == 3


@pytest.mark.parametrize(("overlap", "grow"), [(0.0, 0.0), (0.0, 1.0), (0.1, 0.0), (0.2, 0.0)])
def test_count_of_touching_discs_within_2_percent(overlap, grow):
    phantom = touching_balls(side=1024, ndim=2, count=500, radii=(10, 26), overlap=overlap, grow=grow)
    assert phantom.count == 500
    assert ndimage.label(phantom.mask, np.ones((3, 3)))[1] < 100
    labels = split_bodies(phantom.mask)
    assert count_pieces(labels) == pytest.approx(phantom.count, rel=0.02)
    # Not only as many: the same. At least 96 % of the discs have a piece that covers three quarters
    # of what both cover together.
    both, shared = np.unique(
        np.stack([phantom.labels[phantom.mask], labels[phantom.mask]]), axis=1, return_counts=True
    )
    true_area, own_area = np.bincount(phantom.labels.ravel()), np.bincount(labels.ravel())
    likeness = shared / (true_area[both[0]] + own_area[both[1]] - shared)
    assert np.count_nonzero(likeness > 0.75) >= 0.96 * phantom.count


@pytest.mark.parametrize("grow", [0.0, 1.0])
def test_count_of_touching_balls_within_2_percent(grow):
    phantom = touching_balls(side=100, ndim=3, count=120, radii=(5, 12), grow=grow)
    assert phantom.count == 120
    assert count_pieces(split_bodies(phantom.mask)) == pytest.approx(phantom.count, rel=0.02)


@given(MASKS, st.integers(1, 5), st.integers(1, 30))
def test_pieces_partition_bodies_and_are_connected(mask, max_depth, min_area_px):
    rules = SplitRules(max_depth=max_depth, min_area_px=min_area_px)
    labels = split_bodies(mask, rules)
    assert np.array_equal(labels > 0, mask)
    neighbours = np.ones((3,) * mask.ndim)
    bodies, n_bodies = ndimage.label(mask, neighbours)
    for piece in np.unique(labels[mask]):
        assert ndimage.label(labels == piece, neighbours)[1] == 1
    for body in range(1, n_bodies + 1):
        inside = np.unique(labels[bodies == body])
        convexity = measure_convexity((bodies == body).astype(int), np.array([1]))[0]
        if convexity >= 0.95 or (bodies == body).sum() < min_area_px:
            assert inside.size == 1
        if inside.size > 1:  # then at least one piece is more convex than the body
            pieces = np.where(bodies == body, labels, 0)
            assert measure_convexity(pieces, inside.astype(np.int64)).max() > convexity


def test_deeper_refinement_only_cuts_further():
    mask = touching_balls(side=256, ndim=2, count=40, radii=(8, 20), overlap=0.25).mask
    before = split_bodies(mask, SplitRules(max_depth=1))
    for depth in range(2, len(NECK_DEPTHS) + 1):
        after = split_bodies(mask, SplitRules(max_depth=depth))
        pairs = np.unique(np.stack([before[mask], after[mask]]), axis=1)
        assert np.unique(pairs[1]).size == pairs.shape[1]  # each new piece lies in one old piece
        before = after


def test_flipping_and_transposing_change_no_count():
    mask = touching_balls(side=256, ndim=2, count=40, radii=(8, 20), overlap=0.1).mask
    counts = {count_pieces(split_bodies(view)) for view in (mask, mask[::-1], mask[:, ::-1], mask.T)}
    assert len(counts) == 1


def test_nothing_and_everything():
    assert not split_bodies(np.zeros((5, 6), bool)).any()
    assert (split_bodies(np.ones((5, 6), bool)) == 1).all()
    assert (split_bodies(np.ones((3, 4, 5), bool)) == 1).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"convexity": 0.0}, "convexity 0"),
        ({"convexity": 1.5}, "convexity 1.5"),
        ({"min_area_px": 0}, "min_area_px 0"),
        ({"max_depth": 6}, "max_depth 6"),
        ({"ripple_px": math.nan}, "ripple_px nan"),
    ],
)
def test_rules_that_cannot_be_meant(wrong, message):
    with pytest.raises(SegmentationError, match=message):
        SplitRules(**wrong)


@pytest.mark.parametrize("slice_number", [100, 103, 394, 929])
def test_real_slices_have_as_many_particles_as_their_readme_says(shared_data, slice_number):
    # "76 to 136 NMC particles a slice after watershed" (an usual one, speckle left out).
    mask = tifffile.imread(shared_data / "nmc-nanoct-pairs" / f"{slice_number}_label.tif") == 0
    areas = np.bincount(split_bodies(mask).ravel())[1:]
    assert 40 <= np.count_nonzero(areas >= 100) <= 150


def test_real_volume_has_as_many_particles_as_its_readme_says(shared_data):
    # "About 1,770" for the whole volume; a ninth of it keeps this short.
    path = shared_data / "nmc-ct-cbd-3d" / "nmc-1-cal_generatedCBD_bridge.tif"
    mask = tifffile.imread(path)[:84, :200, :150] == 1
    areas = np.bincount(split_bodies(mask).ravel())[1:]
    share = mask.size / (251 * 301 * 301)
    assert np.count_nonzero(areas >= 50) == pytest.approx(1770 * share, rel=0.35)
