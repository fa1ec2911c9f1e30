"""Evaluation of a model against true masks: overlap, boundaries, particles and the graph, in one record.

Masks name phases and not particles, so the true particles are those that the splitting finds in the true mask;
what is scored is the step from grey to phases, and its effect on everything after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.segmentation.scores.boundary import score_boundaries
from cathograph.ingest.segmentation.scores.graph_error import GraphError, compare_graphs, regions_of
from cathograph.ingest.segmentation.scores.instances import InstanceScores, score_instances
from cathograph.ingest.segmentation.scores.overlap import OverlapScores, score_overlap
from cathograph.ingest.segmentation.segmenter import Segmenter, run_segmenter
from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.schema.composites import SSB_CATHODE, Phase
from cathograph.schema.errors import ModelError
from cathograph.schema.phases import NMC

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ImageEvaluation:
    """One image: NMC particles and graph, from the true mask and from the prediction."""

    name: str
    instances: InstanceScores
    graph: GraphError


@dataclass(frozen=True)
class Evaluation:
    """A set of images.

    Attributes
    ----------
    overlap : OverlapScores
        IoU of each class and their mean.
    boundary_f1 : dict of Phase to float
        Of each class, within two pixels.
    images : tuple of ImageEvaluation
        Image by image.
    min_size_px : int
        Smaller regions were left out of particles and graph, on both sides.
    """

    overlap: OverlapScores
    boundary_f1: dict[Phase, float]
    images: tuple[ImageEvaluation, ...]
    min_size_px: int

    def as_record(self) -> dict[str, Any]:
        """Write it as JSON can hold it."""
        return {
            **self.overlap.as_record(),
            "boundary_f1": {phase.name: score for phase, score in self.boundary_f1.items()},
            "min_size_px": self.min_size_px,
            "images": [
                {"image": image.name, **vars(image.instances), "graph": image.graph.as_record()}
                for image in self.images
            ],
        }


def evaluate(
    segmenter: Segmenter,
    phases: Sequence[Phase],
    pairs: Sequence[Pair],
    *,
    min_size_px: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Evaluate a segmenter on pairs.

    Parameters
    ----------
    segmenter : Segmenter
        A model, or any other.
    phases : sequence of Phase
        Phases that the model distinguishes.
    pairs : sequence of Pair
        Images with their masks.
    min_size_px : int
        Leave smaller regions out of particles and graph.
    progress : callable, optional
        Called with (what, done, total).

    Raises
    ------
    ModelError
        When the masks hold a phase that it does not know.
    SegmentationError
        When it cannot work on an image.
    """
    require_phases(phases, pairs)
    predictions: list[NDArray[np.uint8]] = []
    images: list[ImageEvaluation] = []
    for done, pair in enumerate(pairs):
        if progress is not None:
            progress(pair.name, done, len(pairs))
        found = run_segmenter(segmenter, pair.grey)
        predictions.append(found)
        true_image, found_image = (regions_of(each, min_size_px=min_size_px) for each in (pair.phases, found))
        images.append(
            ImageEvaluation(
                pair.name,
                score_instances(_nmc_labels(true_image), _nmc_labels(found_image)),
                compare_graphs(true_image, found_image),
            )
        )
    truths = [pair.phases for pair in pairs]
    return Evaluation(
        score_overlap(truths, predictions, phases),
        score_boundaries(truths, predictions, phases),
        tuple(images),
        min_size_px,
    )


def require_phases(phases: Sequence[Phase], pairs: Sequence[Pair]) -> None:
    """Refuse masks with a phase that is not among those given.

    Raises
    ------
    ModelError
        Names the phases and an image.
    """
    codes = [phase.code for phase in phases]
    for pair in pairs:
        strange = [
            SSB_CATHODE.phase_of_code(code).name for code in np.unique(pair.phases) if code not in codes
        ]
        if strange:
            msg = (
                f"Found {', '.join(strange)} in the mask of {pair.name} and a model of "
                f"{', '.join(phase.name for phase in phases)}; expected the same phases. "
                "Take a model of these phases, or correct `phases`."
            )
            raise ModelError(msg)


def _nmc_labels(image: Regions) -> NDArray[np.int64]:
    return np.where(image.phase_image == NMC.code, image.labels, 0).astype(np.int64)
