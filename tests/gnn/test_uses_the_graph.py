"""Whether the model uses the graph: planted targets are found, pure noise is not, and the table says so."""

import numpy as np
import pytest
from gnn_graphs import make_set

from cathograph.gnn.answers.baselines import BASELINES
from cathograph.gnn.answers.evaluation import collect_tests, compare, score
from cathograph.gnn.networks.architectures import Architecture
from cathograph.gnn.training.ensemble import keep_targets, train_model
from cathograph.gnn.training.network_training import TrainingSettings

pytestmark = pytest.mark.training

EDGE_BLIND = [each.name for each in BASELINES if not each.looks_at_neighbours]


def train_and_test(target, n_images, **changes):
    graphs = keep_targets(make_set(n_images, n_nmc=10, target=target), ["soc_ev"])
    settings = {
        "sizes": (("hidden", 12), ("dropout", 0.0)),
        "learning_rate": 1e-2,
        "batch_images": 16,
        **changes,
    }
    models = {
        kind.value: train_model(
            graphs, TrainingSettings(architecture=kind, **settings), name=kind.value, device="cpu"
        )
        for kind in (Architecture.NNCONV, Architecture.MLP)
    }
    tests = collect_tests(models, graphs, device="cpu")
    return score(tests).set_index("model"), compare(tests, ["nnconv"]).set_index("rival")


@pytest.mark.parametrize(
    ("n_images", "epochs", "at_least"),
    [(30, 25, 0.6), pytest.param(100, 150, 0.9, marks=pytest.mark.slow)],
)
def test_a_sum_over_sse_contacts_is_found_and_only_with_the_graph(n_images, epochs, at_least):
    """The target is the sum, over SSE contacts, of interface times a property of the SSE."""
    scores, compared = train_and_test("sse_interface", n_images, max_epochs=epochs, patience=epochs)
    assert scores.loc["nnconv", "r2"] >= at_least
    assert (scores.loc[[*EDGE_BLIND, "mlp"], "r2"] <= 0.3).all()
    assert (compared.loc[[*EDGE_BLIND, "mlp"], "verdict"] == "better").all()


def test_of_pure_noise_nothing_is_claimed():
    scores, compared = train_and_test("noise", 40, max_epochs=25)
    assert scores.loc["nnconv", "r2_low"] <= 0
    assert compared.loc["mean", "verdict"] != "better"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_of_pure_noise_nothing_is_claimed_whatever_the_seed(seed):
    graphs = keep_targets(make_set(60, seed=seed + 1, target="noise"), ["soc_ev"])
    settings = TrainingSettings(sizes=(("hidden", 16),), max_epochs=100)
    model = train_model(graphs, settings, name="n", seed=seed, folds=5, device="cpu")
    tests = collect_tests({"n": model}, graphs, device="cpu")
    assert score(tests).set_index("model").loc["n", "r2_low"] <= 0
    assert np.isin(compare(tests, ["n"])["verdict"], ["undecided", "worse", "better"]).all()
    assert compare(tests, ["n"]).set_index("rival").loc["mean", "verdict"] != "better"
