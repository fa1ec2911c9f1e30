"""From an energy map and the regions of its image to the rows of a measurement, and into the store."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.electrochemistry import measure_states
from cathograph.ingest.states.energy_map import find_values_in_window
from cathograph.ingest.states.energy_resolution import EnergyResolution
from cathograph.ingest.states.map_matching import match_map
from cathograph.ingest.states.map_notes import notes_on_energies, notes_on_matching
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.ingest.states.map_source import MapPage
from cathograph.ingest.states.map_trust import require_agreement
from cathograph.queries.writing.measurements import (
    MeasurementResult,
    note_known_measurement,
    write_measurement,
)
from cathograph.schema.errors import InputImageError
from cathograph.schema.keys import canonical_json
from cathograph.schema.measurement_rows import MeasurementRows

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection

KIND = "edge_energy_map"


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
    notes = (
        *page.notes,
        *notes_on_matching(rows.measurement, placement, agreement, states.n_infinite),
        *notes_on_energies(found, method, table, with_errors=page.standard_error_ev is not None),
    )
    return AnalysedMap(rows, placement, notes)


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
