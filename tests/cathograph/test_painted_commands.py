"""`segment --strokes`, `segment --model` and `ingest --model` with a painted model, as a user meets them."""

import json

import numpy as np
import pytest
import tifffile

PHASES = "1=NMC,2=SSE"


@pytest.fixture
def painted(tmp_path):
    """Write two images of a bright disc on a dark ground, with strokes on each."""
    y, x = np.indices((80, 80))
    disc = (y - 40) ** 2 + (x - 40) ** 2 < 25**2
    for seed in (0, 1):
        noise = np.random.default_rng(seed).normal(0, 0.05, disc.shape)
        tifffile.imwrite(tmp_path / f"{seed}.tif", (disc + noise).astype(np.float32))
        strokes = np.zeros(disc.shape, np.uint8)
        strokes[38:41, 20:60] = 1
        strokes[4:7, 10:70] = 2
        tifffile.imwrite(tmp_path / f"{seed}_strokes.tif", strokes)
    return disc


ON_ONE = ("segment", "0.tif", "--strokes", "0_strokes.tif", "--phases", PHASES, "--out", "phases.tif")


def test_from_strokes_to_a_graph(call, painted, tmp_path):
    code, _, errors = call(*ON_ONE, "--save-model", "night")
    assert code == 0
    assert "--phases 1=SSE,2=NMC" in errors  # the codes of the composite, whatever the values of the strokes
    found = tifffile.imread(tmp_path / "phases.tif")
    assert ((found == 2) == painted).mean() > 0.98
    assert (tmp_path / "home" / "models" / "night.npz").is_file()

    assert call("segment", "0.tif", "--model", "night", "--out", "again.tif")[0] == 0
    assert (tifffile.imread(tmp_path / "again.tif") == found).all()

    code, said, _ = call(
        "ingest", "1.tif", "--sample", "s", "--pixel-size-nm", 50, "--model", "night", "--min-size-px", 9,
        "--dry-run", "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(said)[0]["particles"] == 2  # the disc and its ground


def test_two_images_teach_one_model(call, painted):
    both = ("segment", "0.tif", "1.tif", "--strokes", "0_strokes.tif", "--strokes", "1_strokes.tif")
    assert call(*both, "--phases", PHASES, "--out", "phases.tif")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((*ON_ONE, "--model", "night"), "--model"),
        ((*ON_ONE[:4], "--out", "a.tif"), "--phases"),
        ((*ON_ONE[:2], "--phases", PHASES, "--out", "a.tif"), "--strokes"),
        ((*ON_ONE[:2], "--model", "nobody", "--out", "a.tif"), "nobody"),
        (("segment", "0.tif", "1.tif", "--out", "a.tif"), "2 images"),
        ((*ON_ONE[:1], "1.tif", *ON_ONE[1:]), "1 files of strokes for 2 images"),
        ((*ON_ONE, "--save-model", "../night"), "../night"),
        ((*ON_ONE[:4], "--phases", "1=NMC,2=Lithium", "--out", "a.tif"), "Lithium"),
        (("ingest", "1.tif", "--sample", "s", "--model", "nobody", "--dry-run"), "nobody"),
    ],
)
def test_what_does_not_fit_is_refused(call, painted, arguments, word):
    code, _, errors = call(*arguments)
    assert code == 1
    assert word in errors
    assert len(errors.strip().splitlines()) == 1
