"""Megapixels a second and peak memory of the U-Net on this machine, at 2048² and 8192².

There is no rival of the same answer to be timed beside it, so this has rows of its own kind. An image is one
tile pattern repeated, since speed and memory do not depend on what is seen; peak memory is measured in a fresh process.
``python -m cathograph.benchmarks.speed.segment SIDE DEVICE`` is that process.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from cathograph.benchmarks.measure import forget_peak, peak_mb, resident_mb

SIDES_PX = (2048, 8192)
BATCH_ON_GPU = 4


class SegmentRow(TypedDict):
    """One image, as `cathograph bench segment --json` prints it.

    ``peak_mb`` is the largest resident set of the process, image, labels and torch included; ``growth_mb`` is what
    it grew by over the image and the loaded network.
    """

    name: str
    device: str
    precision: str
    batch: int
    threads: int
    seconds: float
    megapixels_per_s: float
    peak_mb: float
    growth_mb: float


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[SegmentRow]:
    """Segment both images on the CPU, and on the GPU where there is one.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each image.
    only : str, optional
        Part of a row's name.
    """
    import torch

    rows = []
    for device in ("cpu", *(("cuda",) if torch.cuda.is_available() else ())):
        for side_px in SIDES_PX:
            name = f"segment {side_px} x {side_px} {device}"
            if only is not None and only not in name:
                continue
            if progress:
                progress(name)
            command = [sys.executable, "-m", "cathograph.benchmarks.speed.segment", str(side_px), device]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own module
            rows.append(cast("SegmentRow", {"name": name, **json.loads(done.stdout.splitlines()[-1])}))
    return rows


def make_image(side_px: int) -> NDArray[np.float32]:
    """Make a grey image of any size out of one of 512²."""
    rng = np.random.default_rng(0)
    tile = rng.normal(rng.integers(0, 4, (64, 64)).repeat(8, 0).repeat(8, 1), 0.3).astype(np.float32)
    return np.tile(tile, (-(-side_px // 512),) * 2)[:side_px, :side_px]


def measure(side_px: int, device: str) -> dict[str, object]:
    """Segment one image with the model that ships, timed, in this process."""
    import torch

    from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet

    batch = BATCH_ON_GPU if device == "cuda" else 1
    segmenter = make_unet(model="default", device=device, batch=batch)
    image = make_image(side_px)
    segmenter.segment(image[:64, :64])  # what is loaded once is not counted
    forget_peak()
    before = resident_mb()
    began = time.perf_counter()
    segmenter.segment(image)
    seconds = time.perf_counter() - began
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "precision": segmenter.run.precision,
        "batch": batch,
        "threads": torch.get_num_threads(),
        "seconds": seconds,
        "megapixels_per_s": image.size / 1e6 / seconds,
        "peak_mb": peak_mb(),
        "growth_mb": max(peak_mb() - before, 0.0),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), sys.argv[2])))  # noqa: T201  read by the process that asked
