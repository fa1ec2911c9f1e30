"""Calibrating a model of your own: its passes over images whose masks are known."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from cathograph.ingest.regions.labelling import label_phases
from cathograph.ingest.segmentation.segmenter import SamplingSegmenter, run_segmenter
from cathograph.ingest.segmentation.uncertainty.interval_calibration import (
    Conditions,
    IntervalCalibration,
    Setting,
    fit_setting,
)
from cathograph.ingest.segmentation.uncertainty.passes import Counts, count_structures
from cathograph.ingest.segmentation.unet.pairs import Pair

Progress = Callable[[str, int, int], None]


def calibrate_on_pairs(
    segmenter: SamplingSegmenter,
    pairs: Sequence[Pair],
    conditions: Conditions,
    *,
    progress: Progress | None = None,
) -> Setting:
    """Fit the margins of a model on pairs that it was not trained on.

    Parameters
    ----------
    segmenter : SamplingSegmenter
        The model.
    pairs : sequence of Pair
        Images with their masks; what is true is what the same code finds in the mask.
    conditions : Conditions
        Passes, sizes and radius that the margins are to hold for.
    progress : callable, optional
        Called with (image, done, total).

    Raises
    ------
    ModelError
        When there are too few pairs.
    SegmentationError
        When the model cannot work on an image, or has no dropout.
    """
    segmenter.require_passes()
    counts: list[list[Counts]] = []
    truths: list[Counts] = []
    for done, pair in enumerate(pairs):
        if progress is not None:
            progress(pair.name, done, len(pairs))
        phases = run_segmenter(segmenter, pair.grey)
        passes = segmenter.sample(pair.grey, phases, passes=conditions.passes, seed=done)
        truth, *found = (
            count_structures(
                label_phases(each, min_size_px=conditions.min_size_px, split_nmc=conditions.split_nmc),
                radius_px=conditions.radius_px,
            )
            for each in (pair.phases, *(each.phases for each in passes))
        )
        counts.append(found)
        truths.append(truth)
    return fit_setting(conditions, counts, truths)


def with_setting(before: IntervalCalibration | None, after: IntervalCalibration) -> IntervalCalibration:
    """Join calibrations of one model: of equal conditions the later one counts."""
    fitted = {each.conditions for each in after.settings}
    kept = () if before is None else tuple(each for each in before.settings if each.conditions not in fitted)
    return replace(after, settings=(*kept, *after.settings))
