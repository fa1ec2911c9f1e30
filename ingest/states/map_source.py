"""An energy map as the user names it, opened, and read: its values, and all that shapes its measurement."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats import ImageFile
from cathograph.ingest.formats.standard_errors import read_standard_errors
from cathograph.ingest.options import MapOptions, MatchingOptions, StateMethod
from cathograph.ingest.provenance import run_record
from cathograph.ingest.states.energy_map import open_energy_map
from cathograph.ingest.states.energy_resolution import EnergyResolution, read_resolution
from cathograph.ingest.states.map_fit import MapFit, read_map_fit
from cathograph.ingest.states.map_orientation import turn_map
from cathograph.queries.writing.images import IngestRunRecord
from cathograph.schema.errors import InputImageError
from cathograph.schema.keys import JsonScalar, hash_pixels, measurement_key


@dataclass(frozen=True)
class MapSource:
    """An energy map as the user names it.

    Attributes
    ----------
    path : Path
        File; with as many pages as the image's file.
    dataset : str or None
        Path inside an HDF5 file.
    matching : MatchingOptions
        Where the map lies.
    method : StateMethod
        How energies become states.
    calibration_given : bool
        False where nobody chose window and reference energy: then those of the record beside the map count,
        if there is one (`cathograph.ingest.states.map_fit`).
    """

    path: Path
    dataset: str | None = None
    matching: MatchingOptions = field(default_factory=MatchingOptions)
    method: StateMethod = field(default_factory=StateMethod)
    calibration_given: bool = True

    @classmethod
    def of(cls, path: Path, options: MapOptions, method: StateMethod) -> "MapSource":
        """Put together what a front end has read; a calibration counts as given where it was chosen."""
        return cls(path, options.map_dataset, options, method, calibration_given=method.calibration_given)


@dataclass(frozen=True, eq=False)
class MapPage:
    """One map, read: its values, and all that shapes its measurement.

    Attributes
    ----------
    file : ImageFile
        Where it comes from.
    energy_ev : ndarray of float, shape (y, x) or (z, y, x)
        Edge energies in eV, turned as the user chose.
    source : MapSource
        What the user chose.
    content_sha256 : str
        Hash of the values as they are stored.
    resolution : EnergyResolution
        What the values say of how they were made.
    standard_error_ev : ndarray of float32, shape of `energy_ev`, or None
        Standard error of each energy, where the file holds them.
    fit : MapFit or None
        How it was fitted, where that is known.
    notes : tuple of str
        What the user should know of the record beside it.
    """

    file: ImageFile
    energy_ev: NDArray[np.floating]
    source: MapSource
    content_sha256: str
    resolution: EnergyResolution = field(default_factory=EnergyResolution)
    standard_error_ev: NDArray[np.float32] | None = None
    fit: MapFit | None = None
    notes: tuple[str, ...] = ()

    @property
    def placement(self) -> Mapping[str, JsonScalar]:
        """How the map was to be placed: what was said, and what the file states where that counts."""
        options = self.source.matching
        said = options.as_parameters()
        if options.given and options.pixel_size_um is None:
            said["map_pixel_size_um"] = self.file.pixel_size_um
        return said

    @property
    def parameters(self) -> dict[str, Any]:
        """How its values are read, and how they were fitted where that is known.

        What was found in the values has a name here only where it changes a result, so that keys of other
        measurements stay as they were.
        """
        found = self.resolution
        fit: dict[str, Any] = {} if self.fit is None else {"fit": self.fit.method}
        if found.changes_values:
            fit["no_energies"] = {"fill_ev": list(found.fill_ev), "pinned_ev": list(found.pinned_ev)}
        if found.is_coarse(self.source.method):
            fit["energy_step_ev"] = found.step_ev
        if self.standard_error_ev is not None:
            fit["standard_errors_sha256"] = hash_pixels(self.standard_error_ev)
        return {**self.source.method.as_parameters(), **fit}

    def run(self, started: datetime) -> IngestRunRecord:
        """Record a run over it."""
        return run_record(self.file, started, dataset=self.source.dataset)

    def key_on(self, segmentation_key: str) -> str:
        """Key of its measurement on a segmentation."""
        return measurement_key(segmentation_key, self.content_sha256, self.parameters, self.placement)


@dataclass(frozen=True)
class MapFile:
    """An opened map file."""

    file: ImageFile
    source: MapSource
    fit: MapFit | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def open(
        cls, source: MapSource, *, volume: bool, image_pages: int, alone_is_enough: bool = False
    ) -> "MapFile":
        """Open a map file that goes with an image file: a page for each, or one for the image that is meant.

        Raises
        ------
        InputImageError
            When it cannot be read as energies, has not as many pages as the image's file, or the record beside it
            is of this map and cannot be used.
        """
        file = open_energy_map(source.path, dataset=source.dataset, volume=volume)
        if len(file.pages) != image_pages and not (alone_is_enough and len(file.pages) == 1):
            msg = (
                f"Found {len(file.pages)} maps in {source.path.name} for {image_pages} images; expected one each. "
                "Save the maps as one page per image, or ingest them one by one (`cathograph ingest-map`)."
            )
            raise InputImageError(msg)
        fit, notes = read_map_fit(file)
        if fit is not None:
            source, notes = _as_fitted(source, fit)
        return cls(file, source, fit, notes)

    def page(self, index: int) -> MapPage:
        """Read one map."""
        orientation = self.source.matching.map_orientation
        stored_ev, errors_ev = self.file.pages[index], read_standard_errors(self.file)
        energy_ev = turn_map(stored_ev, orientation)
        return MapPage(
            self.file,
            energy_ev,
            self.source,
            hash_pixels(stored_ev),
            read_resolution(energy_ev, self.source.method),
            None if errors_ev is None else turn_map(errors_ev, orientation),
            self.fit,
            self.notes,
        )


def _as_fitted(source: MapSource, fit: MapFit) -> tuple[MapSource, tuple[str, ...]]:
    """Take edge and calibration from the record of the fit where the user gave none.

    Raises
    ------
    InputImageError
        When the map was fitted over another edge than the user says.
    """
    method = source.method
    if fit.edge is not None:
        if method.edge_given and method.edge != fit.edge:
            msg = (
                f"Found `edge` {method.edge} for {source.path.name}, which was fitted over {fit.edge} ({fit.name}); "
                f"expected the same edge. Leave `edge` out, or name the map of {method.edge}."
            )
            raise InputImageError(msg)
        method = method.with_changes(edge=fit.edge)
    if source.calibration_given:
        return replace(source, method=method), ()
    calibrated = method.with_changes(window_ev=fit.window_ev, reference_ev=fit.reference_ev)
    low, high = fit.window_ev
    edge = "" if fit.edge is None else f"edge {fit.edge}, "
    note = f"{edge}window {low:g} to {high:g} eV and reference {fit.reference_ev:g} eV from {fit.name}"
    return replace(source, method=calibrated), (note,)
