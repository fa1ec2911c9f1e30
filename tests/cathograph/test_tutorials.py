"""Each tutorial is done: its Python blocks make the data, its console blocks run against the test server."""

from pathlib import Path

import pandas as pd
from page_blocks import blocks_of, run_console
from repository import ROOT

TUTORIALS = ROOT / "docs" / "tutorials"


def do(name: str, environment: dict[str, str], folder: Path) -> list[str]:
    """Do what a tutorial says, in order; give what each console block printed."""
    said = []
    for block in blocks_of((TUTORIALS / name).read_text(encoding="utf-8")):
        if block.language == "python":
            exec(compile(block.text, name, "exec"), {})  # noqa: S102  our own page
        else:
            assert block.language == "console"
            said.append(run_console(block.text, environment, folder))
    return said


def test_first_image(store_environment: dict[str, str], tmp_path: Path) -> None:
    looked, *_ = do("first-image.md", store_environment, tmp_path)
    assert "pixel size" in looked
    tpbs = pd.read_csv(tmp_path / "tpbs.csv")
    assert len(tpbs) > 0
    assert set(tpbs["sample"]) == {"s100"}
    touches = pd.read_csv(tmp_path / "touches.csv").set_index("touches_graphite")["nmc"]
    assert touches[True] >= tpbs["nmc"].nunique()  # an NMC of a TPB touches graphite


def test_first_energy_map(store_environment: dict[str, str], tmp_path: Path) -> None:
    do("first-energy-map.md", store_environment, tmp_path)
    assert all((tmp_path / name).is_file() for name in ("map.tif", "map.json", "map.png"))
    states = pd.read_csv(tmp_path / "states.csv")
    assert states["soc_ev"].dropna().between(8340, 8348).all()
    assert states["soc_ev"].notna().any()
    assert len(pd.read_csv(tmp_path / "structure.csv")) > 1


def test_first_beamtime(store_environment: dict[str, str], tmp_path: Path) -> None:
    *_, jobs_and_samples, verified = do("first-beamtime.md", store_environment, tmp_path)
    assert jobs_and_samples.count("done") == 2
    assert set(pd.read_csv(tmp_path / "samples.csv")["sample"]) == {"s1", "s2"}
    assert "2 of 2" in verified


def test_these_are_all_tutorials() -> None:
    assert {path.name for path in TUTORIALS.glob("*.md")} == {
        "first-image.md",
        "first-energy-map.md",
        "first-beamtime.md",
    }
