"""How far interfaces are off, on shapes whose size geometry knows: discs, balls, lines, planes.

Run as ``python -m cathograph.benchmarks.accuracy.interface_accuracy``: prints the table of
docs/decisions/0008-interfaces.md. The tests hold the same errors to their bounds.
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console

from cathograph.ingest.graph.contacts import find_contacts

Errors = NDArray[np.float64]
"""Measured over true size, minus 1; one entry a shape."""


def find_disc_errors(radii_px: NDArray[np.float64], seed: int = 0) -> Errors:
    """Measure discs of these radii, centred anywhere within a pixel, inside another region."""
    rng = np.random.default_rng(seed)
    side_px = 2 * math.ceil(radii_px.max()) + 10
    y, x = np.ogrid[:side_px, :side_px]
    errors = []
    for radius in radii_px:
        centre = (side_px - 1) / 2 + rng.uniform(-1, 1, 2)
        inside = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2
        errors.append(_measure(inside) / (2 * math.pi * radius) - 1)
    return np.array(errors)


def find_ball_errors(radii_px: NDArray[np.float64], seed: int = 0) -> Errors:
    """Measure balls of these radii, centred anywhere within a voxel, inside another region."""
    rng = np.random.default_rng(seed)
    side_px = 2 * math.ceil(radii_px.max()) + 8
    z, y, x = np.ogrid[:side_px, :side_px, :side_px]
    errors = []
    for radius in radii_px:
        centre = (side_px - 1) / 2 + rng.uniform(-1, 1, 3)
        squares = (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2
        errors.append(_measure(squares <= radius**2) / (4 * math.pi * radius**2) - 1)
    return np.array(errors)


def find_line_errors(side_px: int, step_degrees: float = 0.5, seed: int = 0) -> Errors:
    """Measure straight interfaces at every angle through the middle of a square image, border to border."""
    rng = np.random.default_rng(seed)
    middle = (side_px - 1) / 2
    y, x = np.mgrid[:side_px, :side_px] - middle
    errors = []
    for angle in np.radians(np.arange(0, 180, step_degrees)):
        normal = np.array([math.sin(angle), math.cos(angle)])
        offset = rng.uniform(-1, 1)
        side = y * normal[0] + x * normal[1] < offset
        errors.append(_measure(side) / _chord_px(side_px, normal, offset) - 1)
    return np.array(errors)


def find_plane_errors(side_px: int, n_planes: int = 60, seed: int = 0) -> Errors:
    """Measure planes that leave a cubic image through four sides: their area is the side's, tilted."""
    rng = np.random.default_rng(seed)
    z, y, x = np.mgrid[:side_px, :side_px, :side_px] - (side_px - 1) / 2
    errors: list[float] = []
    while len(errors) < n_planes:
        normal = rng.normal(size=3)
        normal = np.sort(np.abs(normal / np.linalg.norm(normal)))[::-1]
        if normal[1] + normal[2] > 0.95 * normal[0]:
            continue
        side = normal[0] * z + normal[1] * y + normal[2] * x < rng.uniform(-0.5, 0.5)
        errors.append(_measure(side) / (side_px**2 / normal[0]) - 1)
    return np.array(errors)


def _measure(inside: NDArray[np.bool_]) -> float:
    """Interface between a shape and what is around it, in pixels (pixels²)."""
    return float(find_contacts(np.where(inside, 1, 2), radius_px=1).interface_px[0])


def _chord_px(side_px: int, normal: NDArray[np.float64], offset: float) -> float:
    """Length of the line normal · (y, x) = offset within the centred square of pixels' borders."""
    along = np.array([-normal[1], normal[0]])
    with np.errstate(divide="ignore"):
        ends = (np.array([[-1.0], [1.0]]) * side_px / 2 - offset * normal) / along
    ends.sort(axis=0)
    return float(ends[1].min() - ends[0].max())


def _main() -> None:
    radii = np.linspace(20, 45, 200)
    errors = {
        "discs, radius 20 to 45": find_disc_errors(radii),
        "balls, radius 20 to 28": find_ball_errors(np.linspace(20, 28, 24)),
        **{f"lines across {n} px": find_line_errors(n) for n in (20, 32, 64, 128)},
        **{f"planes across {n} px": find_plane_errors(n) for n in (24, 40, 64)},
    }
    table = pd.DataFrame(
        {
            "mean error, %": {name: 100 * e.mean() for name, e in errors.items()},
            "mean of |error|, %": {name: 100 * np.abs(e).mean() for name, e in errors.items()},
            "lowest, %": {name: 100 * e.min() for name, e in errors.items()},
            "highest, %": {name: 100 * e.max() for name, e in errors.items()},
        }
    )
    Console().print(table.round(1).to_string(), highlight=False)


if __name__ == "__main__":
    _main()
