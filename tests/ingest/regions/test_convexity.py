"""Convexity: hand-worked hulls, two independent oracles, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial import ConvexHull
from skimage.morphology import convex_hull_image

from cathograph.ingest.regions.convexity import measure_convexity
from cathograph.ingest.regions.lattice_hull import lattice_points_2d
from cathograph.schema.errors import InputImageError


def convexity(mask: np.ndarray) -> float:
    return float(measure_convexity(mask.astype(np.int32), np.array([1]))[0])


def image(text: str) -> np.ndarray:
    return np.array([[character == "#" for character in line] for line in text.split()])


def rank(mask: np.ndarray) -> int:
    """Dimension of the space that the pixel centres span."""
    points = np.argwhere(mask)
    return int(np.linalg.matrix_rank(points - points[0]))


def brute_force(mask: np.ndarray) -> float:
    """Pixels over grid points on the inner side of every facet of Qhull's hull."""
    points, dimension = np.argwhere(mask), rank(mask)
    if dimension < 2:
        return 1.0
    grid = np.argwhere(np.ones_like(mask))
    if dimension < mask.ndim:  # voxels in one plane: both go into coordinates of that plane
        _, _, axes = np.linalg.svd((points - points[0]).astype(float))
        grid = grid[np.abs((grid - points[0]) @ axes[2]) < 1e-9]
        grid, points = (grid - points[0]) @ axes[:2].T, (points - points[0]) @ axes[:2].T
    facets = ConvexHull(points).equations
    inside = (grid @ facets[:, :-1].T + facets[:, -1] < 1e-9).all(axis=1)
    return float(mask.sum() / inside.sum())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The hull of an L's centres is the triangle with corners at its tips: 3 + 2 + 1 centres.
        ("#.. #.. ###", 5 / 6),
        # A plus is the lattice disc of radius 1: the diamond holds no centre more.
        (".#. ### .#.", 1),
        # A ring lacks its middle.
        ("### #.# ###", 8 / 9),
        # A U: the hull is the whole 3x3 box.
        ("#.# #.# ###", 7 / 9),
        # Collinear is convex by definition, also with gaps and along a knight's line,
        ("#.##", 1),
        ("#... ..#. ....", 1),
        ("#", 1),
        # but one pixel off the line makes it a triangle: (0,0) (0,3) (1,0) hold (0,1) and (0,2).
        ("#..# #...", 3 / 5),
        # Two pieces of one region share a hull: 2x5 box.
        ("##.## ##.##", 8 / 10),
    ],
)
def test_hand_worked_2d(text, expected):
    assert convexity(image(text)) == pytest.approx(expected, abs=1e-15)


def test_hand_worked_3d():
    # A flat L keeps its planar hull, in any of the three planes: 5/6 as in 2D.
    flat = image("#.. #.. ###")
    for axis in range(3):
        assert convexity(np.expand_dims(flat, axis)) == pytest.approx(5 / 6)
    # Four corners of the tilted square y = z, x in {0, 2}: its plane holds 3 x 3 lattice points.
    tilted = np.zeros((3, 3, 3), bool)
    tilted[[0, 2, 0, 2], [0, 2, 0, 2], [0, 0, 2, 2]] = True
    assert convexity(tilted) == pytest.approx(4 / 9)
    # The plane z + y + x = 2: corners on the axes; besides them it holds the 3 edge midpoints.
    corners = np.zeros((3, 3, 3), bool)
    corners[[2, 0, 0], [0, 2, 0], [0, 0, 2]] = True
    assert convexity(corners) == pytest.approx(3 / 6)
    # The tetrahedron (0,0,0), (2,0,0), (0,2,0), (0,0,2): the plane's 6 points, 3 on the axes, the origin.
    corners[0, 0, 0] = True
    assert convexity(corners) == pytest.approx(4 / 10)
    # On one line through space: convex by definition.
    line = np.zeros((5, 5, 5), bool)
    line[[0, 4], [0, 4], [0, 4]] = True
    assert convexity(line) == 1


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=11)))
def test_equals_scikit_image_where_that_works(mask):
    if not mask.any() or rank(mask) < 2:  # there scikit-image warns and returns an empty hull
        return
    hull = convex_hull_image(mask, offset_coordinates=False)
    assert convexity(mask) == pytest.approx(mask.sum() / hull.sum(), abs=1e-12)


