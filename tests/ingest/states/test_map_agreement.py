"""Whether a map fits an image better than chance, in which orientation, and who vouches for one that does not."""

import numpy as np
import pytest
from scipy import ndimage

from cathograph.ingest.options import MapOrientation, MatchingOptions
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.map_agreement import LEVEL, measure_agreement
from cathograph.ingest.states.map_matching import match_map
from cathograph.ingest.states.map_orientation import turn_map
from cathograph.ingest.states.map_trust import describe_agreement, require_agreement
from cathograph.schema.errors import InputError, InputImageError
from cathograph.schema.phases import NMC

PIXEL = 0.05
INVERSE = {
    MapOrientation.ROTATED_90: MapOrientation.ROTATED_270,
    MapOrientation.ROTATED_270: MapOrientation.ROTATED_90,
}


def discs(seed, *, size=120, particles=5, radii=(9, 16)):
    """Discs that do not touch, and the mask of a map of them: eroded, with a tenth of the pixels missing."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size), np.int32)
    y, x = np.mgrid[:size, :size]
    placed = 0
    while placed < particles:
        radius = rng.uniform(*radii)
        centre = rng.uniform(radius, size - radius, 2)
        distance = np.hypot(y - centre[0], x - centre[1])
        if not labels[distance < radius + 3].any():
            placed += 1
            labels[distance < radius] = placed
    return labels, ndimage.binary_erosion(labels > 0) & (rng.random(labels.shape) > 0.1)


def regions_of(labels):
    names = np.unique(labels[labels > 0])
    return Regions(labels, names, np.full(names.size, NMC.code, np.uint8))


def fit(labels, mask, **options):
    said = MatchingOptions(**options)
    image = regions_of(labels)
    return require_agreement(image, mask, match_map(image, PIXEL, mask, None, said), said)


@pytest.mark.parametrize("by_correlation", [False, True])
def test_right_maps_pass_and_those_of_other_fields_do_not(by_correlation):
    passed = {"right": 0, "other": 0}
    for seed in range(12):
        labels, right = discs(seed)
        for name, mask in (("right", right), ("other", discs(seed + 100)[1])):
            try:
                fit(labels, mask, by_correlation=by_correlation)
            except InputImageError:
                continue
            passed[name] += 1
    assert passed["right"] == 12
    assert passed["other"] <= 1  # 12 at a level of 1 %: more than one in 150 such tests


@pytest.mark.parametrize(
    "orientation", [each for each in MapOrientation if each is not MapOrientation.AS_STORED]
)
@pytest.mark.parametrize("by_correlation", [False, True])
def test_the_orientation_that_fits_is_named_and_applied(orientation, by_correlation):
    labels, right = discs(3)
    stored = turn_map(right, INVERSE.get(orientation, orientation))
    np.testing.assert_array_equal(turn_map(stored, orientation), right)
    with pytest.raises(InputImageError, match=f"`map_orientation` {orientation.value}[.]"):
        fit(labels, stored, by_correlation=by_correlation)


def test_rotations_are_those_of_numpy():
    values = np.arange(24).reshape(2, 3, 4)
    for times, orientation in enumerate(("as-stored", "rotated-90", "rotated-180", "rotated-270")):
        np.testing.assert_array_equal(
            turn_map(values, MapOrientation(orientation)), np.rot90(values, times, axes=(1, 2))
        )


def test_a_map_at_another_place_is_refused_with_the_way_out():
    labels, right = discs(1)
    with pytest.raises(InputImageError, match="another place: give `by_correlation`"):
        fit(labels, np.roll(right, (14, -12), (0, 1)))


def test_somebody_may_vouch_for_a_map():
    labels, _ = discs(1)
    _, other = discs(101)
    found = fit(labels, other, trust_map="A. Person: the particles moved")
    assert found.chance > LEVEL
    assert any("A. Person" in note for note in describe_agreement(found, trusted_by="A. Person: moved"))
    with pytest.raises(InputError, match="`trust_map`"):
        MatchingOptions(trust_map="")


def test_scores_are_pearsons_r_and_count_the_particles():
    labels, right = discs(2)
    found = measure_agreement(labels, right, anywhere=False)
    assert found.score == pytest.approx(np.corrcoef((labels > 0).ravel(), right.ravel())[0, 1], abs=1e-6)
    assert found.particles == 5
    assert found.chance == 1 / 200  # none of 199 rearranged fields fits as well


def test_one_body_through_the_whole_field_can_be_compared():
    """A network cannot be put elsewhere inside the field, only be shifted around."""
    field = ndimage.gaussian_filter(np.random.default_rng(4).standard_normal((100, 100)), 3, mode="wrap")
    network = (field > np.quantile(field, 0.4)).astype(np.int32)
    found = measure_agreement(network, network.astype(float), anywhere=False)
    assert found.holds
    other = np.roll(network, (37, 51), (0, 1))
    assert not measure_agreement(network, other.astype(float), anywhere=False).holds


@pytest.mark.parametrize("anywhere", [False, True])
def test_fields_without_gaps_tell_nothing(anywhere):
    labels, right = discs(2)
    assert measure_agreement(np.ones_like(labels), right, anywhere=anywhere) is None
    assert measure_agreement(np.zeros_like(labels), right, anywhere=anywhere) is None
    assert measure_agreement(labels, np.ones_like(right), anywhere=anywhere) is None
    assert "cannot be told" in describe_agreement(None, trusted_by=None)[0]


def test_large_and_3d_fields_are_compared_on_cells():
    labels, right = discs(5, size=700, particles=20, radii=(30, 60))
    assert fit(labels, right).chance == 1 / 200
    volume = np.zeros((50, 60, 60), np.int32)
    for number, corner in enumerate(((3, 5, 30), (25, 30, 8), (30, 10, 40)), 1):
        volume[tuple(slice(at, at + 14) for at in corner)] = number
    assert fit(volume, volume > 0).chance == 1 / 200
    assert fit(volume, np.roll(volume > 0, 4, 1), by_correlation=True).chance == 1 / 200
    with pytest.raises(InputImageError, match="`map_orientation`"):
        fit(volume, (volume > 0)[:, ::-1])
