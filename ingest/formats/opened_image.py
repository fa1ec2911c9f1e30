"""What every reader of a format answers about a file that it has opened."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from cathograph.ingest.formats.field_rules import Field
from cathograph.ingest.formats.pixel_size import Voxel


class StoredImage(Protocol):
    """What a reader of one format answers about a file.

    Attributes
    ----------
    shape
        (y, x), or (pages, y, x) for more than one page.
    dtype
        Type of the fields as they are read.
    voxel
        Size and proportions of the pixels.
    metadata
        Short texts for printing.
    notes
        What the user should know before using it.
    channel
        Name or number of the channel that was chosen; None where none was.
    black_value
        Value that is black where 0 is white (MinIsWhite); None where higher is brighter.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(y, x) or (pages, y, x)."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the fields as they are read."""
        ...

    @property
    def voxel(self) -> Voxel:
        """Size and proportions of the pixels."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """Short texts for printing."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know before using it."""
        ...

    @property
    def channel(self) -> str | None:
        """Name or number of the channel that was chosen."""
        ...

    @property
    def black_value(self) -> int | None:
        """Value that is black where 0 is white."""
        ...

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays, opening the file once."""
        ...
