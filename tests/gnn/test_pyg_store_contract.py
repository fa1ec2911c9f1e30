"""What PyTorch Geometric's own tests say of its example stores, said of ours, and of the examples once more.

Statement by statement what ``test/data/test_feature_store.py`` and ``test_graph_store.py`` of PyTorch Geometric state
of `MyFeatureStore` and `MyGraphStore`. These run along, so that a statement that is not PyTorch Geometric's shows. No
database is asked: what is put beside the store's own tensors stays in memory.
"""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch_geometric.data import EdgeAttr, TensorAttr
from torch_geometric.data.feature_store import AttrView, _FieldStatus
from torch_geometric.data.graph_store import EdgeLayout
from torch_geometric.testing import MyFeatureStore, MyGraphStore, get_random_edge_index

from cathograph.gnn.graphs.topology import build_topology
from cathograph.gnn.remote.stores import Neo4jFeatureStore, Neo4jGraphStore
from cathograph.queries.reading.graph_columns import ExportedImage
from cathograph.queries.reading.sampled_columns import TopologyColumns
from cathograph.schema.composites import SSB_CATHODE

TENSOR = torch.tensor([[0.0, 0, 0], [1, 1, 1], [2, 2, 2]])
INDEX = torch.tensor([0, 1, 2])
CHAIN = {
    "coo": (torch.tensor([0, 1]), torch.tensor([1, 2])),
    "csr": (torch.tensor([0, 1, 2]), torch.tensor([1, 2])),
    "csc": (torch.tensor([0, 1]), torch.tensor([0, 0, 1, 2])),
}


def small_topology():
    """Give an SSE in contact with two NMC: what the database holds, beside what the tests put."""
    image = ExportedImage(
        "s1 i1",
        "s1",
        "i1",
        None,
        None,
        None,
        None,
        None,
        2,
        0.03,
        3,
        2,
        has_metrics=False,
        composite=SSB_CATHODE,
    )
    columns = TopologyColumns(
        np.array([1, 2, 3]),
        np.array(["NMC", "NMC", "SSE"]),
        np.array([1, 2]),
        np.array([3, 3]),
        np.array([0, 1]),
    )
    return build_topology([image], SSB_CATHODE, [columns], "5:x:")


def no_connection():
    raise AssertionError  # these tests ask for nothing that the database holds


@pytest.fixture(params=["ours", "PyG's"])
def features(request):
    if request.param == "ours":
        return Neo4jFeatureStore(no_connection, small_topology(), ["area_um2"])
    return MyFeatureStore()


@pytest.fixture(params=["ours", "PyG's"])
def graph(request):
    return Neo4jGraphStore(small_topology()) if request.param == "ours" else MyGraphStore()


def same(found, expected):
    return len(found) == len(expected) and all(map(torch.equal, found, expected))


def test_tensors_are_put_got_updated_and_removed(features):
    attr = TensorAttr("A", "feat", INDEX)
    assert features.put_tensor(TENSOR, attr)
    assert torch.equal(features.get_tensor(attr), TENSOR)
    some = torch.tensor([0, 2])
    assert torch.equal(features.get_tensor("A", "feat", index=some), TENSOR[some])
    assert features.get_tensor_size("A", "feat", None) == (3, 3)
    assert ("A", "feat") in {(each.group_name, each.attr_name) for each in features.get_all_tensor_attrs()}
    assert features.update_tensor(some, "A", "feat", None)
    assert torch.equal(features.get_tensor("A", "feat", None), some)
    assert features.remove_tensor("A", "feat", None)
    assert not features.remove_tensor("A", "feat", None)
    with pytest.raises(KeyError):
        features.get_tensor(attr)
    with pytest.raises(ValueError, match="not fully specified"):
        features.get_tensor("A", "feat")


def test_rows_are_found_by_the_places_they_were_put_at(features):
    features["A", "sparse", torch.tensor([7, 3])] = TENSOR[:2]
    assert torch.equal(features["A", "sparse", torch.tensor([3, 7, 3])], TENSOR[[1, 0, 1]])


def test_views_know_what_they_look_at(features):
    view = features.view(group_name="A")
    view.attr_name = "feat"
    view["index"] = INDEX
    assert view == AttrView(features, TensorAttr("A", "feat", INDEX))
    assert (view == 0) is False
    assert view != AttrView(features, TensorAttr("B", "feat", INDEX))
    name = type(features).__name__
    attr = "TensorAttr(group_name='A', attr_name='feat', index=tensor([0, 1, 2]))"
    assert repr(view) == f"AttrView(store={name}(), attr={attr})"


