"""Does a segmenter invent phases? ``python -m cathograph.benchmarks.accuracy.honesty [FOLDER]``.

Made slices with exact truth go through projections, noise and reconstruction (`cathograph.phantom.tomography`).
The first table is of slices with NMC and pores alone: *invented rim* is the share of the NMC's outline with a
pixel of SSE within three pixels. The second is of slices in which SSE and graphite have the same grey value, and
of the same slices with different ones: how often the segmenter says that it cannot tell the two apart.
With FOLDER, that of the ten pairs of nano-CT slices, a third table has their mean IoU.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.benchmarks.accuracy.made_slices import four_phases, two_phases
from cathograph.benchmarks.accuracy.segmentation import HELD_OUT, PHASES, score
from cathograph.ingest.phase_maps import read_phase_map
from cathograph.ingest.segmentation import MultiOtsu, Segmenter, make_segmenter, run_segmenter
from cathograph.ingest.segmentation.grey_modes import GreyModes
from cathograph.ingest.segmentation.unet.pairs import read_pairs
from cathograph.schema.composites import Phase
from cathograph.schema.phases import NMC, SSE

N_SLICES = 12
REACH_PX = 3
LARGEST_SHARE = 0.02
"""Goal: at most this share of the NMC's outline has an invented rim."""


def invented_rim(found: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Share of the true NMC outline that has a pixel of SSE within three pixels.

    Parameters
    ----------
    found, truth : uint8 array, (y, x)
        Codes of phases; the truth has no SSE.

    Examples
    --------
    >>> truth = np.full((5, 9), 0, np.uint8); truth[:, 5:] = NMC.code
    >>> found = truth.copy(); found[0, 4] = SSE.code
    >>> invented_rim(found, truth)
    0.6
    """
    nmc = truth == NMC.code
    outline = nmc & ~ndimage.binary_erosion(nmc, border_value=1)
    near = (
        ndimage.distance_transform_edt(found != SSE.code) <= REACH_PX
        if (found == SSE.code).any()
        else found < 0
    )
    return float(near[outline].mean())


def _segmenters(order: str) -> Mapping[str, Callable[[], Segmenter]]:
    return {
        "default": lambda: make_segmenter("unet", model="default"),
        "multi-Otsu": lambda: MultiOtsu(phases_by_grey=order),
        "grey-modes": lambda: GreyModes(phases_by_grey=order),
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _rims() -> None:
    _say(
        "| segmenter | grey order | invented rim, mean | largest | slices of at most 2 % | NMC IoU |\n"
        + "| --- " * 6
        + "|"
    )
    for dark, order in ((False, "background,Graphite,SSE,NMC"), (True, "NMC,SSE,Graphite,background")):
        made = [two_phases(number, dark_nmc=dark) for number in range(N_SLICES)]
        for name, make in _segmenters(order).items():
            segmenter = make()
            answers = [run_segmenter(segmenter, one.grey) for one in made]
            rims = [invented_rim(found, one.phases) for found, one in zip(answers, made, strict=True)]
            ious = [_iou(found, one.phases, NMC) for found, one in zip(answers, made, strict=True)]
            passed = sum(rim <= LARGEST_SHARE for rim in rims)
            rim = f"{np.mean(rims):.3f} | {max(rims):.3f} | {passed}/{len(rims)}"
            _say(f"| {name} | {order} | {rim} | {np.mean(ious):.3f} |")


def _iou(found: NDArray[Any], truth: NDArray[Any], phase: Phase) -> float:
    both, either = (
        (found == phase.code) & (truth == phase.code),
        (found == phase.code) | (truth == phase.code),
    )
    return float(both.sum() / either.sum())


def _doubts() -> None:
    _say(
        "\n| grey of graphite, SSE | told that they cannot be told apart | IoU of SSE | of NMC |\n"
        + "| --- " * 4
        + "|"
    )
    segmenter = GreyModes()
    for graphite, sse in ((0.45, 0.45), (0.42, 0.48), (0.35, 0.6)):
        made = [four_phases(number, graphite=graphite, sse=sse) for number in range(N_SLICES)]
        told = sum(
            any("Graphite" in doubt and "SSE" in doubt for doubt in segmenter.doubts(one.grey))
            for one in made
        )
        found = [(run_segmenter(segmenter, one.grey), one.phases) for one in made]
        sse_iou, nmc_iou = (np.mean([_iou(*pair, phase) for pair in found]) for phase in (SSE, NMC))
        _say(f"| {graphite:g}, {sse:g} | {told}/{len(made)} | {sse_iou:.3f} | {nmc_iou:.3f} |")


def _real(folder: Path) -> None:
    pairs = read_pairs(folder, read_phase_map(PHASES))
    _say("\n| segmenter, slices | mIoU … |")
    order = "SSE,Graphite,NMC"
    segmenters = dict(_segmenters(order))
    segmenters["multi-Otsu, nested"] = lambda: MultiOtsu(phases_by_grey=order, thresholds="nested")
    for name, make in segmenters.items():
        _say(score(f"{name}, three", make(), [pair for pair in pairs if pair.name in HELD_OUT]))
        _say(score(f"{name}, all", make(), pairs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Segmenters on slices without the phase that they may invent."
    )
    parser.add_argument("folder", type=Path, nargs="?", help="Ten pairs of nano-CT slices.")
    given = parser.parse_args()
    _rims()
    _doubts()
    if given.folder is not None:
        _real(given.folder)
