"""Concurrent channels: two NMC particles that share an SSE neighbour and a graphite neighbour.

Lithium ions reach both through the shared SSE region, electrons through the shared graphite region. In a
real electrode one pore body and one binder body can touch nearly every particle (hubs), and then nearly
every pair is "concurrent". So the partners of each particle are counted without listing pairs, and the pairs
can be read in blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, triu

from cathograph.ingest.graph.neighbours import PhaseNeighbours
from cathograph.ingest.graph.partner_counts import count_partners
from cathograph.ingest.regions.regions import Regions

PAIRS_STORED_UP_TO = 50.0
"""Average partners per NMC up to which pairs become relationships; beyond it they are streamed."""

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


def channel_flags(neighbours: PhaseNeighbours) -> ChannelFlags:
    """Count the concurrent partners of every NMC.

    Parameters
    ----------
    neighbours : PhaseNeighbours
        Who touches whom in the image.

    Returns
    -------
    ChannelFlags
        NMC without any contact have a row, too.

    Notes
    -----
    Paper: "concurrent channel". The two regions shared, SSE and graphite, need not touch each other.
    """
    sse, graphite = neighbours.shared_carriers
    n_nmc = neighbours.active.size
    partners = np.zeros(n_nmc, dtype=np.int64)
    if n_nmc:
        count_partners(*_rows_and_columns(sse), *_rows_and_columns(graphite), partners)
    return ChannelFlags(
        nmc=neighbours.active_labels,
        has_concurrent_channel=partners > 0,
        concurrent_partners=partners,
    )


def count_channel_pairs(flags: ChannelFlags) -> int:
    """Count the unordered pairs with a concurrent channel: each stands at both its ends."""
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
    neighbours: PhaseNeighbours, *, block_entries: int = _BLOCK_ENTRIES
) -> Iterator[ChannelPairs]:
    """Stream the pairs with a concurrent channel, in blocks, sorted by (nmc_a, nmc_b).

    Parameters
    ----------
    neighbours : PhaseNeighbours
        Who touches whom in the image.
    block_entries : int
        Bound on the candidate pairs held at once (one NMC's candidates are never split).

    Yields
    ------
    ChannelPairs
        Blocks without a pair are left out.
    """
    nmc = neighbours.active_labels
    patterns = []
    candidates = np.zeros(nmc.size, dtype=np.int64)
    for matrix in neighbours.shared_carriers:
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


def channel_pairs(neighbours: PhaseNeighbours) -> ChannelPairs:
    """List all pairs with a concurrent channel.

    Parameters
    ----------
    neighbours : PhaseNeighbours
        Who touches whom in the image. Where hubs make nearly every pair concurrent, count the pairs first
        (`channel_flags`, `count_channel_pairs`) and read them in blocks (`iterate_channel_pairs`).
    """
    blocks = list(iterate_channel_pairs(neighbours))
    names = ("nmc_a", "nmc_b", "via_sse", "via_graphite")
    empty = np.empty(0, dtype=np.int64)
    return ChannelPairs(
        **{name: np.concatenate([empty, *(getattr(block, name) for block in blocks)]) for name in names}
    )


def hub_shares(regions: Regions, area_px: NDArray[np.int64]) -> HubShares:
    """Hub share of SSE and of graphite: how much of the phase is in its largest region.

    Parameters
    ----------
    regions : Regions
        Regions of the image.
    area_px : ndarray of int64, shape (n,)
        Pixels (voxels) of each region.

    Examples
    --------
    >>> regions = Regions(np.array([[1, 2, 3]]), np.array([1, 2, 3]), np.array([1, 1, 2], np.uint8))
    >>> hub_shares(regions, np.array([30, 10, 50]))
    HubShares(sse=0.75, graphite=None)
    """
    shares: list[float | None] = []
    for role in regions.composite.channel:
        areas = area_px[regions.positions_with(role)]
        shares.append(float(areas.max() / areas.sum()) if areas.size else None)
    return HubShares(sse=shares[0], graphite=shares[1])


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
