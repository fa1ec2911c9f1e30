"""From files to the store, for one image and for many.

A file that cannot be used is reported and the others go on. An image is either wholly in the
store or not at all (the writer uses one transaction), so running the same command again
finishes what a crash left undone and changes nothing that is done.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats import FileReading, ImageFile, refuse_loose_slices
from cathograph.ingest.graph.particle_graph import ParticleGraph, build_graph
from cathograph.ingest.grey_image import open_grey_beside
from cathograph.ingest.image_names import AskToReplace, ImageNames
from cathograph.ingest.image_uncertainty import ImageUncertainty, find_uncertainty
from cathograph.ingest.metrics import refresh_metrics
from cathograph.ingest.options import IngestOptions, Source, Stored
from cathograph.ingest.pixel_size_choice import choose_pixel_size
from cathograph.ingest.provenance import run_record
from cathograph.ingest.reading import Reading, difference_of, doubts_of, open_with, read_regions
from cathograph.ingest.regions.pieces import notes_on_large_particles, notes_on_pieces
from cathograph.ingest.rows import image_rows
from cathograph.ingest.states.map_source import MapFile, MapSource
from cathograph.ingest.states.measurement import MapOutcome, add_map, analyse_map, write_map
from cathograph.queries.reading.image_runs import images_of_content
from cathograph.queries.writing.images import IngestRunRecord, note_unchanged, write_image
from cathograph.queries.writing.measurements import measurements_left_behind
from cathograph.schema.composites import SSB_CATHODE, Composite
from cathograph.schema.errors import CathographError, InputError, InputImageError, PhaseMapError
from cathograph.schema.keys import JsonScalar, hash_parts, hash_pixels
from cathograph.schema.names import clean_name, shown_name
from cathograph.schema.rows import FieldOfView, ImageRows

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection

GRAPH_VERSION = 1
"""Raised whenever shapes, contacts, junctions or channels are computed differently: part of every key."""

Progress = Callable[[str, int, int], None]
Writing = Callable[[], AbstractContextManager[None]]
"""Held around one image's transaction; on the local server a backup waits for it."""


@dataclass(frozen=True)
class Placement:
    """Where the images of one call belong.

    Names are kept as `cathograph.schema.names.clean_name` writes them, so a name typed on another system is the same.

    Attributes
    ----------
    sample, cathode, beamtime : str
        Names.
    image : str or None
        None takes the name of the file, unless another file has it (`cathograph.ingest.image_names`).
    replace : bool
        Take that name even then, and any other that the user gives, where it puts another result out of sight.

    Raises
    ------
    InputError
        When a name holds a line break or another character that cannot be seen.
    """

    sample: str
    image: str | None = None
    cathode: str | None = None
    beamtime: str | None = None
    replace: bool = False

    def __post_init__(self) -> None:
        """Clean the names, and refuse those that no list could show."""
        for name in ("sample", "image", "cathode", "beamtime"):
            value = getattr(self, name)
            if not isinstance(value, str):
                continue
            try:
                object.__setattr__(self, name, clean_name(value))
            except InputError as error:
                msg = f"`{name}`: {error}"
                raise InputError(msg) from error


@dataclass(frozen=True)
class ImageOutcome:
    """What became of one image (or of a file that could not be opened).

    Attributes
    ----------
    state : str
        ``written``, ``unchanged``, ``reactivated``, ``computed`` (dry run) or ``failed``.
    notes : tuple of str
        What the user should know: dropped regions, a pixel size that differs from the metadata.
    error : str
        One line; empty when all went well.
    energy_map : MapOutcome or None
        What became of its energy map; None without one.
    reading : FileReading or None
        How the file was read; only in a dry run.
    """

    file: str
    image: str
    state: str
    segmentation: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""
    energy_map: MapOutcome | None = None
    reading: FileReading | None = None

    def as_record(self) -> dict[str, Any]:
        """Flatten for tables and JSON."""
        names = ("particles", "contacts", "tpbs", "physical_tpbs", "channel_pairs")
        return {
            "file": self.file,
            "image": self.image,
            "state": self.state,
            **{name: self.counts.get(name) for name in names},
            "energy_map": self.energy_map.state if self.energy_map else None,
            "measured": self.energy_map.measured if self.energy_map else None,
            "flagged": self.energy_map.flagged if self.energy_map else None,
            "segmentation": self.segmentation,
            "reading": None if self.reading is None else self.reading.as_record(),
            "notes": list(self.notes),
            "error": self.error,
        }


