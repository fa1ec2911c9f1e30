"""Concurrent channels: by hand, against networkx, with hubs, in blocks."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_images import (
    GRAPHITE,
    NMC,
    OTHER,
    SSE,
    contact_list,
    contacts_by_dilation,
    labelled_images,
    neighbours_by_list,
    phases,
)

from cathograph.ingest.graph.channels import (
    channel_flags,
    channel_pairs,
    count_channel_pairs,
    hub_shares,
    iterate_channel_pairs,
    stores_pairs,
)
from cathograph.ingest.regions.regions import Regions


def by_networkx(contacts, names, codes):
    """Find {(a, b): (shared SSE, shared graphite)} for a < b."""
    graph = nx.Graph(zip(contacts.a.tolist(), contacts.b.tolist(), strict=True))
    graph.add_nodes_from(names.tolist())
    code = dict(zip(names.tolist(), codes.tolist(), strict=True))
    pairs = {}
    for a, b in combinations(sorted(n for n in code if code[n] == NMC), 2):
        shared = [code[n] for n in nx.common_neighbors(graph, a, b)]
        if shared.count(SSE) and shared.count(GRAPHITE):
            pairs[a, b] = (shared.count(SSE), shared.count(GRAPHITE))
    return pairs


def as_dictionary(pairs):
    keys = zip(pairs.nmc_a.tolist(), pairs.nmc_b.tolist(), strict=True)
    values = zip(pairs.via_sse.tolist(), pairs.via_graphite.tolist(), strict=True)
    return dict(zip(keys, values, strict=True))


def check(contacts, names, codes):
    expected = by_networkx(contacts, names, codes)
    neighbours = neighbours_by_list(contacts, names, codes)
    pairs = channel_pairs(neighbours)
    assert as_dictionary(pairs) == expected
    assert list(as_dictionary(pairs)) == sorted(expected)
    flags = channel_flags(neighbours)
    assert flags.nmc.tolist() == names[codes == NMC].tolist()
    partners = [sum(n in pair for pair in expected) for n in flags.nmc]
    assert flags.concurrent_partners.tolist() == partners
    assert flags.has_concurrent_channel.tolist() == [n > 0 for n in partners]
    assert count_channel_pairs(flags) == len(expected)
    return flags


def test_two_particles_between_two_layers():
    # 8×8, r = 1. SSE 5 is row 0, graphite 6 is row 7; NMC 1 (columns 0..2) and NMC 2 (columns 4..6) stand
    # between and touch both; NMC 3 (column 7, rows 1..3) touches SSE only.
    labels = np.zeros((8, 8), dtype=int)
    labels[0], labels[7] = 5, 6
    labels[1:7, :3], labels[1:7, 4:6], labels[1:4, 7] = 1, 2, 3
    names, codes = np.array([1, 2, 3, 5, 6]), phases(NMC, NMC, NMC, SSE, GRAPHITE)
    contacts = contacts_by_dilation(labels, 1)
    flags = check(contacts, names, codes)
    assert flags.has_concurrent_channel.tolist() == [True, True, False]
    assert as_dictionary(channel_pairs(neighbours_by_list(contacts, names, codes))) == {(1, 2): (1, 1)}


def test_the_two_paths_may_be_far_apart_but_one_is_not_enough():
    # 1 and 2 share SSE 5 and 6 and graphite 8; 2 and 3 share SSE 6 only; 3 has graphite 9 for itself.
    contacts = contact_list(
        {(1, 5): 1, (2, 5): 1, (1, 6): 1, (2, 6): 1, (3, 6): 1, (1, 8): 1, (2, 8): 1, (3, 9): 1}
    )
    names = np.array([1, 2, 3, 5, 6, 8, 9])
    codes = phases(NMC, NMC, NMC, SSE, SSE, GRAPHITE, GRAPHITE)
    flags = check(contacts, names, codes)
    assert flags.concurrent_partners.tolist() == [1, 1, 0]
    assert as_dictionary(channel_pairs(neighbours_by_list(contacts, names, codes))) == {(1, 2): (2, 1)}


def test_other_phases_are_no_path_and_a_particle_is_not_its_own_partner():
    contacts = contact_list({(1, 5): 1, (1, 6): 1, (2, 5): 1, (2, 7): 1, (1, 7): 1})
    names, codes = np.array([1, 2, 5, 6, 7]), phases(NMC, NMC, SSE, GRAPHITE, OTHER)
    flags = check(contacts, names, codes)
    assert flags.concurrent_partners.tolist() == [0, 0]


@given(labelled_images(), st.integers(1, 3))
def test_images_equal_networkx(image, radius_px):
    labels, names, codes = image
    check(contacts_by_dilation(labels, radius_px), names, codes)


@pytest.mark.parametrize("seed", range(6))
def test_random_graphs_with_hubs_and_without(seed):
    # 150 NMC: a neighbour of more than 150 // 32 = 4 particles is a hub, so all ways of counting occur:
    # small lists on both sides, hubs on one, hubs on both, hubs mixed with small lists.
    rng = np.random.default_rng(seed)
    n_nmc, n_other = 150, 60
    pairs = {}
    for k in range(n_other):
        hub = rng.random() < [0.0, 0.1, 0.1, 0.3, 0.02, 1.0][seed]
        members = rng.choice(n_nmc, rng.integers(60, 140) if hub else rng.integers(0, 5), replace=False)
        pairs |= {(int(n) + 1, 1000 + k): 1 for n in members}
    names = np.concatenate((np.arange(1, n_nmc + 1), np.arange(1000, 1000 + n_other)))
    sides = (
        np.where(rng.random(n_other) < 0.5, SSE, GRAPHITE) if seed else np.resize([SSE, GRAPHITE], n_other)
    )
    codes = np.concatenate((np.full(n_nmc, NMC), sides)).astype(np.uint8)
    check(contact_list(pairs), names, codes)


def test_a_hub_of_each_phase_makes_everyone_a_partner():
    # One SSE and one graphite body touch all but the last of 3,000 NMC: 2,999 · 2,998 / 2 pairs, counted
    # without being listed.
    n = 3000
    hubs = {(k, 9000): 1 for k in range(1, n)} | {(k, 9001): 1 for k in range(1, n)}
    names = np.concatenate((np.arange(1, n + 1), [9000, 9001]))
    codes = np.repeat(phases(NMC, SSE, GRAPHITE), [n, 1, 1])
    neighbours = neighbours_by_list(contact_list(hubs), names, codes)
    flags = channel_flags(neighbours)
    assert flags.concurrent_partners.tolist() == [n - 2] * (n - 1) + [0]
    n_pairs = count_channel_pairs(flags)
    assert n_pairs == (n - 1) * (n - 2) // 2
    assert not stores_pairs(n_pairs, n)
    blocks = list(iterate_channel_pairs(neighbours, block_entries=600_000))
    assert len(blocks) > 5
    assert max(block.nmc_a.size for block in blocks) <= 600_000
    assert sum(block.nmc_a.size for block in blocks) == n_pairs


@pytest.mark.parametrize("block_entries", [1, 7, 1000])
def test_blocks_add_up_to_the_whole(block_entries):
    rng = np.random.default_rng(1)
    pairs = {
        (int(n), int(k)): 1
        for n, k in zip(rng.integers(1, 41, 160), rng.integers(100, 120, 160), strict=True)
    }
    names = np.concatenate((np.arange(1, 41), np.arange(100, 120)))
    codes = np.repeat(phases(NMC, SSE, GRAPHITE), [40, 10, 10])
    neighbours = neighbours_by_list(contact_list(pairs), names, codes)
    whole = channel_pairs(neighbours)
    blocks = list(iterate_channel_pairs(neighbours, block_entries=block_entries))
    for column in ("nmc_a", "nmc_b", "via_sse", "via_graphite"):
        joined = np.concatenate([getattr(block, column) for block in blocks])
        np.testing.assert_array_equal(joined, getattr(whole, column))


def test_nothing_to_share():
    names, codes = np.array([1, 2]), phases(NMC, SSE)
    neighbours = neighbours_by_list(contact_list({(1, 2): 1}), names, codes)
    assert channel_flags(neighbours).concurrent_partners.tolist() == [0]
    assert channel_pairs(neighbours).nmc_a.size == 0
    assert channel_flags(neighbours_by_list(contact_list({}), names[:0], codes[:0])).nmc.size == 0


@pytest.mark.parametrize(
    ("n_pairs", "n_nmc", "stored"),
    # 2 · pairs / NMC partners on average: 50 is still stored.
    [(0, 0, True), (0, 10, True), (250, 10, True), (251, 10, False), (1_185_038, 1595, False)],
)
def test_storing_rule(n_pairs, n_nmc, stored):
    assert stores_pairs(n_pairs, n_nmc) is stored


def test_hub_shares_by_hand():
    # SSE regions of 6 and 2 pixels: 6/8. One graphite region: 1. NMC does not count.
    regions = Regions(np.arange(5)[None], np.arange(1, 5), phases(SSE, NMC, SSE, GRAPHITE))
    shares = hub_shares(regions, np.array([6, 40, 2, 3]))
    assert (shares.sse, shares.graphite) == (0.75, 1.0)
    assert hub_shares(Regions(np.ones((1, 1), int), np.array([1]), phases(NMC)), np.array([40])).sse is None
