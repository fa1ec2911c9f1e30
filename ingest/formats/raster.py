"""PNG, BMP and JPEG through pillow: one 2D image each.

The classes of the three formats are used directly. `PIL.Image.open` would try every plugin on a
file, and its guard against decompression bombs is a process-wide setting at 89 million pixels,
where a mosaic of a beamtime is larger; ours looks at what the file expands to.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile as PillowFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from cathograph.ingest.formats.channels import COLOURS, channel_name, choose_channel, refuse_channel
from cathograph.ingest.formats.content_kind import Kind
from cathograph.ingest.formats.field_rules import Field, as_field, refuse_bomb, sample_of
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.jeol_text import steps_beside
from cathograph.ingest.formats.orientation import KNOWN, ORIENTATION_TAG, TURNED, UPRIGHT, in_words, upright
from cathograph.ingest.formats.pixel_size import UM_PER_UNIT, Step, Voxel, step_from_resolution, voxel_of
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

CLASSES: dict[Kind, type[PillowFile]] = {
    Kind.PNG: PngImageFile,
    Kind.JPEG: JpegImageFile,
    Kind.BMP: BmpImageFile,
}
COMPRESSION = {Kind.PNG: "deflate", Kind.JPEG: "jpeg", Kind.BMP: "none"}
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
# Pillow spreads 2 and 4 bits of grey over 0 to 255. They are read as stored, as TIFF's are.
GREY_STEPS = {2: 85, 4: 17}


@dataclass(frozen=True)
class RasterImage:
    """One raster image; see `StoredImage`."""

    path: Path
    kind: Kind
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    voxel: Voxel
    metadata: Mapping[str, str]
    notes: tuple[str, ...]
    grey_step: int
    orientation: int
    sample: int | None = None
    channel: str | None = None
    black_value: int | None = None

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
                # White is 255: programs that shrink PNG files store a mask of 0 and 255 this way.
                values = values.astype(np.uint8) * np.uint8(255)
            grey = values if values.ndim == 2 else sample_of(self.path, values, self.sample)
            yield as_field(
                upright(grey // self.grey_step if self.grey_step > 1 else grey, self.orientation), self.dtype
            )


def open_raster(path: Path, kind: Kind, *, channel: str | None = None) -> RasterImage:
    """Read the header of a PNG, BMP or JPEG, and the checksums of a PNG.

    Raises
    ------
    InputImageError
        When the file is damaged or incomplete, animated, or in a mode whose values pillow changes.
    """
    bits = 8
    if kind is Kind.PNG:
        bits = _png_bits(path)
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
        if channel is not None and channels == 1:
            raise refuse_channel(
                path, channel, f"a {kind.upper()} in mode {image.mode}, which has one channel"
            )
        names = COLOURS.get(channels, ())
        sample = None if channel is None else choose_channel(path, channel, channels, names)
        expanded = width * height * channels * dtype.itemsize
        refuse_bomb(path, expanded_bytes=expanded, stored_bytes=path.stat().st_size)
        voxel = _voxel(path, image)
        metadata = {
            "format": kind.upper(),
            "mode": image.mode,
            "compression": COMPRESSION[kind],
            "axes": "y, x",
            "pixel size": voxel.note,
        }
        notes = []
        if image.mode == "P":
            metadata["palette"] = "values are palette indices"
        if bits == 1:
            metadata["bits"] = "1 a pixel: white is 255"
        elif bits in GREY_STEPS:
            metadata["bits"] = (
                f"{bits} a pixel, values as stored (viewers show them times {GREY_STEPS[bits]})"
            )
        if kind is Kind.JPEG:
            metadata["lossy"] = "JPEG changes values; do not use it for phases or regions"
            notes.append(metadata["lossy"])
        orientation = _orientation(path, image)
        if orientation != UPRIGHT:
            metadata["orientation"] = in_words(orientation)
            notes.append(
                f"turned as its orientation tag says ({orientation}); programs that ignore it show it otherwise"
            )
    shape = (width, height) if orientation in TURNED else (height, width)
    step = GREY_STEPS.get(bits, 1)
    chosen = None if sample is None else channel_name(sample, names)
    return RasterImage(
        path, kind, shape, dtype, voxel, metadata, tuple(notes), step, orientation, sample, chosen
    )


@contextmanager
def _opened(path: Path, kind: Kind) -> Iterator[PillowFile]:
    with reading(path, kind.upper()), path.open("rb") as file, CLASSES[kind](file, str(path)) as image:
        yield image


def _png_bits(path: Path) -> int:
    """Return the bits of a grey PNG (8 for palettes, whose indices pillow gives as they are)."""
    with reading(path, "PNG"), path.open("rb") as file:
        head = file.read(PNG_DEPTH_BYTE + 2)
    if len(head) < PNG_DEPTH_BYTE + 2:
        return 8
    bits, colour = head[PNG_DEPTH_BYTE], head[PNG_DEPTH_BYTE + 1]
    if bits == 16 and colour != PNG_GREY:
        msg = (
            f"{shown(path)}: found a PNG of 16 bits with colour or alpha, which would be cut to 8 bits; "
            "expected "
            "grey. Save the grey channel alone."
        )
        raise InputImageError(msg)
    return bits if colour == PNG_GREY else 8


def _orientation(path: Path, image: PillowFile) -> int:
    value = image.getexif().get(ORIENTATION_TAG, UPRIGHT)
    if value not in KNOWN:
        msg = f"{shown(path)}: found the orientation {value!r}; expected 1 to 8. Export the image upright."
        raise InputImageError(msg)
    return int(value)


def _voxel(path: Path, image: PillowFile) -> Voxel:
    """Return what a text of the microscope says, else the resolution: a size too small for print, or proportions."""
    steps, maker = steps_beside(path, image.size[0])
    if steps:
        voxel = voxel_of(path, steps)
        return replace(voxel, note=f"{voxel.note} ({maker})")
    dpi = image.info.get("dpi")
    # Without a unit PNG and JPEG still state how much wider than high a pixel is.
    aspect = image.info.get("aspect") or (
        image.info.get("jfif_density") if image.info.get("jfif_unit") == 0 else None
    )
    per_unit, unit = (dpi, "inch") if _is_pair(dpi) else (aspect, None)
    if not _is_pair(per_unit):
        return Voxel()
    # PNG stores whole pixels per metre, so 96 per inch comes back as 95.9866 and 72 as 72.009.
    x, y = (_rounded(float(value)) for value in per_unit)
    x_step, note = step_from_resolution(x, unit)
    y_step, _ = step_from_resolution(y, unit)
    if x_step is None or y_step is None:
        return Voxel()
    if x_step.um is None or y_step.um is None:
        x_step, y_step = Step(x_step.value, None), Step(y_step.value, None)
    return voxel_of(path, {"x": x_step, "y": y_step}, note=None if x_step.um is not None else note)


def _is_pair(value: object) -> TypeGuard[tuple[float, float]]:
    return isinstance(value, tuple) and len(value) == 2


def _rounded(per_inch: float) -> float:
    """Return a whole number of pixels per inch where PNG's whole pixels per metre cannot differ."""
    whole = float(round(per_inch))
    step = UM_PER_UNIT["inch"] / UM_PER_UNIT["m"]
    return whole if abs(whole - per_inch) <= step else per_inch
