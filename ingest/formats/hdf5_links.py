"""Finding a dataset of an HDF5 file by its path, without ever leaving the file.

Links are followed by hand, since h5py follows them silently.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from cathograph.ingest.formats.foreign_errors import reading
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

DEEPEST_LINK = 32
MOST_LISTED = 10


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
