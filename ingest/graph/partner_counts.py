"""Concurrent partners of every particle, counted without listing pairs.

Strategy of the count. The particles around a neighbour with few particles are kept as a list; those around
a hub (more than 1/32 of all particles) as a bit set, in which 64 particles cost one operation. A particle
whose SSE neighbours are all small walks their lists and looks each particle up on the graphite side, or the
other way round; only where hubs stand on both sides are bit sets united, intersected and counted.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_HUB_SHARE_OF_NMC = 32
"""A neighbour of more than 1/32 of all particles is a hub: there two bit sets cost less than one list."""


@njit(cache=True)
def _hub_bits(start: NDArray[np.int64], nmc: NDArray[np.int32], n_nmc: int) -> tuple[
    NDArray[np.int64], NDArray[np.uint64]
]:  # fmt: skip
    """Bit set of the particles around each hub; `hub[k]` is its row, or -1 where k is none."""
    hub = np.full(start.size - 1, -1, dtype=np.int64)
    n_hubs = 0
    for k in range(start.size - 1):
        if start[k + 1] - start[k] > n_nmc // _HUB_SHARE_OF_NMC:
            hub[k] = n_hubs
            n_hubs += 1
    bits = np.zeros((n_hubs, (n_nmc + 63) // 64), dtype=np.uint64)
    for k in range(start.size - 1):
        if hub[k] >= 0:
            for i in range(start[k], start[k + 1]):
                bits[hub[k], nmc[i] >> 6] |= np.uint64(1) << np.uint64(nmc[i] & 63)
    return hub, bits


@njit(cache=True)
def _ones(word: np.uint64) -> np.uint64:
    """Count the set bits of a 64-bit word."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@njit(cache=True)
def _unite(
    neighbours: NDArray[np.int32],
    start: NDArray[np.int64],
    nmc: NDArray[np.int32],
    hub: NDArray[np.int64],
    bits: NDArray[np.uint64],
    united: NDArray[np.uint64],
) -> None:
    """Bit set of all particles around any of the neighbours."""
    united[:] = 0
    for k in neighbours:
        if hub[k] >= 0:
            united |= bits[hub[k]]
        else:
            for i in range(start[k], start[k + 1]):
                united[nmc[i] >> 6] |= np.uint64(1) << np.uint64(nmc[i] & 63)


@njit(cache=True)
def _walk(
    particle: int,
    small: NDArray[np.int32],
    small_start: NDArray[np.int64],
    small_nmc: NDArray[np.int32],
    other: NDArray[np.int32],
    other_start: NDArray[np.int64],
    other_nmc: NDArray[np.int32],
    other_hub: NDArray[np.int64],
    other_bits: NDArray[np.uint64],
    seen: NDArray[np.int32],
    marked: NDArray[np.int32],
) -> int:
    """Partners of a particle whose neighbours on one side (`small`) are no hubs."""
    for k in other:
        if other_hub[k] < 0:
            for i in range(other_start[k], other_start[k + 1]):
                marked[other_nmc[i]] = particle
    n = 0
    seen[particle] = particle
    for k in small:
        for i in range(small_start[k], small_start[k + 1]):
            b = small_nmc[i]
            if seen[b] == particle:
                continue
            seen[b] = particle
            shared = marked[b] == particle
            for m in other:
                if shared:
                    break
                if other_hub[m] >= 0:
                    word = other_bits[other_hub[m], b >> 6]
                    shared = (word >> np.uint64(b & 63)) & np.uint64(1) == np.uint64(1)
            n += shared
    return n


@njit(cache=True)
def count_partners(
    s_row: NDArray[np.int64],
    s_column: NDArray[np.int32],
    s_start: NDArray[np.int64],
    s_nmc: NDArray[np.int32],
    g_row: NDArray[np.int64],
    g_column: NDArray[np.int32],
    g_start: NDArray[np.int64],
    g_nmc: NDArray[np.int32],
    partners: NDArray[np.int64],
) -> None:
    """Fill `partners` from both bipartite graphs, each as NMC → neighbours and neighbour → NMC."""
    n_nmc = partners.size
    s_hub, s_bits = _hub_bits(s_start, s_nmc, n_nmc)
    g_hub, g_bits = _hub_bits(g_start, g_nmc, n_nmc)
    s_united, g_united = np.empty(s_bits.shape[1], np.uint64), np.empty(g_bits.shape[1], np.uint64)
    seen, marked = np.full(n_nmc, -1, np.int32), np.full(n_nmc, -1, np.int32)
    for a in range(n_nmc):
        sse, graphite = s_column[s_row[a] : s_row[a + 1]], g_column[g_row[a] : g_row[a + 1]]
        if sse.size == 0 or graphite.size == 0:
            continue
        s_has_hub, g_has_hub = np.any(s_hub[sse] >= 0), np.any(g_hub[graphite] >= 0)
        if s_has_hub and g_has_hub:
            _unite(sse, s_start, s_nmc, s_hub, s_bits, s_united)
            _unite(graphite, g_start, g_nmc, g_hub, g_bits, g_united)
            n = np.int64(0)
            for w in range(s_united.size):
                n += np.int64(_ones(s_united[w] & g_united[w]))
            # A particle shares its neighbours with itself.
            partners[a] = n - 1
        elif not s_has_hub:
            partners[a] = _walk(a, sse, s_start, s_nmc, graphite, g_start, g_nmc, g_hub, g_bits, seen, marked)
        else:
            partners[a] = _walk(a, graphite, g_start, g_nmc, sse, s_start, s_nmc, s_hub, s_bits, seen, marked)
