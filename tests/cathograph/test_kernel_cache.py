"""An installation that may not be written, of a user without a home: kernels are compiled all the same."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from repository import ROOT

from cathograph.kernel_cache import VARIABLE, have_kernel_cache

AS_ANYBODY = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")
"""Without the privileges of root, to whom every folder is writable."""


@pytest.fixture
def closed(tmp_path):
    """Make a folder that may not be written."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def run_alone(program, *arguments, **environment):
    kept = {
        name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME", VARIABLE)
    }
    prefix = AS_ANYBODY if os.geteuid() == 0 else ()
    return subprocess.run(
        [*prefix, sys.executable, "-c", program, *map(str, arguments)],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=environment["HOME"],
        timeout=300,
    )


FOLDER_CHOSEN = f"""
import os, sys
from pathlib import Path
from cathograph.kernel_cache import have_kernel_cache
have_kernel_cache(Path(sys.argv[1]))
folder = os.environ.get({VARIABLE!r}, "")
print(folder, oct(Path(folder).stat().st_mode & 0o777) if folder else "")
"""

needs_setpriv = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None,
    reason="root may write everywhere, and has no setpriv here",
)


@needs_setpriv
def test_a_private_folder_that_goes_with_its_process(closed, tmp_path):
    said = run_alone(FOLDER_CHOSEN, closed, HOME=str(closed))
    folder, mode = said.stdout.split()
    assert mode == "0o700"
    assert not Path(folder).exists()
    for home, beside in ((tmp_path, closed), (closed, tmp_path)):
        assert run_alone(FOLDER_CHOSEN, beside, HOME=str(home)).stdout.split() == []


def test_who_names_a_folder_has_chosen(closed, monkeypatch):
    monkeypatch.setenv(VARIABLE, "chosen")
    monkeypatch.setenv("HOME", str(closed))
    have_kernel_cache(closed)
    assert os.environ[VARIABLE] == "chosen"


@needs_setpriv
@pytest.mark.long
def test_a_dry_run_of_a_read_only_installation_without_a_home(closed, tmp_path):
    """Compiles all kernels, which takes most of a minute."""
    installed = tmp_path / "installed"
    shutil.copytree(
        ROOT / "cathograph", installed / "cathograph", ignore=shutil.ignore_patterns("__pycache__")
    )
    image = np.zeros((64, 64), np.uint8)
    image[8:40, 8:40], image[8:40, 40:60] = 1, 2
    tifffile.imwrite(tmp_path / "x.tif", image)
    for folder in (installed, *(path for path in installed.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    try:
        said = run_alone(
            f"import cathograph; assert cathograph.__file__.startswith({str(installed)!r}); "
            "import sys; sys.argv[0] = 'cathograph'; from cathograph.cli import main; main()",
            *("ingest", "--dry-run", tmp_path / "x.tif", "--sample", "s", "--as", "phases", "--phases"),
            *("0=background,1=NMC,2=SSE", "--pixel-size-nm", "50", "--json"),
            HOME=str(closed),
            PYTHONPATH=str(installed),
        )
    finally:
        for folder in (installed, *(path for path in installed.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
    assert said.returncode == 0, said.stderr
    (outcome,) = json.loads(said.stdout)
    assert outcome["error"] == ""
    assert not said.stderr.strip()
    assert not list(installed.rglob("*.nbi"))
