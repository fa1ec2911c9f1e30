"""A painted model as a segmenter beside the others."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.segmentation.grey_scale import find_grey_scale
from cathograph.ingest.segmentation.painted.blocks import BLOCK_PX, Block, blocks_of
from cathograph.ingest.segmentation.painted.likeness import difference_from_painted
from cathograph.ingest.segmentation.painted.local_features import REACH_PX, find_features
from cathograph.ingest.segmentation.painted.model_file import PaintedModel, load_model
from cathograph.ingest.segmentation.painted.model_lookup import find_model, find_model_by_hash
from cathograph.ingest.segmentation.segmenter import Pass
from cathograph.schema.composites import SSB_CATHODE, Composite
from cathograph.schema.errors import ModelError, PhaseMapError, SegmentationError
from cathograph.schema.keys import JsonScalar

TREES_OF_A_PASS = 25
"""A pass asks so many trees, drawn at random. With 5 of them a pass is speckled and has twice the particles."""


@dataclass(frozen=True, eq=False)
class PaintedSegmenter:
    """Phases by a forest that learnt from strokes; see `make_painted`.

    Attributes
    ----------
    model : PaintedModel
        The forest and its phases.
    composite : Composite
        Whose phases they are.
    weights : Path
        File of the model.
    block_px : int or None
        Side of the blocks that are computed at a time; changes no phase. None takes `BLOCK_PX`.
    """

    model: PaintedModel
    composite: Composite
    weights: Path
    block_px: int | None = None

    name: ClassVar[str] = "painted"
    version: ClassVar[str] = "1"

    @property
    def parameters(self) -> Mapping[str, JsonScalar]:
        """Hash of the model, which covers its learner's parameters, and of the strokes that it learnt from."""
        return {"sha256": self.sha256, "strokes_sha256": self.model.strokes_sha256}

    @property
    def sha256(self) -> str:
        """Hash of the model."""
        return self.model.sha256

    @property
    def codes(self) -> NDArray[np.uint8]:
        """`Phase.code` of each class.

        Raises
        ------
        ModelError
            When the composite lacks a painted phase.
        """
        try:
            found = [self.composite.phase(name).code for name in self.model.phases]
        except PhaseMapError as error:
            msg = (
                f"Found the model {self.model.name} with phases that do not fit: {error} Name its composite."
            )
            raise ModelError(msg) from error
        return np.array(found, dtype=np.uint8)

    def segment(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the phase of each pixel; call it through `run_segmenter`, which checks the image.

        Parameters
        ----------
        image
            Grey values, shape (y, x) or (z, y, x), all finite.

        Returns
        -------
        NDArray[np.uint8]
            `Phase.code` of each pixel.

        Raises
        ------
        SegmentationError
            When the image has no contrast, or other axes than the painted ones.
        """
        codes = self.codes
        phases = np.empty(image.shape, np.uint8)
        for block, classes in self._blocks(image, self.model.forest.classes):
            phases[block.core] = codes[classes]
        return phases

    def probabilities(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Return the probability of each class of the model: the shape of the image, and the classes last."""
        found = np.empty((*image.shape, len(self.model.phases)), np.float32)
        for block, probabilities in self._blocks(image, self.model.forest.probabilities):
            found[block.core] = probabilities
        return found

    def difference_from_painted(self, image: NDArray[Any]) -> str | None:
        """Say in which way an image differs from the painted ones; None where it is like one of them."""
        return difference_from_painted(image, find_grey_scale(image), self.model.painted)

    def require_passes(self) -> None:
        """Accept: every forest can be asked tree by tree."""

    def sample(
        self, image: NDArray[Any], phases: NDArray[np.uint8], *, passes: int, seed: int
    ) -> Iterator[Pass]:
        """Segment an image several times, each time with some of the trees, drawn at random.

        Parameters
        ----------
        image
            Grey values, as for `segment`.
        phases
            The phase that each pass is asked the probability of.
        passes, seed
            How many, and what they are drawn from.

        Yields
        ------
        Pass
            The same for the same seed, whatever the blocks.
        """
        codes = self.codes
        index = np.zeros(256, dtype=np.intp)
        index[codes] = np.arange(codes.size)
        trees = self.model.forest.trees
        for number in range(passes):
            rng = np.random.default_rng((seed, number))
            weights = np.zeros(trees, np.float32)
            drawn = min(TREES_OF_A_PASS, trees)
            weights[rng.choice(trees, drawn, replace=False)] = 1 / drawn
            found = np.empty(image.shape, np.uint8)
            of_phase = np.empty(image.shape, np.float32)
            drawn_trees = partial(self.model.forest.probabilities, weights=weights)
            for block, probabilities in self._blocks(image, drawn_trees):
                found[block.core] = codes[probabilities.argmax(axis=-1)]
                asked = index[phases[block.core]][..., np.newaxis]
                of_phase[block.core] = np.take_along_axis(probabilities, asked, axis=-1)[..., 0]
            yield Pass(found, of_phase)

    def _blocks(
        self, image: NDArray[Any], ask: Callable[[NDArray[np.float32]], NDArray[Any]]
    ) -> Iterator[tuple[Block, NDArray[Any]]]:
        """Yield the blocks of an image with the forest's answers in their cores; each processor computes one."""
        if image.ndim != self.model.ndim:
            msg = (
                f"Found an image with {image.ndim} axes for the model {self.model.name}, painted on images with "
                f"{self.model.ndim}; expected as many. Paint on this kind of image."
            )
            raise SegmentationError(msg)
        scale = find_grey_scale(image)
        side = self.block_px or BLOCK_PX[image.ndim]

        def answer(block: Block) -> NDArray[Any]:
            seen = scale.apply(image[block.seen])
            features = find_features(seen)
            inner = features.reshape(*seen.shape, -1)[block.inner]
            found = ask(inner.reshape(-1, features.shape[1]))
            return found.reshape(*inner.shape[:-1], *found.shape[1:])

        blocks = list(blocks_of(image.shape, side_px=side, margin_px=REACH_PX))
        threads = min(len(blocks), os.cpu_count() or 1)
        with ThreadPoolExecutor(threads) as pool:
            # Some at a time: what is done and not yet fetched would fill the memory.
            for first in range(0, len(blocks), 2 * threads):
                some = blocks[first : first + 2 * threads]
                yield from zip(some, pool.map(answer, some), strict=True)


def make_painted(
    composite: Composite = SSB_CATHODE,
    model: str | None = None,
    sha256: str | None = None,
    strokes_sha256: str | None = None,
) -> PaintedSegmenter:
    """Make a segmenter of a painted model.

    Parameters
    ----------
    composite
        Whose phases it gives.
    model
        Name of a saved model, or the path of its file; without it, the one of the hash.
    sha256, strokes_sha256
        Hashes that the model and its strokes must have.

    Raises
    ------
    ModelError
        When there is no such model, it is damaged, has another hash, or phases that the composite lacks.
    """
    if model is not None:
        path = find_model(model)
        found = load_model(path)
    elif sha256 is not None:
        path, found = find_model_by_hash(sha256)
    else:
        msg = "Found the segmenter painted without a model; expected one. Name it with `model`."
        raise ModelError(msg)
    for what, said, has in (
        ("model", sha256, found.sha256),
        ("strokes", strokes_sha256, found.strokes_sha256),
    ):
        if said is not None and said != has:
            msg = (
                f"{path}: found {what} with the hash {has[:12]}…; expected {said[:12]}…. Give the model used."
            )
            raise ModelError(msg)
    segmenter = PaintedSegmenter(found, composite, path)
    _ = segmenter.codes  # refuses phases that the composite lacks, before any image
    return segmenter
