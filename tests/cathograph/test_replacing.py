"""Another file's result goes out of sight only when the user says so: on a terminal by an answer, else by --replace."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run

pytestmark = pytest.mark.neo4j
HOW = ("--as", "phases", "--phases", "0=background,1=NMC,2=SSE", "--sample", "s", "--pixel-size-nm", "50")


@pytest.fixture
def fields(tmp_path: Path) -> list[Path]:
    """Three fields of view, one folder each, all called mask.npy."""
    paths = []
    for place in range(3):
        field = np.zeros((24, 30), np.uint8)
        field[4:12, 4 + place : 12 + place], field[12:16, 4:26] = 1, 2
        (tmp_path / f"fov{place}").mkdir()
        np.save(tmp_path / f"fov{place}" / "mask.npy", field)
        paths.append(tmp_path / f"fov{place}" / "mask.npy")
    return paths


def _images(store) -> set[str]:
    query = load("images")
    return set(run(store, query, query.bind({"sample": "s"}))["image"])


def test_a_loop_over_folders_makes_an_image_each(cathograph, clean_store, fields):
    for path in fields:
        assert cathograph("ingest", path, *HOW)[0] == 0
    assert _images(clean_store) == {"mask", "fov1_mask", "fov2_mask"}


def test_one_call_over_folders_does_the_same(cathograph, clean_store, fields):
    assert cathograph("ingest", *fields, *HOW)[0] == 0
    assert _images(clean_store) == {"mask", "fov1_mask", "fov2_mask"}


def test_a_script_is_refused_without_replace(cathograph, fields):
    assert cathograph("ingest", fields[0], *HOW)[0] == 0
    code, _, err = cathograph("ingest", fields[1], *HOW, "--image", "mask")
    assert code == 1
    assert str(fields[0]) in err
    assert str(fields[1]) in err
    assert "--replace" in err
    code, _, err = cathograph("ingest", fields[1], *HOW, "--image", "mask", "--replace")
    assert code == 0, err
    assert str(fields[0]) in err


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_a_terminal_is_asked(answer: str, code: int, cathograph, fields):
    assert cathograph("ingest", fields[0], *HOW)[0] == 0
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cathograph", "ingest", str(fields[1]), *HOW, "--image", "mask"]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "COLUMNS": "300"}
    )
    os.close(theirs)
    said, answered, until = b"", False, time.monotonic() + 120
    while time.monotonic() < until:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        said += part
        if b"[y/N]" in said and not answered:
            os.write(ours, answer.encode() + b"\n")
            answered = True
    os.close(ours)
    assert process.wait(timeout=60) == code, said
    assert answered, said
    assert str(fields[0]).encode() in said
