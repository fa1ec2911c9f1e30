"""Single pages of a TIFF: which are no previews, and whether each is whole and like the first."""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from tifffile import TiffPage

from cathograph.ingest.formats.field_rules import refuse_bomb
from cathograph.ingest.formats.file_state import STILL_WRITTEN
from cathograph.ingest.formats.orientation import ORIENTATION_TAG
from cathograph.ingest.formats.tiff_claims import Resolution, resolution_of
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

REDUCED = 1


def full_size_pages(path: Path, tiff: tifffile.TiffFile) -> list[tuple[int, TiffPage]]:
    """Return the pages that are no previews, each with its position in the file.

    Raises
    ------
    InputImageError
        When there are none, or they lead in a circle.
    """
    pages: list[tuple[int, TiffPage]] = []
    offsets: set[int] = set()
    for index, page in enumerate(tiff.pages):
        # tifffile looks for circles only where it reads 100 pages at once; here it would never end.
        if page.offset in offsets:
            msg = (
                f"{shown(path)}: found pages that lead in a circle; expected a chain. Export the file again."
            )
            raise InputImageError(msg)
        offsets.add(page.offset)
        if isinstance(page, TiffPage) and not page.subfiletype & REDUCED:
            pages.append((index, page))
    if not pages:
        msg = f"{shown(path)}: found a TIFF without any image; expected at least one page. {STILL_WRITTEN}."
        raise InputImageError(msg)
    return pages


def description_of(page: TiffPage) -> str:
    """Return the text of the ImageDescription tag, empty where absent."""
    return page.description if isinstance(page.description, str) else ""


def stored_dtype_of(path: Path, page: TiffPage) -> np.dtype[Any]:
    """Return the type of the pixels of a page.

    Raises
    ------
    InputImageError
        When it has none that can be read.
    """
    if page.dtype is None or 0 in page.shaped:
        text = "×".join(str(size) for size in page.shaped[2:4])
        msg = (
            f"{shown(path)}: found a page without readable pixels ({text}, {page.bitspersample} bits); "
            "expected integers or floats. Export it again."
        )
        raise InputImageError(msg)
    return page.dtype


def check_page(path: Path, index: int, page: TiffPage, first: TiffPage, file_bytes: int) -> None:
    """Refuse a page that is unlike the first, or whose pixels are not all in the file.

    Raises
    ------
    InputImageError
        When its shape, type or meaning differ, strips are missing, or it is a decompression bomb.
    """
    dtype = stored_dtype_of(path, page)
    if page.shaped != first.shaped or page.dtype != first.dtype:
        msg = (
            f"{shown(path)}: page {index} is {page.dtype} {page.shape}, the first "
            f"is {first.dtype} {first.shape}; expected pages of one shape and type. Save the images as "
            "separate files."
        )
        raise InputImageError(msg)
    for name, of_page, of_first in (
        ("photometric interpretation", page.photometric, first.photometric),
        ("orientation", tag_of(page, ORIENTATION_TAG), tag_of(first, ORIENTATION_TAG)),
        ("pixel size", stated_resolution(page), stated_resolution(first)),
    ):
        if of_page is not None and of_first is not None and of_page != of_first:
            msg = (
                f"{shown(path)}: page {index} has another {name} than the first; expected pages of one image. Save "
                "the images as separate files."
            )
            raise InputImageError(msg)
    if page.shaped[1] != 1:
        msg = f"{shown(path)}: found a TIFF of volume tiles; expected one page per slice. Save it as a stack."
        raise InputImageError(msg)
    stored = sum(page.databytecounts)
    expanded = int(np.prod(page.shaped, dtype=object)) * dtype.itemsize
    ends = [start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    segments = int(np.prod(page.chunked, dtype=object))
    holes = sum(
        not (start and count) for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    )
    whole = len(page.dataoffsets) == len(page.databytecounts) == segments
    inside = not holes and max(ends, default=0) <= file_bytes
    bits = int(np.prod(page.shaped, dtype=object)) * page.bitspersample
    if not whole or not inside or (page.compression == 1 and stored * 8 < bits):
        found = (
            f"{holes} of {segments} strips or tiles were never written"
            if holes
            else f"its pixels end at byte {max(ends, default=0)} and the file at {file_bytes}"
        )
        msg = f"{shown(path)}: page {index} is truncated: {found}; expected all {segments} of them. {STILL_WRITTEN}."
        raise InputImageError(msg)
    refuse_bomb(path, expanded_bytes=expanded, stored_bytes=stored)


def tag_of(page: TiffPage, code: int) -> object:
    """Return the value of a tag, None where it is absent."""
    value: object = page.tags.valueof(code)
    return value


def stated_resolution(page: TiffPage) -> Resolution | None:
    """Return the resolution tags; None where the page has none."""
    x, y, unit = (page.tags.valueof(name) for name in ("XResolution", "YResolution", "ResolutionUnit"))
    found = resolution_of(x, y, unit)
    return None if found.x is None and found.y is None else found
