"""A store for benchmarks: a local server in a temporary home, gone afterwards; nobody's data are touched."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from queries.connection import Connection, connect
from queries.migrations import migrate


@contextmanager
def temporary_store() -> Iterator[tuple[Connection, int]]:
    """Start a local server in a temporary home; gives the connection and the server's process id.

    The server is asked for through the command line, as a user does: nothing here may import the front door.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _cathograph(home, "start")
        try:
            status = json.loads(_cathograph(home, "status", "--json"))
            password = (home / "neo4j-password").read_text(encoding="utf-8").strip()
            with connect(status["uri"], "neo4j", password) as connection:
                migrate(connection)
                yield connection, status["pid"]
        finally:
            _cathograph(home, "stop")


def _cathograph(home: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "cathograph", "--home", str(home), "db", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own module
    return done.stdout
