"""What a file holds, in a few facts, and what to do with it: the answer of ``cathograph inspect``.

Looks at one page of an image, to tell codes and labels from grey values, and at no pixels of a stack,
which may be hundreds of gigabytes; `check_pixels` reads them.
What keeps the file from being used is a finding here and not an error, as long as it can be
opened at all: somebody who inspects a file wants to know all that is wrong with it.
"""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from cathograph.ingest.formats.content_kind import Kind, identify
from cathograph.ingest.formats.file_reading import FileReading
from cathograph.ingest.formats.file_state import look_at
from cathograph.ingest.formats.image_opening import open_stored
from cathograph.ingest.formats.opened_image import StoredImage
from cathograph.ingest.formats.stored_axes import PagesAs
from cathograph.ingest.options import Signal, Source, covered_edges
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import order_energies
from cathograph.ingest.stacks.frames import Hdf5Frames
from cathograph.ingest.stacks.hdf5_listing import StoredArray, list_datasets
from cathograph.ingest.stacks.pixel_meaning import LARGEST_BYTES, PixelMeaning, look_at_values
from cathograph.ingest.stacks.source_file import SourceFile
from cathograph.ingest.stacks.stack import BeamlineStack, look_for_bad_pixels
from cathograph.ingest.stacks.stack_opening import Given, complete, knows_hdf5, open_draft
from cathograph.schema.edges import EDGES, names_of
from cathograph.schema.errors import InputImageError

NO_IMAGE = "no dataset has two or three axes: nothing here can be ingested or fitted"
NEEDS_LAYOUT = "a stack over photon energies needs `layout` (docs/formats.md)"


