"""The image cut into blocks of rows, each run through the contact kernels on some thread.

A block is small enough that its lists of runs stay in a core's cache and deep enough
that the halo above and below it, which neighbouring blocks list again, costs little.
Every block counts only what starts in its own rows, so the pairs of all blocks add up to
those of the image; the sums are of integers, so they do not depend on threads or their order.

Threads are plain Python threads over kernels that release the GIL: numba's own thread
pools abort the process when two callers use them at once or after a fork, and the
service does both.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.graph import contact_kernels as kernels
from cathograph.ingest.graph import interface_kernels as faces
from cathograph.ingest.regions.crofton import REACH, directions_for

_PIXELS_PER_BLOCK = 2**18
_VOXELS_PER_BLOCK = 2**20  # halos on four sides want larger blocks
_PIXELS_WORTH_A_THREAD = 2**17


@dataclass(frozen=True)
class Block:
    """Rows z_first ≤ z < z_end, y_first ≤ y < y_end of the image, over its whole width."""

    z_first: int
    z_end: int
    y_first: int
    y_end: int


def find_pairs(ids: NDArray[np.int32], radius: int, threads: int | None) -> NDArray[np.int64]:
    """Find the pairs of an image, on several threads where that is faster.

    Parameters
    ----------
    ids : ndarray of int32, shape (depth, height, width), C order, not empty
        Label image; a 2D image has depth 1. Values index arrays, so they should be small.
    radius : int
        Radius of the dilation in pixels, 1 or more.
    threads : int or None
        Threads to use; None for all cores that this process may use.

    Returns
    -------
    ndarray of int64, shape (n, 5)
        Rows KEY, AB, BA, GAP, CROSSINGS of `cathograph.ingest.graph.contact_kernels`, sorted by key.
    """
    ids = ids.view()
    ids.flags.writeable = False  # kernels are compiled for read-only images, then for no others too
    if threads is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        threads = min(cores, 1 + ids.size // _PIXELS_WORTH_A_THREAD)
    blocks = iter(cut_blocks(ids.shape, radius, threads))
    if threads == 1:
        results = [_run_blocks(ids, radius, blocks)]
    else:
        with ThreadPoolExecutor(threads) as pool:
            futures = [pool.submit(_run_blocks, ids, radius, blocks) for _ in range(threads)]
            results = [future.result() for future in futures]
    entries = np.concatenate([entries for entries, _ in results])
    pairs = np.empty_like(entries)
    n_pairs = kernels.sort_pairs(
        entries,
        np.arange(len(entries)),
        np.empty(len(entries), dtype=np.int64),
        np.empty(max(largest for _, largest in results) + 2, dtype=np.int64),
        pairs,
    )
    return pairs[:n_pairs]


def cut_blocks(shape: tuple[int, ...], radius: int, threads: int) -> list[Block]:
    """Cut an image of shape (depth, height, width) into blocks, at least one a thread if it can be."""
    depth, height, width = shape
    rows = max((_PIXELS_PER_BLOCK if depth == 1 else _VOXELS_PER_BLOCK) // width, 1)
    if depth == 1:
        n_z = 1
        n_y = min(max(rows, 8 * radius), -(-height // threads))
    else:
        n_y = min(height, max(int((2 * rows) ** 0.5), 8 * radius))
        n_z = min(max(rows // n_y, 4 * radius), -(-depth // threads))
    return [
        Block(z, min(z + n_z, depth), y, min(y + n_y, height))
        for z in range(0, depth, n_z)
        for y in range(0, height, n_y)
    ]


def _run_blocks(
    ids: NDArray[np.int32], radius: int, blocks: Iterator[Block]
) -> tuple[NDArray[np.int64], int]:
    """Take blocks until none is left; give their pairs and the largest label among them.

    The iterator is shared between threads: whichever is free takes the next block.
    """
    workspace = _Workspace(ids, radius)
    found = [np.empty((0, kernels.TABLE_COLUMNS), dtype=np.int64)]
    found.extend(workspace.find_pairs(block) for block in blocks)
    return np.concatenate(found), workspace.largest


class _Lists:
    """Lists of intervals, one for each row of a block: a buffer that grows and where each starts."""

    def __init__(self) -> None:
        self.intervals = np.empty((0, 3), dtype=np.int32)
        self.starts = np.empty(1, dtype=np.int64)
        self.n_z = 0
        self.n_y = 0

    def prepare(self, n_z: int, n_y: int, capacity: int) -> None:
        """Make room for this many rows and intervals; what is there is lost."""
        self.n_z, self.n_y = n_z, n_y
        if self.starts.size < n_z * n_y + 1:
            self.starts = np.empty(n_z * n_y + 1, dtype=np.int64)
        if len(self.intervals) < capacity:
            self.intervals = np.empty((capacity + capacity // 4, 3), dtype=np.int32)

    @property
    def n_intervals(self) -> int:
        """Count the intervals of all rows."""
        return int(self.starts[self.n_z * self.n_y])


class _Workspace:
    """Buffers of one thread, kept from block to block: fresh memory costs more than the work in it."""

    def __init__(self, ids: NDArray[np.int32], radius: int) -> None:
        depth, _, width = ids.shape
        self.ids = ids
        self.radius = radius
        self.halo_z = max(radius, REACH) if depth > 1 else 0
        self.halo_y = max(radius, REACH)
        self.directions = directions_for(max(sum(n > 1 for n in ids.shape), 1))
        self.runs = _Lists()
        self.windows = (_Lists(), _Lists())
        self.changes = np.zeros(-(-width // 8), dtype=np.uint64)
        self.largest = 0
        self.latest = np.zeros(1, dtype=np.int32)
        self.groups = np.empty((2**12, faces.GROUP_COLUMNS), dtype=np.int64)
        self.records = np.empty((2**15, faces.RECORD_COLUMNS), dtype=np.int64)
        self.masks = np.empty((0, 3), dtype=np.uint64)
        self.visits = np.empty((0, 2), dtype=np.int64)
        self.places = np.empty((2, 0), dtype=np.int64)
        self._make_table(2**13)

    def find_pairs(self, block: Block) -> NDArray[np.int64]:
        """Find the pairs of one block, rows of the table of `cathograph.ingest.graph.contact_kernels`, unsorted."""
        self._list_runs(block)
        self._count_crossings(block)
        windows = self._unite_windows()
        while not self._fill_table(block, windows):
            self._make_table(4 * len(self.table))
        used = self.used[1 : self.used[0] + 1]
        filled: NDArray[np.int64] = self.table[used]
        self.table[used, kernels.KEY] = 0
        self.used[0] = 0
        return filled

    def _make_table(self, n_rows: int) -> None:
        self.table = np.empty((n_rows, kernels.TABLE_COLUMNS), dtype=np.int64)
        self.table[:, kernels.KEY] = 0
        self.used = np.zeros(n_rows // 2 + 1, dtype=np.int64)

    def _list_runs(self, block: Block) -> None:
        n_z = block.z_end - block.z_first + 2 * self.halo_z
        n_y = block.y_end - block.y_first + 2 * self.halo_y
        z_first, y_first = block.z_first - self.halo_z, block.y_first - self.halo_y
        capacity = max(len(self.runs.intervals), 4 * n_z * n_y + self.ids.shape[2])
        while True:
            self.runs.prepare(n_z, n_y, capacity)
            largest = kernels.list_runs(
                self.ids, z_first, n_z, y_first, n_y, self.changes, self.runs.intervals, self.runs.starts
            )
            if largest >= 0:
                break
            capacity = 2 * len(self.runs.intervals)
        self.largest = max(self.largest, largest)
        if self.latest.size <= largest:
            self.latest = np.zeros(2 * largest + 1, dtype=np.int32)

    def _unite_windows(self) -> _Lists:
        """Unite every row with all rows within the radius, by doubling the window along each axis."""
        radius = self.radius
        window = 2 * radius + 1
        source = self.runs
        # Up to here the first list is the halo's first row; with radius 1 the halo is wider.
        skip_z = self.halo_z - radius if self.halo_z else 0
        skip_y = self.halo_y - radius
        n_z = source.n_z - 2 * skip_z
        n_y = source.n_y - 2 * skip_y
        for axis in ("y", "z") if self.halo_z else ("y",):
            size = 1
            while size < window:
                shift = min(size, window - size)
                d_z, d_y = (shift, 0) if axis == "z" else (0, shift)
                n_z, n_y = n_z - d_z, n_y - d_y
                united = self.windows[source is self.windows[0]]
                united.prepare(n_z, n_y, 2 * source.n_intervals)
                kernels.unite_rows(
                    source.intervals, source.starts, source.n_y, skip_z, skip_y, n_z, n_y, d_z, d_y,
                    window, source is not self.runs, self.latest, united.intervals, united.starts,
                )  # fmt: skip
                source, size, skip_z, skip_y = united, size + shift, 0, 0
        return source

    def _count_crossings(self, block: Block) -> None:
        """Count interface steps that start in the block, or outside the image next to it."""
        depth, height, _ = self.ids.shape
        n_z, n_y = self.runs.n_z, self.runs.n_y
        used = np.zeros(2, dtype=np.int64)
        if len(self.records) < 4 * self.runs.n_intervals:  # usually enough: each row below and right
            self.records = np.empty((4 * self.runs.n_intervals, faces.RECORD_COLUMNS), dtype=np.int64)
        while True:
            self.groups[:, faces.PAIR] = 0
            if faces.list_faces(
                self.runs.intervals, self.runs.starts, n_z, n_y, self.groups, self.records, used
            ):
                break
            if used[1] == len(self.records):
                self.records = np.empty((4 * len(self.records), faces.RECORD_COLUMNS), dtype=np.int64)
            else:
                self.groups = np.empty((4 * len(self.groups), faces.GROUP_COLUMNS), dtype=np.int64)
        is_counted = np.zeros((n_z + 2 * REACH, n_y + 2 * REACH), dtype=np.bool_)
        inner = is_counted[REACH:-REACH, REACH:-REACH]
        z_first = self.halo_z - REACH if block.z_first == 0 and depth > 1 else self.halo_z
        y_first = self.halo_y - REACH if block.y_first == 0 else self.halo_y
        y_end = n_y - self.halo_y + (REACH if block.y_end == height else 0)
        inner[z_first : n_z - self.halo_z, y_first:y_end] = True
        if len(self.masks) < is_counted.size:
            self.masks = np.empty((is_counted.size, 3), dtype=np.uint64)
            self.visits = np.empty((is_counted.size, 2), dtype=np.int64)
            self.places = np.empty((2, is_counted.size), dtype=np.int64)
        faces.count_crossings(
            n_y, is_counted.reshape(-1), self.directions.rows, self.directions.views, self.directions.ways,
            self.directions.way_weight, self.groups, self.records, self.masks, self.visits, *self.places,
        )  # fmt: skip

    def _fill_table(self, block: Block, windows: _Lists) -> bool:
        """Add the block's crossings and overlaps into the empty table; False when it is too small."""
        # Crossings first: pairs known to touch need no search for their gap.
        complete: bool = kernels.add_crossings(
            self.groups[:, faces.PAIR], self.groups[:, faces.CROSSINGS], self.radius, self.table, self.used
        ) and kernels.count_overlaps(
            self.ids, self.radius, block.z_first, block.z_end - block.z_first, block.y_first,
            block.y_end - block.y_first, self.runs.intervals, self.runs.starts, self.runs.n_y,
            self.halo_z, self.halo_y, windows.intervals, windows.starts, self.table, self.used,
        )  # fmt: skip
        return complete
