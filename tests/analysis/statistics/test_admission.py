"""Which designs may be tested: by hand where shares are known, and in every hard case of the simulations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cathograph.analysis.statistics.admission import LEAST_DF, LEAST_EFFECTIVE_CLUSTERS, judge_design
from cathograph.analysis.statistics.cluster_robust import fit_cluster_robust, prepare_design

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def with_intercept(exposure: Floats) -> Floats:
    return np.column_stack([exposure, np.ones(len(exposure))])


def test_shares_by_hand() -> None:
    # Three images of two particles, the first exposed as a whole. The centred exposure is 2/3 in the
    # first image and -1/3 elsewhere: squares 8/9, 2/9, 2/9 of 12/9, so shares 2/3, 1/6, 1/6 and
    # 1 / (16/36 + 1/36 + 1/36) = 2 effective images.
    image = np.repeat(np.arange(3), 2)
    prepared = prepare_design(with_intercept((image == 0).astype(float)), image)
    np.testing.assert_allclose(prepared.shares, [2 / 3, 1 / 6, 1 / 6])
    assert prepared.effective_clusters == pytest.approx(2)


def test_images_that_carry_alike_all_count() -> None:
    image = np.repeat(np.arange(12), 6)
    found = judge_design(with_intercept(np.tile([1.0, 1, 0, 0, 0, 0], 12)), image, units="images")
    assert found.effective_clusters == pytest.approx(12)
    assert found.df == pytest.approx(11)
    assert (found.n_clusters, found.admitted, found.reason) == (12, True, "")


@pytest.mark.parametrize("images", [8, 20, 73])
@pytest.mark.parametrize("exposed", [1, 2, 3])
@pytest.mark.parametrize("share", [1.0, 0.7])
def test_one_to_three_exposed_images_are_too_few(images: int, exposed: int, share: float) -> None:
    image = np.repeat(np.arange(images), 10)
    chosen = (image < exposed) & (np.tile(np.arange(10), images) < 10 * share)
    found = judge_design(with_intercept(chosen.astype(float)), image, units="images")
    if (images, exposed, share) == (8, 3, 1.0):
        # Three of eight whole images against five others: a Welch test on eight means has 4.7 degrees of freedom.
        assert found.admitted
        return
    assert not found.admitted
    assert f"all exposed particles lie in {exposed} of {images} images" in found.reason


def test_few_images_without_exposed_particles_are_told_as_well() -> None:
    image = np.repeat(np.arange(20), 5)
    found = judge_design(with_intercept((image > 0).astype(float)), image, units="volumes")
    assert "all other particles lie in 1 of 20 volumes" in found.reason


def test_a_cell_of_the_2_by_2_design_in_one_image_is_no_interaction() -> None:
    # 20 images of ten particles. Particles at TPBs without a channel lie in the first image alone.
    image = np.repeat(np.arange(20), 10)
    tpb = np.tile(np.arange(10) < 3, 20)
    channel = tpb | np.tile(np.arange(10) >= 7, 20)
    channel[:2] = False
    a, b = tpb - 0.5, channel - 0.5
    found = judge_design(np.column_stack([a * b, a, b, np.ones(200)]), image, units="images")
    assert not found.admitted
    assert found.effective_clusters < 1.5
    # The main effect of the TPB beside the channel is compared within every image still.
    channel = np.tile(np.arange(10) % 2 == 0, 20)
    assert judge_design(np.column_stack([a, channel - 0.5, np.ones(200)]), image).admitted


def test_a_metric_that_one_particle_dominates_is_told() -> None:
    image = np.repeat(np.arange(30), 5)
    metric = np.random.default_rng(0).normal(size=150)
    assert judge_design(with_intercept(metric), image).admitted
    metric[7] = 1e4
    found = judge_design(with_intercept(metric), image, units="images")
    assert found.effective_clusters == pytest.approx(1, abs=0.1)
    assert "rests on 1.0 of 30 images" in found.reason


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 1000), shift=st.floats(-100, 100))
def test_unit_order_and_names_of_clusters_do_not_matter(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    image = np.sort(np.concatenate([np.arange(9), rng.integers(0, 9, 60)]))
    exposure = rng.normal(size=9)[image] + rng.normal(size=69)
    there = judge_design(with_intercept(exposure), image)
    order, names = rng.permutation(69), rng.permutation(9)
    back = judge_design(with_intercept(scale * exposure[order] + shift), names[image[order]])
    assert back.effective_clusters == pytest.approx(there.effective_clusters, rel=1e-6)
    assert back.df == pytest.approx(there.df, rel=1e-6)
    assert 1 <= there.effective_clusters <= 9


def test_the_limits_are_what_the_page_says() -> None:
    assert (LEAST_EFFECTIVE_CLUSTERS, LEAST_DF) == (4, 4)


def test_many_outcomes_at_once_are_the_outcomes_one_by_one() -> None:
    rng = np.random.default_rng(3)
    image = np.unique(rng.integers(0, 9, 60), return_inverse=True)[1]
    x, outcomes = with_intercept((rng.random(60) < 0.3).astype(float)), rng.normal(size=(60, 4))
    found = np.array(prepare_design(x, image, ratio=0.3).fit(outcomes))
    for column, y in enumerate(outcomes.T):
        one = fit_cluster_robust(y, x, image, ratio=0.3)
        expected = [one.estimate, one.standard_error, one.standard_error_cr1]
        np.testing.assert_allclose(found[:, column], expected)
