"""Finding models: the one that is installed with the package, your own, and any of them by its hash.

The store keeps the hash of a model and not its path, since a path says nothing about content and changes. To make
a segmentation again, the model is searched for by that hash: the installed one, then the files
``*.safetensors`` in the folders of `cathograph.ingest.segmentation.model_folders`.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from cathograph.ingest.segmentation.model_folders import FOLDERS_VARIABLE, models_in_folders
from cathograph.schema.errors import ModelError

DEFAULT = "default"
SUFFIX = ".safetensors"
MODELS_FOLDER = Path(__file__).parent / "models"


def find_model(asked: str) -> Path:
    """Find the file of a model.

    Parameters
    ----------
    asked : str
        ``default``, or the path of a ``.safetensors`` file.

    Raises
    ------
    ModelError
        When there is none.
    """
    path = MODELS_FOLDER / f"{DEFAULT}{SUFFIX}" if asked == DEFAULT else Path(asked)
    if not path.is_file():
        msg = f"Found no model at {path}; expected default or the path of a {SUFFIX} file. Train one: cathograph train."
        raise ModelError(msg)
    return path


def find_model_by_hash(sha256: str) -> Path:
    """Find the file of a model by the hash of its content.

    Raises
    ------
    ModelError
        When none of the files looked at has it.
    """
    for path in _candidates():
        if hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            return path
    msg = (
        f"Found no model with the hash {sha256[:12]}…; expected its file in the present folder or in one that "
        f"{FOLDERS_VARIABLE} names. Put it there."
    )
    raise ModelError(msg)


def _candidates() -> Iterator[Path]:
    yield from sorted(MODELS_FOLDER.glob(f"*{SUFFIX}"))
    yield from models_in_folders(SUFFIX)
