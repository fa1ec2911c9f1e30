"""Line length of junctions in 3D: straight lines at any angle, rings, ends, sticks of known length."""

import numpy as np
import pytest
from small_images import GRAPHITE, NMC, SSE, phases

from cathograph.ingest.graph.junctions import find_junctions
from cathograph.ingest.regions.regions import Regions

NAMES, CODES = np.array([1, 2, 3]), phases(NMC, SSE, GRAPHITE)
SIDE = 44


def length_of(labels, radius_px):
    found = find_junctions(Regions(labels, NAMES, CODES), radius_px=radius_px)
    assert found.count.tolist() == [1]
    return found.length_px[0]


def around_a_line(direction, through, turn):
    """Three sectors of 120° around a straight line, and the line's length inside the cube of voxels."""
    along = np.array(direction, dtype=float) / np.linalg.norm(direction)
    across = np.cross(along, np.eye(3)[np.argmin(np.abs(along))])
    across /= np.linalg.norm(across)
    offset = np.moveaxis(np.indices((SIDE,) * 3), 0, -1) - through
    angle = np.arctan2(offset @ np.cross(along, across), offset @ across) + turn
    labels = 1 + (angle % (2 * np.pi) * 3 / (2 * np.pi)).astype(int) % 3
    with np.errstate(divide="ignore"):
        exits = np.sort(np.stack([(-0.5 - through) / along, (SIDE - 0.5 - through) / along]), axis=0)
    return labels, exits[1].min() - exits[0].max()


AXES_AND_DIAGONALS = [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1), (1, -1, 0), (1, 1, 1), (1, 2, 0), (3, 1, 2)]
RANDOM = np.random.default_rng(7).normal(size=(12, 3)).tolist()


@pytest.mark.parametrize("direction", AXES_AND_DIAGONALS + RANDOM)
@pytest.mark.parametrize("radius_px", [1, 3])
def test_straight_lines_at_any_angle(direction, radius_px):
    rng = np.random.default_rng(3)
    labels, truth = around_a_line(direction, SIDE / 2 + rng.uniform(-2, 2, 3), rng.uniform(0, 6))
    assert length_of(labels, radius_px) == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("length", [12, 13, 14, 15])
def test_along_an_axis_to_the_voxel(axis, length):
    # Three bars of `length` voxels that end inside the image: the line is as long as they are.
    labels = np.zeros((length + 8, 12, 12), dtype=int)
    labels[4 : 4 + length, 2:6, 2:10] = 1
    labels[4 : 4 + length, 6:10, 2:6] = 2
    labels[4 : 4 + length, 6:10, 6:10] = 3
    assert length_of(np.moveaxis(labels, 0, axis), 3) == pytest.approx(length, abs=1.0)
    # The same where the line leaves the image at both ends.
    assert length_of(np.moveaxis(labels[4 : 4 + length], 0, axis), 3) == pytest.approx(length, abs=1.0)


@pytest.mark.parametrize("radius", [12, 18])
@pytest.mark.parametrize("radius_px", [1, 3])
@pytest.mark.parametrize("normal", [(1, 0, 0), (1, 2, 3)])
def test_ring_of_a_ball_on_a_flat_interface(radius, radius_px, normal):
    # An NMC ball whose centre lies on the SSE–graphite plane: the three meet on its great circle.
    offset = np.moveaxis(np.indices((2 * radius + 9,) * 3), 0, -1) - (radius + 4.2)
    labels = np.where(offset @ np.array(normal) < 0, 2, 3)
    labels[(offset**2).sum(axis=-1) <= radius**2] = 1
    assert length_of(labels, radius_px) == pytest.approx(2 * np.pi * radius, rel=0.06)


def test_bends_and_branches_add_up():
    # NMC fills the upper half; below it SSE and graphite share the floor, so lines run where their border
    # meets the NMC. SSE in one quarter, graphite in three: the border is an L of two arms of 20.
    labels = np.ones((14, 40, 40), dtype=int)
    labels[:7] = 3
    labels[:7, :20, :20] = 2
    assert length_of(labels, 3) == pytest.approx(40, rel=0.05)
    # Two opposite quarters each: a cross of four arms of 20 that meet in the middle.
    labels[:7, 20:, 20:] = 2
    assert length_of(labels, 3) == pytest.approx(80, rel=0.05)


def test_single_voxels_have_no_length_to_speak_of():
    labels = np.zeros((9, 9, 9), dtype=int)
    labels[4, 4, 3:6] = [1, 2, 3]
    assert 0 <= length_of(labels, 3) <= 1


def test_a_slab_thinner_than_the_window():
    # Two planes, r = 3: the window spans both; three bars along x, 20 long.
    labels = np.ones((2, 10, 20), dtype=int)
    labels[0, 5:] = 2
    labels[1, 5:] = 3
    assert length_of(labels, 3) == pytest.approx(20, abs=1.0)


def test_radius_far_beyond_the_image():
    labels = np.array([[[1, 2, 3]]])
    assert np.isfinite(length_of(labels, 1000))
