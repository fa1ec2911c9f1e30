"""Mini-batches from the database: equal to neighbourhoods found by brute force, edge features those of the store."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
from random_rows import make_random_measurement, make_random_rows
from torch_geometric import typing as pyg_typing
from torch_geometric.data import Batch, TensorAttr
from torch_geometric.data.remote_backend_utils import num_nodes
from torch_geometric.sampler import NeighborSampler, NodeSamplerInput
from torch_geometric.sampler.base import SubgraphType

from cathograph.gnn.graphs.export import export_hetero_data
from cathograph.gnn.graphs.hetero_data import edge_types, node_types
from cathograph.gnn.graphs.subgraph_selection import SubgraphSelection
from cathograph.gnn.remote.loader import make_sampler, open_remote, remote_loader
from cathograph.gnn.remote.neighbour_sampler import NeighbourSampler
from cathograph.queries.server.connection import connect
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.queries.writing.measurements import write_measurement
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import CannotConnect, DatabaseError, ParameterError, QueryError

NMC, SSE, GRAPHITE = "NMC", "SSE", "Graphite"
NODE_TYPES, EDGE_TYPES = node_types(SSB_CATHODE), edge_types(SSB_CATHODE)
TO_SSE = (NMC, "contact", SSE)


MIXES = [
    ([NMC, SSE, GRAPHITE], 30, 0.1),
    ([NMC, SSE], 12, 0.3),
    ([NMC], 6, 0.5),
    ([NMC, SSE, GRAPHITE], 6, 0.0),
]
MADE = SubgraphSelection(sample="s1")


@pytest.fixture(scope="module")
def open_connection(neo4j_server):
    """Give what opens a connection to the test server, also in another process."""
    return partial(connect, neo4j_server.uri, neo4j_server.user, neo4j_server.password)


def fill(store, sample="s1"):
    """Write four images: with all phases, without graphite, of NMC alone, and without contacts."""
    for number, (phases, n, share) in enumerate(MIXES):
        drawn = np.random.default_rng(number).choice(phases, n).tolist()
        rows = make_random_rows(number, [*drawn, NMC], image=f"i{number}", contact_share=share, sample=sample)
        write_image(store, rows, IngestRunRecord.of_memory("made"))
        write_measurement(store, make_random_measurement(number, rows), IngestRunRecord.of_memory("made"))


@pytest.fixture(scope="module")
def filled(clean_store):
    """Give the store with the made images in it; those of sample s1 are never changed."""
    fill(clean_store)
    return clean_store


@pytest.fixture
def stores(filled, open_connection):
    """Give the remote backend of sample s1."""
    opened = open_remote(open_connection, MADE)
    yield opened
    opened.features.close()


def all_edges(whole):
    """{edge type: {(source, target): attributes}} of an exported batch."""
    return {
        kind: {
            tuple(ends): values
            for ends, values in zip(
                whole[kind].edge_index.T.tolist(), whole[kind].edge_attr.tolist(), strict=True
            )
        }
        for kind in EDGE_TYPES
    }


def reached(edges, seeds, hops):
    """Nodes within so many contacts of the seeds, and those of them whose incoming edges were followed."""
    found = {kind: set() for kind in NODE_TYPES} | {NMC: set(seeds)}
    followed = {kind: set() for kind in NODE_TYPES}
    for _ in range(hops):
        followed = {kind: set(nodes) for kind, nodes in found.items()}
        for (source_type, _, target_type), pairs in edges.items():
            found[source_type] |= {a for a, b in pairs if b in followed[target_type]}
    return found, followed


def edges_of(batch, kind):
    """[(source, target)] in numbers of the whole graph."""
    source, target = batch[kind].edge_index
    return list(zip(batch[kind[0]].n_id[source].tolist(), batch[kind[2]].n_id[target].tolist(), strict=True))


def assert_values_of_the_store(batch, whole, edges):
    assert batch.validate(raise_on_error=True)
    for phase in NODE_TYPES:
        nodes = batch[phase].n_id
        assert len(set(nodes.tolist())) == len(nodes)
        for name in ("x", "pos", "label", *(("y", "y_mask") if phase == NMC else ())):
            assert torch.equal(batch[phase][name], whole[phase][name][nodes]), (phase, name)
    for kind in EDGE_TYPES:
        wanted = [edges[kind][pair] for pair in edges_of(batch, kind)]
        assert batch[kind].edge_attr.tolist() == wanted
        assert batch[kind].edge_attr.shape[1] == 5


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_with_all_neighbours_a_batch_is_the_neighbourhood(filled, stores, hops):
    whole = Batch.from_data_list(export_hetero_data(filled, MADE))
    edges = all_edges(whole)
    seen = []
    for batch in remote_loader(stores, [-1] * hops, batch_size=7):
        seeds = batch[NMC].n_id[: batch[NMC].batch_size].tolist()
        seen += seeds
        nodes, followed = reached(edges, seeds, hops)
        assert {kind: set(batch[kind].n_id.tolist()) for kind in NODE_TYPES} == nodes
        for kind in EDGE_TYPES:
            found = edges_of(batch, kind)
            assert len(found) == len(set(found))
            assert set(found) == {(a, b) for a, b in edges[kind] if b in followed[kind[2]]}
            assert sum(batch[kind].num_sampled_edges) == len(found)
        assert [sum(batch[kind].num_sampled_nodes) for kind in NODE_TYPES] == [
            len(nodes[kind]) for kind in NODE_TYPES
        ]
        assert_values_of_the_store(batch, whole, edges)
    assert seen == list(range(whole[NMC].num_nodes))


def test_fan_out_takes_so_many_of_them_and_repeats_with_its_seed(filled, stores):
    whole = Batch.from_data_list(export_hetero_data(filled, MADE))
    edges = all_edges(whole)
    loader = remote_loader(stores, {**{kind: [2, 1] for kind in EDGE_TYPES}, TO_SSE: [1, 0]}, batch_size=50)
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        (batch,) = loader
        assert_values_of_the_store(batch, whole, edges)
        drawn.append({kind: edges_of(batch, kind) for kind in EDGE_TYPES})
    assert drawn[0] == drawn[1] != drawn[2]
    for kind, limit in ((NMC, 2), (SSE, 2), (GRAPHITE, 2)):
        pairs = drawn[0][kind, "contact", NMC]  # all NMC are seeds, so their edges are those of the first hop
        for node in range(whole[NMC].num_nodes):
            degree = sum(b == node for _, b in edges[kind, "contact", NMC])
            assert sum(b == node for _, b in pairs) == min(limit, degree)
    assert not drawn[0][TO_SSE]  # no SSE in the first hop's frontier, none followed in the second


def test_all_choices_come_up_alike(stores):
    """Of an NMC with n SSE neighbours, each is drawn in 1/n of the samples."""
    columns = stores.graph.topology.edges[SSE, "contact", NMC]
    node = int(np.argmax(np.diff(columns.colptr)))
    n = int(np.diff(columns.colptr)[node])
    assert n >= 3
    sampler = NeighbourSampler(stores.graph.topology, {(SSE, "contact", NMC): [1]})
    torch.manual_seed(0)
    drawn = [
        sampler.sample_from_nodes(NodeSamplerInput(None, torch.tensor([node]), input_type=NMC))
        .node[SSE]
        .item()
        for _ in range(600)
    ]
    counts = np.unique(drawn, return_counts=True)[1]
    assert len(counts) == n
    assert np.abs(counts - 600 / n).max() < 5 * np.sqrt(600 / n)  # five standard deviations


def test_workers_bring_the_same(stores):
    alone, shared = (
        list(remote_loader(stores, [-1, -1], batch_size=16, num_workers=workers, **more))
        for workers, more in ((0, {}), (2, {"prefetch_factor": 2}))
    )
    assert len(alone) == len(shared) > 1
    for one, other in zip(alone, shared, strict=True):
        assert torch.equal(one[NMC].n_id, other[NMC].n_id)
        assert torch.equal(one[NMC].x, other[NMC].x)
        assert all(torch.equal(one[kind].edge_attr, other[kind].edge_attr) for kind in EDGE_TYPES)


def test_stores_travel_to_other_processes(stores):
    stores.features["NMC", "split", None] = torch.arange(3)
    copy = pickle.loads(pickle.dumps(stores))  # noqa: S301
    assert torch.equal(copy.features[NMC, "x", None], stores.features[NMC, "x", None])
    assert torch.equal(copy.features["NMC", "split", None], torch.arange(3))
    copy.features.close()


def test_whole_tensors_and_layouts(filled, stores):
    whole = Batch.from_data_list(export_hetero_data(filled, MADE))
    features, graph = stores
    for phase in NODE_TYPES:
        assert torch.equal(features[phase].x[:], whole[phase].x)
        assert features.get_tensor_size(phase, "x", None) == tuple(whole[phase].x.shape)
        assert num_nodes(features, graph, phase) == whole[phase].num_nodes
    last_first = torch.tensor([3, 0, 3])
    assert torch.equal(features[NMC, "y", last_first], whole[NMC].y[last_first])
    assert torch.equal(features[NMC, "label", np.array([1])], whole[NMC].label[1:2])
    assert features[NMC, "pos", torch.empty(0, dtype=torch.int64)].shape == (0, 2)
    edges = all_edges(whole)
    rows, columns, _ = graph.coo()
    by_rows = graph.csr()
    for kind in EDGE_TYPES:
        pairs = list(zip(rows[kind].tolist(), columns[kind].tolist(), strict=True))
        assert sorted(pairs) == sorted(edges[kind])
        values = features[kind, "edge_attr", None]
        assert values.tolist() == [edges[kind][pair] for pair in pairs]
        # Converted to rows, edges keep their numbers by the permutation that comes with them.
        pointers, targets, order = (each[kind] for each in by_rows)
        sources = torch.repeat_interleave(torch.arange(len(pointers) - 1), pointers.diff())
        again = list(zip(sources.tolist(), targets.tolist(), strict=True))
        assert values[order].tolist() == [edges[kind][pair] for pair in again]
    keys = [key for graph_of_image in export_hetero_data(filled, MADE) for key in graph_of_image[NMC].key]
    assert stores.graph.topology.keys(NMC, np.arange(len(keys))) == keys


def test_missing_values_are_marked(filled, open_connection):
    features = ["area_um2", "local_channel_partners"]
    stores = open_remote(open_connection, SubgraphSelection("s1", "i0"), features, missing="mark")
    (graph,) = export_hetero_data(filled, SubgraphSelection("s1", "i0"), features, missing="mark")
    (batch,) = remote_loader(stores, [-1], batch_size=99)
    assert batch.feature_names == graph.feature_names
    assert torch.equal(batch[SSE].x, graph[SSE].x[batch[SSE].n_id])
    stores.features.close()
    refusing = open_remote(open_connection, SubgraphSelection("s1", "i0"), features)
    with pytest.raises(ParameterError, match="local_channel_partners missing"):
        list(remote_loader(refusing, [-1], batch_size=99))
    refusing.features.close()


@pytest.mark.parametrize("with_flagged", [False, True])
def test_flagged_states_have_values_only_where_they_are_asked_for(filled, open_connection, with_flagged):
    selection = SubgraphSelection("s1", with_flagged=with_flagged)
    whole = Batch.from_data_list(export_hetero_data(filled, selection))
    flagged = whole[NMC].flagged
    assert flagged.any()
    assert bool(whole[NMC].y_mask[flagged].any()) is with_flagged
    stores = open_remote(open_connection, selection)
    (batch,) = remote_loader(stores, [0], batch_size=9999)
    order = torch.argsort(batch[NMC].n_id)
    for name in ("y", "y_mask"):
        assert torch.equal(batch[NMC][name][order], whole[NMC][name])
    stores.features.close()


def test_pyg_lib_is_used_where_it_is_installed(stores):
    sampler = make_sampler(stores, [2])
    assert isinstance(sampler, NeighbourSampler) is not pyg_typing.WITH_PYG_LIB


def test_pyg_sampler_finds_edges_as_they_are_numbered(stores):
    """What pyg-lib would sample from: our columns, not sorted anew, so that its numbers of edges are ours."""
    sampler = NeighborSampler(tuple(stores), [2], subgraph_type=SubgraphType.induced)
    assert set(sampler.perm.values()) == {None}
    for kind, columns in stores.graph.topology.edges.items():
        assert sampler.row_dict["__".join(kind)].tolist() == columns.row.tolist()
        assert sampler.colptr_dict["__".join(kind)].tolist() == columns.colptr.tolist()
    assert sampler.num_nodes == {
        kind: len(places.label) for kind, places in stores.graph.topology.nodes.items()
    }


# Everything that PyTorch Geometric's own tests say of its example stores: test_pyg_store_contract.py.


def test_what_is_put_beside_comes_along_with_what_is_stored(stores):
    store, tensor = stores.features, torch.tensor([[0.0, 0, 0], [1, 1, 1]])
    store["A", "sparse", torch.tensor([7, 3])] = tensor
    stored, beside = store.multi_get_tensor(
        [TensorAttr(NMC, "x", torch.tensor([1])), TensorAttr("A", "sparse", torch.tensor([3]))]
    )
    assert torch.equal(stored, store[NMC].x[:][[1]])
    assert torch.equal(beside, tensor[[1]])
    with pytest.raises(KeyError, match="were not put"):
        _ = store["A", "sparse", torch.tensor([5])]
    with pytest.raises(KeyError, match="'dense'"):
        store.get_tensor("A", "dense", None)
    assert store.get_tensor_size("A", "dense", None) is None


def test_what_the_database_holds_is_read_only(stores):
    tensor = torch.zeros(3, 5)
    for change in (
        lambda: stores.features.put_tensor(tensor, NMC, "x", None),
        lambda: stores.features.remove_tensor(NMC, "y", None),
        lambda: stores.graph.put_edge_index((tensor, tensor), edge_type=TO_SSE, layout="coo"),
        lambda: stores.graph.remove_edge_index(edge_type=TO_SSE, layout="csc"),
    ):
        with pytest.raises(ParameterError, match="expected what the database holds to stay as it is"):
            change()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"selection": SubgraphSelection(sample="none")}, QueryError, "Found no image of sample 'none'"),
        (
            {"selection": SubgraphSelection(keys=["s1 i0:1"])},
            ParameterError,
            "a selection of single particles",
        ),
        ({"missing": "drop"}, ParameterError, "missing='drop'"),
        ({"features": ["degree"]}, ParameterError, "no network metrics for 4 of 4 images, the first 'i0'"),
        ({"features": ["convexty"]}, ParameterError, "did you mean convexity"),
    ],
)
def test_backends_that_cannot_be_are_refused(filled, open_connection, given, error, message):
    with pytest.raises(error, match=message):
        open_remote(open_connection, **{"selection": MADE, **given})


@pytest.mark.parametrize(
    ("neighbours", "given", "message"),
    [
        ([-1], {"node_type": "Pore"}, "node type 'Pore'; expected one of SSE, NMC, Graphite"),
        ([-1], {"input_nodes": torch.tensor([10**6])}, "1 seed nodes"),
        ([-1], {"input_nodes": torch.tensor([], dtype=torch.int64)}, "0 seed nodes"),
        ([-2], {}, "lowest number -2"),
        ({("NMC", "touches", "NMC"): [1]}, {}, r"edge type \('NMC', 'touches', 'NMC'\)"),
        ({TO_SSE: [1], (SSE, "contact", SSE): [1, 1]}, {}, r"hops \[1, 2\]"),
    ],
)
def test_loaders_that_cannot_be_are_refused(stores, neighbours, given, message):
    with pytest.raises(ParameterError, match=message):
        remote_loader(stores, neighbours, **given)


def test_a_seed_twice_is_refused(stores):
    sampler = NeighbourSampler(stores.graph.topology, [1])
    with pytest.raises(ParameterError, match="a node twice among 2 seeds"):
        sampler.sample_from_nodes(NodeSamplerInput(None, torch.tensor([1, 1]), input_type=NMC))
    with pytest.raises(ParameterError, match="edges to sample from"):
        sampler.sample_from_edges(None)


def test_places_that_are_not_there_are_refused(stores):
    for index in (torch.tensor([10**6]), torch.tensor([-1]), torch.tensor([0.5])):
        with pytest.raises(ParameterError, match=r"Found (place|an index)"):
            stores.features[NMC, "x", index]


@pytest.mark.parametrize(
    ("sample", "change", "what"),
    [
        ("s8", "MATCH (n:NMC) WHERE n.key STARTS WITH 's8' REMOVE n:Particle", "particles"),
        ("s9", "MATCH (n)-[c:CONTACT]->() WHERE n.key STARTS WITH 's9' DELETE c", "contacts"),
    ],
)
def test_a_store_that_changes_while_training_is_noticed(
    filled, open_connection, neo4j_server, sample, change, what
):
    fill(filled, sample)
    stores = open_remote(open_connection, SubgraphSelection(sample, "i0"))
    loader = remote_loader(stores, [-1], batch_size=99)
    next(iter(loader))
    with neo4j_server.driver() as driver:
        driver.execute_query(change)
    with pytest.raises(DatabaseError, match=rf"Found \d+ of \d+ {what} of a mini-batch as they were"):
        next(iter(loader))
    stores.features.close()


def test_database_gone_while_training(stores):
    gone = partial(connect, "bolt://127.0.0.1:1", "neo4j", "x")
    with pytest.raises(CannotConnect):
        open_remote(gone)
    moved = type(stores.features)(gone, stores.graph.topology, ["area_um2"])
    with pytest.raises(CannotConnect, match="cathograph db start"):
        next(iter(remote_loader(stores._replace(features=moved), [-1], batch_size=9)))