@dataclass(frozen=True, eq=False)
class AnalysedImage:
    """One image, computed: its rows for the store, the graph they came from, and how sure that is where asked."""

    rows: ImageRows
    graph: ParticleGraph
    uncertainty: ImageUncertainty | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Page:
    """One image of one file, named and placed; its pixels are read when its turn comes."""

    file: ImageFile
    index: int
    view: FieldOfView
    maps: MapFile | None = None
    grey: ImageFile | None = None
    notes: tuple[str, ...] = ()


def ingest_files(
    paths: Sequence[Path],
    reading: Reading,
    placement: Placement,
    store: "Connection | None",
    *,
    energy_map: MapSource | None = None,
    grey: Path | None = None,
    writing: Writing = nullcontext,
    ask: AskToReplace | None = None,
    progress: Progress | None = None,
) -> list[ImageOutcome]:
    """Ingest files, one image after the other.

    Parameters
    ----------
    paths : sequence of Path
        Files; each may hold several pages.
    reading : Reading
        What the pixels mean and how they are read.
    placement : Placement
        Where the images belong.
    store : Connection or None
        Where to write; None computes only.
    energy_map : MapSource, optional
        Energy map of the one file, with a page for each of its pages.
    grey : Path, optional
        Grey image of the one file, where that holds labels: remembered for pictures, nothing is computed
        from it.
    writing : callable
        Makes the context that is held around one image's transaction.
    ask : callable, optional
        Asks whether the result of another file may go out of sight; None refuses unless `placement` says so.
    progress : callable, optional
        Called with (what, done, total).

    Returns
    -------
    list of ImageOutcome
        One for each image, in order; failures are outcomes, not exceptions.

    Raises
    ------
    InputError
        When names collide, before anything is read: two images of one call never share one. Also when an
        energy map or a grey image is given with several files, or slices in files of their own as a volume.
    """
    for option, companion in (("`energy_map`", energy_map), ("`grey`", grey)):
        if companion is not None and len(paths) != 1:
            msg = f"Found {option} with {len(paths)} files; expected one file. Ingest them one by one."
            raise InputError(msg)
    say = progress or (lambda what, done, total: None)
    if reading.options.volume and len(paths) > 1:
        refuse_loose_slices(paths, dataset=reading.options.dataset, channel=reading.options.channel)
    names = ImageNames(store, placement.sample, placement.image, placement.replace, ask)
    outcomes: list[ImageOutcome] = []
    pages: list[_Page] = []
    for path in paths:
        try:
            found = list(_pages_of(path, reading.options, placement, names, alone=len(paths) == 1))
            if energy_map is not None:
                maps = MapFile.open(energy_map, volume=reading.options.volume, image_pages=len(found))
                found = [replace(page, maps=maps) for page in found]
            if grey is not None:
                beside = open_grey_beside(grey, found[0].file, reading.options)
                found = [replace(page, grey=beside) for page in found]
            pages.extend(found)
        except InputImageError as error:
            outcomes.append(
                ImageOutcome(
                    shown_name(path.name),
                    placement.image or shown_name(path.stem),
                    "failed",
                    error=str(error),
                )
            )
    _refuse_equal_names(pages)
    for done, page in enumerate(pages):
        say(page.view.image, done, len(pages))
        outcomes.append(_ingest_page(page, reading, store, writing))
    say("done", len(pages), len(pages))
    return outcomes


def analyse_page(
    pixels: NDArray[np.generic], view: FieldOfView, reading: Reading, pixel_size_um: float
) -> AnalysedImage:
    """Compute one image: regions, graph, rows.

    Parameters
    ----------
    pixels : ndarray, shape (y, x) or (z, y, x)
        As read from the file.
    view : FieldOfView
        Where it belongs.
    reading : Reading
        How to read it.
    pixel_size_um : float
        Edge of a pixel in µm.

    Raises
    ------
    InputError, SegmentationError
        When the pixels cannot be what the options say.
    """
    options = reading.options
    content = hash_pixels(pixels)
    params = parameters_of(reading, pixel_size_um)
    graph = build_graph(
        read_regions(pixels, reading),
        pixel_size_um=pixel_size_um,
        radius_px=options.radius_px,
        local_channel_path_um=options.local_channel_path_um,
    )
    uncertainty = find_uncertainty(pixels, graph.regions, reading, content)
    unlike_painted = difference_of(pixels, reading)
    rows = image_rows(
        graph,
        view,
        segmentation_key=segmentation_key_of(view, content, params),
        source=options.source.value,
        method=reading.method,
        version=reading.version,
        params=params,
        content_sha256=content,
        uncertainty=uncertainty,
        unlike_painted=unlike_painted,
    )
    return AnalysedImage(rows, graph, uncertainty, doubts_of(pixels, reading))


