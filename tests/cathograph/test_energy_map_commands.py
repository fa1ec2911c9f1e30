"""Energy maps from the command line: with an image, onto an image, and one-line errors."""

import hashlib
import io
import json

import numpy as np
import pandas as pd
import pytest
import tifffile

PHASES = "0=background,1=NMC,2=SSE,3=Graphite"
LINE = ["--as", "phases", "--phases", PHASES, "--sample", "s1", "--pixel-size-nm", "50"]


@pytest.fixture
def mask(tmp_path):
    """Two NMC with SSE and graphite beside them."""
    image = np.zeros((40, 60), np.uint8)
    image[4:18, 4:26] = 1
    image[4:18, 34:56] = 1
    image[20:28, 4:56] = 2
    image[4:18, 28:32] = 3
    tifffile.imwrite(tmp_path / "mask.tif", image)
    return tmp_path / "mask.tif"


@pytest.fixture
def energy(tmp_path):
    """8343 eV in the left NMC, in the right one 8342 above and 8345 below; elsewhere nothing."""
    values = np.full((40, 60), np.nan, np.float32)
    values[4:18, 4:26] = 8343
    values[4:11, 34:56] = 8342
    values[11:18, 34:56] = 8345
    tifffile.imwrite(tmp_path / "energy.tif", values)
    return tmp_path / "energy.tif"


def states(cathograph):
    code, out, err = cathograph("query", "states", "--format", "csv")
    assert code == 0, err
    return pd.read_csv(io.StringIO(out))


def refused(result, *words):
    code, _, err = result
    assert code == 1
    lines = [line for line in err.splitlines() if line.startswith(("Error:", "mask.tif:"))]
    assert len(lines) == 1, err
    for word in words:
        assert word in lines[0]


def test_an_image_with_its_map(cathograph, mask, energy):
    code, out, err = cathograph("ingest", mask, *LINE, "--energy-map", energy, "--json")
    assert code == 0, err
    record = json.loads(out)[0]
    assert (record["state"], record["energy_map"], record["measured"], record["flagged"]) == (
        "written",
        "written",
        2,
        0,
    )
    table = states(cathograph)
    assert table[["soc_ev", "polarization_ev"]].to_numpy().tolist() == [[8343.0, 0.0], [8343.5, 3.0]]
    assert table["heterogeneity_ev"].tolist() == [0.0, 1.5]
    assert table["at_tpb"].all()
    assert table["has_concurrent_channel"].all()
    code, out, err = cathograph("ingest", mask, *LINE, "--energy-map", energy)
    assert code == 0
    assert "unchanged" in out
    assert "shift left between map and NMC: (0, 0) µm" not in err, "nothing was computed again"


def test_a_map_later_and_a_second_one(cathograph, mask, energy, tmp_path):
    assert cathograph("ingest", mask, *LINE)[0] == 0
    where = ["--sample", "s1", "--image", "mask", "--labels", mask]
    code, out, err = cathograph("ingest-map", energy, *where, "--json")
    assert code == 0, err
    record = json.loads(out)
    assert (record["state"], record["particles"], record["measured"]) == ("written", 2, 2)
    second = tmp_path / "second.npy"
    np.save(second, tifffile.imread(energy) + 1)
    code, out, err = cathograph(
        "ingest-map", second, *where, "--window-ev", "8341,8349", "--reference-ev", "8345"
    )
    assert code == 0, err
    assert "written" in out
    assert states(cathograph)["soc_ev"].tolist() == [8344.0, 8344.5]
    code, out, _ = cathograph("query", "measurements", "--format", "csv")
    assert sorted(pd.read_csv(io.StringIO(out))["active"]) == [False, True]
    code, out, _ = cathograph("query", "states")
    assert "8344.50" in out, "energies are shown with what differs between them"


