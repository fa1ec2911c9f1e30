"""Errors of the reading libraries, translated where they enter.

A damaged file makes tifffile, pillow, h5py and their codecs fail in some twenty ways, none of
which tells a user anything. `reading` turns them into one `InputImageError` of one line; the
foreign error stays attached as its cause. The list is spelled out, because catching everything
would hide slips of our own (an AssertionError, a KeyboardInterrupt).
"""

import struct
import tokenize
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cathograph.ingest.formats.file_state import STILL_WRITTEN
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

FOREIGN_ERRORS: tuple[type[Exception], ...] = (
    OSError,  # h5py, pillow, the disk
    ValueError,  # tifffile (TiffFileError), numpy, UnicodeDecodeError
    RuntimeError,  # the codecs of imagecodecs; h5py
    SyntaxError,  # pillow's way to say that a file is broken
    struct.error,
    tokenize.TokenError,  # numpy, of the header of an .npy file
    zlib.error,
    EOFError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    MemoryError,
    ImportError,  # a codec that is not installed
)
LONGEST_DETAIL = 120


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Translate every error of a reading library into `InputImageError`.

    Parameters
    ----------
    path
        File that is read, for the message.
    kind
        What it was taken for, in words of the field: ``"TIFF"``.

    Raises
    ------
    InputImageError
        In place of any of `FOREIGN_ERRORS`; our own errors pass unchanged.
    """
    try:
        yield
    except FOREIGN_ERRORS as error:
        detail = " ".join(str(error).split())[:LONGEST_DETAIL] or type(error).__name__
        detail = "".join(sign if sign.isprintable() else "?" for sign in detail)
        if isinstance(error, PermissionError):
            msg = (
                f"{shown(path)}: may not be read ({detail}); expected a readable file. Check its permissions."
            )
        elif isinstance(error, MemoryError):
            msg = (
                f"{shown(path)}: does not fit into memory ({detail}); expected an image this machine can "
                "hold. "
                "Cut it into smaller pieces."
            )
        elif isinstance(error, BlockingIOError) or "already open for" in detail:
            # The second is HDF5's: the file's own flag says that a writer (SWMR or not) has it open.
            msg = f"{shown(path)}: is locked by another program ({detail}). {STILL_WRITTEN}."
        else:
            msg = (
                f"{shown(path)}: found a damaged, truncated or unsupported {kind} file ({detail}); "
                f"expected a complete one. {STILL_WRITTEN}."
            )
        raise InputImageError(msg) from error
