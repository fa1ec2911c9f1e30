"""Nearest NMC of each NMC, and the phases through which the two are joined (paper, Fig. 3c).

Distance is Euclidean, boundary to boundary: the smallest distance between a pixel centre of one region and
one of the other. A distance map does not give it, because inside a particle every pixel is nearest to that
particle itself.

Strategy. NMC pixels are held as runs, row by row (3D: line by line). For each run of a particle, rows are
searched outward in order of their distance, and searching stops as soon as the row alone is farther than the
best distance found for the particle so far. In a row, the next run of another particle to the left and to
the right is one binary search away, and runs know the next run of a different particle, so one particle's
own runs are stepped over at once. Exact, and cheap where particles are close, however large they are.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cathograph.ingest.graph.neighbours import PhaseNeighbours, share_a_neighbour


@dataclass(frozen=True)
class NearestNmc:
    """One row per NMC of an image with at least two, by label.

    Attributes
    ----------
    nmc : ndarray of int64, shape (n,)
        Labels, ascending.
    nearest : ndarray of int64, shape (n,)
        Label of the nearest other NMC; the lowest where several are equally near.
    distance_px : ndarray of float64, shape (n,)
        Smallest distance between pixel centres of the two; 1 when they share an edge.
    via : ndarray of str, shape (n,)
        The carrier of which the two share a neighbour, by the names of its phases (``"SSE"``, ``"Graphite"`` in the
        default composite), ``"both"`` or ``"neither"``.
    touching : ndarray of bool, shape (n,)
        True when a pixel of one is an 8- (3D: 26-) neighbour of a pixel of the other.
    """

    nmc: NDArray[np.int64]
    nearest: NDArray[np.int64]
    distance_px: NDArray[np.float64]
    via: NDArray[np.str_]
    touching: NDArray[np.bool_]


def find_nearest_nmc(neighbours: PhaseNeighbours) -> NearestNmc:
    """Find the nearest other NMC of every NMC and what joins the two.

    Parameters
    ----------
    neighbours : PhaseNeighbours
        The image and who touches whom in it, which decides the neighbours that two particles share.

    Returns
    -------
    NearestNmc
        Empty for an image with fewer than two NMC.

    Raises
    ------
    InputImageError
        When the image holds a label that is not among its regions.

    Notes
    -----
    Paper, Fig. 3c: "nearest-neighbour connection". The relation is not symmetric.
    """
    numbers = neighbours.regions.numbers
    n_nmc = neighbours.active.size
    particle = np.full(len(neighbours.regions) + 1, -1, dtype=np.int32)
    particle[neighbours.active + 1] = np.arange(n_nmc)
    volume = numbers[None] if numbers.ndim == 2 else numbers
    line_start, run_particle, run_first, run_last = _list_runs(volume.reshape(-1, volume.shape[-1]), particle)
    order = np.argsort(run_particle, kind="stable")
    own_start = np.searchsorted(run_particle[order], np.arange(n_nmc + 1))
    nearest = np.full(n_nmc, -1, dtype=np.int64)
    squared = np.full(n_nmc, -1, dtype=np.int64)
    _search_runs(
        volume.shape[0],
        volume.shape[1],
        line_start,
        run_particle,
        run_first,
        run_last,
        order,
        own_start.astype(np.int64),
        nearest,
        squared,
    )
    rows = np.flatnonzero(nearest >= 0)
    shared = [share_a_neighbour(matrix, rows, nearest[rows]) for matrix in neighbours.shared_carriers]
    composite = neighbours.regions.composite
    carriers = ["/".join(phase.name for phase in composite.with_role(role)) for role in composite.channel]
    via = np.array(["neither", *carriers, "both"])
    nmc = neighbours.active_labels
    return NearestNmc(
        nmc=nmc[rows],
        nearest=nmc[nearest[rows]],
        distance_px=np.sqrt(squared[rows].astype(np.float64)),
        via=via[shared[0] + 2 * shared[1].astype(np.int64)],
        # Neighbouring pixels differ by at most 1 along each axis, others by at least 2 along one: a squared
        # distance of 1, 2 (and 3 in 3D) against 4 and more.
        touching=squared[rows] <= numbers.ndim,
    )


@njit(cache=True)
def _list_runs(
    lines: NDArray[np.int32], particle: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Maximal runs of one NMC along x, in scan order: first run of each line, particle, first and last x."""
    n_lines, n_x = lines.shape
    line_start = np.zeros(n_lines + 1, dtype=np.int64)
    for line in range(n_lines):
        n, before = 0, np.int32(0)
        for x in range(n_x):
            number = lines[line, x]
            if number != before:
                n += particle[number] >= 0
                before = number
        line_start[line + 1] = line_start[line] + n
    n_runs = line_start[n_lines]
    run_particle = np.empty(n_runs, dtype=np.int32)
    run_first, run_last = np.empty(n_runs, dtype=np.int32), np.empty(n_runs, dtype=np.int32)
    for line in range(n_lines):
        k, before = line_start[line] - 1, np.int32(0)
        for x in range(n_x):
            number = lines[line, x]
            if number != before:
                before = number
                if particle[number] >= 0:
                    k += 1
                    run_particle[k] = particle[number]
                    run_first[k] = x
            if particle[number] >= 0:
                run_last[k] = x
    return line_start, run_particle, run_first, run_last


