"""Compiled kernels behind interfaces: faces of touching regions, counted 60 pixels at a time.

Strategy. Where two regions touch, the faces between their pixels are found from runs,
and written as bit masks: one 64-bit word holds, for one pair of regions, one row and one
axis, which of 64 neighbouring pixels have a face of that pair. A way of a step
(`cathograph.ingest.regions.crofton`) passes certain faces, so the masks of those rows, shifted and XORed,
have a bit for every pixel from which that way crosses the interface: one XOR and one
population count answer for 60 pixels. Rows without such faces cost nothing.

A group is one pair of regions in one column of 60 pixels; its masks are collected as
records in a linked list and laid out by row only while the group is counted.

Nothing here calls kernels in other files: numba's on-disk cache would not notice changes
there. Functions return False when a table is full, see `cathograph.ingest.graph.contact_kernels`.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

PAIR, COLUMN, NEWEST, CROSSINGS = 0, 1, 2, 3
GROUP_COLUMNS = 4
PLACE, AXIS, BITS, OLDER = 0, 1, 2, 3
RECORD_COLUMNS = 4

_LABEL, _FIRST, _LAST = 0, 1, 2  # of a run
_REACH = 2  # interface.REACH: a mask shows this many pixels beyond those it answers for
_OWN = 60
_OWN_BITS = np.uint64(((1 << _OWN) - 1) << _REACH)
_NONE = np.uint64(0)  # a plain 0 would turn a choice between it and a word into a float
_LANES = 8  # rows counted side by side, which the compiler turns into vector code


@numba.njit(nogil=True, cache=True)
def place_of(z: int, y: int, n_y: int) -> int:
    """Give the number of a row of a block, leaving room around the block for rows that steps reach."""
    return (z + _REACH) * (n_y + 2 * _REACH) + y + _REACH


@numba.njit(nogil=True, cache=True, inline="always")
def _record(
    groups: Int64s,
    records: Int64s,
    used: Int64s,
    one: np.int32,
    other: np.int32,
    place: int,
    axis: int,
    first: int,
    last: int,
) -> bool:
    """Record a pair's faces at pixels first … last of a row, in every column that sees them."""
    pair = (np.int64(min(one, other)) << 32) | np.int64(max(one, other))
    mask = groups.shape[0] - 1
    first += _REACH  # steps may start this far outside the image
    last += _REACH
    for column in range((first - _REACH) // _OWN, (last + _REACH) // _OWN + 1):
        origin = column * _OWN - _REACH
        low = max(first - origin, 0)
        high = min(last - origin, 63)
        mixed = (pair + column * np.int64(0x9E3779B97F4A7C1)) * np.int64(0x2545F4914F6CDD1D)
        mixed ^= mixed >> 32
        mixed *= np.int64(0x2545F4914F6CDD1D)
        slot = (mixed ^ (mixed >> 32)) & mask
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
        records[n, PLACE] = place
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
        place = place_of(row // n_y, row % n_y, n_y)
        start = starts[row]
        end = starts[row + 1]
        for i in range(start, end - 1):
            last = runs[i, _LAST]
            if last + 1 == runs[i + 1, _FIRST] and not _record(
                groups, records, used, runs[i, _LABEL], runs[i + 1, _LABEL], place, 2, last, last
            ):
                return False
        for axis in range(2):
            # The next row along the axis, where it is among these rows.
            next_row = row + n_y if axis == 0 else row + 1
            if next_row >= n_z * n_y or (axis == 1 and next_row % n_y == 0):
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
                        groups, records, used, runs[i, _LABEL], runs[j, _LABEL], place, axis, first, last
                    )
                ):
                    return False
                if runs[i, _LAST] < runs[j, _LAST]:
                    i += 1
                else:
                    j += 1
    return True


@numba.njit(nogil=True, cache=True)
def _count_bits(bits: np.uint64) -> np.int64:
    """Count set bits; the compiler knows this idiom and makes it one instruction."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@numba.njit(nogil=True, cache=True)
def count_crossings(
    n_y: int,
    is_counted: NDArray[np.bool_],
    rows: Int64s,
    views: NDArray[np.uint8],
    ways: NDArray[np.uint8],
    way_weight: Int64s,
    groups: Int64s,
    records: Int64s,
    masks: NDArray[np.uint64],
    visits: Int64s,
    touched: Int64s,
    counted: Int64s,
) -> None:
    """Count, for every group, the crossings of the steps that start in a counted row.

    `is_counted` tells them by place. Scratch, one entry a place: `masks` (3 words), `visits`
    (the group whose masks are laid out there; the group that was last counted), `touched` and
    `counted` (places of one group).
    """
    stride = n_y + 2 * _REACH
    near = np.zeros((3 * rows.shape[0], _LANES), dtype=np.uint64)
    seen = np.zeros((views.shape[0], _LANES), dtype=np.uint64)
    for place in range(visits.shape[0]):
        visits[place, 0] = -1
        visits[place, 1] = -1
    for group in range(groups.shape[0]):
        if groups[group, PAIR] == 0:
            continue
        n_touched = 0
        record = groups[group, NEWEST]
        while record >= 0:
            place = records[record, PLACE]
            if visits[place, 0] != group:
                visits[place, 0] = group
                for axis in range(3):
                    masks[place, axis] = 0
                touched[n_touched] = place
                n_touched += 1
            masks[place, records[record, AXIS]] |= np.uint64(records[record, BITS])
            record = records[record, OLDER]
        n_counted = 0
        for t in range(n_touched):
            for back in range(rows.shape[0]):
                place = touched[t] - rows[back, 0] * stride - rows[back, 1]
                if is_counted[place] and visits[place, 1] != group:
                    visits[place, 1] = group
                    counted[n_counted] = place
                    n_counted += 1
        crossings = np.int64(0)
        for c in range(0, n_counted, _LANES):
            for r in range(rows.shape[0]):
                offset = rows[r, 0] * stride + rows[r, 1]
                for lane in range(_LANES):
                    place = counted[min(c + lane, n_counted - 1)] + offset
                    laid_out = c + lane < n_counted and visits[place, 0] == group
                    for axis in range(3):
                        near[3 * r + axis, lane] = masks[place, axis] if laid_out else _NONE
            for v in range(1, views.shape[0]):
                source = near[views[v, 0]]
                shift = np.uint64(views[v, 1])
                for lane in range(_LANES):
                    # Shifted left and back, so that both senses of dx are one expression.
                    seen[v, lane] = ((source[lane] << shift) >> np.uint64(_REACH)) & _OWN_BITS
            for w in range(ways.shape[0]):
                one, two, three, four = seen[ways[w, 0]], seen[ways[w, 1]], seen[ways[w, 2]], seen[ways[w, 3]]
                n_bits = np.int64(0)
                for lane in range(_LANES):
                    n_bits += _count_bits(one[lane] ^ two[lane] ^ three[lane] ^ four[lane])
                crossings += way_weight[w] * n_bits
        groups[group, CROSSINGS] = crossings
