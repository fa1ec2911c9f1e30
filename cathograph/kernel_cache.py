"""Where compiled kernels are kept when nothing that lasts may be written: an installation of root, a user without home.

numba keeps them beside their source, else in the user's cache folder, and refuses to define a kernel where neither may
be written. They then go to a folder of this process, which it removes at its end. The folder has a name that nobody can
guess and is readable by its owner alone, because loading a kernel runs what is in it.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "NUMBA_CACHE_DIR"
"""numba's own variable; whoever sets it has chosen, and processes that we start inherit it."""


def have_kernel_cache(beside: Path) -> None:
    """Give numba a folder for compiled kernels if it would find none.

    Call it before a module with kernels is imported.

    Parameters
    ----------
    beside : Path
        Folder of the kernels' source.
    """
    if (
        VARIABLE in os.environ
        or _may_write(beside / "__pycache__")
        or _may_write(user_cache_path("numba", appauthor=False))
    ):
        return
    folder = tempfile.mkdtemp(prefix="cathograph-kernels-")
    os.environ[VARIABLE] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _may_write(folder: Path) -> bool:
    """Tell whether this folder may be written, or made; not one of a user whose home the system does not know."""
    if not folder.is_absolute():
        return False
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
