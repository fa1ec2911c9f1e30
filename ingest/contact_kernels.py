"""Compiled kernels behind contacts: runs, windows of runs, and what two regions share.

Strategy. A row of a label image is a short list of runs (label, first x, last x). The
union, per label, of the runs in the rows above and below within the radius, widened by
the radius along x, is exactly where that label is seen from this row. So overlaps are
intersections of interval lists, never visits to pixels: `list_runs` makes the lists,
`unite_rows` unites lists at two distances (a window of 7 rows takes three such steps, as
a running maximum would), `count_overlaps` intersects a row's runs with the windows over
it. Interfaces need pixels, but only near faces where two regions touch: `mark_faces`
finds them from the same runs, `count_crossings` looks at those pixels alone.

All work on a block of rows at a time and add into one small hash table of pairs, whose
rows are `KEY`, `AB`, `BA`, `GAP`, `CROSSINGS`. Kernels return False when the table or a
list is full; the caller enlarges it and runs the block again, so nothing grows in here.

They stand in one file because numba's on-disk cache notices changes in a kernel's own
file only, not in kernels that it calls. They release the GIL and use no numba threads:
threads are the caller's, which makes them safe under Dask and in forked workers.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Bytes = NDArray[np.uint8]

KEY, AB, BA, GAP, CROSSINGS = 0, 1, 2, 3, 4
TABLE_COLUMNS = 5
LABEL, FIRST, LAST = 0, 1, 2

_CHUNK = 16  # pixels compared at once before looking at each
MARGIN = 4  # columns of a face mask before and after the image's
PATCH_CENTRE = np.int64(62)  # middle of 5 x 5 x 5 pixels
_REACH = 2  # longest step of a direction along one axis


@numba.njit(nogil=True, cache=True)
def find_slot(table: Int64s, used: Int64s, lower: int, higher: int, gap: int) -> int:
    """Find or make the row of a pair; -1 when the table is half full."""
    key = (np.int64(lower) << 32) | np.int64(higher)
    mixed = key * np.int64(0x2545F4914F6CDD1D)
    mixed ^= mixed >> 29
    mask = table.shape[0] - 1
    slot = mixed & mask
    while True:
        found = table[slot, KEY]
        if found == key:
            return slot
        if found == 0:
            if used[0] * 2 >= table.shape[0]:
                return -1
            used[0] += 1
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
    edges: Int32s,
    runs: Int32s,
    starts: Int64s,
) -> int:
    """List the runs of non-zero labels of n_z * n_y rows; rows outside the image are empty.

    Returns the largest label found, or -1 when `runs` is full.
    """
    depth, height, width = labels.shape
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
            n_edges = 0
            x = 1
            while x < width:
                end = min(x + _CHUNK, width)
                if end - x == _CHUNK:
                    differs = np.int32(0)
                    for k in range(_CHUNK):
                        differs |= row[x + k] ^ row[x + k - 1]
                    if differs == 0:
                        x = end
                        continue
                for k in range(x, end):
                    edges[n_edges] = k  # overwritten unless the label changes here
                    n_edges += row[k] != row[k - 1]
                x = end
            edges[n_edges] = width
            if n_runs + n_edges + 1 > runs.shape[0]:
                return -1
            first = 0
            for k in range(n_edges + 1):
                label = row[first]
                if label != 0:
                    runs[n_runs, LABEL] = label
                    runs[n_runs, FIRST] = first
                    runs[n_runs, LAST] = edges[k] - 1
                    n_runs += 1
                    largest = max(largest, label)
                first = edges[k]
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
    latest: Int32s,
    united: Int32s,
    united_starts: Int64s,
) -> None:
    """Unite, for n_z * n_y rows, the list of a row with that of the row (d_z, d_y) further.

    Intervals of one label at most `bridge` apart become one: widened by the radius they meet.
    Lists stay sorted by first x. `latest` holds, per label, where its latest interval
    stands in `united`; entries of earlier rows are told by their place and label.
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
def narrow_gap(labels: Int32s, z: int, y: int, first: int, last: int, label: int, gap: int) -> int:
    """Look for `label` nearer than `gap` to the pixels first..last of a row; give its distance."""
    depth, height, width = labels.shape
    reach = gap - 1
    for z_near in range(max(0, z - reach), min(depth, z + reach + 1)):
        for y_near in range(max(0, y - reach), min(height, y + reach + 1)):
            across = max(abs(z_near - z), abs(y_near - y))
            if across >= gap:
                continue
            row = labels[z_near, y_near]
            for x in range(max(0, first - gap + 1), min(width, last + gap)):
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
                        if label < other:
                            slot = find_slot(table, used, label, other, radius)
                            column = AB
                        else:
                            slot = find_slot(table, used, other, label, radius)
                            column = BA
                        if slot < 0:
                            return False
                        table[slot, column] += last - first + 1
                        gap = table[slot, GAP]
                        if gap > 1:
                            table[slot, GAP] = narrow_gap(
                                labels, z_first + i_z, y_first + i_y, first, last, label, gap
                            )
                    i += 1
    return True


