"""Where the images of a stack lie: read a few rows or one frame at a time, never all at once.

Every format of this package ends in an object with `Frames`: a stack on disk of known shape and
type. `FramesReference` adds the images that a frame is divided by (flats) or freed of (darks),
which may be one for all energies, one each, or several to be averaged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.field_rules import field_dtype, refuse_bomb
from cathograph.ingest.formats.hdf5_links import find_dataset, opened_hdf5
from cathograph.ingest.formats.hdf5_storage import read_part, require_all_chunks, require_own_pixels
from cathograph.ingest.formats.opened_image import StoredImage
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

WAY_ON = " If you know it to be right, raise the limit with `max_expansion`."


class Frames(Protocol):
    """Images of one shape and type on disk."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(frames, height, width)."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type as stored, native byte order."""
        ...

    def read(self, indices: Sequence[int], y_first: int, y_end: int) -> NDArray[Any]:
        """Read rows y_first ≤ y < y_end of the named frames, shape (len(indices), rows, width)."""
        ...


@dataclass(frozen=True)
class Hdf5Frames:
    """A dataset (frames, y, x), or (y, x) as one frame."""

    path: Path
    dataset: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    single: bool

    def read(self, indices: Sequence[int], y_first: int, y_end: int) -> NDArray[Any]:
        """Read rows of frames; see `Frames`.

        Raises
        ------
        InputImageError
            When the dataset cannot be read.
        """
        with opened_hdf5(self.path) as file:
            stored = find_dataset(self.path, file, self.dataset)
            values = np.empty((len(indices), y_end - y_first, self.shape[2]), dtype=self.dtype)
            if self.single:
                values[:] = read_part(self.path, self.dataset, stored, (slice(y_first, y_end),))
                return values
            for first, end in _runs(indices):
                start = indices[first]
                where = (slice(start, start + end - first), slice(y_first, y_end))
                values[first:end] = read_part(self.path, self.dataset, stored, where)
            return values


def open_hdf5_frames(path: Path, dataset: str, *, largest_ratio: float) -> Hdf5Frames:
    """Check a dataset of an HDF5 file and return it as frames.

    Raises
    ------
    InputImageError
        When it is no stack of plain numbers, lies in other files, is not written yet, or would
        expand more than `largest_ratio` times.
    """
    with opened_hdf5(path) as file:
        stored = find_dataset(path, file, dataset)
        require_own_pixels(path, dataset, stored)
        dtype = field_dtype(path, stored.dtype)
        shape = stack_shape(path, stored.shape, dataset)
        refuse_bomb(
            path,
            expanded_bytes=_total_bytes(stored.shape, stored.dtype),
            stored_bytes=int(stored.id.get_storage_size()),
            largest_ratio=largest_ratio,
            largest_bytes=None,
            way_on=WAY_ON,
        )
        # A chunk is decompressed whole, however few rows of it are asked for.
        refuse_bomb(
            path,
            expanded_bytes=_total_bytes(stored.chunks or (1,), stored.dtype),
            stored_bytes=int(stored.id.get_storage_size()),
            largest_ratio=largest_ratio,
            way_on=WAY_ON,
        )
        require_all_chunks(path, dataset, stored)
        return Hdf5Frames(path, dataset, shape, dtype, single=len(stored.shape) == 2)


@dataclass(frozen=True)
class PagedFrames:
    """Pages of an image file that one of the readers of `cathograph.ingest.formats` opened."""

    path: Path
    stored: StoredImage

    @property
    def shape(self) -> tuple[int, int, int]:
        """(frames, height, width)."""
        sizes = self.stored.shape
        return (1, sizes[0], sizes[1]) if len(sizes) == 2 else (sizes[0], sizes[1], sizes[2])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pages."""
        return self.stored.dtype

    def read(self, indices: Sequence[int], y_first: int, y_end: int) -> NDArray[Any]:
        """Read rows of pages, one page in memory at a time; see `Frames`.

        Raises
        ------
        InputImageError
            When a page cannot be read.
        """
        values = np.empty((len(indices), y_end - y_first, self.shape[2]), dtype=self.dtype)
        for first, end in _runs(indices):
            start = indices[first]
            for place, page in enumerate(self.stored.fields(start, start + end - first), first):
                values[place] = page[y_first:y_end]
        return values


