"""Strokes, the mark of unlike images and the blind spot check, through the command line into the store."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
import tifffile

PHASES = "1=NMC,2=SSE"


@pytest.fixture
def images(tmp_path):
    """Write a bright disc on a dark ground with strokes on it, and an image of other grey values."""
    y, x = np.indices((80, 80))
    disc = (y - 40) ** 2 + (x - 40) ** 2 < 25**2
    noise = np.random.default_rng(0).normal(0, 0.05, disc.shape)
    tifffile.imwrite(tmp_path / "raw.tif", (disc + noise).astype(np.float32))
    tifffile.imwrite(tmp_path / "bright.tif", (5 + 10 * (disc + noise)).astype(np.float32))
    strokes = np.zeros(disc.shape, np.uint8)
    strokes[38:41, 20:60] = 1
    strokes[4:7, 10:70] = 2
    tifffile.imwrite(tmp_path / "raw_strokes.tif", strokes)
    return disc


INGEST = ("--sample", "s1", "--pixel-size-nm", "50", "--min-size-px", "9", "--json")
CHECK = ("spot-check", "raw.tif", "--sample", "s1", "--image", "raw")


def _table(cathograph, name):
    code, out, errors = cathograph("query", name, "--format", "csv")
    assert code == 0, errors
    return pd.read_csv(io.StringIO(out))


def _fill(path, disc, wrong=0):
    """Name the true phase at each point, and another one at the first few."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        is_nmc = disc[int(row["y"]), int(row["x"])] != (number < wrong)
        row["phase"] = "NMC" if is_nmc else "SSE"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return rows


def _ingest(cathograph, *images):
    code, out, errors = cathograph(
        "ingest", *images, "--strokes", "raw_strokes.tif", "--phases", PHASES, *INGEST
    )
    assert code == 0, errors
    return json.loads(out)


@pytest.mark.neo4j
def test_from_strokes_to_a_checked_segmentation(cathograph, images, tmp_path):
    first, second = _ingest(cathograph, "raw.tif", "bright.tif")
    assert "unlike" not in " ".join(first["notes"])
    assert "grey range" in " ".join(second["notes"])
    # The unlike image first, although its name comes first anyway; the mark says why.
    table = _table(cathograph, "images")
    assert table["image"].tolist() == ["bright", "raw"]
    assert table["unlike_painted"].notna().tolist() == [True, False]
    assert table["accuracy"].isna().all()
    # Provenance holds the hashes of the model and of the strokes.
    (model,) = (tmp_path / "home" / "models").glob("*.npz")
    code, out, _ = cathograph("provenance", first["segmentation"])
    assert code == 0
    assert model.stem.removeprefix("strokes-") in out

    assert cathograph(*CHECK, "--out", "check")[0] == 0
    assert (tmp_path / "check" / "points.png").stat().st_size > 0
    rows = _fill(tmp_path / "check" / "points.csv", images, wrong=3)
    assert len({(row["y"], row["x"]) for row in rows}) == 30
    code, out, errors = cathograph(*CHECK, "--named", "check/points.csv", "--json")
    assert code == 0, errors
    said = json.loads(out)
    assert (said["points"], said["right"]) == (30, 27)
    assert said["accuracy"]["value"] == pytest.approx(0.9)
    fractions = {row["phase"]: row for row in said["fractions"]}
    assert set(fractions) == {"NMC", "SSE"}
    assert fractions["NMC"]["found"] == pytest.approx(images.mean(), abs=0.01)
    checked = _table(cathograph, "images").set_index("image")
    assert checked.loc["raw", ["accuracy", "accuracy_low", "accuracy_high"]].tolist() == pytest.approx(
        [0.9, 0.744, 0.965], abs=0.001
    )
    assert np.isnan(checked.loc["bright", "accuracy"])


@pytest.mark.neo4j
def test_a_watched_folder_uses_a_painted_model(cathograph, images, tmp_path):
    painted = (
        "segment",
        "raw.tif",
        "--strokes",
        "raw_strokes.tif",
        "--phases",
        PHASES,
        "--out",
        "phases.tif",
    )
    assert cathograph(*painted, "--save-model", "night")[0] == 0
    folder = tmp_path / "beam"
    folder.mkdir()
    (folder / "beamtime.yaml").write_text(
        "pixel_size_nm: 50\nfiles:\n"
        "  - {pattern: '*.tif', as: image, sample: s1, segmenter: {model: night}, min_size_px: 9}\n"
    )
    for name in ("raw.tif", "bright.tif"):
        (tmp_path / name).rename(folder / name)
    code, out, errors = cathograph("watch", folder, "--once", "--settle-s", "0.1", "--poll-s", "0.2")
    assert code == 0, out + errors
    assert "bright: unlike the painted images" in " ".join((out + errors).split())
    table = _table(cathograph, "images").set_index("image")
    assert table["method"].tolist() == ["painted", "painted"]
    assert table["particles"].tolist() == [2, 2]
    assert table.index.tolist() == ["bright", "raw"]
    assert "grey range" in table.loc["bright", "unlike_painted"]
    (folder / "beamtime.yaml").write_text(
        "pixel_size_nm: 50\nfiles:\n  - {pattern: '*.tif', as: image, sample: s1, segmenter: {models: night}}\n"
    )
    code, _, errors = cathograph("watch", folder, "--once", "--settle-s", "0.1")
    assert code == 1
    assert "models" in errors


@pytest.mark.neo4j
def test_tables_that_do_not_fit(cathograph, images, tmp_path):
    _ingest(cathograph, "raw.tif")
    assert cathograph(*CHECK, "--out", "check", "--points", "5", "--seed", "1")[0] == 0
    table = tmp_path / "check" / "points.csv"
    empty = table.read_text()

    def refused(*arguments, word):
        code, _, errors = cathograph(*CHECK, *arguments)
        assert code == 1
        assert word in errors
        assert len(errors.strip().splitlines()) == 1

    refused("--named", "check/points.csv", word="1, 2, 3, 4, 5")  # nothing was named
    refused("--out", "check", word="filled in")
    refused("--named", "nowhere.csv", word="nowhere.csv")
    refused(word="--named")
    refused("--named", "check/points.csv", "--points", "4", word="--points")
    _fill(table, images)
    whole = table.read_text()
    table.write_text(whole.replace("NMC", "Lithium").replace("SSE", "Lithium"))
    refused("--named", "check/points.csv", word="Lithium")
    table.write_text(whole.replace(whole.split(",")[-1].strip(), "0" * 64))
    refused("--named", "check/points.csv", word="other pixels")
    table.write_text(empty.splitlines()[0])
    refused("--named", "check/points.csv", word="points")
    table.write_text(whole.replace("\n1,,", "\n1,,9"))
    refused("--named", "check/points.csv", word="outside")
