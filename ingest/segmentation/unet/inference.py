"""A network over an image of any size: tiles in batches, memory that does not grow with the image.

Each tile reads one window of the image, which may be a memory map. A GPU whose
memory is full gets smaller batches, then smaller tiles, which changes no label, and an error when a tile
cannot be smaller.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cathograph.ingest.segmentation.grey_scale import GreyScale, find_grey_scale
from cathograph.ingest.segmentation.unet.network import UNet
from cathograph.ingest.segmentation.unet.tiling import Window, windows
from cathograph.schema.errors import SegmentationError

SMALLEST_TILE_PX = 64

Place = tuple[slice, slice]
"""Rows and columns of a plane."""
Keep = Callable[[Tensor, Place], None]
"""Takes the logits (k, y, x) of a core and where it lies; called again for the same place, it writes the same."""

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
    classes = np.empty(image.shape, dtype=np.uint8)

    def keeper(plane: int) -> Keep:
        return partial(_keep_classes, _plane(classes, plane))

    _predict(network, image, run, keeper)
    return classes


def predict_with_probability(
    network: UNet, image: NDArray[Any], of: NDArray[np.integer], run: Run
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Tell the class of each pixel, and how probable a given class is there.

    Parameters
    ----------
    network, image, run
        As for `predict_classes`.
    of : integer array, shape of `image`
        Index of the class asked about, pixel by pixel.

    Returns
    -------
    classes : ndarray of uint8, shape of `image`
        Index of the most probable class.
    probability : ndarray of float32, shape of `image`
        Softmax probability of the class in `of`.

    Raises
    ------
    SegmentationError
        As `predict_classes`.
    """
    classes = np.empty(image.shape, dtype=np.uint8)
    probability = np.empty(image.shape, dtype=np.float32)

    def keeper(plane: int) -> Keep:
        asked, into, beside = (_plane(each, plane) for each in (of, classes, probability))

        def keep(logits: Tensor, place: Place) -> None:
            _keep_classes(into, logits, place)
            index = torch.from_numpy(asked[place].astype(np.int64)).to(logits.device)
            chance = logits.float().softmax(dim=0).gather(0, index[None])[0]
            beside[place] = chance.cpu().numpy()

        return keep

    _predict(network, image, run, keeper)
    return classes, probability


def _predict(network: UNet, image: NDArray[Any], run: Run, keeper: Callable[[int], Keep]) -> None:
    """Run over all planes; `keeper` gives what takes the answers of a plane by its number."""
    scale = find_grey_scale(image)
    network = network.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    for number in range(1 if image.ndim == 2 else len(image)):
        run = _predict_plane(network, _plane(image, number), keeper(number), scale, run)


def _plane(image: NDArray[Any], number: int) -> NDArray[Any]:
    return image if image.ndim == 2 else image[number]


def _keep_classes(out: NDArray[np.uint8], logits: Tensor, place: Place) -> None:
    out[place] = logits.argmax(dim=0).to(torch.uint8).cpu().numpy()


def _predict_plane(network: UNet, plane: NDArray[Any], keep: Keep, scale: GreyScale, run: Run) -> Run:
    """Hand all answers to `keep`; return the run that the memory allowed."""
    while True:
        try:
            _predict_with(network, plane, keep, scale, run)
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
            "Free the GPU, or use `device` cpu."
        )
        raise SegmentationError(msg) from error
    _log.warning("the memory of %s is full: going on with tiles of %d px", run.device, tile_px)
    return Run(run.device, run.precision, tile_px, batch)


def _predict_with(network: UNet, plane: NDArray[Any], keep: Keep, scale: GreyScale, run: Run) -> None:
    shape = network.architecture
    height, width = plane.shape
    all_windows = windows(
        (height, width), tile_px=run.tile_px, margin_px=shape.margin_px, stride_px=shape.stride_px
    )
    on_gpu = run.device.type == "cuda"
    kind = torch.bfloat16 if on_gpu and torch.cuda.is_bf16_supported() else torch.float16
    for some in _batches(all_windows, run.batch):
        tiles = torch.from_numpy(np.stack([scale.apply(_cut(plane, window)) for window in some]))[:, None]
        with (
            torch.inference_mode(),
            torch.autocast(run.device.type, dtype=kind, enabled=run.precision == "mixed"),
        ):
            answers = network(tiles.to(run.device, memory_format=torch.channels_last)).logits
            for window, logits in zip(some, answers, strict=True):
                inside = tuple(
                    slice(span.core_start - span.start, span.core_stop - span.start) for span in window
                )
                row, column = window
                place = (slice(row.core_start, row.core_stop), slice(column.core_start, column.core_stop))
                keep(logits[:, *inside], place)


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
