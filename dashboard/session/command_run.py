"""Commands of ``cathograph``, run from a page as from a terminal, with the same checks, locks and messages.

Each value given by a visitor becomes one argument, joined to its option by ``=``, so that no value is taken for an
option. The command gets neither the password of the pages nor their access to the database.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cathograph.dashboard.session.environment import OURS_ALONE

_LONGEST_NAME = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass
class CommandRun:
    """One run of ``cathograph`` in a process of its own.

    Attributes
    ----------
    arguments : sequence of str
        Arguments of ``cathograph``.
    title : str
        Description for people.
    output, said : str
        Standard output and standard error, after the end.
    code : int or None
        Exit code; None while it runs.
    """

    arguments: Sequence[str]
    title: str
    output: str = ""
    said: str = ""
    code: int | None = None
    cancelled: bool = False
    _began: float = field(default_factory=time.monotonic)
    _ended: threading.Event = field(default_factory=threading.Event)
    _process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        """Start; returns at once."""
        self._process = subprocess.Popen(  # noqa: S603  our own module; each value is one argument
            [sys.executable, "-m", "cathograph", *self.arguments],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._wait, daemon=True, name="command").start()

    def has_ended(self, *, wait_s: float = 0.0) -> bool:
        """Tell whether it has ended; wait for the end at most `wait_s`."""
        return self._ended.wait(wait_s)

    def elapsed_s(self) -> float:
        """Give the seconds since the start."""
        return time.monotonic() - self._began

    def cancel(self) -> None:
        """Terminate it; what it has written to the store is complete."""
        self.cancelled = True
        if self._process is not None:
            self._process.terminate()

    def error(self) -> str:
        """Give the error message of a failed command."""
        lines = [line for line in self.said.splitlines() if line.strip()]
        errors = [line for line in lines if "Error:" in line]
        return (errors or lines or ["the command printed no message"])[-1].removeprefix("Error:").strip()

    def _wait(self) -> None:
        if self._process is None:
            return
        self.output, self.said = self._process.communicate()
        self.code = self._process.returncode
        self._ended.set()


def safe_name(name: str) -> str:
    """Turn the name of an uploaded file into one that cannot lead to another folder.

    Examples
    --------
    >>> safe_name("../../etc/passwd"), safe_name("Probe 1 (µ).tif"), safe_name("..")
    ('passwd', 'Probe_1_.tif', 'file')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    cleaned = _UNSAFE.sub("_", last).lstrip(".-")
    stem, dot, suffix = cleaned.rpartition(".")
    return f"{stem[:_LONGEST_NAME]}{dot}{suffix[:20]}" if cleaned else "file"


def keep_upload(name: str, content: bytes) -> Path:
    """Write an uploaded file into a new folder, where it stays so that pages can read its pixels later.

    Returns
    -------
    Path
        Below the home of the local database, or in the temporary folder without one.
    """
    home = os.environ.get("CATHOGRAPH_HOME")
    shelf = Path(home) / "uploads" if home else Path(tempfile.gettempdir())
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="upload-", dir=shelf)) / safe_name(name)
    path.write_bytes(content)
    return path


def forget_upload(path: Path) -> None:
    """Remove an uploaded file that was not ingested, and its folder."""
    shutil.rmtree(path.parent, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS_ALONE)} | {
        "COLUMNS": "1000",
        "NO_COLOR": "1",
    }
