"""The model that ships: small, with a card that is its own, and better than thresholds on phantoms it has not seen."""

import hashlib
import json

import pytest

from cathograph.benchmarks.accuracy.default_model import N_IMAGES, SEED, phantom_pair
from cathograph.ingest.segmentation import make_segmenter, run_segmenter
from cathograph.ingest.segmentation.scores.overlap import score_overlap
from cathograph.ingest.segmentation.unet.model_lookup import MODELS_FOLDER, find_model
from cathograph.schema.composites import SSB_CATHODE

PHASES = tuple(sorted(SSB_CATHODE.all_phases, key=lambda phase: phase.code))


def test_it_is_small_and_its_card_is_its_own():
    path = find_model("default")
    card = json.loads((MODELS_FOLDER / "default.json").read_text(encoding="utf-8"))
    assert path.stat().st_size < 10e6
    assert card["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert "No real image" in card["data"]
    sides = [set(card["split"][side]) for side in ("train", "validation", "test")]
    assert sum(map(len, sides)) == len(set.union(*sides)) == N_IMAGES
    assert card["training"]["steps_made"] == card["training"]["steps"]


@pytest.fixture(scope="module")
def unseen():
    """Phantoms beyond those of the training, whose numbers end at N_IMAGES."""
    return [phantom_pair(N_IMAGES + number, seed=SEED + 1, side_px=160) for number in range(8)]


def test_it_is_better_than_thresholds_on_phantoms_it_has_not_seen(unseen):
    truths = [pair.phases for pair in unseen]
    scores = {}
    for name in ("unet", "multi-otsu"):
        segmenter = make_segmenter(name)
        found = [run_segmenter(segmenter, pair.grey) for pair in unseen]
        scores[name] = score_overlap(truths, found, PHASES).mean_iou.value
    assert scores["unet"] > scores["multi-otsu"] + 0.05
