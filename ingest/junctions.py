"""Junctions: the places where NMC, SSE and graphite really meet.

Three contacts of a triangle may lie in three different places, so a triangle in the contact graph does
not prove that anything meets. A junction does: a window of (r+1)×(r+1) pixels (a cube in 3D) that holds
all three regions, that is, three pixels pairwise within Chebyshev distance r. Window positions that are
8- (3D: 26-) neighbours are one junction; what counts is the position, not the pixels it covers.

Strategy. A sliding OR of phase bits marks the windows that hold all three phases; most hold one or two
and are never looked at again. The rest are visited once in scan order. Each lists its triples of regions,
sorted, and joins them to the same triples in the windows just visited by merging sorted lists, so
components grow as in run-based labelling and only two rows (3D: planes) of windows are held at a time.

Windows lie inside the image; along an axis shorter than r+1 there is one window, which spans it. Windows
that stick out would change nothing but the positions: what such a window holds is also held by the nearest
one inside, and pushing positions inside keeps neighbours neighbours, so junctions and their number agree.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ingest.junction_lines import measure_lines
from ingest.region_index import check_regions, number_regions
from schema.errors import InputError
from schema.phases import Phase

_MEETING_PHASES = (Phase.NMC, Phase.SSE, Phase.GRAPHITE)


@dataclass(frozen=True)
class Junctions:
    """All junctions of an image, grouped by the triple of regions that meets there.

    Attributes
    ----------
    nmc, sse, graphite : ndarray of int64, shape (n_triples,)
        Labels of the triples, sorted by (nmc, sse, graphite).
    count : ndarray of int64, shape (n_triples,)
        Junctions of each triple, at least 1.
    offsets : ndarray of int64, shape (n_triples + 1,)
        Junctions ``offsets[i]:offsets[i + 1]`` of the next columns belong to triple i.
    positions_px : ndarray of float64, shape (n_junctions, image.ndim)
        Mean of the centres of the junction's windows, axes as the image, pixel centres at integers.
    length_px : ndarray of float64, shape (n_junctions,)
        Length of the triple line in pixels (3D); NaN in 2D, where a junction is a point.
    radius_px : int
        Chebyshev radius r.
    """

    nmc: NDArray[np.int64]
    sse: NDArray[np.int64]
    graphite: NDArray[np.int64]
    count: NDArray[np.int64]
    offsets: NDArray[np.int64]
    positions_px: NDArray[np.float64]
    length_px: NDArray[np.float64]
    radius_px: int


def find_junctions(
    labels: NDArray[np.integer],
    region_labels: NDArray[np.int64],
    region_phases: NDArray[np.uint8],
    *,
    radius_px: int = 3,
) -> Junctions:
    """Find every junction of an NMC, an SSE and a graphite region.

    Parameters
    ----------
    labels : ndarray of integers, shape (y, x) or (z, y, x)
        Label image, 0 is background.
    region_labels : ndarray of int64, shape (n,)
        Sorted unique labels.
    region_phases : ndarray of uint8, shape (n,)
        `Phase.code` of each region. Phases other than the three never take part.
    radius_px : int
        Chebyshev radius r, as for contacts.

    Returns
    -------
    Junctions
        Only triples that meet; one row per triple.

    Raises
    ------
    InputImageError, PhaseMapError
        When the image or the region table is malformed or they do not fit each other.
    InputError
        When `radius_px` is negative.

    Notes
    -----
    Ours; the paper counts triangles of the contact graph only. Every triple found here is such a triangle,
    because three pixels pairwise within r put each pair of regions in contact at radius r.

    Examples
    --------
    >>> labels = np.array([[7, 7, 7], [7, 7, 7], [5, 5, 9]])
    >>> found = find_junctions(labels, np.array([5, 7, 9]), np.array([1, 2, 3], np.uint8), radius_px=1)
    >>> found.nmc, found.sse, found.graphite, found.positions_px
    (array([7]), array([5]), array([9]), array([[1.5, 1.5]]))
    """
    if radius_px < 0:
        msg = f"Found radius_px = {radius_px}; expected 0 or more. Give the radius of the contacts."
        raise InputError(msg)
    check_regions(region_labels, region_phases)
    numbers = number_regions(labels, region_labels)
    flat_image = numbers.ndim == 2
    # A 2D image is scanned as (y, 1, x): then "the previous plane" is the previous row.
    volume = numbers[:, None, :] if flat_image else numbers
    role = np.zeros(region_labels.size + 1, dtype=np.uint8)
    for bit, phase in enumerate(_MEETING_PHASES):
        role[1:][region_phases == phase.code] = bit + 1
    side = np.minimum(radius_px + 1, np.array(volume.shape, dtype=np.int64))
    holds_all = _windows_with_all_phases(volume, role, side)
    keys, graphites, sizes, sums, component, windows = _scan_windows(
        volume, holds_all, role, side, not flat_image
    )
    nmc, sse = keys >> 32, keys & 0xFFFFFFFF
    # Components come in scan order; a stable sort keeps that order within a triple.
    order = np.lexsort((graphites, sse, nmc))
    positions = (sums / np.maximum(sizes, 1)[:, None] + (side - 1) / 2)[order]
    length = np.full(order.size, np.nan)
    if not flat_image:
        image_shape = np.array(volume.shape, dtype=np.int64)
        length = measure_lines(component, windows, order.size, image_shape, radius_px)[order]
    nmc, sse, graphites = nmc[order], sse[order], graphites[order]
    new_triple = np.ones(order.size, dtype=np.bool_)
    new_triple[1:] = (np.diff(nmc) != 0) | (np.diff(sse) != 0) | (np.diff(graphites) != 0)
    first = np.flatnonzero(new_triple)
    offsets = np.append(first, order.size).astype(np.int64)
    return Junctions(
        nmc=region_labels[nmc[first] - 1],
        sse=region_labels[sse[first] - 1],
        graphite=region_labels[graphites[first] - 1],
        count=np.diff(offsets),
        offsets=offsets,
        positions_px=positions[:, [0, 2]] if flat_image else positions,
        length_px=length,
        radius_px=radius_px,
    )


def _windows_with_all_phases(
    volume: NDArray[np.int32], role: NDArray[np.uint8], side: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mark the window positions whose pixels hold all three phases (sliding OR, axis by axis)."""
    bits = np.array([0, 1, 2, 4], dtype=np.uint8)[role][volume]
    for axis in range(3):
        width, wanted = 1, int(side[axis])
        while width < wanted:
            # Doubling: a window of 2w is two windows of w; the last step overlaps to hit any width.
            shift = min(width, wanted - width)
            near = [slice(None)] * 3
            far = [slice(None)] * 3
            near[axis], far[axis] = slice(None, -shift), slice(shift, None)
            bits = bits[tuple(near)] | bits[tuple(far)]
            width += shift
    return bits == 7


@njit(cache=True)
def _root(parent: NDArray[np.int32], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True)
def _grown(array: NDArray[np.int64], needed: int) -> NDArray[np.int64]:
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
def _scan_windows(
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
