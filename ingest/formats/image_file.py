"""An opened image file: what it holds, and its fields of view, read from disk one at a time.

No file stays open between reads, so an `ImageFile` can be kept, pickled and sent to a worker.
Iterating opens the file once; indexing opens it once per field.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from cathograph.ingest.formats.field_rules import Field
from cathograph.ingest.formats.file_reading import FileReading
from cathograph.ingest.formats.file_state import FileState, require_unchanged
from cathograph.ingest.formats.opened_image import StoredImage
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown


@dataclass(frozen=True)
class Pages(Sequence[Field]):
    """Fields of one file: 2D arrays, or a single 3D array with `volume`."""

    path: Path
    stored: StoredImage
    state: FileState
    volume: bool

    def __len__(self) -> int:
        """Return the number of fields: pages, or 1 for a volume."""
        return 1 if self.volume or len(self.stored.shape) == 2 else self.stored.shape[0]

    @overload
    def __getitem__(self, index: int) -> Field: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Field]: ...
    def __getitem__(self, index: int | slice) -> Field | Sequence[Field]:
        """Read one field, or the list of fields of a slice."""
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        position = range(len(self))[index]
        if self.volume:
            return self._read_volume()
        return next(self._read(position, position + 1))

    def __iter__(self) -> Iterator[Field]:
        """Read all fields in order, opening the file once."""
        if self.volume:
            yield self._read_volume()
        else:
            yield from self._read(0, len(self))

    def _read_volume(self) -> Field:
        volume = np.empty(self.stored.shape, dtype=self.stored.dtype)
        for z, field in enumerate(self._read(0, volume.shape[0])):
            volume[z] = field
        return volume

    def _read(self, start: int, stop: int) -> Iterator[Field]:
        require_unchanged(self.path, self.state)
        expected = self.stored.shape[-2:]
        for position, field in enumerate(self.stored.fields(start, stop), start):
            if field.shape != expected or field.dtype != self.stored.dtype:
                msg = (
                    f"{shown(self.path)}: page {position} is {field.dtype} {field.shape}; expected "
                    f"{self.stored.dtype} {expected} as on the first page. The file is damaged; export "
                    "it again."
                )
                raise InputImageError(msg)
            require_unchanged(self.path, self.state)
            yield field


@dataclass(frozen=True)
class ImageFile:
    """One image file, its identity and its fields of view.

    Attributes
    ----------
    path
        Where it lies.
    sha256
        Hash of its bytes, 64 hexadecimal digits.
    pages
        Its fields, read when asked for: 2D arrays (y, x), or one 3D array (z, y, x).
    pixel_size_um
        Edge of a square pixel (cubic voxel) in µm; None where the file does not say. Never guessed.
    shape
        (y, x), or (pages, y, x): of everything, after axes of length 1 are dropped.
    dtype
        Type of every field.
    kind
        ``"tiff"``, ``"npy"``, ``"png"``, ``"jpeg"``, ``"bmp"``, ``"hdf5"``, ``"xradia"``,
        ``"zarr"`` or ``"slices"``, by content.
    metadata
        Short texts about the file, for printing; nothing is computed from them.
    notes
        What the user should know before using it.
    channel
        Name or number of the channel that was chosen; None where none was.
    reading
        The same facts for printing, and the orientation, filters, unwritten parts and notes.
    black_value
        Value that is black where 0 is white (MinIsWhite), None where higher is brighter. `pages` are as
        stored all the same: labels are never inverted. `as_seen` gives grey values.
    """

    path: Path
    sha256: str
    pages: Sequence[Field]
    pixel_size_um: float | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    kind: str
    metadata: Mapping[str, str]
    reading: FileReading
    notes: tuple[str, ...] = ()
    channel: str | None = None
    black_value: int | None = None

    def as_seen(self, values: Field) -> Field:
        """Return grey values of this file in which higher is brighter.

        Parameters
        ----------
        values
            One of `pages`, where it is a grey image.
        """
        return values if self.black_value is None else inverted(values, self.black_value)


def inverted(values: Field, black_value: int) -> Field:
    """Return grey values in which higher is brighter, from those of a file where 0 is white.

    Examples
    --------
    >>> inverted(np.array([0, 1, 255], dtype=np.uint8), 255).tolist()
    [255, 254, 0]
    """
    return (black_value - values.astype(np.uint64)).astype(values.dtype)