@njit(cache=True)
def _link_others(
    line_start: NDArray[np.int64], run_particle: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Index of the next run of a different particle to the left and to the right in the line, or -1."""
    left, right = np.full(run_particle.size, -1), np.full(run_particle.size, -1)
    for line in range(line_start.size - 1):
        for k in range(line_start[line] + 1, line_start[line + 1]):
            left[k] = k - 1 if run_particle[k - 1] != run_particle[k] else left[k - 1]
        for k in range(line_start[line + 1] - 2, line_start[line] - 1, -1):
            right[k] = k + 1 if run_particle[k + 1] != run_particle[k] else right[k + 1]
    return left, right


@njit(cache=True)
def _search_runs(
    n_planes: int,
    n_rows: int,
    line_start: NDArray[np.int64],
    run_particle: NDArray[np.int32],
    run_first: NDArray[np.int32],
    run_last: NDArray[np.int32],
    order: NDArray[np.int64],
    own_start: NDArray[np.int64],
    nearest: NDArray[np.int64],
    squared: NDArray[np.int64],
) -> None:
    """Fill `nearest` and `squared` for every particle; both stay -1 where there is no other particle."""
    left, right = _link_others(line_start, run_particle)
    run_line = np.empty(run_particle.size, dtype=np.int64)
    for line in range(line_start.size - 1):
        run_line[line_start[line] : line_start[line + 1]] = line
    for a in range(nearest.size):
        best, who = np.int64(2**62), np.int64(-1)
        for i in range(own_start[a], own_start[a + 1]):
            run = order[i]
            z, y = run_line[run] // n_rows, run_line[run] % n_rows
            first, last = run_first[run], run_last[run]
            for step_z in range(2 * n_planes):
                # 0, -1, +1, -2, +2, …: nearest planes and rows first, so the bound tightens early.
                dz = (step_z + 1) // 2 if step_z % 2 == 0 else -((step_z + 1) // 2)
                if dz * dz > best:
                    break
                if z + dz < 0 or z + dz >= n_planes:
                    continue
                for step_y in range(2 * n_rows):
                    dy = (step_y + 1) // 2 if step_y % 2 == 0 else -((step_y + 1) // 2)
                    across = np.int64(dz * dz + dy * dy)
                    if across > best:
                        break
                    if y + dy < 0 or y + dy >= n_rows:
                        continue
                    line = (z + dz) * n_rows + y + dy
                    begin, end = line_start[line], line_start[line + 1]
                    if begin == end:
                        continue
                    # The first run of the line that does not end before ours begins.
                    k = begin + np.searchsorted(run_last[begin:end], first)
                    ahead = k
                    if k < end and run_particle[k] == a:
                        ahead = right[k] if right[k] >= 0 else end
                    while ahead < end:
                        gap = np.int64(max(0, run_first[ahead] - last))
                        distance = across + gap * gap
                        if distance > best:
                            break
                        if run_particle[ahead] != a and (distance < best or run_particle[ahead] < who):
                            best, who = distance, np.int64(run_particle[ahead])
                        if gap > 0:
                            break
                        # Several particles may lie right beside this run: the lowest label counts.
                        ahead += 1
                    behind = k - 1
                    if behind >= begin and run_particle[behind] == a:
                        behind = left[behind]
                    if behind >= begin:
                        gap = np.int64(first - run_last[behind])
                        distance = across + gap * gap
                        if distance < best or (distance == best and run_particle[behind] < who):
                            best, who = distance, np.int64(run_particle[behind])
        if who >= 0:
            nearest[a], squared[a] = who, best
