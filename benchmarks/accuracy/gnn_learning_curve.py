"""How a model's error falls with the number of images: whether a small data set limits the paper's model.

::

    python -m cathograph.benchmarks.accuracy.gnn_learning_curve --out learning-curve

Phantoms of the paper's size (120 × 120 pixels hold about five NMC; it had 350 in 73 images), a third each of LCD,
ECD and BLE. Heterogeneity is planted to be half as large where an NMC has SSE and graphite beside it, and
scatters around that by 25 %, so a perfect model of the structure has a known, finite error. A set of N images
trains on 60 % and stops on 20 %, as the paper splits; the last fifth is replaced by one large test set that is the
same for every N, so that the curve is not the noise of small test sets. Every training stops as `cathograph gnn
train` does, and by the table's ``steps`` and ``epochs`` one sees whether the limit of steps cut any short. All
networks together take some six minutes of processor time; ``--networks nnconv mlp --sizes 18 36 73`` is a part of it.

Images and the answers of each trained network are kept in the folder: the same command continues where it was stopped.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch_geometric.data import HeteroData

from cathograph.benchmarks.accuracy.phantom_graphs import PhantomGraph, phantom_graph, structural_expectation
from cathograph.gnn.answers.baselines import BASELINES, predict_with
from cathograph.gnn.answers.evaluation import TestedParticles, compare, score
from cathograph.gnn.answers.prediction import Predictor
from cathograph.gnn.graph_layout import layout_of, name_of
from cathograph.gnn.networks.architectures import Architecture
from cathograph.gnn.training.ensemble import keep_targets
from cathograph.gnn.training.model_files import Fold, TrainedModel
from cathograph.gnn.training.network_training import TrainingSettings, train_network
from cathograph.gnn.training.splits import Split, can_train
from cathograph.phantom import PRESETS, EnergyModel, phantom_set
from cathograph.schema.phases import NMC

TARGET = "heterogeneity_ev"
ENERGY = EnergyModel(both_neighbours_effect=0.5, two_mode_share=0.0)
IMAGE_PX = (120, 120)
SIZES = (18, 36, 73, 146, 292, 730)
TEST_IMAGES = 150
SETTINGS = TrainingSettings(sizes=(("hidden", 16),), batch_images=16)


def make_images(n: int, *, seed: int, name: str) -> list[PhantomGraph]:
    """Make images with a measured NMC, the presets in turn."""
    presets = list(PRESETS)
    per_preset = [
        phantom_set(preset, -(-n // len(presets)) + n // 10 + 2, shape=IMAGE_PX, seed=seed + place)
        for place, preset in enumerate(presets)
    ]
    made: list[PhantomGraph] = []
    for number, phantom in enumerate(
        phantom for several in zip(*per_preset, strict=True) for phantom in several
    ):
        each = phantom_graph(phantom, sample=name, image=f"{number:04d}", seed=seed + number, energy=ENERGY)
        (kept,) = keep_targets([each.graph], [TARGET])
        if can_train(kept):
            made.append(PhantomGraph(kept, each.both_neighbours))
        if len(made) == n:
            return made
    msg = f"Found {len(made)} images with NMC; expected {n}. Make more."
    raise RuntimeError(msg)


def kept_images(file: Path, make: Callable[[], list[PhantomGraph]]) -> list[PhantomGraph]:
    """Read images from a file, or make them and keep them in it."""
    if not file.exists():
        made = make()
        torch.save([(each.graph.to_dict(), each.both_neighbours.tolist()) for each in made], file)
    return [
        PhantomGraph(HeteroData.from_dict(graph), np.array(both, np.bool_))
        for graph, both in torch.load(file, weights_only=True)
    ]


def train_and_predict(
    own: Sequence[HeteroData],
    n_train: int,
    asked: Sequence[HeteroData],
    settings: TrainingSettings,
    seed: int,
    file: Path,
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Train one network and predict the test images, or read from a file what it said.

    Returns
    -------
    ndarray, shape (NMC, targets)
        Predictions in eV.
    dict
        ``epochs``, ``best_epoch``, ``processor_s``.
    """
    if not file.exists():
        names = [name_of(graph) for graph in own]
        split = Split(tuple(names[:n_train]), tuple(names[n_train:]), ())
        layout = layout_of(own)
        began = time.process_time()
        network, scaling = train_network(own, split, layout, settings, seed=seed, device="cpu")
        seconds = time.process_time() - began
        fold = Fold(split, scaling, (network,))
        model = TrainedModel(settings.architecture.value, layout, settings, "image", seed, (fold,))
        predictor = Predictor(model, device="cpu")
        predicted = np.concatenate([predictor.predict(graph).mean for graph in asked])
        about = {"epochs": network.epochs, "best_epoch": network.best_epoch, "processor_s": seconds}
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps({"predicted": predicted.tolist(), **about}), encoding="utf-8")
        unfinished.replace(file)
    about = json.loads(file.read_text(encoding="utf-8"))
    return np.array(about.pop("predicted")), about


