"""Training from pairs to a saved model: Lightning's loop with checkpoints, resume and early stop.

The folder of a run holds its state (``last.ckpt``) and its settings (``run.json``). Resuming
with other images or another schedule would be neither the old run nor a new one and is refused. Checkpoints are
read without running code, as weights are.
"""

import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint

from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.device import choose_device, choose_training_precision
from cathograph.ingest.segmentation.unet.lightning_task import VALIDATION_SCORE, Schedule, SegmentationTask
from cathograph.ingest.segmentation.unet.network import UNet
from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.ingest.segmentation.unet.split import Split
from cathograph.schema.errors import ModelError

RUN_FILE, LAST, BEST = "run.json", "last.ckpt", "best.ckpt"
_LIGHTNING_PRECISION: Mapping[tuple[str, str], Literal["32-true", "16-mixed", "bf16-mixed"]] = {
    ("float32", "cpu"): "32-true",
    ("float32", "cuda"): "32-true",
    ("mixed", "cpu"): "bf16-mixed",
    ("mixed", "cuda"): "16-mixed",
}

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TrainedUNet:
    """What a training gave.

    Attributes
    ----------
    network : UNet
        The best on the validation images; the last where there are none. In evaluation mode, on the CPU.
    steps : int
        Optimiser steps made.
    seconds : float
        Wall time of this call; a resumed run took longer in all.
    validation_mean_iou : float or None
        Of `network`.
    """

    network: UNet
    steps: int
    seconds: float
    validation_mean_iou: float | None


@dataclass(frozen=True)
class TrainingRun:
    """The settings of a training.

    Attributes
    ----------
    architecture : Architecture
        Of the network.
    schedule : Schedule
        How long and how fast.
    folder : Path
        Where the run keeps its checkpoints.
    patience : int
        Rounds without a better validation after which the run ends.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    precision : str
        ``float32``, ``mixed`` or ``auto``, which is mixed where that is fast: on a GPU, and on a CPU with AMX.
    resume : bool
        Go on where a run in the same folder ended.
    """

    architecture: Architecture
    folder: Path
    schedule: Schedule = field(default_factory=Schedule)
    patience: int = 10
    device: str = "auto"
    precision: str = "auto"
    resume: bool = False


def train_network(
    pairs: Sequence[Pair], split: Split, run: TrainingRun, *, progress: Progress | None = None
) -> TrainedUNet:
    """Train a network.

    Parameters
    ----------
    pairs : sequence of Pair
        All images.
    split : Split
        Which of them train and validate; those that test are not looked at.
    run : TrainingRun
        What is asked.
    progress : callable, optional
        Called with (what, done, total).

    Raises
    ------
    ModelError
        When the folder holds a run that was not asked to be resumed, or another one than asked for.
    SegmentationError
        When there is no such device or precision, or an image has no contrast.
    """
    device = choose_device(run.device)
    precision = choose_training_precision(run.precision, device)
    _prepare_folder(pairs, split, run, precision)
    by_name = {pair.name: pair for pair in pairs}
    task = SegmentationTask(
        run.architecture,
        [by_name[name] for name in split.train],
        [by_name[name] for name in split.validation],
        run.schedule,
    )
    validates = bool(split.validation)
    last = run.folder / LAST
    # Two, and `save_last` of neither: that saves only when something is the best, or at the very end.
    newest = ModelCheckpoint(
        run.folder, filename=Path(LAST).stem, enable_version_counter=False, save_on_train_epoch_end=True
    )
    best = ModelCheckpoint(
        run.folder,
        filename=Path(BEST).stem,
        monitor=VALIDATION_SCORE,
        mode="max",
        enable_version_counter=False,
        save_on_train_epoch_end=True,
    )
    callbacks: list[Callback] = [best] if validates else []
    if validates:
        # Not strict: a resumed run first ends the round that it was saved in, and has no score then.
        callbacks.append(EarlyStopping(VALIDATION_SCORE, mode="max", patience=run.patience, strict=False))
    if progress is not None:
        callbacks.append(_Reporter(progress, run.schedule.steps))
    callbacks.append(newest)  # behind the others, so that it holds what they know
    began = time.perf_counter()
    with _quiet_lightning():
        trainer = pl.Trainer(
            accelerator="gpu" if device.type == "cuda" else "cpu",
            devices="auto" if device.type == "cuda" else 1,
            precision=_LIGHTNING_PRECISION[precision, device.type],
            max_steps=run.schedule.steps,
            max_epochs=-1,
            reload_dataloaders_every_n_epochs=1,
            num_sanity_val_steps=0,
            callbacks=callbacks,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=run.folder,
        )
        trainer.fit(task, ckpt_path=str(last) if run.resume and last.exists() else None, weights_only=True)
    score = None
    if validates and best.best_model_path:
        saved = torch.load(run.folder / BEST, map_location="cpu", weights_only=True)
        task.load_state_dict(saved["state_dict"])
        score = None if best.best_model_score is None else float(best.best_model_score)
    network = task.network.cpu().eval()
    return TrainedUNet(network, trainer.global_step, time.perf_counter() - began, score)


def _prepare_folder(pairs: Sequence[Pair], split: Split, run: TrainingRun, precision: str) -> None:
    asked = json.loads(json.dumps({**_asked(pairs, split, run), "precision": precision}))
    path = run.folder / RUN_FILE
    if (run.folder / LAST).exists():
        if not run.resume:
            msg = f"Found a run in {run.folder}; expected an empty folder. Go on with --resume, or name another folder."
            raise ModelError(msg)
        before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        changed = sorted(key for key in asked if before.get(key) != asked[key])
        if changed:
            msg = (
                f"Found a run in {run.folder} with other {', '.join(changed)}; expected the same to go on with it. "
                "Name another folder."
            )
            raise ModelError(msg)
    run.folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asked, indent=2), encoding="utf-8")


def _asked(pairs: Sequence[Pair], split: Split, run: TrainingRun) -> dict[str, Any]:
    used = {*split.train, *split.validation}
    return {
        "architecture": run.architecture.as_record(),
        "schedule": asdict(run.schedule),
        "split": asdict(split),
        "images": {pair.name: pair.sha256 for pair in pairs if pair.name in used},
    }


class _Reporter(Callback):
    """Tells the caller how far the training is."""

    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress, self._steps = progress, steps

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:  # noqa: ANN401  Lightning's signature
        metrics = trainer.callback_metrics
        score = metrics.get(VALIDATION_SCORE)
        loss = metrics.get("loss")
        what = "training" if loss is None else f"loss {float(loss):.3f}"
        what += "" if score is None else f", validation IoU {float(score):.3f}"
        self._progress(what, trainer.global_step, self._steps)


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Silence what Lightning says about machines and loaders; what it refuses is still raised."""
    names = ("pytorch_lightning", "lightning.pytorch", "lightning_fabric")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\b")
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
