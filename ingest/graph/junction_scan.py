"""The scan that finds junctions: connected windows that hold the same three regions.

Each marked window lists its triples of regions, sorted, and joins them to the same triples in the windows
just visited by merging sorted lists. Components grow as in run-based labelling (union-find, the first one
wins), and only two rows (3D: planes) of windows are held at a time, so memory is linear in the junctions
and, where they are wanted, their windows.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def _root(parent: NDArray[np.int32], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True)
def _grown(array: NDArray[Any], needed: int) -> NDArray[Any]:
    """Return `array` itself when it holds `needed` rows, else a copy of at least twice the length."""
    if needed <= array.shape[0]:
        return array
    larger = np.empty(max(needed, 2 * array.shape[0]), dtype=array.dtype)
    larger[: array.shape[0]] = array
    return larger


@njit(cache=True)
def _join(
    key: NDArray[np.int64],
    graphite: NDArray[np.int32],
    component: NDArray[np.int32],
    start: int,
    stop: int,
    own_key: NDArray[np.int64],
    own_graphite: NDArray[np.int32],
    own_component: NDArray[np.int32],
    own_start: int,
    own_stop: int,
    parent: NDArray[np.int32],
) -> None:
    """Give the triples of this window the components that a neighbouring window has for them."""
    i, j = start, own_start
    while i < stop and j < own_stop:
        if key[i] == own_key[j] and graphite[i] == own_graphite[j]:
            root = _root(parent, component[i])
            if own_component[j] < 0:
                own_component[j] = root
            else:
                own_root = _root(parent, own_component[j])
                # The smaller number wins, so a component keeps the place of its first window.
                if own_root < root:
                    parent[root] = own_root
                elif root < own_root:
                    parent[own_root] = root
                    own_component[j] = root
            i += 1
            j += 1
        elif key[i] < own_key[j] or (key[i] == own_key[j] and graphite[i] < own_graphite[j]):
            i += 1
        else:
            j += 1


@njit(cache=True)
def _list_regions(
    volume: NDArray[np.int32],
    role: NDArray[np.uint8],
    side: NDArray[np.int64],
    z: int,
    y: int,
    x: int,
    found: NDArray[np.int32],
    n_found: NDArray[np.int64],
) -> None:
    """List the distinct regions of a window, per role, ascending."""
    n_found[:] = 0
    last = np.int32(0)
    for dz in range(side[0]):
        for dy in range(side[1]):
            for dx in range(side[2]):
                number = volume[z + dz, y + dy, x + dx]
                if number == last or number == 0:
                    continue
                last = number
                which = np.int64(role[number]) - 1
                if which < 0:
                    continue
                k = n_found[which]
                while k > 0 and found[which, k - 1] > number:
                    k -= 1
                if k > 0 and found[which, k - 1] == number:
                    continue
                for m in range(n_found[which], k, -1):
                    found[which, m] = found[which, m - 1]
                found[which, k] = number
                n_found[which] += 1


@njit(cache=True)
def scan_windows(
    volume: NDArray[np.int32],
    holds_all: NDArray[np.bool_],
    role: NDArray[np.uint8],
    side: NDArray[np.int64],
    keep_windows: bool,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.int32],
    NDArray[np.int64],
]:
    """Visit the marked windows in scan order and connect equal triples of neighbouring windows.

    Returns per junction the triple (``nmc << 32 | sse``, graphite), its number of windows and the sum of
    their positions; and, when asked to keep them, the junction and linear position of every window.
    """
    n_z, n_y, n_x = holds_all.shape
    found = np.empty((3, side[0] * side[1] * side[2]), dtype=np.int32)
    n_found = np.zeros(3, dtype=np.int64)
    # Triples of the previous and of the current plane; window w owns start[w]:start[w + 1].
    old_start = np.zeros(n_y * n_x + 1, dtype=np.int64)
    old_key, old_graphite = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int32)
    old_component = np.empty(64, dtype=np.int32)
    start = np.zeros(n_y * n_x + 1, dtype=np.int64)
    key, graphite = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int32)
    component = np.empty(64, dtype=np.int32)
    # Components, provisional until the end.
    n_components = 0
    parent = np.empty(64, dtype=np.int32)
    its_key, its_graphite = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int32)
    its_size, its_sum = np.empty(64, dtype=np.int64), np.empty(3 * 64, dtype=np.float64)
    n_kept = 0
    kept_component, kept_window = np.empty(64, dtype=np.int32), np.empty(64, dtype=np.int64)
    for z in range(n_z):
        n_records = 0
        for y in range(n_y):
            for x in range(n_x):
                w = y * n_x + x
                start[w] = n_records
                if not holds_all[z, y, x]:
                    continue
                _list_regions(volume, role, side, z, y, x, found, n_found)
                n_triples = n_found[0] * n_found[1] * n_found[2]
                stop = n_records + n_triples
                key, graphite = _grown(key, stop), _grown(graphite, stop)
                component = _grown(component, stop)
                k = n_records
                for i in range(n_found[0]):
                    for j in range(n_found[1]):
                        pair = (np.int64(found[0, i]) << 32) | np.int64(found[1, j])
                        for m in range(n_found[2]):
                            key[k] = pair
                            graphite[k] = found[2, m]
                            component[k] = -1
                            k += 1
                if x > 0:
                    _join(key, graphite, component, start[w - 1], start[w],
                          key, graphite, component, n_records, stop, parent)  # fmt: skip
                for xx in range(max(x - 1, 0), min(x + 2, n_x)):
                    if y > 0:
                        v = w - x - n_x + xx
                        _join(key, graphite, component, start[v], start[v + 1],
                              key, graphite, component, n_records, stop, parent)  # fmt: skip
                    if z > 0:
                        for yy in range(max(y - 1, 0), min(y + 2, n_y)):
                            v = yy * n_x + xx
                            _join(old_key, old_graphite, old_component, old_start[v], old_start[v + 1],
                                  key, graphite, component, n_records, stop, parent)  # fmt: skip
                if keep_windows:
                    kept_component = _grown(kept_component, n_kept + n_triples)
                    kept_window = _grown(kept_window, n_kept + n_triples)
                for k in range(n_records, stop):
                    if component[k] < 0:
                        parent, its_size = (
                            _grown(parent, n_components + 1),
                            _grown(its_size, n_components + 1),
                        )
                        its_key = _grown(its_key, n_components + 1)
                        its_graphite = _grown(its_graphite, n_components + 1)
                        its_sum = _grown(its_sum, 3 * (n_components + 1))
                        parent[n_components] = n_components
                        its_key[n_components] = key[k]
                        its_graphite[n_components] = graphite[k]
                        its_size[n_components] = 0
                        its_sum[3 * n_components : 3 * n_components + 3] = 0.0
                        component[k] = n_components
                        n_components += 1
                    c = component[k]
                    its_size[c] += 1
                    its_sum[3 * c] += z
                    its_sum[3 * c + 1] += y
                    its_sum[3 * c + 2] += x
                    if keep_windows:
                        kept_component[n_kept] = c
                        kept_window[n_kept] = (np.int64(z) * n_y + y) * n_x + x
                        n_kept += 1
                n_records = stop
        start[n_y * n_x] = n_records
        old_start, start = start, old_start
        old_key, key = key, old_key
        old_graphite, graphite = graphite, old_graphite
        old_component, component = component, old_component
    # Roots get the final numbers; the smaller number won every union, so a root precedes its members.
    final = np.empty(n_components, dtype=np.int32)
    n_final = 0
    for c in range(n_components):
        root = _root(parent, c)
        if root == c:
            its_key[n_final] = its_key[c]
            its_graphite[n_final] = its_graphite[c]
            its_size[n_final] = its_size[c]
            its_sum[3 * n_final : 3 * n_final + 3] = its_sum[3 * c : 3 * c + 3]
            final[c] = n_final
            n_final += 1
        else:
            f = final[root]
            final[c] = f
            its_size[f] += its_size[c]
            its_sum[3 * f : 3 * f + 3] += its_sum[3 * c : 3 * c + 3]
    for k in range(n_kept):
        kept_component[k] = final[kept_component[k]]
    return (
        its_key[:n_final],
        its_graphite[:n_final],
        its_size[:n_final],
        its_sum[: 3 * n_final].copy().reshape(n_final, 3),
        kept_component[:n_kept],
        kept_window[:n_kept],
    )
