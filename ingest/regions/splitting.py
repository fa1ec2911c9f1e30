"""Splitting bodies of touching particles: distance-map watershed with convexity refinement.

The paper cuts each body of active material by the watershed of its distance map and refines
pieces that are not convex enough (threshold 0.95). Here the same two measures, necks and convexity, are asked of
neighbours, from the bottom up:

1. The watershed of the whole mask is the tree of `cathograph.ingest.regions.basins`. It is cut at every neck
   deeper than a twentieth of the smaller side's width (`NECK_DEPTHS`, for the depth of the rules). A group
   of fewer than `min_area_px` pixels stays with what it hangs on.
2. Its necks are looked at from the shallowest to the deepest. Two neighbours that are convex together are joined
   (`cathograph.ingest.regions.pairs`); where they are not, the neck stays a cut.
3. Then the parts that enclose a hole together are asked the same: sectors around a cavity or a crack are one particle,
   particles around a gap are not.
4. A body of which no piece is more convex than the whole stays whole.

Each neck is judged by the two pieces that meet at it. So nothing depends on how many particles hang together: not in a
body so dense that it is convex as a whole, and not where a large particle carries small ones (decision 33).

Pieces touch; no line of pixels is lost between them.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.ingest.regions.basins import BasinTree, find_root, join_basins
from cathograph.ingest.regions.convexity import convexity_of_extents
from cathograph.ingest.regions.holes import EnclosedHoles, find_basins_of_solid
from cathograph.ingest.regions.pairs import JoinableParts
from cathograph.ingest.regions.row_extents import JoinableExtents, measure_row_extents
from cathograph.schema.errors import SegmentationError

SPLIT_RULE = 2
"""Version of the rule, part of a segmentation's key. Results of rule 1 (refinement of whole pieces) have none."""

NECK_DEPTHS: tuple[float, ...] = (0.5, 0.35, 0.2, 0.1, 0.05)
"""Relative depth of the shallowest neck that is looked at, for the greatest depth 1…5."""


@dataclass(frozen=True)
class SplitRules:
    """Where the splitting stops.

    Attributes
    ----------
    convexity : float
        Two equal neighbours that are at least this convex together are one particle (paper: 0.95).
    min_area_px : int
        Pixels (voxels); a smaller body is not cut, and no smaller piece gets a marker.
    max_depth : int
        How shallow the necks are that are looked at, 1 (half of the width missing) to 5 (a twentieth).
    ripple_px : float
        Depth of a neck that pixel steps alone can make (`cathograph.ingest.regions.basins`); the least that keeps
        rings of even width whole.
    """

    convexity: float = 0.95
    min_area_px: int = 20
    max_depth: int = 5
    ripple_px: float = 0.7

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
        elif not self.ripple_px >= 0:
            found = f"ripple_px {self.ripple_px}; expected 0 or more"
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
    for i, basin in enumerate(basins.flat):
        if basin >= 0:
            flat[i] = label[basin]
    return labels


def _measure(labels: NDArray[np.int32], count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Convexity and area of labels 1…count."""
    extents = measure_row_extents(labels, count)
    return convexity_of_extents(extents, labels.shape), extents.area


def _join_groups(
    numbers: NDArray[np.int32], tree: BasinTree, holes: EnclosedHoles, rules: SplitRules
) -> NDArray[np.int32]:
    """Find the final piece of each basin, named by the lowest basin in it."""
    least = NECK_DEPTHS[rules.max_depth - 1]
    group = _join_shallow_necks(tree.first, tree.second, tree.neck_depth, tree.n_basins, least)
    lowest, place = np.unique(group, return_inverse=True)
    part: NDArray[np.int32] = np.asarray(place, dtype=np.int32)
    basin_rows = JoinableExtents(measure_row_extents(numbers + 1, tree.n_basins))
    parts = JoinableParts(
        basin_rows.join(part + 1, lowest.size),
        rows_per_plane=numbers.shape[1] if numbers.ndim == 3 else 0,
        convexity=rules.convexity,
    )
    necks = np.flatnonzero(tree.neck_depth >= least)
    necks = necks[np.argsort(tree.neck_depth[necks], kind="stable")]
    first, second = part[tree.first[necks]], part[tree.second[necks]]
    parts.join_pairs(first, second)
    hole, basin = holes.meet(numbers)
    if hole.size:
        parts.join_around_holes(hole, part[basin].astype(np.int64), holes.size)
        # A part that fits none of the sectors of a particle may fit the whole.
        parts.join_pairs(first, second)
    return np.asarray(lowest[parts.groups()[part]], dtype=np.int32)


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
        0 outside the mask; positive labels with gaps, in no promised order, each one piece
        8-/26-connected.

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
    >>> np.unique(split_bodies(pair)).size - 1
    2
    """
    rules = rules or SplitRules()
    bodies, count = ndimage.label(mask, np.ones((3,) * mask.ndim))
    if count == 0:
        return np.asarray(bodies)
    convexity, area = _measure(bodies, count)
    divisible = np.concatenate(([False], (convexity < 1) & (area >= rules.min_area_px)))
    if not divisible.any():
        return np.asarray(bodies)
    basins, holes = find_basins_of_solid(np.ascontiguousarray(divisible[bodies]))
    tree = join_basins(basins, ripple_px=rules.ripple_px, min_area_px=rules.min_area_px)
    numbers = basins.unframed()
    pieces = _paint(numbers, count + 1 + _join_groups(numbers, tree, holes, rules))
    pieces = np.where(pieces > 0, pieces, bodies)
    return _keep_bodies_that_gain_nothing(pieces, bodies, convexity)


def _keep_bodies_that_gain_nothing(
    pieces: NDArray[np.int32], bodies: NDArray[np.int32], convexity: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Undo the cuts of each body of which no piece is more convex than the body."""
    labels, place = np.unique(pieces, return_index=True)
    number = np.zeros(labels[-1] + 1, np.int32)
    number[labels[labels > 0]] = np.arange(1, np.count_nonzero(labels) + 1)
    numbered = number[pieces]
    piece_convexity, _ = _measure(numbered, int(number.max()))
    body = bodies.reshape(-1)[place[labels > 0]]
    count = np.bincount(body, minlength=convexity.size + 1)
    best = np.zeros(convexity.size + 1)
    np.maximum.at(best, body, piece_convexity)
    whole = (count > 1) & (best <= np.concatenate(([np.inf], convexity)))
    return np.where(whole[bodies], bodies, pieces)
