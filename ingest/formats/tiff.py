"""TIFF: single images, stacks, ImageJ and OME files, through tifffile.

Strategy. tifffile is lenient: where a chain of pages breaks off it logs and returns the pages it
has, where a strip is missing it returns zeros, and an OME or MicroManager file makes it open the
other files of the set. For measured data each of these is a silent loss, so only its page parser
and its decoders are used, not its series. Every page is checked before anything is decoded: same
shape and type as the first, all strips inside the file and long enough, as many pages as the
description promises. What tifffile logs meanwhile is caught: signs of damage become an error,
the rest stands in the metadata.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from tifffile import TiffPage

from cathograph.ingest.formats.field_rules import Field, as_field, field_dtype, grey_of_colour, refuse_bomb
from cathograph.ingest.formats.file_state import STILL_WRITTEN, shown
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.pixel_size import square_pixel_um
from cathograph.ingest.formats.tiff_claims import TiffClaims, read_claims, resolution_of
from cathograph.schema.errors import InputImageError

PALETTE, REDUCED = 3, 1
SIGNS_OF_DAMAGE = (
    "invalid page offset",
    "invalid value offset",
    "invalid offset",
    "corrupted",
    "circular",
    "missing",
)


class _CaughtLog(logging.Filter):
    """Keeps what tifffile logs in this thread from the user's screen, and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.get_ident()
        self.messages: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self.thread:
            return True
        if record.levelno >= logging.WARNING:
            self.messages.append(" ".join(record.getMessage().split()))
        return False


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tifffile.TiffFile, list[str]]]:
    caught = _CaughtLog()
    log = tifffile.logger()
    log.addFilter(caught)
    try:
        with reading(path, "TIFF"), tifffile.TiffFile(path, _multifile=False) as tiff:
            yield tiff, caught.messages
            damage = [text for text in caught.messages if any(sign in text for sign in SIGNS_OF_DAMAGE)]
            if damage:
                msg = (
                    f"{shown(path)}: found a truncated or damaged TIFF ({damage[0][:120]}); expected a "
                    "complete "
                    f"one. {STILL_WRITTEN}."
                )
                raise InputImageError(msg)
    finally:
        log.removeFilter(caught)


@dataclass(frozen=True)
class TiffImage:
    """A TIFF whose pages were all checked; see `StoredImage`.

    Attributes
    ----------
    page_indices
        Positions of the full-size pages in the file (previews left out).
    raw_offset
        Byte at which all pages lie in one piece behind a single directory (ImageJ's way beyond
        4 GiB), or None where every page has its directory.
    raw_dtype
        Type of that piece, with its byte order.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixel_size_um: float | None
    depth_size_um: float | None
    metadata: Mapping[str, str]
    page_indices: tuple[int, ...]
    raw_offset: int | None
    raw_dtype: np.dtype[Any]

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays.

        Raises
        ------
        InputImageError
            When a page cannot be decoded, or is coloured.
        """
        if self.raw_offset is not None:
            yield from self._raw_fields(start, stop)
            return
        with _opened(self.path) as (tiff, _):
            for index in self.page_indices[start:stop]:
                page = tiff.pages[index]
                yield as_field(_grey(self.path, page.asarray().reshape(page.shaped)), self.dtype)

    def _raw_fields(self, start: int, stop: int) -> Iterator[Field]:
        height, width = self.shape[-2:]
        size = height * width * self.raw_dtype.itemsize
        with reading(self.path, "TIFF"), self.path.open("rb") as file:
            for index in range(start, stop):
                file.seek((self.raw_offset or 0) + index * size)
                values = np.frombuffer(file.read(size), dtype=self.raw_dtype).reshape(height, width)
                yield as_field(values, self.dtype)


def open_tiff(path: Path) -> TiffImage:
    """Check every page of a TIFF and describe it, without decoding grey pages.

    Raises
    ------
    InputImageError
        When the file is damaged or incomplete, its pages differ, or it holds channels or more
        than three axes.
    """
    file_bytes = path.stat().st_size
    with _opened(path) as (tiff, messages):
        indices, pages = _full_size_pages(path, tiff)
        first = pages[0]
        for index, page in zip(indices, pages, strict=True):
            _check_page(path, index, page, first, file_bytes)
        stored_dtype = _stored_dtype(path, first)
        claims = _claims(tiff, first)
        raw_offset = _require_promised_pages(path, claims, pages, file_bytes)
        count = len(pages) if raw_offset is None else claims.planes or 1
        if first.shaped[0] * first.shaped[4] > 1:
            _grey(path, first.asarray().reshape(first.shaped))  # colour is refused when opened, not later
        metadata = {
            "format": f"TIFF ({claims.writer})",
            "pages": str(count),
            "compression": "none"
            if first.compression == 1
            else str(getattr(first.compression, "name", first.compression)).lower(),
            "pixel size": claims.size_note,
        }
        if first.photometric == PALETTE:
            metadata["palette"] = "values are palette indices"
        if messages:
            metadata["reader notes"] = "; ".join(messages)[:300]
        field_shape = (int(first.shaped[2]), int(first.shaped[3]))
        return TiffImage(
            path=path,
            shape=(count, *field_shape) if count > 1 else field_shape,
            dtype=field_dtype(path, stored_dtype),
            pixel_size_um=square_pixel_um(path, y_um=claims.y_um, x_um=claims.x_um),
            depth_size_um=claims.z_um,
            metadata=metadata,
            page_indices=tuple(indices),
            raw_offset=raw_offset,
            raw_dtype=stored_dtype.newbyteorder(tiff.byteorder),
        )


