"""Xradia XRM and TXRM: images of one X-ray microscope, in an OLE compound file.

The maker publishes no description. The streams used here are those that the open readers of the
field agree on: ``ImageInfo/ImageWidth, ImageHeight, ImagesTaken, DataType`` (5 is 16-bit, 10 is
float), ``PixelSize`` (µm on the sample), ``Energy`` (eV), and ``ImageData{n}/Image{i}``, a hundred
images a folder. Rows come in the order of the file.
"""

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import olefile
from numpy.typing import NDArray

from cathograph.ingest.formats.field_rules import Field, as_field
from cathograph.ingest.formats.file_state import STILL_WRITTEN
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.pixel_size import Step, Voxel, voxel_of
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

DTYPES: dict[int, np.dtype[Any]] = {5: np.dtype("<u2"), 10: np.dtype("<f4")}
IMAGES_A_FOLDER = 100
LARGEST_SIDE, MOST_IMAGES = 1 << 17, 1 << 20
TEXT_BYTES = 40  # texts in lists are cut into pieces of this length


@dataclass(frozen=True)
class XradiaImage:
    """An XRM or TXRM whose streams were all checked; see `StoredImage`.

    Attributes
    ----------
    energies : tuple of float
        As stored, one an image; empty where the file has none.
    has_reference : bool
        One flat image is kept in the file.
    texts
        Sample and date, where the file has them.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stored_dtype: np.dtype[Any]
    voxel: Voxel
    metadata: Mapping[str, str]
    notes: tuple[str, ...]
    energies: tuple[float, ...]
    has_reference: bool
    texts: Mapping[str, str]
    channel: str | None = None
    black_value: int | None = None

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield images `start` to `stop` (excluded).

        Raises
        ------
        InputImageError
            When one cannot be read.
        """
        with _opened(self.path) as ole:
            for index in range(start, stop):
                values = np.frombuffer(ole.openstream(_stream_of(index)).read(), dtype=self.stored_dtype)
                yield as_field(values.reshape(self.shape[-2:]), self.dtype)


def open_xradia(path: Path) -> XradiaImage:
    """Read the facts of an XRM or TXRM, and check that every image is there in full length.

    Raises
    ------
    InputImageError
        When the file is damaged or no Xradia file, an image is missing or cut, or pixels are of
        a type that nobody has described.
    """
    with _opened(path) as ole:
        if not ole.exists("ImageInfo/ImageWidth"):
            msg = (
                f"{shown(path)}: found an OLE file without ImageInfo/ImageWidth; expected an Xradia XRM or "
                "TXRM. Export the images as TIFF."
            )
            raise InputImageError(msg)
        width, height = (_whole(path, ole, name, LARGEST_SIDE) for name in ("ImageWidth", "ImageHeight"))
        taken = "ImagesTaken" if ole.exists("ImageInfo/ImagesTaken") else "NoOfImages"
        count = _whole(path, ole, taken, MOST_IMAGES) if ole.exists(f"ImageInfo/{taken}") else 1
        code = _whole(path, ole, "DataType", 1 << 30)
        stored_dtype = DTYPES.get(code)
        if stored_dtype is None:
            msg = (
                f"{shown(path)}: found pixels of Xradia type {code}; expected 5 (16-bit) or 10 (float). "
                "Export the images as TIFF."
            )
            raise InputImageError(msg)
        needed = width * height * stored_dtype.itemsize
        notes: tuple[str, ...] = ()
        if _is_stitched(ole, count, needed):
            notes = (f"a mosaic, stitched of {count} images",)
            count = 1
        for index in range(count):
            found = ole.get_size(_stream_of(index)) if ole.exists(_stream_of(index)) else 0
            if found != needed:
                msg = (
                    f"{shown(path)}: found {found} bytes for image {index + 1} of {count}; expected {needed} "
                    f"({height}×{width}). {STILL_WRITTEN}."
                )
                raise InputImageError(msg)
        sizes = _floats(ole, "ImageInfo/PixelSize", 1)
        stated = bool(sizes) and bool(np.isfinite(sizes[0])) and sizes[0] > 0
        voxel = voxel_of(path, {axis: Step(sizes[0], "um") for axis in "xy"} if stated else {})
        energies = _floats(ole, "ImageInfo/Energy", count)
        has_reference = bool(ole.exists("ReferenceData/Image"))
        texts = {
            name: text
            for name, stream in (("sample", "SampleInfo/SampleID"), ("date", "ImageInfo/Date"))
            if (text := _text(ole, stream))
        }
    return XradiaImage(
        path=path,
        shape=(count, height, width) if count > 1 else (height, width),
        dtype=stored_dtype.newbyteorder("="),
        stored_dtype=stored_dtype,
        voxel=voxel,
        metadata={
            "format": "Xradia TXRM" if count > 1 else "Xradia XRM",
            "pixel size": voxel.note,
            **({"energy": f"{energies[0]:g} eV"} if count == 1 and any(energies) else {}),
            **texts,
        },
        notes=notes,
        # A field that was never filled in is zero.
        energies=energies if any(energies) else (),
        has_reference=has_reference,
        texts=texts,
    )


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    # DEFECT_INCORRECT: a chain of sectors in a circle or beyond the end is an error, not a guess.
    with reading(path, "Xradia (OLE)"), path.open("rb") as file:
        ole = olefile.OleFileIO(file, raise_defects=olefile.DEFECT_INCORRECT)
        try:
            yield ole
        finally:
            ole.close()


