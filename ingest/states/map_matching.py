"""Match an energy map with an image: by pixel sizes and offset, or by correlation.

The map itself shows where the NMC is: inside a particle energies lie in the window, elsewhere
fits fail. So the mask of the values in the window is compared with the mask of the NMC. Both are brought
to cells of at most `_MOST_CELLS` along an axis by averaging, their means are subtracted, and they are
padded with zeros, so that a shift cannot wrap around. The cross-correlation is not normalised to phases
only: with eroded, noisy masks that was off by up to 1.6 pixels, this by up to 0.7.

A map is never resampled to fit, and never assumed to fit: sizes that differ without an option are an error.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from skimage.registration import phase_cross_correlation

from cathograph.ingest.options import MatchingOptions
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.ingest.states.map_trust import require_agreement
from cathograph.ingest.states.mask_cells import average_over_cells
from cathograph.schema.composites import Role
from cathograph.schema.errors import InputImageError

_EQUAL_SIZES = 0.001
_MOST_CELLS = {2: 1024, 3: 128}
_UPSAMPLING = 20
_LEAST_AGREEMENT = 0.3
_PIXELS_AT_ONCE = 1 << 22
_OPTIONS = "`map_pixel_size_nm`, `map_offset_um` Y,X or `by_correlation`"


def match_map(
    image: Regions,
    image_pixel_um: float,
    in_window: NDArray[np.bool_],
    stated_pixel_um: float | None,
    options: MatchingOptions,
) -> MapPlacement:
    """Find the position of a map in an image.

    Parameters
    ----------
    image : Regions
        Regions and their phases.
    image_pixel_um : float
        Edge of a pixel of the image in µm.
    in_window : ndarray of bool, shape (y, x) or (z, y, x)
        Pixels of the map whose energy lies in the window.
    stated_pixel_um : float or None
        Edge of a pixel of the map as its file states it.
    options : MatchingOptions
        What the user says.

    Returns
    -------
    MapPlacement
        With the shift that is left.

    Raises
    ------
    InputImageError
        When shapes or pixel sizes differ and no option says how they belong together, when map and image do
        not overlap, or when correlation finds no place where they fit.
    """
    shape, image_shape = in_window.shape, image.labels.shape
    if len(shape) != len(image_shape):
        msg = (
            f"Found a map of {len(shape)} dimensions and an image of {len(image_shape)}; expected the same. "
            "Choose the page or dataset that shows the image's field of view."
        )
        raise InputImageError(msg)
    if not options.given:
        placement = _pixel_on_pixel(shape, image_shape, image_pixel_um, stated_pixel_um)
    else:
        placement = MapPlacement(
            "registered" if options.by_correlation else "placed",
            shape,
            image_shape,
            _map_pixel(shape, image_shape, image_pixel_um, stated_pixel_um, options),
            image_pixel_um,
            _given_offset(options, len(shape)),
        )
    nmc = _nmc_mask(image)
    if options.by_correlation:
        offset_um = _find_offset(nmc, in_window, placement)
        if offset_um is None:
            require_agreement(image, in_window, placement, options)  # says which orientation fits
            msg = (
                "Found no place in the image where the map's values in the window fit the NMC; expected values there "
                "and gaps elsewhere. Give the place instead: `map_offset_um` Y,X."
            )
            raise InputImageError(msg)
        placement = replace(placement, offset_um=offset_um)
    if not placement.overlaps():
        msg = (
            f"Found a map of {_extent(shape, placement.map_pixel_um)} at {placement.offset_um} µm, which does not "
            f"overlap the image of {_extent(image_shape, image_pixel_um)}; expected them to. Correct "
            "`map_offset_um` (the map's first corner from the image's, in µm)."
        )
        raise InputImageError(msg)
    return replace(placement, residual_shift_um=_residual_shift(nmc, in_window, placement))


def _pixel_on_pixel(
    shape: tuple[int, ...], image_shape: tuple[int, ...], image_pixel_um: float, stated_um: float | None
) -> MapPlacement:
    if shape != image_shape:
        msg = (
            f"Found a map of {shape} pixels for an image of {image_shape}; expected the same, or to be told how "
            f"they belong together. Give {_OPTIONS}."
        )
        raise InputImageError(msg)
    if stated_um is not None and abs(stated_um / image_pixel_um - 1) > _EQUAL_SIZES:
        msg = (
            f"Found a map with pixels of {stated_um * 1000:g} nm on an image with {image_pixel_um * 1000:g} nm; "
            f"expected the same, or to be told how they belong together. Give {_OPTIONS}."
        )
        raise InputImageError(msg)
    return MapPlacement.same_grid(shape, image_pixel_um)


def _map_pixel(
    shape: tuple[int, ...],
    image_shape: tuple[int, ...],
    image_pixel_um: float,
    stated_um: float | None,
    options: MatchingOptions,
) -> float:
    """Size of the map's pixels: given, else stated; as in the image only where the shapes are equal."""
    found = options.pixel_size_um or stated_um
    if found is None and shape == image_shape:
        return image_pixel_um
    if found is None:
        msg = (
            f"Found a map of {shape} pixels that states no pixel size, for an image of {image_shape}; expected "
            "its pixel size. Give `map_pixel_size_nm`."
        )
        raise InputImageError(msg)
    return found


