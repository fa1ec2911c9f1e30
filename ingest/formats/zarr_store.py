"""Zarr and OME-Zarr as images: one array of a store on disk, opened by itself.

The array is opened at its own folder, so nothing above it in the store is read by the library.
OME-Zarr gives its full resolution with the pixel size of its scale; a smaller level is for
viewers. Axes and scale are those of the group that the array belongs to, wherever in the store
that is. A chunk that is not there reads as the fill value, which is how Zarr may save an empty
background, and also what an interrupted copy looks like: the user says which.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.storage import LocalStore

from cathograph.ingest.formats.field_rules import (
    BOMB_RATIO,
    MOVE_SLICES,
    Field,
    as_field,
    field_dtype,
    grey_of_colour,
    refuse_bomb,
    refuse_unwritten,
)
from cathograph.ingest.formats.file_state import STILL_WRITTEN, size_of_folder
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.ome_zarr import OmeImage, images_of
from cathograph.ingest.formats.pixel_size import Voxel, voxel_of
from cathograph.ingest.formats.stored_axes import CHANNELS, PagesAs, in_order, meaning_of, plan_axes
from cathograph.ingest.formats.zarr_metadata import (
    ZarrNode,
    array_at,
    arrays_of,
    inside,
    normal_name,
    refuse_links,
    require_safe_codecs,
)
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

MOST_LISTED = 10


@dataclass(frozen=True)
class ZarrImage:
    """An array whose codecs, type and axes were checked; see `StoredImage`."""

    path: Path
    dataset: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    voxel: Voxel
    metadata: Mapping[str, str]
    notes: tuple[str, ...]
    order: tuple[int, ...]
    n_axes: int
    colour: bool
    picks: Mapping[int, int]
    channel: str | None = None
    black_value: int | None = None

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays.

        Raises
        ------
        InputImageError
            When the array cannot be read, or is coloured.
        """
        if len(self.shape) == 2:
            values = self._select({})
            grey = grey_of_colour(self.path, values, MOVE_SLICES) if self.colour else values
            yield as_field(grey, self.dtype)
            return
        for index in range(start, stop):
            yield as_field(self._select({self.order[0]: slice(index, index + 1)})[0], self.dtype)

    def read(self, indices: Sequence[int], y_first: int, y_end: int) -> NDArray[Any]:
        """Read rows of pages, shape (len(indices), rows, width).

        Raises
        ------
        InputImageError
            When the array cannot be read.
        """
        rows = {self.order[-2]: slice(y_first, y_end)}
        if len(self.shape) == 2:
            values = self._select(rows)
            return np.repeat(values[None], len(indices), axis=0)
        first, end = min(indices), max(indices) + 1
        if end - first == len(indices) and list(indices) == list(range(first, end)):
            return self._select({**rows, self.order[0]: slice(first, end)})
        return np.concatenate(
            [self._select({**rows, self.order[0]: slice(index, index + 1)}) for index in indices]
        )

    def _select(self, parts: Mapping[int, slice]) -> NDArray[Any]:
        where = tuple(
            parts.get(axis, slice(None)) if axis in self.order else self.picks.get(axis, 0)
            for axis in range(self.n_axes)
        )
        with opened_array(self.path, self.dataset) as stored:
            return in_order(np.asarray(stored[where]), self.order)


