"""Convexity of regions: pixels of the region over pixels of its convex hull.

The hull is that of the pixel *centres*, boundary included, so every digitised convex shape
(disc, ball, ellipse, box, of any size) has convexity exactly 1.0. The hull of pixel corners
would make small discs look concave (0.78 at radius 3, below 0.95 up to radius 18) and a
splitter would cut them up.

Both counts are exact integers (`cathograph.ingest.regions.lattice_hull`) and come from the row extents of the
regions (`cathograph.ingest.regions.row_extents`), so one huge region costs no more than many small ones.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from cathograph.ingest.regions.lattice_hull import lattice_points_2d, lattice_points_3d
from cathograph.ingest.regions.numbering import number_regions
from cathograph.ingest.regions.row_extents import RowExtents, measure_row_extents


@njit(cache=True, parallel=True)
def _hull_areas(
    start: NDArray[np.int64],
    row: NDArray[np.int32],
    first: NDArray[np.int32],
    last: NDArray[np.int32],
    rows_per_plane: int,
) -> NDArray[np.int64]:
    """Lattice points in the hull of each region, 0 for collinear ones."""
    areas = np.empty(start.size - 1, np.int64)
    for i in prange(start.size - 1):
        rows = slice(start[i], start[i + 1])
        if rows_per_plane == 0:
            areas[i] = lattice_points_2d(row[rows], first[rows], last[rows])
        else:
            areas[i] = lattice_points_3d(row[rows], first[rows], last[rows], rows_per_plane)
    return areas


def convexity_of_extents(extents: RowExtents, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Convexity of each region of `extents`, which were measured on an image of this shape."""
    rows_per_plane = shape[1] if len(shape) == 3 else 0
    hull = _hull_areas(extents.start, extents.row, extents.first, extents.last, rows_per_plane)
    return np.divide(extents.area, hull, out=np.ones(hull.size), where=hull > 0)


def measure_convexity(labels: NDArray[np.integer], region_labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Convexity of each region of a label image.

    Parameters
    ----------
    labels : integer array, 2D or 3D
        Label image, 0 is background.
    region_labels : int64 array (n,), ascending
        All labels of the image but 0.

    Returns
    -------
    float64 array (n,), in (0, 1]

    Raises
    ------
    InputImageError
        When the array is no label image, or its labels are not those of `region_labels`.

    Notes
    -----
    design.md section 1: ``convex_hull_image(offset_coordinates=False)`` of scikit-image, and
    equal to it wherever that works. Regions whose pixels lie on one line have convexity 1 by
    definition. A region in 3D whose voxels lie in one plane is measured by its planar hull
    in that plane, which is what "centre lies in the hull" says literally: a flat L of three
    arms (voxels (0,0,0), (0,1,0), (0,2,0), (0,2,1), (0,2,2)) has convexity 5/6 as it has in 2D,
    not 1.

    Examples
    --------
    >>> labels = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1]])
    >>> measure_convexity(labels, np.array([1])).round(4).tolist()
    [0.8333]
    """
    extents = measure_row_extents(number_regions(labels, region_labels), region_labels.size)
    return convexity_of_extents(extents, labels.shape)
