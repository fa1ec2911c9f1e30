"""One image that a browser session paints on: its strokes, and what was learnt from them."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.dashboard.session.kept_strokes import KeptStrokes, keep_strokes, read_strokes
from cathograph.dashboard.session.painting import (
    GraphCounts,
    GreyImage,
    PaintedAnswer,
    painter,
    stroke_value,
)
from cathograph.schema.composites import Composite
from cathograph.schema.errors import CathographError, InputError, StrokesChanged
from cathograph.schema.keys import hash_pixels


@dataclass
class ImagePainting:
    """An image, its strokes and the answer to them.

    Attributes
    ----------
    image : GreyImage
        What is painted on.
    composite : Composite
        Whose phases are painted.
    key : str
        Of the strokes in the home.
    strokes : KeptStrokes
        As they are in the home, except after `conflict`.
    epoch : str
        Changes when the browser has to take the strokes from here.
    received : int
        Number of the last report of this epoch.
    answer : PaintedAnswer or None
        What was learnt; None where that was not possible.
    problem : str
        Why there is no answer.
    conflict : str
        Why the last strokes were not kept; nothing can be painted until the strokes are read again.
    counts, counts_before : GraphCounts or None
        Of the answer, and of the one counted before.
    grey_png : bytes or None
        The image as the browser shows it, where it was made already.
    """

    image: GreyImage
    composite: Composite
    key: str = field(init=False)
    strokes: KeptStrokes = field(init=False)
    epoch: str = field(init=False)
    received: int = 0
    answer: PaintedAnswer | None = None
    problem: str = ""
    conflict: str = ""
    counts: GraphCounts | None = None
    counts_before: GraphCounts | None = None
    grey_png: bytes | None = None
    _answered: int = -1
    _counted: int = -1

    def __post_init__(self) -> None:
        """Begin with the strokes of the home."""
        self.key = painting_key(self.image, self.composite)
        self.read_again()

    def read_again(self) -> None:
        """Read the strokes of the home.

        Raises
        ------
        DashboardError
            When their file is damaged.
        """
        self.strokes = read_strokes(self.key, self.image.grey.shape)
        self.epoch, self.received, self.conflict = uuid.uuid4().hex, 0, ""

    def take(self, reports: Sequence[Any]) -> None:
        """Take strokes that the browser reports, and keep them in the home.

        Parameters
        ----------
        reports : sequence of mapping
            ``epoch``, ``number`` and ``runs`` (start in the flat image, length, value) of each stroke; those that
            were taken before may be among them.

        Raises
        ------
        InputError
            When a run lies outside the image, or its value is no phase.
        """
        new = [each for each in reports if each["epoch"] == self.epoch and each["number"] > self.received]
        if not new or self.conflict:
            return
        values = self.strokes.values.copy()
        allowed = {0, *(stroke_value(phase.code) for phase in self.composite.all_phases)}
        for report in new:
            _draw(values.reshape(-1), report["runs"], allowed)
        try:
            self.strokes = keep_strokes(self.key, KeptStrokes(values, self.strokes.version))
        except StrokesChanged as error:
            self.conflict = str(error)
            return
        self.received = max(int(each["number"]) for each in new)

    def learn(self) -> None:
        """Learn from the strokes, unless nothing has changed since."""
        if self._answered == self.strokes.version:
            return
        self._answered = self.strokes.version
        self.answer, self.problem = None, ""
        if not self.strokes.values.any():
            return
        try:
            self.answer = painter().learn(self.image, self.strokes.values, self.composite)
        except CathographError as error:
            self.problem = str(error)

    def count(self) -> None:
        """Count what a graph of the answer has, unless that is known."""
        if self.answer is None or self._counted == self.strokes.version:
            return
        self._counted = self.strokes.version
        self.counts_before, self.counts = self.counts, painter().count(self.answer.codes, self.composite)

    @property
    def is_counted(self) -> bool:
        """Whether the counts are those of the answer."""
        return self.answer is not None and self._counted == self.strokes.version


def painting_key(image: GreyImage, composite: Composite) -> str:
    """Give the key of the strokes on an image: a hash of its grey values and of the composite."""
    return hashlib.sha256(f"{hash_pixels(image.grey)}{composite.sha256}".encode()).hexdigest()


def _draw(flat: NDArray[np.uint8], runs: Sequence[Sequence[int]], allowed: set[int]) -> None:
    for start, length, value in runs:
        if not (0 <= start < start + length <= flat.size and value in allowed):
            msg = (
                f"Found a stroke of value {value} at the pixels {start} to {start + length - 1}; expected one of "
                f"{sorted(allowed)} within {flat.size} pixels. Reload the page."
            )
            raise InputError(msg)
        flat[start : start + length] = value
