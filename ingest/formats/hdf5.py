"""HDF5: one dataset of a file, named by its path or the only image there.

An HDF5 file can point out of itself: external links, external raw data, virtual datasets. The
hash of the file would not cover what lies there, and a crafted file could name any path of the
machine, so all three are refused. Links are followed by hand, since h5py follows them silently.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cathograph.ingest.formats.field_rules import (
    Field,
    as_field,
    field_dtype,
    grey_of_colour,
    plan_axes,
    refuse_bomb,
)
from cathograph.ingest.formats.file_state import STILL_WRITTEN, shown
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.pixel_size import square_pixel_um
from cathograph.schema.errors import InputImageError

DEEPEST_LINK = 32
MOST_LISTED = 10
LARGEST_BLOCK_BYTES = 256 << 20


@dataclass(frozen=True)
class Hdf5Image:
    """A dataset whose type, shape and storage were checked; see `StoredImage`."""

    path: Path
    dataset: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixel_size_um: float | None
    depth_size_um: float | None
    metadata: Mapping[str, str]
    kept_axes: tuple[int, ...]
    colour: bool
    block_pages: int

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays.

        Raises
        ------
        InputImageError
            When the dataset cannot be read, or is coloured.
        """
        with opened_hdf5(self.path) as file:
            stored = find_dataset(self.path, file, self.dataset)
            where: list[int | slice] = [0] * stored.ndim
            for axis in self.kept_axes:
                where[axis] = slice(None)
            if len(self.shape) == 2:
                values = stored[tuple(where)]
                yield as_field(grey_of_colour(self.path, values) if self.colour else values, self.dtype)
                return
            # Whole chunks at once: page by page would decompress every chunk once per page.
            for block in range(start, stop, self.block_pages):
                where[self.kept_axes[0]] = slice(block, min(block + self.block_pages, stop))
                for values in stored[tuple(where)]:
                    yield as_field(values, self.dtype)