def test_indexing_with_all_or_a_part_of_a_name(features):
    features["A", "feat", INDEX] = TENSOR
    for found in (
        features["A", "feat", INDEX],
        features["A", "feat", None],
        features["A", "feat", :],
        features["A"]["feat"][:],
        features["A"].feat[:],
        features.view().A.feat[:],
    ):
        assert torch.equal(found, TENSOR)
    with pytest.raises(AttributeError):
        _ = features.view(group_name="A", index=None).feat.A
    assert features["A"] == features.view(TensorAttr(group_name="A"))
    assert features["A"].feat == features.view(TensorAttr(group_name="A", attr_name="feat"))
    del features["A", "feat", INDEX]
    with pytest.raises(KeyError):
        _ = features["A", "feat", INDEX]


def test_a_group_may_hold_a_tensor_without_a_name(features):
    features["A", None, None] = TENSOR
    assert isinstance(features["A"], AttrView)
    assert torch.equal(features["A"](), TENSOR)
    del features["A"]
    with pytest.raises(KeyError):
        features["A"]()


def test_several_tensors_at_once(features):
    features["A", "feat", None], features["B", "feat", None] = TENSOR, TENSOR + 1
    found = features.multi_get_tensor([TensorAttr("B", "feat", INDEX[1:]), TensorAttr("A", "feat", None)])
    assert same(found, (TENSOR[1:] + 1, TENSOR))


@dataclass
class Ungrouped(TensorAttr):
    """Names without a group: attribute, then index."""

    def __init__(self, attr_name=_FieldStatus.UNSET, index=_FieldStatus.UNSET):
        super().__init__(None, attr_name, index)


def test_names_may_go_without_a_group(features):
    features._tensor_attr_cls = Ungrouped  # noqa: SLF001  what a subclass sets, by PyTorch Geometric's own test
    features["feat", INDEX] = TENSOR
    assert isinstance(features["feat"], AttrView)
    for found in (features["feat", INDEX], features["feat"][INDEX], features["feat"][:], features["feat", :]):
        assert torch.equal(found, TENSOR)


def test_edges_are_put_got_and_removed_by_layout(graph):
    assert str(graph) == f"{type(graph).__name__}()"
    before = len(graph.get_all_edge_attrs())
    for layout, edges in CHAIN.items():
        graph["edge_type", layout] = edges
    for layout, edges in CHAIN.items():
        assert same(graph["edge_type", layout], edges)
    assert len(graph.get_all_edge_attrs()) == before + 3
    del graph["edge_type", "coo"]
    with pytest.raises(KeyError):
        _ = graph["edge_type", "coo"]
    assert not graph.remove_edge_index(edge_type="edge_type", layout="coo")
    assert same(graph["edge_type", "csr"], CHAIN["csr"])
    with pytest.raises(KeyError):
        _ = graph["edge_type_2", "coo"]


def layouts_of(rows, columns, n):
    """Make the three layouts of the same edges with sorts of our own."""
    by_row, by_column = torch.argsort(rows, stable=True), torch.argsort(columns, stable=True)
    every = torch.arange(n + 1)
    return {
        "coo": (rows, columns),
        "csr": (torch.searchsorted(rows[by_row], every), columns[by_row]),
        "csc": (rows[by_column], torch.searchsorted(columns[by_column], every)),
    }


def test_layouts_turn_into_one_another(graph):
    torch.manual_seed(0)
    edges = get_random_edge_index(100, 100, 300)
    layouts = layouts_of(edges[0], edges[1], 100)
    types = {layout: ("v", layout, "v") for layout in layouts}
    for layout, found in layouts.items():
        graph.put_edge_index(found, types[layout], layout, size=(100, 100))
    wanted = list(types.values())
    pairs = sorted(map(tuple, edges.T.tolist()))

    rows, columns, order = graph.coo(wanted)
    assert set(rows) == set(columns) == set(order) == set(wanted)
    for kind in wanted:
        assert sorted(zip(rows[kind].tolist(), columns[kind].tolist(), strict=True)) == pairs
        assert order[kind] is None
    for layout, pointers in (("csr", 0), ("csc", 1)):
        found = getattr(graph, layout)(wanted)
        assert all(set(each) == set(wanted) for each in found)
        for kind in wanted:
            assert torch.equal(found[pointers][kind], layouts[layout][pointers])
            ends = [found[1 - pointers][kind], torch.repeat_interleave(found[pointers][kind].diff())]
            assert sorted(zip(*(each.tolist() for each in ends[:: 2 * pointers - 1]), strict=True)) == pairs

    only = graph.coo([types["coo"]])
    assert list(only[0]) == [types["coo"]]
    assert same((only[0][types["coo"]], only[1][types["coo"]]), layouts["coo"])


def test_what_was_turned_is_kept_when_asked(graph):
    kind = ("v", "1", "v")
    graph.put_edge_index(CHAIN["coo"], kind, "coo", size=(3, 3))
    key = EdgeAttr(kind, EdgeLayout.CSR, is_sorted=False, size=(3, 3))
    with pytest.raises(KeyError):
        _ = graph[key]
    pointers, columns, _ = graph.csr([kind], store=True)
    assert same(graph[key], (pointers[kind], columns[kind]))
    assert same(graph[key], (torch.tensor([0, 1, 2, 2]), torch.tensor([1, 2])))
