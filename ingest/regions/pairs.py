"""Which neighbouring parts of a body are one particle: those that are convex together.

Two parts are taken for one when the hull of both holds little that the hulls of each do not::

    gap = (hull(a and b) - hull(a) - hull(b)) / area of the smaller part

Two equal parts that exactly fill their hulls have, together, the convexity ``1 / (1 + gap / 2)``. So a
threshold of convexity c is asked as ``gap < 2 (1 / c - 1)``, which is 0.105 at the paper's 0.95. For equal
parts that is the paper's rule. For a small part at a large one it is stricter: a ball of a fifth of the
radius at a neck of one pixel changes the convexity of the whole by 4 %, but adds its own area once more to
the hull.

A rough outline adds to all three hulls alike, so it parts nothing.

Parts that enclose a hole together are asked at once: the hull of all less the hulls of each, less the hole
(and less every other hole that lies among these parts alone), over the area of all parts but the largest;
besides, with these holes filled they must reach the threshold of convexity. Around a cavity or a crack of
one particle they do; around the gap between particles they do not, because there the outline has notches.
"""

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.regions.basins import find_root
from cathograph.ingest.regions.lattice_hull import lattice_points_2d, lattice_points_3d
from cathograph.ingest.regions.row_extents import RowExtents

_MOST_SECTORS = 5
"""Most parts that are joined around holes at once: more are rather a packing of particles with its gaps."""

_Rows = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def largest_gap(convexity: float) -> float:
    """Gap from which two equal parts are less convex together than the threshold (module header).

    Examples
    --------
    >>> round(largest_gap(0.95), 3)
    0.105
    """
    return 2 * (1 / convexity - 1)


class JoinableParts:
    """Parts of bodies, to be joined where they are convex together.

    Parameters
    ----------
    parts : RowExtents
        Of parts 0…n-1.
    rows_per_plane : int
        Rows of a plane z; 0 in 2D.
    convexity : float
        Threshold for two equal parts.
    """

    def __init__(self, parts: RowExtents, *, rows_per_plane: int, convexity: float) -> None:
        bounds = zip(parts.start[:-1], parts.start[1:], strict=True)
        self._rows: list[_Rows] = [(parts.row[a:b], parts.first[a:b], parts.last[a:b]) for a, b in bounds]
        self._rows_per_plane = rows_per_plane
        self._threshold = largest_gap(convexity)
        self._convexity = convexity
        self._area = parts.area.copy()
        self._hull = np.array(
            [self._measure_hull(rows, area) for rows, area in zip(self._rows, self._area, strict=True)],
            np.int64,
        )
        self._parent = np.arange(parts.area.size, dtype=np.int32)

    def groups(self) -> NDArray[np.int32]:
        """Lowest part of the group that each part belongs to."""
        return np.array([find_root(self._parent, i) for i in range(self._parent.size)], np.int32)

    def join_pairs(self, first: NDArray[np.int32], second: NDArray[np.int32]) -> None:
        """Join parts that touch, pair after pair in the order given; what was joined before is one part.

        Parameters
        ----------
        first, second : int32 arrays (n_pairs,)
        """
        for one, other in zip(first, second, strict=True):
            pair = sorted({find_root(self._parent, one), find_root(self._parent, other)})
            if len(pair) > 1:
                self._join_if_convex(pair, 0)

    def join_around_holes(
        self, hole: NDArray[np.int64], part: NDArray[np.int64], size: NDArray[np.float64]
    ) -> None:
        """Join the parts that enclose a hole together, from the smallest hole to the largest.

        Parameters
        ----------
        hole, part : int64 arrays (n,)
            Each enclosed hole with each part that it meets.
        size : float64 array
            Pixels of each hole.
        """
        around: dict[int, list[int]] = {}
        beside: dict[int, set[int]] = {}
        for h, p in zip(hole.tolist(), part.tolist(), strict=True):
            around.setdefault(h, []).append(p)
            beside.setdefault(p, set()).add(h)
        for h in sorted(around, key=lambda own: (size[own], own)):
            enclosing = set(around[h])
            near = {other for p in enclosing for other in beside[p]}
            # Several cracks may lie in one particle, and each be enclosed by a few of its sectors only.
            wider = {p for other in near for p in around[other]}
            for parts in (enclosing, wider):
                members = {int(find_root(self._parent, p)) for p in parts}
                inside = [
                    other
                    for other in {o for p in parts for o in beside[p]}
                    if {int(find_root(self._parent, p)) for p in around[other]} <= members
                ]
                if 1 < len(members) <= _MOST_SECTORS and self._join_if_convex(
                    sorted(members), sum(int(size[o]) for o in inside)
                ):
                    break

    def _join_if_convex(self, parts: list[int], inside: int) -> bool:
        """Join parts when the gap between them, `inside` pixels of holes left out, is small."""
        rows = _union([self._rows[p] for p in parts])
        area = int(self._area[parts].sum())
        hull = self._measure_hull(rows, area)
        gap = hull - inside - int(self._hull[parts].sum())
        if gap >= self._threshold * (area - int(self._area[parts].max())):
            return False
        if inside and area + inside < self._convexity * hull:
            return False
        keep = parts[0]
        self._parent[parts] = keep
        self._rows[keep], self._area[keep], self._hull[keep] = rows, area, hull
        return True

    def _measure_hull(self, rows: _Rows, area: int) -> int:
        """Lattice points in the hull of a part; its own pixels where they lie on one line."""
        points = (
            lattice_points_3d(*rows, self._rows_per_plane)
            if self._rows_per_plane
            else lattice_points_2d(*rows)
        )
        return max(int(points), int(area))


def _union(parts: list[_Rows]) -> _Rows:
    """Rows of several parts together, ascending."""
    row, first, last = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(row, kind="stable")
    row = row[order]
    start = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
    return row[start], np.minimum.reduceat(first[order], start), np.maximum.reduceat(last[order], start)
