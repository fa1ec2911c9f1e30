"""Connected bodies of a mask: which pixels belong together, over faces only or over edges and corners as well."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.ingest.options import Connectivity

Labels = NDArray[np.int32]


def label_bodies(mask: NDArray[np.bool_], connectivity: Connectivity = Connectivity.ALL) -> Labels:
    """Label the connected bodies of a mask 1…n in scan order.

    Parameters
    ----------
    mask : bool array, shape (y, x) or (z, y, x)
    connectivity : Connectivity
        ``all``: 8 neighbours in 2D, 26 in 3D. ``faces``: 4 and 6, so that bodies which share only an
        edge or a corner are two.

    Returns
    -------
    int32 array of the same shape
        0 outside the mask.

    Examples
    --------
    >>> corner = np.array([[1, 0], [0, 1]], bool)
    >>> label_bodies(corner).max(), label_bodies(corner, Connectivity.FACES).max()
    (np.int32(1), np.int32(2))
    """
    reach = 1 if connectivity is Connectivity.FACES else mask.ndim
    bodies, _ = ndimage.label(mask, ndimage.generate_binary_structure(mask.ndim, reach))
    return np.asarray(bodies)


def bodies_apart(bodies: Labels) -> Iterator[NDArray[np.bool_]]:
    """Divide bodies among masks so that in each mask no two of them meet, not even at a corner.

    What knows only the connectivity ``all`` can then be applied to each mask, and sees every body
    by itself. Bodies that meet are given different masks, the lowest that is free (greedy colouring in
    the order of labels); without corner contacts there is one mask.

    Parameters
    ----------
    bodies : int32 array, shape (y, x) or (z, y, x)
        From `label_bodies` with ``faces``.

    Yields
    ------
    bool array of the same shape
        Every body is in exactly one of them.
    """
    meets: dict[int, set[int]] = {}
    for a, b in _corner_contacts(bodies):
        meets.setdefault(a, set()).add(b)
        meets.setdefault(b, set()).add(a)
    mask_of = np.zeros(int(bodies.max(initial=0)) + 1, np.int32)
    for body in sorted(meets):
        taken = {int(mask_of[other]) for other in meets[body] if other < body}
        mask_of[body] = next(number for number in range(len(taken) + 1) if number not in taken)
    for number in range(int(mask_of.max()) + 1):
        chosen = mask_of == number
        chosen[0] = False  # background
        yield chosen[bodies]


def _corner_contacts(bodies: Labels) -> list[tuple[int, int]]:
    """List the pairs of bodies that meet at an edge or a corner."""
    found = []
    for offset in product((-1, 0, 1), repeat=bodies.ndim):
        # Half of the neighbours see each pair once; those over faces are of the same body.
        if offset <= (0,) * bodies.ndim or sum(map(abs, offset)) < 2:
            continue
        here = bodies[tuple(slice(max(0, -step), -step if step > 0 else None) for step in offset)]
        there = bodies[tuple(slice(max(0, step), step if step < 0 else None) for step in offset)]
        meet = (here > 0) & (there > 0) & (here != there)
        found.append(np.stack((here[meet], there[meet]), axis=1))
    pairs = np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, 2), np.int32)
    return [(int(a), int(b)) for a, b in pairs]
