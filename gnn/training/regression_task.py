"""The task that Lightning trains: the loss, the best weights, and an order and dropout that a resume repeats.

All random draws (order of images, dropout) follow from the seed and the number of the epoch or step alone, so a
training that was interrupted and resumed ends with the weights of one that was not.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn
from torch.utils.data import Sampler
from torch_geometric.data import HeteroData

from cathograph.gnn.graph_layout import target_phase
from cathograph.schema.errors import ModelError

Progress = Callable[[int, int, float], None]
"""Called with (epochs done, most epochs, validation loss)."""


class Regression(pl.LightningModule):
    """Masked mean squared error on z-scores."""

    def __init__(self, network: nn.Module, *, learning_rate: float, weight_decay: float) -> None:
        super().__init__()
        self.network = network
        self._learning_rate = learning_rate
        self._weight_decay = weight_decay

    def training_step(self, batch: HeteroData, _: int) -> Tensor:
        """Give the loss of a batch."""
        squares, count = self._squares(batch)
        loss = squares / count
        if not torch.isfinite(loss):
            msg = (
                "Found a loss that is no number; expected one that falls. A feature has values far outside of the "
                "rest: leave it out with --features."
            )
            raise ModelError(msg)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Begin to count."""
        self._sum, self._count = 0.0, 0

    def validation_step(self, batch: HeteroData, _: int) -> None:
        """Add up squares: batches of different sizes count by their particles."""
        squares, count = self._squares(batch)
        self._sum += float(squares)
        self._count += int(count)

    def on_validation_epoch_end(self) -> None:
        """Say the validation part's error."""
        self.log("validation_loss", self._sum / max(1, self._count), batch_size=1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Give AdamW."""
        return torch.optim.AdamW(
            self.parameters(),
            lr=self._learning_rate,
            weight_decay=self._weight_decay,
            fused=True,  # 70 small tensors: one by one they take a quarter of a step
        )

    def _squares(self, batch: HeteroData) -> tuple[Tensor, Tensor]:
        predicted = self.network(batch.x_dict, batch.edge_index_dict, batch.edge_attr_dict)
        active = batch[target_phase(batch)]
        mask = active.y_mask
        squares = torch.where(mask, (predicted - active.y) ** 2, 0.0)
        return squares.sum(), mask.sum()


class BestWeights(Callback):
    """Keeps the weights of the best epoch, also over an interruption, and sets the random numbers of each step."""

    def __init__(self, seed: int, max_epochs: int, progress: Progress | None) -> None:
        self._seed = seed
        self._max_epochs = max_epochs
        self._progress = progress
        #: ``loss``, ``epoch`` and ``weights`` of the best epoch so far.
        self.best: dict[str, Any] = {"loss": float("inf"), "epoch": -1, "weights": {}}

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: HeteroData, batch_idx: int
    ) -> None:
        """Seed dropout by the step; making an iterator draws a number too, at another moment after a resume."""
        torch.manual_seed(self._seed * 1_000_003 + trainer.global_step)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the weights when they are the best so far."""
        loss = float(trainer.callback_metrics["validation_loss"])
        if loss < self.best["loss"]:
            network = pl_module.network
            if not isinstance(network, nn.Module):  # for the type checker; it always is one
                raise TypeError
            weights = {name: each.detach().cpu().clone() for name, each in network.state_dict().items()}
            self.best = {"loss": loss, "epoch": trainer.current_epoch, "weights": weights}
        if self._progress is not None:
            self._progress(trainer.current_epoch + 1, self._max_epochs, loss)

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint keeps."""
        return self.best

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what a checkpoint kept."""
        self.best = state_dict


class EpochOrder(Sampler[int]):
    """The order of images in an epoch, from the seed and the number of the epoch that a trainer is in.

    Lightning's own notice of a new epoch (`set_epoch`) comes too late for the first one after a resume.
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._seed = seed
        self._epoch: Callable[[], int] = lambda: 0

    def follow(self, trainer: pl.Trainer) -> None:
        """Take the number of the epoch from this trainer."""
        self._epoch = lambda: int(trainer.current_epoch)

    def __len__(self) -> int:
        """Give how many images there are."""
        return self._size

    def __iter__(self) -> Iterator[int]:
        """Draw the order of this epoch."""
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch())
        return iter(torch.randperm(self._size, generator=generator).tolist())
