"""TIFF: single images, stacks, ImageJ and OME files, through tifffile.

Strategy. tifffile is lenient: where a chain of pages breaks off it logs and returns the pages it
has, where a strip is missing it returns zeros, and an OME or MicroManager file makes it open the
other files of the set. For measured data each of these is a silent loss, so only its page parser
and its decoders are used, not its series. Every page is checked before anything is decoded: same
shape, type and meaning as the first, all strips inside the file and long enough, as many pages as
the description promises. A file of several images is never one stack: the user names one. What
tifffile logs meanwhile is caught: signs of damage become an error, the rest stands in the metadata.
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

from cathograph.ingest.formats.field_rules import SAVE_GREY, Field, as_field, field_dtype, sample_of
from cathograph.ingest.formats.file_state import STILL_WRITTEN
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.orientation import TURNED, upright
from cathograph.ingest.formats.pixel_size import Voxel
from cathograph.ingest.formats.stored_axes import PagesAs, plan_axes
from cathograph.ingest.formats.tiff_facts import (
    black_value_of,
    metadata_of,
    notes_of,
    orientation_of,
    voxel_of_page,
)
from cathograph.ingest.formats.tiff_images import (
    axes_of,
    choose_image,
    images_in,
    pages_of_channel,
    require_promised_pages,
)
from cathograph.ingest.formats.tiff_pages import check_page, full_size_pages, stored_dtype_of
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

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
    """One image of a TIFF whose pages were all checked; see `StoredImage`.

    Attributes
    ----------
    page_indices
        Positions of its full-size pages in the file (previews left out), or of its planes in that piece.
    turned
        Pages are stored as (x, y), as the names of their axes say.
    orientation
        Value of the orientation tag, which is applied.
    raw_offset
        Byte at which all pages lie in one piece behind a single directory (ImageJ's way beyond
        4 GiB), or None where every page has its directory.
    raw_shape, raw_dtype
        Shape of a page of that piece, and its type with byte order.
    sample
        Sample of each pixel that was chosen, None where a pixel has one or all are equal.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    voxel: Voxel
    metadata: Mapping[str, str]
    notes: tuple[str, ...]
    page_indices: tuple[int, ...]
    turned: bool
    orientation: int
    raw_offset: int | None
    raw_shape: tuple[int, int]
    raw_dtype: np.dtype[Any]
    sample: int | None
    channel: str | None
    black_value: int | None

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays.

        Raises
        ------
        InputImageError
            When a page cannot be decoded, or is coloured.
        """
        stored = self._raw_fields(start, stop) if self.raw_offset is not None else self._pages(start, stop)
        for values in stored:
            seen = upright(values.T if self.turned else values, self.orientation)
            yield as_field(seen, self.dtype)

    def _pages(self, start: int, stop: int) -> Iterator[Field]:
        with _opened(self.path) as (tiff, _):
            for index in self.page_indices[start:stop]:
                page = tiff.pages[index]
                yield _grey(self.path, page.asarray().reshape(page.shaped), self.sample)

    def _raw_fields(self, start: int, stop: int) -> Iterator[Field]:
        size = self.raw_shape[0] * self.raw_shape[1] * self.raw_dtype.itemsize
        with reading(self.path, "TIFF"), self.path.open("rb") as file:
            for index in self.page_indices[start:stop]:
                file.seek((self.raw_offset or 0) + index * size)
                yield np.frombuffer(file.read(size), dtype=self.raw_dtype).reshape(self.raw_shape)


def open_tiff(
    path: Path, *, dataset: str | None = None, pages_as: PagesAs, channel: str | None = None
) -> TiffImage:
    """Check every page of an image of a TIFF and describe it, without decoding grey pages.

    Parameters
    ----------
    path
        File.
    dataset
        Number or name of the image, where the file has several.
    pages_as
        What its pages are wanted for.
    channel
        Number or name of the channel to read, where there are several.

    Raises
    ------
    InputImageError
        When the file is damaged or incomplete, holds several images and none is named, its pages
        differ, or it holds channels or more than three axes.
    """
    file_bytes = path.stat().st_size
    with _opened(path) as (tiff, messages):
        if tiff.is_stk:
            msg = (
                f"{shown(path)}: found a MetaMorph STK, which keeps a stack behind one directory; expected "
                "one directory a page. Export it as a TIFF stack."
            )
            raise InputImageError(msg)
        pages = full_size_pages(path, tiff)
        claims, pages = choose_image(path, images_in(path, pages), pages, dataset)
        first = pages[0][1]
        for index, page in pages:
            check_page(path, index, page, first, file_bytes)
        stored_dtype = stored_dtype_of(path, first)
        plan_shape, names = axes_of(claims, first, with_samples=channel is not None)
        plan = plan_axes(
            path,
            plan_shape,
            pages_as=pages_as,
            names=names,
            channel=channel,
            channel_names=claims.channel_names,
        )
        leading = len(claims.axes)
        if min(plan.order[-2:]) < leading:
            msg = (
                f"{shown(path)}: found pages with the axes {', '.join(names)}; expected pages (y, x). Save the "
                "stack with x last."
            )
            raise InputImageError(msg)
        raw_offset = require_promised_pages(path, claims, [page for _, page in pages], file_bytes)
        places = (
            tuple(range(claims.planes or 1)) if raw_offset is not None else tuple(index for index, _ in pages)
        )
        places = pages_of_channel(claims, places, plan.picks)
        count = len(places)
        sample = plan.picks.get(leading + 2)
        if first.shaped[0] * first.shaped[4] > 1 and sample is None:
            _grey(path, first.asarray().reshape(first.shaped))  # colour is refused when opened, not later
        turned = plan.order[-1] < plan.order[-2]
        orientation = orientation_of(path, first)
        height, width = int(first.shaped[2]), int(first.shaped[3])
        seen = (width, height) if turned != (orientation in TURNED) else (height, width)
        voxel = voxel_of_page(path, claims, first)
        return TiffImage(
            path=path,
            shape=(count, *seen) if count > 1 else seen,
            dtype=field_dtype(path, stored_dtype),
            voxel=voxel,
            metadata=metadata_of(claims, first, count, voxel, messages, names),
            notes=(*claims.notes, *plan.notes, *notes_of(first, orientation)),
            page_indices=places,
            turned=turned,
            orientation=orientation,
            raw_offset=raw_offset,
            raw_shape=(height, width),
            raw_dtype=stored_dtype.newbyteorder(tiff.byteorder),
            sample=sample,
            channel=plan.channel,
            black_value=black_value_of(first),
        )


def _grey(path: Path, values: np.ndarray[Any, Any], sample: int | None = None) -> np.ndarray[Any, Any]:
    """Return (y, x) from tifffile's (separate samples, depth, y, x, contiguous samples)."""
    planes, _, height, width, samples = values.shape
    if planes * samples == 1:
        return values.reshape(height, width)
    channels = np.moveaxis(values[:, 0], 0, -1).reshape(height, width, planes * samples)
    # tifffile writes a stack of shape (3, y, x) as separate samples unless told otherwise.
    way_out = (
        f"{SAVE_GREY}; write a stack of three with photometric='minisblack'" if planes > 1 else SAVE_GREY
    )
    return sample_of(path, channels, sample, way_out)
