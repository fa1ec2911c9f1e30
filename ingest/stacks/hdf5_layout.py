"""HDF5 by a layout: every dataset that it names, looked up safely, with its units."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cathograph.ingest.formats.hdf5_links import find_dataset, opened_hdf5
from cathograph.ingest.formats.hdf5_storage import require_own_pixels
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import StatedEnergies
from cathograph.ingest.stacks.frames import open_hdf5_frames
from cathograph.ingest.stacks.layout import Alternatives, Layout
from cathograph.ingest.stacks.metadata import BeamlineMetadata, as_date, as_text, length_um
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

LARGEST_VALUES_BYTES = 8 << 20  # a million positions or energies
UNIT_NAMES = ("units", "unit", "Units")


def open_by_layout(path: Path, layout: Layout, *, largest_ratio: float) -> Draft:
    """Read what a layout names from an HDF5 file.

    Raises
    ------
    InputImageError
        When a dataset that it names is missing, is of the wrong kind, or lies in another file.
    """
    frames = open_hdf5_frames(path, layout.frames, largest_ratio=largest_ratio)
    n_frames = frames.shape[0]
    flats, darks = (
        None if name is None else open_hdf5_frames(path, name, largest_ratio=largest_ratio)
        for name in (layout.flats, layout.darks)
    )
    with opened_hdf5(path) as file:
        energies, why = _energies(path, file, layout)
        return Draft(
            path=path,
            frames=frames,
            places=tuple(range(n_frames)),
            metadata=_metadata(path, file, layout),
            energies=energies,
            why_no_energies=why,
            signal=layout.values,
            flats=flats,
            darks=darks,
        )


def read_values(path: Path, file: h5py.File, name: str) -> tuple[Any, str | None]:
    """Return the values of a small dataset and the unit in its attributes.

    Raises
    ------
    InputImageError
        When there is no such dataset, it lies in another file, or is large.
    """
    stored = find_dataset(path, file, name)
    require_own_pixels(path, name, stored)
    # Bytes, not values: a single text may claim gigabytes, packed to nothing.
    size = int(stored.size or 0) * int(stored.dtype.itemsize)
    if size > LARGEST_VALUES_BYTES:
        msg = (
            f"{shown(path)}: found {size >> 20} MiB at {name!r}; expected a short list or text of at most "
            f"{LARGEST_VALUES_BYTES >> 20} MiB. Correct the layout, or the file."
        )
        raise InputImageError(msg)
    return stored[()], unit_of(stored)


def unit_of(stored: h5py.Dataset) -> str | None:
    """Return the unit that the attributes of a dataset state."""
    return next((as_text(stored.attrs[name]) for name in UNIT_NAMES if name in stored.attrs), None)


def first_there(path: Path, file: h5py.File, names: Sequence[str]) -> str | None:
    """Return the first path that leads to a dataset.

    Raises
    ------
    InputImageError
        When one leads out of the file.
    """
    for name in names:
        parts = [part for part in name.split("/") if part]
        group: object = file
        for part in parts:
            # By listing, not by `in`: that would follow links.
            if not isinstance(group, h5py.Group) or part not in list(group):
                group = None
                break
            if isinstance(group.get(part, getlink=True), h5py.ExternalLink | h5py.SoftLink):
                # Followed, and refused where it leads astray, by the one who reads.
                return name
            group = group[part]
        if isinstance(group, h5py.Dataset):
            return name
    return None


def _energies(path: Path, file: h5py.File, layout: Layout) -> tuple[StatedEnergies | None, str]:
    given = layout.energies
    if given is None:
        return None, "the layout names none"
    if not isinstance(given, str) and all(isinstance(value, float) for value in given):
        return StatedEnergies(np.array(given), layout.energy_unit, "layout"), ""
    names = [str(name) for name in _names(given)]
    name = first_there(path, file, names)
    if name is None:
        return None, f"no dataset at {', '.join(names)}"
    values, unit = read_values(path, file, name)
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        msg = f"{shown(path)}: found no numbers at {name!r}; expected photon energies. Correct the layout."
        raise InputImageError(msg)
    stated = unit or layout.energy_unit
    return StatedEnergies(values.reshape(-1), stated, name, unit is None and stated is not None), ""


def _metadata(path: Path, file: h5py.File, layout: Layout) -> BeamlineMetadata:
    def text(names: Alternatives | None, read: Callable[[Any], str | None] = as_text) -> str | None:
        name = None if names is None else first_there(path, file, _names(names))
        return None if name is None else read(read_values(path, file, name)[0])

    size, note = _pixel_size(path, file, layout)
    return BeamlineMetadata(
        format=f"HDF5, {layout.name}",
        pixel_size_um=size,
        scan_id=text(layout.scan_id),
        proposal=text(layout.proposal),
        sample=text(layout.sample),
        date=text(layout.date, as_date),
        notes=() if note is None else (note,),
    )


def _pixel_size(path: Path, file: h5py.File, layout: Layout) -> tuple[float | None, str | None]:
    given = layout.pixel_size
    if given is None:
        return None, None
    if isinstance(given, float):
        return length_um(path, given, layout.pixel_size_unit, "pixel_size of the layout")
    name = first_there(path, file, _names(given))
    if name is None:
        return None, None
    value, unit = read_values(path, file, name)
    return length_um(path, value, unit or layout.pixel_size_unit, name)


def _names(given: Alternatives | tuple[float, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(str(name) for name in given)
