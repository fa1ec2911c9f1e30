"""Which process runs which tests: one begins with those of the database, the others with all that need none.

Each process that runs tests of the database starts a server, and each server plans every query; that is a large part of
the time. So a second process begins with them only when nothing else is left to do. Tests go out file by file, because
their fixtures belong to a file.

pytest-xdist 3.8 has groups of its own (`--dist loadgroup`), but with pytest 9.2 they have no effect: it writes the
group into an attribute of the test that pytest no longer reads. So each process writes down which tests are of the
database, and the one that deals them out reads it.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

_FOLDER = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
_DATABASE = "database: "


def uses_database(item: pytest.Item) -> bool:
    """Tell whether a test uses the server that tests share, and not one of its own alone."""
    fixtures = getattr(item, "fixturenames", ())
    return bool(item.get_closest_marker("neo4j")) and (
        "own_server" not in fixtures or "neo4j_server" in fixtures
    )


def note_database_tests(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Tell the process that deals out the tests which are of the database."""
    if not hasattr(config, "workerinput"):
        return
    note = Path(config.workerinput["database_tests"])
    # All processes write the same; whoever reads finds all of it.
    unfinished = note.with_name(f"{os.getpid()}")
    unfinished.write_text(json.dumps([item.nodeid for item in items if uses_database(item)]))
    unfinished.replace(note)


def pytest_configure_node(node: WorkerController) -> None:
    """Name to a process the file for its note."""
    if _FOLDER not in node.config.stash:
        node.config.stash[_FOLDER] = folder = tempfile.TemporaryDirectory(prefix="cathograph-tests-")
        node.config.add_cleanup(folder.cleanup)
    node.workerinput["database_tests"] = str(_note(node.config))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Deal the tests out this way where `--dist loadfile` asks for whole files."""
    return _DatabaseApart(config, log) if config.getvalue("dist") == "loadfile" else None


class _DatabaseApart(LoadFileScheduling):
    @cached_property
    def _database_tests(self) -> frozenset[str]:
        return frozenset(json.loads(_note(self.config).read_text()))

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return f"{_DATABASE}{file}" if nodeid in self._database_tests else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        """Give the first process the first file of the database, others one of the rest; at the end what there is."""
        is_first = node is self.nodes[0]
        wanted = [scope for scope in self.workqueue if scope.startswith(_DATABASE) == is_first]
        # Whoever helps takes the last: the first process comes to it latest.
        self.workqueue.move_to_end(wanted[0] if wanted else next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def _note(config: pytest.Config) -> Path:
    return Path(config.stash[_FOLDER].name) / "database_tests.json"
