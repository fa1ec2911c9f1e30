"""Every format read back equal: numbers, nulls, lists, odd names, particles without a contact."""

import json

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cathograph.analysis.exports.exported_graph import (
    EDGE_KINDS,
    NODE_KINDS,
    ExportedGraph,
    build_exported_graph,
)
from cathograph.analysis.exports.graph_files import read_graph, write_graph
from cathograph.analysis.exports.table_files import read_tables, write_tables
from cathograph.schema.errors import InputError
from cathograph.schema.relationships import CONTACT

FORMATS = ("graphml", "gexf", "parquet", "csv")


def make_graph(sample="s", image="i", **properties):
    """Three particles: 1 (NMC, with a state) and 2 in contact, 3 alone."""
    rows = [
        {"label": label, "phase": phase, "area_px": 10 * label, "area_um2": 0.1 * label, "bbox": [0, 1, 2, label],
         "touches_border": label == 2, "has_concurrent_channel": True if phase == "NMC" else None, **properties}
        for label, phase in ((1, "NMC"), (2, "SSE"), (3, "Graphite"))
    ]  # fmt: skip
    rows[1] |= {"ionic_sides": ["top", "left"], "cuts_off": []}
    for row in rows:
        row["key"] = f"{sample}/{image}:{row['label']}"
    state = {"soc_ev": 8343.123456789012, "n_valid": 9007199254740993, "flagged": False, "reason": "none"}
    particles = pd.DataFrame(
        {
            "sample": sample, "image": image,
            "label": [row["label"] for row in rows],
            "key": [row["key"] for row in rows],
            "properties": rows,
            "state": pd.Series([state, None, None], dtype=object),
            "composite": "ssb-cathode",
            "roles": [["active"], ["ionic"], ["electronic", "inert"]],
        }
    )  # fmt: skip
    contacts = pd.DataFrame(
        {"sample": [sample], "image": [image], "a": [1], "b": [2], "overlap_ab": [4], "overlap_ba": [6],
         "weight_px": [5.0], "weight": [1.0], "interface_um": [0.1 + 0.2], "interface_um2": [float("nan")],
         "gap_px": [1]}
    )  # fmt: skip
    return build_exported_graph(particles, contacts)


def round_trip(graph, folder, kind):
    if kind in ("graphml", "gexf"):
        write_graph(graph, folder / f"g.{kind}", kind)
        return read_graph(folder / f"g.{kind}", kind)
    write_tables(graph, folder / kind, kind)
    return read_tables(folder / kind, kind)


def assert_equal(found, expected):
    pd.testing.assert_frame_equal(found.particles, expected.particles, check_exact=True)
    pd.testing.assert_frame_equal(found.contacts, expected.contacts, check_exact=True)


def test_columns_have_their_declared_types():
    graph = make_graph()
    assert graph.particles["n_valid"].tolist() == [9007199254740993, pd.NA, pd.NA]  # no float could hold it
    assert graph.particles["bbox"].tolist() == [[0, 1, 2, 1], [0, 1, 2, 2], [0, 1, 2, 3]]
    assert graph.particles["has_concurrent_channel"].tolist() == [True, pd.NA, pd.NA]
    assert graph.particles["cuts_off"].tolist() == [None, [], None]
    assert graph.contacts[["source", "target", "a", "b"]].to_numpy().tolist() == [["s/i:1", "s/i:2", 1, 2]]


def test_every_declared_property_has_a_column():
    assert {each.name for each in CONTACT.properties} <= set(EDGE_KINDS)
    assert set(make_graph().particles) == set(NODE_KINDS)


@pytest.mark.parametrize("kind", FORMATS)
def test_read_back_equal(tmp_path, kind):
    assert_equal(round_trip(make_graph(), tmp_path, kind), make_graph())


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "name", ["NA", "null", 'O\'Brien "x" & <b>', "µm/Öfen, 2", "1e5", "true", " blank ", "[1]"]
)
def test_odd_names_stay_what_they_are(tmp_path, kind, name):
    assert_equal(round_trip(make_graph(name, name), tmp_path, kind), make_graph(name, name))


@pytest.mark.parametrize("kind", FORMATS)
def test_particles_without_any_contact(tmp_path, kind):
    graph = make_graph()
    alone = ExportedGraph(graph.particles, graph.contacts.iloc[:0])
    found = round_trip(alone, tmp_path, kind)
    pd.testing.assert_frame_equal(found.particles, graph.particles)
    assert found.contacts.empty


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=settings.default.max_examples // 6)
@given(
    name=st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=12
    ),
    area=st.floats(0, 1e300),
    sides=st.lists(st.sampled_from(["top", "bottom"]), max_size=3),
)
def test_any_name_number_and_list(tmp_path_factory, kind, name, area, sides):
    graph = make_graph(name, area_um2=area, electronic_sides=sides)
    assert_equal(round_trip(graph, tmp_path_factory.mktemp("any"), kind), graph)


def test_other_programs_see_numbers_and_documented_lists(tmp_path):
    for kind, label in (("graphml", "label"), ("gexf", "particle_label")):
        path = tmp_path / f"g.{kind}"
        write_graph(make_graph(), path, kind)
        seen = nx.read_graphml(path) if kind == "graphml" else nx.read_gexf(path)
        node = seen.nodes["s/i:1"]
        assert (node[label], node["area_um2"], node["touches_border"]) == (1, 0.1, False)
        assert type(node["area_px"]) is int
        assert json.loads(node["bbox"]) == [0, 1, 2, 1]
        assert (node["phase"], node["composite"], json.loads(node["roles"])) == (
            "NMC",
            "ssb-cathode",
            ["active"],
        )
        assert json.loads(seen.nodes["s/i:3"]["roles"]) == ["electronic", "inert"]
        assert "ionic_sides" not in node  # a null is left out
        assert seen.edges["s/i:1", "s/i:2"]["weight_px"] == 5.0
    assert "bbox" in nx.read_graphml(tmp_path / "g.graphml").graph["lists"]


@pytest.mark.parametrize("kind", ["graphml", "gexf"])
@pytest.mark.parametrize("name", ["a\x00b", "a\rb", "\x1b[1m"])
def test_what_xml_cannot_hold_is_refused(tmp_path, kind, name):
    with pytest.raises(InputError, match=r"cannot hold.* Export as parquet or csv"):
        write_graph(make_graph(name), tmp_path / "g", kind)
    assert not (tmp_path / "g").exists()


def test_a_contact_without_its_particle_is_refused():
    graph = make_graph()
    particles = pd.DataFrame(
        {
            "sample": ["s"],
            "image": ["i"],
            "label": [1],
            "key": ["k"],
            "properties": [{"label": 1}],
            "state": [None],
            "composite": ["ssb-cathode"],
            "roles": [["active"]],
        }
    )
    with pytest.raises(InputError, match=r"contact of particle s/i label 2 that is not among the particles"):
        build_exported_graph(particles, graph.contacts)


@pytest.mark.parametrize("kind", FORMATS)
def test_unreadable_files_and_folders(tmp_path, kind):
    (tmp_path / "file").write_text("not a graph")
    for path in (tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(InputError, match=f"unreadable .* `cathograph export --format {kind}`"):
            read_graph(path, kind) if kind in ("graphml", "gexf") else read_tables(path, kind)
    with pytest.raises(InputError, match="not writable"):
        round_trip(make_graph(), tmp_path / "file", kind)
