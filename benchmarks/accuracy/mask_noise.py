"""How far masks drawn half by hand agree with each other.

Run it with ``python -m cathograph.benchmarks.accuracy.mask_noise FOLDER``.
FOLDER is that of the ten pairs of nano-CT slices. What can a segmenter know of a slice whose mask it has not seen?
Forests on local features (`cathograph.benchmarks.accuracy.segmentation`) answer the right half of each of
the three slices held out after training on left halves, and the other way round:

- of **the same slice** alone: what follows from grey values by this slice's own rule;
- of **all ten slices**, so this one's other half is among them: what follows by one rule for all;
- of **the seven others**: what a segmenter has to go by.

Between the first and the second lies what one rule cannot say because masks were drawn by different ones; between the
second and the third, what a better segmenter could still win. Beside it stands what needs no model: the mask without
its speckle (each pixel takes the majority of the 3 x 3, 5 x 5 or 7 x 7 around it), the mask moved by a pixel, the share
of binder in what is not NMC, slice by slice, and how often phases change from row to row and from column to column: a
composite has no preferred direction within the slice, so what changes more often along y was drawn that way.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier

from cathograph.benchmarks.accuracy.segmentation import (
    CLASSES,
    GROUPS,
    HELD_OUT,
    PHASES,
    forest_features,
    say,
)
from cathograph.ingest.phase_maps import read_phase_map
from cathograph.ingest.segmentation.unet.pairs import Pair, read_pairs
from cathograph.schema.phases import GRAPHITE, NMC

TREES = 60
PIXELS_OF_HALVES = 120_000
"""Of all halves that a forest sees together."""

Phases = NDArray[np.uint8]


class Halves:
    """Features and mask of some slices, cut in two from top to bottom."""

    def __init__(self, pairs: Mapping[str, Pair]) -> None:
        self._features = {name: forest_features(pair.grey) for name, pair in pairs.items()}
        self._codes = {name: pair.phases for name, pair in pairs.items()}

    def answer(self, tested: str, seen: Sequence[str], *, seed: int = 0) -> Phases:
        """Answer each half of a slice by a forest of the other halves of some slices."""
        rng = np.random.default_rng(seed)
        answer = np.zeros_like(self._codes[tested]).reshape(-1)
        for right in (False, True):
            chosen = {
                name: rng.choice(half, min(len(half), PIXELS_OF_HALVES // max(4, len(seen))), replace=False)
                for name in seen
                if len(half := np.flatnonzero(self._side(name) != right))
            }
            forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=-1, min_samples_leaf=3)
            forest.fit(
                np.concatenate([self._features[name][rows] for name, rows in chosen.items()]),
                np.concatenate([self._codes[name].reshape(-1)[rows] for name, rows in chosen.items()]),
            )
            asked = self._side(tested) == right
            answer[asked] = forest.predict(self._features[tested][asked])
        return answer.reshape(self._codes[tested].shape)

    def _side(self, name: str) -> NDArray[np.bool_]:
        """Whether each pixel lies in the right half."""
        shape = self._codes[name].shape
        return np.broadcast_to(np.arange(shape[1]) >= shape[1] // 2, shape).reshape(-1)


def majority(phases: Phases, size_px: int) -> Phases:
    """Give each pixel the commonest phase of the square around it."""
    votes = [ndimage.uniform_filter((phases == each.code).astype(np.float32), size_px) for each in CLASSES]
    commonest: Phases = np.array([each.code for each in CLASSES], np.uint8)[np.argmax(votes, axis=0)]
    return commonest


def moved(phases: Phases) -> Phases:
    """Move a mask by one pixel along y."""
    return np.concatenate([phases[:1], phases[:-1]])


def ious(masks: Sequence[Phases], answers: Sequence[Phases]) -> list[float]:
    """IoU of each of `CLASSES` over all pixels of all slices."""
    mask, answer = (np.concatenate([each.reshape(-1) for each in images]) for images in (masks, answers))
    return [
        float(((mask == each.code) & (answer == each.code)).sum())
        / float(((mask == each.code) | (answer == each.code)).sum())
        for each in CLASSES
    ]


def changes(phases: Phases) -> tuple[float, float]:
    """Share of neighbouring pixels whose phases differ, along y and along x."""
    return float((phases[1:] != phases[:-1]).mean()), float((phases[:, 1:] != phases[:, :-1]).mean())


def main(folder: Path) -> None:
    """Write the tables."""
    pairs = {pair.name: pair for pair in read_pairs(folder, read_phase_map(PHASES))}
    masks = [pairs[name].phases for name in HELD_OUT]
    halves = Halves(pairs)
    others = [name for name in pairs if name not in HELD_OUT]
    say(f"| beside the mask of {', '.join(HELD_OUT)} | mIoU | {' | '.join(each.name for each in CLASSES)} |")
    say("|" + " --- |" * 5)
    for title, seen in (
        ("forest of the other half of the same slice", None),
        ("forest of the other halves of all ten slices", list(pairs)),
        ("forest of halves of the seven other slices", others),
    ):
        _score(title, masks, [halves.answer(name, seen or [name]) for name in HELD_OUT])
    for size in (3, 5, 7):
        _score(
            f"the mask itself, majority of {size} x {size}", masks, [majority(each, size) for each in masks]
        )
    _score("the mask itself, moved by 1 px", masks, [moved(each) for each in masks])
    say("\n| slice | volume | NMC | binder in the rest | changes along y | along x |\n|" + " --- |" * 6)
    for volume, names in GROUPS.items():
        for name in names:
            phases = pairs[name].phases
            rest = phases != NMC.code
            binder = (phases[rest] == GRAPHITE.code).mean()
            along_y, along_x = changes(phases)
            say(
                f"| {name} | {volume} | {1 - rest.mean():.2f} | {binder:.2f} | {along_y:.1%} | {along_x:.1%} |"
            )


def _score(title: str, masks: Sequence[Phases], answers: Sequence[Phases]) -> None:
    found = ious(masks, answers)
    say(f"| {title} | {np.mean(found):.3f} | {' | '.join(f'{each:.3f}' for each in found)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What can be known of ten masks from their grey values.")
    parser.add_argument("folder", type=Path)
    main(parser.parse_args().folder)
