"""The U-Net as a segmenter beside the others; torch is loaded when one is made, not before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cathograph.extras import require
from cathograph.ingest.segmentation.unet.model_lookup import DEFAULT, find_model, find_model_by_hash
from cathograph.schema.errors import ModelError, SegmentationError
from cathograph.schema.keys import JsonScalar

if TYPE_CHECKING:
    from cathograph.ingest.segmentation.segmenter import Pass
    from cathograph.ingest.segmentation.unet.inference import Run
    from cathograph.ingest.segmentation.unet.weights import SegmentationModel

TILE_PX = 896
INFERENCE_VERSION = "1"
"""Raised whenever the same weights would give other labels: another normalisation, another rim."""


@dataclass(frozen=True, eq=False)
class UNetSegmenter:
    """Phases by a trained network; see `make_unet`.

    Attributes
    ----------
    model : SegmentationModel
        Network and hash.
    run : Run
        Device and tiles; tiles change no label.
    weights : Path
        File that the model was read from.
    """

    model: "SegmentationModel"
    run: "Run"
    weights: Path

    name: ClassVar[str] = "unet"
    version: ClassVar[str] = INFERENCE_VERSION

    @property
    def parameters(self) -> Mapping[str, JsonScalar]:
        """Hash of the model, and the precision, which can change a label on a tie."""
        return {"sha256": self.sha256, "precision": self.run.precision}

    @property
    def sha256(self) -> str:
        """Hash of the model."""
        return self.model.sha256

    def segment(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the phase of each pixel; call it through `run_segmenter`, which checks the image.

        Parameters
        ----------
        image
            Grey values, shape (y, x) or (z, y, x), all finite; a stack is taken slice by slice.

        Returns
        -------
        NDArray[np.uint8]
            `Phase.code` of each pixel.

        Raises
        ------
        SegmentationError
            When the image has no contrast, or the memory of the GPU holds no tile.
        """
        from cathograph.ingest.segmentation.unet.inference import predict_classes

        codes = np.array([phase.code for phase in self.model.architecture.classes], dtype=np.uint8)
        phases: NDArray[np.uint8] = codes[predict_classes(self.model.network, image, self.run)]
        return phases

    def doubts(self, image: NDArray[Any]) -> tuple[str, ...]:
        """Say which phases of the model that ships an image does not show by its grey values.

        That model knows phases by their grey order. Another model may know them by their texture, so it has no doubts.

        Parameters
        ----------
        image
            Grey values, as for `segment`.

        Raises
        ------
        SegmentationError
            When the image has no contrast.
        """
        from cathograph.ingest.segmentation.grey_modes import GreyModes

        return GreyModes().doubts(image) if self.weights == find_model(DEFAULT) else ()

    def require_passes(self) -> None:
        """Refuse a network without dropout.

        Raises
        ------
        SegmentationError
            When it was trained with none.
        """
        if self.model.architecture.dropout == 0:
            msg = (
                f"Found the model {self.model.name} trained without dropout, so that all its passes are equal; "
                "expected dropout above 0. Take another model, or leave `uncertainty_passes` out."
            )
            raise SegmentationError(msg)

    def sample(
        self, image: NDArray[Any], phases: NDArray[np.uint8], *, passes: int, seed: int
    ) -> Iterator["Pass"]:
        """Segment an image several times, each time with other channels left out.

        Parameters
        ----------
        image
            Grey values, as for `segment`.
        phases
            The phase that each pass is asked the probability of; where it is none that the model tells apart, what
            it says means nothing.
        passes, seed
            How many, and what they are drawn from.

        Yields
        ------
        Pass
            The same for the same seed, whatever the tiles.
        """
        from cathograph.ingest.segmentation.segmenter import Pass
        from cathograph.ingest.segmentation.unet.channel_dropout import channels_left_out
        from cathograph.ingest.segmentation.unet.inference import predict_with_probability

        codes = np.array([phase.code for phase in self.model.architecture.classes], dtype=np.uint8)
        index = np.zeros(256, dtype=np.uint8)
        index[codes] = np.arange(codes.size)
        asked = index[phases]
        for number in range(passes):
            with channels_left_out(self.model.network, np.random.default_rng((seed, number))):
                classes, probability = predict_with_probability(self.model.network, image, asked, self.run)
            yield Pass(codes[classes], probability)


def make_unet(
    model: str | None = None,
    sha256: str | None = None,
    precision: str = "auto",
    device: str = "auto",
    tile_px: int = TILE_PX,
    batch: int = 1,
) -> UNetSegmenter:
    """Make a segmenter of a trained model.

    Parameters
    ----------
    model
        ``default`` or the path of a ``.safetensors`` file; without it, the one of the hash, else the default.
    sha256
        Hash that the model must have.
    precision
        ``float32``, ``mixed`` or ``auto`` (mixed on a GPU).
    device
        ``auto``, ``cpu`` or ``cuda``.
    tile_px, batch
        Side of a tile, tiles at a time.

    Raises
    ------
    MissingExtra
        When PyTorch is not installed.
    ModelError
        When there is no such model, it is damaged, or has another hash.
    SegmentationError
        When there is no such device or precision, or a tile has no pixels.
    """
    require("unet", what="the segmenter unet")
    from cathograph.ingest.segmentation.unet.device import choose_device, choose_precision
    from cathograph.ingest.segmentation.unet.inference import Run
    from cathograph.ingest.segmentation.unet.weights import load_model

    if tile_px < 1 or batch < 1:
        msg = f"Found a tile of {tile_px} px and {batch} at a time; expected 1 or more of each. Correct it."
        raise SegmentationError(msg)
    by_hash = model is None and sha256 is not None
    path = find_model_by_hash(sha256 or "") if by_hash else find_model(model or DEFAULT)
    trained = load_model(path)
    if sha256 is not None and trained.sha256 != sha256:
        msg = f"{path}: found the hash {trained.sha256[:12]}…; expected {sha256[:12]}…. Give the model that was used."
        raise ModelError(msg)
    where = choose_device(device)
    return UNetSegmenter(trained, Run(where, choose_precision(precision, where), tile_px, batch), path)
