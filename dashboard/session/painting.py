"""What the page Segment learns from strokes, by functions that the process of the pages provides.

Reading an image file and learning from strokes need the ingest, which the dashboard does not import. So the front door
registers both (`paint_with`), as it does for the pixels of stored images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cathograph.schema.composites import Composite
from cathograph.schema.errors import DashboardError


@dataclass(frozen=True, eq=False)
class GreyImage:
    """An image to paint on.

    Attributes
    ----------
    name : str
        For people; pages of a stack end in their number.
    grey : array, shape (y, x)
        Grey values.
    pixel_size_um : float or None
        As the file states it.
    """

    name: str
    grey: NDArray[Any]
    pixel_size_um: float | None


@dataclass(frozen=True, eq=False)
class PaintedAnswer:
    """What a forest answers that learnt from the strokes.

    Attributes
    ----------
    codes : uint8 array, shape (y, x)
        `Phase.code` of each pixel.
    doubt : float32 array, shape (y, x)
        How unsure each pixel is, 0 to 1.
    patch : tuple of int
        Top, left, bottom and right of the patch where the next stroke helps most, in px; bottom and right excluded.
    """

    codes: NDArray[np.uint8]
    doubt: NDArray[np.float32]
    patch: tuple[int, int, int, int]


@dataclass(frozen=True)
class GraphCounts:
    """How many particles, contacts, TPBs and pairs of active particles with a channel a graph has."""

    particles: int
    contacts: int
    tpbs: int
    channels: int


class Painter(Protocol):
    """Reads images, learns from strokes, and counts what a graph of the answer has.

    Each raises `CathographError` if it cannot.
    """

    def read(self, path: Path) -> Sequence[GreyImage]:
        """Read the 2D images of a file."""

    def learn(self, image: GreyImage, strokes: NDArray[np.uint8], composite: Composite) -> PaintedAnswer:
        """Learn from strokes, 0 where nothing is painted, else `stroke_value` of a phase, and segment the image."""

    def write_strokes(self, path: Path, strokes: Sequence[NDArray[np.uint8]]) -> None:
        """Write the strokes of each image of a file, as ``--strokes`` takes them."""

    def count(self, codes: NDArray[np.uint8], composite: Composite) -> GraphCounts:
        """Count the particles, contacts, TPBs and channels of a phase image, without regions below 9 px."""


_PAINTERS: list[Painter] = []


def paint_with(painter: Painter) -> None:
    """Register what reads images and learns from strokes."""
    _PAINTERS[:] = [painter]


def painter() -> Painter:
    """Give what was registered.

    Raises
    ------
    DashboardError
        When nothing was.
    """
    if not _PAINTERS:
        msg = (
            "Found nothing that learns from strokes; expected what `cathograph dashboard` brings. Start the pages with "
            "that command."
        )
        raise DashboardError(msg)
    return _PAINTERS[0]


def stroke_value(code: int) -> int:
    """Give the value of strokes for the code of a phase: one more, because 0 is not painted."""
    return code + 1
