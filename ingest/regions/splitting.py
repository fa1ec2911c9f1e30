"""Splitting bodies of touching particles: distance-map watershed with convexity refinement.

The paper cuts each body of active material by the watershed of its distance map and refines
pieces that are not convex enough (threshold 0.95). A piece is

- kept when its convexity reaches the threshold;
- else cut again, with finer markers;
- left whole when it is smaller than the minimum area, at depth 5, or when no child would be
  more convex than the piece itself.

Decided here, where the paper is silent:

*Markers.* At each depth the watershed of all active pieces is the tree of `cathograph.ingest.regions.basins`, cut
at every neck deeper than that depth's entry of `NECK_DEPTHS`: first only where half of the
smaller particle's width is missing, at depth 5 where a twentieth is. Going from deep necks to
shallow ones, a whole particle comes free, and is kept for its convexity, before a crack in it
can divide it; a body that only a shallow neck divides is still divided when it is not convex.
A group of fewer than `min_area_px` pixels gets no marker and stays with what it hangs on.

*Rough outlines.* A rough particle has shallow necks that mean nothing, and its pieces would
be as rough as it is. So a neck shallower than `SHALLOW` counts only where cutting takes
away at least 40 % of what is missing to convexity 1: two overlapping discs become two convex
pieces; half a rough particle is no better than the whole.

*Flaws inside particles.* Every hole bends the distance map around it. A hole that is enclosed
and small against the particle around it (less than `HOLE_SHARE` of the square of the distance
from the nearest peak to the outline, in 3D of the cube) is left out of the distance map: speckle
and small cracks, not the gap between three touching discs (16 %). It stays a hole everywhere
else; areas and convexity count pixels as they are.

The distance map is that of the whole mask and is not computed again for the pieces, so cut
lines of one depth never shape those of the next. Pieces touch; no line of pixels is lost
between them. All bodies go through one depth together: a few passes over the image in all,
no loop over bodies.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.ingest.regions.basins import Basins, BasinTree, find_basins, find_root, join_basins
from cathograph.ingest.regions.convexity import convexity_of_extents
from cathograph.ingest.regions.distance_map import squared_distance_map
from cathograph.ingest.regions.row_extents import JoinableExtents, measure_row_extents
from cathograph.schema.errors import SegmentationError

NECK_DEPTHS: tuple[float, ...] = (0.5, 0.35, 0.2, 0.1, 0.05)
"""Relative depth of the shallowest neck that is cut, at depth 1…5."""

SHALLOW = 0.15
"""Necks shallower than this must earn their cut (module header)."""

MOST_CONCAVITY_LEFT = 0.6
"""Share of its missing convexity that a piece may keep when it is cut at a shallow neck."""

HOLE_SHARE = 0.01
"""Largest hole that the distance map does not see, as a share of (px to the outline) ** ndim."""

_HOLE_ROUNDS = 3


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


def _refine(numbers: NDArray[np.int32], tree: BasinTree, rules: SplitRules) -> NDArray[np.int32]:
    """Find the final piece of each basin, named by the lowest basin in it.

    Pieces are known by their lowest basin; `convexity`, `active` are indexed by it. A piece
    that no neck of this depth divides is its own only child: it stays active for the next.
    """
    # Once over the image; pieces are unions of basins, so theirs follow from these.
    extents = JoinableExtents(measure_row_extents(numbers + 1, tree.n_basins))
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
        joined = extents.join(painted, child.size)
        child_convexity, child_area = convexity_of_extents(joined, numbers.shape), joined.area
        unfinished = (child_convexity < rules.convexity) & (child_area >= rules.min_area_px)
        if whole:
            piece, convexity[child], active[child] = group, child_convexity, unfinished
            continue
        parent = piece[child]
        children = np.bincount(parent, minlength=tree.n_basins)
        best = np.zeros(tree.n_basins)
        np.maximum.at(best, parent, child_convexity)
        divided = (children > 1) & (best > convexity)
        if neck_depth < SHALLOW:
            missing = np.bincount(parent, child_area * (1 - child_convexity), minlength=tree.n_basins)
            area = np.bincount(parent, child_area, minlength=tree.n_basins)
            divided &= missing <= MOST_CONCAVITY_LEFT * (1 - convexity) * area
        active[children > 1] = False
        born = divided[parent]
        moving = open_basins[divided[piece[open_basins]]]
        piece[moving] = group[moving]
        convexity[child[born]], active[child[born]] = child_convexity[born], unfinished[born]
    return piece


@njit(cache=True)
def _peaks_around_holes(
    holes: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    basins: NDArray[np.int32],
    peak: NDArray[np.int32],
    strides: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Highest peak (px²) among the basins that share a face with each wanted hole, an enclosed one; flat arrays."""
    highest = np.zeros(wanted.size, np.int64)
    for p in range(holes.size):
        hole = holes[p]
        if not wanted[hole]:
            continue
        # An enclosed hole never lies at the image border, so its neighbours exist.
        for stride in strides:
            for q in (p - stride, p + stride):
                if basins[q] >= 0:
                    highest[hole] = max(highest[hole], peak[basins[q]])
    return highest


def _find_flaws(holes: NDArray[np.int32], size: NDArray[np.float64], basins: Basins) -> NDArray[np.bool_]:
    """Tell which enclosed holes are small against the particle around them; `size` is infinite for open ones."""
    highest = np.sqrt(basins.peak.max(initial=0)) ** holes.ndim
    candidates: NDArray[np.bool_] = size <= HOLE_SHARE * highest
    if not candidates.any():
        return candidates
    strides = np.array([stride // holes.itemsize for stride in holes.strides], np.int64)
    peak = _peaks_around_holes(
        holes.reshape(-1), candidates, basins.unframed().reshape(-1), basins.peak, strides
    )
    flaws: NDArray[np.bool_] = candidates & (size <= HOLE_SHARE * np.sqrt(peak) ** holes.ndim)
    return flaws


def _measure_holes(holes: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Pixels of each hole; infinite for what is no hole: the mask itself (0), and what reaches the image border."""
    size = np.bincount(holes.reshape(-1), minlength=count + 1).astype(np.float64)
    size[0] = np.inf
    for axis in range(holes.ndim):
        for end in (0, -1):
            size[np.take(holes, end, axis)] = np.inf
    return size


def _find_basins_of_solid(mask: NDArray[np.bool_]) -> Basins:
    """Basins of a mask, with its flaws left out of the distance map.

    Filling a flaw raises the peaks around it, which may show the next hole to be a flaw: up to
    `_HOLE_ROUNDS` times.
    """
    basins = find_basins(squared_distance_map(mask))
    holes, count = ndimage.label(~mask)
    size = _measure_holes(holes, count)
    filled = np.zeros(count + 1, bool)
    for _ in range(_HOLE_ROUNDS):
        flaws = filled | _find_flaws(holes, size, basins)
        if (flaws == filled).all():
            break
        filled = flaws
        squared = squared_distance_map(mask | filled[holes])
        squared[~mask] = 0
        basins = find_basins(squared)
    return basins


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
    divisible = np.concatenate(([False], (convexity < rules.convexity) & (area >= rules.min_area_px)))
    if not divisible.any():
        return np.asarray(bodies)
    basins = _find_basins_of_solid(np.ascontiguousarray(divisible[bodies]))
    tree = join_basins(basins, ripple_px=rules.ripple_px, min_area_px=rules.min_area_px)
    numbers = basins.unframed()
    pieces = _paint(numbers, count + 1 + _refine(numbers, tree, rules))
    return np.where(pieces > 0, pieces, bodies)
