"""Other composites through the whole ingest: graph by roles, labels, keys, files of one's own, older stores."""

import numpy as np
import pytest

from cathograph.ingest.options import IngestOptions
from cathograph.ingest.pipeline import Placement, ingest_files, parameters_of
from cathograph.ingest.reading import Reading
from cathograph.ingest.stored.stored_image import stored_regions
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash
from cathograph.queries.reading.runner import run
from cathograph.queries.server.migrations import migrate
from cathograph.schema.composites import SSB_CATHODE, read_composite
from cathograph.schema.errors import CompositeError, PhaseMapError, SegmentationError

# Nickel left, YSZ right, a pore below both: the three meet at one place. A second nickel body touches the YSZ and
# the pore only, so the two nickel bodies share one neighbour of each carrier.
SOFC = np.zeros((30, 30), np.uint8)
SOFC[:18, :12] = 1
SOFC[:18, 12:24] = 2
SOFC[18:, :] = 3
SOFC[:18, 24:] = 1
SPEC = "0=background,1=Ni,2=YSZ,3=Pore"

FIVE = SOFC.copy()
FIVE[26:, 26:] = 4
FIVE[26:, :4] = 5
FIVE_SPEC = "0=background,1=NMC,2=SSE,3=Graphite,4=Void,5=Lithium"


def ask(store, name, **parameters):
    query = load(name)
    return run(store, query, query.bind(parameters))


@pytest.fixture
def ingest(store, tmp_path):
    """Give a function that ingests an array as phases."""

    def go(pixels, phases, image="field", **options):
        path = tmp_path / f"{image}.npy"
        np.save(path, pixels)
        chosen = {"split_nmc": False, **options}
        reading = Reading.of(IngestOptions(source="phases", phases=phases, pixel_size_nm=50, **chosen))
        (outcome,) = ingest_files([path], reading, Placement("s", image), store)
        assert outcome.error == ""
        return outcome

    return go


@pytest.mark.neo4j
def test_a_fuel_electrode_by_its_own_names(store, ingest):
    ingest(SOFC, SPEC, composite="sofc-electrode")
    tpbs = ask(store, "tpbs")
    assert tpbs["phases"].tolist() == [["Ni", "YSZ", "Pore"]] * 2
    assert tpbs["composite"].tolist() == ["sofc-electrode"] * 2
    # Labels by first pixel: Ni 1, YSZ 2, Ni 3, pore 4.
    assert tpbs[["nmc", "sse", "graphite"]].to_numpy().tolist() == [[1, 2, 4], [3, 2, 4]]
    assert tpbs["is_physical"].all()
    channels = ask(store, "concurrent_channels")
    assert channels[["nmc_a", "nmc_b", "via_sse", "via_graphite"]].to_numpy().tolist() == [[1, 3, 1, 1]]
    rows = store.read("MATCH (n:Particle) RETURN n.label, labels(n) ORDER BY n.label").rows
    assert [(label, set(labels) - {"Particle"}) for label, labels in rows] == [
        (1, {"Ni", "Active", "Electronic"}),
        (2, {"YSZ", "Ionic"}),
        (3, {"Ni", "Active", "Electronic"}),
        (4, {"Pore", "Gas"}),
    ]
    (sides,) = ask(store, "percolation").to_dict("records")
    # Both nickel bodies touch the YSZ, which lies at the top. They are electronic themselves and end above the bottom.
    assert (sides["ionic_side"], sides["nmc"], sides["ionic"], sides["electronic"]) == ("top", 2, 2, 0)
    assert ask(store, "nearest")["via"].tolist() == ["both", "both"]
    (images,) = ask(store, "images").to_dict("records")
    assert (images["nmc"], images["sse"], images["graphite"]) == (2, 1, 2)
    assert ask(store, "composites")["composite"].tolist() == ["sofc-electrode"]


@pytest.mark.neo4j
def test_several_composites_live_in_one_store(store, ingest):
    ingest(SOFC, SPEC, "one", composite="sofc-electrode")
    ingest(FIVE, FIVE_SPEC, "two", composite="ssb-cathode-with-voids-and-metal")
    ingest(SOFC, "0=background,1=NMC,2=SSE,3=Graphite", "three")
    assert ask(store, "composites")["composite"].tolist() == [
        "sofc-electrode",
        "ssb-cathode",
        "ssb-cathode-with-voids-and-metal",
    ]
    found = store.read("MATCH (n:Active) RETURN n.phase, count(*) ORDER BY n.phase").rows
    assert found == [["NMC", 4], ["Ni", 2]]
    assert store.read("MATCH (n:Inert) RETURN n.phase").rows == [["Void"]]
    # Lithium carries electrons and is no active material.
    assert store.read("MATCH (n:Lithium) RETURN n:Electronic, n:Active, n.ionic_sides IS NULL").rows == [
        [True, False, True]
    ]
    assert len(ask(store, "tpbs", image="two")) == len(ask(store, "tpbs", image="three")) == 2


