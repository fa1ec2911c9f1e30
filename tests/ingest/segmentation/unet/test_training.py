"""Training: it learns, goes on where it was stopped, and says what it did."""

import json

import numpy as np
import pytest
import torch
from small_networks import two_phase_pair

from cathograph.ingest.segmentation import run_segmenter
from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.augmentation import change_light, sample_patch
from cathograph.ingest.segmentation.unet.lightning_task import Schedule
from cathograph.ingest.segmentation.unet.mask_evaluation import evaluate
from cathograph.ingest.segmentation.unet.patches import Field, Patches
from cathograph.ingest.segmentation.unet.split import Shares, split_pairs
from cathograph.ingest.segmentation.unet.trained_model import Training, finish_model
from cathograph.ingest.segmentation.unet.training import TrainingRun, train_network
from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
from cathograph.ingest.segmentation.unet.weights import load_model
from cathograph.schema.errors import ModelError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

pytestmark = pytest.mark.training

CLASSES = (SSE, NMC)
PAIRS = [two_phase_pair(str(number)) for number in range(6)]
SPLIT = split_pairs(PAIRS, Shares(), seed=0)


def _run(folder, *, resume=False, **schedule):
    chosen = {"steps": 6, "round_steps": 2, "batch": 2, "patch_px": 16} | schedule
    return TrainingRun(
        Architecture(CLASSES, channels=(4, 6)), folder, Schedule(**chosen), device="cpu", resume=resume
    )


class _StoppedError(Exception):
    pass


def _stop_at(step):
    def progress(_what, done, _total):
        if done == step:
            raise _StoppedError

    return progress


