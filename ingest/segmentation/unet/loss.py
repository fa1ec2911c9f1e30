"""Loss: Dice, cross-entropy that weighs contours, and the same for the auxiliary outputs.

    L = Dice(p, t) + CE_w(p, t) + a · mean over levels (CE(aux, t_l) + BCE(boundary, contour_l))

Cross-entropy of the softmax is binary cross-entropy for any number of classes. Its pixel weights w are
1 + c on contours (pixels within `CONTOUR_REACH_PX` of another class) and 1 elsewhere, times a class weight
that lifts rare classes by the inverse root of their share. Dice takes the mean over the classes a batch holds,
so that a rare class counts as much as a common one.
"""

import torch
from torch import Tensor
from torch.nn import functional

from cathograph.ingest.segmentation.unet.network import Outputs

CONTOUR_REACH_PX = 2
CONTOUR_WEIGHT = 1.0
AUXILIARY_WEIGHT = 0.2
LARGEST_CLASS_WEIGHT = 5.0


def class_weights(counts: Tensor) -> Tensor:
    """Weigh classes by the inverse root of their share, mean 1, at most `LARGEST_CLASS_WEIGHT`.

    Parameters
    ----------
    counts : Tensor, (k,)
        Pixels of each class in the training masks; a class without pixels gets weight 1.

    Examples
    --------
    >>> weights = class_weights(torch.tensor([400.0, 100.0]))  # roots of the shares are as 2 to 1
    >>> [round(weight, 4) for weight in weights.tolist()]
    [0.6667, 1.3333]
    """
    held = counts > 0
    weights = torch.ones_like(counts, dtype=torch.float32)
    if held.any():
        raw = counts[held].to(torch.float32).rsqrt()
        weights[held] = (raw / raw.mean()).clamp(max=LARGEST_CLASS_WEIGHT)
    return weights


def contours(target: Tensor, reach_px: int = 1) -> Tensor:
    """Mark pixels that have another class within `reach_px` (Chebyshev).

    Parameters
    ----------
    target : Tensor of int, (batch, y, x)
        Class of each pixel.

    Returns
    -------
    Tensor of bool, (batch, y, x)
    """
    classes = target[:, None].to(torch.float32)
    width = 2 * reach_px + 1
    highest = functional.max_pool2d(classes, width, stride=1, padding=reach_px)
    lowest = -functional.max_pool2d(-classes, width, stride=1, padding=reach_px)
    return (highest != lowest)[:, 0]


def segmentation_loss(outputs: Outputs, target: Tensor, weights: Tensor) -> Tensor:
    """Compute the loss of a batch.

    Parameters
    ----------
    outputs : Outputs
        What the network said.
    target : Tensor of int64, (batch, y, x)
        Class of each pixel.
    weights : Tensor, (k,)
        From `class_weights`.

    Returns
    -------
    Tensor
        One number.
    """
    outputs = outputs.in_singles()
    pixel_weight = 1 + CONTOUR_WEIGHT * contours(target, CONTOUR_REACH_PX)
    entropy = functional.cross_entropy(outputs.logits, target, weight=weights, reduction="none")
    # The mean over what the weights sum to, so that they change balance and not scale.
    total = (entropy * pixel_weight).sum() / (weights[target] * pixel_weight).sum()
    loss = total + _dice(outputs.logits.softmax(dim=1), target)
    for level, (classes, boundary) in enumerate(
        zip(outputs.class_logits, outputs.boundary_logits, strict=True)
    ):
        coarse = target[:, :: 2**level, :: 2**level]
        of_level = functional.cross_entropy(classes, coarse, weight=weights)
        edge = contours(coarse).to(boundary.dtype)
        of_level = of_level + functional.binary_cross_entropy_with_logits(boundary[:, 0], edge)
        loss = loss + AUXILIARY_WEIGHT * of_level / len(outputs.class_logits)
    return loss


def _dice(probability: Tensor, target: Tensor) -> Tensor:
    truth = functional.one_hot(target, probability.shape[1]).movedim(-1, 1).to(probability.dtype)
    axes = (0, 2, 3)
    both, size = (probability * truth).sum(axes), probability.sum(axes) + truth.sum(axes)
    held = truth.sum(axes) > 0
    return (1 - (2 * both[held] + 1) / (size[held] + 1)).mean()
