"""What is exported, worked out by hand on the toy image; nothing lost on made ones; every refusal."""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch
from random_rows import make_random_measurement, make_random_rows
from torch_geometric.data import Batch, HeteroData
from toy_measurement import make_toy_measurement
from toy_rows import make_toy_rows

from cathograph.gnn.graph_layout import layout_of
from cathograph.gnn.graphs.export import export_hetero_data, save_hetero_data
from cathograph.gnn.graphs.hetero_data import edge_types, node_types
from cathograph.gnn.graphs.node_features import FEATURES, Missing
from cathograph.gnn.graphs.subgraph_selection import SubgraphSelection
from cathograph.ingest.metrics import refresh_metrics
from cathograph.queries.catalog import adhoc
from cathograph.queries.server.connection import connect
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.errors import (
    CannotConnect,
    DatabaseError,
    InputError,
    ParameterError,
    QueryError,
    WriteRefused,
)

NMC, SSE, GRAPHITE = "NMC", "SSE", "Graphite"
NODE_TYPES, EDGE_TYPES = node_types(SSB_CATHODE), edge_types(SSB_CATHODE)


def equal(one, other):
    """Whether two graphs are the same to the last bit."""
    return plain(one.to_dict()) == plain(other.to_dict())


def plain(value):
    """Give the same with the bytes of each tensor, beside dtype and shape."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, torch.Tensor):
        return value.dtype, tuple(value.shape), value.numpy().tobytes()
    return value


def test_toy_image(toy_store):
    (graph,) = export_hetero_data(toy_store)
    assert graph.validate(raise_on_error=True)
    assert graph.node_types == list(NODE_TYPES) == [SSE, NMC, GRAPHITE]
    assert graph.edge_types == list(EDGE_TYPES)
    # Rows are in the order of the labels: NMC 1, 2, 5; SSE 3; graphite 4.
    assert [graph[phase].label.tolist() for phase in NODE_TYPES] == [[3], [1, 2, 5], [4]]
    assert graph[NMC].key == ["k1:1", "k1:2", "k1:5"]
    assert graph.feature_names == [
        "area_um2",
        "perimeter_um",
        "equivalent_diameter_um",
        "convexity",
        "touches_border",
    ]
    assert graph[NMC].x.tolist() == [[0.1, 1, 0.5, 1, 0], [0.2, 1, 0.6, 1, 1], [0.5, 1, 0.9, 1, 1]]
    assert graph[NMC].pos.tolist() == [[1, 1.5], [2, 2.5], [5, 5.5]]
    # Contacts 1–3 (overlaps 4, 6) and 2–3 (8, 4): to the SSE, pixels of the SSE inside the dilated NMC come first.
    to_sse, from_sse = graph[NMC, "contact", SSE], graph[SSE, "contact", NMC]
    assert graph.edge_feature_names[:2] == ["overlap_target_px", "overlap_source_px"]
    assert to_sse.edge_index.tolist() == [[0, 1], [0, 0]]
    assert to_sse.edge_attr.tolist() == [[4, 6, 5, 0.4, 1], [8, 4, 6, 0.6, 1]]
    assert from_sse.edge_index.tolist() == [[0, 0], [0, 1]]
    assert from_sse.edge_attr.tolist() == [[6, 4, 5, 0.4, 1], [4, 8, 6, 0.6, 1]]
    # No two NMC touch: the edge type is there, empty, five wide.
    assert graph[NMC, "contact", NMC].edge_index.shape == (2, 0)
    assert graph[NMC, "contact", NMC].edge_attr.shape == (0, 5)
    # The state of NMC 2 is flagged, NMC 5 has none.
    assert graph[NMC].y.tolist() == [[8343, 0.5, 1], [0, 0, 0], [0, 0, 0]]
    assert graph[NMC].y_mask.tolist() == [[True] * 3, [False] * 3, [False] * 3]
    assert graph[NMC].flagged.tolist() == [False, True, True]
    assert {graph[each].x.dtype for each in NODE_TYPES} == {graph[NMC].y.dtype} == {torch.float64}
    places = {
        name: graph[name]
        for name in ("image", "sample", "cathode", "beamtime", "volume", "segmentation", "measurement")
    }
    assert places == {
        "image": "field", "sample": "s1", "cathode": "LCD", "beamtime": "b1", "volume": "",
        "segmentation": "k1", "measurement": "m1",
    }  # fmt: skip
    assert (graph.pixel_size_um, graph.dropped) == (0.1, 0)


def test_flagged_states_are_targets_only_where_they_are_asked_for(toy_store):
    (graph,) = export_hetero_data(toy_store, SubgraphSelection(with_flagged=True))
    assert graph[NMC].y.tolist() == [[8343, 0.5, 1], [8344, 0.7, 0], [0, 0, 0]]
    assert graph[NMC].y_mask.tolist() == [[True] * 3, [True, True, False], [False] * 3]
    assert (graph.with_flagged, layout_of([graph]).with_flagged) == (True, True)
    (usual,) = export_hetero_data(toy_store)
    assert (usual.with_flagged, layout_of([usual]).with_flagged) == (False, False)


def rows_of(graph, rows):
    """Particles and contacts as they were written, from the graph alone; features must be all of FEATURES."""
    names = graph.feature_names
    particles, label_of = [], {}
    for phase in NODE_TYPES:
        node = graph[phase]
        label_of[phase] = node.label.numpy()
        table = pd.DataFrame(dict(zip(names, node.x.numpy().T, strict=True)))
        axes = ["centroid_z", "centroid_y", "centroid_x"][-node.pos.shape[1] :]
        table[axes] = node.pos.numpy()
        particles.append(table.assign(label=label_of[phase], phase=phase))
    contacts = []
    for source, relation, target in EDGE_TYPES:
        edges = graph[source, relation, target]
        table = pd.DataFrame(edges.edge_attr.numpy(), columns=graph.edge_feature_names)
        table["a"], table["b"] = label_of[source][edges.edge_index[0]], label_of[target][edges.edge_index[1]]
        contacts.append(table)
    both = pd.concat(contacts).rename(
        columns={"overlap_target_px": "overlap_ab", "overlap_source_px": "overlap_ba"}
    )
    there = both[both["a"] < both["b"]].sort_values(["a", "b"], ignore_index=True)
    back = both[both["a"] > both["b"]].rename(
        columns={"a": "b", "b": "a", "overlap_ab": "overlap_ba", "overlap_ba": "overlap_ab"}
    )
    pd.testing.assert_frame_equal(
        there, back[there.columns].sort_values(["a", "b"], ignore_index=True), check_exact=True
    )
    assert len(there) == len(rows.contacts)
    return pd.concat(particles).sort_values("label", ignore_index=True), there


def assert_same_values(found, written, by, names):
    wanted = written.sort_values(by, ignore_index=True)
    for name in names:
        assert found[name].to_numpy(np.float64).tobytes() == wanted[name].to_numpy(np.float64).tobytes(), name


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("seed", [0, 1])
def test_there_and_back_is_the_same_to_the_last_bit(store, fill, seed, ndim):
    rng = np.random.default_rng(seed)
    phases = rng.choice([NMC, SSE, GRAPHITE], 40).tolist()
    rows = make_random_rows(seed, phases, ndim=ndim, contact_share=0.1)
    states = make_random_measurement(seed, rows)
    fill(rows, states)
    sizes = ("area_um2", "perimeter_um") if ndim == 2 else ("volume_um3", "surface_um2")
    features = ["area_px", *sizes, "equivalent_diameter_um", "convexity", "touches_border"]
    (graph,) = export_hetero_data(store, SubgraphSelection(with_flagged=True), features=features)
    particles, contacts = rows_of(graph, rows)
    assert_same_values(particles, rows.particles, ["label"], ["label", *features, "centroid_y", "centroid_x"])
    assert particles["phase"].tolist() == rows.particles.sort_values("label")["phase"].tolist()
    interface = "interface_um" if ndim == 2 else "interface_um2"
    edges = ["a", "b", "overlap_ab", "overlap_ba", "weight_px", interface, "gap_px"]
    assert_same_values(contacts, rows.contacts, ["a", "b"], edges)
    masked = np.where(graph[NMC].y_mask, graph[NMC].y, np.nan)
    assert_same_values(
        pd.DataFrame(masked, columns=graph.target_names), states.states, ["label"], graph.target_names
    )
    # And into the store again, as an image of what came out: the same graph.
    again = make_random_rows(seed, phases, ndim=ndim, contact_share=0.1, image="again")
    places = again.particles.set_index("label").index
    for name in features:
        again.particles[name] = (
            particles.set_index("label")[name].loc[places].to_numpy().astype(again.particles[name].dtype)
        )
    order = again.contacts.sort_values(["a", "b"]).index
    for name in edges:
        again.contacts.loc[order, name] = contacts[name].to_numpy().astype(again.contacts[name].dtype)
    fill(again)
    (second,) = export_hetero_data(store, SubgraphSelection(image="again"), features=features)
    assert all(torch.equal(second[phase].x, graph[phase].x) for phase in NODE_TYPES)
    for kind in EDGE_TYPES:
        assert torch.equal(second[kind].edge_index, graph[kind].edge_index)
        assert torch.equal(second[kind].edge_attr, graph[kind].edge_attr)


def test_isolated_particles_and_absent_phases_stay_and_make_one_batch(store, fill):
    mixes = [mix for size in (1, 2, 3) for mix in combinations([NMC, SSE, GRAPHITE], size)]
    for number, mix in enumerate(mixes):
        fill(make_random_rows(number, list(mix) * 3, image=f"i{number}", contact_share=0.3))
    fill(make_random_rows(99, [NMC] * 4 + [SSE], image="i9", contact_share=0))
    graphs = export_hetero_data(store)
    assert [graph.image for graph in graphs] == [*(f"i{number}" for number in range(7)), "i9"]
    for graph in graphs:
        assert graph.validate(raise_on_error=True)
        assert (graph.node_types, graph.edge_types) == (list(NODE_TYPES), list(EDGE_TYPES))
        assert all(graph[phase].x.shape[1] == 5 for phase in NODE_TYPES)
        assert all(graph[kind].edge_attr.shape[1] == 5 for kind in EDGE_TYPES)
    assert graphs[1][NMC].y.shape == (0, 3)  # an image of SSE alone
    assert (graphs[-1].num_nodes, graphs[-1].num_edges) == (5, 0)
    batch = Batch.from_data_list(graphs)
    assert batch.num_nodes == sum(graph.num_nodes for graph in graphs)
    assert batch[NMC].y_mask.sum() == 0
    for one, other in zip(batch.to_data_list(), graphs, strict=True):
        # Numbers of the whole graph come back as tensors of one; all of nodes and edges is as it was.
        for kind in (*NODE_TYPES, *EDGE_TYPES):
            assert plain(one[kind].to_dict()) == plain(other[kind].to_dict())


def test_selection(store, fill):
    fill(make_toy_rows(cathode="LCD"), make_toy_measurement())
    fill(make_toy_rows(image="second", key="k2", cathode="LCD"))
    fill(make_toy_rows(sample="s2", key="k3", cathode="ECD"))

    def chosen(**given):
        return [graph.segmentation for graph in export_hetero_data(store, SubgraphSelection(**given))]

    assert chosen() == ["k1", "k2", "k3"]
    assert chosen(sample="s1") == ["k1", "k2"]
    assert chosen(cathode="ecd") == ["k3"]
    assert chosen(image="field", cathode="LCD") == ["k1"]
    assert chosen(query=adhoc("MATCH (n:NMC) WHERE n.area_um2 > 0.4 RETURN n.key AS key")) == [
        "k1",
        "k2",
        "k3",
    ]
    assert chosen(keys=["k2:1", "k2:1"], sample="s1") == ["k2"]


@pytest.mark.parametrize(
    ("hops", "labels"),
    [(0, [[], [1], []]), (1, [[3], [1], [4]]), (2, [[3], [1, 2], [4]]), (9, [[3], [1, 2], [4]])],
)
def test_neighbourhood(toy_store, hops, labels):
    """From NMC 1: its contacts 3 and 4, then NMC 2; NMC 5 is alone. All contacts between them come along."""
    (graph,) = export_hetero_data(toy_store, SubgraphSelection(keys=["k1:1"], hops=hops))
    assert [graph[phase].label.tolist() for phase in NODE_TYPES] == labels
    assert graph[NMC].selected.tolist() == [True, False][: len(labels[1])]
    assert not graph[SSE].selected.any()
    assert graph.num_edges == {0: 0, 1: 6, 2: 10, 9: 10}[hops]
    assert graph[NMC].y[0].tolist() == [8343, 0.5, 1]


def test_selection_from_a_file(toy_store, tmp_path):
    path = tmp_path / "small.cypher"
    path.write_text("MATCH (n:Particle) WHERE n.area_um2 < $limit RETURN n.key AS key, n.phase")
    (graph,) = export_hetero_data(
        toy_store, SubgraphSelection.from_file(path, parameters={"limit": "0.25"}, hops=1)
    )
    assert graph[NMC].selected.tolist() == [True, True]
    assert graph.num_nodes == 4


def test_network_metrics_by_name(toy_store):
    with pytest.raises(ParameterError, match=r"degree missing for 5 of 5 particles .*cathograph metrics"):
        export_hetero_data(toy_store, features=["convexity", "degree"])
    refresh_metrics(toy_store)
    (graph,) = export_hetero_data(toy_store, features=["degree", "neighbours_sse"])
    assert graph[NMC].x.tolist() == [[2, 1], [2, 1], [0, 0]]


def test_missing_values(toy_store):
    """`local_channel_partners` is a property of NMC alone: SSE 3 and graphite 4 have none."""
    features = ["area_um2", "local_channel_partners"]
    with pytest.raises(
        ParameterError,
        match=r"local_channel_partners missing for 2 of 5 particles \(Graphite, SSE\) of image 'field'",
    ):
        export_hetero_data(toy_store, features=features)
    (graph,) = export_hetero_data(toy_store, features=features, missing="drop")
    assert (graph.num_nodes, graph.num_edges, graph.dropped) == (3, 0, 2)
    (graph,) = export_hetero_data(toy_store, features=features, missing=Missing.MARK)
    assert graph.feature_names == [*features, "area_um2_known", "local_channel_partners_known"]
    assert graph[NMC].x.tolist() == [[0.1, 1, 1, 1], [0.2, 1, 1, 1], [0.5, 0, 1, 1]]
    assert graph[SSE].x.tolist() == [[0.3, 0, 1, 0]]


def test_nan_in_the_store_is_a_missing_value(toy_store, neo4j_server):
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (n:Particle {key: 'k1:2'}) SET n.convexity = 0.0 / 0.0")
        driver.execute_query("MATCH (:NMC {key: 'k1:1'})<-[s:STATE]-() SET s.soc_ev = 0.0 / 0.0")
    with pytest.raises(ParameterError, match=r"convexity missing for 1 of 5 particles \(NMC\)"):
        export_hetero_data(toy_store)
    (graph,) = export_hetero_data(toy_store, features=["area_um2"])
    assert graph[NMC].y[0].tolist() == [0, 0.5, 1]
    assert graph[NMC].y_mask[0].tolist() == [False, True, True]


def test_image_without_nmc_and_without_targets(store, fill):
    fill(make_random_rows(0, [SSE, GRAPHITE, SSE]))
    (graph,) = export_hetero_data(store)
    assert (graph[NMC].x.shape, graph[NMC].y.shape, graph.measurement) == ((0, 5), (0, 3), "")
    assert graph.num_nodes == 3


def test_images_in_2d_and_3d_are_not_mixed(store, fill):
    fill(make_random_rows(0, [NMC, SSE]))
    fill(make_random_rows(0, [NMC, SSE], ndim=3, image="solid"))
    with pytest.raises(ParameterError, match="'made' in 2D and 'solid' in 3D"):
        export_hetero_data(store)
    (graph,) = export_hetero_data(store, SubgraphSelection(image="solid"))
    assert graph[NMC].pos.shape == (1, 3)
    assert graph.edge_feature_names[3] == "interface_um2"


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"sample": "none"}, "Found no image of sample 'none'"),
        ({"keys": []}, "Found no particle selected"),
        ({"query": adhoc("MATCH (n:NMC {label: 77}) RETURN n.key AS key")}, "Found no particle selected"),
        ({"keys": ["k1:1", "k1:9", "k9:1"]}, "Found 2 of 3 keys that no particle in sight has, the first 'k1:9'"),
        ({"keys": ["k1:1"], "sample": "s2"}, "none of them in sample s2"),
        ({"query": adhoc("MATCH (n:NMC) RETURN n.label")}, "Found columns n.label from your query; expected a"),
        ({"query": adhoc("MATCH (n:NMC) RETURN n.label AS key")}, "expected a column key with the keys of particles"),
        ({"query": adhoc("MATCH (n:NMC) RETURN null AS key")}, "expected a column key with the keys of particles"),
    ],
)  # fmt: skip
def test_selections_of_nothing_are_refused(toy_store, selection, message):
    with pytest.raises(QueryError, match=message):
        export_hetero_data(toy_store, SubgraphSelection(**selection))


def test_a_query_that_writes_is_refused(toy_store):
    with pytest.raises(WriteRefused):
        export_hetero_data(
            toy_store, SubgraphSelection(query=adhoc("MATCH (n:NMC) SET n.label = 1 RETURN n.key AS key"))
        )


def test_empty_store_is_refused(store):
    with pytest.raises(QueryError, match="Found no image of the store"):
        export_hetero_data(store)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hops": 1}, "hops 1 without particles"),
        ({"keys": ["a"], "hops": -1}, "hops -1"),
        ({"keys": ["a"], "query": adhoc("RETURN 1")}, "both keys and a query"),
    ],
)
def test_selections_that_cannot_be_meant_are_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        SubgraphSelection(**given)


def test_unreadable_query_file_is_refused(tmp_path):
    with pytest.raises(QueryError, match="no readable Cypher"):
        SubgraphSelection.from_file(tmp_path / "none.cypher")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (["area_um"], "'area_um', which no particle has.*did you mean area_um2"),
        (["phase"], "'phase', which no particle has"),
        (["convexity", "convexity"], "'convexity' twice"),
    ],
)
def test_unknown_features_are_refused(toy_store, features, message):
    with pytest.raises(ParameterError, match=message):
        export_hetero_data(toy_store, features=features)


def test_features_are_numbers():
    assert {"area_um2", "touches_border", "degree", "betweenness_normalised"} <= set(FEATURES)
    assert not {"key", "label", "phase", "bbox", "cuts_off", "ionic_sides"} & set(FEATURES)


def test_database_gone(neo4j_server):
    with pytest.raises(CannotConnect, match="no Neo4j at"):
        connect("bolt://127.0.0.1:1", "neo4j", "x")
    with connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as closed:
        pass
    with pytest.raises(DatabaseError, match="Run the same command again"):
        export_hetero_data(closed)


def test_a_store_that_changes_while_it_is_read_is_noticed(toy_store, neo4j_server):
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (n:Particle {key: 'k1:5'}) DETACH DELETE n")
    with pytest.raises(DatabaseError, match=r"Found 4 particles and 5 contacts .*; expected 5 and 5"):
        export_hetero_data(toy_store)


def test_file_is_read_with_pytorch_geometric_alone(toy_store, tmp_path):
    path = tmp_path / "Zellen & Öfen.pt"
    graphs = export_hetero_data(toy_store)
    save_hetero_data(graphs, path)
    script = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "import torch\nfrom torch_geometric.data import Batch, HeteroData\n"
        "graphs = [HeteroData.from_dict(d) for d in torch.load(sys.argv[1], weights_only=True)]\n"
        "assert not {'gnn', 'cathograph', 'schema', 'queries', 'neo4j'} & set(sys.modules)\n"
        "print(Batch.from_data_list(graphs).num_nodes, graphs[0]['NMC'].key, graphs[0].sample)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.strip() == "5 ['k1:1', 'k1:2', 'k1:5'] s1"
    loaded = [HeteroData.from_dict(each) for each in torch.load(path, weights_only=True)]
    assert equal(loaded[0], graphs[0])
    assert path.stat().st_mode & 0o777 == (tmp_path / "Zellen & Öfen.pt").stat().st_mode & 0o777


def test_file_is_written_whole_or_not_at_all(toy_store, tmp_path):
    graphs = export_hetero_data(toy_store)
    path = tmp_path / "g.pt"
    path.write_bytes(b"before")
    broken = graphs[0].clone()
    broken.sample = (each for each in ())  # nothing that can be saved
    with pytest.raises(TypeError):
        save_hetero_data([broken], path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="not writable"):
        save_hetero_data(graphs, tmp_path / "none" / "g.pt")