@numba.njit(nogil=True, cache=True)
def _mark_touching_rows(runs: Int32s, i: int, i_end: int, j: int, j_end: int, faces: Bytes) -> bool:
    """Mark where runs of two adjacent rows lie over each other with different labels."""
    found = False
    while i < i_end and j < j_end:
        if runs[i, LABEL] != runs[j, LABEL]:
            for x in range(max(runs[i, FIRST], runs[j, FIRST]), min(runs[i, LAST], runs[j, LAST]) + 1):
                faces[x + MARGIN] = 1
                found = True
        if runs[i, LAST] < runs[j, LAST]:
            i += 1
        else:
            j += 1
    return found


@numba.njit(nogil=True, cache=True)
def mark_faces(runs: Int32s, starts: Int64s, n_z: int, n_y: int, faces: Bytes, has_faces: Bytes) -> bool:
    """Mark the pixels that share a face with a pixel of another region at x + 1, y + 1 or z + 1."""
    any_face = False
    for i_z in range(n_z):
        for i_y in range(n_y):
            row = i_z * n_y + i_y
            start = starts[row]
            end = starts[row + 1]
            has_faces[row] = 0
            if start == end:
                continue
            mask = faces[row]
            for x in range(mask.shape[0]):
                mask[x] = 0
            found = False
            for i in range(start, end - 1):
                if runs[i, LAST] + 1 == runs[i + 1, FIRST]:
                    mask[runs[i, LAST] + MARGIN] = 1
                    found = True
            if i_y + 1 < n_y:
                found |= _mark_touching_rows(runs, start, end, starts[row + 1], starts[row + 2], mask)
            if i_z + 1 < n_z:
                below = row + n_y
                found |= _mark_touching_rows(runs, start, end, starts[below], starts[below + 1], mask)
            if found:
                has_faces[row] = 1
                any_face = True
    return any_face


@numba.njit(nogil=True, cache=True)
def _add_crossings(table: Int64s, used: Int64s, lower: int, higher: int, crossings: int) -> bool:
    slot = find_slot(table, used, lower, higher, 1)
    if slot < 0:
        return False
    table[slot, GAP] = 1
    table[slot, CROSSINGS] += crossings
    return True


@numba.njit(nogil=True, cache=True)
def _add_way(table: Int64s, used: Int64s, path: Int32s, n_path: int, weight: int) -> bool:
    """Erase the loops of a row of labels and add the crossings that are left."""
    n = 1
    for i in range(1, n_path):
        label = path[i]
        for k in range(n):
            if path[k] == label:
                n = k
                break
        path[n] = label
        n += 1
    for i in range(n - 1):
        lower = min(path[i], path[i + 1])
        higher = max(path[i], path[i + 1])
        if lower != 0 and not _add_crossings(table, used, lower, higher, weight):
            return False
    return True


