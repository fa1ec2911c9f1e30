"""A store for benchmarks: a local server in a temporary home, gone afterwards; nobody's data are touched."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cathograph.queries.server.connection import Connection, connect
from cathograph.queries.server.migrations import migrate


@dataclass(frozen=True)
class TemporaryServer:
    """Where the server is, also for another process."""

    uri: str
    password: str = field(repr=False)
    pid: int

    def connect(self) -> Connection:
        """Open a connection."""
        return connect(self.uri, "neo4j", self.password)


@contextmanager
def temporary_server() -> Iterator[TemporaryServer]:
    """Start a local server in a temporary home, its schema up to date.

    The server is asked for through the command line, as a user does: nothing here may import the front door.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _cathograph(home, "start")
        try:
            status = json.loads(_cathograph(home, "status", "--json"))
            password = (home / "neo4j-password").read_text(encoding="utf-8").strip()
            server = TemporaryServer(status["uri"], password, status["pid"])
            with server.connect() as connection:
                migrate(connection)
            yield server
        finally:
            _cathograph(home, "stop")


@contextmanager
def temporary_store() -> Iterator[tuple[Connection, int]]:
    """Start such a server; gives a connection and the server's process id."""
    with temporary_server() as server, server.connect() as connection:
        yield connection, server.pid


def _cathograph(home: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "cathograph", "--home", str(home), "db", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own module
    return done.stdout
