"""PNG, BMP and JPEG through pillow: one 2D image each.

The classes of the three formats are used directly. `PIL.Image.open` would try every plugin on a
file, and its guard against decompression bombs is a process-wide setting at 89 million pixels,
where a mosaic of a beamtime is larger; ours looks at what the file expands to.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile as PillowFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from cathograph.ingest.formats.content_kind import Kind
from cathograph.ingest.formats.field_rules import Field, as_field, grey_of_colour, refuse_bomb
from cathograph.ingest.formats.file_state import shown
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.pixel_size import UM_PER_UNIT, size_from_resolution, square_pixel_um
from cathograph.schema.errors import InputImageError

CLASSES: dict[Kind, type[PillowFile]] = {
    Kind.PNG: PngImageFile,
    Kind.JPEG: JpegImageFile,
    Kind.BMP: BmpImageFile,
}
# Pillow's mode: (type of the field, channels). "P" gives palette indices, as TIFF does.
MODES: dict[str, tuple[np.dtype[Any], int]] = {
    "1": (np.dtype(np.uint8), 1),
    "L": (np.dtype(np.uint8), 1),
    "P": (np.dtype(np.uint8), 1),
    "I;16": (np.dtype(np.uint16), 1),
    "LA": (np.dtype(np.uint8), 2),
    "RGB": (np.dtype(np.uint8), 3),
    "RGBA": (np.dtype(np.uint8), 4),
}
PNG_DEPTH_BYTE, PNG_GREY = 24, 0


@dataclass(frozen=True)
class RasterImage:
    """One raster image; see `StoredImage`."""

    path: Path
    kind: Kind
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixel_size_um: float | None
    metadata: Mapping[str, str]
    depth_size_um: float | None = None

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield the one field.

        Raises
        ------
        InputImageError
            When it cannot be decoded, or is coloured.
        """
        for _ in range(start, stop):
            with _opened(self.path, self.kind) as image:
                image.load()
                values = np.asarray(image)
            if values.dtype == np.bool_:
                # Like pillow and every viewer do for 2 and 4 bits: white is 255. Programs that
                # shrink PNG files store a mask of 0 and 255 this way.
                values = values.astype(np.uint8) * np.uint8(255)
            grey = values if values.ndim == 2 else grey_of_colour(self.path, values)
            yield as_field(grey, self.dtype)


def open_raster(path: Path, kind: Kind) -> RasterImage:
    """Read the header of a PNG, BMP or JPEG, and the checksums of a PNG.

    Raises
    ------
    InputImageError
        When the file is damaged or incomplete, animated, or in a mode whose values pillow changes.
    """
    if kind is Kind.PNG:
        _refuse_deep_colour(path)
        with _opened(path, kind) as image:
            image.verify()  # the checksum of every chunk, up to the end mark
    with _opened(path, kind) as image:
        if image.mode not in MODES:
            msg = (
                f"{shown(path)}: found a {kind.upper()} in mode {image.mode}; expected grey of 8 or 16 bits. "
                "Save the grey channel."
            )
            raise InputImageError(msg)
        if getattr(image, "is_animated", False):
            msg = (
                f"{shown(path)}: found an animated {kind.upper()}; expected one image. Save the frames "
                "as a TIFF stack."
            )
            raise InputImageError(msg)
        width, height = image.size
        if width < 1 or height < 1:
            msg = (
                f"{shown(path)}: found an image without pixels ({height}×{width}); expected some. Export "
                "it again."
            )
            raise InputImageError(msg)
        dtype, channels = MODES[image.mode]
        expanded = width * height * channels * dtype.itemsize
        refuse_bomb(path, expanded_bytes=expanded, stored_bytes=path.stat().st_size)
        pixel_size_um, note = _pixel_size(path, image)
        metadata = {"format": kind.upper(), "mode": image.mode, "pixel size": note}
        if image.mode == "P":
            metadata["palette"] = "values are palette indices"
        if kind is Kind.JPEG:
            metadata["lossy"] = "JPEG changes values; do not use it for phases or regions"
    return RasterImage(path, kind, (height, width), dtype, pixel_size_um, metadata)


@contextmanager
def _opened(path: Path, kind: Kind) -> Iterator[PillowFile]:
    with reading(path, kind.upper()), path.open("rb") as file, CLASSES[kind](file, str(path)) as image:
        yield image


def _refuse_deep_colour(path: Path) -> None:
    with reading(path, "PNG"), path.open("rb") as file:
        head = file.read(PNG_DEPTH_BYTE + 2)
    if (
        len(head) == PNG_DEPTH_BYTE + 2
        and head[PNG_DEPTH_BYTE] == 16
        and head[PNG_DEPTH_BYTE + 1] != PNG_GREY
    ):
        msg = (
            f"{shown(path)}: found a PNG of 16 bits with colour or alpha, which would be cut to 8 bits; "
            "expected "
            "grey. Save the grey channel alone."
        )
        raise InputImageError(msg)


def _pixel_size(path: Path, image: PillowFile) -> tuple[float | None, str]:
    dpi = image.info.get("dpi")
    if not isinstance(dpi, tuple) or len(dpi) != 2:
        return None, "none stated"
    # PNG stores whole pixels per metre, so 96 per inch comes back as 95.9866 and 72 as 72.009.
    x, y = (_rounded(float(value)) for value in dpi)
    x_um, note = size_from_resolution(x, "inch")
    y_um, _ = size_from_resolution(y, "inch")
    if x_um is None:
        return None, note
    return square_pixel_um(path, y_um=y_um, x_um=x_um), note


def _rounded(per_inch: float) -> float:
    """Return a whole number of pixels per inch where PNG's whole pixels per metre cannot differ."""
    whole = float(round(per_inch))
    step = UM_PER_UNIT["inch"] / UM_PER_UNIT["m"]
    return whole if abs(whole - per_inch) <= step else per_inch
