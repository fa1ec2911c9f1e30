"""`ingest --uncertainty` and `calibrate` as a user meets them, with a network of a few channels."""

import json

import pytest
import tifffile
import torch
from small_networks import two_phase_pair

from cathograph.ingest.segmentation.uncertainty.intervals import FEWEST_IMAGES
from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.network import UNet
from cathograph.ingest.segmentation.unet.weights import save_model
from cathograph.schema.phases import NMC, SSE

pytestmark = pytest.mark.long

PHASES = "1=SSE,2=NMC"


@pytest.fixture
def pairs(tmp_path):
    """Make a folder of as many pairs as a calibration needs."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    for number in range(FEWEST_IMAGES):
        pair = two_phase_pair(str(number), side=32)
        tifffile.imwrite(folder / f"{number}.tif", pair.grey)
        tifffile.imwrite(folder / f"{number}_label.tif", pair.phases)
    return folder


def write_model(path, *, dropout=0.3):
    torch.manual_seed(0)
    save_model(path, UNet(Architecture((SSE, NMC), (4, 6), dropout=dropout)), name=path.stem)
    return path


@pytest.fixture
def model(tmp_path):
    """Write a network that was not trained."""
    return write_model(tmp_path / "small.safetensors")


def ingest(pairs, model, *more):
    return ("ingest", pairs / "0.tif", "--sample", "s", "--pixel-size-nm", 50, "--model", model, *more)


def test_from_passes_to_the_graph_and_back(cathograph, pairs, model):
    def ask(name):
        return json.loads(cathograph("query", name, "--format", "json")[1])

    code, said, errors = cathograph(*ingest(pairs, model, "--uncertainty", 4, "--json"))
    assert code == 0, errors
    first = json.loads(said)[0]
    (row,) = ask("uncertainty")
    assert (row["image"], row["passes"], row["calibrated"]) == ("0", 4, False)
    assert row["particles"] == first["particles"]
    assert row["particles_low"] <= row["particles_median"] <= row["particles_high"]
    particles = ask("particles")
    confidence = [particle["confidence"] for particle in particles]
    assert all(0 < each < 1 for each in confidence)
    assert row["mean_confidence"] == pytest.approx(sum(confidence) / len(confidence))

    # The same again is there already; without the passes, or with others, it is another segmentation of equal regions.
    assert (
        json.loads(cathograph(*ingest(pairs, model, "--uncertainty", 4, "--json"))[1])[0]["state"]
        == "unchanged"
    )
    plain = json.loads(cathograph(*ingest(pairs, model, "--json"))[1])[0]
    assert plain["state"] == "written"
    assert plain["segmentation"] != first["segmentation"]
    assert plain["particles"] == first["particles"]
    assert ask("uncertainty") == []
    assert {each["confidence"] for each in ask("particles")} == {None}

    # With a calibration it is another one again, marked so, under the conditions of the calibration.
    code, said, errors = cathograph(
        "calibrate", pairs, "--phases", PHASES, "--model", model, "--uncertainty", 4, "--json"
    )
    assert code == 0, errors
    assert json.loads(said)["settings"][0]["images"] == FEWEST_IMAGES
    code, _, errors = cathograph(*ingest(pairs, model, "--uncertainty", 4))
    assert code == 0
    assert "hold the truth in 90 %" in " ".join(errors.split())
    (after,) = ask("uncertainty")
    assert after["calibrated"] is True
    assert after["particles_low"] <= after["particles_median"] <= after["particles_high"]
    assert (after["particles_low"], after["particles_high"]) != (row["particles_low"], row["particles_high"])
    code, _, errors = cathograph(*ingest(pairs, model, "--uncertainty", 3))
    assert code == 0
    assert "calibrated in 2D for 4 passes from 1 px on, not for 3 passes" in " ".join(errors.split())

    # A calibration made since changes no region: the segmentation is still found to be that of its file.
    assert cathograph(*ingest(pairs, model, "--uncertainty", 4))[0] == 0
    more = ("calibrate", pairs, "--phases", PHASES, "--model", model, "--uncertainty", 2)
    assert cathograph(*more)[0] == 0
    code, said, errors = cathograph("verify", "--json")
    assert code == 0, errors
    assert [each["state"] for each in json.loads(said)] == ["same"]


def test_one_pass_has_no_width_and_says_that_it_is_not_calibrated(call, pairs, model):
    code, _, errors = call(*ingest(pairs, model, "--uncertainty", 1, "--dry-run"))
    assert code == 0
    assert "not calibrated" in errors


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (
            ("--uncertainty", 1001, "--model", "small.safetensors"),
            "--uncertainty 1001; expected a whole number, 0 to 1000",
        ),
        (("--uncertainty", 4), "--uncertainty with the segmenter multi-otsu"),
        (("--uncertainty", 4, "--as", "phases", "--phases", PHASES), "--uncertainty with --as phases"),
        (("--uncertainty", 4, "--model", "sure.safetensors"), "sure trained without dropout"),
    ],
)
def test_passes_that_cannot_be_meant(call, pairs, model, arguments, found):
    write_model(model.with_name("sure.safetensors"), dropout=0.0)
    code, _, errors = call(
        "ingest", pairs / "0.tif", "--sample", "s", "--dry-run", "--pixel-size-nm", 50, *arguments
    )
    assert code == 1
    assert found in errors


def test_passes_below_none_are_refused(call, pairs, model):
    code, _, errors = call(*ingest(pairs, model, "--uncertainty", -1, "--dry-run"))
    assert (code, "--uncertainty -1; expected a whole number, 0 to 1000" in errors) == (1, True)


def test_calibrations_that_cannot_be_made(call, pairs, model):
    (pairs / "0_label.tif").unlink()
    (pairs / "0.tif").unlink()
    for arguments, found in (
        (("--model", model, "--phases", PHASES), f"{FEWEST_IMAGES - 1} images to calibrate on"),
        (("--model", "default", "--phases", PHASES), "--model default"),
        (("--model", model, "--phases", "1=Graphite,2=NMC"), "Found Graphite in the mask"),
    ):
        code, _, errors = call("calibrate", pairs, *arguments, "--uncertainty", 2)
        assert code == 1
        assert found in errors
