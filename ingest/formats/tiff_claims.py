r"""What a TIFF says about itself in its descriptions and resolution tags.

Three writers matter: ImageJ (``key=value`` lines), OME (XML) and tifffile (JSON with the shape).
Each says which images the file holds, how many pages each should have, which is how a truncated
stack is noticed (its page chain simply ends early), and along which axis the pages lie. The OME
XML is searched for the attributes of a few elements and never handed to an XML parser, so neither
entities nor references to other files are ever followed.
"""

import html
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cathograph.ingest.formats.pixel_size import (
    NONE_STATED,
    Step,
    is_print_size,
    step_from_resolution,
    um_per_unit,
)

OME_IMAGE = re.compile(r"<(?:\w+:)?Image\b([^>]*)>(.*?)(?=<(?:\w+:)?Image\b|\Z)", re.DOTALL)
OME_PIXELS = re.compile(r"<(?:\w+:)?Pixels\b([^>]*)>")
OME_CHANNEL = re.compile(r"<(?:\w+:)?Channel\b([^>]*?)/?>")
OME_DATA = re.compile(r"<(?:\w+:)?TiffData\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?TiffData>)", re.DOTALL)
OME_FILE = re.compile(r"FileName\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
XML_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
RESOLUTION_UNITS = {2: "inch", 3: "cm"}
MOST_PLANES = 1 << 20


@dataclass(frozen=True)
class Resolution:
    """TIFF resolution tags: pixels per unit along x and y (None where absent), and the unit."""

    x: float | None
    y: float | None
    unit: str | None


@dataclass(frozen=True)
class TiffClaims:
    """What is promised about one image of a file.

    Attributes
    ----------
    writer
        ``"ImageJ"``, ``"OME"``, ``"tifffile"``, ``"LSM"`` or ``"plain"``.
    planes
        2D images it should have, or None where that is not said.
    axes
        Name and length of each axis along which its pages lie; those of length 1 left out.
    page_axes
        Names of the axes of a page where the writer states them, else y and x.
    steps
        Steps along x, y and z.
    size_note
        Why no pixel size is stated, where something was found.
    title
        Its name, where it has one.
    ifds
        Directories that hold its planes, in their order; None for all pages.
    notes
        What the user should know.
    channel_names
        Names of its channels, empty where it has none.
    samples_are_channels
        The samples of a pixel are channels, and no colours.
    """

    writer: str
    planes: int | None = None
    axes: tuple[tuple[str, int], ...] = ()
    page_axes: tuple[str, str] = ("y", "x")
    steps: Mapping[str, Step] = field(default_factory=dict)
    size_note: str | None = None
    title: str = ""
    ifds: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()
    channel_names: tuple[str, ...] = ()
    samples_are_channels: bool = False


def resolution_of(x: object, y: object, unit: object) -> Resolution:
    """Return the resolution tags; rationals are pairs, and pairs with a zero say nothing."""

    def ratio(value: object) -> float | None:
        if isinstance(value, tuple) and len(value) == 2 and value[0] and value[1]:
            return float(value[0]) / float(value[1])
        return None

    name = RESOLUTION_UNITS.get(int(unit)) if isinstance(unit, int) else None
    return Resolution(ratio(x), ratio(y), name)


def read_claims(
    description: str,
    resolution: Resolution,
    *,
    page_samples: int,
    page_pixels: int,
    by_microscope: bool = False,
) -> list[TiffClaims]:
    """Read the description of a TIFF's first page; several entries where it describes several images.

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
    by_microscope
        Other tags say that a microscope wrote it.
    """
    if description.startswith("ImageJ="):
        return [_imagej(description, resolution)]
    if "<OME" in description or ":OME" in description:
        images = list(_ome_images(description, page_samples))
        if images:
            return images
    steps, note = _steps(resolution, resolution.unit, by_microscope=by_microscope)
    shaped = shape_of_json(description)
    if shaped is not None and page_pixels > 0:
        shape, names = shaped
        planes, rest = divmod(math.prod(shape), page_pixels)
        if rest == 0 and planes > 0:
            leading = _leading_axes(shape, planes)
            axes = _longer_than_one(*zip(names[:leading], shape[:leading], strict=True))
            page = [name for name, size in zip(names[leading:], shape[leading:], strict=True) if size > 1]
            page = [name for name in page if name.casefold() != "s"]
            page_axes = (page[0], page[1]) if len(page) == 2 and all(page) else ("y", "x")
            return [TiffClaims("tifffile", planes, axes, page_axes, steps, note)]
    return [TiffClaims("plain", steps=steps, size_note=note)]


def shape_of_json(description: str) -> tuple[tuple[int, ...], tuple[str, ...]] | None:
    """Return the shape and the names of axes (empty without) that tifffile writes, None for other texts."""
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
    axes = entries.get("axes")
    named = isinstance(axes, str) and len(axes) == len(shape)
    return tuple(shape), tuple(axes) if named else ("",) * len(shape)


def _imagej(description: str, resolution: Resolution) -> TiffClaims:
    entries = dict(line.split("=", 1) for line in description.splitlines() if "=" in line)
    # ImageJ leaves `images` out where there is only one.
    planes = _count(entries, "images")
    axes = _longer_than_one(
        ("t", _count(entries, "frames")), ("z", _count(entries, "slices")), ("c", _count(entries, "channels"))
    )
    if not axes and planes > 1:
        axes = (("z", planes),)
    unit = entries.get("unit", "").strip()
    named = um_per_unit(unit) is not None
    x_unit = unit if named or unit else resolution.unit
    y_unit, z_unit = entries.get("yunit", "").strip(), entries.get("zunit", "").strip()
    x, note = _step(resolution.x, x_unit)
    y, _ = _step(resolution.y, y_unit or x_unit)
    steps = {axis: step for axis, step in (("x", x), ("y", y)) if step is not None}
    spacing = _number(entries.get("spacing"))
    if spacing:
        # Negative where the stack runs the other way; ImageJ itself takes the absolute value. A unit that
        # gives no length for x gives none for z either, but both in it are proportions.
        own_unit = z_unit or (unit or None)
        believed = x is None or x.um is not None or bool(z_unit)
        steps["z"] = Step(abs(spacing), own_unit if believed else None)
        if x is None:
            steps.setdefault("x", Step(1.0, own_unit))
    elif z_unit and z_unit != unit:
        # One pixel deep in another unit.
        steps["z"] = Step(1.0, z_unit)
    return TiffClaims("ImageJ", planes, axes, steps=steps, size_note=note)


def _ome_images(description: str, page_samples: int) -> Iterator[TiffClaims]:
    bodies = [(_attributes(one[1]), one[2]) for one in OME_IMAGE.finditer(description)]
    for image, body in bodies or [({}, description)]:
        pixels = OME_PIXELS.search(body)
        if pixels:
            yield _ome(_attributes(pixels[1]), image.get("Name", ""), body, page_samples)


def _ome(entries: Mapping[str, str], title: str, body: str, page_samples: int) -> TiffClaims:
    channels = max(1, _count(entries, "SizeC") // max(1, page_samples))
    depth, times = _count(entries, "SizeZ"), _count(entries, "SizeT")
    planes = channels * depth * times
    lengths = {"z": depth, "c": channels, "t": times}
    # DimensionOrder names the fastest axis first.
    order = entries.get("DimensionOrder", "XYZCT")[:1:-1].casefold()
    order = order if sorted(order) == ["c", "t", "z"] else "tcz"
    steps = {}
    note = None
    for axis in "xyz":
        value = _number(entries.get(f"PhysicalSize{axis.upper()}"))
        if value is not None and value > 0:
            steps[axis] = Step(value, entries.get(f"PhysicalSize{axis.upper()}Unit", "µm"))
    x_um = steps["x"].um if "x" in steps else None
    if x_um is not None and is_print_size(x_um):
        # Bio-Formats turns the 72 per inch of a TIFF into 352.8 µm.
        note = f"{NONE_STATED} ({x_um:.6g} µm is a screen or print resolution)"
        steps = {axis: Step(step.value, None) for axis, step in steps.items()}
    return TiffClaims(
        "OME",
        planes,
        _longer_than_one(*((axis, lengths[axis]) for axis in order)),
        steps=steps,
        size_note=note,
        title=title,
        ifds=_ome_ifds(body, planes, {axis: lengths[axis] for axis in order}),
        channel_names=tuple(_attributes(one[1]).get("Name", "") for one in OME_CHANNEL.finditer(body)),
    )


def _ome_ifds(body: str, planes: int, lengths: Mapping[str, int]) -> tuple[int, ...] | None:
    """Return the directory of every plane; None where TiffData does not say, or names several files."""
    blocks = [(_attributes(one[1]), one[2] or "") for one in OME_DATA.finditer(body)]
    files = {name for _, inner in blocks for name in OME_FILE.findall(inner)}
    if not blocks or len(files) > 1 or planes > MOST_PLANES:
        return None
    places: dict[int, int] = {}
    for attributes, _ in blocks:
        first = _whole(attributes, "IFD", 0)
        count = _whole(attributes, "PlaneCount", 1 if "IFD" in attributes else planes)
        start = 0
        for axis, length in lengths.items():
            start = start * length + _whole(attributes, f"First{axis.upper()}", 0)
        places.update({start + step: first + step for step in range(min(count, planes))})
    if sorted(places) != list(range(planes)):
        return None
    return tuple(places[plane] for plane in range(planes))


def _attributes(text: str) -> dict[str, str]:
    return {name: html.unescape(a or b) for name, a, b in XML_ATTRIBUTE.findall(text)}


def _leading_axes(shape: tuple[int, ...], planes: int) -> int:
    product = 1
    for position, size in enumerate(shape):
        if product == planes:
            return position
        product *= size
    return len(shape)


def _steps(
    resolution: Resolution, unit: str | None, *, by_microscope: bool
) -> tuple[dict[str, Step], str | None]:
    x, note = _step(resolution.x, unit, by_microscope=by_microscope)
    y, _ = _step(resolution.y, unit, by_microscope=by_microscope)
    if (x is None or x.um is None) != (y is None or y.um is None) and x is not None and y is not None:
        # A screen resolution along one axis makes that of the other one meaningless too.
        x, y = Step(x.value, None), Step(y.value, None)
    return {axis: step for axis, step in (("x", x), ("y", y)) if step is not None}, note


def _step(
    pixels_per_unit: float | None, unit: str | None, *, by_microscope: bool = False
) -> tuple[Step | None, str | None]:
    if pixels_per_unit is None:
        return None, None
    return step_from_resolution(pixels_per_unit, unit, by_microscope=by_microscope)


def _longer_than_one(*axes: tuple[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name, size) for name, size in axes if size > 1)


def _count(entries: Mapping[str, Any], key: str) -> int:
    text = str(entries.get(key, "1")).strip()
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,11}", text) else 1


def _whole(entries: Mapping[str, str], key: str, default: int) -> int:
    text = entries.get(key, "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else default


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def titles_of(claims: Sequence[TiffClaims]) -> list[str]:
    """Return the name of each image by which a user may choose it: its number, and its title."""
    return [f"{place} ({one.title})" if one.title else str(place) for place, one in enumerate(claims)]
