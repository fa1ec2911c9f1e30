"""Whether a file is complete: its size, its times, its hash, and waiting for its writer.

A file that is still being copied or acquired has a valid beginning. Two looks that agree are the only
sign that works on every file system, so that is the rule here, both before a file is read and around
every read. Size and modification time can be set by whoever writes; another file in its place has
another inode, and the time of the last change of an inode is the system's alone.
"""

import hashlib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

READ_BLOCK_BYTES = 1 << 20
SLICE_SUFFIXES = (".tif", ".tiff", ".png", ".xrm")
ZARR_NODES = ("zarr.json", ".zarray", ".zgroup")
STILL_WRITTEN = "Still being written? Wait until it is complete, or export it again"


@dataclass(frozen=True)
class FileState:
    """What the system notes of a file: equal in two looks means nobody wrote or replaced it between.

    Attributes
    ----------
    size : int
        Bytes.
    mtime_ns, ctime_ns : int
        When its bytes, and when its inode, last changed; ns since 1970. Of a folder the newest of its files.
    inode : int
        Number of the file on its disk.
    """

    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = 0

    @classmethod
    def of(cls, status: os.stat_result) -> "FileState":
        """Take it from what the system says of one file."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def is_zarr_store(path: Path) -> bool:
    """Tell whether a folder is a Zarr store."""
    return any((path / name).is_file() for name in ZARR_NODES)


def size_of_folder(path: Path) -> FileState:
    """Return the bytes of all files of a folder and the newest times among them; links count as links.

    Raises
    ------
    InputImageError
        When a folder cannot be listed, or a file goes away meanwhile.
    """
    size, written, changed = 0, 0, 0
    try:
        for file in files_of_folder(path):
            status = file.lstat()
            size += status.st_size
            written, changed = max(written, status.st_mtime_ns), max(changed, status.st_ctime_ns)
    except OSError as error:
        msg = f"{shown(path)}: cannot be listed ({error.strerror}); expected a complete folder. {STILL_WRITTEN}."
        raise InputImageError(msg) from error
    return FileState(size, written, changed)


def slices_in(path: Path) -> list[str]:
    """List the names of a folder that may be single slices or frames: TIFF, PNG or XRM, not hidden.

    Raises
    ------
    InputImageError
        When the folder cannot be listed.
    """
    try:
        return [
            inner.name
            for inner in path.iterdir()
            if inner.suffix.casefold() in SLICE_SUFFIXES and not inner.name.startswith(".")
        ]
    except OSError as error:
        msg = f"{shown(path)}: cannot be listed ({error.strerror}); expected a complete folder. {STILL_WRITTEN}."
        raise InputImageError(msg) from error


def files_of_folder(path: Path) -> list[Path]:
    """List the files that make up a folder's image: all of a Zarr store, else the slices."""
    return sorted_files(path) if is_zarr_store(path) else sorted(path / name for name in slices_in(path))


def sorted_files(path: Path) -> list[Path]:
    """List all files below a folder, in order of their paths."""
    return sorted(Path(folder) / name for folder, _, names in os.walk(path) for name in names)


def look_at(path: Path) -> FileState:
    """Look at a file once.

    Raises
    ------
    InputImageError
        When there is no such file, or it is a directory or device, or may not be read.
    """
    try:
        status = path.stat()
    except FileNotFoundError as error:
        msg = f"{shown(path)}: found no such file; expected an image file. Check the path."
        raise InputImageError(msg) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"{shown(path)}: cannot be looked at ({reason}); expected a readable image file."
        raise InputImageError(msg) from error
    if stat.S_ISDIR(status.st_mode) and (is_zarr_store(path) or len(slices_in(path)) > 1):
        return size_of_folder(path)
    if stat.S_ISDIR(status.st_mode):
        msg = f"{shown(path)}: found a directory; expected an image file. Name the files inside it."
        raise InputImageError(msg)
    if not stat.S_ISREG(status.st_mode):
        msg = f"{shown(path)}: found a device or pipe; expected an image file. Save it to disk first."
        raise InputImageError(msg)
    return FileState.of(status)


def require_unchanged(path: Path, before: FileState) -> None:
    """Refuse a file that is no longer what it was when it was opened.

    Raises
    ------
    InputImageError
        When it differs from `before`.
    """
    now = look_at(path)
    if now != before:
        msg = (
            f"{shown(path)}: changed while it was read ({before.size} bytes, then {now.size}); "
            f"expected a finished file. {STILL_WRITTEN}."
        )
        raise InputImageError(msg)


def hash_of_bytes(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits.

    For a Zarr store or a folder of slices, that of the names and hashes of its files.

    Raises
    ------
    InputImageError
        When the file cannot be read, or changes while it is.
    """
    before = look_at(path)
    digest = hashlib.sha256()
    if path.is_dir():
        for inner in files_of_folder(path):
            line = f"{inner.relative_to(path).as_posix()}\0{hash_of_bytes(inner)}\n"
            digest.update(line.encode(errors="surrogateescape"))  # the bytes of its name, whatever they are
        require_unchanged(path, before)
        return digest.hexdigest()
    try:
        with path.open("rb") as file:
            while block := file.read(READ_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        msg = (
            f"{shown(path)}: cannot be read ({error.strerror}); expected a readable image file. "
            "Check its permissions and the disk."
        )
        raise InputImageError(msg) from error
    require_unchanged(path, before)
    return digest.hexdigest()


def wait_until_stable(path: Path | str, *, interval_s: float = 1.0, timeout_s: float = 60.0) -> FileState:
    """Wait until two looks at a file, `interval_s` apart, agree and it is not empty.

    Parameters
    ----------
    path
        File that may still be written.
    interval_s
        Seconds between two looks. Longer than the pauses of the writer.
    timeout_s
        Seconds after which waiting ends.

    Returns
    -------
    FileState
        Size and time on which both looks agreed.

    Raises
    ------
    InputImageError
        When there is no such file, or it is still growing or empty after `timeout_s`.
    """
    path = Path(path)
    deadline = time.monotonic() + timeout_s
    seen = look_at(path)
    while True:
        time.sleep(max(0.0, min(interval_s, deadline - time.monotonic())))
        now = look_at(path)
        # The last look may come early, cut short by the deadline; it does not count as agreement.
        in_time = time.monotonic() <= deadline
        if in_time and now == seen and now.size > 0:
            return now
        if not in_time:
            found = "an empty file" if now.size == 0 else f"a file still being written ({now.size} bytes)"
            msg = (
                f"{shown(path)}: found {found} after {timeout_s:g} s; expected a finished file. "
                "Wait until its writer is done, then run again."
            )
            raise InputImageError(msg)
        seen = now
