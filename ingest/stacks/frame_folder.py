"""A folder with one file per photon energy: TIFF or XRM frames of the sample, with flats and darks among them.

So the scans of SSRL 6-2c and of many home-made scripts lie on disk. Which files are references is told by words in
their names (ref, flat, dark, …). The energy of a frame is the first of these that is there: a text file that the user
gives, one energy for each frame of the sample in the order of the names; the header, where it is not 0; the name, as in
``08324.0_eV``, ``8353_0eV``, ``8.333keV`` or, if each name has exactly one such number, ``8353.5``.

A flat goes with the frames of its own energy. Frames of one energy are not averaged: nobody said that they are alike.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cathograph.ingest.formats.content_kind import Kind, identify
from cathograph.ingest.formats.file_state import slices_in
from cathograph.ingest.formats.image_opening import open_stored
from cathograph.ingest.formats.opened_image import StoredImage
from cathograph.ingest.formats.slice_folder import SliceFolder
from cathograph.ingest.formats.stored_axes import PagesAs
from cathograph.ingest.options import Signal
from cathograph.ingest.stacks.draft import Draft
from cathograph.ingest.stacks.energies import StatedEnergies
from cathograph.ingest.stacks.frames import Frames, PagedFrames
from cathograph.ingest.stacks.metadata import BeamlineMetadata
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

FLAT_WORDS = frozenset(
    {"ref", "reference", "references", "flat", "flats", "openbeam", "background", "bkg", "white"}
)
"""Words in the name of a file that shows the beam alone."""

DARK_WORDS = frozenset({"dark", "darks", "darkfield"})
"""Words in the name of a file that was taken without beam."""

_EV = re.compile(r"(?<![\d.])(\d{3,6}(?:\.\d+|_\d{1,2})?)[_ ]?eV(?![a-z])", re.IGNORECASE)
_KEV = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d+)?)[_ ]?keV(?![a-z])", re.IGNORECASE)
_BARE = re.compile(r"(?<![\d.])(\d{3,6}\.\d+)(?![\d.])")
_SAME_EV = 0.05
_MOST_LISTED = 5


@dataclass(frozen=True)
class _File:
    """One file of the folder and the energy in eV that its header or name states; an XRM may name its sample."""

    name: str
    image: StoredImage
    energy_ev: float | None
    by_header: bool = False
    is_xrm: bool = False
    sample: str | None = None


def energy_in_name(name: str) -> float | None:
    """Read the photon energy in eV out of a file's name; None where there is none, or more than one.

    Examples
    --------
    >>> energy_in_name("rep01_000003_ref_1_ocv_08324.0_eV_001of001.xrm")
    8324.0
    >>> energy_in_name("scan_8353_0eV.tif"), energy_in_name("s_8.3535keV.tif"), energy_in_name("img_8353.5.tif")
    (8353.0, 8353.5, 8353.5)
    >>> energy_in_name("slice_0012.tif") is None
    True
    """
    stem = name.rpartition(".")[0] or name
    for pattern, factor in ((_EV, 1.0), (_KEV, 1e3), (_BARE, 1.0)):
        found = {round(float(text.replace("_", ".")) * factor, 6) for text in pattern.findall(stem)}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def open_frame_folder(path: Path, *, find_energies: bool) -> Draft:
    """Open a folder of frames.

    Parameters
    ----------
    path : Path
        Folder.
    find_energies : bool
        Look for energies in headers and names; else the user gives them.

    Raises
    ------
    InputImageError
        When a file cannot be read or has several pages, frames differ in size or type, no frame shows the sample, an
        energy is missing or there twice, or flats do not fit the energies.
    """
    files = [_open(path, name) for name in sorted(slices_in(path), key=str.casefold)]
    groups: dict[str, list[_File]] = {"sample": [], "flats": [], "darks": []}
    for file in files:
        groups[_role(file.name)].append(file)
    sample = groups["sample"]
    if not sample:
        msg = (
            f"{shown(path)}: found {len(files)} files, all of them references by their names; expected frames of the "
            f"sample as well. References are told by {', '.join(sorted(FLAT_WORDS | DARK_WORDS))}: rename the others."
        )
        raise InputImageError(msg)
    for file in files:
        _require_like(path, sample[0], file)
    energies = _energies(path, sample) if find_energies else None
    values = None if energies is None else energies.values
    flats = groups["flats"]
    first = sample[0].image
    counts = ", ".join(f"{len(group)} {role}" for role, group in groups.items() if group)
    return Draft(
        path=path,
        frames=_frames(path, sample),
        places=tuple(range(len(sample))),
        metadata=BeamlineMetadata(
            format=f"folder of one file per energy ({counts})",
            pixel_size_um=first.voxel.pixel_size_um,
            sample=sample[0].sample,
            notes=(
                *dict.fromkeys(note for file in files for note in file.image.notes),
                *(() if energies is None else (f"energies from {energies.source}",)),
            ),
        ),
        energies=energies,
        why_no_energies="neither headers nor names such as 08324.0_eV, 8353_0eV or 8353.5 state them",
        signal=Signal.COUNTS if flats or (sample[0].is_xrm and first.dtype.kind == "u") else None,
        flats=_frames(path, flats) if flats else None,
        flat_groups=_flats_of_energies(path, sample, flats) if flats and values is not None else None,
        darks=_frames(path, groups["darks"]) if groups["darks"] else None,
    )


def _open(path: Path, name: str) -> _File:
    file = path / name
    kind = identify(file)
    if kind is Kind.XRADIA:
        from cathograph.ingest.formats.xradia import open_xradia

        xrm = open_xradia(file)
        stated = float(xrm.energies[0]) if xrm.energies else 0.0
        _require_one(file, xrm)
        return _File(
            name,
            xrm,
            stated if stated > 0 else energy_in_name(name),
            stated > 0,
            True,
            xrm.texts.get("sample"),
        )
    image = open_stored(file, kind, dataset=None, pages_as=PagesAs.FRAMES)
    _require_one(file, image)
    return _File(name, image, energy_in_name(name))


def _require_one(file: Path, image: StoredImage) -> None:
    if len(image.shape) != 2:
        msg = (
            f"{shown(file)}: found an image of shape {image.shape}; expected one frame a file. Name that file itself "
            "if it is a whole stack."
        )
        raise InputImageError(msg)


def _role(name: str) -> str:
    words = set(re.split(r"[^a-z]+", name.rpartition(".")[0].casefold()))
    if words & DARK_WORDS:
        return "darks"
    return "flats" if words & FLAT_WORDS else "sample"


def _require_like(path: Path, first: _File, file: _File) -> None:
    for what, expected, found in (
        ("size", first.image.shape[-2:], file.image.shape[-2:]),
        ("type", first.image.dtype, file.image.dtype),
    ):
        if found != expected:
            msg = (
                f"{shown(path / file.name)}: found the {what} {found}; expected {expected} as in {first.name}. Move "
                "files that are no frames of this scan to another folder."
            )
            raise InputImageError(msg)


def _energies(path: Path, sample: Sequence[_File]) -> StatedEnergies | None:
    """Collect the energies of the sample's frames; None where no frame has one."""
    without = [file.name for file in sample if file.energy_ev is None]
    if len(without) == len(sample):
        return None
    if without:
        msg = (
            f"{shown(path)}: found no energy in {len(without)} of {len(sample)} frames ({_listed(without)}); expected "
            "one in each header or name. Move those that are no frames to another folder, or give all energies in a "
            "text file with `energies`, in the order of the names."
        )
        raise InputImageError(msg)
    by_energy: dict[float, list[str]] = {}
    for file in sample:
        if file.energy_ev is not None:
            by_energy.setdefault(file.energy_ev, []).append(file.name)
    twice = [(energy, names) for energy, names in by_energy.items() if len(names) > 1]
    if twice:
        energy, names = twice[0]
        msg = (
            f"{shown(path)}: found {len(names)} frames at {energy:g} eV ({_listed(names)}); expected one for each "
            "energy. Average them, or move one to another folder."
        )
        raise InputImageError(msg)
    by_header = all(file.by_header for file in sample)
    values = np.array([file.energy_ev for file in sample], dtype=np.float64)
    return StatedEnergies(values, None, "the files' headers" if by_header else "the files' names")


def _flats_of_energies(
    path: Path, sample: Sequence[_File], flats: Sequence[_File]
) -> tuple[tuple[int, ...], ...] | None:
    """Assign flats to frames by energy; None where flats have none, so that their number decides."""
    if all(flat.energy_ev is None for flat in flats):
        return None
    groups = tuple(
        tuple(
            place
            for place, flat in enumerate(flats)
            if flat.energy_ev is not None and abs(flat.energy_ev - (file.energy_ev or 0.0)) <= _SAME_EV
        )
        for file in sample
    )
    alone = [f"{file.energy_ev:g} eV" for file, group in zip(sample, groups, strict=True) if not group]
    if alone:
        msg = (
            f"{shown(path)}: found no flat at {len(alone)} of {len(sample)} energies ({_listed(alone)}); expected one "
            "for each. Give all flats in one file with `flats`, or leave those frames out."
        )
        raise InputImageError(msg)
    return groups


def _frames(path: Path, files: Sequence[_File]) -> Frames:
    images = tuple(file.image for file in files)
    return PagedFrames(path, SliceFolder(images, images[0].metadata, ()))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_LISTED]) + (" …" if len(names) > _MOST_LISTED else "")