@numba.njit(nogil=True, cache=True)
def _add_steps(
    pixels: Int32s,
    places: Int64s,
    n_places: int,
    steps: Int64s,
    weights: Int64s,
    flank_start: Int64s,
    flanks: Int64s,
    way_start: Int64s,
    way_length: Int64s,
    ways: Int64s,
    path: Int32s,
    table: Int64s,
    used: Int64s,
) -> bool:
    """Add the crossings of all steps that start at some places; all offsets are into flat `pixels`."""
    lower = higher = np.int32(0)  # the pair whose crossings are pending
    pending = np.int64(0)
    for p in range(n_places):
        at = places[p]
        start = pixels[at]
        for k in range(steps.shape[0]):
            end = pixels[at + steps[k]]
            if end == start:
                continue
            alone = True
            for f in range(flank_start[k], flank_start[k + 1]):
                label = pixels[at + flanks[f]]
                alone &= (label == start) | (label == end)
            if alone:  # the usual case: two regions and nothing else on the way
                if start == 0 or end == 0:
                    continue
                if min(start, end) != lower or max(start, end) != higher:
                    if pending != 0 and not _add_crossings(table, used, lower, higher, pending):
                        return False
                    lower = min(start, end)
                    higher = max(start, end)
                    pending = 0
                pending += weights[k]
                continue
            n_ways = (way_start[k + 1] - way_start[k]) // way_length[k]
            for w in range(n_ways):
                path[0] = start
                for i in range(way_length[k]):
                    path[i + 1] = pixels[at + ways[way_start[k] + w * way_length[k] + i]]
                path[way_length[k] + 1] = end
                if not _add_way(table, used, path, way_length[k] + 2, weights[k] // n_ways):
                    return False
    return pending == 0 or _add_crossings(table, used, lower, higher, pending)


@numba.njit(nogil=True, cache=True)
def _copy_patch(labels: Int32s, z: int, y: int, x: int, patch: Int32s) -> None:
    """Copy the 5 x 5 x 5 surroundings of a pixel; outside the image is 0."""
    depth, height, width = labels.shape
    i = 0
    for z_near in range(z - _REACH, z + _REACH + 1):
        for y_near in range(y - _REACH, y + _REACH + 1):
            inside = 0 <= z_near < depth and 0 <= y_near < height
            for x_near in range(x - _REACH, x + _REACH + 1):
                if inside and 0 <= x_near < width:
                    patch[i] = labels[z_near, y_near, x_near]
                else:
                    patch[i] = 0
                i += 1


@numba.njit(nogil=True, cache=True)
def count_crossings(
    labels: Int32s,
    flat: Int32s,
    z_first: int,
    z_end: int,
    y_first: int,
    y_end: int,
    z_faces: int,
    y_faces: int,
    n_z_faces: int,
    n_y_faces: int,
    faces: Bytes,
    has_faces: Bytes,
    inner: tuple[Int64s, Int64s, Int64s],
    outer: tuple[Int64s, Int64s, Int64s],
    weights: Int64s,
    flank_start: Int64s,
    way_start: Int64s,
    way_length: Int64s,
    table: Int64s,
    used: Int64s,
) -> bool:
    """Add the interface crossings of the steps that start in a block of rows.

    `faces` holds the rows from (z_faces, y_faces). A step matters only if a marked face
    lies in the box between its ends. `inner` and `outer` hold the offsets (steps, flanks,
    ways) into the image and into a patch that stands in for the image near its border.
    """
    depth, height, width = labels.shape
    reach_z = _REACH if depth > 1 else 0
    patch = np.empty(125, dtype=np.int32)
    path = np.empty(8, dtype=np.int32)
    near = np.empty(width + 2 * MARGIN, dtype=np.uint8)
    places = np.empty(width + 2 * MARGIN, dtype=np.int64)
    for z in range(z_first, z_end):
        for y in range(y_first, y_end):
            found = False
            for z_near in range(max(z, z_faces), min(z + reach_z, z_faces + n_z_faces - 1) + 1):
                lowest = y - _REACH if z_near > z else y
                for y_near in range(max(lowest, y_faces), min(y + _REACH, y_faces + n_y_faces - 1) + 1):
                    row = (z_near - z_faces) * n_y_faces + y_near - y_faces
                    if has_faces[row] == 0:
                        continue
                    mask = faces[row]
                    for x in range(near.shape[0]):
                        near[x] = near[x] | mask[x] if found else mask[x]
                    found = True
            if not found:
                continue
            n_inner = 0
            rows_inside = z >= 0 and z + reach_z < depth and y >= _REACH and y + _REACH < height
            row_start = (z * height + y) * width
            if rows_inside:
                for x in range(_REACH, width - _REACH):
                    i = x + MARGIN
                    places[n_inner] = row_start + x  # overwritten unless a face is near
                    n_inner += (near[i - 2] | near[i - 1] | near[i] | near[i + 1] | near[i + 2]) != 0
                steps, flanks, ways = inner
                if not _add_steps(
                    flat, places, n_inner, steps, weights, flank_start, flanks, way_start, way_length, ways,
                    path, table, used,
                ):  # fmt: skip
                    return False
            for x in range(-_REACH, width + _REACH):
                if rows_inside and _REACH <= x < width - _REACH:
                    continue
                i = x + MARGIN
                if (near[i - 2] | near[i - 1] | near[i] | near[i + 1] | near[i + 2]) == 0:
                    continue
                _copy_patch(labels, z, y, x, patch)
                places[0] = PATCH_CENTRE
                steps, flanks, ways = outer
                if not _add_steps(
                    patch, places, 1, steps, weights, flank_start, flanks, way_start, way_length, ways,
                    path, table, used,
                ):  # fmt: skip
                    return False
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
