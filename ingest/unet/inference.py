"""A network over an image of any size: tiles in batches, memory that does not grow with the image.

What a tile needs is a window of the image; the rest stays where it is (a memory map, if one is given). A GPU whose
memory is full gets smaller batches, then smaller tiles, which changes no label, and an error once a tile
can be no smaller.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ingest.unet.network import UNet
from ingest.unet.normalisation import GreyScale, find_grey_scale
from ingest.unet.tiling import Window, windows
from schema.errors import SegmentationError

SMALLEST_TILE_PX = 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """How a network is run.

    Attributes
    ----------
    device : torch.device
        Where.
    precision : str
        ``float32`` or ``mixed`` (bfloat16 where the GPU has it, else float16).
    tile_px : int
        Side of a tile without its margin.
    batch : int
        Tiles at a time.
    """

    device: torch.device
    precision: str = "float32"
    tile_px: int = 896
    batch: int = 1


def predict_classes(network: UNet, image: NDArray[Any], run: Run) -> NDArray[np.uint8]:
    """Tell the class of each pixel.

    Parameters
    ----------
    network : UNet
        In evaluation mode.
    image : array, (y, x) or (z, y, x)
        Finite grey values; a stack is taken slice by slice, on one grey scale.
    run : Run
        How.

    Returns
    -------
    ndarray of uint8, shape of `image`
        Index into the classes of the network.

    Raises
    ------
    SegmentationError
        When the image has no contrast, or the GPU's memory does not hold the smallest tile.
    """
    scale = find_grey_scale(image)
    network = network.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    classes = np.empty(image.shape, dtype=np.uint8)
    planes = [(image, classes)] if image.ndim == 2 else list(zip(image, classes, strict=True))
    for plane, out in planes:
        run = _predict_plane(network, plane, out, scale, run)
    return classes


def _predict_plane(
    network: UNet, plane: NDArray[Any], out: NDArray[np.uint8], scale: GreyScale, run: Run
) -> Run:
    """Fill `out`; return the run that the memory allowed."""
    while True:
        try:
            _predict_with(network, plane, out, scale, run)
        except torch.OutOfMemoryError as error:
            run = _smaller(run, error)
        else:
            return run


def _smaller(run: Run, error: torch.OutOfMemoryError) -> Run:
    if run.device.type == "cuda":
        torch.cuda.empty_cache()
    tile_px, batch = (run.tile_px, 1) if run.batch > 1 else (run.tile_px // 2, 1)
    if tile_px < SMALLEST_TILE_PX:
        msg = (
            f"Found too little memory on {run.device} for a tile of {run.tile_px} px; expected room for that. "
            "Free the GPU, or use --device cpu."
        )
        raise SegmentationError(msg) from error
    _log.warning("the memory of %s is full: going on with tiles of %d px", run.device, tile_px)
    return Run(run.device, run.precision, tile_px, batch)


def _predict_with(
    network: UNet, plane: NDArray[Any], out: NDArray[np.uint8], scale: GreyScale, run: Run
) -> None:
    shape = network.architecture
    height, width = plane.shape
    all_windows = windows(
        (height, width), tile_px=run.tile_px, margin_px=shape.margin_px, stride_px=shape.stride_px
    )
    for some in _batches(all_windows, run.batch):
        tiles = np.stack([scale.apply(_cut(plane, window)) for window in some])
        answers = _classes_of(network, torch.from_numpy(tiles)[:, None], run)
        for (row, column), answer in zip(some, answers, strict=True):
            rows = slice(row.core_start - row.start, row.core_stop - row.start)
            columns = slice(column.core_start - column.start, column.core_stop - column.start)
            out[row.core_start : row.core_stop, column.core_start : column.core_stop] = answer[rows, columns]


def _batches(some: Iterator[Window], size: int) -> Iterator[tuple[Window, ...]]:
    while batch := tuple(islice(some, size)):
        yield batch


def _cut(plane: NDArray[Any], window: Window) -> NDArray[Any]:
    """Cut a window; beyond the last row and column these are repeated, up to the stride."""
    row, column = window
    height, width = plane.shape
    cut = np.asarray(plane[row.start : row.stop, column.start : column.stop])
    beyond = (max(row.stop - height, 0), max(column.stop - width, 0))
    return np.pad(cut, ((0, beyond[0]), (0, beyond[1])), mode="edge") if any(beyond) else cut


def _classes_of(network: UNet, tiles: Tensor, run: Run) -> NDArray[np.uint8]:
    on_gpu = run.device.type == "cuda"
    kind = torch.bfloat16 if on_gpu and torch.cuda.is_bf16_supported() else torch.float16
    with (
        torch.inference_mode(),
        torch.autocast(run.device.type, dtype=kind, enabled=run.precision == "mixed"),
    ):
        logits = network(tiles.to(run.device, memory_format=torch.channels_last)).logits
        classes: NDArray[np.uint8] = logits.argmax(dim=1).to(torch.uint8).cpu().numpy()
    return classes
