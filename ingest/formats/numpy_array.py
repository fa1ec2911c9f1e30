"""NumPy's .npy, mapped by numpy and never unpickled. Its axes have no names: the lengths decide."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cathograph.ingest.formats.field_rules import (
    MOVE_SLICES,
    Field,
    as_field,
    field_dtype,
    grey_of_colour,
)
from cathograph.ingest.formats.file_state import STILL_WRITTEN
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.pixel_size import Voxel
from cathograph.ingest.formats.stored_axes import PagesAs, plan_axes
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown


@dataclass(frozen=True)
class NumpyImage:
    """An .npy file whose header was read; see `StoredImage`."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    metadata: Mapping[str, str]
    notes: tuple[str, ...]
    colour: bool
    voxel: Voxel
    picks: Mapping[int, int] = field(default_factory=dict)
    channel: str | None = None
    black_value: int | None = None

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays.

        Raises
        ------
        InputImageError
            When the file cannot be read, or is coloured.
        """
        with reading(self.path, ".npy"):
            values = _mapped(self.path)
            if self.colour:
                channels = np.asarray(values).reshape(*self.shape, -1)
                yield as_field(grey_of_colour(self.path, channels, MOVE_SLICES), self.dtype)
                return
            chosen = values[tuple(self.picks.get(axis, slice(None)) for axis in range(values.ndim))]
            pages = chosen.reshape(-1, *self.shape[-2:])
            for index in range(start, stop):
                yield as_field(np.array(pages[index]), self.dtype)


def open_numpy_array(path: Path, *, pages_as: PagesAs, channel: str | None = None) -> NumpyImage:
    """Read the header of an .npy file.

    Raises
    ------
    InputImageError
        When the header is damaged, the array is not plain numbers in 2 or 3 axes, or the file is
        shorter or longer than its header says.
    """
    with reading(path, ".npy"):
        values = _mapped(path)
        dtype = field_dtype(path, values.dtype)
        plan = plan_axes(path, values.shape, pages_as=pages_as, channel=channel)
        expected = values.offset + values.nbytes
        found = path.stat().st_size
        if found != expected:
            msg = (
                f"{shown(path)}: found {found} bytes; expected {expected}, as its .npy header says. "
                "It may hold several arrays; save one array per file."
            )
            raise InputImageError(msg)
        kept = tuple(values.shape[axis] for axis in plan.order)
        return NumpyImage(
            path=path,
            shape=kept[:-1] if plan.colour else kept,
            dtype=dtype,
            metadata={
                "format": "NumPy array",
                "stored shape": str(values.shape),
                "pixel size": "none stated",
            },
            notes=plan.notes,
            colour=plan.colour,
            voxel=Voxel(),
            picks=plan.picks,
            channel=plan.channel,
        )


def _mapped(path: Path) -> np.memmap[Any, np.dtype[Any]]:
    """Map the array; numpy refuses objects, which would have to be unpickled, before it reads any."""
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        if "Python objects in dtype" in str(error) or "Object arrays" in str(error):
            msg = f"{shown(path)}: found Python objects in an .npy file; expected plain numbers. Save the array so."
        else:
            detail = " ".join(str(error).split())[:100]
            msg = (
                f"{shown(path)}: found a damaged or truncated .npy file ({detail}); expected a complete one. "
                f"{STILL_WRITTEN}."
            )
        raise InputImageError(msg) from error
    if not isinstance(values, np.memmap):
        msg = f"{shown(path)}: found no array in an .npy file; expected plain numbers. Save the array so."
        raise InputImageError(msg)
    return values
