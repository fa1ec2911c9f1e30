"""The networks: order of particles is nothing to them, contacts are; any mix of phases goes in."""

import copy

import pytest
import torch
from gnn_graphs import PHASES, make_graph, make_set
from torch_geometric.data import Batch

from cathograph.gnn.graph_layout import layout_of
from cathograph.gnn.networks.architectures import Architecture, build_model
from cathograph.gnn.training.batches import merge_graphs
from cathograph.gnn.training.scaling import fit_scaling

GRAPH_NETWORKS = (Architecture.NNCONV, Architecture.GATV2)


@pytest.fixture
def made():
    """Give a graph, its scaling, and a network of each kind."""
    graphs = make_set(3)
    layout = layout_of(graphs)
    torch.manual_seed(0)
    networks = {kind: build_model(kind, layout, {"hidden": 8}).eval() for kind in Architecture}
    return graphs[0], fit_scaling(graphs, layout), networks


def predict(network, scaled):
    with torch.no_grad():
        return network(scaled.x_dict, scaled.edge_index_dict, scaled.edge_attr_dict)


def permuted(graph, seed):
    """Give the same graph with particles and contacts in another order; also the order of NMC."""
    generator = torch.Generator().manual_seed(seed)
    other = copy.copy(graph)
    orders = {phase: torch.randperm(len(graph[phase].x), generator=generator) for phase in PHASES}
    for phase, order in orders.items():
        other[phase].x = graph[phase].x[order]
    places = {phase: torch.argsort(order) for phase, order in orders.items()}
    for a, _, b in graph.edge_types:
        store = graph[a, "contact", b]
        order = torch.randperm(store.edge_index.shape[1], generator=generator)
        index = store.edge_index[:, order]
        other[a, "contact", b].edge_index = torch.stack([places[a][index[0]], places[b][index[1]]])
        other[a, "contact", b].edge_attr = store.edge_attr[order]
    other["NMC"].y, other["NMC"].y_mask = graph["NMC"].y[orders["NMC"]], graph["NMC"].y_mask[orders["NMC"]]
    return other, orders["NMC"]


@pytest.mark.parametrize("kind", Architecture)
def test_the_order_of_particles_and_contacts_does_not_matter(made, kind):
    graph, scaling, networks = made
    other, order = permuted(graph, seed=5)
    before, after = (predict(networks[kind], scaling.apply(each)) for each in (graph, other))
    assert torch.allclose(after, before[order], atol=1e-5)


@pytest.mark.parametrize("kind", Architecture)
def test_contacts_matter_to_graph_networks_alone(made, kind):
    """Rewired, dropped, or of another width: each changes every graph network's answer, and never the MLP's."""
    graph, scaling, networks = made
    before = predict(networks[kind], scaling.apply(graph))
    key = ("SSE", "contact", "NMC")
    rewired, dropped, wider = (copy.copy(graph) for _ in range(3))
    rewired[key].edge_index = torch.stack([graph[key].edge_index[0].roll(1), graph[key].edge_index[1]])
    dropped[key].edge_index = graph[key].edge_index[:, ::2]
    dropped[key].edge_attr = graph[key].edge_attr[::2]
    wider[key].edge_attr = graph[key].edge_attr * 1.5
    for other in (rewired, dropped, wider):
        change = (predict(networks[kind], scaling.apply(other)) - before).abs().max()
        assert (change > 1e-3) == (kind in GRAPH_NETWORKS)


@pytest.mark.parametrize("kind", GRAPH_NETWORKS)
def test_the_neighbours_neighbours_matter(made, kind):
    """Graphite that touches an SSE but not the NMC: two steps away."""
    graph, scaling, networks = made
    for key in (("Graphite", "contact", "NMC"), ("NMC", "contact", "Graphite")):
        graph[key].edge_index, graph[key].edge_attr = graph[key].edge_index[:, :0], graph[key].edge_attr[:0]
    before = predict(networks[kind], scaling.apply(graph))
    graph["Graphite"].x += 2.0
    assert (predict(networks[kind], scaling.apply(graph)) - before).abs().max() > 1e-4


@pytest.mark.parametrize("kind", Architecture)
@pytest.mark.parametrize("missing", [{"n_graphite": 0}, {"n_sse": 0, "n_graphite": 0}, {"n_nmc": 0}])
def test_phases_may_be_absent(made, kind, missing):
    _, scaling, networks = made
    graph = make_graph(50, **missing)
    answer = predict(networks[kind], scaling.apply(graph))
    assert answer.shape == (missing.get("n_nmc", 8), 3)
    assert torch.isfinite(answer).all()


@pytest.mark.parametrize("kind", Architecture)
def test_images_of_a_batch_do_not_mix(made, kind):
    """Predicted together or alone, isolated particles and absent phases among them: the same."""
    _, scaling, networks = made
    graphs = [
        scaling.apply(each) for each in (make_graph(1), make_graph(2, n_graphite=0), make_graph(3, n_nmc=2))
    ]
    together = predict(networks[kind], merge_graphs(graphs))
    alone = torch.cat([predict(networks[kind], each) for each in graphs])
    assert torch.allclose(together, alone, atol=1e-5)


def test_merging_is_what_pyg_does(made):
    _, scaling, _ = made
    graphs = [scaling.apply(each) for each in (make_graph(1), make_graph(2, n_graphite=0), make_graph(3))]
    ours, theirs = merge_graphs(graphs), Batch.from_data_list(graphs)
    for phase in PHASES:
        assert torch.equal(ours[phase].x, theirs[phase].x)
    for kind in graphs[0].edge_types:
        assert torch.equal(ours[kind].edge_index, theirs[kind].edge_index)
        assert torch.equal(ours[kind].edge_attr, theirs[kind].edge_attr)
    assert torch.equal(ours["NMC"].y, theirs["NMC"].y)
    assert torch.equal(ours["NMC"].y_mask, theirs["NMC"].y_mask)
