"""Segmenters on real slices that were not trained on.

Run it with ``python -m cathograph.benchmarks.accuracy.segmentation FOLDER [MODEL …]``.
FOLDER is that of the ten pairs of nano-CT slices. Slices 300, 738 and 546, one of each volume, are held out; the rest
trains the forest: 100 trees on `skimage.feature.multiscale_basic_features` (sigma 1 to 16) of 12,000 pixels an image.
Multi-Otsu is not trained. MODEL are files that ``cathograph train`` wrote; each is scored on the slices that its card
says were kept back. ``--left-out`` leaves each volume out in turn, for the forest; ``--models-only`` leaves Otsu and
forest out. ``--pictures DIR`` draws the worst slice of each: grey values, mask, answer and where they differ. The table
goes to standard output, and below it where the errors of each model lie.

``python -m cathograph.benchmarks.accuracy.segmentation --phantoms`` scores the model that ships beside
multi-Otsu, on the phantoms that were kept back from its training.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from cathograph.benchmarks.accuracy.default_model import phantom_pair
from cathograph.ingest.phase_maps import read_phase_map
from cathograph.ingest.segmentation import MultiOtsu, Segmenter, make_segmenter
from cathograph.ingest.segmentation.grey_scale import find_grey_scale
from cathograph.ingest.segmentation.unet.mask_evaluation import Evaluation, evaluate
from cathograph.ingest.segmentation.unet.model_lookup import DEFAULT, MODELS_FOLDER
from cathograph.ingest.segmentation.unet.pairs import Pair, read_pairs
from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.keys import JsonScalar
from cathograph.schema.phases import GRAPHITE, NMC, SSE

PHASES = "0=NMC,1=Graphite,2=SSE"
"""NMC, binder and pore under the names of the three phases that make TPBs, as in docs/real-data.md."""

HELD_OUT = ("300", "546", "738")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "A": ("100", "200", "300"),
    "B": ("103", "510", "738", "929"),
    "C": ("394", "470", "546"),
}
CLASSES = (SSE, NMC, GRAPHITE)
PIXELS_AN_IMAGE = 12_000
TREES = 100
MIN_SIZE_PX = 9


@dataclass(frozen=True, eq=False)
class Forest:
    """A random forest on local features, as a segmenter."""

    trained: RandomForestClassifier

    name: ClassVar[str] = "forest"
    version: ClassVar[str] = "1"

    @property
    def parameters(self) -> Mapping[str, JsonScalar]:
        """Trees and pixels."""
        return {"trees": TREES, "pixels_an_image": PIXELS_AN_IMAGE}

    @classmethod
    def train(cls, pairs: Sequence[Pair], *, seed: int = 0) -> "Forest":
        """Train on pixels drawn from each pair."""
        rng = np.random.default_rng(seed)
        features, codes = [], []
        for pair in pairs:
            chosen = rng.choice(pair.grey.size, PIXELS_AN_IMAGE, replace=False)
            features.append(forest_features(pair.grey)[chosen])
            codes.append(pair.phases.reshape(-1)[chosen])
        forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=1, min_samples_leaf=1)
        return cls(forest.fit(np.concatenate(features), np.concatenate(codes)))

    def segment(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the `Phase.code` of each pixel."""
        found: NDArray[np.uint8] = (
            self.trained.predict(forest_features(image)).astype(np.uint8).reshape(image.shape)
        )
        return found


