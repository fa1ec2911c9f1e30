"""Labels that lie in several pieces: allowed, but more often a mask of one value than particles."""

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected

MOST_LISTED = 3


def notes_on_pieces(labels: NDArray[np.integer]) -> list[str]:
    """Say how many labels lie in several pieces, and which are in most.

    Parameters
    ----------
    labels : ndarray of integers, shape (y, x) or (z, y, x)
        Label image, 0 is background.

    Returns
    -------
    list of str
        One note; empty where every label is one piece.

    Examples
    --------
    >>> notes_on_pieces(np.array([[5, 0, 5], [0, 0, 0], [7, 7, 0]]))
    ['1 of 2 labels lies in several pieces (5 in 2) and is one region each; did you mean phases (`source` phases)?']
    """
    pieces = np.asarray(connected(labels, connectivity=labels.ndim, background=0))
    numbers, first = np.unique(pieces, return_index=True)
    owner = labels.reshape(-1)[first[numbers > 0]]
    names, counts = np.unique(owner, return_counts=True)
    several = counts > 1
    if not several.any():
        return []
    order = np.flatnonzero(several)[np.argsort(-counts[several], kind="stable")][:MOST_LISTED]
    listed = ", ".join(f"{int(names[place])} in {int(counts[place])}" for place in order)
    verb, be = ("lies", "is") if several.sum() == 1 else ("lie", "are")
    return [
        f"{int(several.sum())} of {names.size} labels {verb} in several pieces ({listed}) and {be} one region each; "
        "did you mean phases (`source` phases)?"
    ]
