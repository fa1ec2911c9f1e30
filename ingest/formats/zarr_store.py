"""Zarr and OME-Zarr as images: one array of a store on disk, opened by itself.

The array is opened at its own folder, so nothing above it in the store is read by the library.
OME-Zarr gives its full resolution with the pixel size of its scale; a smaller level is for
viewers. A chunk that is not there reads as the fill value, which is how Zarr saves an empty
background, and also what an interrupted copy looks like, so their number is told.
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
    Field,
    as_field,
    field_dtype,
    grey_of_colour,
    plan_axes,
    refuse_bomb,
)
from cathograph.ingest.formats.file_state import STILL_WRITTEN, shown, size_of_folder
from cathograph.ingest.formats.foreign_errors import reading
from cathograph.ingest.formats.pixel_size import square_pixel_um, um_per_unit
from cathograph.ingest.formats.zarr_metadata import arrays_of, inside, multiscales_of, refuse_links
from cathograph.schema.errors import InputImageError

MOST_LISTED = 10


@dataclass(frozen=True)
class ZarrImage:
    """An array whose codecs, type and axes were checked; see `StoredImage`."""

    path: Path
    dataset: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixel_size_um: float | None
    depth_size_um: float | None
    metadata: Mapping[str, str]
    kept_axes: tuple[int, ...]
    n_axes: int
    colour: bool

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield pages `start` to `stop` (excluded) as 2D arrays.

        Raises
        ------
        InputImageError
            When the array cannot be read, or is coloured.
        """
        if len(self.shape) == 2:
            values = self._select({})
            yield as_field(grey_of_colour(self.path, values) if self.colour else values, self.dtype)
            return
        for index in range(start, stop):
            yield as_field(self._select({self.kept_axes[0]: slice(index, index + 1)})[0], self.dtype)

    def read(self, indices: Sequence[int], y_first: int, y_end: int) -> NDArray[Any]:
        """Read rows of pages, shape (len(indices), rows, width).

        Raises
        ------
        InputImageError
            When the array cannot be read.
        """
        rows = {self.kept_axes[-2]: slice(y_first, y_end)}
        if len(self.shape) == 2:
            values = self._select(rows)
            return np.repeat(values[None], len(indices), axis=0)
        first, end = min(indices), max(indices) + 1
        if end - first == len(indices) and list(indices) == list(range(first, end)):
            return self._select({**rows, self.kept_axes[0]: slice(first, end)})
        return np.concatenate(
            [self._select({**rows, self.kept_axes[0]: slice(index, index + 1)}) for index in indices]
        )

    def _select(self, parts: Mapping[int, slice]) -> NDArray[Any]:
        where = tuple(
            parts.get(axis, slice(None)) if axis in self.kept_axes else 0 for axis in range(self.n_axes)
        )
        with opened_array(self.path, self.dataset) as stored:
            return np.asarray(stored[where])


