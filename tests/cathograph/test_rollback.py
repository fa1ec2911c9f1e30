"""An earlier segmentation back into sight, from the command line."""

import json

import numpy as np
import pytest
import tifffile

PHASES = "0=background,1=NMC,2=SSE,3=Graphite"
WHERE = ["--sample", "s1", "--image", "mask"]
LINE = ["--as", "phases", "--phases", PHASES, "--sample", "s1", "--pixel-size-nm", "50"]


@pytest.fixture
def twice(cathograph, tmp_path):
    """Ingest an image with radius 3 and then 1: graphite is 2 px beside the NMC, so the TPB is there with 3 only."""
    image = np.zeros((30, 40), np.uint8)
    image[4:18, 4:20] = 1
    image[18:24, 4:30] = 2
    image[4:18, 22:30] = 3
    tifffile.imwrite(tmp_path / "mask.tif", image)
    for radius in (3, 1):
        assert cathograph("ingest", "mask.tif", *LINE, "--radius-px", radius)[0] == 0
    return keys(cathograph)


def keys(cathograph):
    """Keys in the order of their creation, and the active one."""
    rows = json.loads(cathograph("query", "segmentations", "--format", "json")[1])
    rows.sort(key=lambda row: row["created"])
    return [row["segmentation"] for row in rows], next(row["segmentation"] for row in rows if row["active"])


def tpbs(cathograph):
    return len(json.loads(cathograph("query", "tpbs", "--format", "json")[1]))


def test_back_and_forth(cathograph, twice):
    (old, new), active = twice
    assert (active, tpbs(cathograph)) == (new, 0)
    code, out, err = cathograph("rollback", *WHERE, "--json")
    assert code == 0, err
    said = json.loads(out)
    assert (said["before"]["segmentation"], said["before"]["particles"], said["before"]["tpbs"]) == (
        new,
        3,
        0,
    )
    assert (said["after"]["segmentation"], said["after"]["particles"], said["after"]["tpbs"]) == (old, 3, 1)
    assert (keys(cathograph)[1], tpbs(cathograph)) == (old, 1)
    code, out, _ = cathograph("rollback", *WHERE, "--to", new)
    assert code == 0
    assert "before" in out
    assert "now" in out
    assert (keys(cathograph)[1], tpbs(cathograph)) == (new, 0)
    assert cathograph("query", "percolation", "--format", "json")[0] == 0


def test_what_cannot_be_rolled_back_is_refused(cathograph, twice):
    (old, new), _ = twice
    for options, words in (
        (["--to", "nosuch"], "no segmentation 'nosuch' of image 'mask'"),
        (["--to", new], "active already"),
    ):
        code, out, err = cathograph("rollback", *WHERE, *options)
        assert (code, out) == (1, "")
        assert words in err
    code, _, err = cathograph("rollback", "--sample", "s1", "--image", "none")
    assert code == 1
    assert "no image 'none' of sample 's1'" in err
    assert cathograph("rollback", *WHERE)[0] == 0
    code, _, err = cathograph("rollback", *WHERE)
    assert code == 1
    assert "older than the active one (2 in all)" in err
    assert keys(cathograph)[1] == old
