"""From paintings to a model: features of the painted pixels, and a forest grown on them.

Only blocks that hold a stroke are looked at, so training takes as long as the strokes are many, not the images large.
What was found at the strokes is an `Example`. It is kept beside the model (`strokes_file`), so strokes on another image
can be added later without the earlier images.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.segmentation.grey_scale import GreyScale, find_grey_scale
from cathograph.ingest.segmentation.painted.blocks import Block, blocks_of
from cathograph.ingest.segmentation.painted.forest import grow_forest
from cathograph.ingest.segmentation.painted.likeness import Appearance, appearance_of
from cathograph.ingest.segmentation.painted.local_features import REACH_PX, find_features
from cathograph.ingest.segmentation.painted.model_file import PaintedModel
from cathograph.ingest.segmentation.painted.strokes import (
    NOT_PAINTED,
    Painting,
    refuse_few_phases,
    require_phases,
)
from cathograph.schema.composites import Composite
from cathograph.schema.errors import SegmentationError

_BLOCK_PX = {2: 64, 3: 32}
"""Side of a block by the number of axes: small ones, as strokes are few and far between."""
MOST_PAINTED_PX = 200_000
"""More painted pixels than this are thinned out evenly: a forest of them would take minutes and be no better."""


@dataclass(frozen=True, eq=False)
class Example:
    """What a model learns from one painted image.

    Attributes
    ----------
    name : str
        Of the image.
    sha256 : str
        Hash of the painting.
    phases : tuple of str
        Names of the painted phases.
    shape : tuple of int
        Of the image.
    places : int64 array, shape (painted pixels,)
        Positions of the painted pixels in the flat image.
    classes : uint8 array, shape (painted pixels,)
        Position in `phases` of each of them.
    features : float32 array, shape (taught pixels, features)
        What the painted pixels look like: all of them, or every nth (`thinning`).
    appearance : Appearance
        Of the image.
    """

    name: str
    sha256: str
    phases: tuple[str, ...]
    shape: tuple[int, ...]
    places: NDArray[np.int64]
    classes: NDArray[np.uint8]
    features: NDArray[np.float32]
    appearance: Appearance


def train_on_paintings(paintings: Sequence[Painting], composite: Composite, *, name: str) -> PaintedModel:
    """Learn from what was painted.

    Parameters
    ----------
    paintings : sequence of Painting
        Images and their strokes, all 2D or all 3D; their order does not matter.
    composite : Composite
        Whose phases were painted.
    name : str
        Of the model.

    Raises
    ------
    SegmentationError
        When fewer than two phases are painted, an image has no contrast, or 2D and 3D are mixed.
    """
    require_phases(paintings)
    return train_on_examples(examples_of(paintings, composite), composite, name=name)


def examples_of(paintings: Sequence[Painting], composite: Composite) -> list[Example]:
    """Look at the painted pixels of each image; an image without strokes teaches nothing.

    Parameters
    ----------
    paintings : sequence of Painting
        Images and their strokes.
    composite : Composite
        Whose phases were painted.

    Raises
    ------
    SegmentationError
        When an image has no contrast.
    """
    names = {phase.code: phase.name for phase in composite.all_phases}
    found = []
    for painting in paintings:
        if (painting.codes == NOT_PAINTED).all():
            continue
        scale = find_grey_scale(painting.grey)
        features, places = _painted_pixels(painting, scale)
        codes, classes = np.unique(painting.codes.reshape(-1)[places], return_inverse=True)
        found.append(
            Example(
                painting.name,
                painting.sha256,
                tuple(names[int(code)] for code in codes),
                painting.codes.shape,
                places,
                classes.astype(np.uint8),
                features[:: thinning(places.size)],
                appearance_of(painting.grey, scale),
            )
        )
    return found


def train_on_examples(examples: Sequence[Example], composite: Composite, *, name: str) -> PaintedModel:
    """Learn from what was found at the strokes; see `train_on_paintings`.

    Raises
    ------
    SegmentationError
        When fewer than two phases are painted, or 2D and 3D are mixed.
    PhaseMapError
        When a painted phase is none of the composite.
    """
    dimensions = {len(example.shape) for example in examples}
    if len(dimensions) > 1:
        msg = "Found strokes on images and on volumes; expected one kind, as their features differ. Train two models."
        raise SegmentationError(msg)
    painted = sorted(examples, key=lambda each: each.sha256)
    code_of = {phase: composite.phase(phase).code for each in painted for phase in each.phases}
    refuse_few_phases(len(code_of))
    phases = tuple(sorted(code_of, key=code_of.__getitem__))
    features = np.concatenate([each.features for each in painted])
    classes = np.concatenate(
        [
            np.array([phases.index(phase) for phase in each.phases], np.uint8)[
                each.classes[:: thinning(each.classes.size)]
            ]
            for each in painted
        ]
    )
    step = thinning(len(features))
    return PaintedModel(
        name=name,
        ndim=dimensions.pop(),
        phases=phases,
        strokes_sha256=_joined_hash(each.sha256 for each in painted),
        forest=grow_forest(features[::step], classes[::step], len(phases)),
        painted=tuple(each.appearance for each in painted),
    )


def thinning(pixels: int) -> int:
    """Tell of how many painted pixels one is taken."""
    return -(-pixels // MOST_PAINTED_PX)


def strokes_sha256(paintings: Sequence[Painting]) -> str:
    """Hash what was painted on what, whatever the order of the images."""
    return _joined_hash(painting.sha256 for painting in paintings)


def _joined_hash(hashes: Iterable[str]) -> str:
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


def _painted_pixels(painting: Painting, scale: GreyScale) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Find the features of the painted pixels, and their positions in the flat image."""
    grey: NDArray[Any] = painting.grey
    blocks = [
        block
        for block in blocks_of(grey.shape, side_px=_BLOCK_PX[grey.ndim], margin_px=REACH_PX)
        if (painting.codes[block.core] != NOT_PAINTED).any()
    ]

    def look(block: Block) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        here = painting.codes[block.core] != NOT_PAINTED
        seen = scale.apply(grey[block.seen])
        features = find_features(seen)
        corner = [part.start for part in block.core]
        places = [axis + start for axis, start in zip(np.nonzero(here), corner, strict=True)]
        inside = features.reshape(*seen.shape, -1)[block.inner][here]
        return inside, np.ravel_multi_index(tuple(places), grey.shape).astype(np.int64)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts, places = zip(*pool.map(look, blocks), strict=True)
    return np.concatenate(parts), np.concatenate(places)
