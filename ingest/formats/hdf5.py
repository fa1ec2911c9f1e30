"""HDF5: one dataset of a file, named by its path or the only image there.

An HDF5 file can point out of itself: external links, external raw data, virtual datasets. The
hash of the file would not cover what lies there, and a crafted file could name any path of the
machine, so all three are refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cathograph.ingest.formats.field_rules import (
    MOVE_SLICES,
    Field,
    as_field,
    field_dtype,
    grey_of_colour,
    refuse_bomb,
)
from cathograph.ingest.formats.hdf5_axes import stated_axes
from cathograph.ingest.formats.hdf5_links import find_dataset, opened_hdf5
from cathograph.ingest.formats.hdf5_storage import (
    filters_of,
    read_part,
    require_all_chunks,
    require_own_pixels,
)
from cathograph.ingest.formats.pixel_size import SAME_SIZE, Step, Voxel, voxel_of
from cathograph.ingest.formats.stored_axes import CHANNELS, AxisPlan, PagesAs, in_order, meaning_of, plan_axes
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

MOST_LISTED = 10
LARGEST_BLOCK_BYTES = 256 << 20


@dataclass(frozen=True)
class Hdf5Image:
    """A dataset whose type, shape and storage were checked; see `StoredImage`."""

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
    block_pages: int
    picks: Mapping[int, int]
    channel: str | None = None
    black_value: int | None = None

    @property
    def page_axis(self) -> int:
        """The stored axis along which the pages lie."""
        return self.order[0]

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays.

        Raises
        ------
        InputImageError
            When the dataset cannot be read, or is coloured.
        """
        with opened_hdf5(self.path) as file:
            stored = find_dataset(self.path, file, self.dataset)
            where: list[int | slice] = [self.picks.get(axis, 0) for axis in range(self.n_axes)]
            for axis in self.order:
                where[axis] = slice(None)
            if len(self.shape) == 2:
                values = in_order(read_part(self.path, self.dataset, stored, tuple(where)), self.order)
                grey = grey_of_colour(self.path, values, MOVE_SLICES) if self.colour else values
                yield as_field(grey, self.dtype)
                return
            # Whole chunks at once: page by page would decompress every chunk once per page.
            for block in range(start, stop, self.block_pages):
                where[self.page_axis] = slice(block, min(block + self.block_pages, stop))
                for values in in_order(read_part(self.path, self.dataset, stored, tuple(where)), self.order):
                    yield as_field(values, self.dtype)


def open_hdf5(
    path: Path,
    *,
    dataset: str | None,
    pages_as: PagesAs,
    fill_unwritten: bool = False,
    channel: str | None = None,
) -> Hdf5Image:
    """Find a dataset and check that it can be read as fields.

    Parameters
    ----------
    path, dataset, fill_unwritten, channel
        As `open_image`.
    pages_as
        What its pages are wanted for.

    Raises
    ------
    InputImageError
        When the file is damaged, the dataset is missing or not named where several could be
        meant, points out of the file, is partly unwritten, needs a filter that is not installed,
        or is not an image.
    """
    with opened_hdf5(path) as file:
        name = dataset if dataset is not None else _only_image(path, file)
        stored = find_dataset(path, file, name)
        dtype = field_dtype(path, stored.dtype)
        require_own_pixels(path, name, stored)
        names = stated_axes(stored)
        plan = plan_axes(path, stored.shape, pages_as=pages_as, names=names, channel=channel)
        kept = tuple(int(stored.shape[axis]) for axis in plan.order)
        pages = kept[0] if len(kept) == 3 and not plan.colour else 1
        total = int(np.prod(stored.shape, dtype=object)) * stored.dtype.itemsize
        stored_bytes = int(stored.id.get_storage_size())
        refuse_bomb(path, expanded_bytes=-(-total // pages), stored_bytes=-(-stored_bytes // pages))
        chunk_bytes = int(np.prod(stored.chunks or (1,), dtype=object)) * stored.dtype.itemsize
        refuse_bomb(path, expanded_bytes=chunk_bytes, stored_bytes=stored_bytes)
        filled = require_all_chunks(path, name, stored, fill_unwritten=fill_unwritten)
        voxel = voxel_of(path, _element_steps(path, stored, plan))
        depth_axis = plan.order[0] if pages > 1 else None
        chunk_pages = stored.chunks[depth_axis] if stored.chunks and depth_axis is not None else 1
        page_bytes = max(1, total // pages)
        metadata = {
            "format": "HDF5",
            "dataset": name,
            "stored shape": str(tuple(stored.shape)),
            "compression": ", ".join(filters_of(stored)) or "none",
            "pixel size": voxel.note,
        }
        if names is not None:
            metadata["axes"] = ", ".join(names)
        if filled:
            metadata["unwritten"] = filled[0]
        return Hdf5Image(
            path=path,
            dataset=name,
            shape=kept[:-1] if plan.colour else kept,
            dtype=dtype,
            voxel=voxel,
            metadata=metadata,
            notes=(*plan.notes, *filled),
            order=plan.order,
            n_axes=stored.ndim,
            colour=plan.colour,
            block_pages=int(max(1, min(chunk_pages, LARGEST_BLOCK_BYTES // page_bytes))),
            picks=plan.picks,
            channel=plan.channel,
        )


def _only_image(path: Path, file: h5py.File) -> str:
    """Return the name of the one dataset that could be an image."""
    found: dict[str, str] = {}

    def note(name: str, item: object) -> None:
        # Hard links only: visititems never follows soft or external ones.
        if isinstance(item, h5py.Dataset) and item.shape is not None and item.dtype.kind in "biuf":
            sizes = [size for size in item.shape if size != 1]
            stack_of_channels = len(sizes) == 4 and CHANNELS in map(meaning_of, stated_axes(item) or ())
            if 2 <= len(sizes) <= 3 or (item.ndim in (2, 3) and sizes) or stack_of_channels:
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


def _element_steps(path: Path, stored: h5py.Dataset, plan: AxisPlan) -> dict[str, Step]:
    """Return the steps in µm from the attribute `element_size_um`, one number or (…, z, y, x).

    Raises
    ------
    InputImageError
        When they are no lengths, or differ although the axes are not stored as (…, z, y, x): then nobody
        knows which order they are in.
    """
    if "element_size_um" not in stored.attrs:
        return {}
    sizes = np.atleast_1d(np.asarray(stored.attrs["element_size_um"]))
    if sizes.ndim != 1 or sizes.dtype.kind not in "iuf" or not np.all(np.isfinite(sizes) & (sizes > 0)):
        msg = (
            f"{shown(path)}: found element_size_um = {str(sizes)[:60]!r}; expected lengths in µm above 0. "
            "Correct the attribute."
        )
        raise InputImageError(msg)
    if sizes.size == 1:
        sizes = np.repeat(sizes, 3)
    spatial = [axis for axis in plan.order if plan.meanings[axis] in ("z", "y", "x")]
    if spatial != sorted(spatial) and not np.allclose(sizes, sizes[0], rtol=SAME_SIZE):
        msg = (
            f"{shown(path)}: found element_size_um = {str(sizes)[:60]} for axes stored as "
            f"{', '.join(str(meaning) for meaning in plan.meanings)}; expected one length, since the order of "
            "several is not stated. Correct the attribute."
        )
        raise InputImageError(msg)
    named = dict(zip("xyz", (float(size) for size in sizes[::-1]), strict=False))
    return {axis: Step(size, "um") for axis, size in named.items()}
