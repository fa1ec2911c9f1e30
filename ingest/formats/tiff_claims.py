r"""What a TIFF says about itself in its description and resolution tags.

Three writers matter: ImageJ (``key=value`` lines), OME (XML) and tifffile (JSON with the shape).
Each says how many images the file should hold, which is how a truncated stack is noticed: its
page chain simply ends early. The OME XML is searched for the attributes of its one ``Pixels``
element and never handed to an XML parser, so neither entities nor references to other files
are ever followed.
"""

import html
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cathograph.ingest.formats.pixel_size import size_from_resolution, um_per_unit

OME_PIXELS = re.compile(r"<(?:\w+:)?Pixels\b([^>]*)>")
XML_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
RESOLUTION_UNITS = {2: "inch", 3: "cm"}
NO_SIZE = "none stated"


@dataclass(frozen=True)
class Resolution:
    """TIFF resolution tags: pixels per unit along x and y (None where absent), and the unit."""

    x: float | None
    y: float | None
    unit: str | None


@dataclass(frozen=True)
class TiffClaims:
    """What the description promises.

    Attributes
    ----------
    writer
        ``"ImageJ"``, ``"OME"``, ``"tifffile"`` or ``"plain"``.
    planes
        2D images the file should hold, or None where it does not say.
    stack_axes
        Lengths of the axes along which pages are stacked, those of length 1 left out.
    channels
        Channels that are stored as separate pages.
    x_um, y_um, z_um
        Pixel sizes in µm, None where not stated.
    size_note
        What was found about the pixel size, for printing.
    """

    writer: str
    planes: int | None
    stack_axes: tuple[int, ...]
    channels: int
    x_um: float | None
    y_um: float | None
    z_um: float | None
    size_note: str


def resolution_of(x: object, y: object, unit: object) -> Resolution:
    """Return the resolution tags; rationals are pairs, and pairs with a zero say nothing."""

    def ratio(value: object) -> float | None:
        if isinstance(value, tuple) and len(value) == 2 and value[1]:
            return float(value[0]) / float(value[1])
        return None

    name = RESOLUTION_UNITS.get(int(unit)) if isinstance(unit, int) else None
    return Resolution(ratio(x), ratio(y), name)


def read_claims(
    description: str, resolution: Resolution, *, page_samples: int, page_pixels: int
) -> TiffClaims:
    """Read the description of a TIFF's first page.

    Parameters
    ----------
    description
        Text of the ImageDescription tag, empty where absent.
    resolution
        The resolution tags of that page.
    page_samples
        Samples per pixel of that page, which OME counts as channels.
    page_pixels
        Values of that page, by which tifffile's shape is divided to give its pages.
    """
    if description.startswith("ImageJ="):
        return _imagej(description, resolution)
    pixels = OME_PIXELS.search(description) if "<OME" in description or ":OME" in description else None
    if pixels:
        return _ome(pixels.group(1), page_samples)
    shape = _shape_of_json(description)
    x_um, y_um, note = _sizes(resolution, resolution.unit)
    if shape is not None and page_pixels > 0:
        planes, rest = divmod(math.prod(shape), page_pixels)
        axes = shape[: _leading_axes(shape, planes)]
        if rest == 0 and planes > 0:
            return TiffClaims("tifffile", planes, _longer_than_one(*axes), 1, x_um, y_um, None, note)
    return TiffClaims("plain", None, (), 1, x_um, y_um, None, note)


def _imagej(description: str, resolution: Resolution) -> TiffClaims:
    entries = dict(line.split("=", 1) for line in description.splitlines() if "=" in line)
    channels = _count(entries, "channels")
    slices, frames = _count(entries, "slices"), _count(entries, "frames")
    unit = entries.get("unit", "")
    named = um_per_unit(unit) is not None
    x_um, y_um, note = _sizes(resolution, unit if named else resolution.unit)
    z_um = None
    spacing = _number(entries.get("spacing"))
    if named and spacing is not None:
        z_um = spacing * (um_per_unit(unit) or math.nan)
    # ImageJ leaves `images` out where there is only one.
    planes = _count(entries, "images")
    return TiffClaims("ImageJ", planes, _longer_than_one(slices, frames), channels, x_um, y_um, z_um, note)


def _ome(attributes: str, page_samples: int) -> TiffClaims:
    entries = {name: html.unescape(a or b) for name, a, b in XML_ATTRIBUTE.findall(attributes)}
    channels = max(1, _count(entries, "SizeC") // max(1, page_samples))
    depth, times = _count(entries, "SizeZ"), _count(entries, "SizeT")

    def size(axis: str) -> float | None:
        value = _number(entries.get(f"PhysicalSize{axis}"))
        length_um = um_per_unit(entries.get(f"PhysicalSize{axis}Unit", "µm"))
        return None if value is None or length_um is None else value * length_um

    x_um = size("X")
    note = NO_SIZE if x_um is None else f"{x_um:.6g} µm"
    stack = _longer_than_one(depth, times)
    return TiffClaims("OME", channels * depth * times, stack, channels, x_um, size("Y"), size("Z"), note)


def _shape_of_json(description: str) -> tuple[int, ...] | None:
    if not description.startswith("{"):
        return None
    try:
        entries = json.loads(description)
    except (ValueError, RecursionError):  # somebody's text that begins with a brace
        return None
    shape = entries.get("shape") if isinstance(entries, dict) else None
    if not isinstance(shape, list) or not shape:
        return None
    if not all(isinstance(size, int) and 0 < size < 2**40 for size in shape):
        return None
    return tuple(shape)


def _leading_axes(shape: tuple[int, ...], planes: int) -> int:
    product = 1
    for position, size in enumerate(shape):
        if product == planes:
            return position
        product *= size
    return len(shape)


def _sizes(resolution: Resolution, unit: str | None) -> tuple[float | None, float | None, str]:
    x_um, note = (None, NO_SIZE) if resolution.x is None else size_from_resolution(resolution.x, unit)
    y_um = None if resolution.y is None else size_from_resolution(resolution.y, unit)[0]
    # A screen resolution along one axis makes that of the other one meaningless too.
    return (x_um, y_um, note) if x_um is not None else (None, None, note)


def _longer_than_one(*sizes: int) -> tuple[int, ...]:
    return tuple(size for size in sizes if size > 1)


def _count(entries: Mapping[str, Any], key: str) -> int:
    text = str(entries.get(key, "1")).strip()
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,11}", text) else 1


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
