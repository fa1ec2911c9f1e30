"""Measures filled into a store that was ingested before them, and seen everywhere."""

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy import stats

from cathograph.analysis.exports.exported_graph import build_exported_graph
from cathograph.analysis.statistics.inside_particles import judge_slope, mean_slope
from cathograph.ingest.measures import MapReading, refresh_measures
from cathograph.ingest.options import IngestOptions, MatchingOptions, Source
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.ingest.states.map_source import MapSource
from cathograph.ingest.stored.stored_image import ingest_map
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash
from cathograph.queries.reading.runner import run
from cathograph.queries.writing.measures import measure_states
from cathograph.schema.measures import FAMILIES

pytestmark = pytest.mark.neo4j

PHASES = "0=background,1=SSE,2=NMC,3=Graphite"


def ask(store, name, **parameters):
    query = load(name)
    return run(store, query, query.bind(parameters))


@pytest.fixture
def mask(tmp_path):
    """SSE over two NMC; the left one stands on graphite at the bottom, the right one ends in the air."""
    image = np.zeros((24, 24), np.uint8)
    image[:8] = 1
    image[8:16, 2:10] = 2
    image[8:16, 14:22] = 2
    image[16:, 2:10] = 3
    tifffile.imwrite(tmp_path / "mask.tif", image)
    return tmp_path / "mask.tif"


@pytest.fixture
def ingested(clean_store, mask, neo4j_server):
    neo4j_server.empty_of_data()
    reading = Reading.of(IngestOptions(source=Source.PHASES, phases=PHASES, pixel_size_nm=50))
    (outcome,) = ingest_files([mask], reading, Placement(sample="s1"), clean_store)
    assert outcome.error is None or outcome.error == ""
    return clean_store


def test_filled_in_once_and_only_where_missing(ingested):
    assert ask(ingested, "measures").empty
    assert ask(ingested, "transport")["current_share"].isna().all()
    outcomes = refresh_measures(ingested)
    assert [(each.family, each.state, each.reason) for each in outcomes] == [
        ("transport", "computed", ""),
        ("position", "computed", ""),
    ]
    table = ask(ingested, "transport")
    assert table["reached"].tolist() == [True, False]
    assert table["current_share"].tolist() == [pytest.approx(1), 0]
    assert table["limiting"].notna().tolist() == [True, False]
    (state,) = measure_states(ingested)
    assert state.noted["transport_version"] == FAMILIES[0].version
    assert json.loads(state.noted["transport_parameters"])["ionic_s_per_m"] == {"SSE": 0.1}
    (of_image,) = ask(ingested, "transport_of_images").to_dict("records")
    assert (of_image["utilisation"], of_image["share_without_current"]) == (pytest.approx(0.5), 0.5)
    before = content_hash(ingested)
    assert refresh_measures(ingested) == []
    assert len(refresh_measures(ingested, again=True)) == 2
    assert content_hash(ingested) == before


def test_current_of_contacts(ingested):
    refresh_measures(ingested)
    particles = ask(ingested, "graph_particles")
    contacts = ask(ingested, "contacts")
    phase = particles.set_index("label")["phase"]
    ends = [(phase[a], phase[b]) for a, b in zip(contacts["a"], contacts["b"], strict=True)]
    flow = dict(zip(ends, contacts["current_share"], strict=True))
    assert flow["NMC", "Graphite"] == pytest.approx(1)
    assert sorted(contacts["current_share"])[0] == 0  # into the NMC that ends in the air


def test_seen_in_export_and_query(ingested):
    refresh_measures(ingested)
    exported = build_exported_graph(ask(ingested, "graph_particles"), ask(ingested, "contacts"))
    reached = exported.particles.set_index("phase")["reached"]
    assert reached["NMC"].tolist() == [True, False]
    assert reached[["SSE", "Graphite"]].isna().all()
    assert exported.contacts["current_share"].notna().all()
    long = ask(ingested, "measures", measure="reached")
    assert long["value"].tolist() == [1, 0]
    assert set(ask(ingested, "measures")["measure"]) == {
        prop.name for family in FAMILIES if not family.needs_map for prop in family.particle
    }


