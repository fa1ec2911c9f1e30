"""Augmentation of training patches: rotation, flips, scale, brightness and contrast, blur, noise.

Geometry is one affine map from patch to image, so a patch is sampled once: bilinear for
grey values, nearest for classes. Grey values change after it; labels do not.

``free`` turns by any angle and scales, which is right where a mask is smooth and directions mean nothing. ``grid``
only mirrors, so that each pixel of a patch is one pixel of the image: where a mask follows single pixels, or streaks
of the scanner along a row, interpolation between pixels and turned streaks would hide what it follows.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

GEOMETRIES = ("free", "grid")
LEAST_SCALE, LARGEST_SCALE = 0.8, 1.25
LARGEST_SHIFT, LARGEST_CONTRAST, LARGEST_GAMMA = 0.1, 1.3, 1.3
LARGEST_BLUR_PX, LARGEST_NOISE = 1.0, 0.06


def sample_patch(
    grey: Tensor,
    classes: Tensor,
    centre: tuple[float, float],
    side_px: int,
    rng: np.random.Generator,
    *,
    geometry: str = "free",
) -> tuple[Tensor, Tensor]:
    """Cut a mirrored and, unless on the grid, turned and scaled patch out of an image, itself mirrored at its rim.

    Parameters
    ----------
    grey : Tensor of float32, (y, x)
        Normalised grey values.
    classes : Tensor of uint8, (y, x)
        Class of each pixel.
    centre : (float, float)
        Middle of the patch, (y, x) in pixels.
    side_px : int
        Side of the patch.
    rng : Generator
        Draws the geometry.
    geometry : {"free", "grid"}
        Any angle and scale, or mirrored alone.

    Returns
    -------
    patch : Tensor of float32, (side, side)
    target : Tensor of int64, (side, side)
    """
    if geometry == "free":
        angle = rng.uniform(0, 2 * math.pi)
        scale = math.exp(rng.uniform(math.log(LEAST_SCALE), math.log(LARGEST_SCALE)))
    else:
        angle, scale = math.pi * rng.integers(2), 1.0
        # Pixel centres of the patch on those of the image, for odd sides and even ones.
        half = (side_px - 1) / 2
        centre = (round(centre[0] - half) + half, round(centre[1] - half) + half)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    height, width = grey.shape
    steps = (torch.arange(side_px, dtype=torch.float32) - (side_px - 1) / 2) * scale
    dy, dx = torch.meshgrid(steps, steps * flip, indexing="ij")
    y = centre[0] + math.cos(angle) * dy - math.sin(angle) * dx
    x = centre[1] + math.sin(angle) * dy + math.cos(angle) * dx
    # grid_sample's own units: −1 and 1 are the outer edges of the image.
    grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)[None]
    patch = functional.grid_sample(grey[None, None], grid, "bilinear", "reflection", align_corners=False)
    near = functional.grid_sample(
        classes[None, None].to(torch.float32), grid, "nearest", "reflection", align_corners=False
    )
    return patch[0, 0], near[0, 0].to(torch.int64)


def change_light(patch: Tensor, rng: np.random.Generator, strength: float = 1.0) -> Tensor:
    """Shift, stretch and bend grey values; blur; add noise.

    Parameters
    ----------
    patch : Tensor of float32, (y, x)
        Normalised grey values.
    rng : Generator
        Draws the changes.
    strength : float
        0 leaves the patch as it is; ranges and chances grow with it up to 1.

    Returns
    -------
    Tensor of float32, (y, x)
    """
    contrast = math.exp(strength * rng.uniform(-1, 1) * math.log(LARGEST_CONTRAST))
    gamma = math.exp(strength * rng.uniform(-1, 1) * math.log(LARGEST_GAMMA))
    bent = patch.abs().pow(gamma) * patch.sign()
    bent = (bent - 0.5) * contrast + 0.5 + strength * rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT)
    if rng.random() < 0.3 * strength:
        bent = _blur(bent, rng.uniform(0.3, LARGEST_BLUR_PX))
    if rng.random() < 0.5 * strength:
        noise: NDArray[np.float32] = rng.standard_normal(tuple(patch.shape), dtype=np.float32)
        bent = bent + torch.from_numpy(noise) * rng.uniform(0, LARGEST_NOISE)
    return bent


def _blur(patch: Tensor, sigma_px: float) -> Tensor:
    reach = math.ceil(3 * sigma_px)
    kernel = torch.exp(-(torch.arange(-reach, reach + 1, dtype=torch.float32) ** 2) / (2 * sigma_px**2))
    kernel = kernel / kernel.sum()
    padded = functional.pad(patch[None, None], (reach,) * 4, mode="replicate")
    rows = functional.conv2d(padded, kernel[None, None, None])
    return functional.conv2d(rows, kernel[None, None, :, None])[0, 0]
