"""Finding the files of a stored image: at their recorded place, or in folders that the user names.

The store holds no pixels. A run records where its file lay and the hash of its bytes, so a file that moved, or
that another machine ingested, is found again by name in the folders given, and is never taken for another
one: its bytes must have the recorded hash.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cathograph.ingest.formats.file_state import hash_of_bytes
from cathograph.queries.reading.recorded_files import RecordedFile, recorded_files
from cathograph.schema.errors import InputImageError
from cathograph.schema.names import existing_path

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


@dataclass(frozen=True)
class FoundFile:
    """A file of the recorded content, and the path inside it."""

    path: Path
    dataset: str | None


@dataclass(frozen=True)
class SourceFiles:
    """The files of one image.

    Attributes
    ----------
    labels : FoundFile
        What its particles were made from: labels, or the grey image that was segmented.
    grey : FoundFile or None
        The grey image beside labels, where one was given and is there.
    energy_map : FoundFile or None
        Its active energy map, where it has one and the file is there.
    """

    labels: FoundFile
    grey: FoundFile | None
    energy_map: FoundFile | None


def find_source_files(
    store: "Connection", *, sample: str, image: str, edge: str | None = None, folders: Sequence[Path] = ()
) -> SourceFiles:
    """Find the files that an image in sight, and its energy map, were read from.

    Parameters
    ----------
    store : Connection
        Where the image is.
    sample, image : str
        The image.
    edge : str, optional
        Absorption edge of the energy map; needed where several were measured.
    folders : sequence of Path
        Where to look for files that are not at their recorded place: in the folder itself, and in its
        sub-folders as far as these are named as they were.

    Raises
    ------
    InputImageError
        When the file that its particles were made from is not found.
    """
    runs = recorded_files(store, sample, image, edge)
    of_labels = [run for run in runs if run.wrote == "segmentation"]
    labels = _first(_candidates(_files_of(of_labels), folders))
    if labels is None:
        places = sorted({run.file_path or run.file_name for run in of_labels})
        msg = (
            f"Found no file with the recorded bytes of image {image!r} of sample {sample!r} at "
            f"{', '.join(places[:3]) or 'any place'}; expected the one that was ingested. Say which folder holds it "
            "(`files`), or ingest it again from where it is now: nothing changes but its place."
        )
        raise InputImageError(msg)
    grey = _first(
        _candidates(
            (
                (run.grey_path, run.grey_sha256, None)
                for run in of_labels
                if run.grey_path and run.grey_sha256
            ),
            folders,
        )
    )
    energy_map = _first(_candidates(_files_of(run for run in runs if run.wrote == "measurement"), folders))
    return SourceFiles(labels, grey, energy_map)


_Recorded = tuple[str | None, str | None, str | None]
"""Place, hash and path inside."""


def _files_of(runs: Iterable[RecordedFile]) -> Iterator[_Recorded]:
    for run in runs:
        yield run.file_path or run.file_name, run.file_sha256, run.dataset


def _candidates(
    recorded: Iterable[_Recorded], folders: Sequence[Path]
) -> Iterator[tuple[Path, str, str | None]]:
    """Every place where a file may be; a relative one is a name alone, which only folders give a place."""
    for place, sha256, dataset in dict.fromkeys(recorded):
        if not place or not sha256:
            continue
        path = existing_path(place)
        if path.is_absolute():
            yield path, sha256, dataset
        # By name, or below the end of its path: a tree that moved as a whole is found by naming its top.
        names = [part for part in path.parts if part != path.anchor]
        for folder in folders:
            for below in range(len(names) - 1, -1, -1):
                yield folder.joinpath(*names[below:]), sha256, dataset


def _first(candidates: Iterable[tuple[Path, str, str | None]]) -> FoundFile | None:
    """Take the first file of the right bytes."""
    for path, sha256, dataset in candidates:
        try:
            if path.exists() and hash_of_bytes(path) == sha256:
                return FoundFile(path, dataset)
        except (OSError, InputImageError):  # no right to read it, or it is written just now: not this one
            continue
    return None