def _is_stitched(ole: Any, count: int, needed: int) -> bool:  # noqa: ANN401  olefile has no types
    """Tell whether all images of a mosaic were put together: as many taken as its tiles, one stored.

    The maker's own spelling of the word is kept.
    """
    rows, columns = (_number(ole, f"ImageInfo/Mosiac{side}") for side in ("Rows", "Columns"))
    only_one = count > 1 and not any(ole.exists(_stream_of(index)) for index in range(1, count))
    whole = ole.exists(_stream_of(0)) and ole.get_size(_stream_of(0)) == needed
    return only_one and whole and (rows * columns == count or _number(ole, "ImageInfo/NoOfImages") == 1)


def _number(ole: Any, stream: str) -> int:  # noqa: ANN401
    content = ole.openstream(stream).read() if ole.exists(stream) else b""
    return int(struct.unpack_from("<i", content)[0]) if len(content) >= 4 else 0


def _stream_of(index: int) -> str:
    return f"ImageData{index // IMAGES_A_FOLDER + 1}/Image{index + 1}"


def _whole(path: Path, ole: Any, name: str, largest: int) -> int:  # noqa: ANN401  olefile has no types
    stream = f"ImageInfo/{name}"
    value = _number(ole, stream)
    if not 0 < value <= largest:
        msg = f"{shown(path)}: found {stream} = {value}; expected 1 to {largest}. The file is damaged; export it again."
        raise InputImageError(msg)
    return value


def _floats(ole: Any, stream: str, count: int) -> tuple[float, ...]:  # noqa: ANN401
    """Return `count` floats, which lie tightly or, in some lists, one in each piece of 40 bytes."""
    content = ole.openstream(stream).read() if ole.exists(stream) else b""
    if len(content) >= 4 * count and len(content) != TEXT_BYTES * count:
        tight: NDArray[np.float32] = np.frombuffer(content, dtype="<f4", count=count)
        return tuple(float(value) for value in tight)
    if len(content) >= TEXT_BYTES * (count - 1) + 4:
        return tuple(struct.unpack_from("<f", content, TEXT_BYTES * place)[0] for place in range(count))
    return ()


def _text(ole: Any, stream: str) -> str | None:  # noqa: ANN401
    content = ole.openstream(stream).read() if ole.exists(stream) else b""
    text = content.split(b"\0", 1)[0].decode("latin-1")
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text[:200] or None