def open_zarr(
    path: Path,
    *,
    dataset: str | None,
    pages_as: PagesAs,
    fill_unwritten: bool | None = None,
    channel: str | None = None,
    largest_ratio: float = BOMB_RATIO,
    way_on: str = "",
) -> ZarrImage:
    """Find an array of a store and check that it can be read as fields.

    Parameters
    ----------
    path
        Folder of the store.
    dataset
        Path of the array inside it, or of an OME-Zarr image; may be left out where there is only one.
    pages_as
        What its pages are wanted for.
    fill_unwritten
        Accept chunks that are not there; None where nobody can.
    channel
        Number or name of the channel to read, where there are several.
    largest_ratio
        How many times it may expand.
    way_on
        How to raise that limit, for the message.

    Raises
    ------
    InputImageError
        When the store is damaged, leads out of itself, could run code, or has no such image, or
        chunks of it are missing.
    """
    refuse_links(path)
    if dataset is None:
        images = images_of(path)
        name = _only_image(path, images)
    else:
        name = normal_name(dataset)
        inside(path, name)
        images = images_of(path, _groups_above(name))
        name = images[name].levels[0] if name in images else name
    node = array_at(path, name)
    if node is None:
        listed = ", ".join(one.name for one in arrays_of(path)[:MOST_LISTED]) or "nothing"
        msg = f"{shown(path)}: found no array {name!r}; expected one of: {listed}. Correct `dataset`."
        raise InputImageError(msg)
    image = next((one for one in images.values() if name in one.levels), None)
    names = node.axis_names if image is None else image.axis_names or node.axis_names
    with opened_array(path, name) as stored:
        dtype = field_dtype(path, np.dtype(stored.dtype))
        plan = plan_axes(
            path,
            stored.shape,
            pages_as=pages_as,
            names=names,
            channel=channel,
            channel_names=() if image is None else image.channel_names,
        )
        kept = tuple(int(stored.shape[axis]) for axis in plan.order)
        _refuse_bombs(path, stored, kept, node.folder, largest_ratio, way_on, colour=plan.colour)
        there, all_chunks = int(stored.nchunks_initialized), int(stored.nchunks)
        if there == 0:
            msg = (
                f"{shown(path)}: found no pixels written to {name!r} yet; expected an image. {STILL_WRITTEN}."
            )
            raise InputImageError(msg)
        filled = refuse_unwritten(
            path,
            name or ".",
            written=there,
            expected=all_chunks,
            fill=stored.fill_value,
            fill_unwritten=fill_unwritten,
        )
        n_axes = stored.ndim
        packers = [
            type(codec).__name__.removesuffix("Codec").lower()
            for codec in (*stored.filters, *stored.compressors)
        ]
    voxel = voxel_of(path, {} if image is None else image.steps(path, name, plan.meanings))
    metadata = {
        "format": "Zarr" if image is None else "OME-Zarr",
        "dataset": name or ".",
        "stored shape": str(tuple(node.shape)),
        "compression": ", ".join(packers) or "none",
        "pixel size": voxel.note,
    }
    if names is not None:
        metadata["axes"] = ", ".join(names)
    if filled:
        metadata["unwritten"] = filled[0]
    return ZarrImage(
        path=path,
        dataset=name,
        shape=kept[:-1] if plan.colour else kept,
        dtype=dtype,
        voxel=voxel,
        metadata=metadata,
        notes=(*plan.notes, *filled),
        order=plan.order,
        n_axes=n_axes,
        colour=plan.colour,
        picks=plan.picks,
        channel=plan.channel,
    )


@contextmanager
def opened_array(path: Path, name: str) -> Iterator[Any]:
    """Open one array of a store for reading; errors of the library become one line.

    Raises
    ------
    InputImageError
        When it is damaged, could run code, or uses what is not installed.
    """
    require_safe_codecs(path, name)
    with reading(path, "Zarr"):
        yield zarr.open_array(LocalStore(inside(path, name), read_only=True), mode="r")


def _refuse_bombs(
    path: Path,
    stored: Any,  # noqa: ANN401  zarr's arrays have no common type
    kept: tuple[int, ...],
    folder: Path,
    largest_ratio: float,
    way_on: str,
    *,
    colour: bool,
) -> None:
    itemsize = np.dtype(stored.dtype).itemsize
    pages = kept[0] if len(kept) == 3 and not colour else 1
    total = int(np.prod(stored.shape, dtype=object)) * itemsize
    on_disk = size_of_folder(folder).size
    refuse_bomb(
        path,
        expanded_bytes=total,
        stored_bytes=on_disk,
        largest_ratio=largest_ratio,
        largest_bytes=None,
        way_on=way_on,
    )
    refuse_bomb(path, expanded_bytes=-(-total // pages), stored_bytes=on_disk, largest_ratio=largest_ratio)
    chunk_bytes = int(np.prod(stored.chunks, dtype=object)) * itemsize
    refuse_bomb(path, expanded_bytes=chunk_bytes, stored_bytes=on_disk, largest_ratio=largest_ratio)


def _groups_above(name: str) -> list[str]:
    """Return the paths of the groups that may hold an array, its own included."""
    parts = name.split("/") if name else []
    return ["/".join(parts[:end]) for end in range(len(parts) + 1)]


def _only_image(path: Path, images: Mapping[str, OmeImage]) -> str:
    """Return the one array that is meant: that of the store's own image, else the only one there is.

    Smaller levels of an image are no images of their own. An image that is the store itself comes
    before those inside it, which are its labels.
    """
    if "" in images:
        return images[""].levels[0]
    smaller = {level for image in images.values() for level in image.levels[1:]}
    found = {
        node.name: "×".join(str(size) for size in node.shape)
        for node in arrays_of(path)
        if node.name not in smaller and _may_be_image(node)
    }
    if len(found) == 1:
        return next(iter(found))
    if not found:
        msg = f"{shown(path)}: found no array of two or three axes; expected an image. Save one with zarr."
        raise InputImageError(msg)
    listed = ", ".join(f"{name} ({text})" for name, text in list(found.items())[:MOST_LISTED])
    msg = f"{shown(path)}: found {len(found)} arrays: {listed}; expected the name of one. Give `dataset`."
    raise InputImageError(msg)


def _may_be_image(node: ZarrNode) -> bool:
    """Tell whether an array has the axes of an image, or of a volume with channels."""
    sizes = [size for size in node.shape if size != 1]
    return 2 <= len(sizes) <= 3 or (len(sizes) == 4 and CHANNELS in map(meaning_of, node.axis_names or ()))
