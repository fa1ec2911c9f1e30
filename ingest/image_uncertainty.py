"""How sure the segmentation of one image is: the values that are stored.

The seed of the passes comes from the hash of the pixels, so the same image with the same model gives the same values,
whatever was ingested before it and on whichever machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import Connectivity
from cathograph.ingest.reading import Reading, grey_of, regions_of_phases
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.segmentation.segmenter import SamplingSegmenter
from cathograph.ingest.segmentation.uncertainty.interval_calibration import Conditions
from cathograph.ingest.segmentation.uncertainty.intervals import QUANTITIES, Spread, corrected, spread_of
from cathograph.ingest.segmentation.uncertainty.passes import run_passes


@dataclass(frozen=True, eq=False)
class ImageUncertainty:
    """What is stored of an image.

    Attributes
    ----------
    passes : int
        How many there were.
    is_calibrated : bool
        Whether the spreads were corrected.
    spreads : Mapping of str to Spread
        By quantity; None where no pass has a value (no NMC).
    confidence : float64 array, shape (n,)
        Of each region.
    note : str
        What the user should know.
    """

    passes: int
    is_calibrated: bool
    spreads: Mapping[str, Spread | None]
    confidence: NDArray[np.float64]
    note: str


def find_uncertainty(
    pixels: NDArray[Any], image: Regions, reading: Reading, content_sha256: str
) -> ImageUncertainty | None:
    """Find how sure the regions of an image are; None where that was not asked for.

    Parameters
    ----------
    pixels : array, shape (y, x) or (z, y, x)
        Grey values, checked.
    image : Regions
        The regions that are stored.
    reading : Reading
        How they were found, and with how many passes to doubt them.
    content_sha256 : str
        Hash of the pixels.
    """
    options, passes = reading.options, reading.options.uncertainty_passes
    if not passes or not isinstance(reading.segmenter, SamplingSegmenter):
        return None
    found = run_passes(
        reading.segmenter,
        grey_of(pixels, reading),
        image,
        passes=passes,
        seed=int(content_sha256[:16], 16),
        label=lambda phases: regions_of_phases(phases, options, reading.composite),
        radius_px=options.radius_px,
    )
    conditions = Conditions(
        passes, options.min_size_px, options.radius_px, options.split_nmc, image.labels.ndim
    )
    # Models are calibrated on regions that are connected over corners.
    as_calibrated = options.connectivity is Connectivity.ALL
    known = reading.calibration if as_calibrated else None
    margins = None if known is None else known.margins_for(conditions)
    spreads: dict[str, Spread | None] = {}
    is_calibrated = margins is not None
    for name in QUANTITIES:
        spread = spread_of([counts[name] for counts in found.counts])
        own = None if margins is None else margins[name]
        if spread is not None and own is not None:
            spread = corrected(name, spread, own)
        elif spread is not None:
            is_calibrated = False
        spreads[name] = spread
    note = f"{_in_words(spreads)}; {_what_it_means(reading, conditions, is_calibrated=is_calibrated)}"
    return ImageUncertainty(passes, is_calibrated, spreads, found.confidence, note)


def _in_words(spreads: Mapping[str, Spread | None]) -> str:
    """Write the intervals: ``particles 84 (61 to 120), …``."""
    digits = {"channel_share": 2}
    return ", ".join(
        f"{name.replace('_', ' ')} {spread.median:.{digits.get(name, 0)}f} ({spread.low:.{digits.get(name, 0)}f} to "
        f"{spread.high:.{digits.get(name, 0)}f})"
        for name, spread in spreads.items()
        if spread is not None
    )


def _what_it_means(reading: Reading, conditions: Conditions, *, is_calibrated: bool) -> str:
    if is_calibrated:
        return "such intervals hold the truth in 90 % of images like those the model was calibrated on"
    if reading.calibration is None:
        why = "this model was not calibrated (cathograph calibrate)"
    else:
        known = " and ".join(
            f"{each.conditions.passes} passes from {each.conditions.min_size_px} px on"
            for each in reading.calibration.settings
        )
        why = (
            f"this model was calibrated in 2D for {known}, not for {conditions.passes} passes from "
            f"{conditions.min_size_px} px on with these options"
        )
    return f"not calibrated, so these intervals only show how far the passes differ: {why}"
