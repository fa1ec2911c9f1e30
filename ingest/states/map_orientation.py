"""Turn an energy map as its user says, before anything else is done with it.

Programs count rows from the top or from the bottom, and some write x before y, so a map may lie on its image
upside down, mirrored or transposed.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import MapOrientation

Value = TypeVar("Value", bound=np.generic)

_TURNS = {
    MapOrientation.AS_STORED: (False, False, False),
    MapOrientation.UPSIDE_DOWN: (False, True, False),
    MapOrientation.MIRRORED: (False, False, True),
    MapOrientation.ROTATED_180: (False, True, True),
    MapOrientation.TRANSPOSED: (True, False, False),
    MapOrientation.ROTATED_90: (True, True, False),
    MapOrientation.ROTATED_270: (True, False, True),
    MapOrientation.ANTI_TRANSPOSED: (True, True, True),
}
"""Whether y and x are exchanged, then y reversed, then x."""


def turn_map(values: NDArray[Value], orientation: MapOrientation) -> NDArray[Value]:
    """Turn a map; a volume is turned plane by plane.

    Parameters
    ----------
    values : ndarray, shape (y, x) or (z, y, x)
        Any values.
    orientation : MapOrientation
        What has to be done with the map as it is stored. Rotations are counter-clockwise, with y downwards.

    Returns
    -------
    ndarray
        A view; y and x are exchanged where the map is transposed or rotated by 90° or 270°.

    Examples
    --------
    >>> turn_map(np.array([[1, 2, 3], [4, 5, 6]]), MapOrientation.ROTATED_90).tolist()
    [[3, 6], [2, 5], [1, 4]]
    """
    exchanged, reverse_y, reverse_x = _TURNS[orientation]
    turned = np.swapaxes(values, -1, -2) if exchanged else values
    return turned[..., :: -1 if reverse_y else 1, :: -1 if reverse_x else 1]
