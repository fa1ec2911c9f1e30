"""Every page on a store of four composites, one of them from a YAML file; and what the report says of them."""

import json
import re
from pathlib import Path

import pytest
from database_server import DatabaseServer
from many_composites_store import CompositeFile, fill_with_composites, make_composite_files
from small_dashboard_store import words

from cathograph.analysis.report.page import write_report
from cathograph.analysis.report.report import build_report
from cathograph.analysis.tables.electrode_tables import keys_of_sample, narrow, read_electrode_tables
from cathograph.notebook import query
from cathograph.queries.reading.content import store_version
from cathograph.queries.server.connection import Connection
from cathograph.report_pixels import read_pixels
from cathograph.schema.composites import SSB_CATHODE, Role, built_in

pytestmark = pytest.mark.long

PAGES = (
    "overview", "image", "morphology", "reaction", "network", "confounders", "query", "gnn", "ingest",
)  # fmt: skip
SOFC = "sample-sofc-electrode"
LAYERS = ["Outlines", "Graph", "TPBs", "Channels"]
_FILLED: dict[str, str] = {}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[CompositeFile]:
    """Give an image of each composite."""
    return make_composite_files(tmp_path_factory.mktemp("composites"))


@pytest.fixture
def composites_store(
    neo4j_server: DatabaseServer,
    empty_with_schema,
    dashboard_connection: Connection,
    dashboard_environment: None,
    files: list[CompositeFile],
) -> Connection:
    """Give the store with all of them; filled anew where another test has changed it."""
    if store_version(dashboard_connection) != _FILLED.get(neo4j_server.uri):
        empty_with_schema()
        fill_with_composites(dashboard_connection, files)
        _FILLED[neo4j_server.uri] = store_version(dashboard_connection)
    return dashboard_connection


def said(app):
    return words(app) + " ".join(each.value for each in app.text)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens(composites_store, open_page, name):
    everything = open_page(name)
    assert not everything.exception
    assert not everything.error
    one = open_page(name, sample=[SOFC])
    assert not one.exception
    assert not one.error
    assert "NMC" not in said(one)


@pytest.mark.parametrize("picture", ["grey", "phases"])
def test_each_image_with_all_layers(composites_store, open_page, files, picture):
    for file in files:
        app = open_page("image", view=f"{file.sample}/{file.phases.stem}")
        app.session_state["picture"] = picture
        app.session_state["layers"] = LAYERS
        app.run()
        assert not app.exception
        assert not app.warning
        field = json.loads(app.get("plotly_chart")[0].proto.spec)
        marks = {trace["name"]: trace["marker"] for trace in field["data"] if "marker" in trace}
        for phase in file.composite.phases:
            assert marks[phase.name]["color"] == phase.colour
        symbols = [marks[phase.name]["symbol"] for phase in file.composite.phases]
        assert len(set(symbols)) == len(symbols)
        assert field["layout"]["images"][0]["source"].startswith("data:image/jpeg")
        counts = query(composites_store, "particles", sample=file.sample)["phase"].value_counts()
        for phase in file.composite.phases:
            assert f"{counts[phase.name]} {phase.name}".casefold() in said(app).casefold()


def test_only_an_active_particle_has_a_state(composites_store, open_page):
    particles = query(composites_store, "particles", sample=SOFC)
    for phase, is_active in (("Ni", True), ("YSZ", False), ("Pore", False)):
        label = int(particles[particles["phase"] == phase]["label"].iloc[0])
        app = open_page("image", view=f"{SOFC}/sofc-electrode", particle=str(label))
        assert not app.exception
        assert f"#### {phase} {label}" in [each.value for each in app.markdown]
        assert ("state of this particle is not known" in said(app)) == is_active


