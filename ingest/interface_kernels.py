"""Compiled kernels behind interfaces: faces of touching regions, counted 60 pixels at a time.

Strategy. Where two regions touch, the faces between their pixels are found from runs,
and written as bit masks: one 64-bit word holds, for one pair of regions, one row and one
axis, which of 64 neighbouring pixels have a face of that pair. A way of a step
(`ingest.interface`) passes certain faces, so the masks of those rows, shifted and XORed,
have a bit for every pixel from which that way crosses the interface: one XOR and one
population count answer for 60 pixels. Rows without such faces cost nothing.

A group is one pair of regions in one column of 60 pixels; its masks are collected as
records in a linked list and laid out by row only while the group is counted.

Nothing here calls kernels in other files: numba's on-disk cache would not notice changes
there. Functions return False when a table is full, see `ingest.contact_kernels`.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

PAIR, COLUMN, NEWEST, CROSSINGS = 0, 1, 2, 3
GROUP_COLUMNS = 4
ROW, AXIS, BITS, OLDER = 0, 1, 2, 3
RECORD_COLUMNS = 4

_LABEL, _FIRST, _LAST = 0, 1, 2  # of a run
_REACH = 2  # interface.REACH: a mask shows this many pixels beyond those it answers for
_OWN = 60
_OWN_BITS = np.int64(((1 << _OWN) - 1) << _REACH)


@numba.njit(nogil=True, cache=True)
def _record(
    groups: Int64s,
    records: Int64s,
    used: Int64s,
    one: np.int32,
    other: np.int32,
    row: int,
    axis: int,
    first: int,
    last: int,
) -> bool:
    """Record the faces of a pair at pixels first … last of a row, in every column that sees them."""
    pair = (np.int64(min(one, other)) << 32) | np.int64(max(one, other))
    mask = groups.shape[0] - 1
    first += _REACH  # steps may start this far outside the image
    last += _REACH
    for column in range((first - _REACH) // _OWN, (last + _REACH) // _OWN + 1):
        origin = column * _OWN - _REACH
        low = max(first - origin, 0)
        high = min(last - origin, 63)
        mixed = (pair + column * np.int64(0x9E3779B97F4A7C1)) * np.int64(0x2545F4914F6CDD1D)
        slot = (mixed ^ (mixed >> 29)) & mask
        while groups[slot, PAIR] != 0 and (groups[slot, PAIR] != pair or groups[slot, COLUMN] != column):
            slot = (slot + 1) & mask
        if groups[slot, PAIR] == 0:
            if 2 * used[0] >= groups.shape[0]:
                return False
            used[0] += 1
            groups[slot, PAIR] = pair
            groups[slot, COLUMN] = column
            groups[slot, NEWEST] = -1
            groups[slot, CROSSINGS] = 0
        n = used[1]
        if n >= records.shape[0]:
            return False
        used[1] = n + 1
        records[n, ROW] = row
        records[n, AXIS] = axis
        records[n, BITS] = (np.int64(-1) << low) ^ (np.int64(-2) << high)
        records[n, OLDER] = groups[slot, NEWEST]
        groups[slot, NEWEST] = n
    return True


@numba.njit(nogil=True, cache=True)
def list_faces(
    runs: Int32s, starts: Int64s, n_z: int, n_y: int, groups: Int64s, records: Int64s, used: Int64s
) -> bool:
    """Record all faces between regions, from the runs of n_z * n_y rows.

    `groups` is a hash table, empty where PAIR is 0; `used` counts groups and records.
    """
    used[0] = 0
    used[1] = 0
    for row in range(n_z * n_y):
        start = starts[row]
        end = starts[row + 1]
        for i in range(start, end - 1):
            last = runs[i, _LAST]
            if last + 1 == runs[i + 1, _FIRST] and not _record(
                groups, records, used, runs[i, _LABEL], runs[i + 1, _LABEL], row, 2, last, last
            ):
                return False
        for axis in range(2):
            # The next row along the axis, where it is among these rows.
            if axis == 0:
                next_row = row + n_y
                exists = next_row < n_z * n_y
            else:
                next_row = row + 1
                exists = next_row % n_y != 0
            if not exists:
                continue
            i = start
            j = starts[next_row]
            next_end = starts[next_row + 1]
            while i < end and j < next_end:
                first = max(runs[i, _FIRST], runs[j, _FIRST])
                last = min(runs[i, _LAST], runs[j, _LAST])
                if (
                    first <= last
                    and runs[i, _LABEL] != runs[j, _LABEL]
                    and not _record(
                        groups, records, used, runs[i, _LABEL], runs[j, _LABEL], row, axis, first, last
                    )
                ):
                    return False
                if runs[i, _LAST] < runs[j, _LAST]:
                    i += 1
                else:
                    j += 1
    return True


@numba.njit(nogil=True, cache=True)
def _count_bits(bits: np.int64) -> np.int64:
    """Count set bits, the top two being unset (compiled to one instruction)."""
    bits = bits - ((bits >> 1) & 0x5555555555555555)
    bits = (bits & 0x3333333333333333) + ((bits >> 2) & 0x3333333333333333)
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0F
    return (bits * 0x0101010101010101) >> 56


@numba.njit(nogil=True, cache=True)
def count_crossings(
    n_z: int,
    n_y: int,
    z_first: int,
    z_end: int,
    y_first: int,
    y_end: int,
    rows: Int64s,
    way_weight: Int64s,
    way_start: Int64s,
    face_mask: Int64s,
    face_shift: Int64s,
    groups: Int64s,
    records: Int64s,
    masks: Int64s,
    visits: Int64s,
    touched: Int64s,
) -> None:
    """Count, for every group, the crossings of the steps that start in rows of the block.

    The block is z_first ≤ z < z_end, y_first ≤ y < y_end of the n_z * n_y rows. Scratch:
    `masks` (3 words a row), `visits` (when a row's masks were laid out, when it was counted)
    with a margin of `_REACH` rows around the n_y (and after the n_z), `touched` (a place a row).
    """
    stride = n_y + 2 * _REACH
    near = np.zeros(3 * rows.shape[0], dtype=np.int64)
    for row in range(visits.shape[0]):
        visits[row, 0] = -1
        visits[row, 1] = -1
    for group in range(groups.shape[0]):
        if groups[group, PAIR] == 0:
            continue
        n_touched = 0
        record = groups[group, NEWEST]
        while record >= 0:
            row = records[record, ROW]
            place = (row // n_y) * stride + row % n_y + _REACH
            if visits[place, 0] != group:
                visits[place, 0] = group
                for axis in range(3):
                    masks[place, axis] = 0
                touched[n_touched] = row
                n_touched += 1
            masks[place, records[record, AXIS]] |= records[record, BITS]
            record = records[record, OLDER]
        crossings = np.int64(0)
        for t in range(n_touched):
            for back in range(rows.shape[0]):
                z = touched[t] // n_y - rows[back, 0]
                y = touched[t] % n_y - rows[back, 1]
                if z < z_first or z >= z_end or y < y_first or y >= y_end:
                    continue
                place = z * stride + y + _REACH
                if visits[place, 1] == group:
                    continue
                visits[place, 1] = group
                for r in range(rows.shape[0]):
                    other = place + rows[r, 0] * stride + rows[r, 1]
                    laid_out = visits[other, 0] == group
                    for axis in range(3):
                        near[3 * r + axis] = masks[other, axis] if laid_out else 0
                for way in range(way_weight.shape[0]):
                    bits = np.int64(0)
                    for f in range(way_start[way], way_start[way + 1]):
                        # Shifted left and back, so that both senses of dx are one expression.
                        bits ^= (near[face_mask[f]] << (_REACH - face_shift[f])) >> _REACH
                    crossings += way_weight[way] * _count_bits(bits & _OWN_BITS)
        groups[group, CROSSINGS] = crossings
