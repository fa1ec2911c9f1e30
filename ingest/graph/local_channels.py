"""Local channels: concurrent channels whose paths are short (ours).

One pore body or one binder body that touches nearly every particle makes nearly every pair of particles
"concurrent", even where ions would have to cross the whole electrode. Here two NMC particles are joined only when a
path inside one shared SSE region, no longer than a chosen length, leads from the pixels of that region in
contact with the one to those in contact with the other; and likewise inside one shared graphite region.

A pixel of a region is in contact with a particle within Chebyshev distance r of it, as for contacts. Paths
run between pixel centres to all 8 (3D: 26) neighbours at cost 1, √2, √3; where a pixel is in contact with
both particles the length is 0.

Strategy. For one phase at a time, the particles near each of its pixels are listed once. From each particle
one wave then runs outward through all regions of the phase it touches, never from one region into another.
The wave is a shortest-path search with buckets one pixel wide: no step is shorter than that, so a bucket,
once reached, is final, and distances are exact without a heap. The work arrays are reused through stamps.
Graphite goes first; through SSE a wave runs only from particles that have a partner through graphite, and
it ends when all of these have been reached.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cathograph.ingest.graph.neighbours import PhaseNeighbours
from cathograph.schema.errors import InputError

MAX_PATH_PX = 10.0
"""Default longest path."""

_SSE, _GRAPHITE = 1, 2
_ROUNDING = 1e-9
"""Sums of 1, √2 and √3 carry rounding; a path of exactly the longest length still counts."""


@dataclass(frozen=True)
class LocalChannels:
    """One row per pair of NMC with a local channel, sorted by (nmc_a, nmc_b), nmc_a < nmc_b.

    Attributes
    ----------
    nmc_a, nmc_b : ndarray of int64, shape (n,)
        Labels.
    path_sse_px, path_graphite_px : ndarray of float64, shape (n,)
        Shortest path through one shared SSE region and through one shared graphite region, in pixels.
    radius_px : int
        Chebyshev radius of contact.
    max_path_px : float
        Longest path that counts.
    """

    nmc_a: NDArray[np.int64]
    nmc_b: NDArray[np.int64]
    path_sse_px: NDArray[np.float64]
    path_graphite_px: NDArray[np.float64]
    radius_px: int
    max_path_px: float


def find_local_channels(neighbours: PhaseNeighbours, *, max_path_px: float = MAX_PATH_PX) -> LocalChannels:
    """Find every pair of NMC joined by a short path through SSE and a short path through graphite.

    Parameters
    ----------
    neighbours : PhaseNeighbours
        The image and who touches whom in it; NMC that do not touch both SSE and graphite are left out early.
    max_path_px : float
        Longest path inside a region, in pixels.

    Returns
    -------
    LocalChannels
        Its pairs are a subset of the concurrent channels, and all of those whose paths are short enough.

    Raises
    ------
    InputImageError
        When the image holds a label that is not among its regions.
    InputError
        When `max_path_px` is negative or not a number.

    Notes
    -----
    Ours. With `max_path_px` large enough only those concurrent channels are missing whose shared region
    falls into several pieces (possible where label images are ingested as regions).
    """
    if not max_path_px >= 0:
        msg = f"Found max_path_px = {max_path_px}; expected 0 or more pixels. Give the longest path to count."
        raise InputError(msg)
    # With a border of background the waves need no test for the edge of the image.
    volume = np.pad(neighbours.regions.numbers, 1)
    n_nmc = neighbours.active.size
    particle = np.full(len(neighbours.regions) + 1, -1, dtype=np.int32)
    touches_both = np.ones(n_nmc, dtype=np.bool_)
    for matrix in neighbours.shared_carriers:
        touches_both &= np.diff(matrix.indptr) > 0
    particle[neighbours.active[touches_both] + 1] = np.flatnonzero(touches_both)
    carries = np.zeros(particle.size, dtype=np.uint8)
    first_carrier, second_carrier = neighbours.regions.composite.channel
    carries[neighbours.regions.positions_with(first_carrier) + 1] = _SSE
    carries[neighbours.regions.positions_with(second_carrier) + 1] = _GRAPHITE
    near = _list_contact_pixels(
        volume if volume.ndim == 3 else volume[None], particle, carries, neighbours.radius_px
    )
    steps, costs = _neighbour_steps(volume.shape)

    def join_through(
        phase: int, wanted_start: NDArray[np.int64], wanted: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        a, b, path = _run_waves(
            volume.ravel(), carries, phase, *near, steps, costs, max_path_px + _ROUNDING, wanted_start, wanted
        )
        rows = np.lexsort((b, a))
        return np.stack((a[rows], b[rows]), axis=1), path[rows]

    anything = np.zeros(0, dtype=np.int64)
    pairs, path_graphite = join_through(_GRAPHITE, anything, anything)
    first = np.searchsorted(pairs[:, 0], np.arange(n_nmc + 1)).astype(np.int64)
    wanted, path_sse = join_through(_SSE, first, pairs[:, 1].copy())
    graphite_key = pairs[:, 0] * n_nmc + pairs[:, 1]
    sse_key = wanted[:, 0] * n_nmc + wanted[:, 1]
    key, at_graphite, at_sse = np.intersect1d(graphite_key, sse_key, assume_unique=True, return_indices=True)
    nmc = neighbours.active_labels
    return LocalChannels(
        nmc_a=nmc[key // max(n_nmc, 1)],
        nmc_b=nmc[key % max(n_nmc, 1)],
        path_sse_px=path_sse[at_sse],
        path_graphite_px=path_graphite[at_graphite],
        radius_px=neighbours.radius_px,
        max_path_px=max_path_px,
    )


def _neighbour_steps(shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Linear steps to the 8 (26) neighbours of a pixel and their lengths."""
    moves = np.indices((3,) * len(shape)).reshape(len(shape), -1).T - 1
    moves = moves[np.any(moves != 0, axis=1)]
    strides = np.cumprod((1, *shape[:0:-1]))[::-1]
    return moves @ strides.astype(np.int64), np.sqrt(np.abs(moves).sum(axis=1).astype(np.float64))


