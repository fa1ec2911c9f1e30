"""From paintings to a model: features of the painted pixels, and a forest grown on them.

Only blocks that hold a stroke are looked at, so training takes as long as the strokes are many, not the images large.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.segmentation.grey_scale import GreyScale, find_grey_scale
from cathograph.ingest.segmentation.painted.blocks import BLOCK_PX, blocks_of
from cathograph.ingest.segmentation.painted.forest import grow_forest
from cathograph.ingest.segmentation.painted.likeness import appearance_of
from cathograph.ingest.segmentation.painted.local_features import REACH_PX, find_features
from cathograph.ingest.segmentation.painted.model_file import PaintedModel
from cathograph.ingest.segmentation.painted.strokes import NOT_PAINTED, Painting, require_phases
from cathograph.schema.composites import Composite
from cathograph.schema.errors import SegmentationError

MOST_PAINTED_PX = 200_000
"""More painted pixels than this are thinned out evenly: a forest of them would take minutes and be no better."""


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
    codes = require_phases(paintings)
    dimensions = {painting.grey.ndim for painting in paintings}
    if len(dimensions) > 1:
        msg = "Found strokes on images and on volumes; expected one kind, as their features differ. Train two models."
        raise SegmentationError(msg)
    painted = sorted(
        (each for each in paintings if (each.codes != NOT_PAINTED).any()), key=lambda each: each.sha256
    )
    scales = [find_grey_scale(painting.grey) for painting in painted]
    looked_at = [_painted_pixels(each, scale) for each, scale in zip(painted, scales, strict=True)]
    features = np.concatenate([part for part, _ in looked_at])
    of_pixels = np.concatenate([part for _, part in looked_at])
    step = -(-len(features) // MOST_PAINTED_PX)
    classes = np.searchsorted(codes, of_pixels[::step]).astype(np.uint8)
    names = {phase.code: phase.name for phase in composite.all_phases}
    return PaintedModel(
        name=name,
        ndim=dimensions.pop(),
        phases=tuple(names[code] for code in codes),
        strokes_sha256=strokes_sha256(painted),
        forest=grow_forest(features[::step], classes, len(codes)),
        painted=tuple(appearance_of(each.grey, scale) for each, scale in zip(painted, scales, strict=True)),
    )


def strokes_sha256(paintings: Sequence[Painting]) -> str:
    """Hash what was painted on what, whatever the order of the images."""
    parts = "".join(sorted(painting.sha256 for painting in paintings))
    return hashlib.sha256(parts.encode()).hexdigest()


def _painted_pixels(painting: Painting, scale: GreyScale) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    grey: NDArray[Any] = painting.grey
    parts, codes = [], []
    for block in blocks_of(grey.shape, side_px=BLOCK_PX[grey.ndim], margin_px=REACH_PX):
        of_block = painting.codes[block.core]
        here = of_block != NOT_PAINTED
        if not here.any():
            continue
        seen = scale.apply(grey[block.seen])
        found = find_features(seen)
        core = found.reshape(*seen.shape, found.shape[1])[block.inner]
        parts.append(core[here])
        codes.append(of_block[here])
    return np.concatenate(parts), np.concatenate(codes)
