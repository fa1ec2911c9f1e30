"""Which stored arrays are fields of view: type, colour, and how large they may become.

One set of rules for every format, so that the same pixels saved as TIFF, .npy or HDF5 are
accepted or refused alike.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.file_state import STILL_WRITTEN
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

Field = NDArray[Any]

# Below this an archive may expand as it likes: it cannot hurt.
BOMB_BYTES = 256 << 20
# Deflate, the strongest codec in common use here, cannot expand by more than 1032.
BOMB_RATIO = 1100
# 2048³ voxels of 16 bit. More than that is work for tiles, not for one array.
LARGEST_ARRAY_BYTES = 16 << 30


def field_dtype(path: Path, stored: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which fields of a stored type are read: native byte order, bool as uint8.

    Raises
    ------
    InputImageError
        When pixels are not integers or floats of 16, 32 or 64 bits.
    """
    if stored.kind == "b":
        return np.dtype(np.uint8)
    if stored.kind in "iu" or (stored.kind == "f" and stored.itemsize <= 8):
        return stored.newbyteorder("=")
    words = {
        "c": "complex numbers",
        "O": "Python objects",
        "S": "text",
        "U": "text",
        "V": "records",
        "f": "floats",
    }
    found = words.get(stored.kind, "values")
    way_out = "Save magnitude or phase" if stored.kind == "c" else "Save the image as plain numbers"
    msg = (
        f"{shown(path)}: found {found} ({stored}) as pixels; expected integers or floats of up to 64 bits. "
        f"{way_out}."
    )
    raise InputImageError(msg)


def as_field(values: NDArray[Any], dtype: np.dtype[Any]) -> Field:
    """Return pixels as a contiguous array of `dtype`, a copy where the memory is not our own."""
    return np.require(values, dtype=dtype, requirements=["C", "O", "W"])


SAVE_GREY = "Give `channel` (red, green, blue) to read one, or save codes instead of colours"


MOVE_SLICES = (
    "If they are slices, move that axis to the front (z, y, x); else give `channel` to read one of them"
)


def grey_of_colour(path: Path, values: NDArray[Any], way_out: str = SAVE_GREY) -> NDArray[Any]:
    """Return the one grey channel of an image whose colour channels are equal.

    Parameters
    ----------
    path
        File, for the message.
    values
        Shape (y, x, channels) with 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels.
    way_out
        What to do about a coloured image, for the message.

    Raises
    ------
    InputImageError
        When the channels differ, so that a grey value would be made up, or alpha hides pixels.
    """
    channels = values.shape[-1]
    if channels not in (2, 3, 4):
        msg = (
            f"{shown(path)}: found {channels} channels; expected one grey channel. Give `channel`: 0 to "
            f"{channels - 1}; or save one of them."
        )
        raise InputImageError(msg)
    if channels in (2, 4):
        alpha = values[..., -1]
        if np.any(alpha != alpha.flat[0]):
            if way_out == MOVE_SLICES:
                msg = (
                    f"{shown(path)}: found a last axis of {channels} with different values; expected slices "
                    f"first, or colour with equal channels. {way_out}."
                )
            else:
                msg = (
                    f"{shown(path)}: found an alpha channel that hides part of the image; expected grey "
                    "values everywhere. Flatten the image and save it without alpha."
                )
            raise InputImageError(msg)
    grey = values[..., 0]
    if channels > 2:
        differs = (values[..., 1] != grey) | (values[..., 2] != grey)
        if np.any(differs):
            y, x = np.argwhere(differs)[0]
            msg = (
                f"{shown(path)}: found a colour image ({int(differs.sum())} coloured pixels, first at "
                f"y={y}, x={x}); expected grey values or phase codes. {way_out}."
            )
            raise InputImageError(msg)
    return grey


def sample_of(path: Path, values: NDArray[Any], sample: int | None, way_out: str = SAVE_GREY) -> NDArray[Any]:
    """Return the chosen sample of an image (y, x, samples), or its grey where none was chosen.

    Raises
    ------
    InputImageError
        As `grey_of_colour`.
    """
    return grey_of_colour(path, values, way_out) if sample is None else values[..., sample]


def refuse_bomb(
    path: Path,
    *,
    expanded_bytes: int,
    stored_bytes: int,
    largest_ratio: float = BOMB_RATIO,
    largest_bytes: int | None = LARGEST_ARRAY_BYTES,
    way_on: str = "",
) -> None:
    """Refuse an array that would fill the memory, before anything is allocated.

    Parameters
    ----------
    path
        File, for the message.
    expanded_bytes
        Bytes of the array that a read would make.
    stored_bytes
        Bytes that it takes up in the file.
    largest_ratio
        How many times it may expand.
    largest_bytes
        Largest array; None for one that is never read in one piece.
    way_on
        How to go on where the ratio is right, for the message.

    Raises
    ------
    InputImageError
        When it is larger than any array we hold, or expands as no honest image does.
    """
    ratio = expanded_bytes / max(stored_bytes, 1)
    if largest_bytes is not None and expanded_bytes > largest_bytes:
        msg = (
            f"{shown(path)}: found an image of {expanded_bytes / 2**30:.1f} GiB in one piece; expected "
            f"at most {largest_bytes >> 30} GiB. Cut it into smaller pieces."
        )
        raise InputImageError(msg)
    if expanded_bytes > BOMB_BYTES and ratio > largest_ratio:
        msg = (
            f"{shown(path)}: found {stored_bytes} bytes that claim to be {expanded_bytes / 2**20:.0f} MiB of "
            f"pixels (×{ratio:.0f}); expected at most ×{largest_ratio:g}. The file is damaged, incomplete "
            f"or a decompression bomb; export it again.{way_on}"
        )
        raise InputImageError(msg)


def refuse_unwritten(
    path: Path, name: str, *, written: int, expected: int, fill: object, fill_unwritten: bool | None
) -> tuple[str, ...]:
    """Refuse an array of which parts were never written, or say how much of it is fill value.

    A job that died after three of eight slices leaves an array of eight, and five of them read as
    background. Writers that leave out empty chunks on purpose make the same file, so the user may
    say that it is complete.

    Parameters
    ----------
    path, name
        File and array, for the message.
    written, expected
        Number of chunks.
    fill
        Value that the others read as.
    fill_unwritten
        Accept them; None where nobody can, as in a stack over energies.

    Returns
    -------
    tuple of str
        The number of missing chunks as a note; empty where all are there.

    Raises
    ------
    InputImageError
        When some are missing and that is not accepted.
    """
    if written >= expected:
        return ()
    if fill_unwritten:
        return (
            f"{expected - written} of {expected} chunks of {name!r} were never written and read as {fill}",
        )
    way_out = (
        ""
        if fill_unwritten is None
        else " If the writer leaves out empty chunks, say so with `fill_unwritten`."
    )
    msg = (
        f"{shown(path)}: found {written} of {expected} chunks of {name!r} written; expected all of them, since the "
        f"others would read as {fill}. {STILL_WRITTEN}. Of a job that was stopped, save the part that is there."
        f"{way_out}"
    )
    raise InputImageError(msg)
