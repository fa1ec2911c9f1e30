"""Files that are still being written: waited for, or refused when they change while read."""

import hashlib
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cathograph.ingest.formats import open_image, wait_until_stable
from cathograph.schema.errors import InputImageError


def test_the_hash_is_that_of_the_bytes(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.eye(5))
    content = (tmp_path / "a.npy").read_bytes()
    assert open_image(tmp_path / "a.npy").sha256 == hashlib.sha256(content).hexdigest()


def test_a_finished_file_is_stable_after_two_looks(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"done")
    assert wait_until_stable(tmp_path / "a", interval_s=0.01, timeout_s=5).size == 4


def test_a_growing_file_is_waited_for(tmp_path: Path):
    path = tmp_path / "a"
    path.touch()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            for _ in range(10):
                file.write(b"x" * 100)
                time.sleep(0.03)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        # The writer never pauses for as long as the looks are apart.
        assert wait_until_stable(path, interval_s=1.0, timeout_s=30).size == 1000
    finally:
        writer.join()


def test_a_file_that_never_stops_growing(tmp_path: Path):
    path = tmp_path / "a"
    path.touch()
    stop = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(InputImageError, match=r"still being written \(\d+ bytes\) after 0\.5 s"):
            wait_until_stable(path, interval_s=0.2, timeout_s=0.5)
    finally:
        stop.set()
        writer.join()


def test_a_file_that_stays_empty(tmp_path: Path):
    (tmp_path / "a").touch()
    with pytest.raises(InputImageError, match="an empty file after"):
        wait_until_stable(tmp_path / "a", interval_s=0.02, timeout_s=0.1)


def test_waiting_for_no_file(tmp_path: Path):
    with pytest.raises(InputImageError, match="no such file"):
        wait_until_stable(tmp_path / "a")


def test_a_file_that_changes_after_it_was_opened(tmp_path: Path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((3, 4, 5)))
    image = open_image(path)
    np.save(path, np.ones((3, 4, 5)))
    os.utime(path, ns=(1, 1))  # file systems with coarse times would call it the same
    with pytest.raises(InputImageError, match="changed while it was read"):
        image.pages[0]
    with pytest.raises(InputImageError, match="changed while it was read"):
        list(image.pages)


def test_a_file_that_vanishes_after_it_was_opened(tmp_path: Path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((4, 5)))
    image = open_image(path)
    path.unlink()
    with pytest.raises(InputImageError, match="no such file"):
        image.pages[0]
