"""The planted front against its definition, pixel by pixel."""

import numpy as np
import pytest

from cathograph.phantom import make_microstructure, reaction_front
from cathograph.schema.errors import InputError


def test_front_by_definition():
    made = make_microstructure((80, 80), seed=3)
    front = reaction_front(made, depth_um=0.2, strength_ev=0.6, contact_radius_px=2)
    codes = {name: made.materials.phase_of(name).code for name in ("nmc", "sse", "graphite")}
    nmc = np.argwhere(made.phases == codes["nmc"])

    def near(place, name):
        y, x = place
        return (made.phases[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3] == codes[name]).any()

    at = np.array([near(place, "sse") and near(place, "graphite") for place in nmc])
    labels = made.labels[tuple(nmc.T)]
    assert at.any()
    for place, label in zip(nmc[::7], labels[::7], strict=True):
        starts = nmc[at & (labels == label)]
        far_px = np.linalg.norm(starts - place, axis=1).min() if len(starts) else np.inf
        assert front[tuple(place)] == pytest.approx(-0.6 * np.exp(-far_px * made.pixel_size_um / 0.2))
    assert (front[made.phases != codes["nmc"]] == 0).all()


@pytest.mark.parametrize(
    "bad", [{"depth_um": 0.0}, {"depth_um": float("nan")}, {"strength_ev": float("inf")}]
)
def test_numbers_that_cannot_be_meant(bad):
    with pytest.raises(InputError):
        reaction_front(make_microstructure((32, 32), seed=0), **{"depth_um": 0.1, "strength_ev": 0.5, **bad})
