"""Folders in which trained models are looked for, by name or by hash.

The store keeps the hash of a model and not its path, since a path says nothing about content and changes. Looked
at are the models of the home, the folders of ``CATHOGRAPH_MODELS`` (joined by colons) and the current folder.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from cathograph.home_folder import home_folder

FOLDERS_VARIABLE = "CATHOGRAPH_MODELS"


def home_models() -> Path:
    """Folder of the home in which painted models are kept; it need not exist yet."""
    return home_folder() / "models"


def models_in_folders(suffix: str) -> Iterator[Path]:
    """Yield the files with a suffix in the folders of models, folder by folder, sorted by name."""
    named = [Path(part) for part in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if part]
    for folder in (home_models(), *named, Path.cwd()):
        if folder.is_dir():
            yield from sorted(path for path in folder.glob(f"*{suffix}") if path.is_file())