def test_a_file_that_is_gone_fails_and_nothing_is_written(ingested, mask):
    before = content_hash(ingested)
    mask.unlink()
    for outcome in refresh_measures(ingested):
        assert (outcome.state, outcome.image) == ("failed", "mask")
        assert "mask.tif" in outcome.reason
    assert content_hash(ingested) == before


def test_an_older_version_is_computed_again(ingested):
    refresh_measures(ingested)
    ingested.write(lambda transaction: transaction.run("MATCH (s:Segmentation) SET s.transport_version = 0"))
    assert [each.family for each in refresh_measures(ingested)] == ["transport"]
    assert isinstance(ask(ingested, "measures"), pd.DataFrame)


def test_profile_of_the_electrode(ingested):
    assert ask(ingested, "electrode_profile").empty
    refresh_measures(ingested)
    table = ask(ingested, "electrode_profile")
    assert len(table) == 20  # of 24 rows: 4 layers are two rows thick
    assert table["depth_to_um"].iloc[-1] == pytest.approx(24 * 0.05)
    thickness = (table["depth_to_um"] - table["depth_from_um"]) / (24 * 0.05)
    assert (table["ionic_fraction"] * thickness).sum() == pytest.approx(8 / 24)
    assert (table["active_fraction"] * thickness).sum() == pytest.approx(16 * 8 / 24**2)
    assert table["nmc"].sum() == 2
    assert table["current_share"].sum() == pytest.approx(1)
    assert table["soc_ev"].isna().all()
    assert (table["measured"] == 0).all()
    rows = table[table["nmc"] > 0]
    assert rows["depth_from_um"].iloc[0] <= 12 * 0.05 < rows["depth_to_um"].iloc[0]  # rows 8 to 15
    assert ask(ingested, "measures", measure="ionic_path_um")["value"].tolist() == pytest.approx(
        [0.275, 0.275]
    )


@pytest.fixture
def measured(clean_store, neo4j_server, tmp_path):
    """Six images with discs of NMC at junctions, each with an energy map whose energies rise away from these."""
    neo4j_server.empty_of_data()
    place = np.indices((60, 60))
    rng = np.random.default_rng(2)
    for number in range(6):
        far = np.hypot(place[0] - 30, place[1] - 30 - number)
        phases = np.full((60, 60), 1, np.uint8)
        phases[(far > 16) & (far < 24) & (place[1] < 18 + number)] = 3
        phases[far <= 16] = 2
        energy = 8343 + 0.02 * place[1] + 0.02 * rng.standard_normal((60, 60)) + 0.001 * number * place[1]
        tifffile.imwrite(tmp_path / f"{number}.tif", phases)
        tifffile.imwrite(
            tmp_path / f"{number}-map.tif", np.where(phases == 2, energy, np.nan).astype(np.float32)
        )
        reading = Reading.of(IngestOptions(source=Source.PHASES, phases=PHASES, pixel_size_nm=50))
        (outcome,) = ingest_files(
            [tmp_path / f"{number}.tif"], reading, Placement(sample="s1"), clean_store,
            energy_map=MapSource(tmp_path / f"{number}-map.tif", matching=MatchingOptions(trust_map="test")),
        )  # fmt: skip
        assert not outcome.error, outcome.error
    return clean_store


@pytest.fixture
def profiles_family():
    return [family for family in FAMILIES if family.name == "profiles"]


def test_profiles_from_the_recorded_maps(measured, profiles_family):
    outcomes = refresh_measures(measured, families=profiles_family)
    assert [(each.state, each.reason) for each in outcomes] == [("computed", "")] * 6
    assert refresh_measures(measured, families=profiles_family) == []
    table = ask(measured, "profiles")
    assert len(table) == 6
    assert (table["resolution_um"] == 0.1).all()
    assert (table["junction_slope_low_ev_per_um"] > 0).all()
    found = mean_slope(table)
    assert found.n_clusters == 6
    assert found.quoted.p_value < 0.01
    assert "rise away from" in judge_slope(found)


