"""Pairs of a grey image and its mask, found in a folder and checked against each other.

Two layouts: ``images/N.*`` beside ``masks/N.*``, or ``N.*`` beside ``N_label.*`` or ``N_mask.*`` in one folder.
Pages of a stack are pairs of their own, ``N#0``, ``N#1``, …, and share a group: neighbouring slices look alike,
so a split must never separate them. A table may name other groups.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats import ImageFile, open_image
from cathograph.ingest.phase_maps import PhaseMap, apply_phase_map
from cathograph.ingest.segmentation.segmenter import check_image
from cathograph.schema.errors import InputError, InputImageError, PhaseMapError

MASK_ENDINGS = ("_label", "_mask")
GROUP_HEADER = ["image", "group"]


@dataclass(frozen=True, eq=False)
class Pair:
    """One field of view: a grey image and the phase of each pixel.

    Attributes
    ----------
    name : str
        Name of the image, with the page where the file has several.
    group : str
        What must stay together in a split.
    grey : array, (y, x)
        Grey values as in the file.
    phases : uint8 array, (y, x)
        `Phase.code` of each pixel.
    sha256 : str
        Hashes of both files, joined by a plus sign.
    """

    name: str
    group: str
    grey: NDArray[Any]
    phases: NDArray[np.uint8]
    sha256: str


def read_pairs(folder: Path, phase_map: PhaseMap, *, groups: Path | None = None) -> list[Pair]:
    """Read all pairs of a folder.

    Parameters
    ----------
    folder : Path
        Folder of the files.
    phase_map : PhaseMap
        What the values of the masks mean.
    groups : Path, optional
        Table ``image,group``; without it, each file is its own group.

    Returns
    -------
    list of Pair
        By name.

    Raises
    ------
    InputError
        When there are no pairs, or the table does not name each image once.
    InputImageError
        When an image cannot be read, has NaN, or its mask has another shape.
    PhaseMapError
        When a mask holds a value that the phase map does not name.
    """
    files = find_pairs(folder)
    table = None if groups is None else _read_groups(groups)
    if table is not None:
        missing = sorted(name for name, _, _ in files if name not in table)
        if missing:
            msg = f"{groups}: found no group for {', '.join(missing[:10])}; expected one for each image. Add them."
            raise InputError(msg)
    pairs: list[Pair] = []
    for name, image_path, mask_path in files:
        image, mask = open_image(image_path), open_image(mask_path)
        pairs.extend(_pages(name, name if table is None else table[name], image, mask, phase_map))
    return pairs


def find_pairs(folder: Path) -> list[tuple[str, Path, Path]]:
    """Find (name, image, mask) in a folder, by name.

    Raises
    ------
    InputError
        When there are none, or a name is there twice.
    """
    if (folder / "images").is_dir() and (folder / "masks").is_dir():
        images, masks = _by_stem(folder / "images"), _by_stem(folder / "masks")
    else:
        found = _by_stem(folder) if folder.is_dir() else {}
        masks = {
            stem.removesuffix(ending): path
            for stem, path in found.items()
            for ending in MASK_ENDINGS
            if stem.endswith(ending)
        }
        images = {stem: path for stem, path in found.items() if not stem.endswith(MASK_ENDINGS)}
    names = sorted(images.keys() & masks.keys())
    if not names:
        msg = (
            f"Found no pairs of image and mask in {folder}; expected images/N.tif with masks/N.tif, or N.tif with "
            "N_label.tif. Check the folder."
        )
        raise InputError(msg)
    return [(name, images[name], masks[name]) for name in names]


def _by_stem(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() in (
            "",
            ".csv",
            ".json",
            ".md",
            ".txt",
            ".yaml",
            ".yml",
        ):
            continue
        if path.stem in found:
            both = f"{found[path.stem].name} and {path.name}"
            msg = f"Found both {both} in {folder}; expected each name once. Rename one."
            raise InputError(msg)
        found[path.stem] = path
    return found


def _pages(name: str, group: str, image: ImageFile, mask: ImageFile, phase_map: PhaseMap) -> Sequence[Pair]:
    if image.shape != mask.shape:
        msg = (
            f"{mask.path}: found a mask of {' × '.join(map(str, mask.shape))} pixels for an image of "
            f"{' × '.join(map(str, image.shape))}; expected equal shapes. Give the mask of that image."
        )
        raise InputImageError(msg)
    pairs = []
    for index, (stored, values) in enumerate(zip(image.pages, mask.pages, strict=True)):
        grey = image.as_seen(stored)
        try:
            check_image(grey)
            phases = apply_phase_map(values, phase_map)
        except PhaseMapError as error:
            msg = f"{mask.path}: {error}"
            raise PhaseMapError(msg) from error
        except InputImageError as error:
            msg = f"{image.path}: {error}"
            raise InputImageError(msg) from error
        of_page = name if len(image.pages) == 1 else f"{name}#{index}"
        pairs.append(Pair(of_page, group, grey, phases, f"{image.sha256}+{mask.sha256}"))
    return pairs


def _read_groups(path: Path) -> dict[str, str]:
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: found no readable table ({error}); expected CSV with the columns image,group. Check the path."
        raise InputError(msg) from error
    if not rows or [cell.strip().casefold() for cell in rows[0]] != GROUP_HEADER:
        msg = f"{path}: found the header {','.join(rows[0]) if rows else ''!r}; expected 'image,group'. Correct it."
        raise InputError(msg)
    table: dict[str, str] = {}
    for number, row in enumerate(rows[1:], 2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != len(GROUP_HEADER) or not all(cells) or cells[0] in table:
            msg = f"{path}, line {number}: found {','.join(row)!r}; expected image,group, each image once. Correct it."
            raise InputError(msg)
        table[cells[0]] = cells[1]
    return table
