"""Whether an image looks like those that a model was painted on.

A forest answers everywhere, also where it has seen nothing like it. So a model remembers of each painted image its
grey range, its noise and the range of its features, and an image that differs is marked, not refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.segmentation.grey_scale import GreyScale
from cathograph.ingest.segmentation.painted.blocks import BLOCK_PX, Block, blocks_of
from cathograph.ingest.segmentation.painted.local_features import REACH_PX, find_features

MOST_RANGE_SHIFT = 0.25
"""How far an end of the grey range may lie from that of a painted image, over the width of that one."""
MOST_NOISE_RATIO = 1.7
MOST_UNSEEN = 0.15
"""Share of pixels with a feature outside of what the painted images hold; 1 in 1000 of each feature lies there by the
way the range is made. Real slices of one electrode have up to 10 % (docs/segmentation.md)."""
_BLOCKS_LOOKED_AT = 16
_INSIDE_PERCENTILES = (0.1, 99.9)
_TO_SIGMA = 1.4826 / np.sqrt(1.25)
"""From the median absolute difference between a pixel and the mean of 4 neighbours to the noise of a pixel."""


@dataclass(frozen=True, eq=False)
class Appearance:
    """What a model remembers of a painted image.

    Attributes
    ----------
    low, high : float
        Ends of its grey range (`cathograph.ingest.segmentation.grey_scale`).
    noise : float
        Standard deviation of the noise of a pixel, in scaled grey values.
    feature_low, feature_high : float32 array, shape (features,)
        Between them lie 99.8 % of the values of each feature.
    """

    low: float
    high: float
    noise: float
    feature_low: NDArray[np.float32]
    feature_high: NDArray[np.float32]


def appearance_of(grey: NDArray[Any], scale: GreyScale) -> Appearance:
    """Describe an image by at most 16 blocks of it, evenly spread."""
    features, noise = _sample(grey, scale)
    ends = np.asarray(np.percentile(features, _INSIDE_PERCENTILES, axis=0), np.float32)
    return Appearance(scale.low, scale.high, noise, ends[0], ends[1])


def difference_from_painted(
    grey: NDArray[Any], scale: GreyScale, painted: Sequence[Appearance]
) -> str | None:
    """Say in which way an image differs from every painted one; None where it is like one of them.

    Parameters
    ----------
    grey : array, shape (y, x) or (z, y, x)
        Grey values.
    scale : GreyScale
        Of the image.
    painted : sequence of Appearance
        Of the painted images.

    Returns
    -------
    str or None
        The differences from the painted image that it is most like.
    """
    features, noise = _sample(grey, scale)
    reasons = [_differences(features, noise, scale, each) for each in painted]
    fewest = min(reasons, key=len)
    return "; ".join(fewest) or None


def _differences(
    features: NDArray[np.float32], noise: float, scale: GreyScale, seen: Appearance
) -> list[str]:
    found = []
    width = seen.high - seen.low
    shift = max(abs(scale.low - seen.low), abs(scale.high - seen.high)) / width
    if shift > MOST_RANGE_SHIFT:
        found.append(
            f"grey range {scale.low:.4g} to {scale.high:.4g}, painted {seen.low:.4g} to {seen.high:.4g}"
        )
    if max(noise, seen.noise) > MOST_NOISE_RATIO * min(noise, seen.noise):
        found.append(f"noise {noise:.3f} of the grey range, painted {seen.noise:.3f}")
    unseen = float(((features < seen.feature_low) | (features > seen.feature_high)).any(axis=1).mean())
    if unseen > MOST_UNSEEN:
        found.append(f"{100 * unseen:.0f} % of the pixels look like none of the painted image")
    return found


def _sample(grey: NDArray[Any], scale: GreyScale) -> tuple[NDArray[np.float32], float]:
    """Features of some pixels, and the noise."""
    blocks = list(blocks_of(grey.shape, side_px=BLOCK_PX[grey.ndim] // 2, margin_px=REACH_PX))
    chosen = blocks[:: -(-len(blocks) // _BLOCKS_LOOKED_AT)]
    parts, differences = [], []
    for block in chosen:
        scaled = scale.apply(grey[block.seen])
        parts.append(_core(find_features(scaled), scaled.shape, block)[::7])
        differences.append(_against_neighbours(scaled))
    noise = float(np.median(np.abs(np.concatenate(differences))) * _TO_SIGMA)
    return np.concatenate(parts), noise


def _core(features: NDArray[np.float32], shape: tuple[int, ...], block: Block) -> NDArray[np.float32]:
    width = features.shape[1]
    return features.reshape(*shape, width)[block.inner].reshape(-1, width)


def _against_neighbours(scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each pixel less the mean of its four neighbours in the plane."""
    middle = scaled[..., 1:-1, 1:-1]
    around = scaled[..., :-2, 1:-1] + scaled[..., 2:, 1:-1] + scaled[..., 1:-1, :-2] + scaled[..., 1:-1, 2:]
    return np.asarray(middle - around / 4, dtype=np.float32).reshape(-1)
