"""Particles that are hard to separate: connected, repeatable, and of the kind that was asked for."""

import numpy as np
import pytest
from scipy import ndimage

from cathograph.phantom import PARTICLE_KINDS, make_particles
from cathograph.schema.errors import InputError

SHAPES = [(160, 160), (70, 70, 70)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", PARTICLE_KINDS)
def test_each_particle_is_one_piece_and_a_seed_repeats(kind, shape):
    labels = make_particles(kind, shape, seed=2, diameter_px=30)
    assert labels.shape == shape
    assert np.array_equal(labels, make_particles(kind, shape, seed=2, diameter_px=30))
    assert not np.array_equal(labels, make_particles(kind, shape, seed=3, diameter_px=30))
    for label in np.unique(labels[labels > 0]):
        assert ndimage.label(labels == label)[1] == 1
        assert (labels == label).sum() >= 16


def test_hollow_particles_enclose_cavities_and_dense_ones_fill_the_image():
    hollow = make_particles("hollow", (300, 300), seed=1) > 0
    assert (ndimage.binary_fill_holes(hollow) & ~hollow).mean() > 0.02
    assert (make_particles("dense", (300, 300), seed=1) > 0).mean() == pytest.approx(0.91, abs=0.03)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kind": "square"}, "kind"),
        ({"shape": (160,)}, "shape"),
        ({"shape": (160, 20)}, "shape"),
        ({"seed": -1}, "seed"),
        ({"diameter_px": 3.0}, "diameter_px"),
    ],
)
def test_bad_input_is_named(wrong, named):
    with pytest.raises(InputError, match=named):
        make_particles(**{"kind": "hollow", "shape": (160, 160), "seed": 1, "diameter_px": 30.0, **wrong})
