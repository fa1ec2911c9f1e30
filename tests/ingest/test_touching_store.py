"""Touching channels in a store: flags from the arrays, pairs by Cypher, and older stores migrated, all equal."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from cathograph.ingest.options import IngestOptions
from cathograph.ingest.pipeline import Placement, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash
from cathograph.queries.reading.runner import run
from cathograph.queries.server.migrations import migrate, schema_files

pytestmark = pytest.mark.neo4j

HAND = np.array(
    [
        [int(c) for c in row]
        for row in ("44444444", "11122233", "11122233", "11122233", "........".replace(".", "0"), "55555555")
    ]
)
"""SSE 4 above, graphite 5 below; NMC 1, 2 and 3 stand side by side."""

OLD_FORM = (
    "MATCH (n:Particle|InactiveParticle) REMOVE n.has_touching_channel, n.touching_partners",
    "MATCH (v:SchemaVersion) SET v.version = $version",
)


def ask(store, name, **parameters):
    query = load(name)
    return run(store, query, query.bind(parameters))


@pytest.fixture
def ingest(store, tmp_path):
    """Give a function that ingests a label image with a phase for each label."""

    def go(labels, phases, image="field", sample="s", **options):
        path, table = tmp_path / f"{image}.npy", tmp_path / f"{image}.csv"
        np.save(path, labels.astype(np.uint16))
        pd.DataFrame({"label": list(phases), "phase": list(phases.values())}).to_csv(table, index=False)
        reading = Reading.of(IngestOptions(source="regions", phases=str(table), pixel_size_nm=50, **options))
        (outcome,) = ingest_files([path], reading, Placement(sample, image), store)
        assert outcome.error == ""

    return go


def made_image(seed, names):
    """Blocks of 4 × 4 pixels with a label each, a fifth of them background, grouped at random into 40 regions."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(1, 41, (16, 16))
    blocks[rng.random(blocks.shape) < 0.2] = 0
    labels = np.kron(blocks, np.ones((4, 4), int))
    present = np.unique(labels[labels > 0]).tolist()
    return labels, dict(zip(present, rng.choice(names, len(present)).tolist(), strict=True))


def test_by_hand(store, ingest):
    ingest(HAND, {1: "NMC", 2: "NMC", 3: "NMC", 4: "SSE", 5: "Graphite"}, radius_px=1)
    pairs = ask(store, "touching_channels")
    assert pairs[["image", "nmc_a", "nmc_b", "via_sse", "sample"]].to_numpy().tolist() == [
        ["field", 1, 2, 1, "s"],
        ["field", 2, 3, 1, "s"],
    ]
    contacts = ask(store, "contacts").set_index(["a", "b"])
    assert pairs["weight_px"].tolist() == contacts.loc[[(1, 2), (2, 3)], "weight_px"].tolist()
    assert pairs["interface_um"].tolist() == contacts.loc[[(1, 2), (2, 3)], "interface_um"].tolist()
    flags = ask(store, "channel_flags").set_index("nmc")
    assert flags["touching_partners"].to_dict() == {1: 1, 2: 2, 3: 1}
    # At r = 1 the graphite is near none of them (two pixels away), so no channel is concurrent.
    assert flags["has_concurrent_channel"].to_list() == [False] * 3
    assert flags["has_touching_channel"].to_list() == [True] * 3
    (image,) = ask(store, "images").to_dict("records")
    assert (image["nmc_with_channels"], image["nmc_with_touching_channels"]) == (0, 3)
    (sample,) = ask(store, "samples").to_dict("records")
    assert (sample["nmc_with_touching_channels"], sample["share_with_touching_channels"]) == (3, 1.0)
    assert ask(store, "cathode_kinds")["share_with_touching_channels"].tolist() == [1.0]
    assert ask(store, "touching_channels", image="another").empty
    assert ask(store, "touching_channels", sample="another").empty


def test_flags_count_the_pairs_that_the_query_finds(store, ingest):
    for seed in range(3):
        ingest(*made_image(seed, ["NMC", "NMC", "SSE", "Graphite"]), image=f"i{seed}")
    pairs, flags = ask(store, "touching_channels"), ask(store, "channel_flags")
    assert (pairs["nmc_a"] < pairs["nmc_b"]).all()
    ends = Counter(zip(pairs["image"], pairs["nmc_a"], strict=True))
    ends.update(zip(pairs["image"], pairs["nmc_b"], strict=True))
    counted = {(row.image, row.nmc): row.touching_partners for row in flags.itertuples()}
    assert len(pairs) > 30
    assert counted == {key: ends[key] for key in counted}
    assert pairs[["image", "nmc_a", "nmc_b"]].apply(tuple, axis=1).is_monotonic_increasing


@pytest.mark.parametrize("composite", ["ssb-cathode", "sofc-electrode"])
def test_an_older_store_gets_what_an_ingest_computes(store, ingest, neo4j_server, composite):
    names = ["NMC", "SSE", "Graphite"] if composite == "ssb-cathode" else ["Ni", "YSZ", "Pore"]
    labels, phases = made_image(7, names)
    ingest(labels, phases, composite=composite, radius_px=2)
    ingest(labels, phases, composite=composite)  # the first one is hidden now
    expected = content_hash(store)
    number = next(each for each, name in schema_files().items() if name.endswith("-touching-channels.cypher"))
    with neo4j_server.driver() as driver:
        for statement in OLD_FORM:
            driver.execute_query(statement, version=number - 1)
        assert content_hash(store) != expected
        # Interrupted after one particle.
        driver.execute_query(
            "MATCH (n:Active) WITH n LIMIT 1 SET n.touching_partners = 99, n.has_touching_channel = true"
        )
    assert migrate(store) == max(schema_files())
    left = store.read("MATCH (n:Active {touching_partners: 99}) RETURN count(*)").rows
    assert left == [[1]], "what is there is not computed again"
    with neo4j_server.driver() as driver:
        driver.execute_query("MATCH (n:Active {touching_partners: 99}) REMOVE n.touching_partners")
        driver.execute_query("MATCH (v:SchemaVersion) SET v.version = $version", version=number - 1)
    migrate(store)
    assert content_hash(store) == expected
    filled = store.read("MATCH (n:InactiveParticle) WHERE n.touching_partners > 0 RETURN count(*) > 0").rows
    assert filled == [[True]], "also in the hidden segmentation"
