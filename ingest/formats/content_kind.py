"""What a file is, by its first bytes. The suffix is only what somebody called it."""

from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from cathograph.ingest.formats.file_state import STILL_WRITTEN, is_zarr_store, look_at
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown


class Kind(StrEnum):
    """Kinds of image file that can be read."""

    TIFF = "tiff"
    NUMPY_ARRAY = "npy"
    PNG = "png"
    JPEG = "jpeg"
    BMP = "bmp"
    HDF5 = "hdf5"
    XRADIA = "xradia"
    ZARR = "zarr"
    SLICES = "slices"


MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),  # BigTIFF
    (b"MM\x00+", Kind.TIFF),
    (b"\x93NUMPY", Kind.NUMPY_ARRAY),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"BM", Kind.BMP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.XRADIA),  # any OLE file; its reader looks further
)
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
# HDF5 allows a block of the user's own bytes before its signature, of 512 bytes (MATLAB 7.3) or any
# power of two above.
SMALLEST_USER_BLOCK = 512
HEAD_BYTES = 512

# Files that people do hand in, each with the way out.
KNOWN_REFUSALS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive (.npz, zipped zarr)", "Save the array itself as .npy or TIFF"),
    (
        b"\x80",
        "a Python pickle, which is never read because it can run code",
        "Save the array as .npy or TIFF",
    ),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first"),
    (b"MATLAB 5.0", "a MATLAB 5 file", "Save it as TIFF, or with -v7.3 as HDF5"),
    (b"GIF8", "a GIF", "Save it as TIFF or PNG"),
)
EXPECTED = "TIFF, .npy, PNG, BMP, JPEG, HDF5, XRM or Zarr"


def identify(path: Path) -> Kind:
    """Tell the kind of an image file by its content.

    Raises
    ------
    InputImageError
        When the file is missing, empty, a directory, or none of the kinds that can be read.
    """
    size = look_at(path).size
    if size == 0:
        msg = f"{shown(path)}: found an empty file; expected {EXPECTED}. {STILL_WRITTEN}."
        raise InputImageError(msg)
    if path.is_dir():
        return Kind.ZARR if is_zarr_store(path) else Kind.SLICES  # `look_at` has refused any other folder
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            is_hdf5 = _has_hdf5_signature(file, size)
    except OSError as error:
        msg = f"{shown(path)}: cannot be read ({error.strerror}); expected {EXPECTED}. Check its permissions."
        raise InputImageError(msg) from error
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if is_hdf5:
        return Kind.HDF5
    for magic, found, way_out in KNOWN_REFUSALS:
        if head.startswith(magic):
            msg = f"{shown(path)}: found {found}; expected {EXPECTED}. {way_out}."
            raise InputImageError(msg)
    if _is_text(head):
        msg = (
            f"{shown(path)}: found a text file; expected {EXPECTED}. A list of energies goes with a stack "
            "(`energies`), reference spectra with a fit (`references`), a table label,phase "
            "with labels (`phases`)."
        )
        raise InputImageError(msg)
    # Some writers reserve the whole file first and fill in the header last.
    hint = f"{STILL_WRITTEN}" if not head[:8].strip(b"\0") else "Save it in one of these formats"
    msg = f"{shown(path)}: found a file that begins with {head[:8]!r}; expected {EXPECTED}. {hint}."
    raise InputImageError(msg)


def _has_hdf5_signature(file: BinaryIO, size: int) -> bool:
    offset = 0
    while offset + len(HDF5_MAGIC) <= size:
        file.seek(offset)
        if file.read(len(HDF5_MAGIC)) == HDF5_MAGIC:
            return True
        offset = offset * 2 or SMALLEST_USER_BLOCK
    return False


def _is_text(head: bytes) -> bool:
    """Tell whether the first lines are text with numbers in it, as spectra and tables are."""
    lines = head.splitlines()
    return (
        len(lines) > 1
        and all(byte in b"\t\r\n\f" or 32 <= byte < 127 for byte in head)
        and any(byte in b"0123456789" for byte in head)
    )
