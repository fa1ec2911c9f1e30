"""Learning from strokes and answering: ours beside scikit-image features and a forest of scikit-learn.

Each learns from 30 strokes of each of three phases on a made image and gives the phase of each pixel, from the grey
values on: what a person waits for after a stroke. The rival is `multiscale_basic_features` of scikit-image (sigma 1 to
16) with a random forest of 100 trees, on all processors. Mean IoU with the known phases stands beside each, because
only times of equally good answers can be compared.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from cathograph.benchmarks.accuracy.painted import mean_iou
from cathograph.benchmarks.accuracy.stroke_rules import paint_at_random
from cathograph.benchmarks.measure import BenchRow, measure_peak_mb, time_alternately
from cathograph.ingest.segmentation.painted.painted_segmenter import PaintedSegmenter
from cathograph.ingest.segmentation.painted.strokes import NOT_PAINTED, Painting
from cathograph.ingest.segmentation.painted.training import train_on_paintings
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.phases import GRAPHITE, NMC, SSE

SIDES_PX = (512, 2048)
STROKES = 30
TREES = 100
SEED = 0
_GREY = {SSE.code: 0.5, NMC.code: 1.0, GRAPHITE.code: 0.0}
_NOISE = 0.25

Codes = NDArray[np.uint8]


class PaintedRow(BenchRow):
    """One size, as `cathograph bench painted --json` prints it: also the mean IoU of each."""

    ours_miou: float
    rival_miou: float


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[PaintedRow]:
    """Time both at each size.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each size.
    only : str, optional
        Part of a row's name.
    """
    rows = []
    for side_px in SIDES_PX:
        name = f"painted {side_px} x {side_px}"
        if only is not None and only not in name:
            continue
        if progress:
            progress(name)
        truth, grey, painted = make_painting(side_px)
        answer_ours(*make_painting(128)[1:])  # compiles
        ours_s, rival_s, ours, rival = time_alternately(
            lambda grey=grey, painted=painted: answer_ours(grey, painted),  # type: ignore[misc]
            lambda grey=grey, painted=painted: answer_rival(grey, painted),  # type: ignore[misc]
        )
        rows.append(
            PaintedRow(
                name=name,
                ours_s=ours_s,
                rival="scikit-image, scikit-learn",
                rival_s=rival_s,
                ratio=rival_s / ours_s,
                ours_peak_mb=measure_peak_mb(f"{__name__}:paint_and_answer_ours", grey),
                rival_peak_mb=measure_peak_mb(f"{__name__}:paint_and_answer_rival", grey),
                ours_miou=mean_iou(truth, ours),
                rival_miou=mean_iou(truth, rival),
            )
        )
    return rows


def make_painting(side_px: int) -> tuple[Codes, NDArray[np.float32], Codes]:
    """Make an image of three phases in smooth bodies: phases, noisy grey values, strokes."""
    rng = np.random.default_rng(SEED)
    smooth = ndimage.gaussian_filter(rng.normal(size=(side_px, side_px)), 6)
    codes = np.array(list(_GREY), np.uint8)
    truth = codes[np.digitize(smooth, np.quantile(smooth, (1 / 3, 2 / 3)))]
    return truth, _grey_of(truth, rng), paint_at_random(truth, STROKES, rng)


def _grey_of(truth: Codes, rng: np.random.Generator) -> NDArray[np.float32]:
    levels = np.zeros(256, np.float32)
    levels[list(_GREY)] = list(_GREY.values())
    return (levels[truth] + rng.normal(0, _NOISE, truth.shape)).astype(np.float32)


def answer_ours(grey: NDArray[np.float32], painted: Codes) -> Codes:
    """Learn and answer as `cathograph segment --strokes` does."""
    model = train_on_paintings([Painting("made", grey, painted)], SSB_CATHODE, name="made")
    return PaintedSegmenter(model, SSB_CATHODE, Path("made.npz")).segment(grey)


def answer_rival(grey: NDArray[np.float32], painted: Codes) -> Codes:
    """Learn and answer by features of scikit-image and a forest of scikit-learn."""
    features = multiscale_basic_features(grey, sigma_min=1, sigma_max=16).reshape(grey.size, -1)
    here = painted != NOT_PAINTED
    forest = RandomForestClassifier(TREES, random_state=SEED, n_jobs=-1)
    forest.fit(features[here.reshape(-1)], painted[here])
    return np.asarray(forest.predict(features), np.uint8).reshape(grey.shape)


def paint_and_answer_ours(grey: NDArray[np.float32]) -> None:
    """Measure the memory of ours: strokes in rows of the image, whose place does not matter here."""
    answer_ours(grey, _some_strokes(grey))


def paint_and_answer_rival(grey: NDArray[np.float32]) -> None:
    """Measure the memory of the rival."""
    answer_rival(grey, _some_strokes(grey))


def _some_strokes(grey: NDArray[np.float32]) -> Codes:
    painted = np.full(grey.shape, NOT_PAINTED, np.uint8)
    painted[4::16, 4:24] = NMC.code
    painted[8::16, 4:24] = SSE.code
    painted[12::16, 4:24] = GRAPHITE.code
    return painted
