"""The position of an energy map in an image, and the label under each of its pixels.

Energies are never resampled: that would blend particles with their surroundings, and pixels without a value
with their neighbours. The labels are looked up instead, at the centre of each map pixel, so that each
measured value counts once whatever the sizes of the pixels.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Matching = Literal["same_grid", "placed", "registered"]

_DECIMALS = 9
"""Places are rounded to this part of an image pixel, so that 0.06 / 0.02 is 3 and not a little less."""


@dataclass(frozen=True)
class MapPlacement:
    """A map's grid in that of an image.

    Attributes
    ----------
    matching : {"same_grid", "placed", "registered"}
        Pixel on pixel; by pixel sizes and offset; by correlation.
    map_shape, image_shape : tuple of int
        Pixels along (y, x) or (z, y, x).
    map_pixel_um, image_pixel_um : float
        Edges of a pixel in µm.
    offset_um : tuple of float
        Outer corner of the map's first pixel, from that of the image's, along each axis.
    residual_shift_um : tuple of float or None
        Shift that is left between the map's values and the NMC, as their correlation sees it; None where
        nothing tells (a map without gaps).
    """

    matching: Matching
    map_shape: tuple[int, ...]
    image_shape: tuple[int, ...]
    map_pixel_um: float
    image_pixel_um: float
    offset_um: tuple[float, ...]
    residual_shift_um: tuple[float, ...] | None = None

    @classmethod
    def same_grid(cls, shape: tuple[int, ...], pixel_size_um: float = 1.0) -> "MapPlacement":
        """Lay a map pixel on pixel over an image."""
        return cls("same_grid", shape, shape, pixel_size_um, pixel_size_um, (0.0,) * len(shape))

    @property
    def pixel_ratio(self) -> float:
        """Image pixels that a map pixel covers."""
        if self.matching == "same_grid":
            return 1.0
        return float((self.map_pixel_um / self.image_pixel_um) ** len(self.map_shape))

    def image_indices(self, axis: int) -> NDArray[np.int64]:
        """Image pixel that holds the centre of each map pixel along an axis; -1 outside of the image.

        A centre on the border of two image pixels falls into the later one.

        Examples
        --------
        >>> twice_as_coarse = MapPlacement("placed", (3,), (4,), 0.04, 0.02, (-0.04,))
        >>> twice_as_coarse.image_indices(0).tolist()
        [-1, 1, 3]
        """
        if self.matching == "same_grid":
            return np.arange(self.map_shape[axis])
        centres_um = self.offset_um[axis] + (np.arange(self.map_shape[axis]) + 0.5) * self.map_pixel_um
        indices = np.floor(np.round(centres_um / self.image_pixel_um, _DECIMALS)).astype(np.int64)
        return np.where((indices >= 0) & (indices < self.image_shape[axis]), indices, -1)

    def overlaps(self) -> bool:
        """Whether the centre of any map pixel lies in the image."""
        return all(bool((self.image_indices(axis) >= 0).any()) for axis in range(len(self.map_shape)))

    def part_inside(self) -> tuple[slice, ...]:
        """Part of the map that lies in the image, along each axis; only for a map that overlaps it."""
        return tuple(
            slice(int(index[0]), int(index[-1]) + 1)
            for axis in range(len(self.map_shape))
            for index in [np.flatnonzero(self.image_indices(axis) >= 0)]
        )

    def rows_of(self, labels: NDArray[np.integer], start: int, stop: int) -> NDArray[np.integer]:
        """Labels under rows (planes in 3D) of the map.

        Parameters
        ----------
        labels : ndarray of int, shape `image_shape`
            Label image.
        start, stop : int
            Rows of the map, `stop` excluded.

        Returns
        -------
        ndarray of int, shape (stop - start, …) as the map
            0 outside of the image; a view where the grids are the same.
        """
        if self.matching == "same_grid":
            return labels[start:stop]
        indices = [self.image_indices(axis) for axis in range(len(self.map_shape))]
        indices[0] = indices[0][start:stop]
        under = labels[np.ix_(*indices)]
        for axis, index in enumerate(indices):
            outside = [slice(None)] * len(indices)
            outside[axis] = np.flatnonzero(index < 0)  # type: ignore[call-overload]
            under[tuple(outside)] = 0
        return under
