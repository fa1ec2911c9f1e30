"""Open a stack of any beamline format: told by content, completed by what the user says, checked."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.content_kind import Kind, identify
from cathograph.ingest.formats.field_rules import BOMB_RATIO
from cathograph.ingest.formats.file_state import shown
from cathograph.ingest.formats.hdf5 import opened_hdf5
from cathograph.ingest.formats.image_opening import open_stored
from cathograph.ingest.stacks.data_exchange import is_data_exchange, open_data_exchange
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import order_energies, read_energy_table
from cathograph.ingest.stacks.frames import (
    Frames,
    FramesReference,
    PagedFrames,
    darks_of,
    flats_of,
    open_hdf5_frames,
)
from cathograph.ingest.stacks.fxi import is_fxi, open_fxi
from cathograph.ingest.stacks.hdf5_layout import open_by_layout
from cathograph.ingest.stacks.layout import EXAMPLE, Layout, read_layout
from cathograph.ingest.stacks.nexus_stxm import is_nexus_stxm, open_nexus_stxm
from cathograph.ingest.stacks.nexus_tomo import is_nexus_tomo, open_nexus_tomo
from cathograph.ingest.stacks.paged import open_paged
from cathograph.ingest.stacks.source_file import SourceFile
from cathograph.ingest.stacks.stack import BeamlineStack, Signal
from cathograph.schema.errors import InputImageError

Region = tuple[int, int, int, int]
HDF5_READERS = (
    (is_fxi, open_fxi),
    (is_data_exchange, open_data_exchange),
    (is_nexus_stxm, open_nexus_stxm),
    (is_nexus_tomo, open_nexus_tomo),
)


@dataclass(frozen=True)
class Given:
    """What the user says about a stack, in place of what the file says.

    Attributes
    ----------
    layout
        Which dataset is what, for HDF5 of a layout of its own.
    energies
        Text file of energies.
    energy_unit
        ``eV`` or ``keV``.
    values
        What the pixels are.
    flats, darks
        Files with images of the beam alone, and without it.
    empty_region
        (y_first, y_end, x_first, x_end): a part of the image with the beam alone.
    largest_ratio
        How many times compressed data may expand.
    """

    layout: Layout | None = None
    energies: Path | None = None
    energy_unit: str | None = None
    values: Signal | None = None
    flats: Path | None = None
    darks: Path | None = None
    empty_region: Region | None = None
    largest_ratio: float = BOMB_RATIO


def open_beamline_stack(
    path: Path | str,
    layout: Layout | Path | None = None,
    *,
    energies: Path | None = None,
    energy_unit: str | None = None,
    values: Signal | str | None = None,
    flats: Path | None = None,
    darks: Path | None = None,
    empty_region: Region | None = None,
    largest_ratio: float = BOMB_RATIO,
) -> BeamlineStack:
    """Open a stack of images over photon energies; pixels are read when they are asked for.

    The format is told by content: TIFF and .npy with a list of energies beside them, HDF5 of FXI,
    Data Exchange, NXtomo, NXstxm or any layout, Xradia TXRM, Zarr and OME-Zarr.

    Parameters
    ----------
    path
        File, or the folder of a Zarr store.
    layout
        For HDF5 of another layout: which dataset is what, or the YAML file that says so.
    energies
        Text file of photon energies, one a line; wins over those of the file.
    energy_unit
        ``"eV"`` or ``"keV"``; wins over what the file says.
    values
        What the pixels are, ``"absorbance"``, ``"transmission"`` or ``"counts"``; wins over the format.
        TIFF, .npy, float XRM and Zarr do not say, and are then taken for absorbance, with a note.
    flats, darks
        Files with images of the beam alone, and without it, for counts.
    empty_region
        (y_first, y_end, x_first, x_end) where the beam passes no sample; in place of flats.
    largest_ratio
        How many times compressed data may expand before they are taken for a bomb.

    Returns
    -------
    BeamlineStack
        An `EnergyStack` with metadata.

    Raises
    ------
    InputImageError
        When the file cannot be read as a stack, points out of itself, is still being written,
        has no energies or not as many as frames, or energies in a unit that nobody states.

    Notes
    -----
    Absorbance is −ln((sample − dark) / (flat − dark)), −ln of the transmission, or as stored.
    """
    path = Path(path)
    layout_file = None
    if isinstance(layout, Path):
        layout_file = SourceFile.at("layout", layout)
        layout = read_layout(layout)
    given = Given(
        layout=layout,
        energies=energies,
        energy_unit=energy_unit,
        values=None if values is None else as_signal(path, values),
        flats=flats,
        darks=darks,
        empty_region=empty_region or (None if layout is None else layout.empty_region),
        largest_ratio=largest_ratio,
    )
    file = SourceFile.at("stack", path)
    stack = complete(open_draft(path, given), given, file=file)
    return stack if layout_file is None else replace(stack, sources=(*stack.sources, layout_file))


def open_draft(path: Path, given: Given) -> Draft:
    """Open a file with the reader of its format.

    Raises
    ------
    InputImageError
        When no reader knows the content, or the one that does refuses it.
    """
    kind = identify(path)
    if given.layout is not None and kind is not Kind.HDF5:
        msg = f"{shown(path)}: found a {kind} file with a layout; expected HDF5. Leave out --layout."
        raise InputImageError(msg)
    if kind is Kind.HDF5:
        if given.layout is not None:
            return open_by_layout(path, given.layout, largest_ratio=given.largest_ratio)
        return _open_known_hdf5(path, largest_ratio=given.largest_ratio)
    if kind is Kind.XRADIA:
        from cathograph.ingest.stacks.xradia_stack import open_xradia_stack

        return open_xradia_stack(path)
    if kind is Kind.ZARR:
        from cathograph.ingest.stacks.zarr_stack import open_zarr_stack

        return open_zarr_stack(path, largest_ratio=given.largest_ratio)
    return open_paged(path, kind, find_energies=given.energies is None)


def complete(draft: Draft, given: Given, *, file: SourceFile) -> BeamlineStack:
    """Make a stack of a draft, its file and what the user says, or tell what is missing.

    Raises
    ------
    InputImageError
        When energies are missing or do not fit, flats, darks or the empty region do not, or they are
        given for pixels that are not counts.
    """
    path, n_frames = draft.path, len(draft.places)
    stated = draft.energies
    if given.energies is not None:
        stated = read_energy_table(given.energies)
    if stated is None:
        msg = (
            f"{shown(path)}: found no photon energies ({draft.why_no_energies}); expected one for each of "
            f"{n_frames} frames. Give them in a text file: --energies FILE."
        )
        raise InputImageError(msg)
    if given.energy_unit is not None:
        stated = replace(stated, unit=given.energy_unit, unit_by_layout=False)
    ordered = order_energies(path, stated, n_frames=n_frames)
    notes = [*draft.metadata.notes, *ordered.notes]
    signal = given.values or draft.signal
    beside = [
        SourceFile.at(role, other)
        for role, other in (("flats", given.flats), ("darks", given.darks))
        if other is not None
    ]
    flats, darks = _references(draft, given, n_frames)
    if signal is None and flats is None and given.empty_region is None:
        signal = Signal.ABSORBANCE
        notes.append("the file does not say what its pixels are; taken for absorbance (--values)")
    signal = signal or Signal.COUNTS
    _refuse_contradictions(path, given, signal, has_flats=flats is not None)
    stack = BeamlineStack(
        path=path,
        sources=(file, *([] if stated.file is None else [stated.file]), *beside),
        energies_ev=ordered.energies_ev,
        frames=draft.frames,
        order=tuple(draft.places[place] for place in ordered.order),
        signal=signal,
        metadata=replace(draft.metadata, notes=tuple(notes)),
        flats=None if flats is None else flats.in_order(ordered.order),
        darks=None if darks is None else darks.in_order(ordered.order),
    )
    if given.empty_region is None:
        return stack
    return replace(stack, incident=_incident(stack, given.empty_region), empty_region=given.empty_region)


def knows_hdf5(path: Path) -> bool:
    """Tell whether an HDF5 file has one of the known layouts.

    Raises
    ------
    InputImageError
        When it cannot be opened.
    """
    with opened_hdf5(path) as file:
        return any(knows(file) for knows, _ in HDF5_READERS)


def _open_known_hdf5(path: Path, *, largest_ratio: float) -> Draft:
    with opened_hdf5(path) as file:
        reader = next((reader for knows, reader in HDF5_READERS if knows(file)), None)
        names = ", ".join(list(file)[:8]) or "nothing"
    if reader is None:
        msg = (
            f"{shown(path)}: found HDF5 of no known layout (holds {names}); expected FXI, Data Exchange, "
            f"NXtomo or NXstxm. Name its datasets in a YAML file, --layout FILE ({EXAMPLE})."
        )
        raise InputImageError(msg)
    return reader(path, largest_ratio=largest_ratio)


def _references(
    draft: Draft, given: Given, n_frames: int
) -> tuple[FramesReference | None, FramesReference | None]:
    flats = darks = None
    if given.flats is not None:
        flats = flats_of(given.flats, _other_frames(given.flats, draft, given), n_frames)
    elif draft.flats is not None:
        groups = draft.flat_groups
        flats = (
            flats_of(draft.path, draft.flats, n_frames)
            if groups is None
            else FramesReference(draft.flats, groups)
        )
    if given.darks is not None:
        darks = darks_of(_other_frames(given.darks, draft, given), n_frames)
    elif draft.darks is not None:
        groups = draft.dark_groups
        darks = darks_of(draft.darks, n_frames) if groups is None else FramesReference(draft.darks, groups)
    for name, other in (("flats", flats), ("darks", darks)):
        if other is not None and other.frames.shape[1:] != draft.frames.shape[1:]:
            sizes = ["×".join(map(str, frames.shape[1:])) for frames in (other.frames, draft.frames)]
            msg = (
                f"{shown(draft.path)}: found {name} of {sizes[0]} pixels for images of {sizes[1]}; expected "
                "the same size. Give those of this scan."
            )
            raise InputImageError(msg)
    return flats, darks


def _other_frames(path: Path, draft: Draft, given: Given) -> Frames:
    """Open a file of flats or darks: the dataset of the layout, or the only image; no energies needed."""
    if path.resolve() == draft.path.resolve():
        msg = f"{shown(path)}: found the stack itself as flats or darks; expected another file."
        raise InputImageError(msg)
    kind = identify(path)
    if kind is Kind.HDF5 and given.layout is not None:
        return open_hdf5_frames(path, given.layout.frames, largest_ratio=given.largest_ratio)
    return PagedFrames(path, open_stored(path, kind, dataset=None, volume=True))


def _refuse_contradictions(path: Path, given: Given, signal: Signal, *, has_flats: bool) -> None:
    """Refuse what would be left unused without a word."""
    said = {
        "--flats": given.flats,
        "--darks": given.darks,
        "an empty region": given.empty_region,
    }
    names = " and ".join(name for name, value in said.items() if value is not None)
    if names and signal is not Signal.COUNTS:
        msg = (
            f"{shown(path)}: found {names} for pixels that are {signal}; expected counts, the only ones to be "
            f"divided by a beam. Leave out {names}, or correct --values."
        )
        raise InputImageError(msg)
    if given.empty_region is not None and has_flats:
        msg = (
            f"{shown(path)}: found flats and an empty region; expected one measure of the beam. Leave out "
            "one or the other."
        )
        raise InputImageError(msg)


def _incident(stack: BeamlineStack, region: Region) -> NDArray[np.float64]:
    """Return the mean counts in an empty part of each frame, dark subtracted."""
    y_first, y_end, x_first, x_end = region
    _, height, width = stack.shape
    if not (0 <= y_first < y_end <= height and 0 <= x_first < x_end <= width):
        msg = (
            f"{shown(stack.path)}: found the empty region {list(region)}; expected [y_first, y_end, x_first, "
            f"x_end] within {height}×{width} pixels. Correct it."
        )
        raise InputImageError(msg)
    means = np.empty(stack.shape[0])
    for energy, place in enumerate(stack.order):
        counts = stack.frames.read([place], y_first, y_end)[0, :, x_first:x_end].astype(np.float64)
        if stack.darks is not None:
            counts -= stack.darks.read([energy], y_first, y_end)[0, :, x_first:x_end]
        means[energy] = np.nanmean(counts) if np.isfinite(counts).any() else 0.0
    if np.any(means <= 0):
        energy_ev = float(stack.energies_ev[np.argmax(means <= 0)])
        msg = (
            f"{shown(stack.path)}: found no counts in the empty region at {energy_ev:g} eV; expected the beam "
            "there at every energy. Choose another region."
        )
        raise InputImageError(msg)
    return means


def as_signal(path: Path, values: Signal | str) -> Signal:
    """Return what the user calls the pixels.

    Raises
    ------
    InputImageError
        When it is none of the three.
    """
    try:
        return Signal(values)
    except ValueError as error:
        kinds = ", ".join(one.value for one in Signal)
        msg = f"{shown(path)}: found --values {values!r}; expected one of {kinds}."
        raise InputImageError(msg) from error