def test_a_range_of_sizes_is_of_active_particles(composites_store, open_page):
    states = query(composites_store, "states", sample=SOFC)
    particles = query(composites_store, "particles", sample=SOFC)
    least = float(states["equivalent_diameter_um"].median())
    small = int((states["equivalent_diameter_um"] < least).sum())
    app = open_page("overview", sample=[SOFC], from_um=str(least))
    assert not app.exception
    shown = app.dataframe[0].value.iloc[0]
    assert shown["particles"] == len(particles) - small
    # Nickel is both active and electronic.
    assert shown["nmc"] == shown["graphite"] == len(states) - small
    assert shown["sse"] == (particles["phase"] == "YSZ").sum()


def test_figures_say_which_phases_they_show(composites_store, open_page):
    mixed, one = open_page("morphology"), open_page("morphology", sample=[SOFC])
    assert "nearest active particle" in said(mixed)
    assert "a Ni, a YSZ and a pore region" in said(one)
    assert "nearest Ni" in said(one)
    assert "{" not in said(mixed) + said(one)


def test_the_query_page_lists_phases_and_roles_of_the_store(composites_store, open_page):
    app = open_page("query")
    app.session_state["schema_open"] = True
    app.run()
    shown = next(each.value for each in app.dataframe if "meaning" in each.value)
    counts = shown.set_index("label")["in the store"]
    roles = {role.node_label for role in Role}
    assert {"Ni", "YSZ", "Pore", "Void", "Lithium", "Coating"} | roles <= set(counts.index)
    assert counts["Ni"] == len(query(composites_store, "states", sample=SOFC))


def test_the_upload_form_offers_composites_and_their_phases(composites_store, open_page):
    app = open_page("ingest")
    chosen = next(each for each in app.selectbox if each.label == "Composite")
    phases = next(each for each in app.text_input if each.label == "Phases")
    assert chosen.value == SSB_CATHODE.name
    assert phases.value == "0=background,1=SSE,2=NMC,3=Graphite"
    chosen.set_value("sofc-electrode").run()
    assert not app.exception
    phases = next(each for each in app.text_input if each.label == "Phases")
    assert phases.value == "0=background,1=YSZ,2=Ni,3=Pore"


def test_a_report_of_one_composite_and_of_all(composites_store, tmp_path: Path):
    everything = read_electrode_tables(lambda name, **given: query(composites_store, name, **given))
    sofc = narrow(everything, keys_of_sample(everything, SOFC))
    pages = {}
    for name, selections in (("all", {"all": everything}), ("sofc", {"sofc": sofc})):
        pixels = read_pixels(composites_store, selections)
        built = build_report(selections, title=name, draws=19, pixels=pixels)
        pages[name] = write_report(built, tmp_path / name).read_text()
        shown = set(pixels.grey.table["phase"])
        graph = pixels.graphs[name]
        assert graph is not None
        if name == "sofc":
            assert shown == {"YSZ", "Ni", "Pore"}
            assert graph.legend.composites == (built_in("sofc-electrode"),)
            assert not [note for note in built.notes if "composites" in note]
        else:
            assert {"NMC", "Ni", "Void", "Lithium", "Coating"} <= shown
            assert [note for note in built.notes if "4 composites" in note]
    assert "NMC" not in re.sub(r"base64,[^\"]*", "", pages["sofc"])
    for drawn in (tmp_path / "sofc" / "figures").glob("*.svg"):
        assert "NMC" not in re.sub(r"base64,[^\"]*", "", drawn.read_text(encoding="utf-8")), drawn.name
    assert "Size of Ni in TPBs" in pages["sofc"]
    assert "Size of active particles in TPBs" in pages["all"]


def test_grey_values_are_pooled_by_name_not_by_code(composites_store, files):
    # The grey image is 35 times the code, so each phase has its own range of grey values in each image.
    everything = read_electrode_tables(lambda name, **given: query(composites_store, name, **given))
    table = read_pixels(composites_store, {"all": everything}).grey.table
    pixels = table.groupby("phase")["pixels"].sum()
    particles = query(composites_store, "particles")
    area = particles.groupby("phase")["area_px"].sum()
    # A few pixels lie outside of the 0.1st and the 99.9th percentile.
    assert (pixels / area.reindex(pixels.index)).between(0.97, 1.0).all()
