"""What has arrived in a watched folder, and what of it is complete.

The truth is a look through the folder; events of the operating system only say when the next look is worth
while, so that one which is lost (a network share has none of what other machines do) costs time and
no file. A file is complete when its state (size, times, inode) has stood still for some seconds of our own
clock; the clock of a share may be wrong, and its times are only compared with themselves.

Links are followed where they stay inside of the folder. Folders that are links are not entered.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import watchfiles

from cathograph.ingest.formats.file_state import FileState, is_zarr_store, look_at, sorted_files
from cathograph.ingest.service.rules import RULES_FILE
from cathograph.schema.errors import InputImageError

_UNFINISHED = (
    "~", ".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp", ".lock", ".!sync",
)  # fmt: skip
_ZARR = ".zarr"


def is_passing(name: str) -> bool:
    """Tell whether a name is hidden or that of a file which its writer has not finished.

    Examples
    --------
    >>> [is_passing(name) for name in (".100.tif.Xy12", "100.tif.part", "~$notes.xlsx", "100.tif")]
    [True, True, True, False]
    """
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


@dataclass(frozen=True)
class Listing:
    """What one look found; names are relative to the folder, parts joined by ``/``.

    Attributes
    ----------
    files : Mapping
        State of every file.
    complete : frozenset of str
        Those that have stood still long enough and are not empty.
    refused : Mapping
        Files that must not be read, with the reason.
    unreadable : tuple of str
        Folders that could not be listed.
    """

    files: Mapping[str, FileState] = field(default_factory=dict)
    complete: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


class Arrivals:
    """Looks through a folder, and remembers since when each file has stood still.

    Parameters
    ----------
    folder : Path
        Watched folder.
    settle_s : float
        Seconds that size and time must stand still.
    clock : callable, optional
        Gives seconds.
    """

    def __init__(self, folder: Path, *, settle_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._settle_s = settle_s
        self._clock = clock
        self._since: dict[str, tuple[FileState, float]] = {}

    def look(self, takes_folder: Callable[[str], bool] = lambda name: False) -> Listing:
        """Look through the folder once.

        Parameters
        ----------
        takes_folder : callable, optional
            Tells whether a folder, named with a ``/`` at its end, is one image: the slices of a volume. It then
            counts as one file.
        """
        refused: dict[str, str] = {}
        unreadable: list[str] = []
        now = self._clock()
        since: dict[str, tuple[FileState, float]] = {}
        for name, seen in _walk(self._folder, unreadable, takes_folder):
            state = seen
            if state is None:
                path = self._folder / name
                reason = outside(path, self._folder)
                if reason is not None:
                    refused[name] = reason
                    continue
                try:
                    state = look_at(path)
                except InputImageError:
                    continue  # gone meanwhile, or a store of which the first files are not there yet
            before = self._since.get(name)
            since[name] = before if before is not None and before[0] == state else (state, now)
        self._since = since
        return Listing(
            files={name: state for name, (state, _) in since.items()},
            complete=frozenset(
                name
                for name, (state, start) in since.items()
                if state.size > 0 and now - start >= self._settle_s
            ),
            refused=refused,
            unreadable=tuple(unreadable),
        )


def outside(path: Path, folder: Path) -> str | None:
    """Say why a file must not be read: it, or a link inside of a store, leads out of the folder; else None."""
    links = [path]
    if path.is_dir() and not path.is_symlink():
        links = [inner for inner in sorted_files(path) if inner.is_symlink()]
    top = folder.resolve()
    for link in links:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):
            continue  # it leads nowhere: there is nothing to read, and looking at it says so
        if not target.is_relative_to(top):
            return (
                f"Found {link.relative_to(folder).as_posix()}, a link that leads out of the watched folder; "
                "expected files inside of it. Copy the file here."
            )
    return None


def _walk(
    folder: Path, unreadable: list[str], takes_folder: Callable[[str], bool]
) -> Iterator[tuple[str, FileState | None]]:
    """Give files, links, stores and folders of slices by name; what is hidden, unfinished or the rules is left out.

    A plain file comes with its state: it lies where it is found, so that one look at it is enough, which tells in
    a folder of thousands. Of links, stores and folders, only the name is given.
    """
    left = [""]
    while left:
        below = left.pop()
        try:
            with os.scandir(folder / below) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            unreadable.append(f"{error.filename}: {error.strerror}")
            continue
        for entry in inside:
            name = f"{below}{entry.name}"
            if is_passing(entry.name) or name == RULES_FILE:
                continue
            try:
                if entry.is_dir():
                    if entry.name.endswith(_ZARR) or is_zarr_store(Path(entry.path)):
                        yield name, None
                    elif not entry.is_symlink() and takes_folder(f"{name}/"):
                        yield f"{name}/", None
                    elif not entry.is_symlink():
                        left.append(f"{name}/")
                elif entry.is_symlink():
                    yield name, None
                elif entry.is_file():
                    status = entry.stat(follow_symlinks=False)
                    yield name, FileState.of(status)
            except OSError:
                continue  # gone meanwhile, or a link that goes round in a circle


class WakeUp:
    """Tells when a look through the folder is worth while: on an event, else after some seconds.

    Parameters
    ----------
    folder : Path
        Watched folder.
    poll_s : float
        Seconds after which to look anyway.
    events : bool
        Ask the operating system for events; False on network shares that give none.
    """

    def __init__(self, folder: Path, *, poll_s: float, events: bool) -> None:
        self._folder = folder
        self._poll_s = poll_s
        self._changed = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True) if events else None
        self._last = -float("inf")
        self.fault: str | None = None

    def __enter__(self) -> Self:
        """Begin to listen."""
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to listen."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def is_due(self, *, sooner_s: float | None = None) -> bool:
        """Tell whether to look now; a look is counted then.

        Parameters
        ----------
        sooner_s : float, optional
            Do not wait longer than this, because something is known to be unfinished.
        """
        wait_s = self._poll_s if sooner_s is None else min(self._poll_s, sooner_s)
        due = self._changed.is_set() or time.monotonic() - self._last >= wait_s
        if due:
            self._changed.clear()
            self._last = time.monotonic()
        return due

    def _listen(self) -> None:
        try:
            for _ in watchfiles.watch(
                self._folder, watch_filter=None, stop_event=self._stop, rust_timeout=500, debounce=400
            ):
                self._changed.set()
        except (OSError, RuntimeError) as error:
            # No room for another watch, or the folder has gone: looking every few seconds is enough.
            self.fault = " ".join(str(error).split())
