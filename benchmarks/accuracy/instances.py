"""Splitting touching particles: ours with and without refinement and the usual methods, against known truth.

Phantoms of `phantom` whose NMC are packed until nearly all of them touch: 2048² pixels with some 2,000 particles, and a
volume. Then particles that are hollow, cracked, densely packed, or carry satellites (`make_particles` of `phantom`).
All start from the same mask of NMC and are scored against the particles as they were drawn: how many, how many
of them in pieces (splits), how many found ones that hold several (merges), panoptic quality
(`cathograph.ingest.segmentation.scores.instances`), adjusted Rand index of the pixels. The rivals:

- ``scikit-image``: distance_transform_edt, peak_local_max in windows of 3 px, watershed, as its own example does.
- ``scikit-image, tuned``: the same, with the smallest distance between two peaks for which it finds the number of
  particles that comes next to the truth, which nobody knows of a real image.
- ``cv2, cc3d``: distance transform and maximum filter of OpenCV (SciPy in 3D) with the same tuned distance, plateaus
  joined by cc3d, watershed of scikit-image.

``python -m cathograph.benchmarks.accuracy.instances`` writes the table of docs/segmentation.md.
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TextIO, TypedDict

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.regions.splitting import SplitRules, split_bodies
from cathograph.ingest.segmentation.scores.instances import score_instances
from cathograph.phantom import (
    PARTICLE_KINDS,
    Microstructure,
    MicrostructureParameters,
    make_microstructure,
    make_particles,
)
from cathograph.phantom.particle_kinds import ParticleKind
from cathograph.schema.phases import NMC

RUNS = 3
SEED = 4
PIXEL_SIZE_UM = 0.03
DISTANCES_PX = range(2, 13)

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]


class InstanceRow(TypedDict):
    """One method on one image, as `cathograph bench instances --json` prints it.

    ``bodies`` are the connected bodies before anything is split; ``error_percent`` is that of the number found;
    ``missed`` are true particles that no found one hits (IoU above one half), some of them cut by the image's border.
    """

    name: str
    method: str
    seconds: float
    bodies: int
    true: int
    found: int
    error_percent: float
    splits: int
    merges: int
    panoptic_quality: float
    adjusted_rand_index: float
    missed: int
    missed_at_border: int


def make_phantom(shape: tuple[int, ...], diameter_um: float, nmc_fraction: float) -> Microstructure:
    """Make an image whose NMC are each pushed against their nearest neighbour."""
    parameters = MicrostructureParameters(
        nmc_fraction=nmc_fraction,
        sse_fraction=0.3,
        graphite_fraction=0.05,
        nmc_diameter_um=diameter_um,
        nmc_touching=1.0,
        graphite_length_um=0.8,
    )
    return make_microstructure(shape, parameters=parameters, seed=SEED, pixel_size_um=PIXEL_SIZE_UM)


IMAGES: dict[str, tuple[tuple[int, ...], float, float]] = {
    "2048 x 2048": ((2048, 2048), 1.08, 0.55),
    "160 x 160 x 160": ((160, 160, 160), 0.6, 0.4),
}
"""Shape, median diameter in µm, and share of NMC: about as dense as such bodies lie without being pressed flat."""


SHAPES_OF_KINDS: dict[tuple[int, ...], float] = {(1024, 1024): 44.0, (120, 120, 120): 32.0}
"""Shapes of the images of one kind of particle, and the median diameter in px."""

SEED_OF_KINDS = 7


def _truths() -> dict[str, Callable[[], tuple[Labels, NDArray[np.integer]]]]:
    """How to make each image: its true particles, and its phases."""
    packed = {name: partial(_make_packed, *setting) for name, setting in IMAGES.items()}
    kinds = {
        f"{kind}, {' x '.join(map(str, shape))}": partial(_make_kind, kind, shape, diameter_px)
        for kind in PARTICLE_KINDS
        for shape, diameter_px in SHAPES_OF_KINDS.items()
    }
    return {**packed, **kinds}


def _make_packed(
    shape: tuple[int, ...], diameter_um: float, nmc_fraction: float
) -> tuple[Labels, NDArray[np.integer]]:
    phantom = make_phantom(shape, diameter_um, nmc_fraction)
    is_nmc = np.zeros(phantom.n_regions + 1, bool)
    is_nmc[1:] = phantom.region_phases == NMC.code
    return np.where(is_nmc[phantom.labels], phantom.labels, 0), phantom.phases


def _make_kind(
    kind: ParticleKind, shape: tuple[int, ...], diameter_px: float
) -> tuple[Labels, NDArray[np.integer]]:
    truth = make_particles(kind, shape, seed=SEED_OF_KINDS, diameter_px=diameter_px)
    return truth, np.where(truth > 0, NMC.code, 0).astype(np.uint8)


def adjusted_rand_index(truth: Labels, found: Labels) -> float:
    """Compute the adjusted Rand index of two labellings of the same pixels: 1 for the same parts, near 0 at random.

    Hubert and Arabie 1985, from the counts of pixels with each pair of labels.
    """
    pairs = [
        float((n * (n - 1.0) / 2).sum())
        for n in (
            np.unique(np.stack([truth, found]), axis=1, return_counts=True)[1],
            np.unique(truth, return_counts=True)[1],
            np.unique(found, return_counts=True)[1],
        )
    ]
    both, of_truth, of_found = pairs
    expected = of_truth * of_found / (truth.size * (truth.size - 1) / 2)
    most = (of_truth + of_found) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[InstanceRow]:
    """Find the particles of each image in each way.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each way.
    only : str, optional
        Part of an image's name.
    """
    rows = []
    for name, make in _truths().items():
        if only is not None and only not in name:
            continue
        if progress:
            progress(f"{name}: the phantom")
        truth, phases = make()
        mask = truth > 0
        bodies = int(ndimage.label(mask, np.ones((3,) * mask.ndim))[1])
        for method, find in _methods(phases, mask, int(np.unique(truth).size - 1)).items():
            if progress:
                progress(f"{name}: {method}")
            find()
            seconds = []
            for _ in range(RUNS):
                began = time.perf_counter()
                labels = find()
                seconds.append(time.perf_counter() - began)
            labels = np.where(mask, labels, 0)
            score = score_instances(truth, labels)
            missed = _missed(truth, labels)
            rows.append(
                InstanceRow(
                    name=name,
                    method=method,
                    seconds=statistics.median(seconds),
                    bodies=bodies,
                    true=score.true_particles,
                    found=score.found_particles,
                    error_percent=100 * (score.found_particles / score.true_particles - 1),
                    splits=score.splits,
                    merges=score.merges,
                    panoptic_quality=score.panoptic_quality or 0.0,
                    adjusted_rand_index=adjusted_rand_index(truth[mask], labels[mask]),
                    missed=missed.size,
                    missed_at_border=int(np.isin(missed, _at_border(truth)).sum()),
                )
            )
    return rows


def _methods(phases: NDArray[np.integer], mask: Mask, true: int) -> dict[str, Callable[[], Labels]]:
    tuned = min(DISTANCES_PX, key=lambda px: abs(_count_peaks(mask, px) - true))
    return {
        "ours, whole phase image": lambda: label_phases(phases).labels.astype(np.int32, copy=False),
        "ours": lambda: split_bodies(mask),
        "ours, not refined": lambda: split_bodies(mask, SplitRules(max_depth=1)),
        "ours, not split": lambda: np.asarray(ndimage.label(mask, np.ones((3,) * mask.ndim))[0], np.int32),
        "scikit-image": partial(by_scikit_image, mask, 1),
        f"scikit-image, tuned ({tuned} px)": partial(by_scikit_image, mask, tuned),
        f"cv2, cc3d ({tuned} px)": partial(by_opencv, mask, tuned),
    }


def _missed(truth: Labels, found: Labels) -> NDArray[np.int64]:
    """Labels of the true particles that no found one hits."""
    true_size, found_size = np.bincount(truth.reshape(-1)), np.bincount(found.reshape(-1))
    both, overlap = np.unique(
        truth.reshape(-1).astype(np.int64) * found_size.size + found.reshape(-1), return_counts=True
    )
    i, j = np.divmod(both, found_size.size)
    hit = (i > 0) & (j > 0) & (2 * overlap > true_size[i] + found_size[j] - overlap)
    present = np.flatnonzero(true_size)
    return np.setdiff1d(present[present > 0], i[hit])


def _at_border(labels: Labels) -> Labels:
    """Labels that the border of the image cuts."""
    faces = [np.take(labels, end, axis).reshape(-1) for axis in range(labels.ndim) for end in (0, -1)]
    return np.unique(np.concatenate(faces))


def _count_peaks(mask: Mask, distance_px: int) -> int:
    return len(
        peak_local_max(ndimage.distance_transform_edt(mask), min_distance=distance_px, exclude_border=False)
    )


def by_scikit_image(mask: Mask, distance_px: int) -> Labels:
    """Split a mask the usual way; peaks lie further apart than `distance_px`."""
    distance = ndimage.distance_transform_edt(mask)
    peaks = peak_local_max(distance, min_distance=distance_px, exclude_border=False)
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return np.asarray(watershed(-distance, markers, mask=mask), np.int32)


def by_opencv(mask: Mask, distance_px: int) -> Labels:
    """Split a mask with faster parts; plateaus of equal height are one peak."""
    side = 2 * distance_px + 1
    if mask.ndim == 2:
        distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        highest = cv2.dilate(distance, np.ones((side, side), np.uint8))
    else:
        distance = ndimage.distance_transform_edt(mask).astype(np.float32)
        highest = ndimage.maximum_filter(distance, side)
    peaks = np.asarray((distance == highest) & mask)
    markers = cc3d.connected_components(peaks, connectivity=8 if mask.ndim == 2 else 26)
    return np.asarray(watershed(-distance, markers.astype(np.int32), mask=mask), np.int32)


def main(only: str | None) -> None:
    """Write the table."""
    rows = run(lambda line: _say(sys.stderr, line), only)
    _say(
        sys.stdout,
        "| image | method | s | bodies | true | found | error | splits | merges | missed (at the border) | PQ | ARI |",
    )
    _say(sys.stdout, "|" + " --- |" * 12)
    for row in rows:
        _say(
            sys.stdout,
            f"| {row['name']} | {row['method']} | {row['seconds']:.2f} | {row['bodies']} | {row['true']} | "
            f"{row['found']} | {row['error_percent']:+.1f} % | {row['splits']} | {row['merges']} | "
            f"{row['missed']} ({row['missed_at_border']}) | "
            f"{row['panoptic_quality']:.3f} | {row['adjusted_rand_index']:.3f} |",
        )


def _say(where: TextIO, line: str) -> None:
    where.write(f"{line}\n")
    where.flush()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
