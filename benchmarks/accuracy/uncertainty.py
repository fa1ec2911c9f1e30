"""Do 90 % intervals hold the truth? The calibration of the model that ships, and its proof.

``python -m cathograph.benchmarks.accuracy.uncertainty FOLDER`` runs the passes of ``--model default`` over
phantoms that it was not trained on: those of one seed calibrate, those of another are counted. What is true
is what the same code finds in the true phases. FOLDER keeps the counts of each phantom, so the same command
continues where it was stopped; a model with another hash starts again. With ``--install`` the calibration is
written beside the model that ships.

The table goes to standard output: how often the interval held the truth, before the correction and after, how often it
does when the same phantoms are divided in other ways (mean of 200, and where nine tenths of them lie), and how wide
it is.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cathograph.benchmarks.accuracy.default_model import phantom_pair
from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.segmentation import run_segmenter
from cathograph.ingest.segmentation.uncertainty.interval_calibration import (
    Conditions,
    IntervalCalibration,
    fit_setting,
    write_calibration,
)
from cathograph.ingest.segmentation.uncertainty.intervals import (
    QUANTITIES,
    Spread,
    corrected,
    fit_margins,
    spread_of,
)
from cathograph.ingest.segmentation.uncertainty.passes import Counts, count_structures
from cathograph.ingest.segmentation.unet.model_lookup import DEFAULT, MODELS_FOLDER, SUFFIX
from cathograph.ingest.segmentation.unet.unet_segmenter import UNetSegmenter, make_unet

SEEDS: Mapping[str, int] = {"calibration": 31_001, "test": 31_002}
"""Seeds of phantoms; the model was trained on those of `cathograph.benchmarks.accuracy.default_model.SEED`."""

N_IMAGES: Mapping[str, int] = {"calibration": 220, "test": 100}
SIDE_PX = 192
MIN_SIZES_PX = (1, 9)
PASSES = 8
SPLITS = 200
COMMAND = "python -m cathograph.benchmarks.accuracy.uncertainty FOLDER --install"
SOURCE = (
    f"{N_IMAGES['calibration']} phantoms of {SIDE_PX} × {SIDE_PX} pixels, of the kind that the model was trained on "
    "but none of those. No real image."
)


@dataclass(frozen=True)
class Counted:
    """One phantom at one minimum size: its true counts and those of the passes."""

    side: str
    number: int
    min_size_px: int
    truth: Counts
    passes: tuple[Counts, ...]


def count_phantom(segmenter: UNetSegmenter, side: str, number: int) -> Iterator[Counted]:
    """Run the passes over one phantom; one record a minimum size."""
    pair = phantom_pair(number, seed=SEEDS[side], side_px=SIDE_PX)
    phases = run_segmenter(segmenter, pair.grey)
    samples = [each.phases for each in segmenter.sample(pair.grey, phases, passes=PASSES, seed=number)]
    radius_px = Conditions(PASSES).radius_px
    for min_size_px in MIN_SIZES_PX:
        truth, *passes = (
            count_structures(label_phases(each, min_size_px=min_size_px), radius_px=radius_px)
            for each in (pair.phases, *samples)
        )
        yield Counted(side, number, min_size_px, truth, tuple(passes))


def count_all(folder: Path, segmenter: UNetSegmenter) -> list[Counted]:
    """Count all phantoms, from the folder where they were counted before."""
    path = folder / f"counts-{segmenter.sha256[:12]}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    found = [_read(line) for line in path.read_text().splitlines()] if path.exists() else []
    done = {(each.side, each.number) for each in found}
    with path.open("a") as file:
        for side, n_images in N_IMAGES.items():
            for number in range(n_images):
                if (side, number) in done:
                    continue
                new = list(count_phantom(segmenter, side, number))
                # Both lines of a phantom at once: a killed run leaves all of it or none.
                file.write("".join(f"{json.dumps(vars(each))}\n" for each in new))
                file.flush()
                found += new
                sys.stderr.write(f"{side} {number + 1}/{n_images}\n")
    return found


def calibrate(counted: Sequence[Counted], model_sha256: str) -> IntervalCalibration:
    """Fit the margins of each minimum size."""
    settings = []
    for min_size_px in MIN_SIZES_PX:
        chosen = _chosen(counted, "calibration", min_size_px)
        conditions = Conditions(PASSES, min_size_px)
        settings.append(
            fit_setting(conditions, [each.passes for each in chosen], [each.truth for each in chosen])
        )
    return IntervalCalibration(model_sha256, SOURCE, COMMAND, tuple(settings))


def table(counted: Sequence[Counted], calibration: IntervalCalibration) -> Iterator[str]:
    """Lines of the table, of the phantoms that test."""
    yield (
        "| smallest region | quantity | images | passes hold it | corrected hold it | in other splits "
        "| width of passes | corrected |"
    )
    yield "|" + " --- |" * 8
    for min_size_px in MIN_SIZES_PX:
        margins = calibration.margins_for(Conditions(PASSES, min_size_px)) or {}
        tested, calibrated = (_chosen(counted, side, min_size_px) for side in ("test", "calibration"))
        for name in QUANTITIES:
            both, own = _spreads_and_truths(name, tested), margins[name]
            right = [] if own is None else [(corrected(name, spread, own), truth) for spread, truth in both]
            others = _held_in_other_splits(name, [*both, *_spreads_and_truths(name, calibrated)], len(both))
            yield (
                f"| {min_size_px} px | {name} | {len(both)} | {_share_held(both)} | {_share_held(right)} | {others} | "
                f"{_width(name, both)} | {_width(name, right)} |"
            )


def _spreads_and_truths(name: str, chosen: Sequence[Counted]) -> list[tuple[Spread, float]]:
    """Spread of the passes and truth of each image that has both."""
    return [
        (spread, float(truth))
        for spread, truth in (
            (spread_of([count[name] for count in each.passes]), each.truth[name]) for each in chosen
        )
        if spread is not None and truth is not None
    ]


def _held_in_other_splits(name: str, both: Sequence[tuple[Spread, float]], n_tested: int) -> str:
    """Mean and range of what is held when all phantoms are divided anew, so many to test, the rest to calibrate."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(SPLITS):
        order = rng.permutation(len(both)).tolist()
        tested, rest = [both[k] for k in order[:n_tested]], [both[k] for k in order[n_tested:]]
        margins = fit_margins(name, [spread for spread, _ in rest], [truth for _, truth in rest])
        if margins is not None:
            shares.append(
                np.mean([corrected(name, spread, margins).holds(truth) for spread, truth in tested])
            )
    if not shares:
        return ""
    low, high = np.quantile(shares, (0.05, 0.95))
    return f"{100 * np.mean(shares):.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def _chosen(counted: Sequence[Counted], side: str, min_size_px: int) -> list[Counted]:
    return [
        each
        for each in counted
        if (each.side, each.min_size_px) == (side, min_size_px) and each.number < N_IMAGES[side]
    ]


