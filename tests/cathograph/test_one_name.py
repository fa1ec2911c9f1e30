"""Every module has one name, whatever folder Python is started in, and loads where POSIX modules are absent."""

import subprocess
import sys

import pytest
from import_closure import module_files
from repository import ROOT

ROOMS = sorted(path.name for path in (ROOT / "cathograph").iterdir() if path.is_symlink())

_IMPORT_ALL = """
import importlib, sys, warnings
warnings.simplefilter("ignore")
names = sys.stdin.read().split()
for name in names:
    importlib.import_module(name)
"""

_TWICE = """
from pathlib import Path
import cathograph
top = Path(cathograph.__file__).resolve().parents[1]
by_file = {}
for name, module in list(sys.modules.items()):
    file = getattr(module, "__file__", None)
    if not file or ".venv" in file or not Path(file).is_file():
        continue  # torch gives two of its modules a name of a file that is nowhere
    if top in Path(file).resolve().parents:
        by_file.setdefault(Path(file).resolve(), set()).add(name)
print(len(by_file))
print({file.name: names for file, names in by_file.items() if len(names) > 1})
"""

_WITHOUT_POSIX = """
for name in [name for name in sys.modules if name.partition(".")[0] == "cathograph"]:
    del sys.modules[name]
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
for name in names:
    importlib.import_module(name)
print(len([name for name in sys.modules if name.partition(".")[0] == "cathograph"]))
"""


def run(code, stdin="", cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-c", code], input=stdin, cwd=cwd, capture_output=True, text=True, check=False
    )


def test_each_room_is_a_link_to_a_folder_at_the_top():
    assert {"analysis", "benchmarks", "dashboard", "gnn", "ingest", "phantom", "queries", "schema"} == set(
        ROOMS
    )
    for room in ROOMS:
        link = ROOT / "cathograph" / room
        assert not link.readlink().is_absolute()
        assert link.resolve() == ROOT / room


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_no_second_name(room):
    """Started at the top of the repository, Python finds the folder itself on its path."""
    done = run(f"import {room}")
    assert done.returncode == 1
    assert f"cathograph.{room}" in done.stderr.splitlines()[-1]


def test_all_modules_load_once_and_without_posix():
    """One process for both: loading everything takes a quarter of a minute."""
    names = sorted(set(module_files()) - {"cathograph.__main__"})
    done = run(_IMPORT_ALL + _TWICE + _WITHOUT_POSIX, "\n".join(names))
    assert done.returncode == 0, done.stderr
    count, twice, again = done.stdout.splitlines()
    assert int(count) == int(again) == len(names)
    assert twice == "{}"
