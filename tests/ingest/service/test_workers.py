"""Worker processes: which GPU each has, and what is said when one ends in the middle of a job."""

import multiprocessing
import os
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from cathograph.ingest.formats.file_state import FileState
from cathograph.ingest.pipeline import Placement
from cathograph.ingest.service.gpu_of_worker import VISIBLE, take_gpu, visible_gpus
from cathograph.ingest.service.groups import JobSpec, ReadFile
from cathograph.ingest.service.workers import DIED, Workers, death


class TestGpu:
    """One for each worker, where there are several."""

    @pytest.mark.parametrize(
        ("given", "gpus"),
        [("0,1,2", ["0", "1", "2"]), ("GPU-a, GPU-b", ["GPU-a", "GPU-b"]), ("", []), ("3", ["3"])],
    )
    def test_those_that_were_given(self, monkeypatch, given, gpus):
        monkeypatch.setenv(VISIBLE, given)
        assert visible_gpus() == gpus

    def test_in_turn(self, monkeypatch):
        taken = []
        for number in range(4):
            monkeypatch.setenv(VISIBLE, "2,5,7")
            take_gpu(number, visible_gpus())
            taken.append(os.environ[VISIBLE])
        assert taken == ["2", "5", "7", "2"]

    @pytest.mark.parametrize("gpus", [[], ["0"]])
    def test_nothing_to_share_changes_nothing(self, monkeypatch, gpus):
        monkeypatch.delenv(VISIBLE, raising=False)
        take_gpu(3, gpus)
        assert VISIBLE not in os.environ


@contextmanager
def open_nothing():
    """Jobs that cannot be done ask no store."""
    yield object()


def impossible(name):
    file = ReadFile("a.tif", FileState(1, 1), "")
    return JobSpec(name, Path(), file, None, None, None, Placement("s"), None, fault="Found nothing.")


def names_of_processes():
    return sorted(each.name for each in multiprocessing.active_children())


def test_a_worker_that_died_is_replaced_under_its_number():
    workers = Workers(2, open_nothing, n_threads=1)
    try:
        for name in ("a", "b"):
            workers.give(impossible(name))
        done = []
        while len(done) < 2:
            done += workers.wait(10.0)
        assert {each.result.reason for each in done} == {"Found nothing."}
        assert names_of_processes() == ["worker 0", "worker 1"]
        (first,) = [each for each in multiprocessing.active_children() if each.name == "worker 0"]
        os.kill(first.pid, signal.SIGKILL)
        first.join()
        assert workers.wait(10.0) == [], "it had no job"
        assert names_of_processes() == ["worker 1"]
        for name in ("c", "d"):
            workers.give(impossible(name))
        assert names_of_processes() == ["worker 0", "worker 1"]
    finally:
        workers.end()


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGTERM, 1, None])
def test_out_of_memory_or_killed(code):
    assert death(code) is DIED


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT])
def test_a_crash_is_laid_to_the_file(number):
    reason = death(-number).reason
    assert number.name in reason
    assert "export it again" in reason
