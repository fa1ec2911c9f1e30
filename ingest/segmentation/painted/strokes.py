"""Strokes: a label image with 0 = not painted, and a phase map for its other values.

Anything that writes a label image can paint: napari, Fiji, an export of ilastik. `read_paintings` opens images and
their strokes and pairs them page by page.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.formats import open_image
from cathograph.ingest.phase_maps import PhaseMap, apply_phase_map, read_phase_map
from cathograph.ingest.segmentation.segmenter import check_image
from cathograph.schema.composites import Composite
from cathograph.schema.errors import InputImageError, PhaseMapError, SegmentationError
from cathograph.schema.keys import hash_pixels

NOT_PAINTED = 255
"""In `Painting.codes`; no phase has this code."""
_ENDING = "_strokes"


@dataclass(frozen=True, eq=False)
class Painting:
    """An image and what was painted on it.

    Attributes
    ----------
    name : str
        Of the image, for messages.
    grey : array, shape (y, x) or (z, y, x)
        Grey values.
    codes : uint8 array, shape of `grey`
        `Phase.code` where painted, else `NOT_PAINTED`.
    """

    name: str
    grey: NDArray[Any]
    codes: NDArray[np.uint8]

    @property
    def sha256(self) -> str:
        """Hash of the grey values and of what was painted on them."""
        parts = f"{hash_pixels(self.grey)}{hash_pixels(self.codes)}"
        return hashlib.sha256(parts.encode()).hexdigest()


def read_strokes_map(phases: str, composite: Composite) -> PhaseMap:
    """Read what the values of strokes mean.

    Parameters
    ----------
    phases : str
        As for `ingest`, as in ``1=NMC,2=SSE``; 0 is not painted and names no phase.
    composite : Composite
        Whose phases they are.

    Raises
    ------
    PhaseMapError
        When it names a phase that the composite lacks, or a phase for 0.
    """
    found = read_phase_map(phases, composite)
    if 0 in found or found.rest is not None:
        msg = (
            f"Found the phases {found.canonical()} for strokes; expected a phase for each painted value, and none for "
            "0, which means not painted. Leave 0 and * out."
        )
        raise PhaseMapError(msg)
    return found


def painting_of(
    name: str, grey: NDArray[Any], strokes: NDArray[Any], phase_map: Mapping[int, Any]
) -> Painting:
    """Pair an image with its strokes.

    Parameters
    ----------
    name : str
        Of the image, for messages.
    grey : array, shape (y, x) or (z, y, x)
        Grey values.
    strokes : array, shape of `grey`
        Whole numbers: 0 where nothing was painted, else a value of the map.
    phase_map : PhaseMap
        From `read_strokes_map`.

    Raises
    ------
    InputImageError
        When the shapes differ, or either is no image.
    PhaseMapError
        When a painted value is not in the map.
    """
    check_image(grey)
    if strokes.shape != grey.shape:
        msg = (
            f"{name}: found strokes of shape {strokes.shape} for an image of shape {grey.shape}; expected equal ones. "
            "Give the strokes that were painted on this image."
        )
        raise InputImageError(msg)
    painted = strokes != 0
    codes = np.full(grey.shape, NOT_PAINTED, np.uint8)
    if painted.any():
        codes[painted] = apply_phase_map(strokes[painted][np.newaxis], PhaseMap(phase_map))[0]
    return Painting(name, grey, codes)


def read_paintings(
    pairs: Sequence[tuple[Path, Path]],
    phases: str,
    composite: Composite,
    *,
    dataset: str | None = None,
    volume: bool = False,
    channel: str | None = None,
) -> list[Painting]:
    """Read images and the strokes on them, file by file and page by page.

    Parameters
    ----------
    pairs : sequence of (Path, Path)
        An image and its strokes each, from `match_strokes`.
    phases : str
        What the painted values mean; see `read_strokes_map`.
    composite : Composite
        Whose phases they are.
    dataset : str, optional
        Path of the array inside an HDF5 file or a Zarr store of an image.
    volume : bool
        A stack is one volume.
    channel : str, optional
        Number or name of the channel of an image, where there are several.

    Raises
    ------
    InputImageError
        When pages do not match.
    PhaseMapError
        When phases and strokes do not fit.
    """
    phase_map = read_strokes_map(phases, composite)
    found = []
    for image, painted in pairs:
        file = open_image(image, dataset=dataset, volume=volume, channel=channel)
        grey = [file.as_seen(page) for page in file.pages]
        pages = open_image(painted, volume=volume).pages
        if len(grey) != len(pages):
            msg = (
                f"{painted}: found {len(pages)} pages of strokes for {len(grey)} pages of {image.name}; expected "
                "as many. Leave a page empty where nothing is painted."
            )
            raise InputImageError(msg)
        for number, (one, on_it) in enumerate(zip(grey, pages, strict=True)):
            name = image.name if len(grey) == 1 else f"{image.name}#{number}"
            found.append(painting_of(name, np.asarray(one), np.asarray(on_it), phase_map))
    return found


def match_strokes(images: Sequence[Path], strokes: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Find the image that each file of strokes was painted on.

    A folder stands for the files in it that carry the name of an image: ``raw.tif`` has the strokes ``raw.*`` or
    ``raw_strokes.*``. As many files as images belong together in their order; fewer are matched by their names.

    Parameters
    ----------
    images : sequence of Path
        Image files; those without strokes are left out of the answer.
    strokes : sequence of Path
        Files of strokes, or one folder.

    Raises
    ------
    InputImageError
        When a file of strokes has no image, an image has several, or a folder has none.
    """
    in_folder = len(strokes) == 1 and strokes[0].is_dir()
    if not in_folder and len(strokes) == len(images):
        return list(zip(images, strokes, strict=True))
    files = sorted(path for path in strokes[0].iterdir() if path.is_file()) if in_folder else list(strokes)
    found: dict[Path, Path] = {}
    for image in images:
        own = [
            each for each in files if each.stem in (image.stem, f"{image.stem}{_ENDING}") and each != image
        ]
        if len(own) > 1:
            msg = (
                f"Found {len(own)} files of strokes for {image.name} ({', '.join(each.name for each in own)}); "
                "expected one. Remove the others."
            )
            raise InputImageError(msg)
        if own:
            found[image] = own[0]
    lost = [] if in_folder else [each.name for each in files if each not in found.values()]
    if lost or not found:
        what = f"strokes {', '.join(lost)}" if lost else f"no strokes in {strokes[0]}"
        msg = (
            f"Found {what} for {len(images)} image{'' if len(images) == 1 else 's'}; expected the name of an image, "
            f"with or without {_ENDING}. Rename them, or give one file for each image in the order of the images."
        )
        raise InputImageError(msg)
    return list(found.items())


def require_phases(paintings: Sequence[Painting]) -> None:
    """Refuse paintings of fewer than two phases.

    Raises
    ------
    SegmentationError
        When fewer than two phases are painted.
    """
    seen: set[int] = set()
    for painting in paintings:
        seen.update(np.unique(painting.codes).tolist())
    refuse_few_phases(len(seen - {NOT_PAINTED}))


def refuse_few_phases(number: int) -> None:
    """Refuse fewer than two painted phases.

    Raises
    ------
    SegmentationError
        When there are fewer.
    """
    if number < 2:
        msg = (
            f"Found strokes of {number} phase{'' if number == 1 else 's'}; expected two or more, because a "
            "classifier learns what sets them apart. Paint another phase."
        )
        raise SegmentationError(msg)
