"""Open a stack of any beamline format: told by content, completed by what the user says, checked."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats.content_kind import Kind, identify
from cathograph.ingest.formats.field_rules import BOMB_RATIO
from cathograph.ingest.formats.hdf5_links import opened_hdf5
from cathograph.ingest.formats.image_opening import open_stored
from cathograph.ingest.formats.stored_axes import PagesAs
from cathograph.ingest.options import Region, Signal, StackOptions
from cathograph.ingest.stacks.data_exchange import is_data_exchange, open_data_exchange
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import order_energies, read_energy_table
from cathograph.ingest.stacks.frame_folder import open_frame_folder
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
from cathograph.ingest.stacks.raw_counts import require_no_counts
from cathograph.ingest.stacks.source_file import SourceFile
from cathograph.ingest.stacks.stack import BeamlineStack
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

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
    options
        As chosen.
    layout
        Which dataset is what, for HDF5 with a layout of its own; read from the file that the options name.
    """

    options: StackOptions = field(default_factory=StackOptions)
    layout: Layout | None = None

    @classmethod
    def of(cls, options: StackOptions, layout: Layout | None = None) -> "Given":
        """Read the layout that the options name, unless it is given.

        Raises
        ------
        InputImageError
            When it is no layout.
        """
        if layout is None and options.layout is not None:
            layout = read_layout(options.layout)
        if layout is None and options.dataset is not None:
            layout = Layout(frames=options.dataset)
        return cls(options, layout)

    @property
    def empty_region(self) -> Region | None:
        """(y_first, y_end, x_first, x_end): a part of the image with the beam alone."""
        if self.options.empty_region is None and self.layout is not None:
            return self.layout.empty_region
        return self.options.empty_region

    @property
    def largest_ratio(self) -> float:
        """How many times compressed data may expand."""
        return BOMB_RATIO if self.options.max_expansion is None else self.options.max_expansion


def open_beamline_stack(
    path: Path | str,
    layout: Layout | Path | None = None,
    **said: Any,  # noqa: ANN401  the model checks each value
) -> BeamlineStack:
    """Open a stack of images over photon energies; pixels are read when they are asked for.

    The format is told by content: TIFF and .npy with a list of energies beside them, HDF5 of FXI,
    Data Exchange, NXtomo, NXstxm or any layout, Xradia TXRM, Zarr and OME-Zarr, a folder of one file per energy.

    Parameters
    ----------
    path
        File, the folder of a Zarr store, or a folder with one TIFF or XRM per energy.
    layout
        For HDF5 of another layout: which dataset is what, or the YAML file that says so.
    **said
        The other fields of `cathograph.ingest.options.StackOptions`: `dataset`, `energies`, `energy_unit`,
        `values`, `flats`, `darks`, `empty_region`, `max_expansion`. They count before what the file says. TIFF,
        .npy, float XRM and Zarr do not say what their pixels are, and are then taken for absorbance, with a note.

    Returns
    -------
    BeamlineStack
        An `EnergyStack` with metadata.

    Raises
    ------
    InputError
        When an option cannot be meant.
    InputImageError
        When the file cannot be read as a stack, points out of itself, is still being written,
        has no energies or not as many as frames, or energies in a unit that nobody states.

    Notes
    -----
    Absorbance is −ln((sample − dark) / (flat − dark)), −ln of the transmission, or as stored.
    """
    if isinstance(layout, Path):
        said, layout = {**said, "layout": layout}, None
    return open_stack(Path(path), StackOptions(**said), layout)


def open_stack(path: Path, options: StackOptions, layout: Layout | None = None) -> BeamlineStack:
    """Open a stack as `open_beamline_stack`, with options that are read already."""
    layout_file = None if options.layout is None else SourceFile.at("layout", options.layout)
    given = Given.of(options, layout)
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
        msg = f"{shown(path)}: found a {kind} file with a layout; expected HDF5. Leave out `layout`."
        raise InputImageError(msg)
    if kind is Kind.SLICES:
        return open_frame_folder(path, find_energies=given.options.energies is None)
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
    return open_paged(path, kind, find_energies=given.options.energies is None)


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
    if given.options.energies is not None:
        stated = read_energy_table(given.options.energies)
    if stated is None:
        msg = (
            f"{shown(path)}: found no photon energies ({draft.why_no_energies}); expected one for each of "
            f"{n_frames} frames. Give them in a text file with `energies`."
        )
        raise InputImageError(msg)
    if given.options.energy_unit is not None:
        stated = replace(stated, unit=given.options.energy_unit, unit_by_layout=False)
    ordered = order_energies(path, stated, n_frames=n_frames)
    notes = [*draft.metadata.notes, *ordered.notes]
    signal = given.options.values or draft.signal
    beside = [
        SourceFile.at(role, other)
        for role, other in (("flats", given.options.flats), ("darks", given.options.darks))
        if other is not None
    ]
    flats, darks = _references(draft, given, n_frames)
    if signal is None and flats is None and given.empty_region is None:
        require_no_counts(path, draft.frames, draft.places[len(draft.places) // 2])
        signal = Signal.ABSORBANCE
        notes.append("the file does not say what its pixels are; taken for absorbance (`values`)")
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
            f"NXtomo or NXstxm. Name its datasets in a YAML file, `layout` ({EXAMPLE})."
        )
        raise InputImageError(msg)
    return reader(path, largest_ratio=largest_ratio)


def _references(
    draft: Draft, given: Given, n_frames: int
) -> tuple[FramesReference | None, FramesReference | None]:
    flats = darks = None
    if given.options.flats is not None:
        flats = flats_of(given.options.flats, _other_frames(given.options.flats, draft, given), n_frames)
    elif draft.flats is not None:
        groups = draft.flat_groups
        flats = (
            flats_of(draft.path, draft.flats, n_frames)
            if groups is None
            else FramesReference(draft.flats, groups)
        )
    if given.options.darks is not None:
        darks = darks_of(_other_frames(given.options.darks, draft, given), n_frames)
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
    return PagedFrames(path, open_stored(path, kind, dataset=None, pages_as=PagesAs.FRAMES))


def _refuse_contradictions(path: Path, given: Given, signal: Signal, *, has_flats: bool) -> None:
    """Refuse what would be left unused without a word."""
    said = {
        "`flats`": given.options.flats,
        "`darks`": given.options.darks,
        "`empty_region`": given.empty_region,
    }
    names = " and ".join(name for name, value in said.items() if value is not None)
    if names and signal is not Signal.COUNTS:
        msg = (
            f"{shown(path)}: found {names} for pixels that are {signal}; expected counts, the only ones to be "
            f"divided by a beam. Leave out {names}, or correct `values`."
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
