"""Strokes on the command line: what `segment` and `ingest` do with them alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cathograph.commands.console import errors
from cathograph.ingest.options import IngestOptions
from cathograph.ingest.segmentation.painted.model_lookup import find_model, path_of_name
from cathograph.ingest.segmentation.painted.painted_segmenter import PaintedSegmenter
from cathograph.ingest.segmentation.painted.strokes import match_strokes, read_paintings
from cathograph.ingest.segmentation.painted.strokes_file import load_examples, save_examples, strokes_beside
from cathograph.ingest.segmentation.painted.training import examples_of, train_on_examples
from cathograph.schema.composites import Composite, read_composite
from cathograph.schema.errors import InputError

_OF_HASH = 12
"""Digits of the strokes' hash in the name of a model that nobody named."""


@dataclass(frozen=True)
class PaintedImages:
    """Images, the strokes on them, and how both are read; see `read_paintings`."""

    images: Sequence[Path]
    strokes: Sequence[Path]
    phases: str
    composite: Composite
    dataset: str | None = None
    volume: bool = False
    channel: str | None = None

    @classmethod
    def as_ingested(
        cls, images: Sequence[Path], strokes: Sequence[Path], phases: str, options: IngestOptions
    ) -> "PaintedImages":
        """Read images as the options of an ingest say."""
        return cls(
            images,
            strokes,
            phases,
            read_composite(options.composite),
            dataset=options.dataset,
            volume=options.volume,
            channel=options.channel,
        )

    def refuse_unpainted(self) -> None:
        """Refuse images without strokes, for a command that does nothing else with them.

        Raises
        ------
        InputError
            When there are some.
        """
        pairs = match_strokes(self.images, self.strokes)
        if len(pairs) != len(self.images):
            msg = (
                f"Found {len(pairs)} files of strokes for {len(self.images)} images; expected one for each. Leave out "
                "the images without strokes."
            )
            raise InputError(msg)


def learn(
    painted: PaintedImages,
    *,
    save_as: str | None = None,
    add_to: str | None = None,
    replace: bool = False,
    always_kept: bool = False,
    folder: Path | None = None,
) -> PaintedSegmenter:
    """Learn from strokes, and keep model and strokes in the home.

    Parameters
    ----------
    painted : PaintedImages
        What was painted.
    save_as : str, optional
        Name of the model; without it, the model is that of `add_to`, or is not kept.
    add_to : str, optional
        Name of a model of the home whose strokes count, too.
    replace : bool
        Replace a model of the name `save_as`.
    always_kept : bool
        Without a name, keep the model under the hash of its strokes.
    folder : Path, optional
        Keep model and strokes there instead, as a dry run does, which leaves the home as it is.

    Raises
    ------
    InputError
        When there is a model of this name, and it is not to be replaced.
    CathographError
        When strokes, images, phases or the model do not fit.
    """
    name = save_as or add_to
    path = None if name is None else path_of_name(name)
    earlier = [] if add_to is None else load_examples(strokes_beside(find_model(add_to)))
    if path is not None and path.exists() and save_as is not None and save_as != add_to and not replace:
        msg = (
            f"Found a model {save_as} ({path}); expected a new name. Choose another, add the strokes to it with "
            f"--add-to {save_as}, or replace it with --replace."
        )
        raise InputError(msg)
    pairs = match_strokes(painted.images, painted.strokes)
    paintings = read_paintings(
        pairs,
        painted.phases,
        painted.composite,
        dataset=painted.dataset,
        volume=painted.volume,
        channel=painted.channel,
    )
    new = examples_of(paintings, painted.composite)
    known = {each.sha256 for each in new}
    examples = [*(each for each in earlier if each.sha256 not in known), *new]
    trained = train_on_examples(examples, painted.composite, name=name or pairs[0][0].stem)
    if path is None and always_kept:
        path = path_of_name(f"strokes-{trained.strokes_sha256[:_OF_HASH]}")
    if path is not None and folder is not None:
        path = folder / path.name
    if path is not None:
        # The model last: where it is, its strokes are.
        save_examples(strokes_beside(path), examples)
        trained.save(path)
        if folder is None:
            errors.print(f"Model {path.stem}: {path}", highlight=False, markup=False, soft_wrap=True)
    return PaintedSegmenter(trained, painted.composite, path or pairs[0][0])
