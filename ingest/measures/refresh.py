"""Measures that stored images lack: their regions are made again from their files, and the measures computed.

A family is found by its name: the module of that name in this package has a function ``measure``.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version as package_version
from pathlib import Path

import pandas as pd

from cathograph.ingest.measures.measured import EnergyOverImage, Measured, StoredImage
from cathograph.ingest.stored.field_pictures import read_energy
from cathograph.ingest.stored.source_files import FoundFile, find_source_files
from cathograph.ingest.stored.stored_image import stored_regions
from cathograph.queries.reading.measured_edges import choose_measured_edge
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.measures import MeasureState, measure_states, write_measures
from cathograph.queries.writing.metrics import read_contact_graph
from cathograph.schema.errors import CathographError, InputError, QueryError, SegmentationError
from cathograph.schema.measures import FAMILIES, MeasureFamily

Progress = Callable[[str, int, int], None]


_NO_MAP = "no energy map: ingest one (`cathograph ingest-map`)"
_BLUR_PIXELS = 2.0


@dataclass(frozen=True)
class MapReading:
    """Which energy map the families that need one read, and how far it is blurred.

    Parameters
    ----------
    edge : str, optional
        Absorption edge; needed where several were measured.
    resolution_um : float, optional
        Full width at half maximum of the map's blur; by default two pixels of the map, the finest that its pixels
        can show.
    rim_um : float, optional
        Depth below the surface of a particle up to which pixels are left out; by default the resolution.

    Raises
    ------
    InputError
        When a length cannot be meant.
    """

    edge: str | None = None
    resolution_um: float | None = None
    rim_um: float | None = None

    def __post_init__(self) -> None:
        """Refuse lengths that cannot be meant."""
        for name, found, least in (
            ("resolution_um", self.resolution_um, "more than"),
            ("rim_um", self.rim_um, "at least"),
        ):
            if found is not None and not (
                math.isfinite(found) and (found > 0 or (found == 0 and name == "rim_um"))
            ):
                msg = f"Found {name} {found:g}; expected {least} 0 µm. Correct it, or leave it out."
                raise InputError(msg)


@dataclass(frozen=True)
class MeasureOutcome:
    """What became of one family of one image.

    Attributes
    ----------
    sample, image, family : str
        Which.
    state : str
        ``computed``, ``failed``, or ``skipped`` where it needs an energy map and the image has none.
    reason : str
        One line; empty when it was computed.
    """

    sample: str
    image: str
    family: str
    state: str
    reason: str = ""


def refresh_measures(
    connection: Connection,
    *,
    families: Sequence[MeasureFamily] = FAMILIES,
    sample: str | None = None,
    image: str | None = None,
    folders: Sequence[Path] = (),
    again: bool = False,
    reading: MapReading | None = None,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
    progress: Progress | None = None,
) -> list[MeasureOutcome]:
    """Compute and store the measures that images lack.

    Parameters
    ----------
    connection : Connection
        The store.
    families : sequence of MeasureFamily
        Which families.
    sample, image : str, optional
        Only of this sample or image.
    folders : sequence of Path
        Where to look for files that are no longer where they were.
    again : bool
        Also where they are there already.
    reading : MapReading, optional
        Which energy map counts, and how far it is blurred.
    writing : callable
        Makes the context that is held around the writing of one family.
    progress : callable, optional
        Called with (image, done, total).

    Returns
    -------
    list of MeasureOutcome
        One an image and family that was due. An image whose file is gone fails, and the others go on. Where only
        families that need a map are asked for, images without one are told as ``skipped``.

    Raises
    ------
    DatabaseError
        When the server fails; running again finishes the work.
    """
    due: list[tuple[MeasureState, list[MeasureFamily]]] = []
    outcomes: list[MeasureOutcome] = []
    only_maps = all(each.needs_map for each in families)
    for state in measure_states(connection, sample=sample, image=image):
        wanted = [each for each in families if state.lacks(each) or (again and state.allows(each))]
        if wanted:
            due.append((state, wanted))
        elif only_maps and not state.measurements:
            outcomes += [
                MeasureOutcome(state.sample, state.image, each.name, "skipped", _NO_MAP) for each in families
            ]
    for done, (state, wanted) in enumerate(due):
        if progress is not None:
            progress(state.image, done, len(due))
        outcomes.extend(_refresh_image(connection, state, wanted, folders, reading or MapReading(), writing))
    if progress is not None:
        progress("done", len(due), len(due))
    return outcomes


def measure_family(family: MeasureFamily, image: StoredImage) -> Measured:
    """Compute one family for one image by the module of its name."""
    module = import_module(f"cathograph.ingest.measures.{family.name}")
    found: Measured = module.measure(image)
    return found


def _refresh_image(
    connection: Connection,
    state: MeasureState,
    families: Sequence[MeasureFamily],
    folders: Sequence[Path],
    reading: MapReading,
    writing: Callable[[], AbstractContextManager[None]],
) -> list[MeasureOutcome]:
    def failed(family: MeasureFamily, error: Exception) -> MeasureOutcome:
        return MeasureOutcome(state.sample, state.image, family.name, "failed", " ".join(str(error).split()))

    try:
        files = find_source_files(
            connection, sample=state.sample, image=state.image, edge=reading.edge, folders=folders
        )
        file = files.labels
        stored = stored_regions(
            connection, sample=state.sample, image=state.image, labels=file.path, dataset=file.dataset
        )
        image = StoredImage(
            stored.label(), stored.segmentation.pixel_size_um, stored.reading.options.radius_px
        )
        if any(each.needs_map for each in families):
            image = replace(image, energy=_energy(connection, state, files.energy_map, image, reading))
    except (InputError, QueryError, SegmentationError) as error:
        return [failed(family, error) for family in families]
    outcomes = []
    for family in families:
        try:
            measured = measure_family(family, image)
        except CathographError as error:
            outcomes.append(failed(family, error))
            continue
        with writing():
            write_measures(
                connection,
                state.segmentation,
                family,
                particles=measured.particles,
                contacts=_of_stored_contacts(connection, state.segmentation, family, measured),
                image=measured.image,
                code_version=package_version("cathograph"),
            )
        outcomes.append(MeasureOutcome(state.sample, state.image, family.name, "computed"))
    return outcomes


def _energy(
    connection: Connection,
    state: MeasureState,
    file: FoundFile | None,
    image: StoredImage,
    reading: MapReading,
) -> EnergyOverImage | None:
    """Lay the map over the image; None where the file is gone."""
    edge = choose_measured_edge(connection, reading.edge, sample=state.sample, image=state.image)
    if edge is None or file is None:
        return None
    found = read_energy(connection, state.sample, state.image, edge, file, image.regions, image.pixel_size_um)
    resolution_um = reading.resolution_um or _BLUR_PIXELS * found.placement.map_pixel_um
    rim_um = resolution_um if reading.rim_um is None else reading.rim_um
    return EnergyOverImage(found.over_image(), found.window_ev, resolution_um, rim_um, found.measurement)


def _of_stored_contacts(
    connection: Connection, segmentation: str, family: MeasureFamily, measured: Measured
) -> pd.DataFrame:
    """Give every stored contact its values: 0 where its regions have no face in common, within the contact radius."""
    graph = read_contact_graph(connection, segmentation) if family.contact else None
    if graph is None:
        return measured.contacts.iloc[:0]
    return graph.contacts[["a", "b"]].merge(measured.contacts, on=["a", "b"], how="left").fillna(0.0)
