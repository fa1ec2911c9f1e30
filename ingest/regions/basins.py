"""Basins of a distance map and the tree of saddles between them: the watershed, all scales at once.

The watershed of a distance map cuts a body at its necks. How many pieces come out depends
on the markers: one marker per regional maximum cuts far too often, because every pixel
step on the outline makes a maximum of its own. The usual cure, smoothing and a minimum
distance between peaks, fits one particle size. Here nothing is chosen beforehand:

1. Every pixel climbs to its highest neighbour until it stands on a peak; the pixels of one
   peak are its *basin* (the watershed by steepest ascent, no lines between basins).
2. Where two basins touch, the highest pass between them is their *saddle*.
3. Saddles are visited from the highest down, as water that falls would uncover them. Each
   joins two groups of basins into one, and the group with the lower peak ends there. The
   *neck depth* of that saddle is how far one has to go down from the lower peak to pass:
   ``(peak - saddle - ripple) / peak``, in distances, so 0 is no neck at all and nearly 1 a cut. It
   is relative to the particle: a neck half as wide as the particle counts the same at every
   size. The ripple of some 0.7 px is what pixel steps alone do to a body of even width.

Cutting the tree at all necks deeper than some depth gives a watershed; a smaller depth only
cuts further (the partitions are nested). `cathograph.ingest.regions.splitting` goes down that scale.

Joining groups by neck depth is the hierarchical watershed by dynamics: Grimaud 1992;
Najman and Schmitt 1996; Cousty and Najman 2011 for the tree as a minimum spanning tree.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from cathograph.schema.errors import SegmentationError

_EMPTY = -1


@dataclass(frozen=True)
class Basins:
    """Basins of a distance map.

    Attributes
    ----------
    heights : int32 array, px²
        The squared distance map with a frame of one pixel of 0, so every pixel has all neighbours.
    numbers : int32 array, the shape of `heights`
        Number of the basin, 0…n_basins-1 in scan order of the peaks; -1 outside the mask.
    peak : int32 array (n_basins,), px²
        Squared distance at the peak of each basin.
    area : int64 array (n_basins,)
        Pixels of each basin.
    """

    heights: NDArray[np.int32]
    numbers: NDArray[np.int32]
    peak: NDArray[np.int32]
    area: NDArray[np.int64]

    def unframed(self) -> NDArray[np.int32]:
        """Basin numbers without the frame, as a contiguous array of the image's shape."""
        return np.ascontiguousarray(self.numbers[(slice(1, -1),) * self.numbers.ndim])


@dataclass(frozen=True)
class BasinTree:
    """The saddles that join basins into connected bodies.

    The saddles form a forest: one tree for each 8-/26-connected body.

    Attributes
    ----------
    n_basins : int
    first, second : int32 arrays (n_saddles,)
        The two basins that touch at each saddle.
    neck_depth : float64 array (n_saddles,)
        Relative depth of the neck at the saddle, 0 (none) to 1 (cut).
    """

    n_basins: int
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    neck_depth: NDArray[np.float64]


@njit(cache=True, parallel=True)
def _climb(
    squared: NDArray[np.int32], offsets: NDArray[np.int64], margin: int, uphill: NDArray[np.int32]
) -> None:
    """Point each pixel at its highest neighbour; equal heights go to the one first in scan order."""
    n = squared.size
    for p in prange(margin, n - margin):
        if squared[p] == 0:
            uphill[p] = _EMPTY
            continue
        best = np.int64(p)
        height = squared[p]
        for offset in offsets:
            q = np.int64(p) + offset
            if squared[q] > height or (squared[q] == height and q < best):
                best = q
                height = squared[q]
        uphill[p] = best


@njit(cache=True)
def _number_basins(uphill: NDArray[np.int32]) -> int:
    """Replace pointers uphill by basin numbers, in scan order of the peaks."""
    n = uphill.size
    # Chains are followed to the peak and shortened behind us, so each pixel is touched a few times.
    for p in range(n):
        if uphill[p] == _EMPTY:
            continue
        peak = uphill[p]
        while uphill[peak] != peak:
            peak = uphill[peak]
        q = p
        while uphill[q] != peak:
            following = uphill[q]
            uphill[q] = peak
            q = following
    # Peaks first get their number as a negative value, which no pointer has.
    count = 0
    for p in range(n):
        if uphill[p] == p:
            uphill[p] = -2 - count
            count += 1
    for p in range(n):
        if uphill[p] >= 0:
            uphill[p] = -2 - uphill[uphill[p]]
    for p in range(n):
        if uphill[p] <= -2:
            uphill[p] = -2 - uphill[p]
    return count


@njit(cache=True)
def _measure_basins(
    basins: NDArray[np.int32], squared: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Height of each basin's peak (px²) and the number of its pixels."""
    peak = np.zeros(count, np.int32)
    area = np.zeros(count, np.int64)
    for p in range(basins.size):
        basin = basins[p]
        if basin >= 0:
            area[basin] += 1
            peak[basin] = max(peak[basin], squared[p])
    return peak, area


@njit(cache=True)
def _slot_of(keys: NDArray[np.int64], key: int) -> int:
    """Slot of a key in an open-addressed table whose length is a power of two."""
    mask = keys.size - 1
    slot = ((key * 0x9E3779B97F4A7C1) >> 20) & mask
    while keys[slot] != _EMPTY and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True)