@dataclass(frozen=True)
class FramesReference:
    """Flats or darks: which images belong to each energy.

    Attributes
    ----------
    frames
        Where they lie.
    groups
        For each energy the places of its images, which are averaged; one group for all energies
        when there is only one.
    """

    frames: Frames
    groups: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        """Number of images that are used."""
        return len({place for group in self.groups for place in group})

    def in_order(self, order: Sequence[int]) -> "FramesReference":
        """Return the same with the groups of the energies in another order."""
        if len(self.groups) == 1:
            return self
        return FramesReference(self.frames, tuple(self.groups[place] for place in order))

    def read(self, energies: Sequence[int], y_first: int, y_end: int) -> NDArray[np.float32]:
        """Read the mean images of the named energies, shape (len(energies) or 1, rows, width)."""
        if len(self.groups) == 1:
            return self._mean(self.groups[0], y_first, y_end)[None]
        if all(len(self.groups[energy]) == 1 for energy in energies):
            places = [self.groups[energy][0] for energy in energies]
            return self.frames.read(places, y_first, y_end).astype(np.float32)
        return np.stack([self._mean(self.groups[energy], y_first, y_end) for energy in energies])

    def _mean(self, group: tuple[int, ...], y_first: int, y_end: int) -> NDArray[np.float32]:
        total = np.zeros((y_end - y_first, self.frames.shape[2]), dtype=np.float64)
        for place in group:
            total += self.frames.read([place], y_first, y_end)[0]
        return (total / len(group)).astype(np.float32)


def flats_of(path: Path, frames: Frames, n_energies: int) -> FramesReference:
    """Assign flats to energies by their number: one for all, or one each.

    Several flats for fewer or more energies cannot be assigned without knowing when they were
    taken, and the mean over energies would print the beam's own spectrum on the sample's.

    Raises
    ------
    InputImageError
        When their number is neither 1 nor that of the energies.
    """
    n_frames = frames.shape[0]
    if n_frames not in (1, n_energies):
        msg = (
            f"{shown(path)}: found {n_frames} flats for {n_energies} energies; expected one flat for each "
            "energy, or a single one. Average those of one energy, and save them in the order of the frames."
        )
        raise InputImageError(msg)
    return FramesReference(frames, tuple((place,) for place in range(n_frames)))


def darks_of(frames: Frames, n_energies: int) -> FramesReference:
    """Assign darks to energies: one each where the numbers agree, else the mean of all.

    A dark does not depend on the energy, so any number of them may be averaged.
    """
    n_frames = frames.shape[0]
    if n_frames == n_energies:
        return FramesReference(frames, tuple((place,) for place in range(n_frames)))
    return FramesReference(frames, (tuple(range(n_frames)),))


def stack_shape(path: Path, sizes: Sequence[int], name: str) -> tuple[int, int, int]:
    """Return (frames, height, width) of an array with two or three axes.

    Raises
    ------
    InputImageError
        When it has other axes, or one without length.
    """
    text = "×".join(str(size) for size in sizes) or "no axes"
    if len(sizes) not in (2, 3) or 0 in sizes:
        msg = (
            f"{shown(path)}: found {text} at {name!r}; expected a stack (energies, y, x). "
            "Name another dataset in a layout (docs/formats.md)."
        )
        raise InputImageError(msg)
    height, width = int(sizes[-2]), int(sizes[-1])
    return (1 if len(sizes) == 2 else int(sizes[0]), height, width)


def _total_bytes(shape: Sequence[int], dtype: np.dtype[Any]) -> int:
    return int(np.prod(shape, dtype=object)) * dtype.itemsize


def _runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pieces [first, end) of `indices` that count up by one."""
    breaks = [place for place in range(1, len(indices)) if indices[place] != indices[place - 1] + 1]
    edges = [0, *breaks, len(indices)]
    return [(first, end) for first, end in pairwise(edges) if end > first]
