"""Which tests one of several processes runs together: all of the database, else those of a file.

pytest-xdist 3.8 has groups of its own (`--dist loadgroup`), but with pytest 9.2 they have no effect: it writes the
group into an attribute of the test that pytest no longer reads. So each process writes down what belongs together, and
the one that deals out the tests reads it.
"""

import json
import os
import tempfile
from functools import cached_property
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

_NOTE = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def group_of(item: pytest.Item) -> str | None:
    """Name the tests that share a server; None where a test needs none."""
    if "own_server" in getattr(item, "fixturenames", ()):
        return "own server"
    return "database" if item.get_closest_marker("neo4j") else None


def note_groups(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell the process that deals out the tests which belong together."""
    if not hasattr(config, "workerinput"):
        return
    note = Path(config.workerinput["groups"])
    # All processes write the same; whoever reads finds all of it.
    unfinished = note.with_name(f"{os.getpid()}")
    unfinished.write_text(json.dumps({item.nodeid: group for item in items if (group := group_of(item))}))
    unfinished.replace(note)


def pytest_configure_node(node: WorkerController) -> None:
    """Name to a process the file for its note."""
    if _NOTE not in node.config.stash:
        node.config.stash[_NOTE] = folder = tempfile.TemporaryDirectory(prefix="cathograph-tests-")
        node.config.add_cleanup(folder.cleanup)
    node.workerinput["groups"] = str(Path(node.config.stash[_NOTE].name) / "groups.json")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Deal out whole files, and the tests of a server to one process."""
    if config.getvalue("dist") != "loadfile":
        return None
    return _ByServerAndFile(config, log)


class _ByServerAndFile(LoadFileScheduling):
    @cached_property
    def _groups(self) -> dict[str, str]:
        groups: dict[str, str] = json.loads((Path(self.config.stash[_NOTE].name) / "groups.json").read_text())
        return groups

    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid) or super()._split_scope(nodeid)
