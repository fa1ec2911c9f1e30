"""Where each region lies, row by row: the shortest summary that area, box and convex hull need.

A row is a line of pixels along x. For each region and each row it touches we keep the first
and the last x. Two passes over the image: one counts the rows of each region, the other
fills them in, so memory is linear in the rows that regions touch, never in the boxes they
span, and no region is cropped or masked. A convex hull depends on these extremes alone.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from schema.errors import InputImageError

_NOT_A_REGION = -1


@dataclass(frozen=True)
class RegionIndex:
    """Position of each label among the regions, by table where labels are dense, by search else.

    Attributes
    ----------
    region_labels : int64 array (n,), ascending
    table : int32 array
        ``table[label]`` is the position or -1; empty when labels are too far apart.
    """

    region_labels: NDArray[np.int64]
    table: NDArray[np.int32]


@dataclass(frozen=True)
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
    """

    start: NDArray[np.int64]
    row: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    area: NDArray[np.int64]


def index_regions(region_labels: NDArray[np.int64], n_pixels: int) -> RegionIndex:
    """Prepare the lookup from label to position.

    Raises
    ------
    InputImageError
        When the labels are not positive and strictly ascending.
    """
    wanted = np.asarray(region_labels, dtype=np.int64)
    if wanted.ndim != 1 or (wanted.size and wanted[0] < 1) or np.any(np.diff(wanted) < 1):
        msg = (
            f"Found region labels of shape {wanted.shape} starting {wanted.ravel()[:5].tolist()}; expected one "
            "ascending list of positive labels, each once. Take them from numpy.unique(labels), without 0."
        )
        raise InputImageError(msg)
    highest = int(wanted[-1]) if wanted.size else 0
    if highest > max(2 * n_pixels, 2**20):
        return RegionIndex(wanted, np.empty(0, np.int32))
    table = np.full(highest + 1, _NOT_A_REGION, np.int32)
    table[wanted] = np.arange(wanted.size, dtype=np.int32)
    return RegionIndex(wanted, table)


def rows_of(labels: NDArray[np.integer]) -> NDArray[np.int32 | np.int64]:
    """View a label image as rows along x, in one of the two integer types the kernels know.

    Parameters
    ----------
    labels : integer array, 2D or 3D

    Raises
    ------
    InputImageError
        When the array is not a 2D or 3D integer array, or has labels that int64 cannot hold.
    """
    if labels.ndim not in (2, 3) or labels.dtype.kind not in "iub":
        msg = (
            f"Found an array of shape {labels.shape} and type {labels.dtype}; expected integer labels with "
            "axes (y, x) or (z, y, x). Give a label image."
        )
        raise InputImageError(msg)
    if labels.dtype == np.uint64 and labels.size and labels.max() >= 2**63:
        msg = f"Found label {labels.max()}; expected labels below 2⁶³. Relabel the image."
        raise InputImageError(msg)
    kind = np.int32 if np.can_cast(labels.dtype, np.int32) else np.int64
    plain = np.ascontiguousarray(labels, dtype=kind)
    return plain.reshape(-1, plain.shape[-1])


@njit(cache=True)
def region_position(label: int, table: NDArray[np.int32], region_labels: NDArray[np.int64]) -> int:
    """Position of a label among the regions, -1 when it is none."""
    if label <= 0 or region_labels.size == 0 or label > region_labels[-1]:
        return _NOT_A_REGION
    if table.size:
        return table[label]
    at = np.searchsorted(region_labels, label)
    return at if region_labels[at] == label else _NOT_A_REGION


@njit(cache=True)
def _count_rows(
    rows: NDArray[np.int32], table: NDArray[np.int32], region_labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that each region touches, and its pixels."""
    touched = np.zeros(region_labels.size, np.int64)
    area = np.zeros(region_labels.size, np.int64)
    latest = np.full(region_labels.size, -1, np.int32)
    n_rows, width = rows.shape
    for r in range(n_rows):
        x = 0
        while x < width:
            begin = x
            label = rows[r, x]
            while x < width and rows[r, x] == label:
                x += 1
            if label == 0:
                continue
            region = region_position(label, table, region_labels)
            if region >= 0:
                area[region] += x - begin
                if latest[region] != r:
                    latest[region] = r
                    touched[region] += 1
    return touched, area


@njit(cache=True)
def _fill_rows(
    rows: NDArray[np.int32],
    table: NDArray[np.int32],
    region_labels: NDArray[np.int64],
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
            label = rows[r, x]
            while x < width and rows[r, x] == label:
                x += 1
            if label == 0:
                continue
            region = region_position(label, table, region_labels)
            if region < 0:
                continue
            at = following[region] - 1
            if at < start[region] or row[at] != r:
                at += 1
                following[region] = at + 1
                row[at] = r
                first[at] = begin
            last[at] = x - 1


def measure_row_extents(labels: NDArray[np.integer], index: RegionIndex) -> RowExtents:
    """Row extents and areas of the regions in `index`, in two passes over the image.

    Parameters
    ----------
    labels : integer array, 2D or 3D
        Label image, 0 is background; labels that are not in `index` are passed over.
    index : RegionIndex

    Raises
    ------
    InputImageError
        When a region of `index` has no pixel in the image (up to ten are listed).
    """
    rows = rows_of(labels)
    touched, area = _count_rows(rows, index.table, index.region_labels)
    if np.any(area == 0):
        absent = index.region_labels[area == 0]
        msg = (
            f"Found no pixel of {absent.size} regions (labels {absent[:10].tolist()}); expected every region "
            "in the label image. Take the labels from the image itself."
        )
        raise InputImageError(msg)
    start = np.concatenate(([0], np.cumsum(touched)))
    row, first, last = (np.empty(start[-1], np.int32) for _ in range(3))
    _fill_rows(rows, index.table, index.region_labels, start, row, first, last)
    return RowExtents(start, row, first, last, area)