@pytest.mark.parametrize("validation", [0.15, 0.0])
def test_a_run_that_was_stopped_and_resumed_ends_as_one_that_was_not(tmp_path, validation):
    split = split_pairs(PAIRS, Shares(validation=validation), seed=0)
    whole = train_network(PAIRS, split, _run(tmp_path / "whole"))
    with pytest.raises(_StoppedError):
        train_network(PAIRS, split, _run(tmp_path / "parts"), progress=_stop_at(5))
    saved = torch.load(tmp_path / "parts" / "last.ckpt", weights_only=True)
    assert saved["global_step"] == 4  # the two rounds that were whole
    parts = train_network(PAIRS, split, _run(tmp_path / "parts", resume=True))
    assert (whole.steps, parts.steps) == (6, 6)
    assert whole.validation_mean_iou == parts.validation_mean_iou
    assert (whole.validation_mean_iou is None) == (validation == 0)
    for one, other in zip(
        whole.network.state_dict().values(), parts.network.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_folders_with_another_run(tmp_path):
    train_network(PAIRS, SPLIT, _run(tmp_path, steps=2))
    with pytest.raises(ModelError, match="--resume"):
        train_network(PAIRS, SPLIT, _run(tmp_path, steps=2))
    with pytest.raises(ModelError, match="other schedule"):
        train_network(PAIRS, SPLIT, _run(tmp_path, steps=4, resume=True))


def test_it_learns_and_its_card_says_how_well(tmp_path):
    run = _run(tmp_path / "run", steps=60, round_steps=30, batch=4, patch_px=32, learning_rate=1e-2)
    trained = train_network(PAIRS, SPLIT, run)
    weights = tmp_path / "discs.safetensors"
    card = finish_model(weights, Training("drawn discs.", "none", PAIRS, SPLIT, run, trained))
    assert card["test"]["mean_iou"]["value"] > 0.85
    assert card["sha256"] == load_model(weights).sha256
    assert set(card["split"]["test"]) == set(SPLIT.test)
    assert card["split"]["train"]["0" if "0" in SPLIT.train else SPLIT.train[0]]["sha256"].startswith(
        "hash of"
    )
    assert json.loads((tmp_path / "discs.json").read_text()) == card
    page = (tmp_path / "discs.md").read_text()
    assert "drawn discs." in page
    assert f"| NMC | {card['test']['iou']['NMC']['value']:.3f} |" in page
    # As written, so read: evaluated from the file.
    segmenter = make_unet(model=str(weights), device="cpu")
    tested = [pair for pair in PAIRS if pair.name in SPLIT.test]
    assert json.loads(json.dumps(evaluate(segmenter, CLASSES, tested).as_record())) == card["test"]
    strange = two_phase_pair("9")
    strange.phases[0, 0] = GRAPHITE.code
    with pytest.raises(ModelError, match=r"Found Graphite.*SSE, NMC"):
        evaluate(segmenter, CLASSES, [strange])
    assert set(np.unique(run_segmenter(segmenter, tested[0].grey))) == {SSE.code, NMC.code}


def test_it_ends_early_where_nothing_gets_better(tmp_path):
    # A learning rate of nearly nothing: no round is better than the first.
    run = _run(tmp_path, steps=40, learning_rate=1e-9)
    trained = train_network(PAIRS, SPLIT, TrainingRun(run.architecture, tmp_path, run.schedule, 2, "cpu"))
    assert trained.steps < 20


def test_patches_come_from_their_seed_alone():
    fields = [Field(pair, CLASSES) for pair in PAIRS]
    one, same, later = (
        Patches(fields, 2, side_px=16, n_patches=4, seed=1, round_number=number) for number in (0, 0, 1)
    )
    for k in range(4):
        assert torch.equal(one[k][0], same[k][0])
        assert torch.equal(one[k][1], same[k][1])
    assert not torch.equal(one[0][0], later[0][0])
    assert not torch.equal(one[0][0], one[1][0])
    with pytest.raises(IndexError):
        one[4]


def test_rare_classes_are_in_the_middle_more_often():
    pair = two_phase_pair("1")
    pair.phases[:] = SSE.code
    pair.phases[20:26, 20:26] = NMC.code  # 36 of 2,304 pixels: 1.6 %
    patches = Patches([Field(pair, CLASSES)], 2, side_px=9, n_patches=200, seed=0, round_number=0)
    middle = np.mean([int(patches[k][1][4, 4]) for k in range(200)])
    # A quarter of the patches asks for it, and 50 tries meet 1.6 % in 55 % of the cases.
    assert 0.08 < middle < 0.25


def test_grey_and_mask_of_a_patch_stay_together():
    # Grey is the class itself: after any turn and scale, rounding the grey gives the class, but on boundaries.
    classes = torch.from_numpy(two_phase_pair("3").phases == NMC.code).to(torch.uint8)
    rng = np.random.default_rng(0)
    for _ in range(10):
        patch, target = sample_patch(classes.to(torch.float32), classes, (24.0, 20.0), 24, rng)
        assert ((patch > 0.5).to(torch.int64) == target).to(torch.float32).mean() > 0.95


@pytest.mark.parametrize("side_px", [15, 16])
def test_on_the_grid_a_patch_is_a_mirrored_piece_of_the_image(side_px):
    grey = torch.arange(48 * 40, dtype=torch.float32).reshape(48, 40) / 1000
    classes = (torch.arange(48 * 40).reshape(48, 40) % 7).to(torch.uint8)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(40):
        patch, target = sample_patch(grey, classes, (22.3, 19.8), side_px, rng, geometry="grid")
        mirrored = tuple(int(axis) for axis in range(2) if patch[0, 0] > patch.select(axis, -1)[0])
        upright = patch.flip(mirrored)
        y, x = divmod(round(float(upright[0, 0]) * 1000), 40)
        assert torch.allclose(upright, grey[y : y + side_px, x : x + side_px], atol=1e-4)
        assert torch.equal(target.flip(mirrored), classes[y : y + side_px, x : x + side_px].to(torch.int64))
        seen.add(mirrored)
    assert seen == {(), (0,), (1,), (0, 1)}


def test_light_of_strength_zero_changes_nothing():
    patch = torch.linspace(-1, 2, 100).reshape(10, 10)
    for seed in range(5):
        changed = change_light(patch, np.random.default_rng(seed), 0.0)
        assert torch.allclose(changed, patch, atol=1e-6)


@pytest.mark.parametrize(("key", "value"), [("geometry", "round"), ("light", 1.5), ("light", float("nan"))])
def test_a_schedule_that_cannot_be_drawn_is_refused(key, value):
    with pytest.raises(ModelError, match="Found geometry"):
        Schedule(**{key: value})


def test_light_keeps_shape_and_finite_values():
    rng = np.random.default_rng(0)
    patch = torch.linspace(-1, 2, 100).reshape(10, 10)
    changed = [change_light(patch, rng) for _ in range(20)]
    assert all(each.shape == (10, 10) and bool(torch.isfinite(each).all()) for each in changed)
    assert not torch.equal(changed[0], changed[1])
