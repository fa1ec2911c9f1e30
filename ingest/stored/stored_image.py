"""An image that is in the store already: its regions are made again, and an energy map can be added.

The store holds no pixels, so the label image is made again from the file it came from, with the stored source, phases,
segmenter and parameters; nobody has to repeat options. Three checks make sure that it is the same: the hash
of the pixels, the segmentation's key, which hashes everything that shaped it, and the number of active particles.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cathograph.ingest.formats import ImageFile
from cathograph.ingest.pipeline import parameters_of, segmentation_key_of
from cathograph.ingest.reading import Reading, open_with, read_regions
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.map_source import MapFile, MapSource
from cathograph.ingest.states.measurement import MapOutcome, add_map
from cathograph.queries.writing.measurements import ActiveSegmentation, active_segmentation
from cathograph.schema.composites import Composite, Role
from cathograph.schema.errors import CathographError, InputError, InputImageError
from cathograph.schema.keys import hash_pixels
from cathograph.schema.rows import FieldOfView

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


@dataclass(frozen=True)
class StoredRegions:
    """The regions of a stored image; made when `label` is called, since that can take long.

    Attributes
    ----------
    segmentation : ActiveSegmentation
        What the store knows of it.
    file : ImageFile
        The file that the image came from.
    page : int
        Which of its pages that is.
    reading : Reading
        How its pixels become regions.
    """

    segmentation: ActiveSegmentation
    file: ImageFile
    page: int
    reading: Reading

    def label(self) -> Regions:
        """Make the label image.

        Raises
        ------
        InputImageError
            When it has another number of active particles than the store.
        """
        made = read_regions(self.file.pages[self.page], self.reading)
        active = len(made.positions_with(Role.ACTIVE))
        if active != self.segmentation.nmc:
            msg = (
                f"Found {active} active particles in {self.file.path.name} and {self.segmentation.nmc} in the store; "
                "expected the same. Ingest the image again."
            )
            raise InputImageError(msg)
        return made


def stored_regions(
    store: "Connection", *, sample: str, image: str, labels: Path, dataset: str | None = None
) -> StoredRegions:
    """Find the regions of an image's active segmentation in the file that it was ingested from.

    Parameters
    ----------
    store : Connection
        Where the image is.
    sample, image : str
        The image.
    labels : Path
        File that the image was ingested from.
    dataset : str, optional
        Path inside it, for HDF5.

    Raises
    ------
    QueryError
        When the image is not there.
    InputError
        When the file does not reproduce its segmentation.
    """
    stored = active_segmentation(store, sample, image)
    params = json.loads(stored.params)
    reading = _reading_of(stored, params, dataset)
    file = open_with(labels, reading.options)
    page = _page_with(file, stored, image)
    key = segmentation_key_of(
        FieldOfView(sample, image), stored.content_sha256, parameters_of(reading, stored.pixel_size_um)
    )
    if key != stored.segmentation:
        msg = (
            f"Found image {image!r} read by another version of Cathograph, whose regions may differ; expected "
            "this one. Ingest the image again (a map with it: `cathograph ingest IMAGE --energy-map MAP`)."
        )
        raise InputError(msg)
    return StoredRegions(stored, file, page, reading)


def ingest_map(
    store: "Connection",
    source: MapSource,
    *,
    sample: str,
    image: str,
    labels: Path,
    dataset: str | None = None,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> MapOutcome:
    """Add an energy map to the active segmentation of an image.

    Parameters
    ----------
    store : Connection
        Where the image is.
    source : MapSource
        The map.
    sample, image : str
        The image.
    labels : Path
        File that the image was ingested from.
    dataset : str, optional
        Path inside it, for HDF5.
    writing : callable, optional
        Makes the context that is held around writing.

    Raises
    ------
    QueryError
        When the image is not there.
    InputError
        When the file does not reproduce its segmentation, or the map does not fit.
    """
    found = stored_regions(store, sample=sample, image=image, labels=labels, dataset=dataset)
    maps = MapFile.open(
        source,
        volume=found.reading.options.volume,
        image_pages=len(found.file.pages),
        alone_is_enough=True,
    )
    return add_map(
        store,
        maps.page(found.page if len(maps.file.pages) > 1 else 0),
        found.label,
        segmentation_key=found.segmentation.segmentation,
        image_pixel_um=found.segmentation.pixel_size_um,
        writing=writing,
    )


def _reading_of(stored: ActiveSegmentation, params: Mapping[str, Any], dataset: str | None) -> Reading:
    """Read the options of a segmentation back from what the store keeps of them."""
    try:
        composite = Composite.from_definition(stored.composite)
        return Reading.of_stored(params, stored.pixel_size_um, composite, dataset=dataset)
    except CathographError as error:
        msg = (
            f"Found a segmentation by {stored.method!r} that this Cathograph cannot repeat ({error}); expected one "
            "that it can. Ingest the image again."
        )
        raise InputError(msg) from error


def _page_with(file: ImageFile, stored: ActiveSegmentation, image: str) -> int:
    """Find the page that the image was made from: by its place, checked by the hash of its pixels.

    Pages of a series may be equal (one mask, three times), each with an energy map of its own; so the pixels
    alone do not tell the page where the file has several.
    """
    if stored.slice_index is not None and len(file.pages) > 1:
        candidates: Sequence[int] = [stored.slice_index] if stored.slice_index < len(file.pages) else []
    else:
        candidates = range(len(file.pages))
    found = [index for index in candidates if hash_pixels(file.pages[index]) == stored.content_sha256]
    if len(found) == 1:
        return found[0]
    if found:
        msg = (
            f"Found image {image!r} in {file.path.name} at pages {', '.join(map(str, found))}; expected it once, "
            "since each page has a map of its own. Give a file with that page alone (`labels`)."
        )
        raise InputImageError(msg)
    where = "" if stored.slice_index is None else f" at page {stored.slice_index}"
    msg = (
        f"Found other pixels in {file.path.name} than image {image!r} was made from{where}; expected the same file. "
        "Give the file that was ingested (`labels`), or ingest this one."
    )
    raise InputImageError(msg)
