"""Zeiss LSM: a TIFF whose axes, channels and sizes stand in one tag (34412) that tifffile parses.

Pages lie along time and depth, time slowest; the channels of a page are its samples. Sizes are in
metres. Line scans keep depth or time where other files have rows, so they are no images.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from tifffile import TiffPage

from cathograph.ingest.formats.pixel_size import Step
from cathograph.ingest.formats.tiff_claims import TiffClaims
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

LSM_TAG = 34412
# Planes, time series of planes, and both with depth; the others are lines, or points.
SCANS_OF_PLANES = (0, 3, 6, 7)


def lsm_claims(path: Path, first: TiffPage) -> TiffClaims | None:
    """Return what an LSM file says about its image, None for other files.

    Raises
    ------
    InputImageError
        When it is a scan along a line.
    """
    entries = first.tags.valueof(LSM_TAG)
    if not isinstance(entries, Mapping):
        return None
    scan = entries.get("ScanType", 0)
    if scan not in SCANS_OF_PLANES:
        msg = (
            f"{shown(path)}: found an LSM scan along a line (scan type {scan}); expected images (y, x). Export the "
            "planes as TIFF."
        )
        raise InputImageError(msg)
    times, depth = (max(1, int(entries.get(f"Dimension{name}", 1))) for name in ("Time", "Z"))
    steps = {}
    for axis in "xyz":
        size = entries.get(f"VoxelSize{axis.upper()}")
        if isinstance(size, int | float) and math.isfinite(size) and size > 0:
            steps[axis] = Step(float(size), "m")
    return TiffClaims(
        "LSM",
        times * depth,
        tuple((name, size) for name, size in (("t", times), ("z", depth)) if size > 1),
        steps=steps,
        samples_are_channels=True,
    )
