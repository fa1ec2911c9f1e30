"""The pixels of an image as one picture that a browser scales: grey values, phases or energies, with outlines.

A browser shows a picture of two million pixels at once, but is slow with ten thousand separate outlines. So everything
that is the same for all particles is part of the picture, and only the selected particle is drawn over it.
"""

import base64
from io import BytesIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from cathograph.analysis.figures.field.boundaries import inner_boundaries
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend

MOST_PIXELS = 1400
"""Limit along the longer side; of a larger image only every second, third, … pixel is shown."""

ENERGY_COLOURS = "Viridis"

_LEAST_PIXELS = 700
_RING_PX = 4
_NO_ENERGY = (200, 200, 200)
_QUALITY = 90

Rgb = NDArray[np.uint8]


def shown_step(shape: tuple[int, ...]) -> int:
    """Choose the step between the pixels shown: 1 for all, 2 for every second one, and so on.

    Examples
    --------
    >>> shown_step((400, 600)), shown_step((2000, 3000))
    (1, 3)
    """
    return max(1, -(-max(shape) // MOST_PIXELS))


def colour_grey(grey: NDArray[np.generic], step: int) -> Rgb:
    """Colour grey values between their 0.5th and 99.5th percentile.

    Parameters
    ----------
    grey : ndarray, shape (y, x)
    step : int
        From `shown_step`.

    Returns
    -------
    ndarray of uint8, shape (y / step, x / step, 3)
    """
    shown = grey[::step, ::step].astype(np.float64)
    finite = shown[np.isfinite(shown)]
    low, high = np.percentile(finite, (0.5, 99.5)) if finite.size else (0.0, 1.0)
    scaled = np.clip((shown - low) / (high - low if high > low else 1.0), 0, 1)
    return np.repeat((255 * np.nan_to_num(scaled)).astype(np.uint8)[..., None], 3, axis=2)


def colour_phases(phases: NDArray[np.uint8], step: int, legend: PhaseLegend = DEFAULT_LEGEND) -> Rgb:
    """Colour the phase codes of an image; `legend` is that of its composite. Codes without a phase stay black."""
    palette = np.zeros((256, 3), np.uint8)
    for code, look in legend.look_of_codes().items():
        palette[code] = _rgb(look.colour)
    return palette[phases[::step, ::step]]


def colour_energies(energy_ev: NDArray[np.floating], window_ev: tuple[float, float], step: int) -> Rgb:
    """Colour edge energies within their window; grey where they are missing or outside."""
    shown = energy_ev[::step, ::step]
    low, high = window_ev
    colours = [unlabel_rgb(each) for each in sample_colorscale(ENERGY_COLOURS, list(np.linspace(0, 1, 256)))]
    palette = np.array([*colours, _NO_ENERGY], dtype=np.uint8)
    counts = (shown >= low) & (shown <= high)
    level = np.full(shown.shape, 256)
    level[counts] = (255 * (shown[counts] - low) / (high - low)).astype(int)
    return np.asarray(palette[level])


def colour_values(labels: NDArray[np.integer], values: "pd.Series[float]", step: int) -> Rgb:
    """Colour each region by its value, from the smallest to the largest; grey where it has none.

    Parameters
    ----------
    labels : ndarray of int, shape (y, x)
    values : Series of float
        By label; NaN where there is none.
    step : int
        From `shown_step`.
    """
    shown, where = np.unique(labels[::step, ::step], return_inverse=True)
    of_pixels = values.reindex(shown).to_numpy(dtype=np.float64)[where].reshape(labels[::step, ::step].shape)
    known = values.dropna()
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    return colour_energies(of_pixels, (low, high if high > low else low + 1), 1)


def burn_outlines(
    picture: Rgb,
    labels: NDArray[np.integer],
    phases: NDArray[np.uint8],
    step: int,
    legend: PhaseLegend = DEFAULT_LEGEND,
) -> Rgb:
    """Draw the outline of each region in the colour of its phase, one pixel wide; small images are enlarged first.

    Parameters
    ----------
    picture : ndarray of uint8, shape (y / step, x / step, 3)
        Not changed.
    labels, phases : ndarray of int, shape (y, x)
    step : int
        From `shown_step`.
    legend : PhaseLegend
        Of the composite of the image.
    """
    finer = max(1, -(-_LEAST_PIXELS // max(picture.shape[:2])))
    drawn = picture.repeat(finer, axis=0).repeat(finer, axis=1)
    shown, codes = (
        each[::step, ::step].repeat(finer, axis=0).repeat(finer, axis=1) for each in (labels, phases)
    )
    boundary = inner_boundaries(shown)
    for code, look in legend.look_of_codes().items():
        drawn[boundary & (codes == code)] = _rgb(look.outline)
    return drawn


def burn_rings(
    picture: Rgb,
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    shape: tuple[int, int],
    legend: PhaseLegend = DEFAULT_LEGEND,
) -> Rgb:
    """Draw a small ring around each junction; for images with thousands of junctions.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
        Not changed.
    y, x : ndarray of float64, shape (n,)
        Junctions in pixels of the image.
    shape : tuple of int
        Pixels of the image along (y, x).
    legend : PhaseLegend
        Of the composite of the image.
    """
    drawn = picture.copy()
    reach = np.arange(-_RING_PX, _RING_PX + 1)
    distance = np.hypot(reach[:, None], reach[None, :])
    ring_y, ring_x = np.nonzero(np.abs(distance - _RING_PX) < 0.75)
    rows, columns = (
        (((place + 0.5) * size / pixels).astype(np.int64)[:, None] + around[None, :] - _RING_PX).ravel()
        for place, size, pixels, around in zip((y, x), picture.shape, shape, (ring_y, ring_x), strict=False)
    )
    there = (rows >= 0) & (rows < picture.shape[0]) & (columns >= 0) & (columns < picture.shape[1])
    drawn[rows[there], columns[there]] = _rgb(legend.junction_colour)
    return drawn


def as_address(picture: Rgb) -> str:
    """Encode a picture as a data URL."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
