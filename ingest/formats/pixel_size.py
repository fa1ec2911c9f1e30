"""Pixel sizes as files state them, turned into µm; never guessed.

Two things in image files look like a pixel size and are not. A resolution without a unit (TIFF's
default is 1 per nothing) says nothing. A resolution that a screen or printer would have (72, 96,
300 per inch …) was put there by the program that saved the image: at 300 per inch a pixel would
be 85 µm wide, larger than most electrodes are thick. Both are reported and not used.
"""

import math
from pathlib import Path

from cathograph.ingest.formats.file_state import shown
from cathograph.schema.errors import InputImageError

UM_PER_UNIT: dict[str, float] = {
    "pm": 1e-6,
    "å": 1e-4,
    "angstrom": 1e-4,
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
    text = unit.strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ").replace("Â", "")
    text = text.casefold().replace("μ", "µ")  # casefold turns U+00B5 into U+03BC
    return UM_PER_UNIT.get(text) or UM_PER_UNIT.get(text.removesuffix("s"))


def size_from_resolution(pixels_per_unit: float, unit: str | None) -> tuple[float | None, str]:
    """Turn a resolution into a pixel size.

    Parameters
    ----------
    pixels_per_unit
        Pixels per length.
    unit
        The length, or None where the file names none.

    Returns
    -------
    size_um : float or None
        Edge of the pixel in µm, None when the resolution is not a pixel size.
    note : str
        What was found, for printing.
    """
    if not math.isfinite(pixels_per_unit) or pixels_per_unit <= 0:
        return None, "none stated"
    length_um = um_per_unit(unit) if unit else None
    if length_um is None:
        return None, f"none stated ({pixels_per_unit:g} per {unit or 'nothing'})"
    if length_um >= UM_PER_UNIT["cm"]:
        per_inch = pixels_per_unit * UM_PER_UNIT["inch"] / length_um
        if pixels_per_unit == 1 or any(
            math.isclose(per_inch, usual, rel_tol=PRINT_TOLERANCE) for usual in PRINT_PER_INCH
        ):
            return None, f"none stated ({per_inch:g} per inch is a screen or print resolution)"
    size_um = length_um / pixels_per_unit
    return size_um, f"{size_um:.6g} µm"


def square_pixel_um(path: Path, *, y_um: float | None, x_um: float | None) -> float | None:
    """Return the edge of a square pixel in µm, or None where the file states neither side.

    Raises
    ------
    InputImageError
        When both sides are stated and differ.
    """
    if y_um is None or x_um is None:
        return y_um if x_um is None else x_um
    if not math.isclose(y_um, x_um, rel_tol=SAME_SIZE):
        msg = (
            f"{shown(path)}: found pixels of {y_um:.6g} × {x_um:.6g} µm (y, x); expected square pixels. "
            "Resample the image, or correct its metadata."
        )
        raise InputImageError(msg)
    return x_um


def require_cubic(path: Path, pixel_size_um: float | None, depth_size_um: float | None) -> None:
    """Refuse a volume whose stated slice distance differs from its pixel size.

    A slice distance that is not stated passes: the voxels are then taken as cubes.

    Raises
    ------
    InputImageError
        When both are stated and differ.
    """
    if pixel_size_um is None or depth_size_um is None:
        return
    if not math.isclose(pixel_size_um, depth_size_um, rel_tol=SAME_SIZE):
        msg = (
            f"{shown(path)}: found voxels {pixel_size_um:.6g} µm wide and {depth_size_um:.6g} µm deep; "
            "expected "
            "cubes for a volume. Resample it, correct its metadata, or leave out `volume` to read slices."
        )
        raise InputImageError(msg)
