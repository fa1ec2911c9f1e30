"""The U-Net: down over three levels to a bottom, up again with a gated skip at each.

Blocks are 2 × (3 × 3 convolution, batch norm, ReLU) and dropout of channels. Batch norm is not the paper's; it
halves the steps needed, and in inference its statistics are fixed numbers, so a tile gives the same
result as the whole image. Up-sampling is a 2 × 2 transposed convolution, which looks at no neighbour.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from cathograph.ingest.segmentation.unet.architecture import Architecture
from cathograph.ingest.segmentation.unet.dual_attention import DualAttention


class Outputs(NamedTuple):
    """What the network says of a batch.

    Attributes
    ----------
    logits : Tensor, (batch, k, y, x)
        Class logits at full resolution.
    class_logits : list of Tensor, (batch, k, y / 2^l, x / 2^l)
        Auxiliary class logits of level l = 0, 1, …; empty without attention.
    boundary_logits : list of Tensor, (batch, 1, y / 2^l, x / 2^l)
        Auxiliary boundary maps; empty without attention.
    """

    logits: Tensor
    class_logits: list[Tensor]
    boundary_logits: list[Tensor]

    def in_singles(self) -> "Outputs":
        """Return the same in float32: sums over pixels lose digits in half precision."""
        return Outputs(
            self.logits.float(),
            [logits.float() for logits in self.class_logits],
            [logits.float() for logits in self.boundary_logits],
        )


class UNet(nn.Module):
    """U-Net with or without dual attention.

    Parameters
    ----------
    architecture : Architecture
        Its shape.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        channels, n_classes = architecture.channels, len(architecture.classes)
        coming_in = (1, *channels[:-1])
        self.down = nn.ModuleList(
            _block(before, number, architecture.dropout)
            for before, number in zip(coming_in, channels, strict=True)
        )
        levels = range(len(channels) - 1)
        self.lift = nn.ModuleList(
            nn.ConvTranspose2d(channels[level + 1], channels[level], 2, stride=2) for level in levels
        )
        self.attention = nn.ModuleList(
            DualAttention(channels[level], n_classes) for level in levels if architecture.attention
        )
        self.up = nn.ModuleList(
            _block(2 * channels[level], channels[level], architecture.dropout) for level in levels
        )
        self.head = nn.Conv2d(channels[0], n_classes, 1)

    def forward(self, image: Tensor) -> Outputs:
        """Tell the classes of a batch.

        Parameters
        ----------
        image : Tensor, (batch, 1, y, x)
            Normalised grey values; y and x are multiples of the stride.
        """
        skips: list[Tensor] = []
        features = image
        for level, block in enumerate(self.down):
            features = block(features if level == 0 else functional.max_pool2d(features, 2))
            skips.append(features)
        classes: list[Tensor] = []
        boundaries: list[Tensor] = []
        for level in reversed(range(len(self.up))):
            up, skip = self.lift[level](features), skips[level]
            if len(self.attention):
                skip, of_level, boundary = self.attention[level](skip, up)
                classes.insert(0, of_level)
                boundaries.insert(0, boundary)
            features = self.up[level](torch.cat((skip, up), dim=1))
        return Outputs(self.head(features), classes, boundaries)


def _block(before: int, after: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        nn.Conv2d(after, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        nn.Dropout2d(dropout),
    )
