"""The images of a TIFF: which pages belong to which, which one is meant, and whether all of it is there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tifffile import TiffPage

from cathograph.ingest.formats.file_state import STILL_WRITTEN
from cathograph.ingest.formats.lsm import lsm_claims
from cathograph.ingest.formats.tiff_claims import (
    Resolution,
    TiffClaims,
    read_claims,
    shape_of_json,
    titles_of,
)
from cathograph.ingest.formats.tiff_makers import names_a_microscope
from cathograph.ingest.formats.tiff_pages import description_of, stated_resolution, stored_dtype_of
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

MOST_LISTED = 10
COLOURED = (2, 5, 6, 8)  # RGB, CMYK, YCbCr, CIELab


def images_in(path: Path, pages: list[tuple[int, TiffPage]]) -> list[TiffClaims]:
    """Return what the file says about each of its images.

    Raises
    ------
    InputImageError
        When that stands in another file.
    """
    first = pages[0][1]
    description = description_of(first)
    if "<BinaryOnly" in description:
        msg = (
            f"{shown(path)}: found an OME-TIFF whose metadata lie in another file (BinaryOnly); expected them in "
            "this one. Save it as a single OME-TIFF."
        )
        raise InputImageError(msg)
    lsm = lsm_claims(path, first)
    images = [lsm] if lsm is not None else claims_of(first)
    if len(images) > 1 or images[0].writer != "tifffile":
        return images
    # tifffile writes its description on the first page of every image that it appends.
    starts = [
        place for place, (_, page) in enumerate(pages) if shape_of_json(description_of(page)) is not None
    ]
    ends = [*starts[1:], len(pages)]
    if starts[0] != 0 or len(starts) == 1 or ends == [start + 1 for start in starts]:
        if len(starts) > 1:
            return [replace(images[0], planes=len(pages), axes=(("", len(pages)),))]
        return images
    return [
        replace(claims_of(pages[start][1])[0], ifds=tuple(index for index, _ in pages[start:end]))
        for start, end in zip(starts, ends, strict=True)
    ]


def choose_image(
    path: Path, images: list[TiffClaims], pages: list[tuple[int, TiffPage]], dataset: str | None
) -> tuple[TiffClaims, list[tuple[int, TiffPage]]]:
    """Return the image that the user means, and its pages.

    Raises
    ------
    InputImageError
        When there are several and none is named, there is none of that name, or pages of it are missing.
    """
    titles = [image.title for image in images]
    by_name = {str(place): place for place in range(len(images))}
    by_name |= {title: place for place, title in enumerate(titles) if title and titles.count(title) == 1}
    place = 0 if dataset is None and len(images) == 1 else by_name.get(dataset or "")
    if place is None and len(images) == 1:
        msg = (
            f"{shown(path)}: found a TIFF of one image, which has no datasets; expected no `dataset` (or 0), not "
            f"{dataset!r}. Leave it out."
        )
        raise InputImageError(msg)
    if place is None:
        listed = ", ".join(titles_of(images)[:MOST_LISTED])
        expected = "the number of one" if dataset is None else f"one of them, not {dataset!r}"
        msg = (
            f"{shown(path)}: found {len(images)} images in one TIFF: {listed}; expected {expected}. Give "
            "`dataset` NUMBER."
        )
        raise InputImageError(msg)
    image = images[place]
    if image.ifds is None and len(images) > 1:
        msg = (
            f"{shown(path)}: found {len(images)} images, and nothing says which pages are theirs; expected TiffData "
            "with the directory of each. Save the images as separate files."
        )
        raise InputImageError(msg)
    if image.ifds is None or (len(images) == 1 and len(image.ifds) < len(pages)):
        return image, pages
    there = dict(pages)
    missing = [ifd for ifd in image.ifds if ifd not in there]
    if missing:
        msg = (
            f"{shown(path)}: found {len(image.ifds) - len(missing)} of the {len(image.ifds)} images that its "
            f"description promises ({image.writer}); expected all, in this one file. {STILL_WRITTEN}."
        )
        raise InputImageError(msg)
    return image, [(ifd, there[ifd]) for ifd in image.ifds]


def axes_of(
    claims: TiffClaims, page: TiffPage, *, with_samples: bool = False
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return shape and names of axes of the whole stack, as far as the description has them.

    Parameters
    ----------
    claims, page
        What is promised, and the first page.
    with_samples
        Count the samples of a pixel as an axis: channels, where they are no colours.
    """
    sizes = (*(size for _, size in claims.axes), int(page.shaped[2]), int(page.shaped[3]))
    names = (*(name for name, _ in claims.axes), *claims.page_axes)
    samples = int(page.shaped[0] * page.shaped[4])
    if samples > 1 and (with_samples or claims.samples_are_channels):
        return (*sizes, samples), (*names, "s" if page.photometric in COLOURED else "c")
    return sizes, names


def pages_of_channel(claims: TiffClaims, places: Sequence[int], picks: Mapping[int, int]) -> tuple[int, ...]:
    """Return the positions of the pages of one channel, where the channels are pages.

    Parameters
    ----------
    claims
        What is promised of the image: the axes along which its pages lie.
    places
        Position of every page.
    picks
        Number of the channel on its axis.
    """
    if not any(axis < len(claims.axes) for axis in picks):
        return tuple(places)
    grid = np.array(places).reshape([size for _, size in claims.axes])
    return tuple(
        int(place) for place in grid[tuple(picks.get(axis, slice(None)) for axis in range(grid.ndim))].flat
    )


def claims_of(first: TiffPage) -> list[TiffClaims]:
    """Return what the description and the resolution of a page say about its image, or images."""
    return read_claims(
        description_of(first),
        stated_resolution(first) or Resolution(None, None, None),
        page_samples=int(first.samplesperpixel),
        page_pixels=int(np.prod(first.shaped, dtype=object)),
        by_microscope=names_a_microscope(first),
    )


def require_promised_pages(
    path: Path, claims: TiffClaims, pages: list[TiffPage], file_bytes: int
) -> int | None:
    """Compare pages with the description; return the offset where one directory serves for all.

    Raises
    ------
    InputImageError
        When there are fewer or more.
    """
    if claims.planes is None or claims.planes == len(pages):
        return None
    if claims.planes < len(pages):
        if claims.planes == 1 and claims.writer != "OME":
            return None
        msg = (
            f"{shown(path)}: found {len(pages)} pages where the description has {claims.planes} "
            f"({claims.writer}); expected one stack. Save the images as separate files."
        )
        raise InputImageError(msg)
    first = pages[0]
    dtype = stored_dtype_of(path, first)
    promised = claims.planes * int(np.prod(first.shaped, dtype=object)) * dtype.itemsize
    plain = (
        first.is_contiguous
        and dtype.kind != "b"
        and first.bitspersample == dtype.itemsize * 8
        and first.fillorder == 1
    )
    if len(pages) == 1 and plain and first.samplesperpixel == 1:
        offset = int(first.dataoffsets[0])
        if offset + promised <= file_bytes:
            return offset
    stale = (
        " If it is a single slice, it was saved with the description of its stack: save it without."
        if len(pages) == 1
        else ""
    )
    msg = (
        f"{shown(path)}: found {len(pages)} of the {claims.planes} images that its description promises "
        f"({claims.writer}); expected all, in this one file. {STILL_WRITTEN}.{stale}"
    )
    raise InputImageError(msg)
