"""Open an image file of any kind: the one entrance for everything that reads images."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from cathograph.ingest.formats.channels import refuse_channel
from cathograph.ingest.formats.content_kind import Kind, identify
from cathograph.ingest.formats.field_rules import refuse_bomb
from cathograph.ingest.formats.file_reading import FileReading
from cathograph.ingest.formats.file_state import hash_of_bytes, look_at, require_unchanged
from cathograph.ingest.formats.hdf5 import open_hdf5
from cathograph.ingest.formats.image_file import ImageFile, Pages
from cathograph.ingest.formats.numpy_array import open_numpy_array
from cathograph.ingest.formats.opened_image import StoredImage
from cathograph.ingest.formats.pixel_size import require_cubic
from cathograph.ingest.formats.raster import open_raster
from cathograph.ingest.formats.slice_folder import open_slices
from cathograph.ingest.formats.stored_axes import PagesAs
from cathograph.ingest.formats.tiff import open_tiff
from cathograph.schema.errors import InputError, InputImageError
from cathograph.schema.printable import shown


def open_image(
    path: Path | str,
    *,
    dataset: str | None = None,
    volume: bool = False,
    fill_unwritten: bool = False,
    channel: str | None = None,
) -> ImageFile:
    """Open an image file; pixels are read when its pages are asked for.

    The kind is told by content, not by suffix. A file of several pages is a stack of 2D slices,
    or one 3D image with `volume`. Axes of length 1 are dropped, so (1, 628, 758) is (628, 758).
    Palette images give their palette indices, RGB(A) with equal channels gives grey.

    Parameters
    ----------
    path
        TIFF (also ImageJ, OME, BigTIFF), ``.npy``, PNG, BMP, JPEG, HDF5, XRM/TXRM, or the folder of
        a Zarr or OME-Zarr store, or of single slices (with `volume`).
    dataset
        Path of the array inside an HDF5 file or Zarr store, number or name of the image in a TIFF of
        several; may be left out where there is only one image.
    volume
        Read all pages as one array (z, y, x).
    fill_unwritten
        Accept parts of an HDF5 or Zarr array that nobody has written; they read as its fill value.
    channel
        Number (from 0) or name of the channel to read, where there are several.

    Returns
    -------
    ImageFile
        With the hash of the file's bytes and the pixel size where the file states one.

    Raises
    ------
    InputImageError
        When the file cannot be read as images, is incomplete, changes meanwhile, holds several images
        and none is named, states axes that are no (z, y, x), or has pixels that are not square
        (voxels that are not cubic). Reading a page raises the same.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "field.npy"
    >>> np.save(path, np.array([[0, 1, 1], [2, 2, 0]], dtype=np.uint8))
    >>> image = open_image(path)
    >>> image.kind, image.shape, len(image.pages), image.pixel_size_um
    ('npy', (2, 3), 1, None)
    >>> image.pages[0].tolist()
    [[0, 1, 1], [2, 2, 0]]
    >>> folder.cleanup()
    """
    path = Path(path)
    state = look_at(path)
    kind = identify(path)
    pages_as = PagesAs.VOLUME if volume else PagesAs.IMAGES
    stored = open_stored(
        path, kind, dataset=dataset, pages_as=pages_as, fill_unwritten=fill_unwritten, channel=channel
    )
    if volume:
        if len(stored.shape) != 3:
            msg = (
                f"{shown(path)}: found one 2D image {stored.shape}; expected several pages for a volume. "
                "Leave out `volume`."
            )
            raise InputImageError(msg)
        whole = int(np.prod(stored.shape, dtype=object)) * stored.dtype.itemsize
        refuse_bomb(path, expanded_bytes=whole, stored_bytes=state.size)
        require_cubic(path, stored.voxel)
    sha256 = hash_of_bytes(path)
    require_unchanged(path, state)
    return ImageFile(
        path=path,
        sha256=sha256,
        pages=Pages(path, stored, state, volume),
        pixel_size_um=stored.voxel.pixel_size_um,
        shape=stored.shape,
        dtype=stored.dtype,
        kind=str(kind),
        metadata=stored.metadata,
        reading=FileReading.of(stored),
        notes=stored.notes,
        channel=stored.channel,
        black_value=stored.black_value,
    )


def refuse_loose_slices(
    paths: Sequence[Path], *, dataset: str | None = None, channel: str | None = None
) -> None:
    """Refuse files of a single slice each where each file should be a volume: their folder is one.

    Parameters
    ----------
    paths
        Files that are each wanted as a volume. What cannot be opened is passed over here.
    dataset, channel
        As `open_image`.

    Raises
    ------
    InputError
        When two or more hold a single slice.
    """
    single = []
    for path in paths:
        with suppress(InputImageError):
            stored = open_stored(
                path, identify(path), dataset=dataset, pages_as=PagesAs.IMAGES, channel=channel
            )
            if len(stored.shape) == 2:
                single.append(path)
    if len(single) < 2:
        return
    folders = {path.absolute().parent for path in single}
    way = (
        "Put them into one folder and give that"
        if len(folders) > 1
        else f"Give their folder, {folders.pop()}"
    )
    msg = (
        f"Found {len(single)} files of a single slice ({single[0].name}, {single[1].name}, …) with `volume`; expected "
        f"files of several slices. {way}: slices of a folder are put in the order of their numbers."
    )
    raise InputError(msg)


def _open_slice(path: Path, *, dataset: str | None, channel: str | None) -> StoredImage:
    """Open one file of a folder of slices."""
    return open_stored(path, identify(path), dataset=dataset, pages_as=PagesAs.IMAGES, channel=channel)


def open_stored(
    path: Path,
    kind: Kind,
    *,
    dataset: str | None,
    pages_as: PagesAs,
    fill_unwritten: bool = False,
    channel: str | None = None,
) -> StoredImage:
    """Open a file of a known kind with its reader, without hashing it.

    Parameters
    ----------
    path, dataset, fill_unwritten, channel
        As `open_image`.
    kind
        What the file is.
    pages_as
        What its pages are wanted for.

    Raises
    ------
    InputImageError
        When it cannot be read as images.
    """
    stored = _open_kind(path, kind, dataset, pages_as, channel, fill_unwritten=fill_unwritten)
    if channel is not None and stored.channel is None:
        raise refuse_channel(path, channel, f"a {kind} file, in which no channel can be chosen")
    return stored


def _open_kind(
    path: Path,
    kind: Kind,
    dataset: str | None,
    pages_as: PagesAs,
    channel: str | None,
    *,
    fill_unwritten: bool,
) -> StoredImage:
    if kind is Kind.TIFF:
        return open_tiff(path, dataset=dataset, pages_as=pages_as, channel=channel)
    if kind is Kind.HDF5:
        return open_hdf5(
            path, dataset=dataset, pages_as=pages_as, fill_unwritten=fill_unwritten, channel=channel
        )
    if kind is Kind.ZARR:
        from cathograph.ingest.formats.zarr_store import open_zarr

        return open_zarr(
            path, dataset=dataset, pages_as=pages_as, fill_unwritten=fill_unwritten, channel=channel
        )
    if kind is Kind.SLICES:
        return open_slices(path, partial(_open_slice, dataset=dataset, channel=channel), pages_as=pages_as)
    if dataset is not None:
        msg = (
            f"{shown(path)}: found a {kind} file, which has no datasets; expected HDF5, Zarr or TIFF with "
            f"`dataset` {dataset}. Leave out `dataset`."
        )
        raise InputImageError(msg)
    if kind is Kind.NUMPY_ARRAY:
        return open_numpy_array(path, pages_as=pages_as, channel=channel)
    if kind is Kind.XRADIA:
        from cathograph.ingest.formats.xradia import open_xradia

        return open_xradia(path)
    return open_raster(path, kind, channel=channel)