@pytest.mark.neo4j
def test_another_composite_is_another_version_and_the_old_one_stays(store, ingest, tmp_path):
    first = ingest(SOFC, SPEC, composite="sofc-electrode")
    own = tmp_path / "mine.yaml"
    text = "\n".join(
        [
            "phases:",
            "  - {name: YSZ, code: 1, roles: [ionic]}",
            "  - {name: Ni, code: 2, roles: [active, electronic]}",
            "  - {name: Pore, code: 3, roles: [inert, gas]}",
            "tpb: [electronic, ionic, gas]",
            "channel: [ionic, gas]",
        ]
    )
    own.write_text(text)
    second = ingest(SOFC, SPEC, composite=str(own))
    assert first.segmentation != second.segmentation
    assert (second.state, ask(store, "composites")["composite"].tolist()) == ("written", ["mine"])
    assert ingest(SOFC, SPEC, composite=str(own)).state == "unchanged"
    assert ingest(SOFC, SPEC, composite="sofc-electrode").state == "reactivated"
    assert store.read("MATCH (n:Inert) RETURN count(n)").rows == [[0]], "hidden with its segmentation"
    labels = stored_regions(store, sample="s", image="field", labels=tmp_path / "field.npy").label()
    assert labels.composite.name == "sofc-electrode"


def test_the_key_depends_on_what_the_composite_means_and_not_on_its_name(tmp_path):
    def parameters(composite):
        reading = Reading.of(
            IngestOptions(source="phases", phases="1=NMC,2=SSE", pixel_size_nm=50, composite=composite)
        )
        return parameters_of(reading, 0.05)

    same = tmp_path / "other-name.yaml"
    same.write_text(
        "phases:\n"
        '  - {name: SSE, code: 1, colour: "#111111", roles: [ionic]}\n'
        "  - {name: NMC, code: 2, roles: [active]}\n"
        "  - {name: Graphite, code: 3, roles: [electronic]}\n"
        "tpb: [active, ionic, electronic]\nchannel: [ionic, electronic]\n"
    )
    assert parameters("ssb-cathode") == parameters(str(same)), "as before there were composites"
    assert "composite" not in parameters("ssb-cathode")
    other = parameters("ssb-cathode-with-voids-and-metal")
    assert other.pop("composite") == read_composite("ssb-cathode-with-voids-and-metal").sha256
    assert other == parameters("ssb-cathode")


@pytest.mark.parametrize(
    ("options", "error", "facts"),
    [
        (
            {"phases": "1=NMC", "composite": "sofc-electrode"},
            PhaseMapError,
            ("NMC", "YSZ, Ni, Pore", "sofc-electrode"),
        ),
        ({"phases": "1=Ni"}, PhaseMapError, ("Ni", "SSE, NMC, Graphite")),
        ({"phases": "1=Ni", "composite": "sofc"}, CompositeError, ("sofc-electrode",)),
        ({"phases": "1=Ni", "composite": "missing.yaml"}, CompositeError, ("missing.yaml",)),
    ],
)
def test_a_phase_map_of_another_composite(options, error, facts):
    with pytest.raises(error) as caught:
        Reading.of(IngestOptions(source="phases", pixel_size_nm=50, **options))
    for fact in facts:
        assert fact in str(caught.value)


def test_grey_images_of_another_composite():
    by_name = {"phases_by_grey": "Pore,YSZ,Ni"}
    reading = Reading.of(
        IngestOptions(composite="sofc-electrode", pixel_size_nm=50, segmenter_parameters=by_name)
    )
    assert reading.parameters["segmenter.phases_by_grey"] == "Pore,YSZ,Ni"
    with pytest.raises(SegmentationError, match="sofc-electrode"):
        Reading.of(IngestOptions(composite="sofc-electrode", pixel_size_nm=50))
    with pytest.raises(SegmentationError, match="multi-otsu"):
        Reading.of(IngestOptions(composite="sofc-electrode", pixel_size_nm=50, segmenter="unet"))


OLD_FORM = (
    "MATCH (s:Segmentation) REMOVE s.composite, s.composite_sha256, s.composite_definition, s.active_phases, "
    "s.ionic_phases, s.electronic_phases, s.gas_phases, s.inert_phases, s.first_carrier_phases, "
    "s.second_carrier_phases, s.ion_side",
    "MATCH (n:Active|Ionic|Electronic) REMOVE n:Active:Ionic:Electronic",
    "MATCH ()-[m:MEETS]->() REMOVE m.place",
    "MATCH (v:SchemaVersion) SET v.version = 4",
)


@pytest.mark.neo4j
def test_stores_of_earlier_versions_migrate_and_an_interrupted_migration_goes_on(store, ingest, neo4j_server):
    spec = "0=background,1=NMC,2=SSE,3=Graphite"
    ingest(SOFC, spec, min_size_px=2)
    ingest(SOFC, spec)  # two segmentations, one of them hidden
    expected = content_hash(store)
    with neo4j_server.driver() as driver:
        for statement in OLD_FORM:
            driver.execute_query(statement)
        assert content_hash(store) != expected
        # Interrupted after the segmentations and one of the particles.
        driver.execute_query(
            "MATCH (s:Segmentation) SET s += $properties", properties=SSB_CATHODE.segmentation_properties()
        )
        driver.execute_query("MATCH (n:NMC) WITH n LIMIT 1 SET n:Active")
    migrate(store)
    assert content_hash(store) == expected
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (v:SchemaVersion) SET v.version = 4")
    migrate(store)
    assert content_hash(store) == expected, "again: nothing changes"
