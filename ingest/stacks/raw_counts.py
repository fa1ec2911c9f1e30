"""Raw counts of a detector, told from transmission and absorbance by their size and type.

Reads some rows of one frame. What looks like counts is refused where nobody said so: counts that are fitted as if they
were absorbance give a smooth map of nothing.
"""

from pathlib import Path

import numpy as np

from cathograph.ingest.stacks.frames import Frames
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

# A camera's counts with a beam are hundreds or more; a transmission of 5 is no sample.
LARGEST_TRANSMISSION = 5.0
LARGEST_ABSORBANCE = 20.0
"""Of two billion photons one passes: no detector sees that."""

SAMPLE_ROWS = 64


def require_no_counts(path: Path, frames: Frames, place: int) -> None:
    """Refuse pixels that look like raw counts where nothing says what they are.

    Parameters
    ----------
    path : Path
        File, for the message.
    frames : Frames
        Images of the sample.
    place : int
        The one that is looked at.

    Raises
    ------
    InputImageError
        When pixels are whole numbers, or their median is above any absorbance.
    """
    if frames.dtype.kind in "iu":
        found = f"whole numbers ({frames.dtype}), as detectors count them"
    else:
        median = _median(frames, place)
        if median <= LARGEST_ABSORBANCE:
            return
        found = f"values of {median:.4g} (median of some rows), as detectors count"
    msg = (
        f"{shown(path)}: found {found}, without flats; expected absorbance, or counts and what to divide them by. Give "
        "`flats` (and `darks`), or `empty_region` Y0,Y1,X0,X1; if they are no counts, say so with `values`."
    )
    raise InputImageError(msg)


def require_transmission(path: Path, frames: Frames, place: int) -> None:
    """Refuse counts where a layout promises transmission, by the median of some rows of one frame.

    Raises
    ------
    InputImageError
        When the median is above any transmission.
    """
    median = _median(frames, place)
    if median > LARGEST_TRANSMISSION:
        msg = (
            f"{shown(path)}: found values of {median:.4g} (median of some rows); expected transmissions "
            "between 0 and 1. If they are raw counts, say so in a layout: `values: counts` with `flats` and "
            "`darks` (docs/formats.md)."
        )
        raise InputImageError(msg)


def _median(frames: Frames, place: int) -> float:
    middle = frames.shape[1] // 2
    values = frames.read([place], middle, min(middle + SAMPLE_ROWS, frames.shape[1]))
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else 0.0
