"""How a model's error falls with the number of images: whether a small data set limits the paper's model.

::

    python -m benchmarks.gnn_learning_curve --out learning-curve

Phantoms of the paper's size (120 × 120 pixels hold about five NMC; it had 350 in 73 images), a third each of LCD,
ECD and BLE. Heterogeneity is planted to be half as large where an NMC has SSE and graphite beside it, and
scatters around that by 25 %, so a perfect model of the structure has a known, finite error. A set of N images
trains on 60 % and stops on 20 %, as the paper splits; the last fifth is replaced by one large test set that is the
same for every N, so that the curve is not the noise of small test sets.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.phantom_graphs import PhantomGraph, phantom_graph, structural_expectation
from gnn.architectures import Architecture
from gnn.baselines import BASELINES, predict_with
from gnn.ensemble import keep_targets
from gnn.evaluation import TestedParticles, score
from gnn.graph_layout import CENTRE, layout_of, name_of
from gnn.model_files import Fold, TrainedModel
from gnn.prediction import Predictor
from gnn.splits import Split, can_train
from gnn.training import TrainingSettings, train_network
from phantom import PRESETS, EnergyModel, phantom_set

TARGET = "heterogeneity_ev"
ENERGY = EnergyModel(both_neighbours_effect=0.5, two_mode_share=0.0)
IMAGE_PX = (120, 120)
SIZES = (18, 36, 73, 146, 292, 730)
TEST_IMAGES = 150


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


def learn(
    pool: Sequence[PhantomGraph],
    tests: Sequence[PhantomGraph],
    n_images: int,
    seeds: int,
    settings: TrainingSettings,
) -> pd.DataFrame:
    """Train everything on the first `n_images` of the pool and test it on the same images."""
    own = [each.graph for each in pool[: round(0.8 * n_images)]]
    n_train = round(0.6 * n_images)
    names = [name_of(graph) for graph in own]
    split = Split(tuple(names[:n_train]), tuple(names[n_train:]), ())
    layout = layout_of(own)
    asked = [each.graph for each in tests]
    measured = np.concatenate([graph[CENTRE].y.numpy() for graph in asked])
    mask = np.concatenate([graph[CENTRE].y_mask.numpy() for graph in asked])
    predicted: dict[str, NDArray[np.float64]] = {}
    seconds: dict[str, float] = {}
    single: dict[str, list[float]] = {}
    for architecture in Architecture:
        began = time.process_time()
        how = TrainingSettings(**{**vars(settings), "architecture": architecture})
        networks = [train_network(own, split, layout, how, seed=seed, device="cpu") for seed in range(seeds)]
        model = TrainedModel(
            architecture.value,
            layout,
            how,
            "image",
            0,
            (Fold(split, networks[0][1], tuple(n for n, _ in networks)),),
        )
        predictor = Predictor(model, device="cpu")
        members = np.concatenate([predictor.predict(graph).members for graph in asked], axis=1)
        predicted[architecture.value] = members.mean(axis=0)
        seconds[architecture.value] = time.process_time() - began
        single[architecture.value] = [float(np.sqrt(((one - measured)[mask] ** 2).mean())) for one in members]
    for baseline in BASELINES:
        predicted[baseline.name] = np.concatenate(predict_with(baseline, own, asked, 1))
    predicted["structure known"] = np.concatenate(structural_expectation(pool, tests))
    tested = TestedParticles(
        np.repeat(np.arange(len(asked)), [len(graph[CENTRE].y) for graph in asked]),
        np.where(mask, measured, np.nan),
        predicted,
        (TARGET,),
    )
    table = score(tested)
    table.insert(0, "set_images", n_images)
    table.insert(1, "set_nmc", sum(len(each.graph[CENTRE].y) for each in pool[:n_images]))
    table["rmse_seed_sd"] = [
        np.std(single[name], ddof=1) if len(single.get(name, [])) > 1 else np.nan for name in table["model"]
    ]
    table["processor_s"] = [seconds.get(name, np.nan) for name in table["model"]]
    return table


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
        rows = table[table["model"] == name]
        axis.plot(rows["set_images"], rows["rmse"], line, color=colour, label=label, markersize=5)
        if name in ("nnconv", "mlp"):
            axis.fill_between(
                rows["set_images"], rows["rmse_low"], rows["rmse_high"], color=colour, alpha=0.15, lw=0
            )
    axis.axvline(73, color="#bbbbbb", linewidth=0.8, zorder=0)
    axis.text(73, axis.get_ylim()[1], " the paper: 73 images", va="top", fontsize=8, color="#555555")
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
    parser.add_argument("--out", type=Path, required=True, help="folder for table and picture")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--test-images", type=int, default=TEST_IMAGES)
    parser.add_argument(
        "--image-epochs", type=int, default=15_000, help="images times epochs of one training, at most"
    )
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    pool = make_images(max(given.sizes), seed=100, name="pool")
    tests = make_images(given.test_images, seed=900, name="test")
    tables: list[pd.DataFrame] = []
    for size in given.sizes:
        # Equally many steps for large sets: they need fewer epochs.
        epochs = min(250, given.image_epochs // round(0.6 * size))
        settings = TrainingSettings(sizes=(("hidden", 16),), batch_images=16, max_epochs=epochs)
        tables.append(learn(pool, tests, size, given.seeds, settings))
        table = pd.concat(tables, ignore_index=True)
        table.to_csv(given.out / "learning-curve.csv", index=False)
        draw(table).savefig(given.out / "learning-curve.png", dpi=110)
        print(json.dumps(table[table["set_images"] == size].to_dict("records")), flush=True)  # noqa: T201  its output


if __name__ == "__main__":
    main()
