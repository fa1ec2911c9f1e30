"""How the pixels of an HDF5 dataset are kept: in this file, all of them, by filters that are installed."""

from math import prod
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
from numpy.typing import NDArray

from cathograph.ingest.formats.field_rules import refuse_unwritten
from cathograph.ingest.formats.file_state import STILL_WRITTEN
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

# The import alone registers the filters; beamlines write bitshuffle and blosc by default.
FILTER_NAMES = {
    **{code: name for name, code in hdf5plugin.FILTERS.items()},
    h5py.h5z.FILTER_DEFLATE: "gzip",
    h5py.h5z.FILTER_SZIP: "szip",
}


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
    require_filters(path, name, stored)


def require_all_chunks(
    path: Path, name: str, stored: h5py.Dataset, *, fill_unwritten: bool | None = None
) -> tuple[str, ...]:
    """Refuse a dataset with parts that nobody has written yet: they would read as background.

    Parameters
    ----------
    path, name
        For the message.
    stored
        The dataset.
    fill_unwritten
        Accept them; None where nobody can.

    Returns
    -------
    tuple of str
        How much was not written, where that is accepted.

    Raises
    ------
    InputImageError
        When chunks are missing and that is not accepted.
    """
    if not stored.chunks:
        return ()
    expected = prod(-(-size // chunk) for size, chunk in zip(stored.shape, stored.chunks, strict=True))
    return refuse_unwritten(
        path,
        name,
        written=int(stored.id.get_num_chunks()),
        expected=expected,
        fill=stored.fillvalue,
        fill_unwritten=fill_unwritten,
    )


def require_filters(path: Path, name: str, stored: h5py.Dataset) -> None:
    """Refuse a dataset that was packed by a filter which is not installed.

    Raises
    ------
    InputImageError
        When there is one; names it.
    """
    properties = stored.id.get_create_plist()
    for place in range(properties.get_nfilters()):
        code = properties.get_filter(place)[0]
        if not h5py.h5z.filter_avail(code):
            msg = (
                f"{shown(path)}: found {name!r} packed with the HDF5 filter {_filter_name(properties, place)} "
                f"(number {code}), which is not installed; expected one that h5py or hdf5plugin has. Save the "
                "dataset with gzip, or install the plugin of that filter (HDF5_PLUGIN_PATH)."
            )
            raise InputImageError(msg)


def read_part(path: Path, name: str, stored: h5py.Dataset, where: tuple[int | slice, ...]) -> NDArray[Any]:
    """Read a part of a dataset; where a filter cannot unpack it the message names the filter.

    Raises
    ------
    InputImageError
        When a filter fails.
    """
    try:
        values: NDArray[Any] = stored[where]
    except OSError as error:
        if "filter" not in str(error):
            raise
        filters = ", ".join(filters_of(stored))
        msg = (
            f"{shown(path)}: found {name!r} packed with the HDF5 filter {filters}, which cannot unpack it; expected "
            f"data that hdf5plugin {hdf5plugin.version} reads. If another program reads the file, install the newest "
            "hdf5plugin; else export it again."
        )
        raise InputImageError(msg) from error
    return values


def filters_of(stored: h5py.Dataset) -> list[str]:
    """Return the names of the filters of a dataset, in the order in which they packed it."""
    properties = stored.id.get_create_plist()
    return [_filter_name(properties, place) for place in range(properties.get_nfilters())]


def _filter_name(properties: h5py.h5p.PropDCID, place: int) -> str:
    code, _, _, stored_name = properties.get_filter(place)
    text = stored_name.split(b"\0", 1)[0].decode("ascii", "replace").split(";")[0].strip()
    known = FILTER_NAMES.get(code)
    return known or text[:40] or "without a name"
