"""Points at random for a blind spot check: drawn on a stored image, shown without its segmentation, named by a person.

Whoever sees the result agrees with it too often. So the pictures show grey values alone, and the table that the person
fills in has no phases. Each row carries the hash of the pixels, so a table is not read for another image.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.analysis.statistics.spot_check import SpotCheckResult, judge_points
from cathograph.ingest.reading import grey_of, segmented
from cathograph.ingest.segmentation.grey_scale import find_grey_scale
from cathograph.ingest.segmentation.segmenter import Segmenter
from cathograph.ingest.stored.stored_image import StoredRegions
from cathograph.schema.errors import InputError
from cathograph.schema.keys import canonical_json

POINTS = 30
"""How many are drawn unless another number is asked for."""
TABLE = "points.csv"
"""Name of the table to fill in."""
PICTURES = "points.png"
"""Name of the sheet of pictures."""
HEADER = ("point", "z", "y", "x", "phase", "image_sha256")
"""Columns of the table; z is empty in 2D."""
_HALF_PX = 32
_COLUMNS = 6
_MARK_PX = (4, 12)
"""From where to where the cross around a point goes: the point itself stays in sight."""


@dataclass(frozen=True)
class NamedPoints:
    """Points that a person named.

    Attributes
    ----------
    places : tuple of tuple of int
        (y, x) or (z, y, x) of each.
    phases : tuple of str
        What the person saw there.
    """

    places: tuple[tuple[int, ...], ...]
    phases: tuple[str, ...]


def draw_points(shape: tuple[int, ...], number: int, seed: int) -> list[tuple[int, ...]]:
    """Draw different pixels with equal probability.

    Parameters
    ----------
    shape : tuple of int
        Of the image.
    number : int
        How many.
    seed : int
        The same seed draws the same points.

    Raises
    ------
    InputError
        When the image has fewer pixels.
    """
    pixels = int(np.prod(shape))
    if number > pixels:
        msg = f"Found {pixels} pixels for {number} points; expected more pixels than points. Ask for fewer points."
        raise InputError(msg)
    drawn = np.random.default_rng(seed).choice(pixels, number, replace=False)
    return [tuple(int(axis) for axis in np.unravel_index(place, shape)) for place in drawn]


def write_points(stored: StoredRegions, folder: Path, *, number: int = POINTS, seed: int = 0) -> None:
    """Write the table to fill in, and a picture of each point.

    Parameters
    ----------
    stored : StoredRegions
        The image.
    folder : Path
        Where ``points.csv`` and ``points.png`` go.
    number, seed : int
        How many points, and what they are drawn from.

    Raises
    ------
    InputError
        When there is a table already, which may be filled in, or the image has too few pixels.
    """
    table = folder / TABLE
    if table.exists():
        msg = f"Found {table}, which may be filled in; expected a folder without one. Name another folder."
        raise InputError(msg)
    _require_grey(stored)
    pixels = stored.file.pages[stored.page]
    places = draw_points(pixels.shape, number, seed)
    folder.mkdir(parents=True, exist_ok=True)
    draw_sheet(grey_of(pixels, stored.reading), places, folder / PICTURES)
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for point, place in enumerate(places, 1):
            z = place[0] if len(place) == 3 else ""
            writer.writerow([point, z, *place[-2:], "", stored.segmentation.content_sha256])


def read_points(table: Path, *, content_sha256: str, shape: tuple[int, ...]) -> NamedPoints:
    """Read a table that was filled in.

    Parameters
    ----------
    table : Path
        From `write_points`, with a phase in each row.
    content_sha256 : str
        Hash of the pixels of the image.
    shape : tuple of int
        Of the image.

    Raises
    ------
    InputError
        When the table is missing, of another image, or a row has no phase or no point of the image.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = (
            f"{table}: found no readable table ({error}); expected the one that --out wrote. Check the path."
        )
        raise InputError(msg) from error
    if not rows or not set(HEADER) <= set(rows[0]):
        msg = f"{table}: found no columns {', '.join(HEADER)} with points; expected those that --out wrote. Keep them."
        raise InputError(msg)
    if any(row["image_sha256"] != content_sha256 for row in rows):
        msg = f"{table}: found points of other pixels than those of the image; expected its own. Name its image."
        raise InputError(msg)
    empty = [row["point"] for row in rows if not (row["phase"] or "").strip()]
    if empty:
        msg = (
            f"{table}: found no phase at the points {', '.join(empty)}; expected one at each, because the points left "
            "out would be the difficult ones. Name the likeliest phase."
        )
        raise InputError(msg)
    axes = ("y", "x") if len(shape) == 2 else ("z", "y", "x")
    try:
        places = tuple(tuple(int(row[axis]) for axis in axes) for row in rows)
    except ValueError as error:
        msg = f"{table}: found a point that is no pixel ({error}); expected whole numbers. Draw the points again."
        raise InputError(msg) from error
    outside = [
        place for place in places if not all(0 <= at < side for at, side in zip(place, shape, strict=True))
    ]
    if outside or len(set(places)) < len(places):
        msg = f"{table}: found points outside of the image, or twice; expected those that --out wrote. Draw them again."
        raise InputError(msg)
    return NamedPoints(places, tuple(row["phase"].strip() for row in rows))


