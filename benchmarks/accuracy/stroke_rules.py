"""Strokes as a person might paint them, made from masks by a rule: at random places, or where the model is least sure.

A stroke is a line of at most 20 px, 3 px wide, around a place drawn at random from its phase. Of eight directions it
takes the one in which it stays longest in its phase, it ends where its middle line leaves the phase, and pixels of
another phase are left out: whoever paints follows the thing that is seen. *Random* draws the places from the whole
image. *Guided* starts with three random strokes a phase; then the model answers, suggests a patch
(`cathograph.ingest.segmentation.painted.suggestion`), and each phase in it gets one stroke inside the patch. A phase
that the patch lacks gets its stroke at random, so both rules have as many strokes of each phase.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.segmentation.painted.strokes import NOT_PAINTED
from cathograph.ingest.segmentation.painted.suggestion import suggest_patch

LENGTH_PX = 20
DIRECTIONS = 8
FIRST_STROKES = 3
"""Of each phase, at random, before the model can suggest anything."""
MOST_AT_ONCE = 3
"""Patches that are painted before the model answers again."""

Codes = NDArray[np.uint8]
Answer = Callable[[Codes], NDArray[np.float32]]
"""From strokes to the probabilities of each class."""


def lay_stroke(mask: Codes, code: int, place: Sequence[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Lay one stroke around a pixel.

    Parameters
    ----------
    mask : uint8 array, shape (y, x)
        Phase of each pixel.
    code : int
        The phase to paint.
    place : sequence of int
        (y, x) of a pixel of that phase.

    Returns
    -------
    y, x : int arrays
        Pixels of the stroke, all of them of the phase.
    """
    along = np.arange(LENGTH_PX) - LENGTH_PX // 2
    across = np.array([-1, 0, 1])
    best: tuple[NDArray[np.intp], NDArray[np.intp]] = (np.empty(0, np.intp), np.empty(0, np.intp))
    longest = 0
    for direction in range(DIRECTIONS):
        dy, dx = np.sin(np.pi * direction / DIRECTIONS), np.cos(np.pi * direction / DIRECTIONS)
        y = np.rint(place[0] + along[:, np.newaxis] * dy + across * dx).astype(np.intp)
        x = np.rint(place[1] + along[:, np.newaxis] * dx - across * dy).astype(np.intp)
        inside = (y >= 0) & (y < mask.shape[0]) & (x >= 0) & (x < mask.shape[1])
        inside[inside] = mask[y[inside], x[inside]] == code
        left = np.flatnonzero(~inside[:, 1])
        before = left[left < LENGTH_PX // 2]
        behind = left[left > LENGTH_PX // 2]
        run = slice(before[-1] + 1 if before.size else 0, behind[0] if behind.size else LENGTH_PX)
        if run.stop - run.start > longest:
            longest = run.stop - run.start
            best = (y[run][inside[run]], x[run][inside[run]])
    return best


def paint_at_random(mask: Codes, strokes: int, rng: np.random.Generator) -> Codes:
    """Paint so many strokes of each phase at random places; `NOT_PAINTED` elsewhere."""
    painted = np.full(mask.shape, NOT_PAINTED, np.uint8)
    for _ in range(strokes):
        for code in np.unique(mask):
            _paint_within(painted, mask, int(code), (slice(None), slice(None)), rng)
    return painted


def paint_guided(
    mask: Codes, numbers: Sequence[int], answer: Answer, rng: np.random.Generator
) -> Mapping[int, Codes]:
    """Paint where the model suggests.

    Parameters
    ----------
    mask : uint8 array, shape (y, x)
        Phase of each pixel.
    numbers : sequence of int
        Numbers of strokes of each phase at which the painting is kept, ascending, `FIRST_STROKES` or more.
    answer : callable
        Trains on strokes and gives the probabilities of the image, shape (y, x, classes).
    rng : numpy.random.Generator
        Of places.

    Returns
    -------
    dict of int to uint8 array
        The painting at each of the numbers.
    """
    painted = paint_at_random(mask, FIRST_STROKES, rng)
    strokes = FIRST_STROKES
    kept = {}
    for wanted in numbers:
        while strokes < wanted:
            at_once = min(1 if strokes < 10 else MOST_AT_ONCE, wanted - strokes)
            probabilities = answer(painted)
            for _ in range(at_once):
                patch = suggest_patch(probabilities, painted != NOT_PAINTED)
                for code in np.unique(mask):
                    _paint_within(painted, mask, int(code), patch, rng)
            strokes += at_once
        kept[wanted] = painted.copy()
    return kept


def _paint_within(
    painted: Codes, mask: Codes, code: int, patch: tuple[slice, ...], rng: np.random.Generator
) -> None:
    """Add a stroke whose place lies in the patch, or anywhere if the patch lacks the phase."""
    here = np.zeros(mask.shape, bool)
    here[patch] = mask[patch] == code
    places = np.flatnonzero(here)
    if not places.size:
        places = np.flatnonzero(mask == code)
    y, x = np.unravel_index(int(rng.choice(places)), mask.shape)
    painted[lay_stroke(mask, code, (int(y), int(x)))] = code
