"""From an energy map and the regions of its image to the rows of a measurement, and into the store."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.ingest.formats import ImageFile
from cathograph.ingest.formats.standard_errors import read_standard_errors
from cathograph.ingest.options import MapOptions, MatchingOptions, StateMethod
from cathograph.ingest.provenance import run_record
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.electrochemistry import measure_states
from cathograph.ingest.states.energy_map import find_values_in_window, open_energy_map
from cathograph.ingest.states.energy_notes import notes_on_energies
from cathograph.ingest.states.energy_resolution import EnergyResolution, read_resolution
from cathograph.ingest.states.map_agreement import MapAgreement
from cathograph.ingest.states.map_fit import MapFit, read_map_fit
from cathograph.ingest.states.map_matching import match_map
from cathograph.ingest.states.map_orientation import turn_map
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.ingest.states.map_trust import describe_agreement, require_agreement
from cathograph.queries.writing.images import IngestRunRecord
from cathograph.queries.writing.measurements import (
    MeasurementResult,
    note_known_measurement,
    write_measurement,
)
from cathograph.schema.errors import InputImageError
from cathograph.schema.keys import JsonScalar, canonical_json, hash_pixels, measurement_key
from cathograph.schema.measurement_rows import MeasurementRows

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection

KIND = "edge_energy_map"


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


@dataclass(frozen=True)
class MapOutcome:
    """What became of a map.

    Attributes
    ----------
    state : str
        ``written``, ``unchanged``, ``reactivated`` or ``computed`` (dry run).
    particles, measured, flagged : int
        NMC, those with values, those flagged.
    measurement : str
        Key of the measurement.
    notes : tuple of str
        What the user should know.
    resolution : EnergyResolution
        What the map's values say of how they were made.
    """

    state: str
    particles: int
    measured: int
    flagged: int
    measurement: str
    notes: tuple[str, ...] = ()
    resolution: EnergyResolution = field(default_factory=EnergyResolution)

    @classmethod
    def of(cls, result: MeasurementResult, page: MapPage, notes: tuple[str, ...]) -> "MapOutcome":
        """Tell what the store said."""
        counts = (result.particles, result.measured, result.flagged)
        return cls(result.state, *counts, result.measurement_key, notes, page.resolution)

    def as_record(self) -> dict[str, Any]:
        """Flatten for tables and JSON."""
        return {
            "state": self.state,
            "particles": self.particles,
            "measured": self.measured,
            "flagged": self.flagged,
            "measurement": self.measurement,
            "energy_step_ev": self.resolution.step_ev,
            "n_fill": self.resolution.n_fill,
            "n_pinned": self.resolution.n_pinned,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class AnalysedMap:
    """A map, computed: its rows for the store, and what the user should know."""

    rows: MeasurementRows
    placement: MapPlacement
    notes: tuple[str, ...]


def analyse_map(
    page: MapPage, image: Regions, *, segmentation_key: str, image_pixel_um: float
) -> AnalysedMap:
    """Compute the states of all NMC of an image.

    Parameters
    ----------
    page : MapPage
        The map.
    image : Regions
        Regions of the image, those of the segmentation.
    segmentation_key : str
        Key of that segmentation.
    image_pixel_um : float
        Edge of a pixel of the image in µm.

    Raises
    ------
    InputImageError
        When map and image do not belong together or fit no better than chance, or no NMC has a value in the
        window.
    """
    method, found = page.source.method, page.resolution
    energy_ev = found.clean(page.energy_ev)
    in_window = find_values_in_window(energy_ev, method)
    matching = page.source.matching
    placement = match_map(image, image_pixel_um, in_window, page.file.pixel_size_um, matching)
    agreement = require_agreement(image, in_window, placement, matching)
    del in_window
    states = measure_states(
        image,
        energy_ev,
        method,
        placement=placement,
        standard_error_ev=page.standard_error_ev,
        coarse_steps=found.is_coarse(method),
    )
    table = states.table
    if not table["n_valid"].any():
        low, high = method.window_ev
        msg = (
            f"Found no energy of {low:g} to {high:g} eV in any of {len(table)} NMC, only beside them; expected the map "
            "to show the same particles as the image. Check that both are of one field; else give `map_offset_um` "
            "or `by_correlation`."
        )
        raise InputImageError(msg)
    residual = placement.residual_shift_um
    rows = MeasurementRows(
        segmentation_key=segmentation_key,
        measurement_key=page.key_on(segmentation_key),
        measurement={
            "kind": KIND,
            "element": method.absorption_edge.element,
            "edge": method.absorption_edge.edge,
            "params": canonical_json(page.parameters),
            "energies": None if page.fit is None else list(page.fit.energies_ev),
            "placement": canonical_json(page.placement),
            "content_sha256": page.content_sha256,
            "shape": [int(size) for size in page.energy_ev.shape],
            "pixel_size_um": float(placement.map_pixel_um),
            "matching": placement.matching,
            "offset_um": [float(each) for each in placement.offset_um],
            "residual_shift_um": None if residual is None else [float(each) for each in residual],
            "agreement": None if agreement is None else agreement.score,
            "agreement_chance": None if agreement is None else agreement.chance,
            "agreement_particles": None if agreement is None else agreement.particles,
            "trusted_by": matching.trust_map,
            "n_particles": len(table),
            "n_measured": int(table["soc_ev"].notna().sum()),
            "n_flagged": int(table["flagged"].sum()),
            "energy_step_ev": found.step_ev,
            "fill_ev": list(found.fill_ev) or None,
            "n_fill": found.n_fill,
            "pinned_ev": list(found.pinned_ev) or None,
            "n_pinned": found.n_pinned,
            "with_standard_errors": page.standard_error_ev is not None,
        },
        states=table,
    )
    notes = _notes(rows, placement, agreement, states.n_infinite)
    return AnalysedMap(rows, placement, (*page.notes, *notes, *_about_energies(page, table)))


def add_map(
    store: "Connection",
    page: MapPage,
    regions: Callable[[], Regions],
    *,
    segmentation_key: str,
    image_pixel_um: float,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> MapOutcome:
    """Add a map to a segmentation that is stored; nothing is computed when the map is there already.

    Parameters
    ----------
    store : Connection
        Where.
    page : MapPage
        The map.
    regions : callable
        Gives the regions of the segmentation, when they are needed.
    segmentation_key : str
        Key of that segmentation.
    image_pixel_um : float
        Edge of a pixel of the image in µm.
    writing : callable, optional
        Makes the context that is held around writing.

    Raises
    ------
    InputImageError
        When map and image do not belong together, or fit no better than chance.
    DatabaseError
        When the server fails.
    """
    started = datetime.now(UTC)
    key = page.key_on(segmentation_key)
    with writing():
        known = note_known_measurement(store, segmentation_key, key, page.run(started))
    if known is not None:
        return MapOutcome.of(known, page, page.notes)
    analysed = analyse_map(page, regions(), segmentation_key=segmentation_key, image_pixel_um=image_pixel_um)
    return write_map(store, analysed, page, started=started, writing=writing)


def write_map(
    store: "Connection | None",
    analysed: AnalysedMap,
    page: MapPage,
    *,
    started: datetime,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> MapOutcome:
    """Write a map that was computed; without a store its rows are only checked."""
    if store is None:
        analysed.rows.check()
        about = analysed.rows.measurement
        particles, measured, flagged = (
            int(str(about[name])) for name in ("n_particles", "n_measured", "n_flagged")
        )
        return MapOutcome(
            "computed",
            particles,
            measured,
            flagged,
            analysed.rows.measurement_key,
            analysed.notes,
            page.resolution,
        )
    with writing():
        result = write_measurement(store, analysed.rows, page.run(started))
    return MapOutcome.of(result, page, analysed.notes)


def _notes(
    rows: MeasurementRows, placement: MapPlacement, agreement: MapAgreement | None, n_infinite: int
) -> list[str]:
    """Say what the user should know of a measurement."""
    notes = []
    shift = placement.residual_shift_um
    if placement.matching == "registered":
        notes.append(f"map placed by correlation at {_places(placement.offset_um)} µm")
    notes += describe_agreement(agreement, trusted_by=rows.measurement["trusted_by"])
    if shift is not None:
        far = max(map(abs, shift)) > max(placement.image_pixel_um, placement.map_pixel_um)
        advice = ", more than a pixel; `by_correlation` or `map_offset_um` corrects it" if far else ""
        notes.append(f"shift left between map and NMC: {_places(shift)} µm{advice}")
    if n_infinite:
        notes.append(f"{n_infinite} infinite values in NMC count as missing")
    flagged, particles = rows.measurement["n_flagged"], rows.measurement["n_particles"]
    if flagged:
        notes.append(
            f"{flagged} of {particles} NMC flagged: too few valid pixels, or too many dropped or missing"
        )
    return notes


def _about_energies(page: MapPage, table: pd.DataFrame) -> list[str]:
    with_errors = page.standard_error_ev is not None
    return notes_on_energies(page.resolution, page.source.method, table, with_errors=with_errors)


def _places(lengths_um: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{each:.4g}" for each in lengths_um) + ")"
