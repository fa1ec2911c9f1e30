"""How the pixels of a file become regions: the three meanings of `source`, side by side.

`Reading` holds what is fixed for a whole call (phase map, segmenter) with the name, version and
parameters that enter the segmentation's key; `read_regions` applies it to one image.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats import ImageFile, inverted, open_image
from cathograph.ingest.options import IngestOptions, Source, Stored
from cathograph.ingest.phase_maps import PhaseMap, apply_phase_map, read_phase_map
from cathograph.ingest.regions.labelling import label_phases, regions_from_labels
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.regions.splitting import SplitRules
from cathograph.ingest.segmentation import Segmenter, make_segmenter, run_segmenter
from cathograph.ingest.segmentation.segmenter import ComparingSegmenter, DoubtingSegmenter, SamplingSegmenter
from cathograph.ingest.segmentation.uncertainty.interval_calibration import (
    IntervalCalibration,
    read_calibration,
)
from cathograph.schema.composites import Composite, read_composite
from cathograph.schema.errors import SegmentationError
from cathograph.schema.keys import JsonScalar

_SEGMENTER = "segmenter."
_BLACK = "black_value"
"""Name of this parameter in a segmentation's key, there only where a grey image was inverted."""
PASSES, CALIBRATION = "uncertainty.passes", "uncertainty.calibration"
"""Names of these parameters in a segmentation's key."""

REGIONS_VERSION = "1"
"""Raised whenever regions of a phase image are found differently."""


@dataclass(frozen=True)
class Reading:
    """What is known before the first pixel.

    Attributes
    ----------
    options : IngestOptions
        What the user chose.
    method, version : str
        Segmenter, or ``given`` where the file already holds phases or regions.
    parameters : Mapping
        Every parameter that shapes the regions.
    phases : str or None
        Canonical text of the phase map.
    composite : Composite
        What the phases are and do.
    calibration : IntervalCalibration or None
        What corrects the intervals, where uncertainty is asked for and the model has one.
    black_value : int or None
        Value that is black where 0 is white: such a grey image is inverted before it is segmented.
    """

    options: IngestOptions
    method: str
    version: str
    parameters: Mapping[str, JsonScalar]
    phases: str | None
    composite: Composite
    phase_map: PhaseMap | None
    segmenter: Segmenter | None
    calibration: IntervalCalibration | None = None
    black_value: int | None = None

    def of_file(self, file: ImageFile) -> "Reading":
        """Give the reading of one file.

        A channel is called as the file calls it, however the user wrote it. A grey image in which 0 is white is
        inverted, labels never.
        """
        reading = self
        if file.channel is not None:
            reading = replace(self, options=self.options.with_changes(channel=file.channel))
        if self.segmenter is None or file.black_value is None:
            return reading
        return reading.inverting(file.black_value)

    def inverting(self, black_value: int) -> "Reading":
        """Give the same reading of a grey image in which 0 is white."""
        return replace(self, black_value=black_value, parameters={**self.parameters, _BLACK: black_value})

    @classmethod
    def of(cls, options: IngestOptions, composite: Composite | None = None) -> "Reading":
        """Read composite, phase map or segmenter from the options; a composite that is given counts instead.

        Raises
        ------
        CompositeError, PhaseMapError, SegmentationError
            When there is no such composite, phase map or segmenter, or the segmenter cannot say how sure it is.
        ModelError
            When its model or the calibration of that is damaged.
        """
        composite = composite or read_composite(options.composite)
        if options.phases is not None:
            phase_map = read_phase_map(options.phases, composite)
            parameters = {} if options.source is Source.REGIONS else _region_parameters(options)
            phases = phase_map.canonical()
            return cls(options, "given", REGIONS_VERSION, parameters, phases, composite, phase_map, None)
        segmenter = make_segmenter(options.segmenter, composite, **options.segmenter_parameters)
        calibration = _calibration_of(segmenter, options.uncertainty_passes)
        return cls(
            options,
            segmenter.name,
            f"{segmenter.version}/{REGIONS_VERSION}",
            {
                **_region_parameters(options),
                **{f"{_SEGMENTER}{name}": value for name, value in segmenter.parameters.items()},
                **_uncertainty_parameters(options.uncertainty_passes, calibration),
            },
            None,
            composite,
            None,
            segmenter,
            calibration,
        )

    @classmethod
    def of_stored(
        cls, parameters: Mapping[str, Any], pixel_size_um: float, composite: Composite, *, dataset: str | None
    ) -> "Reading":
        """Read again as a stored segmentation was read.

        Parameters
        ----------
        parameters : Mapping
            What the store keeps of it (`cathograph.ingest.pipeline.parameters_of`).
        pixel_size_um : float
            Edge of a pixel in µm.
        composite : Composite
            As it is stored with the segmentation.
        dataset : str or None
            Path inside the file that it came from.

        Raises
        ------
        CathographError
            When this version cannot read so.
        """
        chosen: Mapping[str, Any] = parameters["method_parameters"]
        segmenter: dict[str, Any] = {}
        if parameters["source"] == Source.IMAGE:
            own = {
                name.removeprefix(_SEGMENTER): value
                for name, value in chosen.items()
                if name.startswith(_SEGMENTER)
            }
            segmenter = {"segmenter": parameters["method"], "segmenter_parameters": own}
        reading = cls.of(
            IngestOptions.of_stored(
                {Stored.GRAPH: parameters, Stored.REGIONS: chosen},
                phases=parameters["phases"],
                pixel_size_nm=pixel_size_um * 1000,
                dataset=dataset,
                uncertainty_passes=chosen.get(PASSES, 0),
                **segmenter,
            ),
            composite,
        )
        if _BLACK in chosen:
            reading = reading.inverting(int(chosen[_BLACK]))
        if CALIBRATION not in chosen:
            return reading
        # A model that was calibrated since has the same regions: what the key was made with counts.
        return replace(reading, parameters={**reading.parameters, CALIBRATION: chosen[CALIBRATION]})