def forest_features(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Local features of each pixel: (n, f) float32."""
    scaled = find_grey_scale(grey).apply(grey)
    found = multiscale_basic_features(scaled, sigma_min=1, sigma_max=16)
    return np.asarray(found, dtype=np.float32).reshape(grey.size, -1)


def score(name: str, segmenter: Segmenter, pairs: Sequence[Pair]) -> str:
    """Score a segmenter; return its line of the table."""
    began = time.process_time()
    found = evaluate(segmenter, CLASSES, pairs, min_size_px=MIN_SIZE_PX)
    return _line(name, found, time.process_time() - began)


def _line(name: str, found: Evaluation, seconds: float) -> str:
    overlap = found.overlap
    ious = " | ".join(f"{overlap.iou[phase].value:.3f}" for phase in (NMC, GRAPHITE, SSE))
    mean = overlap.mean_iou
    f1 = np.mean(list(found.boundary_f1.values()))
    quality = np.mean([image.instances.panoptic_quality or 0.0 for image in found.images])
    tpbs = ", ".join(f"{image.graph.found.tpbs}/{image.graph.truth.tpbs}" for image in found.images)
    channels = ", ".join(
        f"{image.graph.found.channel_share or 0:.2f}/{image.graph.truth.channel_share or 0:.2f}"
        for image in found.images
    )
    degree = np.mean([image.graph.degree_distance or 0.0 for image in found.images])
    return (
        f"| {name} | {mean.value:.3f} ({mean.low:.3f} to {mean.high:.3f}) | {ious} | {f1:.3f} | {quality:.3f} | "
        f"{tpbs} | {channels} | {degree:.2f} | {seconds:.0f} |"
    )


HEADER = (
    "| segmenter | mIoU (95 %) | NMC | binder | pore | boundary F1 | PQ | TPBs found/true | channels found/true | "
    "degree distance | s |\n|" + " --- |" * 11
)


def main(
    folder: Path, models: Sequence[str], *, left_out: bool, models_only: bool, pictures: Path | None
) -> None:
    """Write the tables."""
    pairs = {pair.name: pair for pair in read_pairs(folder, read_phase_map(PHASES))}
    tested = [pairs[name] for name in HELD_OUT]
    rest = [pair for name, pair in pairs.items() if name not in HELD_OUT]
    say(HEADER)
    if not models_only:
        for thresholds in ("joint", "nested"):
            otsu = MultiOtsu(phases_by_grey="SSE,Graphite,NMC", thresholds=thresholds)
            say(score(f"multi-Otsu, {thresholds}", otsu, tested))
        say(score("forest", Forest.train(rest), tested))
    kept_back = {
        model: [
            pairs[name] for name in json.loads(Path(model).with_suffix(".json").read_text())["split"]["test"]
        ]
        for model in models
    }
    for model, own in kept_back.items():
        say(score(Path(model).stem, make_unet(model=model), own))
    for group, names in GROUPS.items() if left_out else ():
        seen = [pair for name, pair in pairs.items() if name not in names]
        say(score(f"forest, {group} left out", Forest.train(seen), [pairs[name] for name in names]))
    say("\n" + ERRORS_HEADER)
    for model, own in kept_back.items():
        segmenter = make_unet(model=model)
        answers = [segmenter.segment(pair.grey) for pair in own]
        say(error_line(Path(model).stem, own, answers))
        if pictures is not None:
            draw_worst(pictures / f"{Path(model).stem}.png", own, answers)


ERRORS_HEADER = (
    "| model | wrong pixels | of them within 1 px of an outline of the mask | in pieces of the mask below "
    f"{MIN_SIZE_PX} px | elsewhere |\n|" + " --- |" * 5
)


def error_line(name: str, pairs: Sequence[Pair], answers: Sequence[NDArray[np.uint8]]) -> str:
    """Say where wrong pixels lie: at outlines of the mask, in its speckle, or elsewhere."""
    wrong = outline = speckle = size = 0
    for pair, answer in zip(pairs, answers, strict=True):
        off = answer != pair.phases
        edge = ndimage.maximum_filter(pair.phases, 3) != ndimage.minimum_filter(pair.phases, 3)
        small = np.zeros_like(off)
        for phase in CLASSES:
            labels, _ = ndimage.label(pair.phases == phase.code, structure=np.ones((3, 3)))
            small |= (np.bincount(labels.ravel())[labels] < MIN_SIZE_PX) & (labels > 0)
        size += off.size
        wrong += int(off.sum())
        speckle += int((off & small).sum())
        outline += int((off & edge & ~small).sum())
    shares = [count / wrong for count in (outline, speckle, wrong - outline - speckle)]
    return f"| {name} | {wrong / size:.1%} | " + " | ".join(f"{share:.0%}" for share in shares) + " |"


def draw_worst(path: Path, pairs: Sequence[Pair], answers: Sequence[NDArray[np.uint8]]) -> None:
    """Draw the slice with the most wrong pixels: grey values, mask, answer, and where they differ."""
    from matplotlib.figure import Figure

    def share(k: int) -> float:
        return float((pairs[k].phases != answers[k]).mean())

    worst = max(range(len(pairs)), key=share)
    pair, answer = pairs[worst], answers[worst]
    figure = Figure(figsize=(14, 12), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    low, high = np.percentile(pair.grey, (0.5, 99.5))
    panels[0].imshow(pair.grey, cmap="gray", vmin=low, vmax=high)
    for panel, codes in zip(panels[1:3], (pair.phases, answer), strict=True):
        panel.imshow(
            np.searchsorted([phase.code for phase in CLASSES], codes), cmap="cividis", vmin=0, vmax=2
        )
    panels[3].imshow(pair.phases != answer, cmap="gray_r")
    titles = (f"slice {pair.name}", "mask", "answer", f"different: {share(worst):.1%} of the pixels")
    for panel, title in zip(panels, titles, strict=True):
        panel.set_title(title)
        panel.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def main_on_phantoms() -> None:
    """Write the table of the model that ships."""
    card = json.loads((MODELS_FOLDER / f"{DEFAULT}.json").read_text(encoding="utf-8"))
    # Names end with the number that a phantom is drawn from.
    tested = [phantom_pair(int(name.rpartition("-")[2])) for name in card["split"]["test"]]
    say("| segmenter | mIoU (95 %) | background | SSE | NMC | graphite |\n|" + " --- |" * 6)
    for name in ("multi-otsu", "unet"):
        found = evaluate(
            make_segmenter(name), tuple(SSB_CATHODE.all_phases), tested, min_size_px=MIN_SIZE_PX
        ).overlap
        ious = " | ".join(f"{found.iou[phase].value:.3f}" for phase in SSB_CATHODE.all_phases)
        mean = found.mean_iou
        say(f"| {name} | {mean.value:.3f} ({mean.low:.3f} to {mean.high:.3f}) | {ious} |")


def say(line: str) -> None:
    """Write a line of a table at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Segmenters on the ten real pairs.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--left-out", action="store_true")
    parser.add_argument("--models-only", action="store_true")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--phantoms", action="store_true")
    asked = parser.parse_args()
    if asked.phantoms == (asked.folder is not None):
        parser.error("expected either a folder or --phantoms")
    if asked.phantoms:
        main_on_phantoms()
    else:
        main(
            asked.folder,
            asked.models,
            left_out=asked.left_out,
            models_only=asked.models_only,
            pictures=asked.pictures,
        )
