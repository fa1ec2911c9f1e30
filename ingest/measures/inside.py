"""Where the pixels of a particle lie in it: depth below its surface, and paths to junctions and contacts.

All distances run from pixel centre to pixel centre inside the particle. A path starts at the particle's pixels that
take part: for a junction those in a window of (r+1) pixels that holds an ionic and an electronic pixel too (the
definition of junctions), for a contact those within Chebyshev distance r of the carrier.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.ingest.measures.geodesic import geodesic_distance
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.composites import Role

TARGETS = ("junction", "ionic", "electronic")
"""What distances inside a particle are measured to."""


@dataclass(frozen=True, eq=False)
class Inside:
    """One particle and a margin of one pixel around it.

    Attributes
    ----------
    position : int
        Place in the region table.
    crop : tuple of slice
        Where it lies in the image.
    mask : ndarray of bool, shape (y, x) or (z, y, x)
        Its pixels in the crop.
    depth_px : ndarray of float64, same shape
        Distance of each pixel's centre below the surface; infinite where the particle fills the image. The border of
        the image is no surface.
    distance_px : dict of str to ndarray of float64
        By target, path inside the particle; infinite where there is none.
    cut : bool
        Whether it touches the border of the image, so that a part of its surface is not seen.
    """

    position: int
    crop: tuple[slice, ...]
    mask: NDArray[np.bool_]
    depth_px: NDArray[np.float64]
    distance_px: dict[str, NDArray[np.float64]]
    cut: bool


def iterate_particles(regions: Regions, radius_px: int) -> Iterator[Inside]:
    """Walk through the active particles of an image.

    Parameters
    ----------
    regions : Regions
        The image.
    radius_px : int
        Chebyshev radius of contact.
    """
    starts = find_starts(regions, radius_px)
    boxes = ndimage.find_objects(regions.numbers, max_label=len(regions))
    for position in regions.positions_with(Role.ACTIVE):
        box = list(zip(boxes[position], regions.labels.shape, strict=True))
        crop = tuple(slice(max(0, each.start - 1), min(size, each.stop + 1)) for each, size in box)
        cut = any(each.start == 0 or each.stop == size for each, size in box)
        mask = regions.numbers[crop] == position + 1
        depth = np.full(mask.shape, np.inf)
        if not mask.all():
            depth = ndimage.distance_transform_edt(mask) - 0.5
        distance = {target: geodesic_distance(mask, starts[target][crop]) for target in TARGETS}
        yield Inside(int(position), crop, mask, depth, distance, cut)


def find_starts(regions: Regions, radius_px: int) -> dict[str, NDArray[np.bool_]]:
    """Mark the pixels within reach of a junction and of each carrier, whatever they belong to.

    Parameters
    ----------
    regions : Regions
        The image.
    radius_px : int
        Chebyshev radius of contact.

    Returns
    -------
    dict
        By target, ndarray of bool of the image's shape. Pixels of active particles among those of ``junction`` are at
        a junction of their particle, because a window that covers such a pixel holds its particle too.
    """
    ionic, electronic = (
        np.isin(regions.phase_image, regions.composite.codes_with(role))
        for role in (Role.IONIC, Role.ELECTRONIC)
    )
    side = radius_px + 1

    def windows_over(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray(ndimage.maximum_filter(mask, size=side, mode="constant", cval=0))

    meeting = windows_over(ionic) & windows_over(electronic)
    # The pixels that a window covers: the same window mirrored, which differs where its side is even.
    junction = ndimage.maximum_filter(meeting, size=side, mode="constant", cval=0, origin=side % 2 - 1)
    near = [
        np.asarray(ndimage.maximum_filter(each, size=2 * radius_px + 1, mode="constant", cval=0))
        for each in (ionic, electronic)
    ]
    return dict(zip(TARGETS, (np.asarray(junction), *near), strict=True))


def equal_shells(depth: NDArray[np.float64], shells: int) -> NDArray[np.int64]:
    """Sort pixels into shells of equal area (volume) by their depth; equal depths stay together.

    Parameters
    ----------
    depth : ndarray of float64, shape (n,)
        Depth of each pixel.
    shells : int
        How many.

    Returns
    -------
    ndarray of int64, shape (n,)
        Shell of each pixel, 0 outermost.

    Examples
    --------
    >>> equal_shells(np.array([0.5, 0.5, 1.5, 2.5]), 2).tolist()
    [0, 0, 1, 1]
    """
    _, inverse, counts = np.unique(depth, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    return np.asarray(np.floor(shells * middle / len(depth))[inverse], dtype=np.int64)
