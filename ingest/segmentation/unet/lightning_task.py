"""The task that Lightning trains: loss, optimiser, schedule, validation on whole images.

The learning rate rises over the first twentieth of the steps and falls to zero along a cosine, so the last
weights are as good as the best ones where nothing validates. Each round (some steps) has its own seed for dropout
as for patches: a run that was resumed ends with the weights of one that was not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassConfusionMatrix

from cathograph.ingest.segmentation.scores.overlap import intersection_over_union
from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.augmentation import GEOMETRIES
from cathograph.ingest.segmentation.unet.inference import Run, predict_classes
from cathograph.ingest.segmentation.unet.loss import class_weights, segmentation_loss
from cathograph.ingest.segmentation.unet.network import UNet
from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.ingest.segmentation.unet.patches import Field, Patches
from cathograph.schema.errors import ModelError

VALIDATION_SCORE = "validation_mean_iou"
WARM_UP = 0.05


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Attributes
    ----------
    steps : int
        Optimiser steps in all.
    round_steps : int
        Steps of a round, after which the network is validated and saved.
    batch : int
        Patches a step.
    patch_px : int
        Side of a patch.
    learning_rate, weight_decay : float
        Of AdamW. The paper's rate is 1e-4; with batch norm a higher one gets as far in fewer steps.
    seed : int
        Of weights, patches and dropout.
    geometry : {"free", "grid"}
        Whether patches are turned and scaled, or only mirrored (`cathograph.ingest.segmentation.unet.augmentation`).
    light : float
        How much light, blur and noise change, 0 to 1.

    Raises
    ------
    ModelError
        When a geometry is unknown, or the light is out of range.
    """

    steps: int = 2000
    round_steps: int = 100
    batch: int = 8
    patch_px: int = 192
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    seed: int = 0
    geometry: str = "free"
    light: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.geometry not in GEOMETRIES or not 0 <= self.light <= 1:
            msg = (
                f"Found geometry {self.geometry!r} and light {self.light:g}; expected one of {', '.join(GEOMETRIES)}, "
                "and 0 to 1. Correct them."
            )
            raise ModelError(msg)


class SegmentationTask(pl.LightningModule):
    """A network, what it learns from and how it is judged.

    Parameters
    ----------
    architecture : Architecture
        Of the network.
    train_pairs, validation_pairs : sequence of Pair
        Images of the two sides; none may validate.
    schedule : Schedule
        How long and how fast.
    """

    def __init__(
        self,
        architecture: Architecture,
        train_pairs: Sequence[Pair],
        validation_pairs: Sequence[Pair],
        schedule: Schedule,
    ) -> None:
        super().__init__()
        torch.manual_seed(schedule.seed)
        # Channels last: on a CPU, too, convolutions of few channels are half as fast again.
        self.network = UNet(architecture).to(memory_format=torch.channels_last)
        self._schedule = schedule
        self._fields = [Field(pair, architecture.classes) for pair in train_pairs]
        self._validation = [
            (pair.grey, Field(pair, architecture.classes).classes) for pair in validation_pairs
        ]
        n_classes = len(architecture.classes)
        counts = sum(torch.bincount(field.classes.reshape(-1), minlength=n_classes) for field in self._fields)
        self.register_buffer("weights", class_weights(torch.as_tensor(counts)))
        self.confusion = MulticlassConfusionMatrix(n_classes) if n_classes > 1 else None

    def train_dataloader(self) -> DataLoader[tuple[Tensor, Tensor]]:
        """Give the patches of this round."""
        schedule = self._schedule
        patches = Patches(
            self._fields,
            len(self.network.architecture.classes),
            side_px=schedule.patch_px,
            n_patches=schedule.batch * schedule.round_steps,
            seed=schedule.seed,
            round_number=self.current_epoch,
            geometry=schedule.geometry,
            light=schedule.light,
        )
        return DataLoader(patches, batch_size=schedule.batch)

    def val_dataloader(self) -> list[int] | DataLoader[int]:
        """Give the numbers of the validation images.

        Where there are none, one number that no image has: a loop without validation resumes a round that was whole
        with one more step.
        """
        return DataLoader(range(max(len(self._validation), 1)), batch_size=None)  # type: ignore[arg-type]

    def on_train_epoch_start(self) -> None:
        """Seed dropout for the round."""
        torch.manual_seed(hash((self._schedule.seed, self.current_epoch)) % 2**32)

    def training_step(self, batch: tuple[Tensor, Tensor], _index: int) -> Tensor:
        """Return the loss of a batch."""
        image, target = batch
        outputs = self.network(image.to(memory_format=torch.channels_last))
        loss = segmentation_loss(outputs, target, self.get_buffer("weights"))
        self.log("loss", loss)
        return loss

    def validation_step(self, number: int, _index: int) -> None:
        """Segment one whole image, as inference would, and count its pixels."""
        if not self._validation:
            return
        grey, truth = self._validation[int(number)]
        found = predict_classes(self.network, grey, Run(self.device))
        if self.confusion is not None:
            self.confusion.update(torch.from_numpy(found).to(self.device), truth.to(self.device))

    def on_validation_epoch_end(self) -> None:
        """Log the mean IoU over all validation images."""
        if not self._validation:
            return
        score = 1.0  # one class: nothing can be called another
        if self.confusion is not None:
            iou = intersection_over_union(self.confusion.compute().cpu().numpy())
            score = float(iou[~(iou != iou)].mean())
            self.confusion.reset()
        self.log(VALIDATION_SCORE, score)

    def configure_optimizers(self) -> dict[str, object]:  # type: ignore[override]
        """AdamW under a rise and a cosine."""
        schedule = self._schedule
        optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
        )
        rise = max(round(WARM_UP * schedule.steps), 1)

        def factor(step: int) -> float:
            if step < rise:
                return (step + 1) / (rise + 1)
            return 0.5 * (1 + math.cos(math.pi * min((step - rise) / max(schedule.steps - rise, 1), 1.0)))

        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
