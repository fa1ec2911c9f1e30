"""What the pixels of an image look like: codes of phases, labels of regions, or grey values.

A file rarely says so, and the wrong answer still runs: labels taken for grey values give a
hundred particles where there are 125. A look at one page tells them apart. A few values alone are
codes. Many values that change only here and there are labels: inside a region every pixel equals
its neighbour, in a grey image noise makes them differ.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import Source

MOST_CODES = 12
EQUAL_NEIGHBOURS = 0.85
LARGEST_BYTES = 256 << 20


@dataclass(frozen=True)
class PixelMeaning:
    """What pixels look like.

    Attributes
    ----------
    source
        What to ingest them as.
    values
        Those that occur, for codes of phases.
    note
        Why, for the user; empty for grey values.
    """

    source: Source
    values: tuple[int, ...] = ()
    note: str = ""


def look_at_values(field: NDArray[Any]) -> PixelMeaning:
    """Tell what one page looks like.

    Parameters
    ----------
    field : ndarray, shape (y, x) or (z, y, x)
        Pixels.

    Examples
    --------
    >>> look_at_values(np.array([[0, 85], [170, 85]], np.uint8)).values
    (0, 85, 170)
    """
    if field.dtype.kind == "f" and not np.array_equal(field, np.floor(field)):
        return PixelMeaning(Source.IMAGE)
    values = np.unique(field)
    if values.size <= MOST_CODES:
        codes = tuple(int(value) for value in values)
        listed = ", ".join(map(str, codes))
        return PixelMeaning(
            Source.PHASES, codes, f"only the values {listed}: these look like codes of phases"
        )
    equal = float(np.mean(field[..., 1:] == field[..., :-1])) if field.shape[-1] > 1 else 0.0
    if equal >= EQUAL_NEIGHBOURS:
        note = (
            f"{values.size} values, and {equal:.0%} of neighbouring pixels are equal: these look like labels"
        )
        return PixelMeaning(Source.REGIONS, note=note)
    return PixelMeaning(Source.IMAGE)