def _note_saddles(
    basins: NDArray[np.int32],
    squared: NDArray[np.int32],
    count: int,
    offset: int,
    begin: int,
    keys: NDArray[np.int64],
    heights: NDArray[np.int32],
    used: int,
) -> tuple[int, int]:
    """Note saddles between pixels an offset apart, from pixel `begin` on.

    Returns the pixel to go on from, where the table became half full, and how many slots are used. Nothing is allocated
    here: in a loop that could replace the table, its reference count would be touched for every pixel.
    """
    for p in range(begin, basins.size - offset):
        here = basins[p]
        there = basins[p + offset]
        if here == there or here < 0 or there < 0:
            continue
        height = min(squared[p], squared[p + offset])
        key = np.int64(min(here, there)) * count + max(here, there)
        slot = _slot_of(keys, key)
        if keys[slot] == key:
            heights[slot] = max(heights[slot], height)
            continue
        if 2 * (used + 1) > keys.size:
            return p, used
        keys[slot] = key
        heights[slot] = height
        used += 1
    return basins.size, used


@njit(cache=True)
def _highest_saddles(
    basins: NDArray[np.int32], squared: NDArray[np.int32], offsets: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Pairs of touching basins (as low · count + high) and the height of their highest pass (px²)."""
    keys = np.full(1 << 12, _EMPTY, np.int64)
    heights = np.zeros(1 << 12, np.int32)
    used = 0
    for offset in offsets:
        p, used = _note_saddles(basins, squared, count, offset, 0, keys, heights, used)
        while p < basins.size:
            larger = np.full(2 * keys.size, _EMPTY, np.int64)
            their_heights = np.zeros(2 * keys.size, np.int32)
            for i in range(keys.size):
                if keys[i] != _EMPTY:
                    slot = _slot_of(larger, keys[i])
                    larger[slot] = keys[i]
                    their_heights[slot] = heights[i]
            keys, heights = larger, their_heights
            p, used = _note_saddles(basins, squared, count, offset, p, keys, heights, used)
    taken = keys != _EMPTY
    return keys[taken], heights[taken]


@njit(cache=True)
def find_root(parent: NDArray[np.int32], i: int) -> int:
    """Root of a union-find tree; halves the path on its way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True)
def _join_by_height(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    height: NDArray[np.int32],
    peak: NDArray[np.int32],
    area: NDArray[np.int64],
    ripple: float,
    min_area: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Kruskal's tree over saddles sorted from high to low: those that join, and their neck depths.

    `area` is overwritten: at a root it is that of its whole group.
    """
    parent = np.arange(peak.size, dtype=np.int32)
    chosen = np.empty(peak.size, np.int64)
    depth = np.empty(peak.size, np.float64)
    count = 0
    for i in range(first.size):
        a = find_root(parent, first[i])
        b = find_root(parent, second[i])
        if a == b:
            continue
        elder, younger = (a, b) if peak[a] > peak[b] or (peak[a] == peak[b] and a < b) else (b, a)
        top = np.sqrt(peak[younger])
        chosen[count] = i
        # A group too small to be a particle never gets a marker of its own.
        if min(area[a], area[b]) < min_area:
            depth[count] = 0.0
        else:
            depth[count] = max(0.0, top - np.sqrt(height[i]) - ripple) / top
        count += 1
        parent[younger] = elder
        area[elder] += area[younger]
    return chosen[:count], depth[:count]


def _flat_offsets(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Give the steps to the 8 or 26 neighbours in a flat array of this shape, ascending."""
    strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    steps = product((-1, 0, 1), repeat=len(shape))
    offsets = [
        sum(s * stride for s, stride in zip(step, strides, strict=True)) for step in steps if any(step)
    ]
    return np.array(sorted(offsets), np.int64)


def find_basins(squared: NDArray[np.int32]) -> Basins:
    """Find the basins of a distance map: the pixels that climb to the same peak.

    Parameters
    ----------
    squared : int32 array, 2D or 3D, px²
        Squared distance map, 0 outside the mask (`cathograph.ingest.regions.distance_map`).

    Raises
    ------
    SegmentationError
        When the image has 2³¹ pixels or more.
    """
    heights = np.pad(squared, 1)
    if heights.size >= 2**31:
        msg = (
            f"Found an image of {squared.size} pixels to split; expected fewer than 2³¹. "
            "Ingest it in blocks, or without splitting (--no-split)."
        )
        raise SegmentationError(msg)
    offsets = _flat_offsets(heights.shape)
    numbers = np.full(heights.size, _EMPTY, np.int32)
    _climb(heights.reshape(-1), offsets, int(offsets[-1]), numbers)
    count = _number_basins(numbers)
    peak, area = _measure_basins(numbers, heights.reshape(-1), count)
    return Basins(heights, numbers.reshape(heights.shape), peak, area)


def join_basins(basins: Basins, *, ripple_px: float, min_area_px: int) -> BasinTree:
    """Join basins at their saddles, from the highest saddle down.

    Parameters
    ----------
    basins : Basins
    ripple_px : float
        Depth in px that makes no neck (module header).
    min_area_px : int
        A saddle that joins a group of fewer pixels than this gets neck depth 0.
    """
    offsets = _flat_offsets(basins.heights.shape)
    count = basins.peak.size
    pairs, saddle = _highest_saddles(
        basins.numbers.reshape(-1), basins.heights.reshape(-1), offsets[offsets > 0], count
    )
    # Highest first; equal heights in the order of the basin numbers, so a run repeats exactly.
    order = np.lexsort((pairs, -saddle))
    first, second = (part.astype(np.int32) for part in np.divmod(pairs[order], max(count, 1)))
    chosen, depth = _join_by_height(
        first, second, saddle[order], basins.peak, basins.area.copy(), ripple_px, min_area_px
    )
    return BasinTree(count, first[chosen], second[chosen], depth)
