"""The interface of a segmenter, and the one function that runs it.

A segmenter turns grey values into canonical phase codes. Its name, version and parameters become
part of the segmentation's key, so they must name everything that shapes its result. The checks
are here and not in the segmenters, so that each new one is checked the same way: shape, type
and finite values before, shape, type and known codes after.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cathograph.schema.composites import SSB_CATHODE, Composite
from cathograph.schema.errors import InputImageError, SegmentationError
from cathograph.schema.keys import JsonScalar

AXES = {2: "(y, x)", 3: "(z, y, x)"}


class Segmenter(Protocol):
    """Turns a grey image into phases."""

    @property
    def name(self) -> str:
        """Name under which users choose it."""
        ...

    @property
    def version(self) -> str:
        """Raised whenever the same image and parameters would give another answer."""
        ...

    @property
    def parameters(self) -> Mapping[str, JsonScalar]:
        """Everything else that shapes the answer."""
        ...

    def segment(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the `Phase.code` of each pixel of a 2D or 3D grey image without NaN."""
        ...


@dataclass(frozen=True, eq=False)
class Pass:
    """What one pass of many says of an image.

    Attributes
    ----------
    phases : uint8 array, shape of the image
        `Phase.code` of each pixel.
    probability : float32 array, shape of the image
        How probable this pass thinks the phase that was asked about.
    """

    phases: NDArray[np.uint8]
    probability: NDArray[np.float32]


@runtime_checkable
class SamplingSegmenter(Segmenter, Protocol):
    """A segmenter that can be run several times to show how much its results vary."""

    @property
    def weights(self) -> Path:
        """File of the model; the calibration of its passes lies beside it."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of that file."""
        ...

    def require_passes(self) -> None:
        """Raise `SegmentationError` where all passes would be equal."""
        ...

    def sample(
        self, image: NDArray[Any], phases: NDArray[np.uint8], *, passes: int, seed: int
    ) -> Iterator[Pass]:
        """Yield passes over a checked image, each a draw of its own, the same for the same seed."""
        ...


@runtime_checkable
class ComparingSegmenter(Segmenter, Protocol):
    """A segmenter that can tell an image from those it was made for."""

    def difference_from_painted(self, image: NDArray[Any]) -> str | None:
        """Say in which way an image differs from the painted ones; None where it is like one of them."""
        ...


@runtime_checkable
class DoubtingSegmenter(Segmenter, Protocol):
    """A segmenter that says which phases an image does not show apart."""

    def doubts(self, image: NDArray[Any]) -> tuple[str, ...]:
        """Name the phases that cannot be told apart, one sentence a pair; none where all are shown."""
        ...


def run_segmenter(
    segmenter: Segmenter, image: NDArray[Any], composite: Composite = SSB_CATHODE
) -> NDArray[np.uint8]:
    """Segment an image, with input and output checked.

    Parameters
    ----------
    segmenter
        How to segment.
    image
        Grey values, shape (y, x) or (z, y, x), integers or floats, all finite.
    composite
        Whose phases it may give.

    Returns
    -------
    NDArray[np.uint8]
        `Phase.code` of each pixel, the shape of `image`.

    Raises
    ------
    InputImageError
        When the image has other axes, no pixels, another type, or NaN or infinite pixels.
    SegmentationError
        When the segmenter cannot work on it, or returns something else than phases of it.
    """
    check_image(image)
    phases = segmenter.segment(image)
    if not isinstance(phases, np.ndarray) or phases.shape != image.shape or phases.dtype != np.uint8:
        found = f"{getattr(phases, 'dtype', type(phases).__name__)} {getattr(phases, 'shape', '')}".strip()
        msg = (
            f"Segmenter {segmenter.name} returned {found}; expected uint8 {image.shape}, the shape of "
            "the image. "
            "This is a fault of the segmenter; choose another one."
        )
        raise SegmentationError(msg)
    known = np.zeros(256, dtype=bool)
    codes = [phase.code for phase in composite.all_phases]
    known[codes] = True
    counts = np.bincount(phases.reshape(-1), minlength=256)
    unknown = np.flatnonzero((counts > 0) & ~known)
    if unknown.size:
        msg = (
            f"Segmenter {segmenter.name} returned the codes {unknown[:10].tolist()}; expected only "
            f"{codes}. This is a fault of the segmenter; choose another one."
        )
        raise SegmentationError(msg)
    return phases


def check_image(image: NDArray[Any]) -> None:
    """Refuse what is no grey image: other axes, no pixels, another type, NaN or infinite pixels.

    Raises
    ------
    InputImageError
        When it is none.
    """
    if image.ndim not in AXES or image.size == 0:
        msg = (
            f"Found an image of shape {image.shape}; expected (y, x) or (z, y, x) with pixels. Open a "
            "single field."
        )
        raise InputImageError(msg)
    if image.dtype.kind not in "iuf":
        msg = (
            f"Found pixels of type {image.dtype}; expected grey values as integers or floats. Convert "
            "the image."
        )
        raise InputImageError(msg)
    if image.dtype.kind == "f":
        finite = np.isfinite(image)
        if not finite.all():
            first = np.unravel_index(int(np.argmin(finite)), image.shape)
            where = tuple(int(axis) for axis in first)
            msg = (
                f"Found {image.size - int(finite.sum())} pixels without a finite value, the first "
                f"({image[first]}) at "
                f"{AXES[image.ndim]} = {where}; expected finite grey values. Crop or fill them before ingest."
            )
            raise InputImageError(msg)