def open_with(path: Path, options: IngestOptions) -> ImageFile:
    """Open a file as the options of an ingest say.

    Raises
    ------
    InputImageError
        As `open_image`.
    """
    return open_image(
        path,
        dataset=options.dataset,
        volume=options.volume,
        fill_unwritten=options.fill_unwritten,
        channel=options.channel,
    )


def read_regions(pixels: NDArray[np.generic], reading: Reading) -> Regions:
    """Turn the pixels of one image into labelled regions.

    Parameters
    ----------
    pixels : ndarray, shape (y, x) or (z, y, x)
        Grey values, phase values or labels, as the options say.
    reading : Reading
        From `Reading.of`.

    Raises
    ------
    InputImageError, PhaseMapError, SegmentationError
        When the pixels cannot be what the options say.
    """
    options = reading.options
    if options.source is Source.REGIONS and reading.phase_map is not None:
        return regions_from_labels(pixels, reading.phase_map, reading.composite)
    if reading.phase_map is not None:
        phase_image = apply_phase_map(pixels, reading.phase_map)
    elif reading.segmenter is not None:
        phase_image = segmented(pixels, reading.segmenter, reading)
    return regions_of_phases(phase_image, options, reading.composite)


def segmented(pixels: NDArray[Any], segmenter: Segmenter, reading: Reading) -> NDArray[np.uint8]:
    """Segment the grey values of an image: `Phase.code` of each pixel.

    Parameters
    ----------
    pixels : array, shape (y, x) or (z, y, x)
        As read from the file.
    segmenter : Segmenter
        Of the reading.
    reading : Reading
        How the image is read.

    Raises
    ------
    InputImageError, SegmentationError
        When the pixels are no grey image.
    """
    return run_segmenter(segmenter, grey_of(pixels, reading), reading.composite)


def difference_of(pixels: NDArray[Any], reading: Reading) -> str | None:
    """Say how an image differs from those that its model was painted on; None for any other segmenter.

    Parameters
    ----------
    pixels : array, shape (y, x) or (z, y, x)
        As read from the file, checked.
    reading : Reading
        How the image is read.
    """
    if not isinstance(reading.segmenter, ComparingSegmenter):
        return None
    return reading.segmenter.difference_from_painted(grey_of(pixels, reading))


def doubts_of(pixels: NDArray[Any], reading: Reading) -> tuple[str, ...]:
    """Say which phases the segmenter cannot tell apart in an image; none for a segmenter that does not know.

    Parameters
    ----------
    pixels : array, shape (y, x) or (z, y, x)
        As read from the file, checked.
    reading : Reading
        How the image is read.
    """
    if not isinstance(reading.segmenter, DoubtingSegmenter):
        return ()
    return reading.segmenter.doubts(grey_of(pixels, reading))


def grey_of(pixels: NDArray[Any], reading: Reading) -> NDArray[Any]:
    """Return the grey values of an image in which higher is brighter."""
    return pixels if reading.black_value is None else inverted(pixels, reading.black_value)


def regions_of_phases(
    phase_image: NDArray[np.uint8], options: IngestOptions, composite: Composite
) -> Regions:
    """Find the regions of a phase image as the options say."""
    return label_phases(
        phase_image,
        composite=composite,
        min_size_px=options.min_size_px,
        split_nmc=options.split_nmc,
        connectivity=options.connectivity,
        rules=SplitRules(),
    )


def _calibration_of(segmenter: Segmenter, passes: int) -> IntervalCalibration | None:
    """Find what corrects the intervals of a segmenter; refuse one that cannot be asked several times."""
    if not passes:
        return None
    if not isinstance(segmenter, SamplingSegmenter):
        msg = (
            f"Found `uncertainty_passes` with the segmenter {segmenter.name}, which has one answer only; expected a "
            "U-Net. "
            "Choose the segmenter unet (`model` default), or leave `uncertainty_passes` out."
        )
        raise SegmentationError(msg)
    segmenter.require_passes()
    return read_calibration(segmenter.weights, segmenter.sha256)


def _uncertainty_parameters(passes: int, calibration: IntervalCalibration | None) -> dict[str, JsonScalar]:
    """Name what the stored intervals depend on; nothing where there are none, so that those keys stay as they were."""
    if not passes:
        return {}
    return {PASSES: passes, CALIBRATION: None if calibration is None else calibration.sha256}


def _region_parameters(options: IngestOptions) -> dict[str, JsonScalar]:
    rules = SplitRules()
    parameters = options.stored(Stored.REGIONS)
    if options.split_nmc:
        parameters.update({f"split.{name}": value for name, value in vars(rules).items()})
    return parameters
