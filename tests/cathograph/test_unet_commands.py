"""`train`, `segment`, `evaluate` and `ingest --model` as a user meets them, with a network of a few channels."""

import json

import numpy as np
import pytest
import tifffile
import torch
from small_networks import two_phase_pair

from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.network import UNet
from cathograph.ingest.segmentation.unet.weights import load_model, save_model
from cathograph.schema.phases import NMC, SSE

PHASES = "1=SSE,2=NMC"


@pytest.fixture
def pairs(tmp_path):
    """Make a folder of five pairs."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    for number in range(5):
        pair = two_phase_pair(str(number))
        tifffile.imwrite(folder / f"{number}.tif", pair.grey)
        tifffile.imwrite(folder / f"{number}_label.tif", pair.phases)
    return folder


@pytest.fixture
def model(tmp_path):
    """Write a network that was not trained."""
    torch.manual_seed(0)
    path = tmp_path / "small.safetensors"
    save_model(path, UNet(Architecture((SSE, NMC), (4, 6))), name="small")
    return path


TRAINING = (
    "--channels",
    "4,6",
    "--steps",
    4,
    "--round-steps",
    2,
    "--batch",
    2,
    "--patch-px",
    16,
    "--device",
    "cpu",
)


def test_a_channel_and_a_picture_in_which_0_is_white_are_segmented_as_seen(call, pairs, model):
    grey = tifffile.imread(pairs / "0.tif").astype(np.uint16)
    tifffile.imwrite(pairs / "plain.tif", grey)
    tifffile.imwrite(pairs / "white.tif", 65535 - grey, photometric="miniswhite")
    both = np.stack([np.full_like(grey, 7), grey])
    tifffile.imwrite(pairs / "both.tif", both, imagej=True, metadata={"axes": "CYX"})
    found = {}
    for name, more in (("plain", ()), ("white", ()), ("both", ("--channel", "1"))):
        command = ("segment", pairs / f"{name}.tif", "--model", model, "--out", f"{name}_phases.tif", *more)
        code, _, errors = call(*command)
        assert code == 0, errors
        found[name] = tifffile.imread(pairs.parent / f"{name}_phases.tif")
    np.testing.assert_array_equal(found["white"], found["plain"])
    np.testing.assert_array_equal(found["both"], found["plain"])
    code, _, errors = call("segment", pairs / "both.tif", "--model", model, "--out", "no.tif")
    assert (code, "--channel" in errors) == (1, True)


@pytest.mark.training
def test_from_pairs_to_a_graph(call, pairs):
    arguments = ("train", pairs, "--phases", PHASES, "--out", "mine.safetensors", *TRAINING)
    code, said, _ = call(*arguments, "--json")
    assert code == 0
    card = json.loads(said)
    assert card["training"]["steps_made"] == 4
    assert load_model(pairs.parent / "mine.safetensors").sha256 == card["sha256"]
    assert (pairs.parent / "mine.md").read_text().startswith("# Model mine")
    code, _, errors = call(*arguments)
    assert code == 1
    assert "--resume" in errors
    assert call(*arguments, "--resume")[0] == 0  # nothing is left to do

    code, _, errors = call(
        "segment", pairs / "0.tif", "--model", "mine.safetensors", "--out", "my phases.tif"
    )
    assert code == 0
    assert (
        "ingest 'my phases.tif' --as phases --phases 1=SSE,2=NMC --sample NAME --pixel-size-nm NUMBER"
        in errors
    )
    phases = tifffile.imread(pairs.parent / "my phases.tif")
    assert phases.shape == (48, 48)
    assert set(np.unique(phases)) <= {1, 2}

    code, said, _ = call(
        "evaluate", pairs, "--phases", PHASES, "--model", "mine.safetensors", "--only", "0,3", "--json"
    )
    assert code == 0
    scores = json.loads(said)
    assert [image["image"] for image in scores["images"]] == ["0", "3"]
    assert 0 <= scores["mean_iou"]["low"] <= scores["mean_iou"]["value"] <= scores["mean_iou"]["high"] <= 1
    code, said, _ = call("evaluate", pairs, "--phases", PHASES, "--model", "mine.safetensors")
    assert code == 0
    assert "boundary F1" in said

    code, said, _ = call(
        "ingest", pairs / "0.tif", "--sample", "s", "--pixel-size-nm", 50, "--model", "mine.safetensors",
        "--dry-run", "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(said)[0]["state"] == "computed"


def test_what_is_stored_names_the_model_by_its_hash(cathograph, pairs, model, neo4j_server):
    arguments = (
        "ingest",
        pairs / "1.tif",
        "--sample",
        "s",
        "--pixel-size-nm",
        50,
        "--model",
        model,
        "--json",
    )
    code, said, errors = cathograph(*arguments)
    assert code == 0, errors
    first = json.loads(said)[0]
    moved = model.rename(model.with_name("moved.safetensors"))
    again = [moved if each == model else each for each in arguments]
    assert json.loads(cathograph(*again)[1])[0]["state"] == "unchanged"
    with neo4j_server.driver() as driver:
        (record,) = driver.execute_query(
            "MATCH (s:Segmentation) RETURN s.method AS method, s.params AS params"
        ).records
    assert record["method"] == "unet"
    assert json.loads(record["params"])["method_parameters"]["segmenter.sha256"] == load_model(moved).sha256
    # Another model is another segmentation of the same image.
    torch.manual_seed(1)
    save_model(moved, UNet(Architecture((SSE, NMC), (4, 6))), name="small")
    second = json.loads(cathograph(*again)[1])[0]
    assert second["state"] == "written"
    assert second["segmentation"] != first["segmentation"]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--model", "nowhere.safetensors"), "no model at nowhere.safetensors"),
        (("--model", "small.safetensors", "--segmenter", "multi-otsu"), "--model with --segmenter"),
        (("--device", "cpu"), "--device without --model"),
        (("--model", "small.safetensors", "--as", "phases", "--phases", PHASES), "--model with --as phases"),
    ],
)
def test_options_of_ingest_that_do_not_go_together(call, pairs, model, arguments, found):
    code, _, errors = call(
        "ingest", pairs / "0.tif", "--sample", "s", "--dry-run", "--pixel-size-nm", 50, *arguments
    )
    assert code == 1
    assert found in errors


def test_options_that_cannot_be_meant(call, pairs, model):
    for arguments, found in (
        (("train", pairs, "--phases", PHASES, "--out", "mine.pt"), "NAME.safetensors"),
        (
            ("train", pairs, "--phases", PHASES, "--out", "m.safetensors", "--channels", "4;6"),
            "--channels 4;6",
        ),
        (
            ("train", pairs, "--phases", "1=SSE", "--out", "m.safetensors", *TRAINING),
            "phase map does not name",
        ),
        (("segment", pairs / "0.tif", "--model", model, "--out", "0.png"), "a file .tif"),
        (("segment", pairs / "0.tif", "--model", model, "--out", pairs / "0.tif"), "the image itself"),
        (("evaluate", pairs, "--phases", PHASES, "--model", model, "--only", "7"), "no image 7"),
        (
            ("evaluate", pairs, "--phases", "1=Graphite,2=NMC", "--model", model),
            "Found Graphite in the mask of 0",
        ),
    ):
        code, _, errors = call(*arguments)
        assert code == 1
        assert found in errors
