"""Compiled kernels behind contacts: runs, windows of runs, and what two regions share.

Strategy. A row of a label image is a short list of runs (label, first x, last x). The
union, per label, of the runs in the rows above and below within the radius, widened by
the radius along x, is exactly where that label is seen from this row. So overlaps are
intersections of interval lists, never visits to pixels: `list_runs` makes the lists,
`unite_rows` unites lists at two distances (a window of 7 rows takes three such steps, as
a running maximum would), `count_overlaps` intersects a row's runs with the windows over
it. Interfaces come from the same runs, in `cathograph.ingest.graph.interface_kernels`.

All work on a block of rows at a time and add into one small hash table of pairs, whose
columns are `KEY`, `AB`, `BA`, `GAP`, `CROSSINGS`. Kernels return False when the table or
a list is full; the caller enlarges it and runs the block again.

Kernels call kernels of their own file only, because numba's on-disk cache notices changes
in no other file. They release the GIL and use no numba threads; the caller starts threads,
which is safe under Dask and in forked workers.
"""

import numba
import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

KEY, AB, BA, GAP, CROSSINGS = 0, 1, 2, 3, 4
TABLE_COLUMNS = 5
LABEL, FIRST, LAST = 0, 1, 2

_CHUNK = 8  # bytes in a word


@numba.njit(nogil=True, cache=True, inline="always")
def find_slot(table: Int64s, used: Int64s, lower: int, higher: int, gap: int) -> int:
    """Find or make the row of a pair; -1 when the table is half full.

    `used` lists the rows in use, after their number.
    """
    key = (np.int64(lower) << 32) | np.int64(higher)
    mixed = key * np.int64(0x2545F4914F6CDD1D)
    mixed ^= mixed >> 32
    mixed *= np.int64(0x2545F4914F6CDD1D)
    mixed ^= mixed >> 32
    mask = table.shape[0] - 1
    slot: int = mixed & mask
    while True:
        found = table[slot, KEY]
        if found == key:
            return slot
        if found == 0:
            if used[0] * 2 >= table.shape[0]:
                return -1
            used[0] += 1
            used[used[0]] = slot
            table[slot, KEY] = key
            table[slot, AB] = 0
            table[slot, BA] = 0
            table[slot, GAP] = gap
            table[slot, CROSSINGS] = 0
            return slot
        slot = (slot + 1) & mask


@numba.njit(nogil=True, cache=True)
def list_runs(
    labels: Int32s,
    z_first: int,
    n_z: int,
    y_first: int,
    n_y: int,
    changes: NDArray[np.uint64],
    runs: Int32s,
    starts: Int64s,
) -> int:
    """List the runs of non-zero labels of n_z * n_y rows; rows outside the image are empty.

    `changes` is scratch of a byte per pixel, all 0 from the width on: byte x says whether the
    label changes after pixel x. Eight of them are looked at in one word.

    Returns the largest label found, or -1 when `runs` is full.
    """
    # The lowest byte of a word is the first pixel: true of all processors numba compiles for.
    depth, height, width = labels.shape
    change_after = changes.view(np.uint8)
    n_runs = 0
    largest = 0
    for i_z in range(n_z):
        for i_y in range(n_y):
            starts[i_z * n_y + i_y] = n_runs
            z = z_first + i_z
            y = y_first + i_y
            if z < 0 or z >= depth or y < 0 or y >= height:
                continue
            row = labels[z, y]
            following = row[1:]
            for x in range(width - 1):
                change_after[x] = row[x] != following[x]
            change_after[width - 1] = 1
            first = 0
            for n in range(changes.shape[0]):
                word = changes[n]
                if word == 0:
                    continue
                if n_runs + _CHUNK > runs.shape[0]:
                    return -1
                while word != 0:
                    last = n * _CHUNK + (trailing_zeros(word) >> 3)  # type: ignore[call-arg]  # an intrinsic
                    word &= word - np.uint64(1)
                    label = row[first]
                    if label != 0:
                        runs[n_runs, LABEL] = label
                        runs[n_runs, FIRST] = first
                        runs[n_runs, LAST] = last
                        n_runs += 1
                        largest = max(largest, label)
                    first = last + 1
    starts[n_z * n_y] = n_runs
    return largest


@numba.njit(nogil=True, cache=True)
def unite_rows(
    runs: Int32s,
    starts: Int64s,
    n_y_in: int,
    i_z_first: int,
    i_y_first: int,
    n_z: int,
    n_y: int,
    d_z: int,
    d_y: int,
    bridge: int,
    are_united: bool,
    latest: Int32s,
    united: Int32s,
    united_starts: Int64s,
) -> None:
    """Unite, for n_z * n_y rows, the list of a row with that of the row (d_z, d_y) further.

    Intervals of one label at most `bridge` apart become one: widened by the radius they meet.
    Lists stay sorted by first x. `latest` holds, per label, where its latest interval
    stands in `united`; entries of earlier rows are told by their place and label. Where
    the lists `are_united` themselves, intervals of one label in one list are further apart.
    """
    n = 0
    for i_z in range(n_z):
        for i_y in range(n_y):
            united_starts[i_z * n_y + i_y] = n
            row_start = n
            source = (i_z_first + i_z) * n_y_in + i_y_first + i_y
            i = starts[source]
            i_end = starts[source + 1]
            source += d_z * n_y_in + d_y
            j = starts[source]
            j_end = starts[source + 1]
            if are_united and i == i_end:
                i, i_end, j = j, j_end, j_end
            if are_united and j == j_end:  # one list is empty, so the other is the union
                while i < i_end:
                    united[n, LABEL] = runs[i, LABEL]
                    united[n, FIRST] = runs[i, FIRST]
                    united[n, LAST] = runs[i, LAST]
                    i += 1
                    n += 1
                continue
            while i < i_end or j < j_end:
                if j >= j_end or (i < i_end and runs[i, FIRST] <= runs[j, FIRST]):
                    k = i
                    i += 1
                else:
                    k = j
                    j += 1
                label = runs[k, LABEL]
                first = runs[k, FIRST]
                last = runs[k, LAST]
                at = latest[label]
                if (
                    at >= row_start
                    and at < n
                    and united[at, LABEL] == label
                    and first <= united[at, LAST] + bridge
                ):
                    united[at, LAST] = max(united[at, LAST], last)
                else:
                    united[n, LABEL] = label
                    united[n, FIRST] = first
                    united[n, LAST] = last
                    latest[label] = n
                    n += 1
    united_starts[n_z * n_y] = n


