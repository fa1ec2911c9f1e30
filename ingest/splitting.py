"""Splitting bodies of touching particles: distance-map watershed with convexity refinement.

The paper cuts each body of active material by the watershed of its distance map and refines
pieces that are not convex enough (threshold 0.95). A piece is

- kept when its convexity reaches the threshold;
- else cut again, with finer markers;
- left whole when it is smaller than the minimum area, at depth 5, or when no child would be
  more convex than the piece itself.

*Decided here, where the paper is silent*: the markers. At each depth the watershed of all
active pieces is the tree of `ingest.basins`, cut at every neck deeper than that depth's
threshold (`NECK_DEPTHS`): first only where the neck is less than a quarter of the width of
the smaller particle, at depth 5 where a twentieth is missing. Going from deep necks to
shallow ones means that a whole particle comes free, and is kept for its convexity, before a
scratch in it or a hole can divide it; and a body that only a shallow neck divides is still
divided, as long as it is not convex. The distance map is that of the whole mask and is not
computed anew for the pieces, so the cut lines of one depth never shape those of the next.
A group of fewer than `min_area_px` pixels gets no marker and stays with the particle it
hangs on. Pieces touch; no line of pixels is lost between them, so areas add up.

All bodies go through one depth together: a few passes over the image in all, no loop over
bodies.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from ingest.basins import BasinTree, build_basin_tree, find_root
from ingest.convexity import convexity_of_extents
from ingest.distance_map import squared_distance_map
from ingest.row_extents import index_regions, measure_row_extents
from schema.errors import SegmentationError

NECK_DEPTHS: tuple[float, ...] = (0.75, 0.5, 0.3, 0.15, 0.05)
"""Relative depth of the shallowest neck that is cut, at depth 1…5."""


STRICT = 0.0
Q = 0.6
HOLE = 20


@dataclass(frozen=True)
class SplitRules:
    """Where the splitting stops.

    Attributes
    ----------
    convexity : float
        Pieces at least this convex are kept (paper: 0.95).
    min_area_px : int
        Pixels (voxels); a smaller piece is not cut, and no smaller piece gets a marker.
    max_depth : int
        Number of refinements, 1 to 5.
    softening_px : float
        Ripples of the outline of about this size are no necks (`ingest.basins`).
    """

    convexity: float = 0.95
    min_area_px: int = 20
    max_depth: int = 5
    softening_px: float = 1.0

    def __post_init__(self) -> None:
        """Refuse rules that cannot be meant.

        Raises
        ------
        SegmentationError
            When a value lies outside its range.
        """
        found = None
        if not 0 < self.convexity <= 1:
            found = f"convexity {self.convexity}; expected above 0 and at most 1 (the paper's is 0.95)"
        elif self.min_area_px < 1:
            found = f"min_area_px {self.min_area_px}; expected at least 1"
        elif not 1 <= self.max_depth <= len(NECK_DEPTHS):
            found = f"max_depth {self.max_depth}; expected 1 to {len(NECK_DEPTHS)}"
        elif not self.softening_px >= 0:
            found = f"softening_px {self.softening_px}; expected 0 or more"
        if found:
            msg = f"Found {found}. Correct the rules for splitting."
            raise SegmentationError(msg)


@njit(cache=True)
def _join_shallow_necks(
    first: NDArray[np.int32], second: NDArray[np.int32], depth: NDArray[np.float64], n: int, least: float
) -> NDArray[np.int32]:
    """Lowest basin of the group each basin belongs to, when necks shallower than `least` are no cut."""
    parent = np.arange(n, dtype=np.int32)
    for i in range(first.size):
        if depth[i] < least:
            a, b = find_root(parent, first[i]), find_root(parent, second[i])
            parent[max(a, b)] = min(a, b)
    for i in range(n):
        parent[i] = find_root(parent, i)
    return parent


@njit(cache=True)
def _paint(basins: NDArray[np.int32], label: NDArray[np.int32]) -> NDArray[np.int32]:
    """Label image that gives the pixels of each basin its label, 0 outside all basins."""
    labels = np.zeros(basins.shape, np.int32)
    flat = labels.reshape(-1)
    i = 0
    for basin in basins.flat:
        if basin >= 0:
            flat[i] = label[basin]
        i += 1
    return labels


def _measure(labels: NDArray[np.int32], count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Convexity and area of labels 1…count."""
    index = index_regions(np.arange(1, count + 1), labels.size)
    extents = measure_row_extents(labels, index)
    return convexity_of_extents(extents, labels.shape), extents.area


