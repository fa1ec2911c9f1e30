"""How tests run (docs/decisions/0022): what is dealt out to which process, and that CI leaves nothing out."""

import os
import subprocess
import sys

import pytest
from repository import ROOT

_DATABASE = """
import os, pathlib, pytest
@pytest.mark.neo4j
def test_it():
    with pathlib.Path("ran").open("a") as ran:
        print("database", os.environ["PYTEST_XDIST_WORKER"], file=ran)
"""
_OTHER = """
import os, pathlib, time
def test_it():
    give_up = time.monotonic() + 120
    while pathlib.Path("ran").read_text().count("database") < 4 and time.monotonic() < give_up:
        time.sleep(0.02)
    with pathlib.Path("ran").open("a") as ran:
        print("other", os.environ["PYTEST_XDIST_WORKER"], file=ran)
"""
_GIVES_UP = """
import pytest
@pytest.fixture
def browser():
    pytest.skip("no browser")
def test_in_a_browser(browser):
    pass
@pytest.mark.skipif(True, reason="another kind of machine")
def test_on_another_machine():
    pass
"""


def run_tests(folder, *options, **environment):
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_") and name != "CI"
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(folder)]
    return subprocess.run(
        command,
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT / "tests")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_process_has_all_tests_of_the_database_while_the_other_has_work(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = neo4j")
    (tmp_path / "conftest.py").write_text(
        "from distribution import *\n"
        "def pytest_collection_modifyitems(config, items):\n    note_database_tests(config, items)\n"
    )
    for number in range(4):
        (tmp_path / f"test_database_{number}.py").write_text(_DATABASE)
        (tmp_path / f"test_other_{number}.py").write_text(_OTHER)
    (tmp_path / "ran").touch()
    done = run_tests(tmp_path, "-n2", "--dist=loadfile", "--no-loadscope-reorder")
    assert done.returncode == 0, done.stdout
    ran = [line.split() for line in (tmp_path / "ran").read_text().splitlines()]
    assert [kind for kind, _ in ran] == ["database"] * 4 + ["other"] * 4
    assert len({process for kind, process in ran if kind == "database"}) == 1


@pytest.mark.parametrize(("ci", "counted"), [({}, "2 skipped"), ({"CI": "true"}, "1 skipped, 1 error")])
def test_in_ci_a_missing_browser_is_a_failure(tmp_path, ci, counted):
    (tmp_path / "test_it.py").write_text(_GIVES_UP)
    done = run_tests(tmp_path, "-p", "conftest", **ci)
    assert counted in done.stdout
