"""The text that JEOL scanning microscopes save beside each image: ``image.txt`` beside ``image.tif``.

It states no pixel size but the scale bar, in pixels (``$$SM_MICRON_BAR``) and as a length
(``$$SM_MICRON_MARKER``), so the size is known to half a pixel of the bar. The bar belongs to the
full width of the scan (``$CM_FULL_SIZE``): for an image of another width it says nothing.
"""

import math
import re
from pathlib import Path

from cathograph.ingest.formats.pixel_size import Step, um_per_unit

BAR, MARKER, SIZE = "$$SM_MICRON_BAR", "$$SM_MICRON_MARKER", "$CM_FULL_SIZE"
SUFFIXES = (".txt", ".TXT", ".Txt")
LARGEST_BYTES = 64 << 10


def steps_beside(path: Path, width: int) -> tuple[dict[str, Step], str | None]:
    """Return the steps along x and y that a JEOL text beside an image states.

    Parameters
    ----------
    path
        The image.
    width
        Its columns.

    Returns
    -------
    steps : dict of Step
        Empty where there is no such text, it states no scale bar, or it belongs to another width.
    maker : str or None
        Whose text it is, for printing.
    """
    beside = next(
        (path.with_suffix(suffix) for suffix in SUFFIXES if path.with_suffix(suffix).is_file()), None
    )
    if beside is None or beside.stat().st_size > LARGEST_BYTES:
        return {}, None
    # µ is one byte in the older files; UTF-8 read that way is known to `um_per_unit`.
    lines = beside.read_bytes().decode("latin-1").splitlines()
    entries = {
        name: value for name, _, value in (line.partition(" ") for line in lines if line.startswith("$"))
    }
    bar = re.fullmatch(r"(\d+(?:\.\d+)?)", entries.get(BAR, "").strip())
    marker = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(\S+)", entries.get(MARKER, "").strip())
    full = re.fullmatch(r"(\d+)\s+\d+", entries.get(SIZE, "").strip())
    if bar is None or marker is None or (full is not None and int(full[1]) != width):
        return {}, None
    factor = um_per_unit(marker[2])
    length = float(marker[1]) / float(bar[1]) if float(bar[1]) > 0 else 0.0
    if factor is None or not math.isfinite(length) or length <= 0:
        return {}, None
    return dict.fromkeys(
        "xy", Step(length, marker[2])
    ), f"JEOL SEM, scale bar of {bar[1]} pixels in {beside.name}"