def _share_held(both: Sequence[tuple[Spread, float]]) -> str:
    return f"{100 * np.mean([spread.holds(truth) for spread, truth in both]):.0f} %" if both else ""


def _width(name: str, both: Sequence[tuple[Spread, float]]) -> str:
    """Median width of the intervals; of counts in per cent of the truth."""
    if not both:
        return ""
    if name == "channel_share":
        return f"{np.median([spread.high - spread.low for spread, _ in both]):.2f}"
    return (
        f"{100 * np.median([(spread.high - spread.low) / max(truth, 1.0) for spread, truth in both]):.0f} %"
    )


def _read(line: str) -> Counted:
    record: dict[str, Any] = json.loads(line)
    return Counted(**{**record, "passes": tuple(record["passes"])})


def main(folder: Path, *, install: bool) -> None:
    """Count, calibrate, write the table."""
    segmenter = make_unet(model=DEFAULT, device="cpu")
    counted = count_all(folder, segmenter)
    calibration = calibrate(counted, segmenter.sha256)
    write_calibration((MODELS_FOLDER if install else folder) / f"{DEFAULT}{SUFFIX}", calibration)
    for line in table(counted, calibration):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Calibrate the uncertainty of the model that ships, and test it."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--install", action="store_true")
    asked = parser.parse_args()
    main(asked.folder, install=asked.install)