def _pages_of(
    path: Path, options: IngestOptions, placement: Placement, names: ImageNames, *, alone: bool
) -> Iterator[_Page]:
    file = open_with(path, options)
    if placement.image is not None and not alone:
        msg = (
            f"Found `image` {placement.image} with several files; expected one file. Ingest them one by one."
        )
        raise InputError(msg)
    name, notes = names.choose(file, options.dataset)
    n_pages = len(file.pages)
    for index in range(n_pages):
        series = n_pages > 1
        yield _Page(
            file,
            index,
            FieldOfView(
                sample=placement.sample,
                image=f"{name}#{index}" if series else name,
                cathode=placement.cathode,
                beamtime=placement.beamtime,
                volume=name if series else None,
                slice_index=index if series else None,
            ),
            notes=(*file.notes, *notes) if index == 0 else (),  # once a file
        )


def _refuse_equal_names(pages: Sequence[_Page]) -> None:
    seen: dict[str, Path] = {}
    for page in pages:
        before = seen.setdefault(page.view.image, page.file.path)
        if before != page.file.path:
            msg = (
                f"Found two images named {page.view.image!r} for sample {page.view.sample!r} ({before} and "
                f"{page.file.path}); expected each name once. Ingest them one by one with `image`."
            )
            raise InputError(msg)


def _ingest_page(page: _Page, reading: Reading, store: "Connection | None", writing: Writing) -> ImageOutcome:
    name, image = shown_name(page.file.path.name), page.view.image
    reading = reading.of_file(page.file)
    try:
        pixel_size_um, notes = choose_pixel_size(page.file, reading.options)
        pixels = page.file.pages[page.index]
        known = None if store is None else _ingest_known(page, pixels, reading, store, writing, pixel_size_um)
        outcome = known or _ingest_new(page, pixels, reading, store, writing, pixel_size_um)
        if store is not None:
            refresh_metrics(store, segmentation=outcome.segmentation, writing=writing)
            notes += _notes_on_equal_images(store, pixels, outcome)
    except CathographError as error:
        reason = " ".join(str(error).split())
        if isinstance(error, PhaseMapError | InputImageError) and "lossy" in page.file.metadata:
            reason += f" {page.file.metadata['lossy']}: go back to the file before it was saved as JPEG."
        return ImageOutcome(name, image, "failed", error=reason)
    about_map = outcome.energy_map.notes if outcome.energy_map else ()
    return replace(
        outcome,
        notes=(*page.notes, *notes, *outcome.notes, *about_map),
        reading=page.file.reading if store is None else None,
    )


def _notes_on_equal_images(
    store: "Connection", pixels: NDArray[np.generic], outcome: ImageOutcome
) -> list[str]:
    """Say so when the field is in the store under another name, as after a file was renamed."""
    if not outcome.counts["particles"]:
        return []
    others = images_of_content(store, hash_pixels(pixels), outcome.segmentation)
    if not others:
        return []
    sample, image = others[0]
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return [
        f"the same pixels are image {image!r} of sample {sample!r}{more} already, so this field counts more than once; "
        "`cathograph delete` removes one of them"
    ]


def _ingest_known(
    page: _Page,
    pixels: NDArray[np.generic],
    reading: Reading,
    store: "Connection",
    writing: Writing,
    pixel_size_um: float,
) -> ImageOutcome | None:
    """Note a run over an image that is there as it is, and add the map; None when the image is not there."""
    key = segmentation_key_of(page.view, hash_pixels(pixels), parameters_of(reading, pixel_size_um))
    with writing():
        counts = note_unchanged(store, page.view, key, _run(page, reading, datetime.now(UTC)))
    if counts is None:
        return None
    outcome = ImageOutcome(shown_name(page.file.path.name), page.view.image, "unchanged", key, counts)
    if page.maps is None:
        return outcome
    added = add_map(
        store,
        page.maps.page(page.index),
        lambda: read_regions(pixels, reading),
        segmentation_key=key,
        image_pixel_um=pixel_size_um,
        writing=writing,
    )
    return replace(outcome, energy_map=added)


