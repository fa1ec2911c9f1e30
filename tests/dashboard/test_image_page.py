"""The page Image: pixels, graph, and the particle that was chosen."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from small_dashboard_store import HARMFUL

from cathograph.analysis.figures.field import FieldTables
from cathograph.analysis.figures.hover_points import hover_points
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND
from cathograph.dashboard.session.field import Field, Plane, particle_at
from cathograph.dashboard.session.image_pixels import look_again
from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.notebook import query

pytestmark = pytest.mark.long


def said(app):
    return " ".join(each.value for each in (*app.info, *app.warning, *app.error, *app.text, *app.caption))


def specs(app):
    return [json.loads(each.proto.spec) for each in app.get("plotly_chart")]


def value_of(app, row):
    """Read a number from the tables about a particle."""
    for frame in app.dataframe:
        shown = frame.value
        if shown.shape[1] == 2 and row in set(shown.iloc[:, 0]):
            return shown.set_index(shown.columns[0]).loc[row, "value"]
    raise KeyError(row)


@pytest.fixture
def nmc(small_store):
    """Give an NMC with a state and with neighbours."""
    states = query(small_store, "states", sample="LCD-1", image="LCD00")
    degrees = query(small_store, "centralities", sample="LCD-1", image="LCD00")
    measured = states.merge(degrees[["label", "degree"]], on="label").dropna(subset=["soc_ev"])
    return measured.sort_values("degree").iloc[-1]


def test_an_image_over_its_pixels(small_store, open_page):
    app = open_page("image", view="LCD-1/LCD00")
    assert not app.exception
    assert not app.warning
    field = specs(app)[0]
    assert field["layout"]["images"][0]["source"].startswith("data:image/jpeg")
    assert field["layout"]["xaxis"]["title"]["text"] == "µm"
    junctions = query(small_store, "junctions", sample="LCD-1", image="LCD00")
    names = {trace.get("name") for trace in field["data"]}
    assert f"TPB junctions ({len(junctions)})" in names
    touching = query(small_store, "touching_channels", sample="LCD-1", image="LCD00")
    assert len(touching) > 0
    assert f"touching channels ({len(touching)})" in names
    joined = {*touching["nmc_a"], *touching["nmc_b"]}
    assert f"{len(joined)} with touching channels" in said(app)
    assert "Click a particle" in said(app)


def test_a_particle_from_the_address(small_store, open_page, nmc):
    label = int(nmc["label"])
    app = open_page("image", view="LCD-1/LCD00", particle=str(label))
    assert not app.exception
    assert f"#### NMC {label}" in [each.value for each in app.markdown]
    assert value_of(app, "degree") == str(int(nmc["degree"]))
    (about,) = (
        query(small_store, "particles", sample="LCD-1", image="LCD00")
        .query("label == @label")
        .to_dict("records")
    )
    assert value_of(app, "perimeter (µm)") == f"{about['perimeter_um']:.4g}"
    assert value_of(app, "SOC indicator: mean edge energy (eV)") == f"{nmc['soc_ev']:.2f}"
    field, energies, surroundings, *_ = specs(app)
    assert f"particle {label}" in {trace.get("name") for trace in field["data"]}
    assert f"{int(nmc['n_valid'])} of " in energies["layout"]["annotations"][0]["text"]
    contacts = query(small_store, "contacts", sample="LCD-1", image="LCD00")
    own = contacts[(contacts["a"] == label) | (contacts["b"] == label)]
    assert f"**{len(own)} neighbours**" in [each.value for each in app.markdown]
    assert len(surroundings["data"][0]["hovertext"]) == len(own) + 1


def test_a_neighbour_is_one_click_away(small_store, open_page, nmc):
    app = open_page("image", view="LCD-1/LCD00", particle=str(int(nmc["label"])))
    button = next(each for each in app.button if (each.key or "").startswith("neighbour-"))
    app = button.click().run()
    assert not app.exception
    assert f"#### {button.label}" in [each.value for each in app.markdown]
    assert app.number_input(key="particle").value == int(button.label.split()[1])


def test_a_label_that_is_not_there(small_store, open_page):
    app = open_page("image", view="LCD-1/LCD00", particle="99999")
    assert not app.exception
    assert "99999" in said(app)


def test_another_image_forgets_the_particle(small_store, open_page):
    app = open_page("image", view="LCD-1/LCD00", particle="1")
    app = app.selectbox(key="view").select("LCD-1/LCD01").run()
    assert not app.exception
    assert app.number_input(key="particle").value is None


def test_a_particle_without_energy_map_and_a_name_made_to_do_harm(small_store, open_page):
    images = query(small_store, "images", sample=HARMFUL)
    label = int(query(small_store, "states", sample=HARMFUL)["label"].iloc[0])
    app = open_page("image", sample=HARMFUL, particle=str(label))
    assert not app.exception
    assert f"{HARMFUL}, image {images['image'].iloc[0]}" in said(app)
    assert "No energy map" in said(app)
    assert not any("<script" in each.value for each in (*app.markdown, *app.caption))


def test_without_its_file_the_graph_stands_alone(small_store, open_page, dashboard_files, nmc):
    file = next(each.phases for each in dashboard_files if each.phases.stem == "LCD00")
    away = file.with_suffix(".away")
    file.rename(away)
    try:
        look_again()
        app = open_page("image", view="LCD-1/LCD00", particle=str(int(nmc["label"])))
    finally:
        Path(away).rename(file)
        look_again()
    assert not app.exception
    assert "without the pixels" in said(app)
    assert "--files" in said(app)
    field = specs(app)[0]
    assert not field["layout"].get("images")
    particles = query(small_store, "particles", sample="LCD-1", image="LCD00")
    assert len(field["data"][0]["text"]) == len(hover_points(particles).labels) == len(particles)
    assert value_of(app, "SOC indicator: mean edge energy (eV)") == f"{nmc['soc_ev']:.2f}"


def test_a_volume_slice_by_slice(small_store, open_page, tmp_path):
    """In each slice stand the particles that it cuts, and no others."""
    labels = np.zeros((6, 40, 50), dtype=np.uint16)
    labels[:3, 5:20, 5:25], labels[3:, 5:20, 5:25], labels[:, 22:35, 5:40] = 1, 2, 3
    tifffile.imwrite(tmp_path / "box.tif", labels)
    (tmp_path / "phases.csv").write_text("label,phase\n1,NMC\n2,Graphite\n3,SSE\n")
    options = IngestOptions(
        source=Source.REGIONS, phases=str(tmp_path / "phases.csv"), pixel_size_nm=100, volume=True
    )
    placement = Placement(sample="volume", cathode="LCD")
    (outcome,) = ingest_files([tmp_path / "box.tif"], Reading.of(options), placement, small_store)
    assert not outcome.error
    for z, there in ((0, {1, 3}), (5, {2, 3})):
        app = open_page("image", view="volume/box", z=str(z))
        assert not app.exception
        assert not app.warning
        assert (app.slider(key="z").min, app.slider(key="z").max) == (0, 5)
        field = specs(app)[0]
        assert field["layout"]["images"][0]["source"].startswith("data:image")
        names = " ".join(str(trace.get("hovertext") or trace.get("text")) for trace in field["data"])
        shown = {phase for phase in ("NMC", "Graphite", "SSE") if f"{phase} " in names}
        assert shown == {{1: "NMC", 2: "Graphite", 3: "SSE"}[label] for label in there}
    app = open_page("image", view="volume/box", particle="1")
    assert value_of(app, "particle volume (µm³)") == f"{labels[:3, 5:20, 5:25].size * 0.001:.4g}"


def test_folded_tables_are_made_when_opened(small_store, open_page):
    app = open_page("image", view="LCD-1/LCD00")
    n_particles = len(query(small_store, "particles", sample="LCD-1", image="LCD00"))
    assert n_particles not in [len(each.value) for each in app.dataframe]
    app.session_state["particles_open"] = True
    app.run()
    assert not app.exception
    assert n_particles in [len(each.value) for each in app.dataframe]


def test_an_empty_store_and_an_empty_selection(empty_store, open_page):
    app = open_page("image")
    assert not app.exception
    assert "no images" in said(app)


@pytest.mark.parametrize(
    ("x_um", "y_um", "meant"),
    [
        (1.5, 1.5, 7),  # in it
        (2.1, 1.5, 7),  # a pixel beside it
        (-0.1, 0.5, 7),  # just outside of the image
        (9.9, 5.0, None),  # nothing near
        (-20.0, 1.5, None),  # far outside: the picture was moved
        (1.5, -10.0, None),
        (120.0, 1.5, None),
    ],
)
def test_the_particle_that_a_place_means(x_um, y_um, meant):
    labels = np.zeros((150, 300), dtype=np.int32)
    labels[0:20, 0:20] = 7
    plane = Plane(labels, np.zeros_like(labels, dtype=np.uint8), None, None, None)
    about = pd.Series({"pixel_size_um": 0.1, "shape": labels.shape})
    nothing = FieldTables(*(pd.DataFrame() for _ in range(4)))
    assert particle_at(Field(about, nothing, pd.DataFrame(), DEFAULT_LEGEND), plane, x_um, y_um) == meant


def test_the_address_always_names_the_image(small_store, open_page):
    app = open_page("image")
    named = app.query_params["view"]
    assert named == app.selectbox(key="view").value
    app = open_page("image", sample=["BLE-1"], view="LCD-1/LCD00")
    assert app.selectbox(key="view").value.startswith("BLE-1/")
    assert any("LCD-1/LCD00" in each.value for each in app.info)


def test_picture_and_layers_come_from_the_address(small_store, open_page):
    app = open_page("image", view="LCD-1/LCD00", picture="Energy", layers=["Outlines", "Graph"])
    assert not app.exception
    assert app.session_state["picture"] == "energy"
    assert app.session_state["layers"] == ["Outlines", "Graph"]
