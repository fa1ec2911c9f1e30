"""How far masks drawn half by hand can be known from the grey values: ``python -m benchmarks.mask_noise FOLDER``.

FOLDER is that of the ten pairs of nano-CT slices. Three looks at the three slices that `benchmarks.segmentation` holds
out, each a mean IoU that a segmenter would have to explain:

- **the same slice**: a forest that has seen the mask of the slice itself. The slice is cut into squares of 64 px like a
  chessboard; the black ones train and the white ones are answered, and the other way round. Nothing has to carry over
  from one slice or volume to another; what is still wrong does not follow from grey values up to 64 px away, as far
  as these features tell.
- **a smooth mask**: the mask whose pixels take the majority of the 3 x 3, 5 x 5 or 7 x 7 around them, beside the mask
  itself: what a perfect segmenter without speckle would be given.
- **a moved mask**: the mask moved by one pixel along y, beside itself.

And one without any model: **streaks**. A composite has no preferred direction within the slice, so phases should
change as often from row to row as from column to column. What the mask changes more often along y was put there by
whoever drew it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier

from benchmarks.segmentation import CLASSES, HELD_OUT, PHASES, forest_features
from ingest.phase_maps import read_phase_map
from ingest.unet.pairs import Pair, read_pairs

SQUARE_PX = 64
TREES = 100
MOST_PIXELS = 30_000
"""Of one half of a slice; about 125,000 to 150,000 there are."""

Phases = NDArray[np.uint8]


def same_slice(pair: Pair, *, seed: int = 0) -> Phases:
    """Answer each half of a slice by a forest of the other half."""
    features = forest_features(pair.grey)
    codes = pair.phases.reshape(-1)
    y, x = np.indices(pair.grey.shape) // SQUARE_PX
    black = ((y + x) % 2 == 0).reshape(-1)
    answer = np.zeros_like(codes)
    rng = np.random.default_rng(seed)
    for half in (black, ~black):
        seen = np.flatnonzero(half)
        seen = rng.choice(seen, min(MOST_PIXELS, len(seen)), replace=False)
        forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=-1, min_samples_leaf=3)
        forest.fit(features[seen], codes[seen])
        answer[~half] = forest.predict(features[~half])
    return answer.reshape(pair.phases.shape)


def majority(phases: Phases, size_px: int) -> Phases:
    """Give each pixel the commonest phase of the square around it."""
    votes = [ndimage.uniform_filter((phases == each.code).astype(np.float32), size_px) for each in CLASSES]
    return np.array([each.code for each in CLASSES], np.uint8)[np.argmax(votes, axis=0)]


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
    """Write the two tables."""
    pairs = {pair.name: pair for pair in read_pairs(folder, read_phase_map(PHASES))}
    tested = [pairs[name] for name in HELD_OUT]
    masks = [pair.phases for pair in tested]
    _say(f"| beside the mask | mIoU | {' | '.join(each.value for each in CLASSES)} |\n|" + " --- |" * 5)
    seen = [same_slice(pair) for pair in tested]
    for name, answers in (
        (f"forest of the same slice, {SQUARE_PX} px squares", seen),
        *((f"majority of {size} x {size}", [majority(each, size) for each in masks]) for size in (3, 5, 7)),
        ("moved by 1 px along y", [moved(each) for each in masks]),
    ):
        found = ious(masks, answers)
        _say(f"| {name} | {np.mean(found):.3f} | {' | '.join(f'{each:.3f}' for each in found)} |")
    _say(
        "\n| slice | changes of the mask along y | along x | of the forest along y | along x |\n|"
        + " --- |" * 5
    )
    for pair, answer in zip(tested, seen, strict=True):
        rates = (*changes(pair.phases), *changes(answer))
        _say(f"| {pair.name} | {' | '.join(f'{each:.1%}' for each in rates)} |")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What can be known of ten masks from their grey values.")
    parser.add_argument("folder", type=Path)
    main(parser.parse_args().folder)
