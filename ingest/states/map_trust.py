"""Refuse a map that fits its image no better than chance, unless somebody vouches for it."""

import math

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import MapOrientation, MatchingOptions
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.map_agreement import LEVEL, MapAgreement, measure_agreement
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.ingest.states.mask_cells import average_over_cells, first_pixels
from cathograph.schema.composites import Role
from cathograph.schema.errors import InputImageError

_MOST_CELLS = {2: 256, 3: 40}
"""Along an axis: fine enough for particles, coarse enough to compare some hundred fields within a second or two."""


def require_agreement(
    image: Regions,
    in_window: NDArray[np.bool_],
    placement: MapPlacement,
    options: MatchingOptions,
) -> MapAgreement | None:
    """Compare a map with the active particles where it lies, and refuse one that fits no better than chance.

    Parameters
    ----------
    image : Regions
        Regions and their phases.
    in_window : ndarray of bool, shape (y, x) or (z, y, x)
        Pixels of the map whose energy lies in the window, turned as the options say.
    placement : MapPlacement
        Where the map lies.
    options : MatchingOptions
        How its place was found, and who vouches for it.

    Returns
    -------
    MapAgreement or None
        None where the map's values or the particles cover the whole field, so that nothing can be compared.

    Raises
    ------
    InputImageError
        When the map fits no better than chance, or clearly better in another orientation, and nobody vouches for it.
    """
    agreement = _agreement(image, in_window, placement, anywhere=options.by_correlation)
    if agreement is None or agreement.holds or options.trust_map is not None:
        return agreement
    if agreement.chance <= LEVEL:
        found = (
            f"Found a map that fits the image (agreement {agreement.score:.2f}), but less than it does turned"
        )
        expected = "expected it to fit best as it is"
    else:
        found = (
            f"Found a map that fits the image no better than chance: agreement {agreement.score:.2f} with "
            f"{agreement.particles} active particles, and {agreement.chance:.1%} of fields with the same particles at "
            "random places fit at least as well"
        )
        expected = f"expected at most {LEVEL:.0%}"
    msg = f"{found}; {expected}. {_advice(image, in_window, placement, options, agreement)}"
    raise InputImageError(msg)


def describe_agreement(agreement: MapAgreement | None, *, trusted_by: object) -> list[str]:
    """Say how well a map fits, for the user."""
    notes = []
    if agreement is None:
        notes.append(
            "whether map and image fit cannot be told: the map's values in the window, or the NMC, cover the whole "
            "field"
        )
    else:
        notes.append(
            f"agreement of map and image {agreement.score:.2f} with {agreement.particles} NMC; "
            f"{agreement.chance:.1%} of fields with the same particles at random places fit as well"
        )
        if agreement.better is not None:
            notes.append(
                f"the map fits better when it is {_in_words(agreement.better)} (agreement "
                f"{agreement.better_score:.2f}): `map_orientation` {agreement.better.value}"
            )
    if trusted_by is not None:
        notes.append(f"trusted by {trusted_by}")
    return notes


def _advice(
    image: Regions,
    in_window: NDArray[np.bool_],
    placement: MapPlacement,
    options: MatchingOptions,
    agreement: MapAgreement,
) -> str:
    """Say what may be done: turn the map, move it, or vouch for it."""
    otherwise = 'Check that both show one field; if you are sure, give `trust_map` "who, and why".'
    if agreement.better is not None:
        return (
            f"It fits when it is {_in_words(agreement.better)} (agreement {agreement.better_score:.2f}): give "
            f"`map_orientation` {agreement.better.value}. {otherwise}"
        )
    if options.by_correlation:
        return otherwise
    elsewhere = _agreement(image, in_window, placement, anywhere=True)
    if elsewhere is None:
        return otherwise
    if elsewhere.holds:
        return f"It fits at another place: give `by_correlation`, or correct `map_offset_um`. {otherwise}"
    if elsewhere.better is not None:
        return (
            f"It fits at another place when it is {_in_words(elsewhere.better)}: give `by_correlation` and "
            f"`map_orientation` {elsewhere.better.value}. {otherwise}"
        )
    return otherwise


def _agreement(
    image: Regions, in_window: NDArray[np.bool_], placement: MapPlacement, *, anywhere: bool
) -> MapAgreement | None:
    """Compare on cells: of the map where its place is given, of the coarser of both grids where it is not."""
    is_active = np.zeros(len(image) + 1, dtype=np.bool_)
    is_active[image.positions_with(Role.ACTIVE) + 1] = True
    if anywhere:
        coarser = max(placement.map_pixel_um, placement.image_pixel_um)
        extents = (
            size * pixel
            for shape, pixel in (
                (placement.image_shape, placement.image_pixel_um),
                (placement.map_shape, placement.map_pixel_um),
            )
            for size in shape
        )
        cell_um = coarser * max(1, math.ceil(max(extents) / coarser / _MOST_CELLS[in_window.ndim]))
        indices = [_centres(size, placement.image_pixel_um / cell_um) for size in placement.image_shape]
        mask = average_over_cells(in_window, placement.map_pixel_um / cell_um)
    else:
        inside = placement.part_inside()
        step = max(1, math.ceil(max(in_window[inside].shape) / _MOST_CELLS[in_window.ndim]))
        indices = [
            placement.image_indices(axis)[part][_centres(part.stop - part.start, 1 / step)]
            for axis, part in enumerate(inside)
        ]
        mask = average_over_cells(in_window[inside], 1 / step)
    numbers = image.numbers[np.ix_(*indices)]
    return measure_agreement(np.where(is_active[numbers], numbers, 0), mask, anywhere=anywhere)


def _centres(size: int, cells_a_pixel: float) -> NDArray[np.int64]:
    """Pixel in the middle of each cell of `average_over_cells`."""
    if cells_a_pixel >= 1:
        return np.arange(size)
    starts = first_pixels(size, cells_a_pixel)
    centres: NDArray[np.int64] = (starts + np.append(starts[1:], size)) // 2
    return centres


def _in_words(orientation: MapOrientation) -> str:
    return {
        MapOrientation.UPSIDE_DOWN: "turned upside down",
        MapOrientation.ROTATED_180: "rotated by 180°",
        MapOrientation.ROTATED_90: "rotated by 90°",
        MapOrientation.ROTATED_270: "rotated by 270°",
    }.get(orientation, orientation.value)