def _given_offset(options: MatchingOptions, ndim: int) -> tuple[float, ...]:
    offset_um = options.map_offset_um
    if offset_um is None:
        return (0.0,) * ndim
    if len(offset_um) != ndim:
        msg = (
            f"Found `map_offset_um` with {len(offset_um)} numbers; expected {ndim}, along "
            f"{'y,x' if ndim == 2 else 'z,y,x'}, in µm."
        )
        raise InputImageError(msg)
    return tuple(float(each) for each in offset_um)


def _find_offset(
    nmc: NDArray[np.bool_], in_window: NDArray[np.bool_], placement: MapPlacement
) -> tuple[float, ...] | None:
    """Offset at which the map's mask fits that of the NMC best, in µm; None where it fits nowhere."""
    coarser = max(placement.map_pixel_um, placement.image_pixel_um)
    extents = [
        size * pixel
        for mask, pixel in ((nmc, placement.image_pixel_um), (in_window, placement.map_pixel_um))
        for size in mask.shape
    ]
    # Cells hold a whole number of the coarser pixels, so that those are averaged evenly.
    cell_um = coarser * max(1, math.ceil(max(extents) / coarser / _MOST_CELLS[nmc.ndim]))
    reference = average_over_cells(nmc, placement.image_pixel_um / cell_um)
    moving = average_over_cells(in_window, placement.map_pixel_um / cell_um)
    found = _shift(reference, moving)
    return None if found is None else tuple(round(each * cell_um, 6) for each in found)


def _residual_shift(
    nmc: NDArray[np.bool_], in_window: NDArray[np.bool_], placement: MapPlacement
) -> tuple[float, ...] | None:
    """Shift between the map and the NMC under it, on the map's own grid where it lies in the image."""
    under = _by_blocks(
        placement.map_shape, lambda start, stop: placement.rows_of(nmc.view(np.uint8), start, stop) > 0
    )
    inside = placement.part_inside()
    pixels_a_cell = max(1, math.ceil(max(in_window.shape) / _MOST_CELLS[nmc.ndim]))
    found = _shift(
        average_over_cells(under[inside], 1 / pixels_a_cell),
        average_over_cells(in_window[inside], 1 / pixels_a_cell),
    )
    if found is None:
        return None
    return tuple(round(each * pixels_a_cell * placement.map_pixel_um, 6) for each in found)


def _shift(reference: NDArray[np.float32], moving: NDArray[np.float32]) -> tuple[float, ...] | None:
    """Shift of `moving` onto `reference` in cells; None where they agree nowhere."""
    if reference.min() == reference.max() or moving.min() == moving.max():
        return None
    canvas = tuple(a + b for a, b in zip(reference.shape, moving.shape, strict=True))
    shift, _, _ = phase_cross_correlation(
        _on_canvas(reference, canvas),
        _on_canvas(moving, canvas),
        upsample_factor=_UPSAMPLING,
        normalization=None,
    )
    if _agreement(reference, moving, [round(float(each)) for each in shift]) < _LEAST_AGREEMENT:
        return None
    return tuple(float(each) + 0.0 for each in shift)


def _agreement(reference: NDArray[np.float32], moving: NDArray[np.float32], shift: Sequence[int]) -> float:
    """Pearson r of both where they overlap once `moving` is shifted."""
    inside = [
        (slice(max(0, by), min(a, b + by)), slice(max(0, -by), min(b, a - by)))
        for a, b, by in zip(reference.shape, moving.shape, shift, strict=True)
    ]
    one = reference[tuple(pair[0] for pair in inside)].reshape(-1).astype(np.float64)
    other = moving[tuple(pair[1] for pair in inside)].reshape(-1).astype(np.float64)
    if one.size < 2 or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _on_canvas(values: NDArray[np.float32], canvas: tuple[int, ...]) -> NDArray[np.float32]:
    padding = [(0, size - have) for size, have in zip(canvas, values.shape, strict=True)]
    return np.pad(values - values.mean(), padding)


def _nmc_mask(image: Regions) -> NDArray[np.bool_]:
    is_nmc = np.zeros(len(image) + 1, dtype=np.bool_)
    is_nmc[image.positions_with(Role.ACTIVE) + 1] = True
    return _by_blocks(
        image.labels.shape,
        lambda start, stop: is_nmc[image.numbers[start:stop]],
    )


def _by_blocks(shape: tuple[int, ...], rows: Callable[[int, int], NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Put a mask together from blocks of rows, so that only the mask itself is held whole."""
    mask = np.empty(shape, dtype=bool)
    step = max(1, _PIXELS_AT_ONCE // max(1, math.prod(shape[1:])))
    for start in range(0, shape[0], step):
        stop = min(start + step, shape[0])
        mask[start:stop] = rows(start, stop)
    return mask


def _extent(shape: tuple[int, ...], pixel_um: float) -> str:
    return " × ".join(f"{size * pixel_um:g}" for size in shape) + " µm"
