"""Painted models on the ten real slices: strokes made from the masks, 3, 10, 30 and 60 of each phase.

Run it with ``python -m cathograph.benchmarks.accuracy.painted FOLDER``.
FOLDER is that of the ten pairs of nano-CT slices. The strokes are those of
`cathograph.benchmarks.accuracy.stroke_rules`, at random and guided by our model's own suggestions; rivals learn from
the same strokes:

- ours: `train_on_paintings`, as `cathograph segment --strokes` does;
- forest: 100 trees of scikit-learn on `skimage.feature.multiscale_basic_features`, sigma 1 to 16;
- shipped: the model that ships, which sees no strokes.

mIoU is over all pixels of a slice, strokes included (60 strokes of each phase cover about 3 % of it). Graphs are made
from regions of 9 px and more, of the answer and of the mask.

``--micrographs FOLDER`` scores the two micrographs that a person painted instead, on pixels without strokes.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from cathograph.benchmarks.accuracy.segmentation import (
    HELD_OUT,
    MIN_SIZE_PX,
    PHASES,
    TREES,
    forest_features,
    say,
)
from cathograph.benchmarks.accuracy.stroke_rules import paint_at_random, paint_guided
from cathograph.ingest.graph.particle_graph import build_graph
from cathograph.ingest.phase_maps import read_phase_map
from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.segmentation.painted.painted_segmenter import PaintedSegmenter
from cathograph.ingest.segmentation.painted.strokes import NOT_PAINTED, Painting
from cathograph.ingest.segmentation.painted.training import train_on_paintings
from cathograph.ingest.segmentation.unet.pairs import Pair, read_pairs
from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
from cathograph.schema.composites import SSB_CATHODE

STROKES = (3, 10, 30, 60)
SEED = 0

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Score:
    """One answer beside the mask."""

    miou: float
    tpbs: int


def mean_iou(mask: NDArray[Any], answer: NDArray[Any]) -> float:
    """Mean over the values of the mask of their IoU."""
    ious = [
        float(((mask == value) & (answer == value)).sum() / ((mask == value) | (answer == value)).sum())
        for value in np.unique(mask)
    ]
    return float(np.mean(ious))


def count_tpbs(phases: Codes) -> int:
    """Count the TPBs of a phase image without its smallest regions."""
    regions = label_phases(phases, min_size_px=MIN_SIZE_PX)
    return len(build_graph(regions, pixel_size_um=0.05).tpbs.nmc)


def learn(grey: NDArray[Any], painted: Codes) -> PaintedSegmenter:
    """Learn from strokes as `cathograph segment --strokes` does."""
    model = train_on_paintings([Painting("slice", grey, painted)], SSB_CATHODE, name="slice")
    return PaintedSegmenter(model, SSB_CATHODE, Path("slice.npz"))


def answer_ours(grey: NDArray[Any], painted: Codes) -> NDArray[np.float32]:
    """Give the probabilities of our model."""
    return learn(grey, painted).probabilities(grey)


def answer_forest(features: NDArray[np.float32], painted: NDArray[Any], nothing: int) -> NDArray[Any]:
    """Give the values that the rival finds."""
    here = painted != nothing
    forest = RandomForestClassifier(TREES, random_state=SEED, n_jobs=-1)
    forest.fit(features[here.reshape(-1)], painted[here])
    return np.asarray(forest.predict(features)).reshape(painted.shape)


def paintings_of(pair: Pair, rule: str) -> Mapping[int, Codes]:
    """Paint a slice by one of the two rules."""
    rng = np.random.default_rng((SEED, int(pair.name)))
    if rule == "guided":
        return paint_guided(pair.phases, STROKES, partial(answer_ours, pair.grey), rng)
    return {number: paint_at_random(pair.phases, number, rng) for number in STROKES}


def score_slice(pair: Pair) -> tuple[dict[tuple[str, str, int], Score], Score, int]:
    """Score each rule, method and number of strokes; then the shipped model, and the TPBs of the mask."""
    features = forest_features(pair.grey)
    found = {}
    for rule in ("random", "guided"):
        for number, painted in paintings_of(pair, rule).items():
            answers = {
                "ours": learn(pair.grey, painted).segment(pair.grey),
                "forest": answer_forest(features, painted, NOT_PAINTED).astype(np.uint8),
            }
            for method, answer in answers.items():
                found[rule, method, number] = Score(mean_iou(pair.phases, answer), count_tpbs(answer))
    shipped = make_unet(model="default").segment(pair.grey)
    return found, Score(mean_iou(pair.phases, shipped), count_tpbs(shipped)), count_tpbs(pair.phases)


def main(folder: Path, names: Sequence[str] | None) -> None:
    """Write the tables, and each slice as it is done."""
    pairs = [
        pair for pair in read_pairs(folder, read_phase_map(PHASES)) if names is None or pair.name in names
    ]
    scores: dict[str, tuple[dict[tuple[str, str, int], Score], Score, int]] = {}
    say(
        "| slice | "
        + " | ".join(f"random {n} | guided {n}" for n in STROKES)
        + " | TPBs at 30 guided / mask |"
    )
    say("|" + " --- |" * (2 * len(STROKES) + 2))
    for pair in pairs:
        found, _, tpbs = scores[pair.name] = score_slice(pair)
        cells = [f"{found[rule, 'ours', n].miou:.3f}" for n in STROKES for rule in ("random", "guided")]
        say(f"| {pair.name} | {' | '.join(cells)} | {found['guided', 'ours', 30].tpbs}/{tpbs} |")
    say(
        "\n| rule | method | slices | "
        + " | ".join(map(str, STROKES))
        + " | TPBs at 30, median of found / mask |"
    )
    say("|" + " --- |" * (len(STROKES) + 4))
    held_out = [name for name in HELD_OUT if name in scores]
    for title, chosen in ((", ".join(held_out), held_out), ("all", list(scores))):
        for rule in ("random", "guided"):
            for method in ("ours", "forest"):
                means = [np.mean([scores[name][0][rule, method, n].miou for name in chosen]) for n in STROKES]
                ratio = np.median(
                    [scores[name][0][rule, method, 30].tpbs / scores[name][2] for name in chosen]
                )
                cells = [f"{mean:.3f}" for mean in means]
                say(f"| {rule} | {method} | {title} | {' | '.join(cells)} | {ratio:.2f} |")
        mean = np.mean([scores[name][1].miou for name in chosen])
        ratio = np.median([scores[name][1].tpbs / scores[name][2] for name in chosen])
        say(
            f"| no strokes | shipped | {title} | {mean:.3f} |" + " |" * (len(STROKES) - 1) + f" {ratio:.2f} |"
        )


def main_on_micrographs(folder: Path) -> None:
    """Write the table of the micrographs: both methods learn from a person's strokes."""
    say("| image | ours | forest |\n|" + " --- |" * 3)
    for number in (0, 1):
        grey = tifffile.imread(folder / f"{number}.tif")
        # One of the files has an axis of one page more.
        strokes = tifffile.imread(folder / f"{number}_labels.tif").reshape(grey.shape)
        truth = tifffile.imread(folder / f"{number}_ground_truth.tif").reshape(grey.shape)
        values = np.unique(strokes[strokes != 0])
        painted = np.full(strokes.shape, NOT_PAINTED, np.uint8)
        for code, value in enumerate(values, 1):
            painted[strokes == value] = code
        asked = strokes == 0
        ours = values[learn(grey, painted).segment(grey)[asked] - 1]
        forest = answer_forest(forest_features(grey), strokes, 0)[asked]
        say(f"| {number} | {mean_iou(truth[asked], ours):.3f} | {mean_iou(truth[asked], forest):.3f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Painted models on the ten real slices.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--slices", help="Only these, as in 300,546,738.")
    parser.add_argument(
        "--micrographs", action="store_true", help="FOLDER is that of the painted micrographs."
    )
    asked = parser.parse_args()
    if asked.micrographs:
        main_on_micrographs(asked.folder)
    else:
        main(asked.folder, asked.slices.split(",") if asked.slices else None)
