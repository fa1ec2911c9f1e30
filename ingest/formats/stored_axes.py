"""Which axis of a stored array is which: by the names that the file states, else by the lengths.

One place for every format. A file that names its axes is believed: channels and time points are
never slices, (x, y, z) is turned to (z, y, x), and what cannot be meant is refused. Only where
nothing is named do the lengths decide, because then there is nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cathograph.ingest.formats.channels import (
    COLOURS,
    channel_name,
    channels_in_words,
    choose_channel,
    refuse_channel,
)
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

# A third axis of 3 or 4 is colour only where the other two can be an image.
SMALLEST_COLOUR_SIDE = 16
SAMPLES, CHANNELS, TIMES = "samples", "channels", "time points"
# Names that formats and programs use; anything else keeps its own name.
MEANINGS: Mapping[str, str] = {
    **dict.fromkeys(("x", "col", "cols", "column", "columns", "width"), "x"),
    **dict.fromkeys(("y", "row", "rows", "height"), "y"),
    **dict.fromkeys(("z", "pln", "plane", "planes", "slice", "slices", "depth"), "z"),
    **dict.fromkeys(("c", "channel", "channels"), CHANNELS),
    **dict.fromkeys(("t", "time", "times", "frame", "frames"), TIMES),
    **dict.fromkeys(("s", "rgb", "rgba"), SAMPLES),
}
# Names that a library makes up for an axis that nobody named.
NOBODY_NAMED = re.compile(r"\s*|(?:phony_)?(?:dim|axis|d)_?\d*|[iq]")


class PagesAs(StrEnum):
    """What the pages of a file are wanted for."""

    IMAGES = "images"
    VOLUME = "volume"
    FRAMES = "frames"


@dataclass(frozen=True)
class AxisPlan:
    """How a stored array becomes pages.

    Attributes
    ----------
    order
        Stored axes of (y, x) or (page, y, x), with a last one for RGB(A) where `colour`.
    colour
        The last of `order` holds colour.
    meanings
        What each stored axis is: ``x``, ``y``, ``z``, another name, or None where it is only known to
        be dropped.
    notes
        What the user should know.
    picks
        Axis of channels and the number of the chosen one; every other dropped axis is read at 0.
    channel
        Name or number of that channel, None where none was chosen.
    """

    order: tuple[int, ...]
    colour: bool
    meanings: tuple[str | None, ...]
    notes: tuple[str, ...] = ()
    picks: Mapping[int, int] = field(default_factory=dict)
    channel: str | None = None


def plan_axes(
    path: Path,
    shape: Sequence[int],
    *,
    pages_as: PagesAs,
    names: Sequence[str] | None = None,
    channel: str | None = None,
    channel_names: Sequence[str] = (),
) -> AxisPlan:
    """Decide which axes of a stored array are (y, x) or (page, y, x).

    Parameters
    ----------
    path
        File, for the message.
    shape
        Shape as stored.
    pages_as
        What the pages are wanted for: a volume takes slices only, frames may lie along any axis.
    names
        Name of each axis as the file states it, empty for one without; None where it names none.
    channel
        Number or name of the channel to read, where there are several; None to have none chosen.
    channel_names
        Names of the channels as the file states them.

    Raises
    ------
    InputImageError
        When an axis is empty, y or x is missing or named twice, or more than one axis is left
        beside them; with names also when that one is channels and none is chosen, or no depth where a
        volume is wanted. When there is no such channel.

    Notes
    -----
    By lengths: axes of length 1 are dropped, a last one first (a single channel), then leading ones,
    as long as two axes remain. A last axis of 3 or 4 behind two axes of at least 16 is colour,
    unless a volume is wanted. Where a channel is chosen, a last axis of 2 to 4 holds the channels.

    Examples
    --------
    >>> plan_axes(Path("a.zarr"), (80, 64, 8), pages_as=PagesAs.VOLUME, names=["x", "y", "z"]).order
    (2, 1, 0)
    >>> plan_axes(Path("a.npy"), (1, 64, 80), pages_as=PagesAs.IMAGES).order
    (1, 2)
    """
    if 0 in shape:
        msg = (
            f"{shown(path)}: found an array without pixels ({_sizes(shape)}); expected at least one pixel "
            "per axis."
        )
        raise InputImageError(msg)
    meanings = None if names is None else _meanings(path, shape, names)
    if meanings is None:
        return _by_length(path, shape, pages_as, channel)
    return _by_name(path, shape, meanings, pages_as, channel, channel_names)


def in_order(values: NDArray[Any], order: tuple[int, ...]) -> NDArray[Any]:
    """Return an array whose dropped axes are gone with those that are left in the order of the plan."""
    left = sorted(order)
    return values.transpose([left.index(axis) for axis in order])


def meaning_of(name: str) -> str | None:
    """Return what a name of an axis means, None where it is no name.

    Examples
    --------
    >>> meaning_of("sample_y"), meaning_of("Time"), meaning_of("rotation_angle"), meaning_of("dim_0")
    ('y', 'time points', 'rotation_angle', None)
    """
    text = name.strip().casefold()
    if NOBODY_NAMED.fullmatch(text):
        return None
    found = {MEANINGS[word] for word in re.findall(r"[a-z]+", text) if word in MEANINGS}
    return found.pop() if len(found) == 1 else text


def _meanings(path: Path, shape: Sequence[int], names: Sequence[str]) -> list[str] | None:
    """Return the meaning of every axis, or None where no axis has a name."""
    if len(names) != len(shape):
        msg = (
            f"{shown(path)}: found names for {len(names)} axes ({', '.join(names)}) of an array with "
            f"{len(shape)} ({_sizes(shape)}); expected one each. Correct the metadata."
        )
        raise InputImageError(msg)
    stated = [meaning_of(name) for name in names]
    if not any(stated):
        return None
    # Axes without a name beside named ones are what they are by default, (z, y, x) at the end.
    usual = ["z", "y", "x"][-len(shape) :]
    usual = [""] * (len(shape) - len(usual)) + usual
    filled = []
    for axis, (meaning, by_default) in enumerate(zip(stated, usual, strict=True)):
        nameless = by_default if shape[axis] > 1 and by_default else f"axis {axis}"
        filled.append(nameless if meaning is None else meaning)
    text = _in_words(shape, filled)
    for letter in "yx":
        if filled.count(letter) != 1:
            msg = (
                f"{shown(path)}: found the axes {text}; expected y and x once each. Correct the names of the "
                "axes, or save one slice (y, x)."
            )
            raise InputImageError(msg)
    if filled.count("z") > 1:
        msg = f"{shown(path)}: found the axes {text}; expected z once. Correct the names of the axes."
        raise InputImageError(msg)
    return filled


def _by_name(
    path: Path,
    shape: Sequence[int],
    meanings: list[str],
    pages_as: PagesAs,
    channel: str | None,
    channel_names: Sequence[str],
) -> AxisPlan:
    y, x = meanings.index("y"), meanings.index("x")
    others = [axis for axis in range(len(shape)) if axis not in (y, x) and shape[axis] > 1]
    text = _in_words(shape, meanings)
    if channel is not None:
        # Channels before colours; an axis of one channel can be named, too.
        held = [axis for kind in (CHANNELS, SAMPLES) for axis, name in enumerate(meanings) if name == kind]
        held = [axis for axis in held if shape[axis] > 1] or held
        if not held:
            raise refuse_channel(path, channel, f"no channels ({text})")
        axis = held[0]
        names = COLOURS.get(shape[axis], ()) if meanings[axis] == SAMPLES else channel_names
        number = choose_channel(path, channel, shape[axis], names)
        rest = [each for each in range(len(shape)) if each != axis]
        plan = _by_name(
            path, [shape[each] for each in rest], [meanings[each] for each in rest], pages_as, None, ()
        )
        return replace(
            plan,
            order=tuple(rest[each] for each in plan.order),
            meanings=tuple(meanings),
            picks={axis: number},
            channel=channel_name(number, names),
        )
    channels = [axis for axis in others if meanings[axis] == CHANNELS]
    if channels and (pages_as is not PagesAs.FRAMES or len(others) > 1):
        count = shape[channels[0]]
        msg = (
            f"{shown(path)}: found {count} channels ({text}); expected one. Give `channel`: "
            f"{channels_in_words(count, channel_names)}; or save a single channel."
        )
        raise InputImageError(msg)
    if len(others) > 1:
        msg = (
            f"{shown(path)}: found a stack with several axes ({_sizes([shape[axis] for axis in others])}: "
            f"{text}); expected (y, x) or (z, y, x). Save one channel and one time point."
        )
        raise InputImageError(msg)
    notes = () if y < x and (not others or others[0] < y) else (f"axes turned from {', '.join(meanings)}",)
    if not others:
        return AxisPlan((y, x), False, tuple(meanings), notes)
    page = others[0]
    meaning = meanings[page]
    if meaning == SAMPLES:
        return AxisPlan((y, x, page), True, tuple(meanings))
    if meaning != "z":
        if pages_as is PagesAs.VOLUME:
            msg = (
                f"{shown(path)}: found {shape[page]} {_plural(meaning)} ({text}); expected slices (z) for a "
                "volume. Leave out `volume` to read single images, or save one of them."
            )
            raise InputImageError(msg)
        if pages_as is PagesAs.IMAGES:
            notes = (*notes, f"pages are {_plural(meaning)}, not slices")
    return AxisPlan((page, y, x), False, tuple(meanings), notes)


def _by_length(path: Path, shape: Sequence[int], pages_as: PagesAs, channel: str | None) -> AxisPlan:
    text = _sizes(shape)
    if channel is not None:
        count = shape[-1]
        if len(shape) < 3 or count not in COLOURS:
            raise refuse_channel(path, channel, f"an array {text} whose axes have no names")
        number = choose_channel(path, channel, count, COLOURS[count])
        plan = _by_length(path, shape[:-1], PagesAs.VOLUME, None)
        return replace(
            plan,
            meanings=(*plan.meanings, CHANNELS),
            picks={len(shape) - 1: number},
            channel=channel_name(number, COLOURS[count]),
        )
    kept = list(range(len(shape)))
    if len(kept) > 2 and shape[kept[-1]] == 1:
        kept.pop()
    for axis in kept[:-2]:
        if shape[axis] == 1 and len(kept) > 2:
            kept.remove(axis)
    if len(kept) < 2:
        msg = (
            f"{shown(path)}: found an array with {len(kept)} axis ({text}); expected (y, x) or (z, y, x). "
            "Save the image, not a line or a table column."
        )
        raise InputImageError(msg)
    if len(kept) > 3:
        msg = (
            f"{shown(path)}: found {len(kept)} axes ({text}); expected (y, x) or (z, y, x). "
            "Save one channel and one time point."
        )
        raise InputImageError(msg)
    sizes = [shape[axis] for axis in kept]
    colour = (
        len(sizes) == 3
        and pages_as is PagesAs.IMAGES
        and sizes[2] in (3, 4)
        and min(sizes[:2]) >= SMALLEST_COLOUR_SIDE
    )
    meanings: list[str | None] = [None] * len(shape)
    roles = ["y", "x", SAMPLES] if colour else ["z", "y", "x"][-len(kept) :]
    for axis, role in zip(kept, roles, strict=True):
        meanings[axis] = role
    notes = (
        (
            f"the last axis of {sizes[2]} is taken for colour with equal channels; if these are slices, "
            "move that axis to the front",
        )
        if colour
        else ()
    )
    return AxisPlan(tuple(kept), colour, tuple(meanings), notes)


def _sizes(shape: Sequence[int]) -> str:
    return "×".join(str(size) for size in shape) or "no axes"


def _plural(meaning: str) -> str:
    return meaning if meaning == TIMES else f"images along {meaning}"


def _in_words(shape: Sequence[int], meanings: Sequence[str]) -> str:
    return ", ".join(f"{meaning} {size}" for meaning, size in zip(meanings, shape, strict=True))
