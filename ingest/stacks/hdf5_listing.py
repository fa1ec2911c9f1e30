"""The datasets of an HDF5 file, for the user to choose from."""

from dataclasses import dataclass
from pathlib import Path

import h5py

from cathograph.ingest.formats.hdf5_links import opened_hdf5

MOST_DATASETS = 500


@dataclass(frozen=True)
class StoredArray:
    """A dataset inside a file; `shape` None for a link that leads out of it."""

    name: str
    shape: tuple[int, ...] | None
    dtype: str

    def in_words(self) -> str:
        """Return a line such as ``/exchange/data  63×2048×2048 uint16``."""
        size = () if self.shape is None else ("×".join(map(str, self.shape)) or "single value",)
        return " ".join((f"{self.name} ", *size, self.dtype))


def list_datasets(path: Path) -> tuple[StoredArray, ...]:
    """List the datasets of an HDF5 file, images first, and the links that lead out of it unfollowed.

    Raises
    ------
    InputImageError
        When the file cannot be read.
    """
    found: list[StoredArray] = []

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and len(found) < MOST_DATASETS:
            shape = () if item.shape is None else tuple(int(size) for size in item.shape)
            away = " in other files" if item.external or item.is_virtual else ""
            found.append(StoredArray(f"/{name}", shape, f"{item.dtype}{away}"))

    def note_link(name: str, link: object) -> None:
        if isinstance(link, h5py.ExternalLink) and len(found) < MOST_DATASETS:
            target = "".join(sign if sign.isprintable() else "?" for sign in str(link.filename))[:40]
            found.append(StoredArray(f"/{name}", None, f"link to another file ({target})"))

    with opened_hdf5(path) as file:
        file.visititems(note)
        file.visititems_links(note_link)

    def rank(array: StoredArray) -> tuple[int, str]:
        if array.shape is None:
            return 1, array.name
        return (0 if len(array.shape) in (2, 3) else 2), array.name

    return tuple(sorted(found, key=rank))
