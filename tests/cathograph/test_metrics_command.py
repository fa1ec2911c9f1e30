"""Network metrics from the command line: with every ingest, filled in later, of a selection."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from cathograph.queries.reading.content import content_hash

pytestmark = pytest.mark.long

PHASES = "0=background,1=NMC,2=SSE,3=Graphite"
LINE = ["--as", "phases", "--phases", PHASES, "--sample", "s1", "--pixel-size-nm", "50"]


@pytest.fixture
def mask(tmp_path):
    """NMC 1 and 2 in a row with graphite 3 between them, SSE 4 below all three."""
    image = np.zeros((40, 60), np.uint8)
    image[4:18, 4:26] = 1
    image[4:18, 34:56] = 1
    image[20:28, 4:56] = 2
    image[4:18, 28:32] = 3
    tifffile.imwrite(tmp_path / "mask.tif", image)
    return tmp_path / "mask.tif"


def centralities(cathograph):
    code, out, _ = cathograph("query", "centralities", "--param", "sample=s1", "--format", "csv")
    assert code == 0
    return pd.read_csv(io.StringIO(out)).set_index("label")


def test_ingest_brings_them_and_again_changes_nothing(cathograph, mask, clean_store):
    assert cathograph("ingest", mask, *LINE)[0] == 0
    found = centralities(cathograph)
    # All pairs but the two NMC touch; that pair has two ways, over graphite and over SSE.
    assert found["phase"].tolist() == ["NMC", "Graphite", "NMC", "SSE"]
    assert found["degree"].tolist() == [2, 3, 2, 3]
    assert found["betweenness"].tolist() == [0, 0.5, 0, 0.5]
    before = content_hash(clean_store)
    assert cathograph("ingest", mask, *LINE)[0] == 0
    assert content_hash(clean_store) == before


def test_an_ingest_killed_before_the_metrics_is_finished_by_the_next(cathograph, mask, clean_store):
    cathograph("ingest", mask, *LINE)
    before = content_hash(clean_store)
    for command in (["ingest", mask, *LINE], ["metrics", "--sample", "s1"]):
        clean_store.write(
            lambda transaction: transaction.run(
                "MATCH (s:Segmentation)<-[:IN]-(n) REMOVE s.metrics_version, n.degree, n.closeness"
            )
        )
        assert centralities(cathograph)["degree"].isna().all()
        assert cathograph(*command)[0] == 0
        assert content_hash(clean_store) == before


def test_metrics_tells_what_it_did(cathograph, mask):
    cathograph("ingest", mask, *LINE)
    code, out, _ = cathograph("metrics", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert json.loads(cathograph("metrics", "--again", "--json")[1]) == [
        {"sample": "s1", "image": "mask", "particles": 4}
    ]
    assert "already" in cathograph("metrics")[2]
    assert "1 images with 4 particles" in cathograph("metrics", "--again")[2]


def test_metrics_of_what_is_not_there(cathograph, mask):
    cathograph("ingest", mask, *LINE)
    for options, said in (
        (["--sample", "nosuch"], "no sample 'nosuch'"),
        (["--image", "[none]"], "no image '[none]'"),
        (["--sample", "s1", "--image", "none"], "no image 'none' of sample 's1'"),
    ):
        code, out, err = cathograph("metrics", *options)
        assert (code, out) == (1, "")
        assert said in err
        assert "query images" in err
    assert cathograph("metrics", "--sample", "s1", "--image", "mask")[0] == 0


def test_sides_in_any_case_and_unknown_ones(cathograph, mask):
    cathograph("ingest", mask, *LINE)
    code, out, _ = cathograph("query", "percolation", "--param", "side=Top", "--format", "csv")
    assert (code, out) == (0, cathograph("query", "percolation", "--format", "csv")[1])
    assert len(pd.read_csv(io.StringIO(out))) == 1
    for name in ("percolation", "bottlenecks"):
        code, out, err = cathograph("query", name, "--param", "side=north")
        assert (code, out) == (1, "")
        assert "expected one of: top, bottom, left, right, front, back" in err


def test_parquet(cathograph, mask, tmp_path):
    cathograph("ingest", mask, *LINE)
    code, _, _ = cathograph(
        "query", "centralities", "--param", "sample=s1", "--format", "parquet", "--out", "c.parquet"
    )
    assert code == 0
    assert pd.read_parquet(tmp_path / "c.parquet")["degree"].tolist() == [2, 3, 2, 3]


def test_selection(cathograph, mask, tmp_path):
    """Without SSE the two NMC are joined over graphite alone."""
    cathograph("ingest", mask, *LINE)
    (tmp_path / "dry.cypher").write_text("MATCH (n:Particle) WHERE NOT n:SSE RETURN n.key AS key")
    code, out, _ = cathograph("metrics", "--select", "dry.cypher", "--json")
    assert code == 0
    rows = json.loads(out)
    assert [(row["phase"], row["betweenness"], row["ionic_degree"]) for row in rows] == [
        ("NMC", 0, 0),
        ("Graphite", 1, None),
        ("NMC", 0, 0),
    ]
    assert "Graphite" in cathograph("metrics", "--select", "dry.cypher")[1]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("MATCH (n:Particle) RETURN n.label AS label", [], "Found columns label"),
        ("MATCH (n:Particle) SET n.degree = 0 RETURN n.key AS key", [], "SetProperty"),
        ("RETURN 'k:1' AS key", [], "keys that no particle in sight has"),
        ("MATCH (n:Sample) RETURN n.key AS key", [], "no particle selected"),
        ("MATCH (n:Particle) RETURN n.key AS key", ["--again"], "--select with --sample, --image or --again"),
        (None, [], "no readable Cypher"),
    ],
)
def test_selections_that_cannot_be_are_refused(cathograph, tmp_path, text, options, said):
    if text is not None:
        (tmp_path / "one.cypher").write_text(text)
    code, out, err = cathograph("metrics", "--select", "one.cypher", *options)
    assert (code, out) == (1, "")
    assert said in err


def test_a_query_about_what_is_not_there_says_so(cathograph, mask):
    cathograph("ingest", mask, *LINE)
    code, out, err = cathograph("query", "tpbs", "--param", "sample=[s]", "--format", "csv")
    assert (code, len(out.splitlines())) == (0, 1)
    assert "There is no sample '[s]' here" in err
    err = cathograph("query", "tpbs", "--param", "sample=s1", "--param", "image=x")[2]
    assert "no sample 's1' and image 'x'" in err
    assert "no sample" not in cathograph("query", "local_channels", "--param", "sample=s1")[2]


def test_a_report_of_nothing_and_of_four_particles_without_energies(cathograph, mask):
    code, out, err = cathograph("report", "--out", "r")
    assert (code, out) == (1, "")
    assert "no image in the store" in err
    cathograph("ingest", mask, *LINE)
    code, out, err = cathograph("report", "--out", "r", "--draws", 0)
    assert (code, "14 figures" in out) == (0, True)
    assert any(line.startswith("Fig. S4: ") and "energy map" in line for line in err.splitlines())
    page = (mask.parent / "r" / "report.html").read_text(encoding="utf-8")
    assert "no NMC has a measured state" in page
