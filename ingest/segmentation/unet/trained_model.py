"""From a trained network to a model file, tested on the held-out images, with its card beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cathograph.ingest.segmentation.unet.card import make_card, write_card
from cathograph.ingest.segmentation.unet.mask_evaluation import Evaluation, Progress, evaluate
from cathograph.ingest.segmentation.unet.pairs import Pair
from cathograph.ingest.segmentation.unet.split import Split
from cathograph.ingest.segmentation.unet.training import TrainedUNet, TrainingRun
from cathograph.ingest.segmentation.unet.unet_segmenter import make_unet
from cathograph.ingest.segmentation.unet.weights import save_model


@dataclass(frozen=True)
class Training:
    """All that led to a network.

    Attributes
    ----------
    source : str
        Where the images come from, in words.
    command : str
        What was called.
    pairs : list of Pair
        All images.
    split, run, trained
        How it was trained.
    """

    source: str
    command: str
    pairs: list[Pair]
    split: Split
    run: TrainingRun
    trained: TrainedUNet


def finish_model(
    weights: Path, training: Training, *, min_size_px: int = 1, progress: Progress | None = None
) -> dict[str, Any]:
    """Write the weights, test them as they lie in the file, and write the card.

    Parameters
    ----------
    weights : Path
        Where to; its stem names the model, and the card takes it too.
    training : Training
        What led to it.
    min_size_px : int
        Smaller regions are left out of particles and graph in the test.
    progress : callable, optional
        Called with (what, done, total).

    Returns
    -------
    dict
        The card.
    """
    weights.parent.mkdir(parents=True, exist_ok=True)
    sha256 = save_model(weights, training.trained.network, name=weights.stem)
    kept_back = [pair for pair in training.pairs if pair.name in training.split.test]
    test: Evaluation | None = None
    if kept_back:
        segmenter = make_unet(model=str(weights), device=training.run.device)
        test = evaluate(
            segmenter,
            training.run.architecture.classes,
            kept_back,
            min_size_px=min_size_px,
            progress=progress,
        )
    card = make_card(name=weights.stem, sha256=sha256, test=test, **vars(training))
    write_card(weights, card)
    return card
