"""The pixels of a stored image, made again from its files: labels, phases, grey values, edge energies.

For pictures only: figures of pixels, the report, the dashboard. Everything is checked against what the store
was filled from (`cathograph.ingest.stored.stored_image`, `cathograph.ingest.stored.source_files`), or it is not shown.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats import open_image
from cathograph.ingest.options import MapOrientation
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.energy_map import open_energy_map
from cathograph.ingest.states.map_orientation import turn_map
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.ingest.stored.source_files import FoundFile, find_source_files
from cathograph.ingest.stored.stored_image import stored_regions
from cathograph.queries.catalog import load
from cathograph.queries.reading.measured_edges import choose_measured_edge
from cathograph.queries.reading.runner import run
from cathograph.schema.errors import InputImageError
from cathograph.schema.keys import hash_pixels

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


@dataclass(frozen=True, eq=False)
class EnergyPixels:
    """An energy map and the particles under it.

    Attributes
    ----------
    energy_ev : ndarray of float, shape (y, x) or (z, y, x) of the map
        Edge energies in eV; NaN where there is none.
    labels : ndarray of int, same shape
        Label under each of its pixels.
    window_ev : tuple of float
        Energies that count.
    placement : MapPlacement
        Where it lies.
    measurement : str
        Key of its measurement.
    """

    energy_ev: NDArray[np.floating]
    labels: NDArray[np.integer]
    window_ev: tuple[float, float]
    placement: MapPlacement
    measurement: str

    def over_image(self) -> NDArray[np.floating]:
        """Energies on the pixels of the image: of the map pixel that holds each centre, NaN outside of the map.

        Returns
        -------
        ndarray of float, shape of the image
        """
        place = self.placement
        if place.matching == "same_grid":
            return self.energy_ev
        over = np.full(place.image_shape, np.nan, self.energy_ev.dtype)
        inside, taken = [], []
        for axis, size in enumerate(place.image_shape):
            centres_um = (np.arange(size) + 0.5) * place.image_pixel_um - place.offset_um[axis]
            index = np.floor(centres_um / place.map_pixel_um).astype(np.int64)
            held = np.flatnonzero((index >= 0) & (index < place.map_shape[axis]))
            inside.append(held)
            taken.append(index[held])
        over[np.ix_(*inside)] = self.energy_ev[np.ix_(*taken)]
        return over


@dataclass(frozen=True, eq=False)
class FieldPictures:
    """The pixels of one image.

    Attributes
    ----------
    image : Regions
        Its regions.
    grey : ndarray or None
        What the microscope saw, shape of the labels; None where only labels are there.
    energy : EnergyPixels or None
        Its energy map.
    pixel_size_um : float
        Edge of a pixel.
    missing : tuple of str
        What could not be shown, and why.
    """

    image: Regions
    grey: NDArray[np.generic] | None
    energy: EnergyPixels | None
    pixel_size_um: float
    missing: tuple[str, ...] = ()

    @property
    def phases(self) -> NDArray[np.uint8]:
        """Phase code of each pixel, shape of the labels."""
        return self.image.phase_image


def read_field(
    store: "Connection", *, sample: str, image: str, edge: str | None = None, folders: Sequence[Path] = ()
) -> FieldPictures:
    """Read the pixels of an image in sight from its files.

    Parameters
    ----------
    store : Connection
        Where the image is.
    sample, image : str
        The image.
    edge : str, optional
        Absorption edge of the energy map; may be left out where one was measured.
    folders : sequence of Path
        Where to look for files that are not at their recorded place.

    Raises
    ------
    QueryError
        When the image is not there, or several edges were measured and none is named.
    InputError, InputImageError
        When its file is gone, changed, or does not give the stored particles.
    """
    if edge is None:
        edge = choose_measured_edge(store, None, sample=sample, image=image)
    files = find_source_files(store, sample=sample, image=image, edge=edge, folders=folders)
    regions = stored_regions(
        store, sample=sample, image=image, labels=files.labels.path, dataset=files.labels.dataset
    )
    labelled = regions.label()
    stored = regions.segmentation
    missing = []
    grey = None
    if stored.source == "image":
        grey = regions.file.as_seen(regions.file.pages[regions.page])
    elif files.grey is not None:
        beside = open_image(files.grey.path, volume=labelled.labels.ndim == 3)
        grey = beside.as_seen(beside.pages[regions.page])
    else:
        missing.append("no grey image: give it beside the labels (cathograph ingest … --grey FILE)")
    energy = None
    if files.energy_map is not None:
        energy = read_energy(store, sample, image, edge, files.energy_map, labelled, stored.pixel_size_um)
    else:
        missing.append("no energy map: there is none, or its file is gone")
    return FieldPictures(labelled, grey, energy, stored.pixel_size_um, tuple(missing))


def read_energy(
    store: "Connection",
    sample: str,
    image: str,
    edge: str | None,
    file: FoundFile,
    labelled: Regions,
    image_pixel_um: float,
) -> EnergyPixels:
    """Lay the active energy map of an edge over the image, as its measurement says.

    Parameters
    ----------
    store : Connection
        Where the image is.
    sample, image : str
        The image.
    edge : str or None
        Absorption edge; None where one was measured.
    file : FoundFile
        The map's file.
    labelled : Regions
        Regions of the image.
    image_pixel_um : float
        Edge of a pixel of the image in µm.

    Raises
    ------
    InputImageError
        When the file holds another map than was measured.
    """
    query = load("measurements")
    table = run(store, query, query.bind({"sample": sample, "image": image, "edge": edge}))
    measured = table[table["in_sight"].astype(bool)].iloc[0]
    volume = labelled.labels.ndim == 3
    pages = open_energy_map(file.path, dataset=file.dataset, volume=volume).pages
    fitting = [page for page in pages if hash_pixels(page) == measured["content_sha256"]]
    if not fitting:
        msg = f"Found other energies in {file.path.name} than were measured; expected the same. Ingest the map again."
        raise InputImageError(msg)
    placed = json.loads(measured["placement"])
    energy_ev = turn_map(fitting[0], MapOrientation(placed.get("orientation", MapOrientation.AS_STORED)))
    residual, method = measured["residual_shift_um"], json.loads(measured["params"])
    placement = MapPlacement(
        measured["matching"],
        tuple(energy_ev.shape),
        tuple(labelled.labels.shape),
        float(measured["pixel_size_um"]),
        image_pixel_um,
        tuple(measured["offset_um"]),
        tuple(residual) if isinstance(residual, list) else None,
    )
    return EnergyPixels(
        energy_ev,
        placement.rows_of(labelled.labels, 0, len(energy_ev)),
        (float(method["window_low_ev"]), float(method["window_high_ev"])),
        placement,
        str(measured["measurement"]),
    )
