"""Dual attention on a skip: what class a pixel belongs to, and whether a particle ends there.

The paper names a class-wise and an instance-wise attention and gives no formulas. Ours, with s the skip, u
what comes up from below, both (batch, C, y, x):

    class gate      g_c = Σ_k softmax(W₁ [s, u])_k · G_kc      1 × 1 convolution, G learned, 1 at first
    instance gate   b = sigmoid(W₃ [s, u])                     3 × 3 convolution, one boundary map
    skip            s · g · (1 + b)

The class logits and the boundary map are outputs too and are supervised, so the gates mean what they are
called. Both are local: no pooling over the image, which would give a tile another result than the whole image.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class DualAttention(nn.Module):
    """Gates of one skip.

    Parameters
    ----------
    channels : int
        Channels C of the skip, and of what comes up.
    n_classes : int
        Classes k.
    """

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        self.class_logits = nn.Conv2d(2 * channels, n_classes, 1)
        self.class_weights = nn.Parameter(torch.ones(channels, n_classes, 1, 1))
        self.boundary_logit = nn.Conv2d(2 * channels, 1, 3, padding=1)

    def forward(self, skip: Tensor, up: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Weight a skip.

        Parameters
        ----------
        skip, up : Tensor, (batch, C, y, x)
            Skip, and the features from below at the same resolution.

        Returns
        -------
        gated : Tensor, (batch, C, y, x)
        class_logits : Tensor, (batch, k, y, x)
        boundary_logit : Tensor, (batch, 1, y, x)
        """
        both = torch.cat((skip, up), dim=1)
        classes, boundary = self.class_logits(both), self.boundary_logit(both)
        gate = functional.conv2d(classes.softmax(dim=1), self.class_weights)
        return skip * gate * (1 + boundary.sigmoid()), classes, boundary
