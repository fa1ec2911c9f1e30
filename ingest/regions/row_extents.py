"""The extent of each region, row by row: all that its area, box and convex hull need.

A row is a line of pixels along x. For each region and each row it touches we keep the first
and the last x. Two passes over the image: one counts the rows of each region, the other
fills them in, so memory is linear in the rows that regions touch, never in the boxes they
span, and no region is cropped or masked. A convex hull depends on these extremes alone.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cathograph.schema.errors import InputImageError

RowTable = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]
"""Region, row, first and last x, entry by entry."""


@dataclass(frozen=True, eq=False)
class RowExtents:
    """First and last x of every region in every row it touches.

    Attributes
    ----------
    start : int64 array (n_regions + 1,)
        Rows of region i are entries ``start[i]:start[i + 1]``, in scan order.
    row : int32 array
        Row number: y in 2D, ``z · ny + y`` in 3D.
    first, last : int32 arrays
        First and last x of the region in that row.
    area : int64 array (n_regions,)
        Pixels (voxels) of the region.
    coordinate_sum : int64 array (n_regions, 3)
        Sums of z, y and x over the pixels of the region.
    """

    start: NDArray[np.int64]
    row: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    area: NDArray[np.int64]
    coordinate_sum: NDArray[np.int64]


@njit(cache=True)
def _count_rows(
    rows: NDArray[np.int32], rows_per_plane: int, n_regions: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows that each region touches, its pixels, and the sums of their coordinates."""
    touched = np.zeros(n_regions, np.int64)
    area = np.zeros(n_regions, np.int64)
    coordinate_sum = np.zeros((n_regions, 3), np.int64)
    latest = np.full(n_regions, -1, np.int32)
    n_rows, width = rows.shape
    for r in range(n_rows):
        z, y = r // rows_per_plane, r % rows_per_plane
        x = 0
        while x < width:
            begin = x
            number = rows[r, x]
            while x < width and rows[r, x] == number:
                x += 1
            if number == 0:
                continue
            region = number - 1
            length = x - begin
            area[region] += length
            coordinate_sum[region, 0] += z * length
            coordinate_sum[region, 1] += y * length
            coordinate_sum[region, 2] += (begin + x - 1) * length // 2
            if latest[region] != r:
                latest[region] = r
                touched[region] += 1
    return touched, area, coordinate_sum


@njit(cache=True)
def _fill_rows(
    rows: NDArray[np.int32],
    start: NDArray[np.int64],
    row: NDArray[np.int32],
    first: NDArray[np.int32],
    last: NDArray[np.int32],
) -> None:
    """Write the extents of each region's rows, in scan order."""
    following = start[:-1].copy()
    n_rows, width = rows.shape
    for r in range(n_rows):
        x = 0
        while x < width:
            begin = x
            number = rows[r, x]
            while x < width and rows[r, x] == number:
                x += 1
            if number == 0:
                continue
            region = number - 1
            at = following[region] - 1
            if at < start[region] or row[at] != r:
                at += 1
                following[region] = at + 1
                row[at] = r
                first[at] = begin
            last[at] = x - 1


def measure_row_extents(numbers: NDArray[np.int32], n_regions: int) -> RowExtents:
    """Measure row extents, areas and coordinate sums of regions 1…n, in two passes over the image.

    Parameters
    ----------
    numbers : int32 array, 2D or 3D
        Region numbers 0…n_regions as `cathograph.ingest.regions.numbering.number_regions` makes them.
    n_regions : int

    Raises
    ------
    InputImageError
        When a region has no pixel, or the image has too many rows.
    """
    if numbers.size // max(numbers.shape[-1], 1) >= 2**31:
        msg = f"Found an image of shape {numbers.shape}; expected fewer than 2³¹ rows. Ingest it in blocks."
        raise InputImageError(msg)
    rows = np.ascontiguousarray(numbers).reshape(-1, max(numbers.shape[-1], 1))
    touched, area, coordinate_sum = _count_rows(rows, max(numbers.shape[-2], 1), n_regions)
    if np.any(area == 0):
        absent = np.flatnonzero(area == 0) + 1
        msg = (
            f"Found no pixel of {absent.size} of {n_regions} regions (the first is number {absent[0]}); "
            "expected every region in the image. Take the labels from the image itself."
        )
        raise InputImageError(msg)
    start = np.concatenate((np.zeros(1, np.int64), np.cumsum(touched)))
    row, first, last = (np.empty(start[-1], np.int32) for _ in range(3))
    _fill_rows(rows, start, row, first, last)
    return RowExtents(start, row, first, last, area, coordinate_sum)


@njit(cache=True)
def _join_rows(
    rows: RowTable, number: NDArray[np.int32], n_regions: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Rows of regions that are joined of others; `rows` in scan order, each with the region it is of."""
    of, row, first, last = rows
    touched = np.zeros(n_regions, np.int64)
    latest = np.full(n_regions, -1, np.int32)
    for i in range(of.size):
        region = number[of[i]] - 1
        if region >= 0 and latest[region] != row[i]:
            latest[region] = row[i]
            touched[region] += 1
    start = np.zeros(n_regions + 1, np.int64)
    start[1:] = np.cumsum(touched)
    joined, begin, end = (
        np.empty(start[-1], np.int32),
        np.empty(start[-1], np.int32),
        np.empty(start[-1], np.int32),
    )
    following = start[:-1].copy()
    for i in range(of.size):
        region = number[of[i]] - 1
        if region < 0:
            continue
        at = following[region] - 1
        if at < start[region] or joined[at] != row[i]:
            at += 1
            following[region] = at + 1
            joined[at] = row[i]
            begin[at], end[at] = first[i], last[i]
        else:
            begin[at], end[at] = min(begin[at], first[i]), max(end[at], last[i])
    return start, joined, begin, end


class JoinableExtents:
    """Row extents of parts, from which those of any union of parts follow without looking at the image again.

    Parameters
    ----------
    extents : RowExtents
        Of the parts.
    """

    def __init__(self, extents: RowExtents) -> None:
        of = np.repeat(np.arange(extents.area.size, dtype=np.int32), np.diff(extents.start))
        order = np.argsort(extents.row, kind="stable")
        self._rows: RowTable = (of[order], extents.row[order], extents.first[order], extents.last[order])
        self._parts = extents

    def join(self, number: NDArray[np.int32], n_regions: int) -> RowExtents:
        """Join parts into regions.

        Parameters
        ----------
        number : int32 array
            Region 1…n_regions of each part, 0 for parts that are left out; each region has a part.
        n_regions : int
        """
        start, row, first, last = _join_rows(self._rows, number, n_regions)
        kept = number > 0
        area = np.zeros(n_regions, np.int64)
        sums = np.zeros((n_regions, 3), np.int64)
        np.add.at(area, number[kept] - 1, self._parts.area[kept])
        np.add.at(sums, number[kept] - 1, self._parts.coordinate_sum[kept])
        return RowExtents(start, row, first, last, area, sums)