@numba.njit(nogil=True, cache=True)
def narrow_gap(
    labels: Int32s, z: int, y: int, first: int, last: int, label: int, low: int, high: int, gap: int
) -> int:
    """Look for `label` nearer than `gap` to the pixels first … last of a row; give its distance.

    Around this row the label stands at low ≤ x ≤ high only.
    """
    depth, height, _ = labels.shape
    reach = gap - 1
    low = max(low, first - reach)
    high = min(high, last + reach)
    if low > high:
        return gap
    for z_near in range(max(0, z - reach), min(depth, z + reach + 1)):
        for y_near in range(max(0, y - reach), min(height, y + reach + 1)):
            across = max(abs(z_near - z), abs(y_near - y))
            if across >= gap:
                continue
            row = labels[z_near, y_near]
            for x in range(low, high + 1):
                if row[x] == label:
                    gap = min(gap, max(across, first - x, x - last))
                    if gap == 1:
                        return 1
    return gap


@numba.njit(nogil=True, cache=True)
def count_overlaps(
    labels: Int32s,
    radius: int,
    z_first: int,
    n_z: int,
    y_first: int,
    n_y: int,
    runs: Int32s,
    starts: Int64s,
    n_y_runs: int,
    halo_z: int,
    halo_y: int,
    windows: Int32s,
    window_starts: Int64s,
    table: Int64s,
    used: Int64s,
) -> bool:
    """Add the overlaps of a block: pixels of each run inside each widened window of another label."""
    for i_z in range(n_z):
        for i_y in range(n_y):
            row = (i_z + halo_z) * n_y_runs + i_y + halo_y
            nearest_run = starts[row]
            end = starts[row + 1]
            out = i_z * n_y + i_y
            for w in range(window_starts[out], window_starts[out + 1]):
                label = windows[w, LABEL]
                seen_first = windows[w, FIRST] - radius
                seen_last = windows[w, LAST] + radius
                while nearest_run < end and runs[nearest_run, LAST] < seen_first:
                    nearest_run += 1
                i = nearest_run
                while i < end and runs[i, FIRST] <= seen_last:
                    other = runs[i, LABEL]
                    if other != label:
                        first = max(runs[i, FIRST], seen_first)
                        last = min(runs[i, LAST], seen_last)
                        slot = find_slot(table, used, min(label, other), max(label, other), radius)
                        column = AB + (label > other)
                        if slot < 0:
                            return False
                        table[slot, column] += last - first + 1
                        gap = table[slot, GAP]
                        if gap > 1:
                            table[slot, GAP] = narrow_gap(
                                labels, z_first + i_z, y_first + i_y, first, last,
                                label, windows[w, FIRST], windows[w, LAST], gap,
                            )  # fmt: skip
                    i += 1
    return True


@numba.njit(nogil=True, cache=True)
def add_crossings(pairs: Int64s, crossings: Int64s, radius: int, table: Int64s, used: Int64s) -> bool:
    """Add interface crossings of pairs, given as keys (0: none), which therefore touch."""
    for i in range(pairs.shape[0]):
        if pairs[i] != 0:
            slot = find_slot(table, used, pairs[i] >> 32, pairs[i] & 0xFFFFFFFF, radius)
            if slot < 0:
                return False
            table[slot, GAP] = 1
            table[slot, CROSSINGS] += crossings[i]
    return True


@numba.njit(nogil=True, cache=True)
def sort_pairs(entries: Int64s, order: Int64s, sorted_order: Int64s, counts: Int64s, pairs: Int64s) -> int:
    """Sort table rows by pair (counting sort by b, then by a) and add up rows of the same pair.

    `order` holds 0 … n - 1; `counts` has two entries more than the largest label.
    Returns the number of `pairs`.
    """
    n = entries.shape[0]
    for shift in (0, 32):
        for i in range(counts.shape[0]):
            counts[i] = 0
        for i in range(n):
            counts[((entries[i, KEY] >> shift) & 0xFFFFFFFF) + 1] += 1
        for i in range(1, counts.shape[0]):
            counts[i] += counts[i - 1]
        for i in range(n):
            label = (entries[order[i], KEY] >> shift) & 0xFFFFFFFF
            sorted_order[counts[label]] = order[i]
            counts[label] += 1
        order, sorted_order = sorted_order, order
    n_pairs = 0
    for i in range(n):
        entry = order[i]
        if n_pairs > 0 and pairs[n_pairs - 1, KEY] == entries[entry, KEY]:
            pair = n_pairs - 1
            pairs[pair, AB] += entries[entry, AB]
            pairs[pair, BA] += entries[entry, BA]
            pairs[pair, GAP] = min(pairs[pair, GAP], entries[entry, GAP])
            pairs[pair, CROSSINGS] += entries[entry, CROSSINGS]
        else:
            for column in range(TABLE_COLUMNS):
                pairs[n_pairs, column] = entries[entry, column]
            n_pairs += 1
    return n_pairs
