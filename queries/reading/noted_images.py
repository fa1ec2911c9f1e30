"""What the store says of its images and their files, to compare with the files themselves."""

from dataclasses import dataclass
from typing import Any

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection


@dataclass(frozen=True)
class FileNoted:
    """A file as the last run over it noted it.

    Attributes
    ----------
    name, sha256 : str
        Name without folder; hash of the bytes.
    dataset : str or None
        Path inside an HDF5 file or a Zarr store.
    places : tuple of str
        Paths at which runs found these bytes.
    """

    name: str
    sha256: str
    dataset: str | None
    places: tuple[str, ...]


@dataclass(frozen=True)
class NotedImage:
    """One image of the store.

    Attributes
    ----------
    sample, image, segmentation : str
        Which; the key of its active segmentation.
    active : int
        Active segmentations of the image: one, unless the store is damaged.
    counted, stored : dict
        Particles, contacts, tpbs, physical_tpbs, states: as the ingest noted, and as they are there now.
    file : FileNoted or None
        None where it came from no file.
    energy_maps : tuple of FileNoted
        Of its active measurements, one for each absorption edge; those that came from a file.
    """

    sample: str
    image: str
    segmentation: str
    active: int
    counted: dict[str, int]
    stored: dict[str, int]
    file: FileNoted | None
    energy_maps: tuple[FileNoted, ...]


def noted_images(
    connection: Connection, sample: str | None = None, image: str | None = None
) -> list[NotedImage]:
    """Give every image with an active segmentation, of one sample or of one name where that is given."""
    query = load_internal("inspect", "verifiable")
    found = connection.read(query.text, {"sample": sample, "image": image})
    names = [column.name for column in query.columns]
    images = []
    for row in (dict(zip(names, values, strict=True)) for values in found.rows):
        file, places = row.pop("file"), row.pop("places")
        maps = [_noted(each, each["places"]) for each in row.pop("maps")]
        images.append(
            NotedImage(
                **row,
                file=_noted(file, places),
                energy_maps=tuple(each for each in maps if each is not None),
            )
        )
    return images


def _noted(file: dict[str, Any] | None, places: list[str]) -> FileNoted | None:
    if file is None or not file["sha256"]:
        return None
    return FileNoted(str(file["name"]), str(file["sha256"]), file["dataset"], tuple(dict.fromkeys(places)))
