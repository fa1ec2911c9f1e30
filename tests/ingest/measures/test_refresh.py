"""Measures filled into a store that was ingested before them, and seen everywhere."""

import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from cathograph.analysis.exports.exported_graph import build_exported_graph
from cathograph.ingest.measures import refresh_measures
from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading
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
        prop.name for family in FAMILIES for prop in family.particle
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
