"""What the store says of its images and their files, to compare with the files themselves."""

from dataclasses import dataclass

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
    file, energy_map : FileNoted or None
        None where it came from no file.
    """

    sample: str
    image: str
    segmentation: str
    active: int
    counted: dict[str, int]
    stored: dict[str, int]
    file: FileNoted | None
    energy_map: FileNoted | None


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
        energy_map, map_places = row.pop("map"), row.pop("map_places")
        images.append(
            NotedImage(
                **row,
                file=_noted(file, places),
                energy_map=_noted(energy_map, map_places),
            )
        )
    return images


def _noted(file: dict[str, str | None] | None, places: list[str]) -> FileNoted | None:
    if file is None or not file["sha256"]:
        return None
    return FileNoted(str(file["name"]), str(file["sha256"]), file["dataset"], tuple(dict.fromkeys(places)))