@given(
    hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, max_side=7)),
    st.integers(1, 12),
    st.integers(0, 2**32 - 1),
)
def test_equals_brute_force_3d(mask, sparse, seed):
    # Sparse masks reach the flat and collinear cases.
    mask = mask & (np.random.default_rng(seed).random(mask.shape) < 1 / sparse)
    if mask.any():
        assert convexity(mask) == pytest.approx(brute_force(mask), abs=1e-12)


def test_equals_brute_force_on_long_thin_and_larger_volumes():
    rng = np.random.default_rng(3)
    for shape, share in (((2, 3, 60), 0.1), ((40, 3, 5), 0.05), ((25, 25, 25), 0.002), ((25, 25, 25), 0.3)):
        mask = rng.random(shape) < share
        assert convexity(mask) == pytest.approx(brute_force(mask), abs=1e-12)


@given(
    hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=3, max_side=7), elements=st.integers(0, 3)),
    st.randoms(use_true_random=False),
)
def test_flipping_transposing_relabelling_change_nothing(labels, random):
    values = np.unique(labels[labels > 0])
    before = dict(zip(values.tolist(), measure_convexity(labels, values), strict=True))
    axes = random.sample(range(labels.ndim), labels.ndim)
    turned = np.flip(labels.transpose(axes), axis=random.randrange(labels.ndim))
    names = {1: 9_000_000_000, 2: 5, 3: 70}
    renamed = sum(((turned == old) * new for old, new in names.items()), np.zeros_like(turned))
    after = measure_convexity(renamed, np.unique(renamed[renamed > 0]))
    order = sorted(values.tolist(), key=names.__getitem__)
    assert after.tolist() == [before[value] for value in order]


@pytest.mark.parametrize("radius", [1, 2, 3, 5, 10.3, 18])
def test_digitised_convex_shapes_have_convexity_one(radius):
    # Whatever the radius, centre and axes: lattice points of a convex body are all lattice points
    # of their hull. (The hull of pixel corners gives 0.78 at radius 3.)
    y, x = np.mgrid[-40:41, -40:41]
    assert convexity((y - 0.3) ** 2 + (x + 0.2) ** 2 <= radius**2) == 1
    assert convexity(((y + x) / 1.4 / radius) ** 2 + ((y - x) / 3.1 / radius) ** 2 <= 1) == 1
    z, y, x = np.mgrid[-19:20, -19:20, -19:20]
    assert convexity((z - 0.3) ** 2 + (y - 0.1) ** 2 + x**2 <= radius**2) == 1
    assert convexity(((z + y) / radius) ** 2 + ((y - x) / radius) ** 2 + (x / 8) ** 2 <= 1) == 1


def test_large_coordinates_do_not_overflow():
    # A diamond with corners 2^20 apart: area 2^40, and by Pick's theorem half its boundary (4 edges
    # with 2^19 points each) and 1 more.
    n = 2**20
    y, first, last = (np.array(v, np.int32) for v in ([0, n // 2, n], [n, 0, n], [n, 2 * n, n]))
    assert lattice_points_2d(y, first, last) == n * n + 2 * (n // 2) + 1


def test_many_regions_at_once():
    labels = np.kron(np.arange(1, 2501).reshape(50, 50), image("##. #.. ...").astype(int))
    assert (measure_convexity(labels, np.arange(1, 2501)) == 1).all()


def test_bad_input():
    with pytest.raises(InputImageError, match="no pixel"):
        measure_convexity(np.array([[1, 0]]), np.array([1, 2]))
    with pytest.raises(InputImageError, match="label 3"):
        measure_convexity(np.array([[1, 3]]), np.array([1]))
    with pytest.raises(InputImageError, match="float"):
        measure_convexity(np.array([[1.0, 0]]), np.array([1]))  # type: ignore[arg-type]