def test_a_map_that_lies_elsewhere(cathograph, mask, energy, tmp_path):
    part = tmp_path / "part.npy"
    np.save(part, tifffile.imread(energy)[2:22, 3:])
    refused(
        cathograph("ingest", mask, *LINE, "--energy-map", part), "(20, 57)", "--map-offset-um", "--register"
    )
    there = ["--map-pixel-size-nm", "50", "--map-offset-um", "0.1,0.15"]
    code, _, err = cathograph("ingest", mask, *LINE, "--energy-map", part, *there)
    assert code == 0, err
    assert "shift left between map and NMC: (0, 0) µm" in err
    placed = states(cathograph)
    found = ["--map-pixel-size-nm", "50", "--register"]
    code, _, err = cathograph("ingest", mask, *LINE, "--energy-map", part, *found)
    assert code == 0, err
    assert "map placed by correlation at (0.1, 0.14" in err
    columns = ["label", "soc_ev", "heterogeneity_ev", "polarization_ev", "n_valid"]
    pd.testing.assert_frame_equal(states(cathograph)[columns], placed[columns])
    assert placed["soc_ev"].tolist() == [8343.0, 8343.5]


def test_names_with_brackets_are_shown_as_they_are(cathograph, mask, energy, tmp_path):
    """Brackets are markup to the terminal's library: a name must not lose them, nor end in an error of its own."""
    assert cathograph("ingest", mask, *LINE)[0] == 0
    bracketed = tmp_path / "scan[old].tif"
    bracketed.write_bytes(energy.read_bytes())
    bracketed.with_suffix(".json").write_text("{}")
    where = ["--sample", "s1", "--image", "mask", "--labels", mask]
    code, _, err = cathograph("ingest-map", bracketed, *where)
    assert code == 0, err
    assert "scan[old].json beside the map" in err
    code, _, err = cathograph("ingest-map", energy, *where, "--dataset", "a[/b]")
    assert code == 1
    assert err.startswith("Error:")


def test_the_calibration_of_the_record_beside_a_map(cathograph, mask, energy):
    record = {
        "map_sha256": hashlib.sha256(energy.read_bytes()).hexdigest(),
        "method": {"name": "white_line"},
        "window_ev": [8339.0, 8349.0],
        "reference_ev": 8344.5,
        "energies_ev": [8330.0, 8350.0],
    }
    energy.with_suffix(".json").write_text(json.dumps(record))
    assert cathograph("ingest", mask, *LINE)[0] == 0
    where = ["--sample", "s1", "--image", "mask", "--labels", mask]
    code, _, err = cathograph("ingest-map", energy, *where)
    assert code == 0, err
    assert "window 8339 to 8349 eV and reference 8344.5 eV from energy.json" in err
    for given in (["--window-ev", "8340,8348"], ["--reference-ev", "8344"]):
        code, _, err = cathograph("ingest-map", energy, *where, *given)
        assert code == 0, err
        assert "energy.json" not in err
    rows = json.loads(cathograph("query", "measurements", "--format", "json")[1])
    windows = [
        json.loads(row["params"])["window_low_ev"] for row in sorted(rows, key=lambda row: row["created"])
    ]
    assert windows == [8339.0, 8340.0], "the second of the two given ones is the first again"


def test_wrong_options_and_files(cathograph, mask, energy, tmp_path):
    ingest = ("ingest", mask, *LINE, "--energy-map")
    refused(cathograph(*ingest, energy, "--window-ev", "8340"), "--window-ev '8340'", "LOW,HIGH")
    refused(cathograph(*ingest, energy, "--window-ev", "8348,8340"), "the lower first")
    refused(cathograph(*ingest, energy, "--reference-ev", "1"), "--reference-ev 1", "inside the window")
    refused(cathograph(*ingest, energy, "--map-offset-um", "here"), "--map-offset-um 'here'", "Y,X")
    refused(cathograph(*ingest, energy, "--map-offset-um", "0,0", "--register"), "expected one of them")
    refused(cathograph(*ingest, energy, "--map-offset-um", "-50,0"), "does not overlap")
    refused(cathograph(*ingest, energy, "--map-dataset", "a/b"), "which has no datasets")
    kev = tmp_path / "kev.npy"
    np.save(kev, tifffile.imread(energy) / 1000)
    refused(cathograph(*ingest, kev), "keV")
    refused(cathograph(*ingest, tmp_path / "none.tif"), "none.tif")
    refused(
        cathograph("ingest-map", energy, "--sample", "s1", "--image", "mask", "--labels", mask),
        "no image 'mask' of sample 's1'",
    )
