"""What the README tells a newcomer to type is typed: console blocks in a shell, Python blocks as written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from database_server import DatabaseServer
from repository import ROOT

from cathograph.phantom import phantom_set
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import Connection
from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE
from cathograph.schema.phases import GRAPHITE, NMC, SSE

README = (ROOT / "README.md").read_text()
AS_IN_README = {BACKGROUND_PHASE: 0, NMC: 1, SSE: 2, GRAPHITE: 3}


def blocks(language: str, containing: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return [block for block in found if containing in block]


@pytest.fixture
def environment(
    neo4j_server: DatabaseServer, clean_store: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Give a folder with the reader's `mask.tif` and an environment with the test server."""
    (phantom,) = phantom_set("BLE", 1, seed=4)
    codes = np.zeros(max(phase.code for phase in SSB_CATHODE.all_phases) + 1, np.uint8)
    for phase, value in AS_IN_README.items():
        codes[phase.code] = value
    tifffile.imwrite(tmp_path / "mask.tif", codes[phantom.phases])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEO4J_URI", neo4j_server.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_server.password)
    return dict(os.environ)


def test_first_image_and_first_query(environment: dict[str, str], clean_store: Connection) -> None:
    program = str(Path(sys.executable).with_name("cathograph"))
    said = []
    for block in blocks("console", containing=".venv/bin/cathograph"):
        commands = re.sub(r"^\$ ", "", block, flags=re.MULTILINE).replace(".venv/bin/cathograph", program)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert len(said) == 2
    tpbs = load("tpbs")
    n_tpbs = len(run(clean_store, tpbs, tpbs.bind({"sample": "s100"})))
    assert n_tpbs > 0
    assert said[1].count("\nmask,") == n_tpbs  # its CSV, one row a TPB


def test_from_a_notebook_and_on_arrays(environment: dict[str, str]) -> None:
    with_store, on_arrays = blocks("python", containing="cathograph")
    names: dict[str, object] = {}
    exec(with_store, names)  # noqa: S102  the README's own code
    assert list(names["tpbs"].columns[:4]) == ["image", "nmc", "sse", "graphite"]
    exec(on_arrays, names)  # noqa: S102
    assert len(names["graph"].contacts) == 3
    assert names["graph"].tpbs["is_physical"].tolist() == [True]