def test_bins_have_students_interval(measured, profiles_family):
    refresh_measures(measured, families=profiles_family)
    bins = ask(measured, "state_by_distance")
    together = bins[bins["sample"].isna() & (bins["target"] == "junction")]
    one = bins[(bins["sample"] == "s1") & (bins["target"] == "junction")]
    numbers = [name for name in bins if name != "sample"]
    assert one[numbers].reset_index(drop=True).equals(together[numbers].reset_index(drop=True))
    first = together.iloc[0]
    assert (first["clusters"], first["particles"]) == (6, 6)
    assert first["relative_high_ev"] < 0 < together.iloc[-1]["relative_low_ev"]
    each = [ask(measured, "state_by_distance", image=str(k)) for k in range(6)]
    values = [
        float(rows[rows["sample"].isna() & (rows["target"] == "junction")]["relative_ev"].iloc[0])
        for rows in each
    ]
    half = stats.t.ppf(0.975, 5) * np.std(values, ddof=1) / np.sqrt(6)
    assert first["relative_ev"] == pytest.approx(np.mean(values))
    assert first["relative_high_ev"] - first["relative_ev"] == pytest.approx(half, rel=2e-3)
    assert each[0]["relative_low_ev"].isna().all()  # one image has no interval


def test_states_in_the_profile_of_the_electrode(measured):
    assert ask(measured, "electrode_profile").empty  # not computed yet
    refresh_measures(measured, families=[family for family in FAMILIES if family.name == "position"])
    layers = ask(measured, "electrode_profile")
    assert layers["measured"].sum() == 6
    assert layers["soc_ev"].dropna().between(8343, 8346).all()
    assert layers["current_share"].isna().all()


def test_profiles_again_with_another_rim(measured, profiles_family):
    refresh_measures(measured, families=profiles_family, image="0")
    before = ask(measured, "profiles", image="0")["profile_pixels"].iloc[0]
    (outcome,) = refresh_measures(
        measured, families=profiles_family, image="0", again=True, reading=MapReading(rim_um=0.3)
    )
    assert outcome.state == "computed"
    table = ask(measured, "profiles", image="0")
    assert table["profile_pixels"].iloc[0] < before
    assert table["rim_um"].tolist() == [0.3]


def test_profiles_of_a_map_that_was_replaced_are_computed_again(measured, profiles_family, tmp_path):
    refresh_measures(measured, families=profiles_family, image="0")
    shifted = tifffile.imread(tmp_path / "0-map.tif") + np.float32(0.5)
    tifffile.imwrite(tmp_path / "new.tif", shifted)
    source = MapSource(tmp_path / "new.tif", matching=MatchingOptions(trust_map="test"))
    ingest_map(measured, source, sample="s1", image="0", labels=tmp_path / "0.tif")
    assert ask(measured, "profiles", image="0").empty
    (outcome,) = refresh_measures(measured, families=profiles_family, image="0")
    assert outcome.state == "computed"
    assert len(ask(measured, "profiles", image="0")) == 1


def test_profiles_without_the_file_of_the_map(measured, profiles_family, tmp_path):
    (tmp_path / "0-map.tif").unlink()
    (outcome,) = refresh_measures(measured, families=profiles_family, image="0")
    assert outcome.state == "failed"
    assert "energy map" in outcome.reason


def test_images_without_a_map_are_told(ingested, profiles_family):
    (outcome,) = refresh_measures(ingested, families=profiles_family)
    assert (outcome.state, outcome.image) == ("skipped", "mask")
    assert ask(ingested, "profiles").empty
    assert ask(ingested, "state_by_distance").empty