def _ingest_new(
    page: _Page,
    pixels: NDArray[np.generic],
    reading: Reading,
    store: "Connection | None",
    writing: Writing,
    pixel_size_um: float,
) -> ImageOutcome:
    """Compute an image and its map, and only then write both: a map that does not fit writes nothing."""
    started = datetime.now(UTC)
    analysed = analyse_page(pixels, page.view, reading, pixel_size_um)
    graph, key = analysed.graph, analysed.rows.segmentation_key
    map_page = None if page.maps is None else page.maps.page(page.index)
    states = (
        None
        if map_page is None
        else analyse_map(map_page, graph.regions, segmentation_key=key, image_pixel_um=pixel_size_um)
    )
    state, left_behind = "computed", 0
    if store is None:
        analysed.rows.check()
    else:
        left_behind = 0 if map_page else measurements_left_behind(store, page.view, key)
        with writing():
            state = write_image(store, analysed.rows, _run(page, reading, started)).state
    energy_map = (
        None
        if map_page is None or states is None
        else write_map(store, states, map_page, started=started, writing=writing)
    )
    counts = {
        "particles": len(graph.regions.region_labels),
        "contacts": len(graph.contacts.a),
        "tpbs": len(graph.tpbs.nmc),
        "physical_tpbs": int(graph.tpbs.is_physical.sum()),
        "channel_pairs": graph.n_channel_pairs,
    }
    notes = [
        f"{number} {phase} regions below {reading.options.min_size_px} px dropped"
        for phase, number in graph.regions.dropped.items()
        if number
    ]
    if reading.options.source is Source.REGIONS:
        notes += notes_on_pieces(graph.regions.labels)
    else:
        notes += notes_on_large_particles(graph.regions)
    if reading.options.radius_px == 0:
        notes.append("no contacts, because `radius_px` is 0; regions that touch are in contact from 1 on")
    unlike = analysed.rows.segmentation["unlike_painted"]
    if unlike is not None:
        notes.append(f"unlike the painted images: {unlike}; look at the result, and paint on this image")
    notes += [f"{doubt}; look at the result, or paint strokes" for doubt in analysed.doubts]
    if analysed.uncertainty is not None:
        notes.append(analysed.uncertainty.note)
    if left_behind:
        notes.append(
            f"the earlier segmentation had {left_behind} measurements, which are out of sight with it; ingest the map "
            "again with ingest-map"
        )
    return ImageOutcome(
        shown_name(page.file.path.name),
        page.view.image,
        state,
        key,
        counts,
        tuple(notes),
        energy_map=energy_map,
    )


def _run(page: _Page, reading: Reading, started: datetime) -> IngestRunRecord:
    return run_record(page.file, started, dataset=reading.options.dataset, grey=page.grey)


def parameters_of(reading: Reading, pixel_size_um: float) -> dict[str, Any]:
    """Everything that shapes a segmentation, apart from the pixels and where they belong."""
    return {
        **_composite_parameter(reading.composite),
        "graph_version": GRAPH_VERSION,
        "phases": reading.phases,
        "pixel_size_um": pixel_size_um,
        **reading.options.stored(Stored.GRAPH),
        "method": reading.method,
        "version": reading.version,
        "method_parameters": dict(reading.parameters),
    }


def _composite_parameter(composite: Composite) -> dict[str, str]:
    """Nothing for the default, so that the keys of earlier versions stay valid."""
    return {} if composite.sha256 == SSB_CATHODE.sha256 else {"composite": composite.sha256}


def segmentation_key_of(view: FieldOfView, content: str, parameters: dict[str, Any]) -> str:
    """Key of the segmentation that these pixels (their hash) give, read so, at this place."""
    place: dict[str, JsonScalar] = {"sample": view.sample, "image": view.image, "content": content}
    return hash_parts({**place, "parameters": parameters})
