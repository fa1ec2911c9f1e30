"""Morphology, Reaction, Network, Confounders: the numbers of the report and of the queries, under every filter."""

import base64
import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from small_dashboard_store import HARMFUL

from cathograph.analysis.report.report import build_report
from cathograph.analysis.tables.electrode_tables import keys_of_sample, narrow, read_electrode_tables
from cathograph.notebook import query

pytestmark = pytest.mark.long

PAGES = ("morphology", "reaction", "network", "confounders")


def charts(app):
    """Give the traces and the words of each chart."""
    specs = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
    return [
        (
            spec["data"],
            " ".join(str(note["text"]) for note in spec["layout"].get("annotations", ())),
        )
        for spec in specs
    ]


def numbers(values):
    """Read an array as Plotly sends it."""
    if isinstance(values, dict):
        found = np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
        return found.reshape([int(size) for size in str(values.get("shape", len(found))).split(",")])
    return np.array(values, dtype=float)


def table(app, column):
    """Give the table that has a column."""
    return next(each.value for each in app.dataframe if column in each.value.columns)


def assert_shown(shown, column, expected):
    """Compare a column with the report's; one without any number is left out of a page."""
    if expected.isna().all():
        assert column not in shown.columns
    else:
        np.testing.assert_allclose(shown[column], expected, rtol=1e-9)


def said(app):
    return " ".join(each.value for each in (*app.info, *app.warning, *app.error, *app.text, *app.caption))


@pytest.fixture
def report(small_store):
    """Give the tables of the report on one sample; its draws change no quoted number."""
    everything = read_electrode_tables(partial(query, small_store))
    tables = narrow(everything, keys_of_sample(everything, "LCD-1"))
    built = build_report({"LCD-1": tables}, title="", draws=19)
    named = ("table-s1", "table-s2", "table-s3", "size-adjusted", "size-by-tpb", "correlations")
    headlines = [f"**{each.verdict}** {each.basis}".rstrip() for each in built.headlines["LCD-1"]]
    return {each.name: each.data for each in built.tables if each.name in named} | {"headlines": headlines}


def headlines(app):
    return [each.value for each in app.markdown if each.value.startswith("**")]


def test_pages_say_what_the_report_says(open_page, report):
    of_tpbs, of_channels, of_touching, of_size, of_metrics, *_, of_reach = report["headlines"]
    reaction = open_page("reaction", sample="LCD-1")
    assert not reaction.exception
    assert headlines(reaction)[0] == of_tpbs
    s1 = report["table-s1"][report["table-s1"]["exposure"] == "at_tpb"]
    shown = table(reaction, "difference")
    for column, ours in (
        ("p", "p"), ("p corrected", "p_family"), ("p, clustered", "p_clustered"),
        ("p corrected, clustered", "p_clustered_family"), ("difference", "difference"),
    ):  # fmt: skip
        assert_shown(shown, column, s1[ours])
    # Two images carry too little for a clustered p value: the reason stands where it would.
    assert s1["p_clustered"].isna().all()
    assert shown["no clustered p because"].tolist() == s1["reason_clustered"].tolist()
    assert all("images" in reason for reason in shown["no clustered p because"])
    np.testing.assert_array_equal(shown["clusters"], s1["n_clusters"])
    np.testing.assert_array_equal(shown["flagged, left out"], s1["n_flagged"])
    assert shown["d"].tolist() == [
        f"{d:.2f} [{low:.2f}, {high:.2f}]".replace("-", "−")
        for d, low, high in zip(s1["d"], s1["d_ci_low"], s1["d_ci_high"], strict=True)
    ]
    anova = pd.concat([report["table-s2"], report["table-s3"]])
    np.testing.assert_allclose(table(reaction, "F")["p"], anova["p"], rtol=1e-9)

    network = open_page("network", sample="LCD-1")
    assert not network.exception
    assert headlines(network) == [of_channels, of_metrics]
    heat = next(trace for data, _ in charts(network) for trace in data if trace["type"] == "heatmap")
    correlations = report["correlations"]
    expected = correlations["r"].to_numpy(dtype=float).reshape(-1, 3)
    np.testing.assert_allclose(numbers(heat["z"]), expected, rtol=1e-9)
    s1 = report["table-s1"][report["table-s1"]["exposure"] == "has_concurrent_channel"]
    assert_shown(table(network, "difference"), "p, clustered", s1["p_clustered"])

    network = open_page("network", sample="LCD-1", channel="touching channel")
    assert not network.exception
    assert headlines(network)[0] == of_touching
    s1 = report["table-s1"][report["table-s1"]["exposure"] == "has_touching_channel"]
    assert table(network, "difference")["particles"].unique().tolist() == ["with a touching channel"]
    assert_shown(table(network, "difference"), "difference", s1["difference"])
    reaction = open_page("reaction", sample="LCD-1", channel="touching channel")
    assert "touching channel membership" in table(reaction, "F")["term"].tolist()

    confounders = open_page("confounders", sample="LCD-1")
    assert headlines(confounders) == [of_size, of_reach]
    shown = table(confounders, "d at equal size")
    for column, ours in (
        ("d at equal size", "d_adjusted"),
        ("p at equal size, clustered", "p_adjusted_clustered"),
    ):
        assert_shown(shown, column, report["size-adjusted"][ours])

    morphology = open_page("morphology", sample="LCD-1")
    np.testing.assert_allclose(table(morphology, "difference")["p"], report["size-by-tpb"]["p"], rtol=1e-9)


