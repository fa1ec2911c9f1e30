"""Dropout at inference: one draw of channels, the same for every tile of an image.

The network was trained with whole channels left out (`torch.nn.Dropout2d`), drawn again for each patch. Drawn again for
each tile, a pass would show seams between tiles. So a pass draws once which channels of which block it leaves out, from
a seed and not from torch's own generator: it is a thinner network, as local as the whole one, and gives
the same result in tiles as in one piece, on any device. Batch norm keeps its fixed statistics.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from cathograph.ingest.segmentation.unet.network import UNet


@contextmanager
def channels_left_out(network: UNet, rng: np.random.Generator) -> Iterator[None]:
    """Leave channels out of a network in evaluation mode for as long as the context lasts.

    Parameters
    ----------
    network : UNet
        Each block leaves out each of its channels with the chance that it was trained with; those that stay are
        raised so that their sum stays the same on average.
    rng : numpy.random.Generator
        Draws the channels, block by block.
    """
    share = network.architecture.dropout
    with ExitStack() as hooks:
        for block in (*network.down, *network.up):
            kept = rng.random(block[0].out_channels) >= share
            factor = torch.from_numpy((kept / (1 - share)).astype(np.float32))[None, :, None, None]
            hooks.enter_context(block[-1].register_forward_hook(partial(_scale, factor=factor)))
        yield


def _scale(_module: nn.Module, _inputs: tuple[Tensor, ...], features: Tensor, *, factor: Tensor) -> Tensor:
    return features * factor.to(features)