def learn(
    pool: Sequence[PhantomGraph],
    tests: Sequence[PhantomGraph],
    n_images: int,
    seeds: int,
    most_steps: int,
    folder: Path,
    networks: Sequence[Architecture] = tuple(Architecture),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train everything on the first `n_images` of the pool and test it on the same images.

    Returns
    -------
    tuple of DataFrame
        Scores by model, and the graph networks compared with all others.
    """
    own = [each.graph for each in pool[: round(0.8 * n_images)]]
    n_train = round(0.6 * n_images)
    steps_an_epoch = -(-n_train // SETTINGS.batch_images)
    asked = [each.graph for each in tests]
    measured = np.concatenate([graph[NMC.name].y.numpy() for graph in asked])
    mask = np.concatenate([graph[NMC.name].y_mask.numpy() for graph in asked])
    predicted: dict[str, NDArray[np.float64]] = {}
    training: dict[str, dict[str, float]] = {}
    for architecture in networks:
        settings = replace(SETTINGS, architecture=architecture, max_epochs=most_steps // steps_an_epoch)
        members, abouts = zip(
            *(
                train_and_predict(
                    own,
                    n_train,
                    asked,
                    settings,
                    seed,
                    folder / f"{architecture.value}-{n_images}-{seed}.json",
                )
                for seed in range(seeds)
            ),
            strict=True,
        )
        predicted[architecture.value] = np.mean(members, axis=0)
        single = [float(np.sqrt(((one - measured)[mask] ** 2).mean())) for one in members]
        training[architecture.value] = {
            "rmse_one_network": float(np.mean(single)),
            "rmse_seed_sd": float(np.std(single, ddof=1)) if seeds > 1 else np.nan,
            "epochs": max(about["epochs"] for about in abouts),
            "steps": max(about["epochs"] for about in abouts) * steps_an_epoch,
            "best_epoch": max(about["best_epoch"] for about in abouts),
            "processor_s": sum(about["processor_s"] for about in abouts),
        }
    for baseline in BASELINES:
        predicted[baseline.name] = np.concatenate(predict_with(baseline, own, asked, 1))
    predicted["structure known"] = np.concatenate(structural_expectation(pool, tests))
    tested = TestedParticles(
        np.repeat(np.arange(len(asked)), [len(graph[NMC.name].y) for graph in asked]),
        np.where(mask, measured, np.nan),
        predicted,
        (TARGET,),
    )
    size = {"set_images": n_images, "set_nmc": sum(len(each.graph[NMC.name].y) for each in pool[:n_images])}
    scores = score(tested).assign(**size)
    scores = scores.join(pd.DataFrame.from_dict(training, orient="index"), on="model")
    judged = [each.value for each in networks if each is not Architecture.MLP]
    return scores, compare(tested, judged).assign(**size)


def draw(table: pd.DataFrame) -> Figure:
    """Draw RMSE against the size of the set."""
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axis = figure.subplots()
    styles = {
        "nnconv": ("#d55e00", "o-", "NNConv (the paper's)"),
        "gatv2": ("#cc79a7", "s-", "GATv2"),
        "mlp": ("#0072b2", "^--", "MLP, no contacts"),
        "boosting + neighbours": ("#009e73", "D:", "boosting + neighbours"),
        "linear + neighbours": ("#e69f00", "v:", "linear + neighbours"),
        "mean": ("#777777", "-", "mean"),
        "structure known": ("black", "--", "planted structure known"),
    }
    for name, (colour, line, label) in styles.items():
        rows = table[table["model"] == name].sort_values("set_images")
        if rows.empty:
            continue
        axis.plot(rows["set_images"], rows["rmse"], line, color=colour, label=label, markersize=5)
        if name in ("nnconv", "mlp"):
            axis.fill_between(
                rows["set_images"], rows["rmse_low"], rows["rmse_high"], color=colour, alpha=0.15, lw=0
            )
    axis.axvline(73, color="#bbbbbb", linewidth=0.8, zorder=0)
    axis.text(
        73, 0.98, " the paper: 73 images", va="top", fontsize=8, color="#555555",
        transform=axis.get_xaxis_transform(),
    )  # fmt: skip
    axis.set_xscale("log")
    sizes = sorted(table["set_images"].unique())
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.minorticks_off()
    axis.set_xlabel("images of the set (60 % train, 20 % stop the training)")
    axis.set_ylabel("test RMSE of heterogeneity (eV)")
    axis.legend(fontsize=8)
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="folder for table, picture and what is kept")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument(
        "--networks", type=Architecture, nargs="+", default=list(Architecture), metavar="NETWORK",
        help=f"of {', '.join(Architecture)}",
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=2, help="networks of each kind and size")
    parser.add_argument("--steps", type=int, default=500, help="of one training, at most")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    pool = kept_images(given.out / "pool.pt", lambda: make_images(max(SIZES), seed=100, name="pool"))
    tests = kept_images(given.out / "test.pt", lambda: make_images(TEST_IMAGES, seed=900, name="test"))
    tables: dict[str, list[pd.DataFrame]] = {"learning-curve": [], "comparisons": []}
    for size in given.sizes:
        for (name, parts), made in zip(
            tables.items(),
            learn(pool, tests, size, given.seeds, given.steps, given.out, given.networks),
            strict=True,
        ):
            parts.append(made)
            pd.concat(parts, ignore_index=True).to_csv(given.out / f"{name}.csv", index=False)
        table = pd.concat(tables["learning-curve"], ignore_index=True)
        draw(table).savefig(given.out / "learning-curve.png", dpi=110)
        shown = table[table["set_images"] == size]
        print(json.dumps(shown.to_dict("records")), flush=True)  # noqa: T201  its output


if __name__ == "__main__":
    main()
