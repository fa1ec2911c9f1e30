"""A folder of single slices as one volume: TIFF or PNG files, one slice each, as reconstruction programs save them.

Slices are put in the order of the numbers in their names, so slice 10 comes after slice 9. Hidden
files and files of other kinds are passed over and counted; what would make a wrong volume
is refused: two kinds of slices, slices of different shape, type or pixel size, two of one number.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from cathograph.ingest.formats.field_rules import Field
from cathograph.ingest.formats.file_state import slices_in
from cathograph.ingest.formats.opened_image import StoredImage
from cathograph.ingest.formats.pixel_size import Voxel
from cathograph.ingest.formats.stored_axes import PagesAs
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

MOST_LISTED = 10


@dataclass(frozen=True)
class SliceFolder:
    """Slices that fit together; see `StoredImage`."""

    slices: tuple[StoredImage, ...]
    metadata: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(slices, y, x)."""
        return (len(self.slices), *self.slices[0].shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of every slice."""
        return self.slices[0].dtype

    @property
    def voxel(self) -> Voxel:
        """That of the slices; their distance is not stated."""
        return self.slices[0].voxel

    @property
    def channel(self) -> str | None:
        """The channel that was chosen in every slice."""
        return self.slices[0].channel

    @property
    def black_value(self) -> int | None:
        """Value that is black in every slice where 0 is white."""
        return self.slices[0].black_value

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield slices `start` to `stop` (excluded) as 2D arrays."""
        for each in self.slices[start:stop]:
            yield from each.fields(0, 1)


def open_slices(path: Path, open_one: Callable[[Path], StoredImage], *, pages_as: PagesAs) -> SliceFolder:
    """Open every slice of a folder, without decoding grey pixels, and check that they are one volume.

    Parameters
    ----------
    path
        Folder.
    open_one
        Opens one slice.
    pages_as
        What they are wanted for; they are only read as a volume.

    Raises
    ------
    InputImageError
        When no volume is wanted, slices are of two kinds, a file has several pages, slices
        differ in shape, type or pixel size, or two have the same number.
    """
    names = sorted(slices_in(path), key=_natural)
    kinds = {Path(name).suffix.casefold().replace("tiff", "tif") for name in names}
    if len(kinds) > 1:
        msg = (
            f"{shown(path)}: found slices of several kinds ({', '.join(sorted(kinds))}); expected one. Move the others "
            "to a folder of their own."
        )
        raise InputImageError(msg)
    if pages_as is not PagesAs.VOLUME:
        msg = (
            f"{shown(path)}: found a folder of {len(names)} slices; expected an image file. Give `volume` to read them "
            "as one volume, or name the files to read each as an image."
        )
        raise InputImageError(msg)
    numbering = _numbering(path, names)
    slices = tuple(open_one(path / name) for name in names)
    for name, each in zip(names, slices, strict=True):
        _require_like(path, names[0], slices[0], name, each)
    others = sum(1 for inner in path.iterdir() if inner.name not in set(names))
    passed_over = (f"{others} other or hidden entries of the folder are passed over",) if others else ()
    metadata = {
        **slices[0].metadata,
        "format": f"folder of {len(names)} slices, {slices[0].metadata.get('format', 'image')}",
        "pages": str(len(names)),
        "slices": f"{shown(Path(names[0]))} to {shown(Path(names[-1]))}",
    }
    notes = dict.fromkeys(note for each in slices for note in each.notes)
    return SliceFolder(slices, metadata, (*numbering, *passed_over, *notes))


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Order by numbers where names have them: 9 before 10.

    Examples
    --------
    >>> sorted(["r_10.tif", "r_9.tif"], key=_natural)
    ['r_9.tif', 'r_10.tif']
    """
    parts = re.findall(r"(\d+)|(\D+)", name.casefold())
    return [(int(digits or -1), text) for digits, text in parts], name


def _numbering(path: Path, names: list[str]) -> tuple[str, ...]:
    """Say which numbers are missing among the slices, or that names have none."""
    found = [re.fullmatch(r"(.*?)(\d+)\D*", Path(name).stem, re.DOTALL) for name in names]
    numbered = [each for each in found if each is not None]
    if len(numbered) < len(names) or len({each[1] for each in numbered}) > 1:
        return ("names of slices differ in more than a number; they are in the order of their names",)
    numbers = [int(each[2]) for each in numbered]
    twice = [number for number, after in pairwise(numbers) if number == after]
    if twice:
        msg = (
            f"{shown(path)}: found two slices of number {twice[0]}; expected each once. Move one of them to another "
            "folder."
        )
        raise InputImageError(msg)
    gone = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers)) if _few(numbers) else []
    if not gone and numbers[-1] - numbers[0] + 1 == len(numbers):
        return ()
    listed = ", ".join(map(str, gone[:MOST_LISTED])) + (" …" if len(gone) > MOST_LISTED else "")
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    return (
        f"missing slices between {numbers[0]} and {numbers[-1]}: {missing}{f' ({listed})' if listed else ''}; the "
        "slices on both sides are taken as neighbours",
    )


def _few(numbers: list[int]) -> bool:
    """Tell whether the numbers between first and last can be listed; dates as numbers cannot."""
    return numbers[-1] - numbers[0] < 100 * len(numbers)


def _require_like(path: Path, first_name: str, first: StoredImage, name: str, each: StoredImage) -> None:
    if len(each.shape) != 2:
        msg = (
            f"{shown(path / name)}: found {each.shape[0]} pages; expected one slice a file in a folder that is read "
            "as a volume. Ingest that file by itself with `volume`."
        )
        raise InputImageError(msg)
    facts = {
        "shape": (each.shape, first.shape),
        "type": (each.dtype, first.dtype),
        "pixel size": (each.voxel.pixel_size_um, first.voxel.pixel_size_um),
        "black value": (each.black_value, first.black_value),
    }
    for what, (found, expected) in facts.items():
        if found != expected:
            msg = (
                f"{shown(path / name)}: found the {what} {found}; expected {expected} as in {first_name}. Move files "
                "that are no slices of this volume to another folder."
            )
            raise InputImageError(msg)