def open_hdf5(path: Path, *, dataset: str | None, volume: bool) -> Hdf5Image:
    """Find a dataset and check that it can be read as fields.

    Raises
    ------
    InputImageError
        When the file is damaged, the dataset is missing or not named where several could be
        meant, points out of the file, or is not an image.
    """
    with opened_hdf5(path) as file:
        name = dataset if dataset is not None else _only_image(path, file)
        stored = find_dataset(path, file, name)
        dtype = field_dtype(path, stored.dtype)
        require_own_pixels(path, name, stored)
        plan = plan_axes(path, stored.shape, volume=volume)
        kept = tuple(int(stored.shape[axis]) for axis in plan.kept)
        pages = kept[0] if len(kept) == 3 and not plan.colour else 1
        total = int(np.prod(stored.shape, dtype=object)) * stored.dtype.itemsize
        stored_bytes = int(stored.id.get_storage_size())
        refuse_bomb(path, expanded_bytes=-(-total // pages), stored_bytes=-(-stored_bytes // pages))
        chunk_bytes = int(np.prod(stored.chunks or (1,), dtype=object)) * stored.dtype.itemsize
        refuse_bomb(path, expanded_bytes=chunk_bytes, stored_bytes=stored_bytes)
        pixel_um, depth_um, note = _element_size(path, stored)
        depth_axis = plan.kept[0] if pages > 1 else None
        chunk_pages = stored.chunks[depth_axis] if stored.chunks and depth_axis is not None else 1
        page_bytes = max(1, total // pages)
        return Hdf5Image(
            path=path,
            dataset=name,
            shape=kept[:-1] if plan.colour else kept,
            dtype=dtype,
            pixel_size_um=pixel_um,
            depth_size_um=depth_um,
            metadata={
                "format": "HDF5",
                "dataset": name,
                "stored shape": str(tuple(stored.shape)),
                "compression": str(stored.compression or "none"),
                "pixel size": note,
            },
            kept_axes=plan.kept,
            colour=plan.colour,
            block_pages=int(max(1, min(chunk_pages, LARGEST_BLOCK_BYTES // page_bytes))),
        )


def require_own_pixels(path: Path, name: str, stored: h5py.Dataset) -> None:
    """Refuse a dataset whose values lie in other files, or were not written yet.

    Raises
    ------
    InputImageError
        When it is empty, virtual, or kept in external storage.
    """
    if stored.shape is None or stored.external or stored.is_virtual:
        found = "an empty dataset" if stored.shape is None else "a dataset whose data lie in other files"
        msg = f"{shown(path)}: found {found} at {name!r}; expected pixels in this file. Copy them into one file."
        raise InputImageError(msg)
    if stored.size and stored.id.get_storage_size() == 0:
        msg = f"{shown(path)}: found no pixels written to {name!r} yet; expected an image. {STILL_WRITTEN}."
        raise InputImageError(msg)


@contextmanager
def opened_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading; errors of the library become one line.

    Raises
    ------
    InputImageError
        When it is damaged, truncated, or open in a program that writes it.
    """
    with reading(path, "HDF5"), h5py.File(path, "r") as file:
        yield file


def _only_image(path: Path, file: h5py.File) -> str:
    """Return the name of the one dataset that could be an image."""
    found: dict[str, str] = {}

    def note(name: str, item: object) -> None:
        # Hard links only: visititems never follows soft or external ones.
        if isinstance(item, h5py.Dataset) and item.shape is not None and item.dtype.kind in "biuf":
            sizes = [size for size in item.shape if size != 1]
            if 2 <= len(sizes) <= 3 or (item.ndim in (2, 3) and sizes):
                found[name] = "×".join(str(size) for size in item.shape)

    file.visititems(note)
    if len(found) == 1:
        return next(iter(found))
    if not found:
        msg = f"{shown(path)}: found no dataset of two or three axes; expected an image. Save one with h5py."
        raise InputImageError(msg)
    listed = ", ".join(f"{name} ({text})" for name, text in list(found.items())[:MOST_LISTED])
    more = f" and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
    msg = (
        f"{shown(path)}: found {len(found)} datasets: {listed}{more}; expected the name of one. Give "
        "`dataset`."
    )
    raise InputImageError(" ".join(msg.split()))


def find_dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """Return the dataset at a path inside the file, following no link that leaves it.

    Raises
    ------
    InputImageError
        When there is none, or a link on the way leads out of the file or in a circle.
    """
    item = _follow(path, file, name, depth=0)
    if isinstance(item, h5py.Dataset):
        return item
    inside = ", ".join(list(item)[:MOST_LISTED]) if isinstance(item, h5py.Group) else "not a dataset"
    msg = f"{shown(path)}: found a group at {name!r} ({inside}); expected a dataset. Give the whole path."
    raise InputImageError(msg)


def _follow(path: Path, start: h5py.Group, name: str, *, depth: int) -> object:
    """Walk from a group along a path, refusing every link that leaves the file."""
    if depth > DEEPEST_LINK:
        msg = (
            f"{shown(path)}: found links that lead in a circle at {name!r}; expected a dataset. Name it "
            "directly."
        )
        raise InputImageError(msg)
    item: object = start.file if name.startswith("/") else start
    for part in (part for part in name.split("/") if part not in ("", ".")):
        # Membership by listing: `part in group` is False for a link that leads nowhere.
        names = list(item) if isinstance(item, h5py.Group) else []
        if not isinstance(item, h5py.Group) or part not in names:
            inside = ", ".join(names[:MOST_LISTED])
            msg = (
                f"{shown(path)}: found no {name!r}; expected one of: {inside or 'nothing'}. Correct "
                "`dataset`."
            )
            raise InputImageError(msg)
        link = item.get(part, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            msg = (
                f"{shown(path)}: found a link to another file at {name!r}; expected pixels in this one. "
                "Copy them."
            )
            raise InputImageError(msg)
        item = (
            _follow(path, item, link.path, depth=depth + 1) if isinstance(link, h5py.SoftLink) else item[part]
        )
    return item


def _element_size(path: Path, stored: h5py.Dataset) -> tuple[float | None, float | None, str]:
    """Return pixel size and slice distance in µm from the attribute `element_size_um` (…, y, x)."""
    if "element_size_um" not in stored.attrs:
        return None, None, "none stated"
    sizes = np.atleast_1d(np.asarray(stored.attrs["element_size_um"]))
    if sizes.ndim != 1 or sizes.dtype.kind not in "iuf" or not np.all(np.isfinite(sizes) & (sizes > 0)):
        msg = (
            f"{shown(path)}: found element_size_um = {str(sizes)[:60]!r}; expected lengths in µm above 0. "
            "Correct the attribute."
        )
        raise InputImageError(msg)
    if sizes.size == 1:
        size = float(sizes[0])
        return size, size, f"{size:.6g} µm"
    pixel_um = square_pixel_um(path, y_um=float(sizes[-2]), x_um=float(sizes[-1]))
    depth_um = float(sizes[-3]) if sizes.size >= 3 else None
    return pixel_um, depth_um, f"{pixel_um:.6g} µm"
