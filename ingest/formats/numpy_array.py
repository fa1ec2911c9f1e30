"""NumPy's .npy, read without its parser and without pickle.

The header is a Python literal, which numpy evaluates. Here three expressions are matched instead,
so nothing a user hands in is ever evaluated, and object arrays (the pickled ones) cannot be named.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cathograph.ingest.formats.field_rules import Field, as_field, field_dtype, grey_of_colour, plan_axes
from cathograph.ingest.formats.file_state import STILL_WRITTEN, shown
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.schema.errors import InputImageError

LONGEST_HEADER = 10_000
DESCR = re.compile(r"'descr'\s*:\s*'([^']*)'")
PLAIN_DESCR = re.compile(r"[<>|=]?([?biufcSUVOmM])(\d{0,3})(\[\w+\])?")
ORDER = re.compile(r"'fortran_order'\s*:\s*(True|False)")
SHAPE = re.compile(r"'shape'\s*:\s*\(([\d\s,]{0,200})\)")
LARGEST_AXIS = 2**40


@dataclass(frozen=True)
class NumpyImage:
    """An .npy file whose header was read; see `StoredImage`."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    metadata: Mapping[str, str]
    data_offset: int
    stored_shape: tuple[int, ...]
    stored_dtype: np.dtype[Any]
    fortran_order: bool
    colour: bool
    pixel_size_um: float | None = None
    depth_size_um: float | None = None

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays.

        Raises
        ------
        InputImageError
            When the file cannot be read, or is coloured.
        """
        with reading(self.path, ".npy"):
            values = np.memmap(
                self.path,
                dtype=self.stored_dtype,
                mode="r",
                offset=self.data_offset,
                shape=self.stored_shape,
                order="F" if self.fortran_order else "C",
            )
            if self.colour:
                grey = grey_of_colour(self.path, np.asarray(values).reshape(*self.shape, -1))
                yield as_field(grey, self.dtype)
                return
            pages = values.reshape(-1, *self.shape[-2:])
            for index in range(start, stop):
                yield as_field(np.array(pages[index]), self.dtype)


def open_numpy_array(path: Path, *, volume: bool) -> NumpyImage:
    """Read the header of an .npy file.

    Raises
    ------
    InputImageError
        When the header is damaged, the array is not plain numbers in 2 or 3 axes, or the file is
        shorter or longer than its header says.
    """
    with reading(path, ".npy"):
        header, offset = _header(path)
        descr, order, shape_text = DESCR.search(header), ORDER.search(header), SHAPE.search(header)
        if not descr or not order or not shape_text:
            words = "records or Python objects" if "'descr': [" in header else "no plain header"
            msg = (
                f"{shown(path)}: found {words} in an .npy file; expected an array of plain numbers. Save "
                "it so."
            )
            raise InputImageError(msg)
        stored_dtype = _plain_dtype(path, descr.group(1))
        dtype = field_dtype(path, stored_dtype)
        sizes = tuple(int(size) for size in shape_text.group(1).split(",") if size.strip())
        plan = plan_axes(path, sizes, volume=volume)
        expected = offset + int(np.prod(sizes, dtype=object)) * stored_dtype.itemsize
        found = path.stat().st_size
        if found != expected or max(sizes) > LARGEST_AXIS:
            hint = (
                STILL_WRITTEN if found < expected else "It may hold several arrays; save one array per file"
            )
            msg = f"{shown(path)}: found {found} bytes; expected {expected}, as its .npy header says. {hint}."
            raise InputImageError(msg)
        kept = tuple(sizes[axis] for axis in plan.kept)
        return NumpyImage(
            path=path,
            shape=kept[:-1] if plan.colour else kept,
            dtype=dtype,
            metadata={"format": "NumPy array", "stored shape": str(sizes), "pixel size": "none stated"},
            data_offset=offset,
            stored_shape=sizes,
            stored_dtype=stored_dtype,
            fortran_order=order.group(1) == "True",
            colour=plan.colour,
        )


def _header(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        start = file.read(12)
        major = start[6] if len(start) == 12 else 0
        if major not in (1, 2, 3):
            msg = (
                f"{shown(path)}: found a damaged .npy header; expected format version 1, 2 or 3. "
                f"{STILL_WRITTEN}."
            )
            raise InputImageError(msg)
        length_bytes = 2 if major == 1 else 4
        offset = 8 + length_bytes
        length = int.from_bytes(start[8:offset], "little")
        if length > LONGEST_HEADER:
            msg = (
                f"{shown(path)}: found an .npy header of {length} bytes; expected at most {LONGEST_HEADER}. "
                "Save the array again."
            )
            raise InputImageError(msg)
        file.seek(offset)
        header = file.read(length)
    if len(header) < length:
        msg = f"{shown(path)}: found half an .npy header; expected {length} bytes of it. {STILL_WRITTEN}."
        raise InputImageError(msg)
    return header.decode("utf-8" if major == 3 else "latin-1"), offset + length


def _plain_dtype(path: Path, descr: str) -> np.dtype[Any]:
    if not PLAIN_DESCR.fullmatch(descr):
        msg = f"{shown(path)}: found pixels of type {descr!r}; expected plain numbers. Save the array so."
        raise InputImageError(msg)
    return np.dtype(descr)