def test_figures_show_what_the_queries_say(small_store, open_page):
    tpbs = query(small_store, "tpbs", sample="BLE-1")
    app = open_page("morphology", sample="BLE-1")
    (points, title), *_ = charts(app)
    assert f"{len(tpbs)} TPBs" in title
    drawn = np.sort(np.concatenate([numbers(trace["y"]) for trace in points]))
    np.testing.assert_allclose(drawn, np.sort(tpbs["perimeter_um"]))

    means = query(small_store, "state_by_structure", sample="BLE-1")
    means = means[means["structure"] == "TPB"].set_index("present")["mean_heterogeneity_ev"]
    reaction = charts(open_page("reaction", sample="BLE-1"))
    boxes = [trace for trace in reaction[2][0] if trace["type"] == "box"]
    np.testing.assert_allclose(
        [numbers(box["mean"])[0] for box in boxes], [means[True], means[False]], rtol=1e-9
    )


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_store_says_what_to_do(empty_store, open_page, page):
    app = open_page(page)
    assert not app.exception
    assert "no images" in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_filter_that_leaves_nothing_says_so(small_store, open_page, page):
    app = open_page(page, sample="LCD-1", beamtime="bt-BLE")
    assert not app.exception
    assert app.get("plotly_chart") or "filter" in said(app)
    app = open_page(page, from_um="999")
    assert not app.exception
    assert not app.error


def test_a_sample_without_energy_maps(small_store, open_page):
    for page in ("reaction", "network", "confounders"):
        app = open_page(page, sample=HARMFUL)
        assert not app.exception
        assert "no energy map" in said(app)
    sizes = charts(open_page("reaction", sample=HARMFUL))
    assert [bool(data) for data, _ in sizes] == [True, False, False, False]
    assert "not measured" in sizes[1][1]


def test_one_image(small_store, open_page):
    for page in PAGES:
        app = open_page(page, image="LCD-1/LCD00")
        assert not app.exception
        assert "in 1 image of 1 sample" in said(app)


def test_a_range_of_sizes_narrows_particles_and_their_tpbs(small_store, open_page):
    states = query(small_store, "states")
    large = states[states["equivalent_diameter_um"] >= 1.5]
    app = open_page("morphology", from_um="1.5")
    assert f"{len(large)} NMC in" in said(app)
    tpbs = query(small_store, "tpbs").merge(
        large[["sample", "image", "label"]].rename(columns={"label": "nmc"}), on=["sample", "image", "nmc"]
    )
    assert f"{len(tpbs)} TPBs" in charts(app)[0][1]


@pytest.mark.parametrize("page", PAGES)
def test_selections_stand_side_by_side_and_names_are_text(small_store, open_page, page):
    app = open_page(page, by="sample")
    assert not app.exception
    assert f"{HARMFUL}: " in said(app)
    titles = " ".join(title for _, title in charts(app))
    assert "<script" not in titles
    assert "LCD-1" in titles
    if page == "morphology":
        assert "&lt;script&gt;" in titles
        assert table(app, "difference")["selection"].tolist() == sorted(["LCD-1", "BLE-1", HARMFUL])
    for text in (*app.markdown, *app.caption):
        assert "<script" not in text.value


def test_two_of_three_are_compared(small_store, open_page):
    app = open_page("reaction", by="cathode kind", by_cathode=["LCD", "BLE"])
    assert not app.exception
    assert table(app, "difference")["selection"].unique().tolist() == ["LCD", "BLE"]
    assert len(charts(app)) == 8


def test_images_of_one_name_in_two_samples_stand_apart(small_store, open_page):
    app = open_page("morphology", by="image", by_image=["LCD-1/LCD00", "BLE-1/BLE00"])
    assert not app.exception
    assert table(app, "difference")["selection"].tolist() == ["LCD-1/LCD00", "BLE-1/BLE00"]


def test_resampling_is_computed_when_asked_for(small_store, open_page):
    app = open_page("reaction", sample="LCD-1")
    before = len(app.dataframe)
    app.toggle[0].set_value(True).run()
    assert not app.exception
    shown = table(app, "quoted")
    assert len(app.dataframe) == before + 1
    assert any("bootstrap" in method for method in shown["method"])
    assert shown["quoted"].sum() == 3


def test_one_image_cannot_be_resampled(small_store, open_page):
    app = open_page("reaction", image="LCD-1/LCD00")
    app.toggle[0].set_value(True).run()
    assert not app.exception
    assert "fewer than two images" in said(app)


def test_reaction_says_how_profiles_are_computed(small_store, open_page):
    app = open_page("reaction", sample="LCD-1")
    assert "measures --missing --family profiles" in said(app)
