"""Pixel sizes as files state them, turned into µm; never guessed.

Two things in image files look like a pixel size and are not. A resolution without a unit (TIFF's
default is 1 per nothing) says nothing about lengths. A resolution per inch or cm is that of a
screen, printer or scanner more often than that of a microscope: at 500 per inch, which a plotting
program writes when asked for a sharp figure, a pixel would be 51 µm wide. It is believed where the
pixel would be too small for any print, or where the file names the microscope. Both are reported
and not used otherwise.

Proportions need no unit: a file that says that a slice is four pixels deep, without saying how
long a pixel is, has no cubes.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

NONE_STATED = "none stated"
UM_PER_UNIT: dict[str, float] = {
    "pm": 1e-6,
    "å": 1e-4,
    "angstrom": 1e-4,
    "ångström": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "micron": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "centimetre": 1e4,
    "inch": 25400.0,
    "in": 25400.0,
    "m": 1e6,
}
# Screens, printers and scanners, and Bio-Formats' translation of them into µm.
PRINT_PER_INCH = (
    72,
    90,
    96,
    100,
    120,
    144,
    150,
    180,
    200,
    240,
    250,
    300,
    350,
    360,
    400,
    600,
    720,
    1200,
    2400,
)
# Print machines and scanners end at 12,800 per inch. Above 2 µm a resolution in inch or cm is only a
# pixel size when something else than the resolution itself says so.
LARGEST_UNPROVEN_UM = 2.0
# Rationals in TIFF and rounded texts in OME agree better than this; real anisotropy is larger.
SAME_SIZE = 1e-3
PRINT_TOLERANCE = 2e-4


def um_per_unit(unit: str) -> float | None:
    r"""Return how many µm one `unit` is, or None when the text names no length.

    Knows the ways in which ImageJ and OME write µ: U+00B5, U+03BC, ``\\u00B5``, or mis-decoded.

    Examples
    --------
    >>> um_per_unit("nm"), um_per_unit("microns"), um_per_unit("pixel")
    (0.001, 1.0, None)
    """
    # ImageJ escapes every letter beyond ASCII.
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda escaped: chr(int(escaped[1], 16)), unit.strip())
    text = text.replace("Âµ", "µ").replace("Â", "") if "Å" not in text else text
    text = text.casefold().replace("μ", "µ")  # casefold turns U+00B5 into U+03BC
    return UM_PER_UNIT.get(text) or UM_PER_UNIT.get(text.removesuffix("s"))


@dataclass(frozen=True)
class Step:
    """Distance between two pixels along an axis as stated, above 0; `unit` None where none is named."""

    value: float
    unit: str | None

    @property
    def um(self) -> float | None:
        """The distance in µm, None where the unit is no length."""
        factor = None if self.unit is None else um_per_unit(self.unit)
        return None if factor is None else self.value * factor


@dataclass(frozen=True)
class Voxel:
    """Size and proportions of the pixels of an image.

    Attributes
    ----------
    pixel_size_um
        Edge of a square pixel in µm, None where not stated.
    depth_ratio
        Distance of two slices over the edge of a pixel, None where not stated; needs no unit.
    note
        What was found, for printing.
    """

    pixel_size_um: float | None = None
    depth_ratio: float | None = None
    note: str = NONE_STATED


def voxel_of(path: Path, steps: Mapping[str, Step], *, note: str | None = None) -> Voxel:
    """Turn the steps along ``x``, ``y`` and ``z`` into a pixel size and proportions.

    Parameters
    ----------
    path
        File, for the message.
    steps
        Those that the file states.
    note
        Why there is no length, where there is none.

    Raises
    ------
    InputImageError
        When pixels are not square.

    Examples
    --------
    >>> voxel_of(Path("a"), {axis: Step(size, None) for axis, size in zip("zyx", (4, 1, 1))}).depth_ratio
    4.0
    """
    y, x, z = (steps.get(axis) for axis in "yxz")
    if y is not None and x is not None:
        ratio = _ratio(y, x)
        if ratio is None or not math.isclose(ratio, 1.0, rel_tol=SAME_SIZE):
            msg = (
                f"{shown(path)}: found pixels of {_oblong(y, x)} (y, x); expected square pixels. "
                "Resample the image, or correct its metadata."
            )
            raise InputImageError(msg)
    edge = next((step for step in (x, y) if step is not None and step.um is not None), x or y)
    size_um = None if edge is None else edge.um
    depth = None if edge is None or z is None else _ratio(z, edge)
    if size_um is not None:
        return Voxel(size_um, depth, f"{size_um:.6g} µm")
    if note is None and edge is not None and edge.value != 1:
        note = f"{NONE_STATED} ({edge.value:g} {edge.unit or 'without a unit'})"
    return Voxel(None, depth, note or NONE_STATED)


def _ratio(one: Step, other: Step) -> float | None:
    """Return how many times longer `one` is; None where their units cannot be compared."""
    if one.um is not None and other.um is not None:
        return one.um / other.um
    units = {step.unit.strip().casefold() for step in (one, other) if step.unit and step.unit.strip()}
    # A step without a unit beside one with a unit is taken in the same unit.
    return one.value / other.value if len(units) <= 1 else None


def _oblong(y: Step, x: Step) -> str:
    if y.um is not None and x.um is not None:
        return f"{y.um:.6g} × {x.um:.6g} µm"
    if y.unit == x.unit:
        return f"{y.value:g} × {x.value:g} {x.unit or 'without a unit'}"
    return f"{y.value:g} {y.unit or 'without a unit'} × {x.value:g} {x.unit or 'without a unit'}"


def step_from_resolution(
    pixels_per_unit: float, unit: str | None, *, by_microscope: bool = False
) -> tuple[Step | None, str]:
    """Turn a resolution into a step along its axis.

    Parameters
    ----------
    pixels_per_unit
        Pixels per length.
    unit
        The length, or None where the file names none.
    by_microscope
        Something else in the file says that a microscope wrote it.

    Returns
    -------
    step : Step or None
        Without a unit when the resolution is no pixel size, for it still states proportions; None
        when it is no number above 0.
    note : str
        What was found, for printing.
    """
    if not math.isfinite(pixels_per_unit) or pixels_per_unit <= 0:
        return None, NONE_STATED
    step = Step(1 / pixels_per_unit, unit)
    proportions = Step(1 / pixels_per_unit, None)
    size_um = step.um
    if size_um is None:
        return proportions, f"{NONE_STATED} ({pixels_per_unit:g} per {unit or 'nothing'})"
    if (um_per_unit(unit or "") or 0.0) >= UM_PER_UNIT["cm"]:
        per_inch = UM_PER_UNIT["inch"] / size_um
        printed = pixels_per_unit == 1 or is_print_size(size_um)
        if printed or (size_um > LARGEST_UNPROVEN_UM and not by_microscope):
            why = "is" if printed else "may be"
            return proportions, f"{NONE_STATED} ({per_inch:g} per inch {why} a screen or print resolution)"
    return step, f"{size_um:.6g} µm"


def is_print_size(size_um: float) -> bool:
    """Tell whether a length is a pixel of a screen or printer, 352.8 µm at 72 per inch."""
    per_inch = UM_PER_UNIT["inch"] / size_um
    return any(math.isclose(per_inch, usual, rel_tol=PRINT_TOLERANCE) for usual in PRINT_PER_INCH)


def require_cubic(path: Path, voxel: Voxel) -> None:
    """Refuse a volume whose stated slice distance differs from the edge of its pixels.

    A slice distance that is not stated passes: the voxels are then taken as cubes.

    Raises
    ------
    InputImageError
        When both are stated and differ.
    """
    size_um, ratio = voxel.pixel_size_um, voxel.depth_ratio
    if ratio is None or math.isclose(ratio, 1.0, rel_tol=SAME_SIZE):
        return
    found = (
        f"voxels {ratio:.6g} times as deep as wide"
        if size_um is None
        else f"voxels {size_um:.6g} µm wide and {size_um * ratio:.6g} µm deep"
    )
    msg = (
        f"{shown(path)}: found {found}; expected cubes for a volume. Resample it, correct its metadata, or "
        "leave out `volume` to read slices."
    )
    raise InputImageError(msg)
