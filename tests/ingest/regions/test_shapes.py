"""Shapes of regions: hand-worked, against scikit-image, against circles and balls, and symmetry."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import regionprops_table

from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.regions.shapes import RegionShapes, measure_regions
from cathograph.schema.errors import InputImageError

LABELS = hnp.arrays(
    np.int64, hnp.array_shapes(min_dims=2, max_dims=3, max_side=7), elements=st.integers(0, 4)
)


def measure(labels: np.ndarray) -> RegionShapes:
    return measure_of(labels, np.unique(labels[labels > 0]))


def measure_of(labels: np.ndarray, values: np.ndarray) -> RegionShapes:
    return measure_regions(Regions(labels, values.astype(np.int64), np.ones(values.size, np.uint8)))


def ball(radius: float, ndim: int, centre: float = 0.3) -> np.ndarray:
    axis = np.arange(-math.ceil(radius) - 2, math.ceil(radius) + 3)
    return sum(np.square(np.meshgrid(*[axis - centre] * ndim, indexing="ij"))) <= radius**2


def test_hand_worked_2d():
    labels = np.array(
        [
            [7, 7, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0],
            [0, 0, 3, 3, 0, 0],
            [0, 0, 3, 0, 0, 0],
            [0, 0, 0, 0, 0, 7],
        ]
    )
    shapes = measure(labels)
    assert shapes.area_px.tolist() == [3, 3]
    # 3: (2,2) (2,3) (3,2). 7: (0,0) (0,1) (4,5), one region in two pieces.
    assert shapes.centroid_px.tolist() == [[7 / 3, 7 / 3], [4 / 3, 2]]
    assert shapes.bbox.tolist() == [[2, 2, 4, 4], [0, 0, 5, 6]]
    assert shapes.touches_border.tolist() == [False, True]
    assert shapes.equivalent_diameter_px == pytest.approx([math.sqrt(12 / math.pi)] * 2)
    # The triangle (0,0) (0,1) (4,5) has area 2 and 6 boundary points (4 on its long side): 2 + 3 + 1.
    assert shapes.convexity == pytest.approx([1, 3 / 6])


def test_hand_worked_3d():
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[1, 1:3, 1:4] = 9
    labels[2, 3, 4] = 4
    shapes = measure(labels)
    assert shapes.area_px.tolist() == [1, 6]
    assert shapes.centroid_px.tolist() == [[2, 3, 4], [1, 1.5, 2]]
    assert shapes.bbox.tolist() == [[2, 3, 4, 3, 4, 5], [1, 1, 1, 2, 3, 4]]
    assert shapes.touches_border.tolist() == [True, False]
    assert shapes.equivalent_diameter_px == pytest.approx([math.cbrt(6 / math.pi), math.cbrt(36 / math.pi)])


@given(LABELS, st.sampled_from([1, 10, 10**11]), st.sampled_from([np.int64, np.uint64]))
def test_equals_scikit_image(labels, factor, dtype):
    values = np.unique(labels[labels > 0])
    if not values.size:
        return
    ours = measure_of((labels * factor).astype(dtype), values * factor)
    theirs = regionprops_table(labels, properties=("area", "centroid", "bbox", "equivalent_diameter_area"))
    assert ours.area_px.tolist() == theirs["area"].tolist()
    assert ours.area_px.sum() == np.count_nonzero(labels)
    np.testing.assert_allclose(ours.equivalent_diameter_px, theirs["equivalent_diameter_area"])
    for axis in range(labels.ndim):
        np.testing.assert_allclose(ours.centroid_px[:, axis], theirs[f"centroid-{axis}"])
    for side in range(2 * labels.ndim):
        assert ours.bbox[:, side].tolist() == theirs[f"bbox-{side}"].tolist()


@pytest.mark.parametrize("radius", [20, 20.5, 33.3, 60])
@pytest.mark.parametrize("centre", [0.0, 0.3, 0.5])
def test_perimeter_of_discs_within_2_percent(radius, centre):
    perimeter = measure(ball(radius, 2, centre).astype(int)).perimeter_px[0]
    assert perimeter == pytest.approx(2 * math.pi * radius, rel=0.01)


@pytest.mark.parametrize("radius", [20, 31.4])
def test_surface_of_balls_within_2_percent(radius):
    surface = measure(ball(radius, 3).astype(int)).perimeter_px[0]
    assert surface == pytest.approx(4 * math.pi * radius**2, rel=0.01)


@pytest.mark.parametrize("degrees", range(0, 91, 5))
def test_perimeter_of_squares_at_every_angle(degrees):
    # Flat sides are the worst case: directions leave -1.4 … +1.3 %, the corners a little more.
    y, x = np.mgrid[-80:81, -80:81]
    turn = math.radians(degrees)
    u, v = y * math.cos(turn) - x * math.sin(turn), y * math.sin(turn) + x * math.cos(turn)
    square = np.maximum(abs(u - 0.2), abs(v + 0.1)) <= 50
    assert measure(square.astype(int)).perimeter_px[0] == pytest.approx(400, rel=0.025)


def test_holes_and_cut_edges_are_outline():
    # A ring has two circles. A disc cut in half by the border has its cut edge, like any half disc.
    ring = ball(40, 2) & ~np.pad(ball(20, 2), 20)
    assert measure(ring.astype(int)).perimeter_px[0] == pytest.approx(2 * math.pi * 60, rel=0.01)
    disc = ball(40, 2, 0.0).astype(int)
    cut = disc[disc.shape[0] // 2 :]
    inside = np.pad(cut, 3)
    assert measure(cut).perimeter_px[0] == measure(inside).perimeter_px[0]
    assert measure(cut).perimeter_px[0] == pytest.approx(math.pi * 40 + 80, rel=0.02)
    assert measure(cut).touches_border[0]
    assert not measure(inside).touches_border[0]


def test_touching_regions_each_have_their_whole_outline():
    # Against another region, against background or against the border: an outline is the same.
    disc = ball(25, 2)
    alone, among = disc.astype(int), np.where(disc, 1, 2)
    assert measure(among).perimeter_px[0] == measure(alone).perimeter_px[0]


@given(LABELS, st.randoms(use_true_random=False))
def test_flipping_transposing_relabelling_change_nothing(labels, random):
    values = np.unique(labels[labels > 0])
    before = measure_of(labels, values)
    axes = random.sample(range(labels.ndim), labels.ndim)
    flipped = random.randrange(labels.ndim)
    turned = np.flip(labels.transpose(axes), axis=flipped)
    after = measure_of(np.where(turned > 0, 5 - turned, 0), np.sort(5 - values))
    for column in ("area_px", "perimeter_px", "equivalent_diameter_px", "convexity", "touches_border"):
        assert getattr(after, column)[::-1].tolist() == getattr(before, column).tolist(), column
    centroid = before.centroid_px[:, axes]
    centroid[:, flipped] = turned.shape[flipped] - 1 - centroid[:, flipped]
    np.testing.assert_allclose(after.centroid_px[::-1], centroid, atol=1e-12)


def test_image_without_regions():
    shapes = measure_of(np.zeros((4, 5), int), np.zeros(0, np.int64))
    assert shapes.centroid_px.shape == (0, 2)
    assert shapes.bbox.shape == (0, 4)
    assert shapes.perimeter_px.shape == shapes.touches_border.shape == (0,)


def test_bad_input():
    with pytest.raises(InputImageError, match="no pixel"):
        measure_of(np.array([[1, 0]]), np.array([1, 2]))
    with pytest.raises(InputImageError, match="label 3"):
        measure_of(np.array([[1, 3]]), np.array([1]))
    with pytest.raises(InputImageError, match="1 dimensions"):
        measure_of(np.array([1, 3]), np.array([1, 3]))