@njit(cache=True)
def _list_contact_pixels(
    volume: NDArray[np.int32], particle: NDArray[np.int32], carries: NDArray[np.uint8], radius: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Pixels of the conducting phases within `radius` of each particle, and particles near each such pixel.

    Each particle is dilated on its own: its pixels along x and y, what that gives along z. Stamps keep a
    pixel from being listed twice, so the cost is that of the pixels, not of the boxes around particles.

    Returns ``seed_start``, ``seeds`` (per particle the linear positions of pixels in contact), and the
    reverse: ``site_of`` (per pixel, -1 where no particle is near), ``near_start``, ``near``.
    """
    _, n_y, n_x = volume.shape
    n_particles = particle.size
    # Pixels of each particle, in scan order, by counting.
    own_start = np.zeros(n_particles + 1, dtype=np.int64)
    flat = volume.ravel()
    for number in flat:
        if particle[number] >= 0:
            own_start[particle[number] + 1] += 1
    for a in range(n_particles):
        own_start[a + 1] += own_start[a]
    own = np.empty(own_start[n_particles], dtype=np.int64)
    cursor = own_start[:-1].copy()
    for voxel in range(flat.size):
        a = particle[flat[voxel]]
        if a >= 0:
            own[cursor[a]] = voxel
            cursor[a] += 1
    in_plane, in_space = np.full(flat.size, -1, dtype=np.int32), np.full(flat.size, -1, dtype=np.int32)
    plane_list = np.empty(1024, dtype=np.int64)
    seed_start, seeds = np.zeros(n_particles + 1, dtype=np.int64), np.empty(1024, dtype=np.int64)
    n_seeds = 0
    for a in range(n_particles):
        n_listed = 0
        for i in range(own_start[a], own_start[a + 1]):
            voxel = own[i]
            z, y, x = voxel // (n_y * n_x), voxel // n_x % n_y, voxel % n_x
            follows = i > own_start[a] and own[i - 1] == voxel - 1
            # Behind a pixel of the same row only one new column is reached.
            x_0 = min(x + radius, n_x - 1) if follows else max(0, x - radius)
            for yy in range(max(0, y - radius), min(n_y, y + radius + 1)):
                for xx in range(x_0, min(n_x, x + radius + 1)):
                    other = (z * n_y + yy) * n_x + xx
                    if in_plane[other] != a:
                        in_plane[other] = a
                        if n_listed == plane_list.size:
                            plane_list = np.concatenate((plane_list, plane_list))
                        plane_list[n_listed] = other
                        n_listed += 1
        # Plane by plane, so that memory is walked in the order of the list.
        for dz in range(-radius, radius + 1):
            for i in range(n_listed):
                other = plane_list[i] + dz * n_y * n_x
                if other < 0 or other >= flat.size or in_space[other] == a:
                    continue
                in_space[other] = a
                if carries[flat[other]] == 0:
                    continue
                if n_seeds == seeds.size:
                    seeds = np.concatenate((seeds, seeds))
                seeds[n_seeds] = other
                n_seeds += 1
        seed_start[a + 1] = n_seeds
    # Turned round: sites are numbered in the order in which they are first met.
    site_of = np.full(flat.size, -1, dtype=np.int32)
    near_start = np.zeros(n_seeds + 1, dtype=np.int64)
    n_sites = 0
    for k in range(n_seeds):
        if site_of[seeds[k]] < 0:
            site_of[seeds[k]] = n_sites
            n_sites += 1
        near_start[site_of[seeds[k]] + 1] += 1
    for k in range(n_sites):
        near_start[k + 1] += near_start[k]
    near = np.empty(n_seeds, dtype=np.int32)
    at = near_start[: n_sites + 1].copy()
    for a in range(n_particles):
        for k in range(seed_start[a], seed_start[a + 1]):
            site = site_of[seeds[k]]
            near[at[site]] = a
            at[site] += 1
    return seed_start, seeds[:n_seeds].copy(), site_of, near_start[: n_sites + 1].copy(), near


@njit(cache=True)
def _run_waves(
    flat: NDArray[np.int32],
    carries: NDArray[np.uint8],
    phase: int,
    seed_start: NDArray[np.int64],
    seeds: NDArray[np.int64],
    site_of: NDArray[np.int32],
    near_start: NDArray[np.int64],
    near: NDArray[np.int32],
    steps: NDArray[np.int64],
    costs: NDArray[np.float64],
    longest: float,
    wanted_start: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Run one wave per particle through one phase; pairs (a < b) and their shortest paths, as met.

    With `wanted` (the sorted partners b of each a), waves run only where there are any, and end when all
    have been met.
    """
    n_particles = seed_start.size - 1
    reached_by, path = np.full(flat.size, -1, dtype=np.int32), np.empty(flat.size, dtype=np.float64)
    met_by, place = np.full(n_particles, -1, dtype=np.int32), np.empty(n_particles, dtype=np.int64)
    # A step is shorter than 2, so three buckets (this one and the next two) are ever in use.
    bucket, fill = np.empty((3, 1024), dtype=np.int64), np.zeros(3, dtype=np.int64)
    pair_a, pair_b = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    pair_path = np.empty(1024, dtype=np.float64)
    n_pairs = 0
    for a in range(n_particles):
        missing = np.int64(-1)
        if wanted_start.size > 0:
            missing = wanted_start[a + 1] - wanted_start[a] if a + 1 < wanted_start.size else np.int64(0)
            if missing == 0:
                continue
        for k in range(seed_start[a], seed_start[a + 1]):
            voxel = seeds[k]
            if carries[flat[voxel]] != phase:
                continue
            reached_by[voxel] = a
            path[voxel] = 0.0
            if fill[0] == bucket.shape[1]:
                bucket = np.concatenate((bucket, bucket), axis=1)
            bucket[0, fill[0]] = voxel
            fill[0] += 1
        level, empty = 0, 0
        while empty < 3 and missing != 0:
            now = level % 3
            empty = empty + 1 if fill[now] == 0 else 0
            for i in range(fill[now]):
                voxel = bucket[now, i]
                here = path[voxel]
                if here < level:
                    # A shorter path was found later; the pixel has had its turn in an earlier bucket.
                    continue
                site = site_of[voxel]
                if site >= 0:
                    for k in range(near_start[site], near_start[site + 1]):
                        b = near[k]
                        if b <= a:
                            continue
                        if met_by[b] != a:
                            met_by[b] = a
                            place[b] = n_pairs
                            if n_pairs == pair_a.size:
                                pair_a = np.concatenate((pair_a, pair_a))
                                pair_b = np.concatenate((pair_b, pair_b))
                                pair_path = np.concatenate((pair_path, pair_path))
                            pair_a[n_pairs], pair_b[n_pairs], pair_path[n_pairs] = a, b, here
                            n_pairs += 1
                            if missing > 0:
                                begin, end = wanted_start[a], wanted_start[a + 1]
                                at = begin + np.searchsorted(wanted[begin:end], b)
                                if at < end and wanted[at] == b:
                                    missing -= 1
                        elif here < pair_path[place[b]]:
                            # Within one bucket pixels are not visited in order of their paths.
                            pair_path[place[b]] = here
                if here + 1.0 > longest:
                    continue
                region = flat[voxel]
                for k in range(steps.size):
                    other = voxel + steps[k]
                    if flat[other] != region:
                        continue
                    there = here + costs[k]
                    if there > longest or (reached_by[other] == a and path[other] <= there):
                        continue
                    reached_by[other] = a
                    path[other] = there
                    then = np.int64(there) % 3
                    if fill[then] == bucket.shape[1]:
                        bucket = np.concatenate((bucket, bucket), axis=1)
                    bucket[then, fill[then]] = other
                    fill[then] += 1
            fill[now] = 0
            level += 1
        fill[:] = 0
    return pair_a[:n_pairs].copy(), pair_b[:n_pairs].copy(), pair_path[:n_pairs].copy()
