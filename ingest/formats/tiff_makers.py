"""Microscopes that write their pixel size into a TIFF tag of their own.

The resolution tags of such files are often those of the screen, so the maker's own entry comes
first. Zeiss (tag 34118) and FEI, now Thermo Fisher (34680, 34682), are parsed by tifffile; the
maker, model or software that a file names tells whether its resolution may be a microscope's.
"""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from tifffile import TiffPage

from cathograph.ingest.formats.pixel_size import Step, um_per_unit

ZEISS, FEI = 34118, (34682, 34680)
# `ap_image_pixel_size` is that of the stored picture, `ap_pixel_size` that of the scan.
ZEISS_ENTRIES = ("ap_image_pixel_size", "ap_pixel_size")
FEI_SECTIONS = ("Scan", "EScan", "IScan")
WHO_WROTE = ("Make", "Model", "Software")
MICROSCOPES = (
    *("zeiss", "xradia", "smartsem", "fei", "thermo", "tescan", "jeol", "hitachi", "leica", "keyence"),
    *("bruker", "skyscan", "olympus", "evident", "scanco", "phoenix", "nanotom", "versa", "synchrotron"),
)


def maker_steps(page: TiffPage) -> tuple[dict[str, Step], str | None]:
    """Return the steps along x and y that a maker's own tag states, and the name of the maker.

    Parameters
    ----------
    page
        First page of the image.

    Returns
    -------
    steps : dict of Step
        Empty where there is no such tag, or nothing usable in it.
    maker : str or None
        Whose tag it is.
    """
    zeiss = page.tags.valueof(ZEISS)
    if isinstance(zeiss, Mapping):
        return _zeiss(zeiss), "Zeiss SEM"
    for tag in FEI:
        fei = page.tags.valueof(tag)
        if isinstance(fei, Mapping):
            return _fei(fei), "FEI SEM"
    return {}, None


def names_a_microscope(page: TiffPage) -> bool:
    """Tell whether the file says that a microscope or its program wrote it."""
    said = " ".join(str(page.tags.valueof(name) or "") for name in WHO_WROTE).casefold()
    words = said.replace("_", " ").split()
    return any(word.startswith(maker) for word in words for maker in MICROSCOPES)


def _zeiss(entries: Mapping[str, Any]) -> dict[str, Step]:
    for name in ZEISS_ENTRIES:
        entry = entries.get(name)
        if not isinstance(entry, tuple) or len(entry) != 3:
            continue
        _, value, unit = entry
        if _usable(value) and um_per_unit(str(unit)) is not None:
            return dict.fromkeys("xy", Step(float(value), str(unit)))
    return {}


def _fei(sections: Mapping[str, Any]) -> dict[str, Step]:
    for name in FEI_SECTIONS:
        section = sections.get(name)
        if not isinstance(section, Mapping):
            continue
        sides = {"x": section.get("PixelWidth"), "y": section.get("PixelHeight")}
        steps = {axis: Step(float(side), "m") for axis, side in sides.items() if _usable(side)}
        if steps:
            return steps
    return {}


def _usable(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0
