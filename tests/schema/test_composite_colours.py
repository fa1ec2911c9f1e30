"""The colours of the built-in composites: apart for people with any kind of colour vision, and seen on white.

Colour vision without the long- or the middle-wave cones is simulated with the matrices of Machado, Oliveira and
Fernandes (2009), "A physiologically-based model for simulation of color vision deficiency", IEEE Transactions on
Visualization and Computer Graphics 15, 1291-1298, severity 1.0; they work on linear RGB.
"""

from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from cathograph.schema.composites import built_in, built_in_names
from cathograph.schema.composites.reading import PALETTE

SIGHT = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
LEAST_DISTANCE = 12
"""CIEDE2000; one is just noticeable side by side. Marks and line styles differ as well."""
LEAST_CONTRAST = 2.0
"""Against white, as WCAG defines it. Texts need more; these are filled areas and marks with a dark outline."""


def linear_rgb(colour):
    encoded = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def seen(colour, sight):
    """Give the CIELAB colour that is seen."""
    linear = np.clip(SIGHT[sight] @ linear_rgb(colour), 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb2lab(encoded[None, None])[0, 0]


def contrast_on_white(colour):
    return 1.05 / (linear_rgb(colour) @ [0.2126, 0.7152, 0.0722] + 0.05)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", built_in_names())
def test_phases_of_a_composite_are_told_apart(name, sight):
    for one, other in combinations(built_in(name).phases, 2):
        distance = deltaE_ciede2000(seen(one.colour, sight), seen(other.colour, sight))
        assert distance >= LEAST_DISTANCE, f"{one} and {other}"


@pytest.mark.parametrize("name", built_in_names())
def test_phases_are_seen_on_white(name):
    for phase in built_in(name).phases:
        assert contrast_on_white(phase.colour) >= LEAST_CONTRAST, phase.name


def test_red_and_green_would_not_pass():
    # The simulation sees what it should: these two are far apart, but not for one in twelve men.
    red, green = "#c04040", "#505a28"
    assert deltaE_ciede2000(seen(red, "all cones"), seen(green, "all cones")) > 40
    assert deltaE_ciede2000(seen(red, "protanopia"), seen(green, "protanopia")) < 12


def test_black_and_white():
    assert contrast_on_white("#000000") == pytest.approx(21)
    assert contrast_on_white("#ffffff") == pytest.approx(1)
    assert len(set(PALETTE)) == len(PALETTE)
