"""What the README tells a newcomer to type is typed: console blocks in a shell, Python blocks as written."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from page_blocks import blocks_of, run_console
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
    return [each.text for each in blocks_of(README) if each.language == language and containing in each.text]


@pytest.fixture
def environment(store_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give a folder with the reader's `mask.tif` and an environment with the test server."""
    (phantom,) = phantom_set("BLE", 1, seed=4)
    codes = np.zeros(max(phase.code for phase in SSB_CATHODE.all_phases) + 1, np.uint8)
    for phase, value in AS_IN_README.items():
        codes[phase.code] = value
    tifffile.imwrite(tmp_path / "mask.tif", codes[phantom.phases])
    return store_environment


def test_first_image_and_first_query(
    environment: dict[str, str], clean_store: Connection, tmp_path: Path
) -> None:
    typed = blocks("console", containing=".venv/bin/cathograph")
    said = [run_console(block, environment, tmp_path) for block in typed]
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
