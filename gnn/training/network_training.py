"""Training with Lightning: without its output, bit-identical after a resume, deterministic on a CPU.

AdamW 1e-3 with weight decay 1e-2, gradients clipped at 2, mean squared error on z-scores with missing targets
masked, stopped when the validation part has not improved for 50 epochs; the weights of the best epoch are kept.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint
from torch import Tensor
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData

from cathograph.gnn.graph_layout import GraphLayout, name_of
from cathograph.gnn.networks.architectures import Architecture, build_model
from cathograph.gnn.training.batches import merge_graphs
from cathograph.gnn.training.regression_task import BestWeights, EpochOrder, Progress, Regression
from cathograph.gnn.training.scaling import Scaling, fit_scaling
from cathograph.gnn.training.splits import Split
from cathograph.schema.errors import ModelError

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Attributes
    ----------
    architecture : Architecture
        Which network.
    sizes : dict
        Its keyword arguments, where they are not the usual ones.
    learning_rate, weight_decay, clip : float
        Of AdamW, and the largest norm of a gradient.
    patience, max_epochs : int
        Epochs without improvement, and in all.
    batch_images : int
        Images of one step.
    """

    architecture: Architecture = Architecture.NNCONV
    sizes: tuple[tuple[str, float], ...] = ()
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    clip: float = 2.0
    patience: int = 50
    max_epochs: int = 500
    batch_images: int = 8

    def to_card(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {**asdict(self), "sizes": dict(self.sizes)}


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """One network as trained on one split from one seed.

    Attributes
    ----------
    weights : dict of str to Tensor
        Of the best epoch, on the processor.
    seed, epochs, best_epoch : int
        Of weights and order; epochs run; the epoch whose weights these are.
    validation_loss : float
        Mean squared error of z-scores at the best epoch.
    """

    weights: dict[str, Tensor]
    seed: int
    epochs: int
    best_epoch: int
    validation_loss: float


def choose_device(asked: str) -> str:
    """Choose where to compute.

    Raises
    ------
    ModelError
        When a GPU is asked for and none is there, or the name is unknown.
    """
    if asked not in DEVICES:
        msg = f"Found device {asked!r}; expected one of {', '.join(DEVICES)}."
        raise ModelError(msg)
    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        msg = "Found no GPU that torch can use; expected one for --device cuda. Use --device cpu or auto."
        raise ModelError(msg)
    return "cuda" if there and asked != "cpu" else "cpu"


def train_network(
    graphs: Sequence[HeteroData],
    split: Split,
    layout: GraphLayout,
    settings: TrainingSettings,
    *,
    seed: int = 0,
    device: str = "auto",
    checkpoints: Path | None = None,
    progress: Progress | None = None,
) -> tuple[TrainedNetwork, Scaling]:
    """Train one network.

    Parameters
    ----------
    graphs : sequence of HeteroData
        All images.
    split : Split
        Which of them train and which stop the training; the test part is not looked at.
    layout : GraphLayout
        Of the graphs.
    settings : TrainingSettings
        How.
    seed : int
        Of weights, order and dropout.
    device : {"auto", "cpu", "cuda"}
        Where.
    checkpoints : Path, optional
        Folder to resume from and to leave the state in after every tenth epoch.
    progress : callable, optional
        See `Progress`.

    Raises
    ------
    ModelError
        When the graphs cannot be trained on (see `cathograph.gnn.training.scaling`), when the loss is not a
        number, or when a checkpoint is of another training.
    """
    where = choose_device(device)
    chosen = {part: split.choose(graphs, part) for part in ("train", "validation")}
    for part, names in (("train", split.train), ("validation", split.validation)):
        if len(chosen[part]) != len(names):
            lost = sorted(set(names) - {name_of(graph) for graph in chosen[part]})
            msg = f"Found no image {lost[0]} of the {part} part; expected it. Give all images of the split."
            raise ModelError(msg)
    scaling = fit_scaling(chosen["train"], layout)
    train = [scaling.apply(graph) for graph in chosen["train"]]
    order = EpochOrder(len(train), seed)
    with _quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        task = Regression(
            build_model(settings.architecture, layout, dict(settings.sizes)),
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        best = BestWeights(seed, settings.max_epochs, progress)
        callbacks: list[Callback] = [EarlyStopping("validation_loss", patience=settings.patience), best]
        resume_from = None
        if checkpoints is not None:
            callbacks.append(
                ModelCheckpoint(
                    checkpoints,
                    filename="last",
                    every_n_epochs=10,
                    save_on_train_epoch_end=True,
                    enable_version_counter=False,
                )
            )
            if (checkpoints / "last.ckpt").exists():
                resume_from = str(checkpoints / "last.ckpt")
        trainer = pl.Trainer(
            accelerator="gpu" if where == "cuda" else "cpu",
            devices=1,
            max_epochs=settings.max_epochs,
            gradient_clip_val=settings.clip,
            callbacks=callbacks,
            logger=False,
            enable_checkpointing=checkpoints is not None,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
            default_root_dir=checkpoints,
        )
        order.follow(trainer)
        batches: DataLoader[HeteroData] = DataLoader(
            train,  # type: ignore[arg-type]  # a list is a map-style dataset
            settings.batch_images,
            sampler=order,
            collate_fn=merge_graphs,
        )
        # Put together once, for they do not change.
        stopping: DataLoader[HeteroData] = DataLoader(
            _as_batches(scaling, chosen["validation"]),  # type: ignore[arg-type]
            batch_size=None,
            collate_fn=_as_is,
        )
        try:
            trainer.fit(task, batches, stopping, ckpt_path=resume_from, weights_only=True)
        except (RuntimeError, KeyError, TypeError) as error:
            if resume_from is None:
                raise
            msg = (
                f"Found a checkpoint in {checkpoints} that does not fit this training ({str(error)[:120]}); "
                "expected its own. Remove the folder, or choose another --out."
            )
            raise ModelError(msg) from error
    network = TrainedNetwork(
        best.best["weights"], seed, trainer.current_epoch, best.best["epoch"], best.best["loss"]
    )
    return network, scaling


def _as_is(batch: HeteroData) -> HeteroData:
    return batch


def _as_batches(scaling: Scaling, graphs: list[HeteroData]) -> list[HeteroData]:
    scaled = [scaling.apply(graph) for graph in graphs]
    return [merge_graphs(scaled[at : at + 64]) for at in range(0, len(scaled), 64)]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's advice to itself: how many workers, which hardware, where to upload."""
    loggers = [
        logging.getLogger(name) for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric")
    ]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for words in (".*does not have many workers.*", ".*GPU available but not used.*", ".*isinstance.treespec.*",
                          ".*Checkpoint directory .* exists and is not empty.*",
                          ".*mid-epoch checkpoint.*", ".*`_pytree`.*", ".*LeafSpec.*"):  # fmt: skip
                warnings.filterwarnings("ignore", words)
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
