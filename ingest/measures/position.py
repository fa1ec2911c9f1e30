"""The family position: where each active particle lies between two sides, and what lies how deep (docs/position.md).

The separator side is the composite's `ion_side`, the collector side the opposite one. Depths are measured from the
outer face of the image, so the first pixel reaches from 0 to one pixel edge.

A path through a network may pass from one region to the next of the same carrier. It begins at any pixel of the network
in contact with the particle (Chebyshev distance up to the contact radius, as for contacts and local channels) and ends
at the side's face. One search from the side gives the paths of all particles.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.ingest.graph.junctions import find_junctions
from cathograph.ingest.measures.geodesic import geodesic_distance
from cathograph.ingest.measures.measured import Measured, StoredImage
from cathograph.ingest.measures.sides import ion_axis
from cathograph.ingest.regions.regions import Regions
from cathograph.schema.composites import Role

LAYERS = 20
"""Layers of a depth profile; an image that is fewer pixels deep has one per pixel."""


def measure(image: StoredImage) -> Measured:
    """Compute the family for one image.

    Raises
    ------
    CompositeError
        When a 2D image has no side where its ions come from.
    """
    regions = image.regions
    axis, from_low = ion_axis(regions)
    active = regions.positions_with(Role.ACTIVE)
    depth_px = regions.labels.shape[axis]
    index = np.arange(depth_px).reshape([-1 if each == axis else 1 for each in range(regions.labels.ndim)])
    layers = np.broadcast_to(index if from_low else index[::-1].reshape(index.shape), regions.labels.shape)
    size = np.bincount(regions.numbers.ravel(), minlength=len(regions) + 1)[1:]
    summed = np.bincount(regions.numbers.ravel(), layers.ravel(), minlength=len(regions) + 1)[1:]
    centre_px = (summed[active] / size[active]) + 0.5
    boxes = ndimage.find_objects(regions.numbers, max_label=len(regions))
    ends = np.array([(boxes[at][axis].start, boxes[at][axis].stop) for at in active]).reshape(-1, 2)
    first, last = (ends[:, 0], ends[:, 1]) if from_low else (depth_px - ends[:, 1], depth_px - ends[:, 0])
    edge_um = image.pixel_size_um
    ionic = path_through(regions, Role.IONIC, axis, at_low=from_low, radius_px=image.radius_px)[active]
    electronic = path_through(regions, Role.ELECTRONIC, axis, at_low=not from_low, radius_px=image.radius_px)[
        active
    ]
    particles = pd.DataFrame(
        {
            "label": regions.region_labels[active],
            "separator_distance_um": centre_px * edge_um,
            "separator_nearest_um": first * edge_um,
            "collector_distance_um": (depth_px - centre_px) * edge_um,
            "collector_nearest_um": (depth_px - last) * edge_um,
            "relative_depth": centre_px / depth_px,
            "ionic_path_um": np.where(np.isfinite(ionic), ionic * edge_um, np.nan),
            "has_ionic_path": np.isfinite(ionic),
            "electronic_path_um": np.where(np.isfinite(electronic), electronic * edge_um, np.nan),
            "has_electronic_path": np.isfinite(electronic),
        }
    )
    return Measured(particles, image=depth_profile(image, axis, from_low=from_low))


def path_through(
    regions: Regions, carrier: Role, axis: int, *, at_low: bool, radius_px: int
) -> NDArray[np.float64]:
    """Compute the shortest path from each region through the network of a carrier to a side.

    Parameters
    ----------
    regions : Regions
        The image.
    carrier : Role
        Whose phases make the network.
    axis : int
        Axis that ends at the side.
    at_low : bool
        Whether the side is at index 0.
    radius_px : int
        Chebyshev radius of contact.

    Returns
    -------
    ndarray of float64, shape (n,)
        In pixels up to the face of the image; infinite where no path leads there.
    """
    network = np.isin(regions.phase_image, regions.composite.codes_with(carrier))
    at_side = np.zeros_like(network)
    np.moveaxis(at_side, axis, 0)[0 if at_low else -1] = True
    distance = geodesic_distance(network, at_side) + 0.5
    nearby = ndimage.minimum_filter(distance, size=2 * radius_px + 1, mode="constant", cval=np.inf)
    shortest = np.full(len(regions) + 1, np.inf)
    np.minimum.at(shortest, regions.numbers.ravel(), nearby.ravel())
    return shortest[1:]


def depth_profile(image: StoredImage, axis: int, *, from_low: bool) -> dict[str, object]:
    """Count what lies in each layer between the sides, from the ion side on.

    Parameters
    ----------
    image : StoredImage
        The image.
    axis : int
        Axis between the two sides.
    from_low : bool
        Whether the ion side is at index 0.

    Returns
    -------
    dict
        ``layer_edges_um`` (one more than layers), the share of pixels of each role and of background by layer,
        and the junctions in each layer. The shares of an image whose phases have one role each add up to 1.
    """
    regions = image.regions
    depth_px = regions.labels.shape[axis]
    # Layers end between pixels, so that each pixel lies in one.
    edges = np.unique(np.round(np.linspace(0, depth_px, min(LAYERS, depth_px) + 1)).astype(np.int64))
    by_layer = np.moveaxis(regions.phase_image, axis, 0)
    by_layer = by_layer if from_low else by_layer[::-1]
    counts = np.stack([np.bincount(row.ravel(), minlength=256) for row in by_layer])
    share = np.add.reduceat(counts, edges[:-1], axis=0) / (np.diff(edges) * by_layer[0].size)[:, None]
    at = find_junctions(regions, radius_px=image.radius_px).positions_px[:, axis] + 0.5
    junctions = np.histogram(at if from_low else depth_px - at, edges)[0]
    return {
        "layer_edges_um": (edges * image.pixel_size_um).tolist(),
        "background_by_layer": share[:, 0].tolist(),
        **{
            f"{role.value}_by_layer": share[:, list(regions.composite.codes_with(role))].sum(axis=1).tolist()
            for role in Role
        },
        "junctions_by_layer": [int(each) for each in junctions],
    }
