"""The axis between the side that the ions come from and the opposite one."""

from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.transport.conductances import place_of_side
from cathograph.schema.composites import SIDES
from cathograph.schema.errors import CompositeError


def ion_axis(regions: Regions) -> tuple[int, bool]:
    """Find the axis along which ions cross an image, and whether they enter at its low end.

    Returns
    -------
    axis : int
        Of the label image.
    from_low : bool
        True where the ion side is at index 0.

    Raises
    ------
    CompositeError
        When a 2D image has no such side.
    """
    side, ndim = regions.composite.ion_side, regions.labels.ndim
    if SIDES.index(side) >= 2 * ndim:
        msg = (
            f"Found ion_side {side} and a 2D image; expected a side of it. Ingest it with a composite "
            "whose ion_side is top, bottom, left or right."
        )
        raise CompositeError(msg)
    axis, direction = place_of_side(side, ndim)
    return axis, direction < 0
