"""Each recipe of CONTRIBUTING.md is done: its changes are made in a copy of the package, and what it says is tried."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from page_blocks import blocks_of, commands_of
from repository import ROOT
from toy_rows import make_toy_rows

from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.images import IngestRunRecord, write_image

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROOMS = ("schema", "queries", "phantom", "ingest", "analysis", "gnn", "dashboard", "benchmarks", "cathograph")
CHANGE = re.compile(
    r"^(?P<kind>New file|In) `(?P<path>[^`]+)`:\n\n```\w+\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE
)
COUNTED = re.compile(r"^\| \[[^]]+\]\(#(?P<anchor>[a-z-]+)\) \| (?P<files>\d+) \|$", re.MULTILINE)


def recipe(title: str) -> str:
    """Give the section with this heading."""
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def changed_files(section: str) -> set[str]:
    return {change["path"] for change in CHANGE.finditer(section)}


def apply(section: str, tree: Path) -> None:
    """Make the changes of a recipe; what it removes or stands beside must be there exactly once."""
    for change in CHANGE.finditer(section):
        path = tree / change["path"]
        if change["kind"] == "New file":
            assert not path.exists()
            path.write_text(change["text"], encoding="utf-8")
            continue
        lines = change["text"].splitlines()
        old = "\n".join(line[1:] for line in lines if line[0] in " -") + "\n"
        new = "\n".join(line[1:] for line in lines if line[0] in " +") + "\n"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{change['path']} has {text.count(old)} times:\n{old}"
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give a copy of the package; compiled kernels come along."""
    copy = tmp_path / "copy"
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, symlinks=True)
    return copy


def try_it(section: str, tree: Path) -> str:
    """Run what stands behind *Try it*, with the copy in place of the installed package; give what it printed."""
    folder = tree.parent
    environment = os.environ | {"PYTHONPATH": str(tree)}
    where = "import cathograph; print(cathograph.__file__)"
    asked = subprocess.run(
        [sys.executable, "-c", where], env=environment, cwd=folder, capture_output=True, text=True
    )
    assert asked.stdout.startswith(str(tree))
    block = blocks_of(section)[-1]
    if block.language == "python":
        command = [sys.executable, "-W", "error", "-c", block.text]
    else:
        program = f"{sys.executable} -m cathograph"
        script = re.sub(r"^cathograph", program, commands_of(block.text), flags=re.MULTILINE)
        command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_counts_of_files_are_true() -> None:
    counted = {each["anchor"]: int(each["files"]) for each in COUNTED.finditer(PAGE)}
    titles = re.findall(r"^## (Add .+)$", PAGE, flags=re.MULTILINE)
    assert {title.lower().replace(" ", "-") for title in titles} == set(counted)
    assert len(titles) == 6
    for title in titles:
        assert len(changed_files(recipe(title))) == counted[title.lower().replace(" ", "-")]


@pytest.mark.parametrize("title", ["Add a phase", "Add a segmenter", "Add an image format"])
def test_recipes_that_check_themselves(title: str, tree: Path) -> None:
    section = recipe(title)
    assert "assert " in blocks_of(section)[-1].text
    apply(section, tree)
    try_it(section, tree)


def test_a_benchmark(tree: Path) -> None:
    section = recipe("Add a benchmark")
    apply(section, tree)
    (row,) = json.loads(try_it(section, tree))
    assert row["name"] == "hash 512 x 512"
    assert row["ratio"] == pytest.approx(row["rival_s"] / row["ours_s"], rel=1e-2)


def test_a_named_query(tree: Path, store: Connection, store_environment: dict[str, str]) -> None:
    write_image(store, make_toy_rows(), IngestRunRecord.of_memory("field"))
    section = recipe("Add a named query")
    apply(section, tree)
    try_it(section, tree)
    table = pd.read_csv(tree.parent / "largest.csv")
    assert table.to_dict("records") == [{"sample": "s1", "image": "field", "nmc": 5, "area_um2": 0.5}]


def test_a_measure_of_each_particle(tree: Path, store_environment: dict[str, str]) -> None:
    y, x = np.mgrid[:64, :64]
    disc = (y - 32) ** 2 + (x - 32) ** 2 <= 24**2
    np.save(tree.parent / "mask.npy", np.where(disc, 2, 0).astype(np.uint8))
    section = recipe("Add a measure of each particle")
    apply(section, tree)
    try_it(section, tree)
    folder = tree.parent
    (row,) = pd.read_csv(folder / "measures.csv").to_dict("records")
    assert row["value"] == pytest.approx(1, abs=0.05)  # a disc
    (exported,) = (pd.read_csv(path) for path in sorted((folder / "exported").rglob("*particles*.csv")))
    assert exported["circularity"].tolist() == [pytest.approx(row["value"])]
    (reported,) = (pd.read_csv(path) for path in folder.glob("report/**/measures.csv"))
    assert reported["measure"].tolist() == ["circularity"]
    script = (
        "from cathograph.gnn.graphs.node_features import FEATURES; "
        "from cathograph.dashboard.widgets.particle_panel import PARTICLE_MEASURES; "
        "print('circularity' in FEATURES, 'circularity' in {each.name for each in PARTICLE_MEASURES})"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(tree)},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert asked.stdout.split() == ["True", "True"], asked.stderr
