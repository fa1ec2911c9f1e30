"""Commands that start at once on an empty home, on a busy machine: one server, and none after `db stop`."""

import os
import subprocess
import sys

import pytest
from database_server import temporary_home

from cathograph.home import Home
from cathograph.local_neo4j.process import find_servers

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]

REPEATS = 5
COMMANDS = (("db", "start"), ("query", "samples"), ("db", "start"))


def cathograph(home, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "cathograph", "--home", str(home), *words],
        env=os.environ | {"CATHOGRAPH_HEAP_MB": "512", "CATHOGRAPH_PAGE_CACHE_MB": "64"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def load():
    """Keep both cores busy."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for each in busy:
        each.kill()
        each.wait()


@pytest.mark.parametrize("repeat", range(REPEATS))
def test_one_server_and_then_none(load, repeat):
    with temporary_home(f"home {repeat}") as home:
        started = [cathograph(home, *words) for words in COMMANDS]
        said = [command.communicate(timeout=400)[0] for command in started]
        assert [command.returncode for command in started] == [0] * len(COMMANDS), said
        assert len(find_servers(Home(home))) == 1
        stopping = cathograph(home, "db", "stop")
        out, _ = stopping.communicate(timeout=400)
        assert stopping.returncode == 0, out
        assert find_servers(Home(home)) == []