def _refine(tree: BasinTree, rules: SplitRules) -> NDArray[np.int32]:
    """Final piece of each basin, named by the lowest basin in it.

    Pieces are known by their lowest basin; `convexity`, `active` are indexed by it. A piece
    that no neck of this depth divides is its own only child: it stays active for the next.
    """
    basin = np.arange(tree.n_basins)
    piece = np.zeros(tree.n_basins, np.int32)
    convexity = np.zeros(tree.n_basins)
    active = np.zeros(tree.n_basins, bool)
    for neck_depth in (np.inf, *NECK_DEPTHS[: rules.max_depth]):
        whole = neck_depth == np.inf
        group = _join_shallow_necks(tree.first, tree.second, tree.neck_depth, tree.n_basins, neck_depth)
        open_basins = basin if whole else np.flatnonzero(active[piece])
        if open_basins.size == 0:
            break
        child = np.unique(group[open_basins])
        number = np.zeros(tree.n_basins, np.int32)
        number[child] = np.arange(1, child.size + 1)
        painted = np.zeros(tree.n_basins, np.int32)
        painted[open_basins] = number[group[open_basins]]
        child_convexity, child_area = _measure(_paint(tree.basins, painted), child.size)
        unfinished = (child_convexity < rules.convexity) & (child_area >= rules.min_area_px)
        if whole:
            piece, convexity[child], active[child] = group, child_convexity, unfinished
            continue
        parent = piece[child]
        children = np.bincount(parent, minlength=tree.n_basins)
        best = np.zeros(tree.n_basins)
        np.maximum.at(best, parent, child_convexity)
        divided = (children > 1) & (best > convexity)
        if neck_depth < STRICT:
            w = np.bincount(parent, child_area, minlength=tree.n_basins)
            cd = np.bincount(parent, child_area * (1 - child_convexity), minlength=tree.n_basins)
            divided &= cd <= Q * (1 - convexity) * w
        active[children > 1] = False
        born = divided[parent]
        moving = open_basins[divided[piece[open_basins]]]
        piece[moving] = group[moving]
        convexity[child[born]], active[child[born]] = child_convexity[born], unfinished[born]
    return piece


def _ignore_small_holes(mask: NDArray[np.bool_], below: int) -> NDArray[np.bool_]:
    """Mask with the enclosed holes of fewer pixels than `below` filled."""
    gaps, count = ndimage.label(~mask)
    area = np.bincount(gaps.reshape(-1), minlength=count + 1)
    area[0] = below
    for axis in range(mask.ndim):
        for end in (0, -1):
            area[np.take(gaps, end, axis)] = below
    return mask | (area < below)[gaps]


def split_bodies(mask: NDArray[np.bool_], rules: SplitRules | None = None) -> NDArray[np.int32]:
    """Label the particles of a mask: connected bodies, cut at their necks where they are not convex.

    Parameters
    ----------
    mask : bool array, 2D or 3D
    rules : SplitRules, optional
        Where the splitting stops; the paper's threshold and depth when left out.

    Returns
    -------
    int32 array of the same shape
        0 outside the mask; labels 1…n, each one 8-/26-connected, in no promised order.

    Raises
    ------
    SegmentationError
        When the image is too large for one piece (2³¹ pixels).

    Notes
    -----
    Paper, methods (graph construction); definitions in design.md section 1. Single digitised
    convex shapes have convexity 1 and are never cut.

    Examples
    --------
    >>> y, x = np.mgrid[:21, :41]
    >>> pair = np.minimum(np.hypot(y - 10, x - 10), np.hypot(y - 10, x - 30)) < 10.5
    >>> int(split_bodies(pair).max())
    2
    """
    rules = rules or SplitRules()
    bodies, count = ndimage.label(mask, np.ones((3,) * mask.ndim))
    if count == 0:
        return bodies
    convexity, area = _measure(bodies, count)
    divisible = np.concatenate(([False], (convexity < rules.convexity) & (area >= rules.min_area_px)))
    if not divisible.any():
        return bodies
    squared = squared_distance_map(_ignore_small_holes(divisible[bodies], HOLE))
    squared[bodies == 0] = 0
    tree = build_basin_tree(squared, softening_px=rules.softening_px, min_area_px=rules.min_area_px)
    pieces = _paint(tree.basins, count + 1 + _refine(tree, rules))
    return np.where(pieces > 0, pieces, bodies)
