"""What the tags of a TIFF page say beside its pixels: size, orientation, compression, which end is white."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tifffile import TiffPage

from cathograph.ingest.formats.jeol_text import steps_beside
from cathograph.ingest.formats.orientation import KNOWN, ORIENTATION_TAG, UPRIGHT, in_words
from cathograph.ingest.formats.pixel_size import NONE_STATED, Voxel, voxel_of
from cathograph.ingest.formats.tiff_claims import TiffClaims
from cathograph.ingest.formats.tiff_makers import maker_steps
from cathograph.ingest.formats.tiff_pages import tag_of
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

WHITE_IS_ZERO, PALETTE = 0, 3
LOSSY = frozenset((6, 7, 34892, 33007, 34661, 50002, 34933, 34934))  # JPEG and its relatives


def voxel_of_page(path: Path, claims: TiffClaims, first: TiffPage) -> Voxel:
    """Return the size of the pixels: that of the maker's own tag, else of description and resolution."""
    steps, maker = maker_steps(first)
    if not steps:
        steps, maker = steps_beside(path, int(first.shaped[3]))
    if steps:
        voxel = voxel_of(path, steps)
        return replace(voxel, note=f"{voxel.note} ({maker})")
    note = claims.size_note
    return voxel_of(path, claims.steps, note=note if note and note.startswith(NONE_STATED) else None)


def orientation_of(path: Path, first: TiffPage) -> int:
    """Return the value of the orientation tag.

    Raises
    ------
    InputImageError
        When it is none of the eight.
    """
    value = tag_of(first, ORIENTATION_TAG)
    if value is None or value == 0:
        return UPRIGHT
    if not isinstance(value, int) or value not in KNOWN:
        msg = f"{shown(path)}: found the orientation {value!r}; expected 1 to 8. Export the image upright."
        raise InputImageError(msg)
    return int(value)


def black_value_of(first: TiffPage) -> int | None:
    """Return the value that is black where 0 is white; None where higher is brighter, or values have no end."""
    if first.photometric != WHITE_IS_ZERO or first.dtype is None or first.dtype.kind not in "bu":
        return None
    return int((1 << first.bitspersample) - 1)


def notes_of(first: TiffPage, orientation: int) -> tuple[str, ...]:
    """Say what the user should know of the pixels of a page."""
    notes = []
    if orientation != UPRIGHT:
        notes.append(
            f"turned as its orientation tag says ({orientation}); programs that ignore it show it otherwise"
        )
    if first.photometric == WHITE_IS_ZERO:
        notes.append(
            "0 is white in this file (MinIsWhite): a grey image is inverted, phases and labels stay as stored"
            if black_value_of(first) is not None
            else "0 is white in this file (MinIsWhite), which has no meaning for values below 0: they stay as stored"
        )
    if first.compression in LOSSY:
        notes.append(f"{_compression(first)} compression changes values; do not use it for phases or regions")
    return tuple(notes)


def _compression(first: TiffPage) -> str:
    return str(getattr(first.compression, "name", first.compression)).lower()


def metadata_of(
    claims: TiffClaims, first: TiffPage, count: int, voxel: Voxel, messages: list[str], axes: Sequence[str]
) -> dict[str, str]:
    """Return what is printed of an image."""
    metadata = {
        "format": f"TIFF ({claims.writer})",
        "pages": str(count),
        "compression": "none" if first.compression == 1 else _compression(first),
        "pixel size": voxel.note,
    }
    if any(size > 1 for _, size in claims.axes):
        metadata["axes"] = ", ".join(name.casefold() or "page" for name in axes)
    elif count == 1:
        metadata["axes"] = ", ".join(claims.page_axes)
    orientation = tag_of(first, ORIENTATION_TAG)
    if isinstance(orientation, int) and orientation > UPRIGHT:
        metadata["orientation"] = in_words(orientation)
    if claims.title:
        metadata["image"] = claims.title
    if first.bitspersample not in (8, 16, 32, 64):
        metadata["bits"] = f"{first.bitspersample} a pixel, values as stored"
    if first.compression in LOSSY:
        metadata["lossy"] = "JPEG changes values; do not use it for phases or regions"
    if first.photometric == PALETTE:
        metadata["palette"] = "values are palette indices"
    if messages:
        metadata["reader notes"] = "; ".join(messages)[:300]
    return metadata
