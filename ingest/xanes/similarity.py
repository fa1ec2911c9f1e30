"""Similarities of the plane: how one frame has to be enlarged, turned and shifted to lie on another one.

A similarity is fitted by Gauss–Newton steps on the difference of two images (Lucas and Kanade 1981), with a free factor
between their values, coarse first. No library at hand does this with weights, which a test on held-out parts needs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]

_SMOOTHED_PX = (4.0, 0.0)
_STEPS = 8
_SETTLED_PX = 0.03


@dataclass(frozen=True)
class Similarity:
    """What lays a frame on another: x → middle + zoom · R (x − middle) + shift, with coordinates (y, x).

    Attributes
    ----------
    shift_px : ndarray of float64, shape (2,)
        (y, x) to shift by, last.
    zoom : float
        Factor to enlarge by, about the middle of the frame.
    rotation_deg : float
        Angle to turn by about the middle, from the y axis towards the x axis.
    """

    shift_px: NDArray[np.float64]
    zoom: float = 1.0
    rotation_deg: float = 0.0

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Zoom and rotation, shape (2, 2)."""
        angle = np.deg2rad(self.rotation_deg)
        turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return np.asarray(self.zoom * turned)

    @property
    def is_shift(self) -> bool:
        """Whether it neither enlarges nor turns."""
        return self.zoom == 1.0 and self.rotation_deg == 0.0

    def seen_from(self, other: "Similarity") -> "Similarity":
        """Give what lays the frame on the one that `other` belongs to, where both lie on the same third frame."""
        back = np.linalg.inv(other.matrix)
        return Similarity(
            back @ (self.shift_px - other.shift_px),
            self.zoom / other.zoom,
            self.rotation_deg - other.rotation_deg,
        )

    def moves_corners_px(self, other: "Similarity", shape: tuple[int, ...]) -> float:
        """Give the largest distance of a frame's corners between this and another similarity."""
        height, width = (np.array(shape) - 1) / 2
        corners = np.array([[-height, -width], [-height, width], [height, -width], [height, width]])
        apart = corners @ (self.matrix - other.matrix).T + (self.shift_px - other.shift_px)
        return float(np.hypot(*apart.T).max())

    def apply(self, image: Image, *, order: int, mode: str, cval: float = 0.0) -> Image:
        """Move an image; `order`, `mode` and `cval` as in `scipy.ndimage.affine_transform`."""
        if self.is_shift:
            return np.asarray(ndimage.shift(image, self.shift_px, order=order, mode=mode, cval=cval))
        middle = (np.array(image.shape) - 1) / 2
        back = np.linalg.inv(self.matrix)
        offset = middle - back @ (middle + self.shift_px)
        return np.asarray(
            ndimage.affine_transform(image, back, offset=offset, order=order, mode=mode, cval=cval)
        )


def fit_similarity(
    fixed: Image, moving: Image, start: Similarity, weights: NDArray[np.float64]
) -> Similarity:
    """Find the similarity that lays one image on another, near a first guess.

    Parameters
    ----------
    fixed, moving : ndarray of float32, shape (height, width)
        Images without NaN.
    start : Similarity
        First guess.
    weights : ndarray of float64, shape (height, width)
        Weight of each pixel of `fixed`; 0 leaves it out.

    Returns
    -------
    Similarity
        The start where the images have nothing in common.
    """
    height, width = fixed.shape
    y, x = np.indices(fixed.shape, dtype=np.float64)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    reach = float(np.hypot(height, width) / 2)
    root = np.sqrt(weights)
    chosen = root > 0
    best = start
    for smoothed_px in _SMOOTHED_PX:
        target = ndimage.gaussian_filter(fixed, smoothed_px) if smoothed_px else fixed
        source = ndimage.gaussian_filter(moving, smoothed_px) if smoothed_px else moving
        for _ in range(_STEPS):
            moved = best.apply(source, order=1, mode="nearest")
            gradient_y, gradient_x = np.gradient(moved)
            # A further small similarity about the middle: zoom by a, turn by b, shift.
            layers: NDArray[np.float64] = np.stack(
                [
                    -(gradient_y * y + gradient_x * x),
                    gradient_y * x - gradient_x * y,
                    -gradient_y,
                    -gradient_x,
                    moved,
                    np.ones_like(moved),
                ]
            )
            design = (layers[:, chosen] * root[chosen]).T
            try:
                found = np.linalg.solve(design.T @ design, design.T @ (target[chosen] * root[chosen]))
            except np.linalg.LinAlgError:  # nothing to see in one of them
                return start
            factor = float(found[4])
            if not factor > 0:
                return start
            a, b, step_y, step_x = found[:4] / factor
            step = Similarity(
                np.array([step_y, step_x]), float(np.hypot(1 + a, b)), float(np.rad2deg(np.arctan2(b, 1 + a)))
            )
            best = Similarity(
                step.matrix @ best.shift_px + step.shift_px,
                best.zoom * step.zoom,
                best.rotation_deg + step.rotation_deg,
            )
            if np.hypot(a, b) * reach + np.hypot(step_y, step_x) < _SETTLED_PX:
                break
    return best
