"""Exports of other composites: their phases are the node types, and images of two are not mixed."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from random_rows import make_random_measurement, make_random_rows

from cathograph.gnn.graph_layout import composite_of, layout_of, target_phase
from cathograph.gnn.graphs.export import export_hetero_data
from cathograph.gnn.graphs.subgraph_selection import SubgraphSelection
from cathograph.gnn.remote.loader import open_remote, remote_loader
from cathograph.queries.server.connection import connect
from cathograph.schema.composites import SSB_CATHODE, Phase, Role, built_in
from cathograph.schema.errors import ModelError, ParameterError, QueryError

SOFC = built_in("sofc-electrode")
FIVE = built_in("ssb-cathode-with-voids-and-metal")
TWO_ACTIVE = replace(
    SSB_CATHODE,
    name="two-active",
    phases=(*SSB_CATHODE.phases, Phase("LFP", 4, "#009e73", (Role.ACTIVE,))),
)


@pytest.fixture
def fill_made(fill):
    """Give what writes an image of a composite: four particles of each phase, with states."""

    def write(composite, **place):
        phases = [phase.name for phase in composite.phases] * 4
        rows = make_random_rows(0, phases, composite=composite, contact_share=0.4, **place)
        states = make_random_measurement(0, rows)
        fill(rows, states)
        return rows, states

    return write


@pytest.fixture
def open_connection(neo4j_server):
    return partial(connect, neo4j_server.uri, neo4j_server.user, neo4j_server.password)


@pytest.mark.parametrize(
    ("composite", "phases", "active"),
    [
        (SOFC, ["YSZ", "Ni", "Pore"], "Ni"),
        (FIVE, ["SSE", "NMC", "Graphite", "Void", "Lithium"], "NMC"),
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_node_types_are_the_phases(store, fill_made, composite, phases, active):
    rows, states = fill_made(composite)
    (graph,) = export_hetero_data(store)
    assert graph.validate(raise_on_error=True)
    assert graph.node_types == phases
    assert graph.edge_types == [(a, "contact", b) for a in phases for b in phases]
    assert (graph.composite, composite_of(graph)) == (composite.name, composite)
    assert target_phase(graph) == active
    assert [phase for phase in phases if "y" in graph[phase]] == [active]
    by_phase = rows.particles.groupby("phase")["label"].apply(sorted).to_dict()
    assert {phase: graph[phase].label.tolist() for phase in phases} == by_phase
    assert graph.num_edges == 2 * len(rows.contacts)
    values = states.states.sort_values("label")["soc_ev"]
    assert graph[active].y_mask[:, 0].tolist() == values.notna().tolist()
    assert graph[active].y[graph[active].y_mask[:, 0], 0].tolist() == values.dropna().tolist()


def test_images_of_two_composites_are_not_mixed(store, fill_made, open_connection):
    fill_made(SSB_CATHODE, image="a")
    fill_made(SOFC, image="b")
    for read in (partial(export_hetero_data, store), partial(open_remote, open_connection)):
        with pytest.raises(ParameterError) as caught:
            read()
        said = str(caught.value)
        assert all(part in said for part in ("ssb-cathode", "'a'", "sofc-electrode", "'b'", "--composite"))
    (graph,) = export_hetero_data(store, SubgraphSelection(composite="sofc-electrode"))
    assert graph.image == "b"
    (graph,) = export_hetero_data(store, SubgraphSelection(image="a"))
    assert graph.composite == "ssb-cathode"
    with pytest.raises(QueryError, match="of composite 'none'"):
        export_hetero_data(store, SubgraphSelection(composite="none"))


def test_composites_of_one_name_and_two_contents_are_told_apart(store, fill_made):
    other = replace(SSB_CATHODE, ion_side="left")
    fill_made(SSB_CATHODE, image="a")
    fill_made(other, image="b")
    with pytest.raises(ParameterError) as caught:
        export_hetero_data(store)
    assert SSB_CATHODE.sha256[:8] in str(caught.value)
    assert other.sha256[:8] in str(caught.value)


def test_another_name_alone_makes_no_other_composite(store, fill_made):
    fill_made(SSB_CATHODE, image="a")
    fill_made(replace(SSB_CATHODE, name="mine"), image="b")
    assert [graph.composite for graph in export_hetero_data(store)] == ["ssb-cathode", "mine"]


def test_states_of_several_active_phases_are_exported_and_not_trained_on(store, fill_made, open_connection):
    fill_made(TWO_ACTIVE)
    (graph,) = export_hetero_data(store)
    assert [phase for phase in graph.node_types if "y" in graph[phase]] == ["NMC", "LFP"]
    with pytest.raises(ModelError, match="2 active phases \\(NMC, LFP\\)"):
        layout_of([graph])
    stores = open_remote(open_connection)
    try:
        with pytest.raises(ParameterError, match="2 active phases \\(NMC, LFP\\)"):
            remote_loader(stores, [-1])
        (batch,) = remote_loader(stores, [-1], node_type="LFP", batch_size=4)
        assert torch.equal(batch["LFP"].y, graph["LFP"].y[batch["LFP"].n_id])
    finally:
        stores.features.close()


def test_the_remote_backend_takes_the_active_phase(store, fill_made, open_connection):
    fill_made(SOFC)
    (graph,) = export_hetero_data(store)
    stores = open_remote(open_connection)
    try:
        (batch,) = remote_loader(stores, [-1], batch_size=4)
    finally:
        stores.features.close()
    assert batch["Ni"].batch_size == 4
    assert (batch.composite, composite_of(batch)) == ("sofc-electrode", SOFC)
    for phase in graph.node_types:
        for name in ("x", "label", *(("y", "y_mask") if phase == "Ni" else ())):
            assert torch.equal(batch[phase][name], graph[phase][name][batch[phase].n_id])
