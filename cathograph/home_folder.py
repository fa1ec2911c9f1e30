"""The folder that is the home: the one a command names, else ``CATHOGRAPH_HOME``, else the user's data folder.

It is told here to what lies below the front door, so that a model that was painted in a home is found again there.
"""

import os
from pathlib import Path

from platformdirs import user_data_path

HOME_VARIABLE = "CATHOGRAPH_HOME"

_chosen: Path | None = None


def default_home() -> Path:
    """Give the home where no command names one."""
    said = os.environ.get(HOME_VARIABLE)
    return Path(said) if said else user_data_path("cathograph", appauthor=False)


def choose_home(folder: Path) -> None:
    """Remember the home of this process, as the settings were read last."""
    global _chosen
    _chosen = folder


def home_folder() -> Path:
    """Give the home of this process."""
    return _chosen if _chosen is not None else default_home()
