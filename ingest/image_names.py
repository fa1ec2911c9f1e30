"""What an image is called, and whether that name belongs to another field already.

By default an image has the name of its file. Many programs give every field the same one
(``fov0/mask.npy``, ``fov1/mask.npy``), and a second file under a name puts the first one's result out
of sight. So a name that another file has is only taken where the user says so, where the file is
known to the image, or where it lies beside the other one as the same field in another format.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from cathograph.ingest.formats import ImageFile
from cathograph.queries.reading.image_runs import runs_of_image
from cathograph.schema.errors import InputError, InputImageError
from cathograph.schema.names import clean_name, shown_name, with_bytes_escaped
from cathograph.schema.printable import shown

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


def choose_image_name(
    store: "Connection | None",
    file: ImageFile,
    *,
    sample: str,
    said: str | None,
    dataset: str | None = None,
    replace: bool = False,
) -> tuple[str, tuple[str, ...]]:
    """Choose the name of a file's image, so that it puts no other field out of sight unnoticed.

    Parameters
    ----------
    store : Connection or None
        Where it will be written; None where nothing is.
    file : ImageFile
        The file.
    sample : str
        Its sample.
    said : str or None
        What the user calls it.
    dataset : str or None
        Path inside the file, as the user gave it.
    replace : bool
        Take the name of the file even where another field has it.

    Returns
    -------
    tuple of str and tuple of str
        The name, and what the user should know: the file whose result goes out of sight, or why the name
        is not that of the file.

    Raises
    ------
    InputImageError
        When the name, and the one with that of the folder before it, belong to other files.
    """
    path = file.path.absolute()
    name = said or _name_of(path)
    other = _other_file(store, file, sample, name, dataset)
    if other is None:
        return name, ()
    other_path = Path(other)
    beside = other_path != path and other_path.with_suffix("") == path.with_suffix("")
    if said is not None or replace or beside:
        return name, (
            f"puts out of sight what {other} gave for this image; `cathograph rollback` brings it back",
        )
    # Another array of the same file has the name of that array, another file that of its folder.
    longer = f"{name}_{_plain(dataset or '')}" if other_path == path else f"{shown_name(path.parent.name)}_{name}"
    if _other_file(store, file, sample, longer, dataset) is not None:
        msg = (
            f"{file.path}: found images named {name!r} and {longer!r} of other files in sample {sample!r} (the first "
            f"from {other}); expected a name of its own. Give `image` NAME, or `replace` to put that one out of sight."
        )
        raise InputImageError(msg)
    return longer, (
        f"named {longer}, because {name} of this sample comes from {other}; give `image` for another name, or "
        "`replace` to put that one out of sight",
    )


def _other_file(
    store: "Connection | None", file: ImageFile, sample: str, name: str, dataset: str | None
) -> str | None:
    """Return the file whose result an image shows, where this file never gave that image; else None."""
    if store is None:
        return None
    first = f"{name}#0" if len(file.pages) > 1 else name
    path = with_bytes_escaped(str(file.path.absolute()))
    in_sight: str | None = None
    for run in runs_of_image(store, sample, first):
        same_array = dataset is None or run.dataset is None or _plain(dataset) == _plain(run.dataset)
        if same_array and (run.file_sha256 == file.sha256 or run.file_path in (path, None)):
            return None
        if run.active and in_sight is None:
            in_sight = run.file_path or run.file_name
    return in_sight


def _name_of(path: Path) -> str:
    """Return the name of a file as that of an image."""
    try:
        return clean_name(path.stem)
    except InputError as error:
        msg = f"{shown(path)}: {error} Rename the file, or give `image` NAME."
        raise InputImageError(msg) from error


def _plain(dataset: str) -> str:
    return "_".join(part for part in dataset.split("/") if part not in ("", "."))
