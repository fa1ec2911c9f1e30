"""The page on formats: its example is a layout, and the paths that it names are those that are read."""

import re
from pathlib import Path

from repository import ROOT

from cathograph.ingest.formats.field_rules import BOMB_BYTES, BOMB_RATIO
from cathograph.ingest.stacks.data_exchange import LAYOUT as DATA_EXCHANGE
from cathograph.ingest.stacks.fxi import LAYOUT as FXI
from cathograph.ingest.stacks.layout import Layout, read_layout

PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


def test_the_example_is_a_layout_with_every_key(tmp_path: Path):
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 1
    (tmp_path / "layout.yaml").write_text(blocks[0].replace("# empty_region", "empty_region"))
    assert read_layout(tmp_path / "layout.yaml").model_fields_set == set(Layout.model_fields)


def test_paths_of_the_known_layouts():
    for layout in (FXI, DATA_EXCHANGE):
        assert f"`{layout.frames}`" in PAGE
        energies = [layout.energies] if isinstance(layout.energies, str) else list(layout.energies or ())
        assert f"`{energies[0]}`" in PAGE


def test_the_limits():
    assert f"above {BOMB_BYTES >> 20} MiB that claim to expand more than {BOMB_RATIO} times" in PAGE
