"""The real images go in through the front door and answer every query.

Ten X-ray nano-CT slices, a SEM section, an X-ray volume with its hubs, and the small labelled
volume. Answers are compared with the plain definitions where those can be computed in a moment.
"""

import numpy as np
import pandas as pd
import pytest
import tifffile
import truth

from cathograph.cli import main
from cathograph.queries.catalog import all_read_queries, load
from cathograph.queries.reading.runner import run

pytestmark = [pytest.mark.neo4j, pytest.mark.data, pytest.mark.long]
SLICES = ("100", "103", "200", "300", "394", "470", "510", "546", "738", "929")


@pytest.fixture(scope="module")
def command(clean_store, neo4j_server, tmp_path_factory):
    """Run `cathograph …` in this process against the test server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEO4J_URI", neo4j_server.uri)
        patch.setenv("NEO4J_USER", neo4j_server.user)
        patch.setenv("NEO4J_PASSWORD", neo4j_server.password)
        patch.setenv("CATHOGRAPH_HOME", str(tmp_path_factory.mktemp("home")))

        def call(*arguments):
            patch.setattr("sys.argv", ["cathograph", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code

        yield call


@pytest.fixture(scope="module")
def real_store(command, clean_store, shared_data):
    """All real images in one store."""
    pairs = shared_data / "nmc-nanoct-pairs"
    for name in SLICES:
        command(
            "ingest", pairs / f"{name}_label.tif", "--as", "phases",
            "--phases", "0=NMC,1=Graphite,2=SSE",
            "--sample", f"s{name}", "--cathode", "nano-CT", "--pixel-size-nm", "50", "--image", name,
        )  # fmt: skip
    command(
        "ingest", shared_data / "nmc-sem-3phase" / "sem_image_half.tif", "--as", "phases",
        "--phases", "0=SSE,1=NMC,2=Graphite", "--sample", "sem",
        "--pixel-size-nm", "100", "--min-size-px", "5",
    )  # fmt: skip
    command(
        "ingest", shared_data / "nmc-ct-cbd-3d" / "nmc-1-cal_generatedCBD_bridge.tif", "--volume",
        "--as", "phases", "--phases", "0=SSE,1=NMC,2=Graphite", "--sample", "volume",
        "--pixel-size-nm", "398", "--image", "volume",
    )  # fmt: skip
    return clean_store


def ask(store, name, **parameters):
    query = load(name)
    return run(store, query, query.bind(parameters))


def test_all_queries_answer_on_every_sample(real_store):
    for query in all_read_queries():
        required = {each.name for each in query.parameters if not each.nullable}
        assert not required, f"{query.name} has a parameter without which nobody can call it"
        # The million pairs of the volume are asked for below, once.
        samples = [*(f"s{name}" for name in SLICES), "sem"] if query.name == "concurrent_channels" else [None]
        for sample in samples:
            table = run(real_store, query, {"sample": sample})
            assert list(table.columns) == [column.name for column in query.columns]


def test_slices_equal_the_plain_definitions(real_store, shared_data):
    """On a corner of a slice the store's answer and the plain definitions agree row by row."""
    name = "100"
    particles = ask(real_store, "particles", sample=f"s{name}")
    phases = tifffile.imread(shared_data / "nmc-nanoct-pairs" / f"{name}_label.tif")
    total = particles.groupby("phase")["area_px"].sum()
    for value, phase in {0: "NMC", 1: "Graphite", 2: "SSE"}.items():
        assert total[phase] == (phases == value).sum()
    # The README of the images counts 76 to 136 NMC in a slice; speckle of a few pixels is no particle.
    particles_of_size = particles[particles["area_px"] >= 30]
    assert 76 <= (particles_of_size["phase"] == "NMC").sum() <= 136


def test_volume_with_hubs_does_not_blow_up(real_store):
    hubs = ask(real_store, "hub_share", sample="volume").iloc[0]
    assert hubs["hub_share_sse"] > 0.9
    assert hubs["hub_share_graphite"] > 0.9
    flags = ask(real_store, "channel_flags", sample="volume")
    assert not hubs["channel_pairs_stored"]
    assert flags["concurrent_partners"].sum() == 2 * hubs["channel_pairs"]


@pytest.mark.slow
def test_a_million_pairs_are_all_given(real_store):
    hubs = ask(real_store, "hub_share", sample="volume").iloc[0]
    pairs = ask(real_store, "concurrent_channels", sample="volume")
    assert len(pairs) == hubs["channel_pairs"]


def test_labelled_volume_contacts(command, clean_store, shared_data, tmp_path):
    """64 touching regions, 207 face pairs by the README; contacts here equal the plain definition."""
    file = shared_data / "labelled-and-large-3d" / "partitioned_regions.tif"
    labels = tifffile.imread(file)
    names = [int(name) for name in np.unique(labels) if name]
    table = tmp_path / "phases.csv"
    pd.DataFrame({"label": names, "phase": [("NMC", "SSE", "Graphite")[n % 3] for n in names]}).to_csv(
        table, index=False
    )
    command(
        "ingest", file, "--volume", "--as", "regions", "--phases", table, "--sample", "labelled",
        "--pixel-size-nm", "1000",
    )  # fmt: skip
    assert len(ask(clean_store, "particles", sample="labelled")) == 64
    found = ask(clean_store, "contacts", sample="labelled")
    expected = {(a, b, *counts) for (a, b), counts in truth.contacts(labels).items()}
    columns = ["a", "b", "overlap_ab", "overlap_ba", "gap_px"]
    assert set(found[columns].itertuples(index=False, name=None)) == expected
    graph = truth.contact_graph(labels, {n: ("NMC", "SSE", "Graphite")[n % 3] for n in names})
    tpbs = ask(clean_store, "tpbs", sample="labelled")
    triangles = truth.triangles(graph)
    assert set(tpbs[["nmc", "sse", "graphite"]].itertuples(index=False, name=None)) == triangles
    physical = set(
        tpbs.loc[tpbs["is_physical"], ["nmc", "sse", "graphite"]].itertuples(index=False, name=None)
    )
    chosen = np.random.default_rng(0).permutation(sorted(triangles))[
        :40
    ]  # each takes a second by the definition
    for triple in map(tuple, chosen.tolist()):
        assert (triple in physical) == truth.has_junction(labels, triple)
