"""Concurrent channels: two NMC particles that share an SSE neighbour and a graphite neighbour.

Lithium ions reach both through the shared SSE region, electrons through the shared graphite region. In a
real electrode one pore body and one binder body can touch nearly every particle (hubs), and then nearly
every pair is "concurrent". So the number of partners of each particle is counted without listing pairs,
and pairs come in blocks, for those who want them.

Strategy of the count. The particles around a neighbour with few particles are kept as a list; those around
a hub (more than 1/32 of all particles) as a bit set, in which 64 particles cost one operation. A particle
whose SSE neighbours are all small walks their lists and looks each particle up on the graphite side, or the
other way round; only where hubs stand on both sides are bit sets united, intersected and counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_array, triu

from ingest.neighbours import neighbour_matrix
from ingest.region_index import check_regions, numbers_of_phase
from schema.errors import InputError
from schema.phases import Phase

if TYPE_CHECKING:
    from ingest.contacts import Contacts

PAIRS_STORED_UP_TO = 50.0
"""Average partners per NMC up to which pairs become relationships; beyond it they are streamed."""

_HUB_SHARE_OF_NMC = 32
_BLOCK_ENTRIES = 4_000_000


@dataclass(frozen=True)
class ChannelFlags:
    """One row per NMC, by label.

    Attributes
    ----------
    nmc : ndarray of int64, shape (n,)
        Labels, ascending.
    has_concurrent_channel : ndarray of bool, shape (n,)
        True with at least one partner.
    concurrent_partners : ndarray of int64, shape (n,)
        Other NMC that share an SSE neighbour and a graphite neighbour with this one.
    """

    nmc: NDArray[np.int64]
    has_concurrent_channel: NDArray[np.bool_]
    concurrent_partners: NDArray[np.int64]


@dataclass(frozen=True)
class ChannelPairs:
    """One row per pair of NMC with a concurrent channel, sorted by (nmc_a, nmc_b), nmc_a < nmc_b.

    Attributes
    ----------
    nmc_a, nmc_b : ndarray of int64, shape (n,)
        Labels.
    via_sse, via_graphite : ndarray of int64, shape (n,)
        Shared SSE and shared graphite neighbours, each at least 1.
    """

    nmc_a: NDArray[np.int64]
    nmc_b: NDArray[np.int64]
    via_sse: NDArray[np.int64]
    via_graphite: NDArray[np.int64]


@dataclass(frozen=True)
class HubShares:
    """Area of the largest region of a phase over the area of the phase; None where the phase is absent."""

    sse: float | None
    graphite: float | None


def channel_flags(
    contacts: "Contacts", region_labels: NDArray[np.int64], region_phases: NDArray[np.uint8]
) -> ChannelFlags:
    """Count the concurrent partners of every NMC.

    Parameters
    ----------
    contacts : Contacts
        Contact list of the image.
    region_labels, region_phases : ndarray, shape (n,)
        Sorted labels and their phase codes.

    Returns
    -------
    ChannelFlags
        Also NMC without any contact have their row.

    Raises
    ------
    InputError, PhaseMapError
        When contacts and region table do not fit each other.

    Notes
    -----
    Paper: "concurrent channel". The two regions shared, SSE and graphite, need not touch each other.
    """
    sse, graphite = _shared_neighbour_matrices(contacts, region_labels, region_phases)
    n_nmc = sse.shape[0]
    partners = np.zeros(n_nmc, dtype=np.int64)
    if n_nmc:
        _count_partners(*_rows_and_columns(sse), *_rows_and_columns(graphite), partners)
    return ChannelFlags(
        nmc=region_labels[numbers_of_phase(region_phases, Phase.NMC)],
        has_concurrent_channel=partners > 0,
        concurrent_partners=partners,
    )


def count_channel_pairs(flags: ChannelFlags) -> int:
    """Number of unordered pairs with a concurrent channel: each is counted at both its ends."""
    return int(flags.concurrent_partners.sum()) // 2


def stores_pairs(n_pairs: int, n_nmc: int, *, partners_limit: float = PAIRS_STORED_UP_TO) -> bool:
    """Decide whether pairs are stored as relationships: at most 50 partners per NMC on average.

    Examples
    --------
    >>> stores_pairs(25_000, 1_000), stores_pairs(25_001, 1_000), stores_pairs(0, 0)
    (True, False, True)
    """
    return 2 * n_pairs <= partners_limit * n_nmc


def iterate_channel_pairs(
    contacts: "Contacts",
    region_labels: NDArray[np.int64],
    region_phases: NDArray[np.uint8],
    *,
    block_entries: int = _BLOCK_ENTRIES,
) -> Iterator[ChannelPairs]:
    """Stream the pairs with a concurrent channel, in blocks, sorted by (nmc_a, nmc_b).

    Parameters
    ----------
    contacts, region_labels, region_phases
        As for `channel_flags`.
    block_entries : int
        Bound on the candidate pairs held at once (one NMC's candidates are never split).

    Yields
    ------
    ChannelPairs
        Blocks without a pair are left out.

    Raises
    ------
    InputError, PhaseMapError
        When contacts and region table do not fit each other.
    """
    sse, graphite = _shared_neighbour_matrices(contacts, region_labels, region_phases)
    nmc = region_labels[numbers_of_phase(region_phases, Phase.NMC)]
    patterns = []
    candidates = np.zeros(nmc.size, dtype=np.int64)
    for matrix in (sse, graphite):
        pattern = csr_array(
            (np.ones(matrix.nnz, dtype=np.int64), matrix.indices, matrix.indptr), shape=matrix.shape
        )
        transposed = pattern.T.tocsr()
        candidates += pattern @ np.diff(transposed.indptr).astype(np.int64)
        patterns.append((pattern, transposed))
    ends = np.cumsum(candidates)
    first = 0
    while first < nmc.size:
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + block_entries, side="right")))
        # Row i of the block is NMC first + i; only columns to the right of the diagonal are wanted.
        via_sse, via_graphite = (
            triu(pattern[first:last] @ transposed, k=first + 1, format="csr")
            for pattern, transposed in patterns
        )
        both = via_sse.astype(bool).multiply(via_graphite.astype(bool)).tocsr()
        if both.nnz:
            shared = [counts.multiply(both).tocoo() for counts in (via_sse, via_graphite)]
            order = [np.lexsort((counts.col, counts.row)) for counts in shared]
            yield ChannelPairs(
                nmc_a=nmc[shared[0].row[order[0]] + first],
                nmc_b=nmc[shared[0].col[order[0]]],
                via_sse=shared[0].data[order[0]].astype(np.int64),
                via_graphite=shared[1].data[order[1]].astype(np.int64),
            )
        first = last


def channel_pairs(
    contacts: "Contacts",
    region_labels: NDArray[np.int64],
    region_phases: NDArray[np.uint8],
    *,
    max_pairs: int | None = None,
) -> ChannelPairs:
    """List all pairs with a concurrent channel, or none: never a part of them.

    Parameters
    ----------
    contacts, region_labels, region_phases
        As for `channel_flags`.
    max_pairs : int, optional
        Refuse to list more than this. They are counted first, without being listed.

    Raises
    ------
    InputError
        When there are more than `max_pairs`.
    """
    if max_pairs is not None:
        n_pairs = count_channel_pairs(channel_flags(contacts, region_labels, region_phases))
        if n_pairs > max_pairs:
            msg = (
                f"Found {n_pairs} pairs with a concurrent channel; expected at most {max_pairs}. "
                "Read them in blocks with iterate_channel_pairs, or use local channels."
            )
            raise InputError(msg)
    blocks = list(iterate_channel_pairs(contacts, region_labels, region_phases))
    names = ("nmc_a", "nmc_b", "via_sse", "via_graphite")
    empty = np.empty(0, dtype=np.int64)
    return ChannelPairs(
        **{name: np.concatenate([empty, *(getattr(block, name) for block in blocks)]) for name in names}
    )


def hub_shares(region_phases: NDArray[np.uint8], area_px: NDArray[np.int64]) -> HubShares:
    """Hub share of SSE and of graphite: how much of the phase is in its largest region.

    Parameters
    ----------
    region_phases : ndarray of uint8, shape (n,)
        Phase codes.
    area_px : ndarray of int64, shape (n,)
        Pixels (voxels) of each region.

    Examples
    --------
    >>> hub_shares(np.array([1, 1, 2], np.uint8), np.array([30, 10, 50]))
    HubShares(sse=0.75, graphite=None)
    """
    shares: list[float | None] = []
    for phase in (Phase.SSE, Phase.GRAPHITE):
        areas = area_px[region_phases == phase.code]
        shares.append(float(areas.max() / areas.sum()) if areas.size else None)
    return HubShares(sse=shares[0], graphite=shares[1])


def _shared_neighbour_matrices(
    contacts: "Contacts", region_labels: NDArray[np.int64], region_phases: NDArray[np.uint8]
) -> tuple[csr_array, csr_array]:
    check_regions(region_labels, region_phases)
    return (
        neighbour_matrix(contacts, region_labels, region_phases, Phase.NMC, Phase.SSE),
        neighbour_matrix(contacts, region_labels, region_phases, Phase.NMC, Phase.GRAPHITE),
    )


def _rows_and_columns(
    matrix: csr_array,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """NMC → neighbours and neighbour → NMC, as compressed rows."""
    turned = matrix.T.tocsr()
    return (
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        turned.indptr.astype(np.int64),
        turned.indices.astype(np.int32),
    )


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
def _count_partners(
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
            n = 0
            for w in range(s_united.size):
                n += np.int64(_ones(s_united[w] & g_united[w]))
            # A particle shares its neighbours with itself.
            partners[a] = n - 1
        elif not s_has_hub:
            partners[a] = _walk(a, sse, s_start, s_nmc, graphite, g_start, g_nmc, g_hub, g_bits, seen, marked)
        else:
            partners[a] = _walk(a, graphite, g_start, g_nmc, sse, s_start, s_nmc, s_hub, s_bits, seen, marked)
