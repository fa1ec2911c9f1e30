"""What an image is called, and whether that name belongs to another field already.

By default an image has the name of its file, with that of the channel where one was chosen. Many
programs give every field the same file name (``fov0/mask.npy``, ``fov1/mask.npy``), and a second
file under a name puts the first one's result out of sight. So the second one gets the name of its
folder, too. Where the user names the image, or the file lies beside the other one with another
suffix, nobody knows whether it is the same field: then the user is asked, or has to say so with
`replace`.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cathograph.ingest.formats import ImageFile
from cathograph.queries.reading.image_runs import runs_of_image
from cathograph.schema.errors import InputError, InputImageError
from cathograph.schema.names import clean_name, shown_name, with_bytes_escaped
from cathograph.schema.printable import shown

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


@dataclass(frozen=True)
class TakenName:
    """A name that a file could only have by putting the result of another one out of sight."""

    sample: str
    image: str
    file: Path
    other: str


AskToReplace = Callable[[TakenName], bool]
"""Asks the user whether the other file's result may go out of sight."""


@dataclass(frozen=True)
class ImageNames:
    """Chooses the names of the files of one call, so that none puts another field out of sight unnoticed.

    Attributes
    ----------
    store : Connection or None
        Where the images will be written; None where nothing is.
    sample : str
        Their sample.
    said : str or None
        What the user calls the one image.
    replace : bool
        Take a name even where another file has it.
    ask : callable or None
        Asks before a name is taken so; None refuses.
    taken : dict
        The file of each name of this call.
    """

    store: "Connection | None"
    sample: str
    said: str | None = None
    replace: bool = False
    ask: AskToReplace | None = None
    taken: dict[str, Path] = field(default_factory=dict)

    def choose(self, file: ImageFile, dataset: str | None = None) -> tuple[str, tuple[str, ...]]:
        """Choose the name of a file's image.

        Parameters
        ----------
        file : ImageFile
            The file.
        dataset : str or None
            Path inside the file, as the user gave it.

        Returns
        -------
        tuple of str and tuple of str
            The name, and what the user should know: the file whose result goes out of sight, or why the name
            is not that of the file.

        Raises
        ------
        InputImageError
            When the name belongs to another file and the user does not want to replace that.
        """
        name, notes = self._choose(file, dataset)
        self.taken.setdefault(name, file.path.absolute())
        return name, notes

    def _choose(self, file: ImageFile, dataset: str | None) -> tuple[str, tuple[str, ...]]:
        path = file.path.absolute()
        name = self.said or usual_name(file)
        other = self._other_file(file, name, dataset)
        if other is None:
            return name, ()
        stored = name not in self.taken
        beside = Path(other) != path and Path(other).with_suffix("") == path.with_suffix("")
        if beside and not stored:
            return name, ()  # two files of one call under one name: refused there, before anything is read
        if stored and (self.said is not None or self.replace or beside):
            self._require_leave(TakenName(self.sample, name, file.path, other))
            return name, (
                f"puts out of sight what {other} gave for this image; `cathograph rollback` brings it back",
            )
        # Another array of the same file has the name of that array, another file that of its folder.
        longer = (
            f"{name}_{_plain(dataset or '')}"
            if Path(other) == path
            else f"{shown_name(path.parent.name)}_{name}"
        )
        owner = self._other_file(file, longer, dataset)
        if owner is not None:
            msg = (
                f"{shown(file.path)}: found images named {name!r} (from {other}) and {longer!r} (from {owner}) in "
                f"sample {self.sample!r}; expected a name of its own. Give `image` NAME, or `replace` to put what "
                f"{other} gave out of sight."
            )
            raise InputImageError(msg)
        return longer, (
            f"named {longer}, because {name} of this sample comes from {other}; give `image` for another name, or "
            "`replace` to put that one out of sight",
        )

    def _require_leave(self, name: TakenName) -> None:
        if self.replace or (self.ask is not None and self.ask(name)):
            return
        msg = (
            f"{shown(name.file)}: found image {name.image!r} of sample {name.sample!r} made from {name.other}; "
            "expected a name of its own, since that result would go out of sight. Give `replace` if both show the "
            "same field, else `image` with another name."
        )
        raise InputImageError(msg)

    def _other_file(self, file: ImageFile, name: str, dataset: str | None) -> str | None:
        """Return the file whose result an image shows, where this file never gave that image; else None."""
        path = with_bytes_escaped(str(file.path.absolute()))
        earlier = self.taken.get(name)
        if earlier is not None:
            found = with_bytes_escaped(str(earlier))
            return None if found == path else found
        if self.store is None:
            return None
        first = f"{name}#0" if len(file.pages) > 1 else name
        in_sight: str | None = None
        for run in runs_of_image(self.store, self.sample, first):
            same_array = dataset is None or run.dataset is None or _plain(dataset) == _plain(run.dataset)
            same_array &= json.loads(run.params).get("channel") == file.channel
            if same_array and (run.file_sha256 == file.sha256 or run.file_path in (path, None)):
                return None
            if run.active and in_sight is None:
                in_sight = run.file_path or run.file_name
        return in_sight


def usual_name(file: ImageFile) -> str:
    """Return the name that an image has where nobody gives it another one.

    Raises
    ------
    InputImageError
        When the name of the file is none that an image can have.
    """
    stem = _name_of(file.path)
    return stem if file.channel is None else f"{stem}_{_plain(file.channel)}"


def with_equal_stems(paths: Sequence[Path]) -> list[Path]:
    """Return the paths whose stem another path of the call has, too."""
    stems = Counter(_name_of(path) for path in {path.absolute() for path in paths})
    return [path for path in paths if stems[_name_of(path)] > 1]


def _name_of(path: Path) -> str:
    """Return the name of a file as that of an image."""
    try:
        return clean_name(path.stem)
    except InputError as error:
        msg = f"{shown(path)}: {error} Rename the file, or give `image` NAME."
        raise InputImageError(msg) from error


def _plain(name: str) -> str:
    return "_".join(part for part in name.split("/") if part not in ("", "."))
