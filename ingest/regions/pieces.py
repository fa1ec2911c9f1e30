"""What about regions is allowed and seldom meant: labels in several pieces, one particle that is most of its phase."""

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected

from cathograph.ingest.regions.regions import Regions
from cathograph.schema.composites import Role

MOST_LISTED = 3

LARGE_SHARE = 0.5
"""Share of its phase from which one active particle is told."""


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


def notes_on_large_particles(regions: Regions) -> list[str]:
    """Say of which active phases one particle holds most.

    Parameters
    ----------
    regions : Regions

    Returns
    -------
    list of str
        One note for each active phase of which one particle holds more than half (`LARGE_SHARE`).

    Examples
    --------
    >>> from cathograph.ingest.regions import label_phases
    >>> [note[:38] for note in notes_on_large_particles(label_phases(np.array([[2, 2, 2, 0, 2]])))]
    ['one NMC particle of 2 holds 75% of its']
    """
    areas = np.bincount(regions.labels.reshape(-1), minlength=1)[regions.region_labels]
    notes = []
    for phase in regions.composite.phases:
        own = areas[regions.region_phases == phase.code]
        if not phase.has(Role.ACTIVE) or own.size == 0:
            continue
        share = own.max() / own.sum()
        if share > LARGE_SHARE:
            notes.append(
                f"one {phase} particle of {own.size} holds {share:.0%} of its phase ({own.max()} of {own.sum()} px); "
                "look at the image: are touching particles still joined? Then give a label image (`source` regions)."
            )
    return notes
