"""Finding painted models: by the name they were saved under, by path, or by the hash of their content."""

import re
from pathlib import Path

from cathograph.ingest.segmentation.model_folders import FOLDERS_VARIABLE, home_models, models_in_folders
from cathograph.ingest.segmentation.painted.model_file import SUFFIX, PaintedModel, load_model
from cathograph.schema.errors import ModelError

_NAME = re.compile(r"[\w][\w.\- ]{0,99}")


def path_of_name(name: str) -> Path:
    """Give the file in the home that a model of this name is saved in.

    Raises
    ------
    ModelError
        When the name is that of no file.
    """
    if not _NAME.fullmatch(name) or name == "default" or name.endswith(SUFFIX):
        msg = (
            f"Found the name {name!r} for a model; expected letters, digits, dots, dashes or spaces, not default, and "
            f"without {SUFFIX}. Choose another name."
        )
        raise ModelError(msg)
    return home_models() / f"{name}{SUFFIX}"


def is_painted(asked: str) -> bool:
    """Tell the name or path of a painted model from that of a U-Net (``default``, a path of ``.safetensors``).

    Examples
    --------
    >>> is_painted("night"), is_painted("default"), is_painted("nets/mine.safetensors")
    (True, False, False)
    """
    return asked != "default" and not asked.endswith(".safetensors")


def find_model(asked: str) -> Path:
    """Find the file of a painted model.

    Parameters
    ----------
    asked : str
        Name of a saved model, or the path of its file.

    Raises
    ------
    ModelError
        When there is none; names those that there are.
    """
    if asked.endswith(SUFFIX) and Path(asked).is_file():
        return Path(asked)
    known = {path.stem: path for path in reversed(list(models_in_folders(SUFFIX)))}
    if asked not in known:
        msg = (
            f"Found no painted model {asked!r}; expected {', '.join(sorted(known)[:20]) or 'one'}, or the path of a "
            f"{SUFFIX} file. Paint and save one: cathograph segment IMAGE --strokes … --save-model {asked}."
        )
        raise ModelError(msg)
    return known[asked]


def find_model_by_hash(sha256: str) -> tuple[Path, PaintedModel]:
    """Find a painted model by the hash of its content.

    Raises
    ------
    ModelError
        When none of the files looked at has it.
    """
    for path in models_in_folders(SUFFIX):
        try:
            model = load_model(path)
        except ModelError:
            continue  # another's archive of arrays, or a damaged one: not the one looked for
        if model.sha256 == sha256:
            return path, model
    msg = (
        f"Found no painted model with the hash {sha256[:12]}…; expected its file in the home, in the present folder or "
        f"in one that {FOLDERS_VARIABLE} names. Put it there."
    )
    raise ModelError(msg)
