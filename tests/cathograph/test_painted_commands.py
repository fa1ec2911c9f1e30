"""`segment --strokes`, `segment --model` and `ingest --model` with a painted model, as a user meets them."""

import json

import numpy as np
import pytest
import tifffile

from cathograph.ingest.segmentation.painted.model_file import load_model
from cathograph.ingest.segmentation.painted.strokes_file import load_examples, strokes_beside

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


INGEST = ("--sample", "s", "--pixel-size-nm", 50, "--min-size-px", 9, "--dry-run", "--json")


def test_ingest_learns_from_strokes(call, painted, tmp_path):
    """Strokes on one image, two images; a dry run keeps no model."""
    (tmp_path / "strokes").mkdir()
    (tmp_path / "0_strokes.tif").rename(tmp_path / "strokes" / "0.tif")
    code, said, _ = call("ingest", "0.tif", "1.tif", "--strokes", "strokes", "--phases", PHASES, *INGEST)
    assert code == 0
    assert [each["particles"] for each in json.loads(said)] == [2, 2]
    assert not (tmp_path / "home" / "models").exists()


def test_strokes_are_kept_beside_the_model(call, painted, tmp_path):
    assert call(*ON_ONE, "--save-model", "night")[0] == 0
    (kept,) = load_examples(strokes_beside(tmp_path / "home" / "models" / "night.npz"))
    assert (kept.name, kept.shape, set(kept.phases)) == ("0.tif", painted.shape, {"NMC", "SSE"})
    on_image = np.full(painted.shape, "", dtype=object)
    on_image.reshape(-1)[kept.places] = [kept.phases[each] for each in kept.classes]
    strokes = tifffile.imread(tmp_path / "0_strokes.tif")
    assert (on_image == np.choose(strokes, ["", "NMC", "SSE"])).all()


def test_a_saved_model_is_not_replaced_by_chance(call, painted, tmp_path):
    path = tmp_path / "home" / "models" / "night.npz"
    assert call(*ON_ONE, "--save-model", "night")[0] == 0
    first = load_model(path).sha256
    other = ("segment", "1.tif", "--strokes", "1_strokes.tif", "--phases", PHASES, "--out", "phases.tif")
    code, _, errors = call(*other, "--save-model", "night")
    assert code == 1
    assert all(each in errors for each in ("night", "--replace", "--add-to"))
    assert load_model(path).sha256 == first
    assert call(*other, "--save-model", "night", "--replace")[0] == 0
    assert load_model(path).sha256 != first


def test_strokes_add_up(call, painted, tmp_path):
    """Strokes on a second image, added later, give the model that both at once give."""
    models = tmp_path / "home" / "models"
    assert call(*ON_ONE, "--save-model", "night")[0] == 0
    second = ("segment", "1.tif", "--strokes", "1_strokes.tif", "--phases", PHASES, "--out", "phases.tif")
    assert call(*second, "--add-to", "night")[0] == 0
    both = ("segment", "0.tif", "1.tif", "--strokes", "0_strokes.tif", "--strokes", "1_strokes.tif")
    assert call(*both, "--phases", PHASES, "--out", "phases.tif", "--save-model", "both")[0] == 0
    night, at_once = load_model(models / "night.npz"), load_model(models / "both.npz")
    assert night.sha256 == at_once.sha256
    assert len(night.painted) == 2
    (models / "night.strokes").write_bytes(b"no archive")
    code, _, errors = call(*second, "--add-to", "night")
    assert code == 1
    assert "night.strokes" in errors


def test_an_unlike_image_is_told_on_ingest(call, painted, tmp_path):
    assert call(*ON_ONE, "--save-model", "night")[0] == 0
    tifffile.imwrite(
        tmp_path / "bright.tif", (5 + 10 * tifffile.imread(tmp_path / "1.tif")).astype(np.float32)
    )
    code, said, _ = call("ingest", "1.tif", "bright.tif", "--model", "night", *INGEST)
    assert code == 0
    like, unlike = (" ".join(each["notes"]) for each in json.loads(said))
    assert "unlike the painted images" not in like
    assert "grey range" in unlike


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
        ((*ON_ONE[:2], "--add-to", "night", "--out", "a.tif"), "--strokes"),
        ((*ON_ONE, "--add-to", "nobody"), "nobody"),
        (("ingest", "1.tif", *ON_ONE[2:6], "--sample", "s", "--as", "phases", "--dry-run"), "--as phases"),
        (("ingest", "0.tif", *ON_ONE[2:4], "--sample", "s", "--dry-run"), "--phases"),
        (("ingest", "0.tif", *ON_ONE[2:6], "--model", "night", "--sample", "s", "--dry-run"), "--model"),
        (("ingest", "0.tif", "--phases", PHASES, "--sample", "s", "--dry-run"), "--phases"),
        (("ingest", "0.tif", "--save-model", "a", "--sample", "s", "--dry-run"), "--save-model"),
        (
            ("ingest", "1.tif", *ON_ONE[2:4], "--phases", "1=NMC,2=Lithium", "--sample", "s", "--dry-run"),
            "Lithium",
        ),
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
