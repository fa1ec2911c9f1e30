"""`cathograph measures`, and what queries say where measures are missing."""

import json

import numpy as np
import pytest
import tifffile

from cathograph.schema.measures import FAMILIES

pytestmark = pytest.mark.neo4j

LINE = (
    "--as",
    "phases",
    "--phases",
    "0=background,1=SSE,2=NMC,3=Graphite",
    "--sample",
    "s1",
    "--pixel-size-nm",
    "50",
)


@pytest.fixture
def ingested(cathograph, tmp_path):
    phases = np.zeros((24, 24), np.uint8)
    phases[:8], phases[8:16, 2:10], phases[16:, 2:10] = 1, 2, 3
    tifffile.imwrite(tmp_path / "mask.tif", phases)
    assert cathograph("ingest", tmp_path / "mask.tif", *LINE)[0] == 0


def test_queries_say_how_measures_are_computed(cathograph, ingested):
    for family in FAMILIES:
        for name in family.queries:
            code, _, said = cathograph("query", name)
            assert code == 0
            assert f"cathograph measures --missing --family {family.name}" in said
    assert cathograph("measures", "--missing")[0] == 0
    for name in ("transport", "transport_of_images", "electrode_profile"):
        assert "--missing" not in cathograph("query", name)[2]


def test_images_without_a_map_are_counted(cathograph, ingested):
    code, out, _ = cathograph("measures", "--missing", "--family", "profiles", "--json")
    assert code == 0
    (outcome,) = json.loads(out)
    assert (outcome["state"], outcome["image"]) == ("skipped", "mask")
    assert "1" in cathograph("measures", "--missing", "--family", "profiles")[2]


def test_a_length_that_cannot_be_meant(cathograph):
    code, _, said = cathograph("measures", "--missing", "--resolution-um", "-1")
    assert code != 0
    assert "-1" in said
