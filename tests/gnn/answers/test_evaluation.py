"""Scores worked out by hand, intervals that hold what they should, comparisons that do not overclaim."""

import copy

import numpy as np
import pytest
from gnn_graphs import make_graph, make_set

from cathograph.gnn.answers.baselines import BASELINES, predict_with
from cathograph.gnn.answers.evaluation import (
    FEWEST_FOR_A_VERDICT,
    TestedParticles,
    collect_tests,
    compare,
    score,
)
from cathograph.gnn.answers.neighbourhood_features import neighbourhood_features
from cathograph.gnn.training.ensemble import train_model
from cathograph.gnn.training.network_training import TrainingSettings
from cathograph.schema.errors import ModelError

pytestmark = pytest.mark.training


def particles(groups, measured, **predicted):
    return TestedParticles(
        np.array(groups),
        np.array(measured, dtype=float)[:, None],
        {name: np.array(values, dtype=float)[:, None] for name, values in predicted.items()},
        ("soc_ev",),
    )


def test_scores_by_hand():
    """Errors 1, 0, -1, 2 around 8344: RMSE √(6/4), MAE 1; squares around the mean 2 of 0, 1, 2, 5 are 14."""
    tests = particles([0, 0, 1, 1], [8344, 8345, 8346, 8349], m=[8345, 8345, 8345, 8351])
    row = score(tests).iloc[0]
    assert (row["n"], row["images"]) == (4, 2)
    assert row["rmse"] == pytest.approx((6 / 4) ** 0.5)
    assert row["mae"] == pytest.approx(1.0)
    assert row["r2"] == pytest.approx(1 - 6 / 14)
    assert row["caution"] == "2 test images: intervals too narrow"


def test_unmeasured_particles_do_not_count():
    row = score(particles([0, 0, 1], [1, np.nan, 3], m=[2, 99, 3])).iloc[0]
    assert row["n"] == 2
    assert row["rmse"] == pytest.approx(0.5**0.5)


def test_the_mean_of_the_tested_has_r2_zero():
    assert score(particles(range(4), [1, 2, 3, 6], m=[3, 3, 3, 3])).iloc[0]["r2"] == pytest.approx(0)


def test_one_image_has_no_interval_and_few_no_verdict():
    one = score(particles([0, 0], [1, 2], m=[1, 2.5])).iloc[0]
    assert np.isnan([one["rmse_low"], one["rmse_high"]]).all()
    assert one["caution"] == "1 test image: no interval"
    few = range(FEWEST_FOR_A_VERDICT - 1)
    verdicts = compare(
        particles(few, [0.0] * len(few), good=[0.1] * len(few), bad=[5.0] * len(few)), ["good"]
    )
    assert list(verdicts["verdict"]) == ["too few images"]


def test_images_are_drawn_whole():
    """Equal errors within an image: with 40 particles in 4 images the interval is as wide as for 4 particles."""
    error = np.repeat([0.0, 1.0, 2.0, 3.0], 10)
    many = score(particles(np.repeat(range(4), 10), np.zeros(40), m=error), draws=4000).iloc[0]
    four = score(particles(range(4), np.zeros(4), m=[0, 1, 2, 3]), draws=4000).iloc[0]
    assert many["mae_low"] == pytest.approx(four["mae_low"])
    assert many["mae_high"] == pytest.approx(four["mae_high"])
    alone = score(particles(range(40), np.zeros(40), m=error), draws=4000).iloc[0]
    assert alone["mae_high"] - alone["mae_low"] < 0.6 * (many["mae_high"] - many["mae_low"])


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Mean absolute error of 12 images whose errors scatter from image to image; its expectation is known."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        per_image = rng.exponential(1.0, 12)
        row = score(
            particles(np.repeat(range(12), 4), np.zeros(48), m=np.repeat(per_image, 4)), draws=400
        ).iloc[0]
        held += row["mae_low"] <= 1.0 <= row["mae_high"]
    assert 0.87 <= held / 300 <= 0.98