def judge_stored(stored: StoredRegions, named: NamedPoints) -> SpotCheckResult:
    """Compare named points with the stored segmentation, made again from the image.

    Parameters
    ----------
    stored : StoredRegions
        The image.
    named : NamedPoints
        From `read_points`.

    Raises
    ------
    InputError
        When the image was not segmented from grey values, or a phase is none of its composite.
    """
    segmenter = _require_grey(stored)
    composite = stored.reading.composite
    found = segmented(stored.file.pages[stored.page], segmenter, stored.reading)
    names = {phase.code: phase.name for phase in composite.all_phases}
    seen = [composite.phase(name).name for name in named.phases]
    answered = [names[int(found[place])] for place in named.places]
    counts = np.bincount(found.reshape(-1), minlength=256)
    there = {name: int(counts[code]) for code, name in names.items()}
    fractions = {name: number / found.size for name, number in there.items() if number or name in seen}
    return judge_points(seen, answered, fractions)


def _require_grey(stored: StoredRegions) -> Segmenter:
    """Give the segmenter; refuse an image whose phases were given, where there is nothing to check.

    Raises
    ------
    InputError
        When there is none.
    """
    if stored.reading.segmenter is None:
        msg = (
            "Found an image whose phases were given; expected one that was segmented from grey values. Check the grey "
            "image that they were made from."
        )
        raise InputError(msg)
    return stored.reading.segmenter


def stored_values(result: SpotCheckResult) -> dict[str, object]:
    """Give a result as the properties of `cathograph.schema.spot_check`."""
    fractions = {
        phase: {"found": result.found[phase], "corrected": each.value, "low": each.low, "high": each.high}
        for phase, each in result.corrected.items()
    }
    return {
        "spot_check_points": result.points,
        "spot_check_accuracy": result.accuracy.value,
        "spot_check_accuracy_low": result.accuracy.low,
        "spot_check_accuracy_high": result.accuracy.high,
        "spot_check_fractions": canonical_json(fractions),
    }


def draw_sheet(grey: NDArray[Any], places: Sequence[tuple[int, ...]], path: Path) -> None:
    """Draw the surroundings of each point with an open cross around it, grey values alone."""
    from matplotlib.figure import Figure

    scale = find_grey_scale(grey)
    rows = -(-len(places) // _COLUMNS)
    figure = Figure(figsize=(2.2 * _COLUMNS, 2.4 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).reshape(-1)
    for panel in panels:
        panel.set_axis_off()
    for number, (panel, place) in enumerate(zip(panels, places, strict=False), 1):
        plane = grey if grey.ndim == 2 else grey[place[0]]
        y, x = place[-2:]
        top, left = max(y - _HALF_PX, 0), max(x - _HALF_PX, 0)
        part = scale.apply(plane[top : y + _HALF_PX + 1, left : x + _HALF_PX + 1])
        panel.imshow(part, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        for sign in (-1, 1):
            ends = [sign * end for end in _MARK_PX]
            panel.plot([x - left + end for end in ends], [y - top] * 2, color="red", linewidth=1)
            panel.plot([x - left] * 2, [y - top + end for end in ends], color="red", linewidth=1)
        panel.set_xlim(-0.5, part.shape[1] - 0.5)
        panel.set_ylim(part.shape[0] - 0.5, -0.5)
        panel.set_title(str(number))
    figure.savefig(path, dpi=100)
