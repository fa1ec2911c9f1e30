"""Measures that stored images lack: their regions are made again from their files, and the measures computed.

A family is found by its name: the module of that name in this package has a function ``measure``.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version as package_version
from pathlib import Path

import pandas as pd

from cathograph.ingest.measures.measured import Measured, StoredImage
from cathograph.ingest.stored.source_files import find_source_files
from cathograph.ingest.stored.stored_image import stored_regions
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.measures import MeasureState, measure_states, write_measures
from cathograph.queries.writing.metrics import read_contact_graph
from cathograph.schema.errors import CathographError, InputError, SegmentationError
from cathograph.schema.measures import FAMILIES, MeasureFamily

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class MeasureOutcome:
    """What became of one family of one image.

    Attributes
    ----------
    sample, image, family : str
        Which.
    state : str
        ``computed`` or ``failed``.
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
    writing : callable
        Makes the context that is held around the writing of one family.
    progress : callable, optional
        Called with (image, done, total).

    Returns
    -------
    list of MeasureOutcome
        One an image and family that was due. An image whose file is gone fails, and the others go on.

    Raises
    ------
    DatabaseError
        When the server fails; running again finishes the work.
    """
    due: list[tuple[MeasureState, list[MeasureFamily]]] = []
    for state in measure_states(connection, sample=sample, image=image):
        wanted = [
            each for each in families if state.lacks(each) or (again and each.applies_to(state.composite))
        ]
        if wanted:
            due.append((state, wanted))
    outcomes: list[MeasureOutcome] = []
    for done, (state, wanted) in enumerate(due):
        if progress is not None:
            progress(state.image, done, len(due))
        outcomes.extend(_refresh_image(connection, state, wanted, folders, writing))
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
    writing: Callable[[], AbstractContextManager[None]],
) -> list[MeasureOutcome]:
    def failed(family: MeasureFamily, error: Exception) -> MeasureOutcome:
        return MeasureOutcome(state.sample, state.image, family.name, "failed", " ".join(str(error).split()))

    try:
        file = find_source_files(connection, sample=state.sample, image=state.image, folders=folders).labels
        stored = stored_regions(
            connection, sample=state.sample, image=state.image, labels=file.path, dataset=file.dataset
        )
        image = StoredImage(
            stored.label(), stored.segmentation.pixel_size_um, stored.reading.options.radius_px
        )
    except (InputError, SegmentationError) as error:
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


def _of_stored_contacts(
    connection: Connection, segmentation: str, family: MeasureFamily, measured: Measured
) -> pd.DataFrame:
    """Give every stored contact its values: 0 where its regions have no face in common, within the contact radius."""
    graph = read_contact_graph(connection, segmentation) if family.contact else None
    if graph is None:
        return measured.contacts.iloc[:0]
    return graph.contacts[["a", "b"]].merge(measured.contacts, on=["a", "b"], how="left").fillna(0.0)
