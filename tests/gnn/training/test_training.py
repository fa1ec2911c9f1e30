"""Training: learns, resumes to the bit, keeps quiet, says what it cannot use."""

import os

import pytest
import torch
from gnn_graphs import make_graph, make_set

from cathograph.gnn.graph_layout import layout_of
from cathograph.gnn.networks.architectures import Architecture
from cathograph.gnn.training.ensemble import keep_targets, train_model
from cathograph.gnn.training.network_training import TrainingSettings, choose_device, train_network
from cathograph.gnn.training.splits import Split, split_graphs
from cathograph.schema.errors import ModelError

pytestmark = pytest.mark.training

QUICK = TrainingSettings(sizes=(("hidden", 8),), max_epochs=4, learning_rate=1e-2)


def quick(**changes):
    return TrainingSettings(**{**vars(QUICK), **changes})


@pytest.fixture(scope="module")
def graphs():
    return make_set(6, n_nmc=4, n_sse=4, n_graphite=2, target="own")


def train(graphs, settings=QUICK, **options):
    return train_network(graphs, split_graphs(graphs), layout_of(graphs), settings, device="cpu", **options)[
        0
    ]


def test_one_tiny_graph_is_learned_by_heart():
    """Four NMC with random states: a network with contacts can tell them apart and remember each."""
    graph = make_graph(3, n_nmc=4)
    twin = make_graph(3, n_nmc=4, image="twin")
    split = Split(("s1/003",), ("s1/twin",), ())
    settings = quick(max_epochs=80, sizes=(("hidden", 16), ("dropout", 0.0)))
    trained, _ = train_network([graph, twin], split, layout_of([graph]), settings, device="cpu")
    assert trained.validation_loss < 0.05


def test_the_same_seed_gives_the_same_weights_and_another_does_not(graphs):
    one, two, other = train(graphs, seed=1), train(graphs, seed=1), train(graphs, seed=2)
    assert all(torch.equal(one.weights[name], two.weights[name]) for name in one.weights)
    assert not all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_interrupted_and_resumed_is_as_if_nothing_had_happened(graphs, tmp_path):
    settings = quick(max_epochs=14)
    whole = train(graphs, settings)

    def interrupt(epoch, _, loss):
        if epoch == 12:
            raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train(graphs, settings, checkpoints=tmp_path / "c", progress=interrupt)
    assert (tmp_path / "c" / "last.ckpt").exists()
    seen = []
    resumed = train(
        graphs, settings, checkpoints=tmp_path / "c", progress=lambda epoch, _, loss: seen.append(epoch)
    )
    assert seen[0] == 11  # the state after epoch 10 was kept
    assert resumed.best_epoch == whole.best_epoch
    assert all(torch.equal(whole.weights[name], resumed.weights[name]) for name in whole.weights)


def test_a_checkpoint_of_another_network_is_refused(graphs, tmp_path):
    train(graphs, quick(max_epochs=10), checkpoints=tmp_path)
    with pytest.raises(ModelError, match=r"a checkpoint in .* that does not fit this training"):
        train(graphs, quick(max_epochs=11, sizes=(("hidden", 4),)), checkpoints=tmp_path)


def test_it_stops_early_and_keeps_the_best_epoch(graphs):
    noise = make_set(6, n_nmc=4, target="noise")
    trained = train(noise, quick(max_epochs=100, patience=3, learning_rate=0.05))
    assert trained.epochs < 100
    assert trained.best_epoch == trained.epochs - 4  # epochs count from 0; three more did not help


def test_nothing_is_said_and_nothing_is_left_behind(graphs, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    train(graphs)
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_the_global_random_numbers_are_left_alone(graphs):
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    train(graphs)
    assert torch.equal(torch.rand(1), expected)


def test_images_without_nmc_train_along(graphs):
    """Such an image is in no part of the split, and one without a phase trains like any other."""
    model = train_model(
        [*graphs, make_graph(60, n_nmc=0), make_graph(61, n_sse=0)], QUICK, name="m", device="cpu", members=2
    )
    assert len(model.folds) == 1
    assert [network.seed for network in model.folds[0].networks] == [0, 1]
    assert "s1/060" not in str(model.folds[0].split)


def test_ensembles_need_sensible_numbers(graphs):
    with pytest.raises(ModelError, match="Found 6 folds with 1 members; expected 1 to 5 folds"):
        train_model(graphs, QUICK, name="m", folds=6, device="cpu")
    with pytest.raises(ModelError, match="Found 2 images"):
        train_model(graphs[:2], QUICK, name="m", device="cpu")


def test_an_image_of_the_split_that_is_not_given_is_named(graphs):
    split = split_graphs(graphs)
    rest = [graph for graph in graphs if f"s1/{graph.image}" != split.train[0]]
    with pytest.raises(ModelError, match=f"no image {split.train[0]} of the train part"):
        train_network(rest, split, layout_of(graphs), QUICK, device="cpu")


def test_a_gpu_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    with pytest.raises(ModelError, match="no GPU that torch can use; expected one for --device cuda"):
        choose_device("cuda")
    with pytest.raises(ModelError, match="device 'tpu'; expected one of auto, cpu, cuda"):
        choose_device("tpu")


def test_targets_can_be_chosen(graphs):
    kept = keep_targets(graphs, ["polarization_ev"])
    assert layout_of(kept).targets == ("polarization_ev",)
    assert torch.equal(kept[0]["NMC"].y[:, 0], graphs[0]["NMC"].y[:, 2])
    assert graphs[0]["NMC"].y.shape == (4, 3)  # the original is as it was
    with pytest.raises(ModelError, match="no target strain; expected some of soc_ev,"):
        keep_targets(graphs, ["strain"])


def test_all_architectures_train(graphs):
    for kind in (Architecture.GATV2, Architecture.MLP):
        assert train(graphs, quick(architecture=kind, max_epochs=2)).validation_loss < 10
