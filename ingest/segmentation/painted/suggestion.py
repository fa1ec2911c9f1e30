"""Where the next stroke helps most: the patch in which the forest is least sure."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

PATCH_PX = 48


def doubt_of(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Say how unsure each pixel is: the entropy of its probabilities over the largest there can be, 0 to 1.

    Parameters
    ----------
    probabilities : float32 array, shape (y, x, classes) or (z, y, x, classes)
        As `PaintedSegmenter.probabilities` gives them.
    """
    bounded = np.clip(probabilities, 1e-6, 1)
    entropy = -(bounded * np.log(bounded)).sum(axis=-1)
    found: NDArray[np.float32] = (entropy / np.log(probabilities.shape[-1])).astype(np.float32)
    return found


def suggest_patch(
    probabilities: NDArray[np.float32], painted: NDArray[np.bool_], patch_px: int = PATCH_PX
) -> tuple[slice, ...]:
    """Suggest where to paint: the patch with the largest mean doubt that holds no stroke, or the largest of all.

    Parameters
    ----------
    probabilities : float32 array, shape (…, classes)
        Of each pixel.
    painted : bool array, shape (…)
        Where something was painted already.
    patch_px : int
        Side of the patch; smaller where the image is.

    Returns
    -------
    tuple of slice
        The patch in the image.
    """
    sides = [min(patch_px, length) for length in painted.shape]
    doubt = ndimage.uniform_filter(doubt_of(probabilities), sides, mode="constant")
    inside = tuple(
        slice(side // 2, length - (side - 1) // 2) for side, length in zip(sides, painted.shape, strict=True)
    )
    fresh = ~(ndimage.maximum_filter(painted, sides, mode="constant"))[inside]
    chosen = doubt[inside]
    if fresh.any():
        chosen = np.where(fresh, chosen, -1)
    corner = np.unravel_index(int(chosen.argmax()), chosen.shape)
    return tuple(slice(int(first), int(first) + side) for first, side in zip(corner, sides, strict=True))