@dataclass(frozen=True)
class Inspection:
    """Facts of a file; None or empty where it does not state them.

    Attributes
    ----------
    format : str
        In words.
    shape : tuple of int
        (y, x) or (pages, y, x) of the images; empty where no one image stands out.
    expanded_bytes, stored_bytes : int
        Size of the images in memory and of the file.
    signal : str or None
        What the pixels are, for stacks.
    n_energies, first_ev, last_ev
        Photon energies.
    edge : str or None
        The known absorption edge that they cover, where it is one.
    facts : tuple of (str, str)
        Sample, scan, proposal, date and whatever else a format says.
    datasets : tuple of StoredArray
        Where the user has to choose.
    missing, notes, problems : tuple of str
        What the file does not say, what should be known, what keeps it from being used.
    commands : tuple of str
        To be copied.
    reading : FileReading or None
        How `ingest` would read it; None where it would refuse it (then a problem says why).
    """

    path: Path
    format: str
    stored_bytes: int
    shape: tuple[int, ...] = ()
    dtype: str = ""
    expanded_bytes: int = 0
    pixel_size_um: float | None = None
    signal: str | None = None
    n_energies: int = 0
    first_ev: float | None = None
    last_ev: float | None = None
    edge: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    datasets: tuple[StoredArray, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    reading: FileReading | None = None


def inspect_file(
    path: Path | str,
    given: Given | None = None,
    *,
    channel: str | None = None,
    options: Sequence[str] = (),
    check_pixels: bool = False,
) -> Inspection:
    """Look at a file of any format.

    Parameters
    ----------
    path
        File, or the folder of a Zarr store.
    given
        What the user says about it.
    channel
        Number or name of the channel to look at; the file is then an image, and no stack over energies.
    options
        The same as command-line options, repeated in the suggested commands.
    check_pixels
        Read every pixel of a stack and report those without a value.

    Raises
    ------
    InputImageError
        When it cannot be opened at all.
    """
    path, given = Path(path), given or Given()
    state = look_at(path)
    kind = identify(path)
    if channel is not None:
        dataset = given.options.dataset
        stored = open_stored(path, kind, dataset=dataset, pages_as=_pages_of(kind), channel=channel)
        return _describe_image(path, stored, state.size, with_volume=kind is Kind.SLICES)
    found = _inspect(path, kind, state.size, given, options=options, check_pixels=check_pixels)
    if found.reading is not None:
        return found
    # A stack, or an array that the user names: how would `ingest` read it?
    with suppress(InputImageError):
        stored = open_stored(path, kind, dataset=given.options.dataset, pages_as=_pages_of(kind))
        return replace(found, reading=FileReading.of(stored))
    return found


def _pages_of(kind: Kind) -> PagesAs:
    """Say what the pages are wanted for: a folder of slices is a volume only."""
    return PagesAs.VOLUME if kind is Kind.SLICES else PagesAs.IMAGES


def _inspect(
    path: Path, kind: Kind, size: int, given: Given, *, options: Sequence[str], check_pixels: bool
) -> Inspection:
    if kind is Kind.HDF5 and given.layout is None and not knows_hdf5(path):
        return _list_hdf5(path, size)
    if kind is Kind.SLICES and given == Given():
        try:
            scan = open_draft(path, given)
        except InputImageError as error:
            # Frames that are no stack may still be a volume: both are told.
            return _describe_slices(path, size, note=_without_path(path, error))
        if scan.energies is None:
            return _describe_slices(path, size, note=_needs_energies(scan))
        return _describe_stack(scan, given, state_size=size, options=options, check_pixels=check_pixels)
    if kind in (Kind.PNG, Kind.JPEG, Kind.BMP):
        return _describe_image(path, open_stored(path, kind, dataset=None, pages_as=PagesAs.IMAGES), size)
    if kind in (Kind.TIFF, Kind.NUMPY_ARRAY) and given == Given():
        # Colour and single pages are images; only pages with energies are a stack.
        stored = open_stored(path, kind, dataset=None, pages_as=PagesAs.IMAGES)
        draft = None if len(stored.shape) == 2 else open_draft(path, given)
        if draft is None:
            return _describe_image(path, stored, size)
        if draft.energies is None:
            described = _describe_image(path, stored, size)
            return replace(described, notes=(*described.notes, _needs_energies(draft)))
    elif kind is Kind.ZARR and given == Given():
        draft = open_draft(path, given)
        if draft.energies is None:
            return _describe_zarr(path, draft, size)
    elif kind is Kind.HDF5 and given.layout is None:
        try:
            draft = open_draft(path, given)
        except InputImageError as error:
            # A placeholder of the standard, or a file whose pixels lie elsewhere: still, what is in it?
            listed = _list_hdf5(path, size)
            return replace(listed, problems=(_without_path(path, error), *listed.problems))
    else:
        draft = open_draft(path, given)
    return _describe_stack(draft, given, state_size=size, options=options, check_pixels=check_pixels)


def _describe_slices(path: Path, size: int, *, note: str) -> Inspection:
    """Describe a folder as the slices of a volume, and say why it is no stack over energies."""
    stored = open_stored(path, Kind.SLICES, dataset=None, pages_as=PagesAs.VOLUME)
    described = _describe_image(path, stored, size, with_volume=True)
    return replace(described, notes=(*described.notes, note))


def _describe_stack(
    draft: Draft, given: Given, *, state_size: int, options: Sequence[str], check_pixels: bool
) -> Inspection:
    metadata, stack, problems = draft.metadata, None, []
    single = len(draft.places) == 1
    notes = metadata.notes
    if not single and draft.energies is None and given.options.energies is None:
        notes = (*notes, _needs_energies(draft))
    elif not single:
        try:
            stack = complete(draft, given, file=SourceFile.at("stack", draft.path))
        except InputImageError as error:
            problems.append(_without_path(draft.path, error))
    needed: list[str] = []
    if stack is not None:
        metadata, notes = stack.metadata, stack.metadata.notes
        if stack.signal is Signal.COUNTS and stack.flats is None and stack.incident is None:
            needed = ["--flats", "FLATS"]
            problems.append(
                "raw counts without flats: give `flats`, or the part of the image with the beam alone, "
                "`empty_region` Y0,Y1,X0,X1"
            )
        if metadata.pixel_size_um is None:
            needed += ["--pixel-size-nm", "NUMBER"]
    energies_ev = () if not single or draft.energies is None else _single_energy(draft)
    facts = (
        ("energy", f"{energies_ev[0]:g} eV" if energies_ev else None),
        ("sample", metadata.sample),
        ("scan", metadata.scan_id),
        ("proposal", metadata.proposal),
        ("date", metadata.date),
    )
    shape = draft.frames.shape[1:] if single else (len(draft.places), *draft.frames.shape[1:])
    inspection = Inspection(
        path=draft.path,
        format=metadata.format,
        stored_bytes=state_size,
        shape=shape,
        dtype=str(draft.frames.dtype),
        expanded_bytes=prod(shape) * draft.frames.dtype.itemsize,
        pixel_size_um=metadata.pixel_size_um,
        signal=None if stack is None else _signal_in_words(stack),
        facts=tuple((name, value) for name, value in facts if value is not None),
        missing=metadata.missing(),
        notes=notes,
        problems=tuple(problems),
        n_energies=len(energies_ev),
        first_ev=energies_ev[0] if energies_ev else None,
        last_ev=energies_ev[0] if energies_ev else None,
    )
    if stack is None:
        # Pages without energies are still images.
        dataset = draft.frames.dataset if isinstance(draft.frames, Hdf5Frames) else None
        return replace(inspection, commands=_ingest_commands(inspection, dataset))
    first_ev, last_ev = float(stack.energies_ev[0]), float(stack.energies_ev[-1])
    bad = look_for_bad_pixels(stack).in_words(stack.energies_ev) if check_pixels and not problems else ()
    covered = covered_edges(stack.energies_ev)
    if len(covered) != 1:
        needed += ["--edge", "'ELEMENT K'"]
        found = names_of(covered) if covered else "no known edge"
        problems.append(
            f"the energies cover {found}; name the edge that was measured with `edge`: {names_of(EDGES)}"
        )
    return replace(
        inspection,
        n_energies=stack.shape[0],
        first_ev=first_ev,
        last_ev=last_ev,
        edge=covered[0].name if len(covered) == 1 else None,
        problems=(*problems, *bad),
        commands=(
            _command("xanes fit", draft.path, *options, *needed, "--out", f"{_stem(draft.path)}_map.tif"),
        ),
    )


def _single_energy(draft: Draft) -> tuple[float, ...]:
    """Return the one energy of a single image in eV; none where it is no energy."""
    try:
        if draft.energies is None:
            return ()
        return tuple(
            float(value) for value in order_energies(draft.path, draft.energies, n_frames=1).energies_ev
        )
    except InputImageError:
        return ()


def _describe_zarr(path: Path, draft: Draft, stored_bytes: int) -> Inspection:
    """Describe a store without energies: as images, which may be less than a stack over energies may be."""
    try:
        stored = open_stored(path, Kind.ZARR, dataset=None, pages_as=PagesAs.IMAGES)
    except InputImageError as error:
        return Inspection(
            path=path,
            format=draft.metadata.format,
            stored_bytes=stored_bytes,
            shape=draft.frames.shape,
            dtype=str(draft.frames.dtype),
            expanded_bytes=prod(draft.frames.shape) * draft.frames.dtype.itemsize,
            pixel_size_um=draft.metadata.pixel_size_um,
            notes=(*draft.metadata.notes, _needs_energies(draft)),
            problems=(_without_path(path, error),),
        )
    described = _describe_image(path, stored, stored_bytes)
    if len(stored.shape) == 2:
        return described
    return replace(described, notes=(*described.notes, _needs_energies(draft)))


def _describe_image(
    path: Path, stored: StoredImage, stored_bytes: int, *, with_volume: bool = False
) -> Inspection:
    reading = FileReading.of(stored)
    shown_already = ("stored shape", "compression", "pages", *(name for name, _ in reading.lines()))
    problems: tuple[str, ...] = ()
    try:
        meaning = _meaning_of(stored)
    except InputImageError as error:
        meaning, problems = PixelMeaning(Source.IMAGE), (_without_path(path, error),)
    inspection = Inspection(
        path=path,
        format=stored.metadata.get("format", "image"),
        stored_bytes=stored_bytes,
        shape=stored.shape,
        dtype=str(stored.dtype),
        expanded_bytes=prod(stored.shape) * stored.dtype.itemsize,
        pixel_size_um=stored.voxel.pixel_size_um,
        facts=tuple((name, text) for name, text in stored.metadata.items() if name not in shown_already),
        reading=reading,
        missing=() if stored.voxel.pixel_size_um is not None else ("pixel size",),
        notes=(*stored.notes, *([meaning.note] if meaning.note else [])),
        problems=problems,
    )
    commands = _ingest_commands(inspection, meaning=meaning)
    return replace(
        inspection, commands=tuple(f"{each} --volume" if with_volume else each for each in commands)
    )


def _meaning_of(stored: StoredImage) -> PixelMeaning:
    """Look at the middle page; a very large one is taken for grey values."""
    pages = stored.shape[0] if len(stored.shape) == 3 else 1
    if prod(stored.shape[-2:]) * stored.dtype.itemsize > LARGEST_BYTES:
        return PixelMeaning(Source.IMAGE)
    return look_at_values(next(iter(stored.fields(pages // 2, pages // 2 + 1))))


def _list_hdf5(path: Path, stored_bytes: int) -> Inspection:
    """Describe HDF5 of no known layout: its datasets, and the only image where there is one."""
    arrays = list_datasets(path)
    notes: tuple[str, ...] = ()
    try:
        image = open_stored(path, Kind.HDF5, dataset=None, pages_as=PagesAs.IMAGES)
    except InputImageError as error:
        several = Inspection(
            path=path,
            format="HDF5 of no known layout",
            stored_bytes=stored_bytes,
            datasets=arrays,
            notes=(NEEDS_LAYOUT,),
            problems=(_without_path(path, error),),
        )
        images = [array for array in arrays if array.shape is not None and len(array.shape) in (2, 3)]
        if not images:
            away = [array for array in arrays if array.shape is None]
            hint = "its images lie in other files: inspect those that are linked" if away else NO_IMAGE
            return replace(several, notes=(hint,))
        command = _command("ingest", path, "--dataset", images[0].name, "--sample", "NAME")
        return replace(several, commands=(command,))
    described = _describe_image(path, image, stored_bytes)
    if len(described.shape) == 3:
        notes = (NEEDS_LAYOUT,)
    return replace(
        described, format="HDF5 of no known layout", datasets=arrays, notes=(*described.notes, *notes)
    )


def _ingest_commands(
    inspection: Inspection, layout_dataset: str | None = None, meaning: PixelMeaning | None = None
) -> tuple[str, ...]:
    """Suggest an ingest; what a layout found has to go along, since `ingest` knows no layouts."""
    dataset = layout_dataset or (inspection.reading.dataset if inspection.reading else None)
    options = [] if dataset in (None, ".") else ["--dataset", str(dataset)]
    if inspection.reading is not None and inspection.reading.channel is not None:
        options += ["--channel", inspection.reading.channel]
    if inspection.pixel_size_um is None:
        options += ["--pixel-size-nm", "NUMBER"]
    elif layout_dataset is not None:
        options += ["--pixel-size-nm", f"{inspection.pixel_size_um * 1000:.6g}"]
    if meaning is not None and meaning.source is not Source.IMAGE:
        phases = ",".join(f"{value}=PHASE" for value in meaning.values) or "*=PHASE"
        options = ["--as", meaning.source.value, "--phases", phases, *options]
    sample = dict(inspection.facts).get("sample", "NAME")
    return (_command("ingest", inspection.path, "--sample", sample, *options),)


def _stem(path: Path) -> str:
    return path.name.removesuffix(path.suffix).removesuffix(".ome") or "stack"


def _command(verb: str, path: Path, *options: str) -> str:
    return " ".join(["cathograph", verb, *(shlex.quote(part) for part in (str(path), *options))])


def _needs_energies(draft: Draft) -> str:
    return f"no energies ({draft.why_no_energies}); a stack over them needs `energies`"


def _signal_in_words(stack: BeamlineStack) -> str:
    if stack.signal is not Signal.COUNTS:
        return stack.signal.value
    beam = "no flats" if stack.flats is None else f"{stack.flats.count} flats"
    beam = "beam from an empty region" if stack.incident is not None else beam
    return f"counts, {beam}, {0 if stack.darks is None else stack.darks.count} darks"


def _without_path(path: Path, error: InputImageError) -> str:
    return str(error).removeprefix(f"{path}: ")