def open_zarr(
    path: Path, *, dataset: str | None, volume: bool, largest_ratio: float = BOMB_RATIO, way_on: str = ""
) -> ZarrImage:
    """Find an array of a store and check that it can be read as fields.

    Parameters
    ----------
    path
        Folder of the store.
    dataset
        Path of the array inside it; may be left out for OME-Zarr, or where there is only one image.
    volume
        The array is one 3D image, so nothing is taken for colour.
    largest_ratio
        How many times it may expand.
    way_on
        How to raise that limit, for the message.

    Raises
    ------
    InputImageError
        When the store is damaged, leads out of itself, could run code, or has no such image.
    """
    refuse_links(path)
    scales = multiscales_of(path)
    name = dataset if dataset is not None else _first_level(path, scales) or _only_image(path)
    inside(path, name)
    nodes = {node.name: node for node in arrays_of(path)}
    if name.strip("/") not in nodes:
        listed = ", ".join(list(nodes)[:MOST_LISTED]) or "nothing"
        msg = f"{shown(path)}: found no array {name!r}; expected one of: {listed}. Correct `dataset`."
        raise InputImageError(msg)
    name = name.strip("/")
    with opened_array(path, name) as stored:
        dtype = field_dtype(path, np.dtype(stored.dtype))
        plan = plan_axes(path, stored.shape, volume=volume)
        kept = tuple(int(stored.shape[axis]) for axis in plan.kept)
        itemsize = np.dtype(stored.dtype).itemsize
        pages = kept[0] if len(kept) == 3 and not plan.colour else 1
        total = int(np.prod(stored.shape, dtype=object)) * itemsize
        on_disk = size_of_folder(nodes[name].folder).size
        refuse_bomb(
            path,
            expanded_bytes=total,
            stored_bytes=on_disk,
            largest_ratio=largest_ratio,
            largest_bytes=None,
            way_on=way_on,
        )
        refuse_bomb(
            path, expanded_bytes=-(-total // pages), stored_bytes=on_disk, largest_ratio=largest_ratio
        )
        chunk_bytes = int(np.prod(stored.chunks, dtype=object)) * itemsize
        refuse_bomb(path, expanded_bytes=chunk_bytes, stored_bytes=on_disk, largest_ratio=largest_ratio)
        there, all_chunks = int(stored.nchunks_initialized), int(stored.nchunks)
        if there == 0:
            msg = (
                f"{shown(path)}: found no pixels written to {name!r} yet; expected an image. {STILL_WRITTEN}."
            )
            raise InputImageError(msg)
        n_axes = stored.ndim
    z_um, y_um, x_um = _scale_um(path, scales, name, n_axes)
    pixel_um = square_pixel_um(path, y_um=y_um, x_um=x_um)
    metadata = {
        "format": "OME-Zarr" if scales is not None else "Zarr",
        "dataset": name or ".",
        "stored shape": str(tuple(nodes[name].shape)),
        "pixel size": "none stated" if pixel_um is None else f"{pixel_um:.6g} µm",
    }
    if there < all_chunks:
        metadata["chunks"] = f"{all_chunks - there} of {all_chunks} are not stored and read as fill value"
    return ZarrImage(
        path=path,
        dataset=name,
        shape=kept[:-1] if plan.colour else kept,
        dtype=dtype,
        pixel_size_um=pixel_um,
        depth_size_um=z_um,
        metadata=metadata,
        kept_axes=plan.kept,
        n_axes=n_axes,
        colour=plan.colour,
    )


@contextmanager
def opened_array(path: Path, name: str) -> Iterator[Any]:
    """Open one array of a store for reading; errors of the library become one line.

    Raises
    ------
    InputImageError
        When it is damaged or uses what is not installed.
    """
    with reading(path, "Zarr"):
        yield zarr.open_array(LocalStore(inside(path, name), read_only=True), mode="r")


def _first_level(path: Path, scales: Mapping[str, Any] | None) -> str | None:
    """Return the path of the full resolution of an OME-Zarr image."""
    levels = scales.get("datasets") if scales is not None else None
    if not isinstance(levels, list) or not levels or not isinstance(levels[0], dict):
        return None
    name = levels[0].get("path")
    if not isinstance(name, str):
        return None
    inside(path, name)
    return name


def _only_image(path: Path) -> str:
    found = {
        node.name: "×".join(str(size) for size in node.shape)
        for node in arrays_of(path)
        if 2 <= len([size for size in node.shape if size != 1]) <= 3
    }
    if len(found) == 1:
        return next(iter(found))
    if not found:
        msg = f"{shown(path)}: found no array of two or three axes; expected an image. Save one with zarr."
        raise InputImageError(msg)
    listed = ", ".join(f"{name} ({text})" for name, text in list(found.items())[:MOST_LISTED])
    msg = f"{shown(path)}: found {len(found)} arrays: {listed}; expected the name of one. Give `dataset`."
    raise InputImageError(msg)


def _scale_um(
    path: Path, scales: Mapping[str, Any] | None, name: str, n_axes: int
) -> tuple[float | None, float | None, float | None]:
    """Return the steps along z, y and x in µm from the OME scale of a level; None where not stated."""
    if scales is None:
        return None, None, None
    axes = scales.get("axes")
    levels = scales.get("datasets")
    if not isinstance(axes, list) or not isinstance(levels, list) or len(axes) != n_axes:
        return None, None, None
    level = next((one for one in levels if isinstance(one, dict) and one.get("path") == name), None)
    factors = np.ones(n_axes)
    stated = False
    for holder in (level, scales):
        for transform in (holder or {}).get("coordinateTransformations") or []:
            if isinstance(transform, dict) and transform.get("type") == "scale":
                factors = factors * _factors(path, transform.get("scale"), n_axes)
                stated = True
    sizes: dict[str, float] = {}
    for axis, factor in zip(axes, factors, strict=True):
        axis_name = axis.get("name") if isinstance(axis, dict) else None
        unit = um_per_unit(str(axis.get("unit", ""))) if isinstance(axis, dict) else None
        if stated and axis_name in ("z", "y", "x") and unit is not None:
            sizes[axis_name] = float(factor) * unit
    return sizes.get("z"), sizes.get("y"), sizes.get("x")


def _factors(path: Path, values: object, n_axes: int) -> NDArray[np.float64]:
    usable = isinstance(values, list) and len(values) == n_axes
    numbers = (
        [value for value in values if isinstance(value, int | float)] if isinstance(values, list) else []
    )
    if not usable or len(numbers) != n_axes or not all(np.isfinite(value) and value > 0 for value in numbers):
        msg = (
            f"{shown(path)}: found the scale {str(values)[:60]} in multiscales; expected {n_axes} numbers "
            "above 0. Correct the metadata."
        )
        raise InputImageError(msg)
    return np.array(numbers, dtype=np.float64)
