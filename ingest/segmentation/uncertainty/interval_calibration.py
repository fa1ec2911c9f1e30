"""The correction of a model's intervals: a small file beside its weights, made from images of known truth.

It lies beside the weights and not in them, since it changes no label: a model that is calibrated later is still the
same model, and segmentations made with it stay valid. It names the hash of the weights that it belongs to.

Margins hold under the conditions they were fitted under, and only there: more passes spread further, and a minimum size
removes the speckle in which passes differ most. So a file holds margins by conditions, and under others the intervals
are those of the passes, marked as not calibrated.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cathograph.ingest.segmentation.uncertainty.intervals import (
    FEWEST_IMAGES,
    LEVEL,
    QUANTITIES,
    Margins,
    fit_margins,
    spread_of,
)
from cathograph.ingest.segmentation.uncertainty.passes import Counts
from cathograph.schema.errors import ModelError
from cathograph.schema.keys import hash_parts

FORMAT = 1


@dataclass(frozen=True)
class Conditions:
    """What the counts of a pass depend on besides the model and the image.

    Attributes
    ----------
    passes : int
        How many.
    min_size_px : int
        Smaller regions are left out.
    radius_px : int
        Contact radius.
    split_nmc : bool
        Whether touching NMC are split.
    ndim : int
        Axes of the image.
    """

    passes: int
    min_size_px: int = 1
    radius_px: int = 3
    split_nmc: bool = True
    ndim: int = 2


@dataclass(frozen=True)
class Setting:
    """Margins under some conditions; None for a quantity that no image had.

    Attributes
    ----------
    conditions : Conditions
        Which.
    images : int
        Number of images that they come from.
    margins : Mapping of str to Margins
        By quantity.
    """

    conditions: Conditions
    images: int
    margins: Mapping[str, Margins | None]


@dataclass(frozen=True)
class IntervalCalibration:
    """Everything that corrects one model.

    Attributes
    ----------
    model_sha256 : str
        Hash of its weights.
    source : str
        Where the images come from, in words.
    command : str
        What was called.
    settings : tuple of Setting
        Margins by conditions.
    """

    model_sha256: str
    source: str
    command: str
    settings: tuple[Setting, ...]

    @property
    def sha256(self) -> str:
        """Hash of all of it."""
        return hash_parts(self.as_record())

    def margins_for(self, conditions: Conditions) -> Mapping[str, Margins | None] | None:
        """Margins under these conditions; None where none were fitted."""
        return next((each.margins for each in self.settings if each.conditions == conditions), None)

    def as_record(self) -> dict[str, Any]:
        """Write it as JSON can hold it."""
        return {
            "format": FORMAT,
            "model_sha256": self.model_sha256,
            "level": LEVEL,
            "source": self.source,
            "command": self.command,
            "settings": [
                {
                    **vars(each.conditions),
                    "images": each.images,
                    "margins": {
                        name: None if margins is None else vars(margins)
                        for name, margins in each.margins.items()
                    },
                }
                for each in self.settings
            ],
        }


def fit_setting(
    conditions: Conditions, counts: Sequence[Sequence[Counts]], truths: Sequence[Counts]
) -> Setting:
    """Fit margins on images of known truth.

    Parameters
    ----------
    conditions : Conditions
        Under which the counts were made.
    counts : sequence of sequence of Counts
        Pass by pass, image by image.
    truths : sequence of Counts
        Of the true phases, found by the same code.

    Raises
    ------
    ModelError
        When there are too few images.
    """
    if len(truths) < FEWEST_IMAGES:
        msg = (
            f"Found {len(truths)} images to calibrate on; expected at least {FEWEST_IMAGES}, with fewer no interval of "
            f"{LEVEL:.0%} can be told (100 are better). Add images, or use the model without calibration."
        )
        raise ModelError(msg)
    margins = {
        name: fit_margins(
            name,
            [spread_of([each[name] for each in passes]) for passes in counts],
            [truth[name] for truth in truths],
        )
        for name in QUANTITIES
    }
    return Setting(conditions, len(truths), margins)


def calibration_file(weights: Path) -> Path:
    """Where the calibration of a model lies."""
    return weights.with_suffix(".calibration.json")


def write_calibration(weights: Path, calibration: IntervalCalibration) -> Path:
    """Write a calibration beside the weights; the file appears whole or not at all."""
    path = calibration_file(weights)
    part = path.with_name(f"{path.name}.part")
    part.write_text(
        json.dumps(calibration.as_record(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    part.replace(path)
    return path


def read_calibration(weights: Path, model_sha256: str) -> IntervalCalibration | None:
    """Read the calibration of a model; None where there is no such file.

    Raises
    ------
    ModelError
        When the file is damaged, or belongs to other weights.
    """
    path = calibration_file(weights)
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT or record["level"] != LEVEL:
            msg = (
                f"{path}: found a calibration of format {record['format']} for {record['level']}; expected {FORMAT} "
                f"for {LEVEL}. Calibrate the model again: cathograph calibrate."
            )
            raise ModelError(msg)
        found = IntervalCalibration(
            str(record["model_sha256"]),
            str(record["source"]),
            str(record["command"]),
            tuple(_setting_of(each) for each in record["settings"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = (
            f"{path}: found no calibration that can be read ({error!r}); expected what `cathograph calibrate` wrote. "
            "Delete the file, or calibrate the model again."
        )
        raise ModelError(msg) from error
    if found.model_sha256 != model_sha256:
        msg = (
            f"{path}: found the calibration of another model ({found.model_sha256[:12]}…); expected that of "
            f"{model_sha256[:12]}…. Delete the file, or calibrate the model again: cathograph calibrate."
        )
        raise ModelError(msg)
    return found


def _setting_of(record: Mapping[str, Any]) -> Setting:
    conditions = Conditions(
        int(record["passes"]),
        int(record["min_size_px"]),
        int(record["radius_px"]),
        bool(record["split_nmc"]),
        int(record["ndim"]),
    )
    margins = {
        name: None
        if record["margins"][name] is None
        else Margins(**{key: float(value) for key, value in record["margins"][name].items()})
        for name in QUANTITIES
    }
    return Setting(conditions, int(record["images"]), margins)