def _full_size_pages(path: Path, tiff: tifffile.TiffFile) -> tuple[list[int], list[TiffPage]]:
    indices: list[int] = []
    pages: list[TiffPage] = []
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
            indices.append(index)
            pages.append(page)
    if not pages:
        msg = f"{shown(path)}: found a TIFF without any image; expected at least one page. {STILL_WRITTEN}."
        raise InputImageError(msg)
    return indices, pages


def _stored_dtype(path: Path, page: TiffPage) -> np.dtype[Any]:
    if page.dtype is None or 0 in page.shaped:
        text = "×".join(str(size) for size in page.shaped[2:4])
        msg = (
            f"{shown(path)}: found a page without readable pixels ({text}, {page.bitspersample} bits); "
            "expected integers or floats. Export it again."
        )
        raise InputImageError(msg)
    return page.dtype


def _check_page(path: Path, index: int, page: TiffPage, first: TiffPage, file_bytes: int) -> None:
    """Refuse a page that is unlike the first, or whose pixels are not all in the file."""
    dtype = _stored_dtype(path, page)
    if page.shaped != first.shaped or page.dtype != first.dtype:
        msg = (
            f"{shown(path)}: page {index} is {page.dtype} {page.shape}, the first "
            f"is {first.dtype} {first.shape}; expected pages of one shape and type. Save the images as "
            "separate files."
        )
        raise InputImageError(msg)
    if page.shaped[1] != 1:
        msg = f"{shown(path)}: found a TIFF of volume tiles; expected one page per slice. Save it as a stack."
        raise InputImageError(msg)
    stored = sum(page.databytecounts)
    expanded = int(np.prod(page.shaped, dtype=object)) * dtype.itemsize
    ends = [start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    segments = int(np.prod(page.chunked, dtype=object))
    whole = len(page.dataoffsets) == len(page.databytecounts) == segments
    inside = all(page.databytecounts) and all(page.dataoffsets) and max(ends, default=0) <= file_bytes
    bits = int(np.prod(page.shaped, dtype=object)) * page.bitspersample
    if not whole or not inside or (page.compression == 1 and stored * 8 < bits):
        msg = (
            f"{shown(path)}: page {index} is truncated: its pixels end at byte {max(ends, default=0)} and "
            f"the file at {file_bytes}, or strips are empty; expected all {segments} strips. {STILL_WRITTEN}."
        )
        raise InputImageError(msg)
    refuse_bomb(path, expanded_bytes=expanded, stored_bytes=stored)


def _claims(tiff: tifffile.TiffFile, first: TiffPage) -> TiffClaims:
    tags = first.tags
    resolution = resolution_of(
        *(tags.valueof(name) for name in ("XResolution", "YResolution", "ResolutionUnit"))
    )
    description = first.description if isinstance(first.description, str) else ""
    pixels = int(np.prod(first.shaped, dtype=object))
    return read_claims(description, resolution, page_samples=int(first.samplesperpixel), page_pixels=pixels)


def _require_promised_pages(
    path: Path, claims: TiffClaims, pages: list[TiffPage], file_bytes: int
) -> int | None:
    """Compare pages with the description; return the offset where one directory serves for all."""
    if claims.channels > 1:
        msg = (
            f"{shown(path)}: found {claims.channels} channels ({claims.writer}); expected one. "
            "Save a single channel."
        )
        raise InputImageError(msg)
    if len(claims.stack_axes) > 1:
        text = "×".join(str(size) for size in claims.stack_axes)
        msg = (
            f"{shown(path)}: found a stack with several axes ({text}, {claims.writer}); expected (z, y, x). "
            "Save one time point."
        )
        raise InputImageError(msg)
    if claims.planes is None or claims.planes <= len(pages):
        return None
    first = pages[0]
    dtype = _stored_dtype(path, first)
    promised = claims.planes * int(np.prod(first.shaped, dtype=object)) * dtype.itemsize
    plain = first.is_contiguous and dtype.kind != "b" and first.bitspersample == dtype.itemsize * 8
    if len(pages) == 1 and plain and first.samplesperpixel == 1:
        offset = int(first.dataoffsets[0])
        if offset + promised <= file_bytes:
            return offset
    msg = (
        f"{shown(path)}: found {len(pages)} of the {claims.planes} images that its description promises "
        f"({claims.writer}); expected all, in this one file. {STILL_WRITTEN}."
    )
    raise InputImageError(msg)


def _grey(path: Path, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return (y, x) from tifffile's (separate samples, depth, y, x, contiguous samples)."""
    planes, _, height, width, samples = values.shape
    if planes * samples == 1:
        return values.reshape(height, width)
    channels = np.moveaxis(values[:, 0], 0, -1).reshape(height, width, planes * samples)
    if planes > 1:
        # tifffile writes a stack of shape (3, y, x) this way unless told otherwise.
        return grey_of_colour(path, channels, "Write a stack of three with photometric='minisblack'")
    return grey_of_colour(path, channels)
