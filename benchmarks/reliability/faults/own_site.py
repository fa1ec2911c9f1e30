"""A separate server in a temporary home, and a folder beside it, for one run of faults."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cathograph.benchmarks.reliability.faults.site import Site
from cathograph.queries.server.connection import Connection, connect
from cathograph.schema.errors import CannotConnect


@contextmanager
def own_site(folder: Path, home: Path | None = None) -> Iterator[tuple[Site, Callable[[], int | None]]]:
    """Give a site with a local server of its own, and what tells the server's process identifier."""
    home = home or folder / "home"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J")}
    environment |= {"CATHOGRAPH_HOME": str(home), "CATHOGRAPH_HEAP_MB": "768"}

    def record() -> dict[str, int] | None:
        try:
            found: dict[str, int] = json.loads((home / "server.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def pid() -> int | None:
        found = record()
        return None if found is None or not Path(f"/proc/{found['pid']}").exists() else found["pid"]

    def open_store() -> Connection:
        found = record()
        if found is None:
            msg = "Found no server; expected one."
            raise CannotConnect(msg)
        password = (home / "neo4j-password").read_text(encoding="utf-8").strip()
        return connect(f"bolt://127.0.0.1:{found['port']}", "neo4j", password, retry_s=1)

    database = [sys.executable, "-m", "cathograph", "db"]
    subprocess.run([*database, "start"], env=environment, check=True, capture_output=True)  # noqa: S603  our own module
    try:
        yield Site(folder / "faults", environment, open_store), pid
    finally:
        subprocess.run([*database, "stop"], env=environment, check=True, capture_output=True)  # noqa: S603
