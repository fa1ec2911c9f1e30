"""The code of the page on phantoms must run, and makes its picture."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from repository import ROOT

PAGE = ROOT / "docs" / "phantoms.md"


def test_the_picture_of_the_page_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), {})  # noqa: S102  our own page
    plt.close("all")
    assert (tmp_path / "phantoms.png").stat().st_size > 100_000
    assert (PAGE.parent / "pictures" / "phantoms.png").is_file()
