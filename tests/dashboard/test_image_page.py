"""The page Image: pixels, graph, and the particle that was chosen."""

import json
from pathlib import Path

import pytest
from small_dashboard_store import HARMFUL

from analysis.interactive.click_points import click_points
from cathograph.notebook import query
from dashboard.pictures import look_again


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
    assert f"TPB junctions ({len(junctions)})" in {trace.get("name") for trace in field["data"]}
    assert "Click a particle" in said(app)


def test_a_particle_from_the_address(small_store, open_page, nmc):
    label = int(nmc["label"])
    app = open_page("image", view="LCD-1/LCD00", particle=str(label))
    assert not app.exception
    assert f"#### NMC {label}" in [each.value for each in app.markdown]
    assert value_of(app, "degree") == str(int(nmc["degree"]))
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
    assert "There is no particle 99999" in said(app)


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
    assert "The graph is shown without its image" in said(app)
    assert "--files" in said(app)
    field = specs(app)[0]
    assert not field["layout"].get("images")
    particles = query(small_store, "particles", sample="LCD-1", image="LCD00")
    assert len(field["data"][0]["text"]) == len(click_points(particles).labels) == len(particles)
    assert value_of(app, "SOC indicator: mean edge energy (eV)") == f"{nmc['soc_ev']:.2f}"


def test_an_empty_store_and_an_empty_selection(empty_store, open_page):
    app = open_page("image")
    assert not app.exception
    assert "no images in this database" in said(app)
