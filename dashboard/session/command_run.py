"""Commands of ``cathograph``, run from a page as from a terminal, with the same checks, locks and messages.

Each value given by a visitor becomes one argument, joined to its option by ``=``, so that no value is taken for an
option. The command gets neither the password of the pages nor their access to the database.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cathograph.dashboard.session.environment import OURS_ALONE
from cathograph.schema.names import shown_name

_LONGEST_STEM_BYTES, _LONGEST_SUFFIX_BYTES = 180, 20


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

    The image is called after it, so it stays as it is where it may. One that had to be changed ends in the first digits
    of its hash: two uploads never get one name because of what was taken away.

    Examples
    --------
    >>> safe_name("Probe 1 (µ).tif"), safe_name("样品一.tif")
    ('Probe 1 (µ).tif', '样品一.tif')
    >>> safe_name("../../etc/passwd"), safe_name("..")
    ('passwd', 'file_5ec1f7')
    """
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2]).strip()
    legal = shown_name(last).lstrip(".-") or "file"
    stem, dot, suffix = legal.rpartition(".") if "." in legal else (legal, "", "")
    short = _shortened(stem, _LONGEST_STEM_BYTES)
    safe = f"{short}{dot}{_shortened(suffix, _LONGEST_SUFFIX_BYTES)}"
    if safe == last:
        return safe
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:6]
    return f"{short}_{digest}{safe.removeprefix(short)}"


def _shortened(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore")


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
