"""Repeated passes of a segmenter over one image, and the counts that each of them gives.

A pass is a phase image like any other: its regions, contacts, TPBs and channels are found by the same code, in memory,
and only the counts are kept.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.graph.particle_graph import build_graph
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.segmentation.segmenter import SamplingSegmenter

Counts = Mapping[str, float | None]
"""A number for each of `intervals.QUANTITIES`; None where there is none."""


@dataclass(frozen=True, eq=False)
class Passes:
    """What the passes over one image say.

    Attributes
    ----------
    counts : tuple of Counts
        Pass by pass.
    confidence : float64 array, shape (n,)
        Of each region, how probable its phase is: mean over its pixels and over the passes.
    """

    counts: tuple[Counts, ...]
    confidence: NDArray[np.float64]


def run_passes(
    segmenter: SamplingSegmenter,
    grey: NDArray[Any],
    image: Regions,
    *,
    passes: int,
    seed: int,
    label: Callable[[NDArray[np.uint8]], Regions],
    radius_px: int,
) -> Passes:
    """Run the passes over one image.

    Parameters
    ----------
    segmenter : SamplingSegmenter
        What answers.
    grey : array, shape (y, x) or (z, y, x)
        The image, checked.
    image : Regions
        Its regions without anything left out, as they are stored.
    passes, seed : int
        How many, and what they are drawn from.
    label : callable
        Finds the regions of a phase image, as those of `image` were found.
    radius_px : int
        Contact radius.
    """
    counts = []
    sums = np.zeros(image.region_labels.size)
    for each in segmenter.sample(grey, image.phase_image, passes=passes, seed=seed):
        counts.append(count_structures(label(each.phases), radius_px=radius_px))
        sums += _sum_over_regions(image, each.probability)
    sizes = _sum_over_regions(image, np.ones(image.labels.shape, np.float32))
    return Passes(tuple(counts), sums / (sizes * passes))


def count_structures(image: Regions, *, radius_px: int) -> Counts:
    """Count the particles and TPBs of a label image, and the share of its NMC that have a concurrent channel."""
    graph = build_graph(image, pixel_size_um=1.0, radius_px=radius_px)  # no count depends on the pixel size
    flags = graph.flags.has_concurrent_channel
    return {
        "particles": float(image.region_labels.size),
        "tpbs": float(len(graph.tpbs.nmc)),
        "channel_share": float(flags.mean()) if flags.size else None,
    }


def _sum_over_regions(image: Regions, values: NDArray[np.float32]) -> NDArray[np.float64]:
    sums = np.zeros(len(image) + 1)
    # Plane by plane, because bincount converts all it is given to doubles.
    for numbers, plane in _planes(image.numbers, values):
        sums += np.bincount(numbers.reshape(-1), plane.reshape(-1), minlength=len(image) + 1)
    return sums[1:]


def _planes(
    numbers: NDArray[np.int32], values: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    yield from [(numbers, values)] if numbers.ndim == 2 else zip(numbers, values, strict=True)