def test_a_comparison_is_paired():
    """Both err much and alike, one a little less in every image: unpaired intervals overlap, the paired one is sure."""
    error = np.array([1.0, 5, 9, 2, 7, 4, 8, 3])
    tests = particles(range(8), np.zeros(8), good=error - 0.2, bad=error)
    scores = score(tests).set_index("model")
    assert scores.loc["good", "rmse_high"] > scores.loc["bad", "rmse_low"]
    row = compare(tests, ["good"]).iloc[0]
    assert (row["rival"], row["verdict"]) == ("bad", "better")
    assert row["difference_low"] <= row["rmse_difference"] <= row["difference_high"] < 0


def test_neighbourhood_features_by_hand():
    """Two contacts NMC 0 – SSE with interfaces 0.5 and 1.5, of SSE with areas 2 and 4: count 2, sum 2, mean area 3."""
    graph = make_graph(0, n_nmc=2, n_sse=2, n_graphite=0)
    key = ("SSE", "contact", "NMC")
    graph[key].edge_index = graph[key].edge_index.new_tensor([[0, 1], [0, 0]])
    graph[key].edge_attr = graph["NMC"].x.new_tensor([[1, 1, 1, 0.5, 1], [3, 1, 2, 1.5, 2]])
    graph["SSE"].x = graph["NMC"].x.new_tensor([[2, 0, 0], [4, 0, 0]])
    width = 1 + 2 * 5 + 2 * 3
    block = neighbourhood_features(graph)[:, width : 2 * width]  # NMC, SSE, Graphite
    assert block[0].tolist() == [2, 4, 2, 3, 2.0, 3, 3, 1, 2, 1.5, 2, 6, 0, 0, 3, 0, 0]
    assert not block[1].any()


def test_baselines_know_what_they_may():
    """Contacts changed: those without neighbours say the same as before, the others do not."""
    graphs, others = make_set(12), make_set(12)
    for other in others:
        for kind in other.edge_types:
            other[kind].edge_attr = other[kind].edge_attr * 3 + 1
    for baseline in BASELINES:
        before = predict_with(baseline, graphs[:9], graphs[9:], 3)
        after = predict_with(baseline, graphs[:9], others[9:], 3)
        same = all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
        assert same != baseline.looks_at_neighbours


def test_the_mean_is_that_of_what_was_learned_from():
    graphs = make_set(4)
    mean = np.concatenate([graph["NMC"].y.numpy() for graph in graphs[:3]]).mean(axis=0)
    (predicted,) = predict_with(BASELINES[0], graphs[:3], graphs[3:], 3)
    assert np.allclose(predicted, mean)


@pytest.fixture(scope="module")
def trained():
    graphs = make_set(7, n_nmc=3, n_sse=3, n_graphite=2)
    settings = TrainingSettings(sizes=(("hidden", 4),), max_epochs=1)
    return graphs, train_model(graphs, settings, name="m", folds=5, device="cpu"), settings


def test_with_all_folds_every_particle_is_tested_once(trained):
    graphs, model, _ = trained
    tests = collect_tests({"m": model}, graphs, device="cpu")
    assert len(tests.measured) == sum(len(graph["NMC"].x) for graph in graphs)
    assert len(np.unique(tests.groups)) == len(graphs)


def test_models_of_other_splits_are_not_compared(trained):
    graphs, model, settings = trained
    other = train_model(graphs, settings, name="o", folds=5, seed=3, device="cpu")
    with pytest.raises(ModelError, match="o trained on other splits than m"):
        collect_tests({"m": model, "o": other}, graphs, device="cpu")


def test_a_leak_or_a_missing_image_is_found_when_evaluating(trained):
    graphs, model, _ = trained
    with pytest.raises(ModelError, match="in the split and not in the store"):
        collect_tests({"m": model}, graphs[1:], device="cpu")
    leaking = [copy.copy(graph) for graph in graphs]
    for graph in leaking:
        graph.volume = "v"
    with pytest.raises(ModelError, match="leak: volume s1/v"):
        collect_tests({"m": model}, leaking, device="cpu")
