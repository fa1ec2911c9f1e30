"""The home: the folder in which one local database lives, and who may do what to it when.

::

    HOME/
        neo4j/              Neo4j's own folder: conf, data, logs, plugins, import
        neo4j-password      of the user `neo4j`; mode 0600, made once
        server.json         the process that serves this home, while there is one
        server.lock         held while a command starts, stops, dumps or restores
        writers.lock        held shared by whoever writes, alone by a backup
        writers.gate        keeps new writers out while a backup waits for the present ones

Two homes share nothing but the jar cache. All locks are the operating system's: they fall when
their holder dies, so a killed command leaves nothing locked.
"""

import errno
import json
import os
import platform
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from filelock import FileLock, Timeout

from cathograph.schema.errors import LocalServerError

COMMAND_WAIT_S = 600
WRITERS_WAIT_S = 600
# Under this Neo4j cannot even make an empty store (25 MB) and its logs with any room to work.
LEAST_FREE_MB = 200


@dataclass(frozen=True)
class ServerRecord:
    """What ``server.json`` says about the process that serves a home.

    Attributes
    ----------
    pid, machine
        The process, and the name of the machine it runs on (a home may lie on a shared disk).
    port : int
        Where it answers Bolt.
    started_at : float
        Seconds since 1970.
    machine_id : str
        What the operating system calls its installation; stays when the machine is named anew. Empty if unknown.
    """

    pid: int
    machine: str
    port: int
    started_at: float
    machine_id: str = ""

    @classmethod
    def of_this_machine(cls, pid: int, port: int) -> Self:
        """Note a process that runs here, from now on."""
        return cls(pid, platform.node(), port, time.time(), _machine_id())

    @property
    def is_of_this_machine(self) -> bool:
        """Whether it was noted on this machine, under whatever name."""
        same = bool(self.machine_id) and self.machine_id == _machine_id()
        return same or self.machine == platform.node()


def _machine_id() -> str:
    """Read the identity of this installation; empty where the system has none."""
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):  # not every system has one
        return ""


@dataclass(frozen=True)
class Home:
    """The files of one home. Making a `Home` changes nothing; `prepare` does.

    Attributes
    ----------
    folder : Path
        Folder of the home. Kept as its real path, so that ``../home`` or a link gives the same home.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Resolve links and ``..``, once for everything below."""
        object.__setattr__(self, "folder", self.folder.expanduser().resolve())

    def is_in(self, folder: str | None) -> bool:
        """Tell whether a folder is the one of our server, by device and inode, whatever path leads there."""
        try:
            return folder is not None and self.neo4j.samefile(folder)
        except OSError:  # one of them is gone
            return False

    @property
    def neo4j(self) -> Path:
        """Neo4j's own folder."""
        return self.folder / "neo4j"

    @property
    def data(self) -> Path:
        """The stores of all databases, the users among them."""
        return self.neo4j / "data"

    @property
    def log(self) -> Path:
        """What the server says to people."""
        return self.neo4j / "logs" / "neo4j.log"

    @property
    def console(self) -> Path:
        """What the Java runtime itself says."""
        return self.neo4j / "logs" / "console.log"

    @property
    def has_store(self) -> bool:
        """Whether a database was ever made here."""
        return (self.data / "databases" / "neo4j").is_dir()

    @property
    def knows_password(self) -> bool:
        """Whether a server ever ran here, and so has its users in its own store."""
        return (self.data / "databases" / "system").is_dir()

    def prepare(self) -> None:
        """Make the folders, private to the user.

        Raises
        ------
        LocalServerError
            When the home cannot be made or written.
        """
        with self.explained():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.neo4j.mkdir(mode=0o700, exist_ok=True)
            self._settle_exchange()
            for name in ("conf", "data", "logs", "plugins", "import", "run"):
                (self.neo4j / name).mkdir(mode=0o700, exist_ok=True)

    def refuse_full_disk(self) -> None:
        """Refuse to start a server that could not write, or to write to it.

        Raises
        ------
        LocalServerError
            When less than `LEAST_FREE_MB` is free where the home lies.
        """
        free_mb = shutil.disk_usage(self.folder).free / 1e6
        if free_mb < LEAST_FREE_MB:
            msg = (
                f"Found {free_mb:.0f} MB free where the home {self.folder} lies; expected at least "
                f"{LEAST_FREE_MB} MB. Make room, or name a home on another disk with --home."
            )
            raise LocalServerError(msg)

    def exchange_data(self, fresh: Path) -> None:
        """Put another data folder, on the same disk, in the place of ours.

        Killed at any moment, the next `prepare` finds the old data or the new, never a mixture.
        """
        with self.explained():
            self._settle_exchange()
            self.data.rename(self._data_before)
            fresh.rename(self.data)
            self._settle_exchange()

    @property
    def _data_before(self) -> Path:
        return self.neo4j / "data-before"

    def _settle_exchange(self) -> None:
        """Finish an exchange that was cut short: back when the new data had not come, else forward."""
        if self._data_before.exists():
            if self.data.exists():
                shutil.rmtree(self._data_before)
            else:
                self._data_before.rename(self.data)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn the operating system's refusals into errors that name the home and the way out."""
        try:
            yield
        except OSError as error:
            what = {
                errno.ENOSPC: "its disk is full",
                errno.EDQUOT: "the user's disk quota is used up",
                errno.EACCES: "it may not be written by this user",
                errno.EPERM: "it may not be written by this user",
                errno.EROFS: "it lies on a disk that is read-only",
                errno.ENAMETOOLONG: "its path is too long for this system",
                errno.ENOTDIR: "a file stands where a folder should be",
                errno.EEXIST: "a file stands where a folder should be",
            }.get(error.errno or 0, error.strerror or str(error))
            msg = (
                f"Found the home {self.folder} unusable: {what} ({error.filename or self.folder}). Expected "
                "a folder one may write to; name another with --home or CATHOGRAPH_HOME, or mend this one."
            )
            raise LocalServerError(msg) from error

    def password(self) -> str:
        """Read the password, making it the first time.

        Raises
        ------
        LocalServerError
            When the password is gone but the database that knows it is there.
        """
        file = self.folder / "neo4j-password"
        with self.explained():
            if file.exists():
                return file.read_text(encoding="utf-8").strip()
            if self.knows_password:
                msg = (
                    f"Found a database in {self.folder} but not its password ({file.name}); expected both. "
                    "Put that file back; or restore a backup of the data in a new home."
                )
                raise LocalServerError(msg)
            password = secrets.token_urlsafe(24)
            write_private(file, password + "\n")
            return password

    def read_record(self) -> ServerRecord | None:
        """Read who serves this home; None when nobody does or the file is damaged."""
        try:
            return ServerRecord(**json.loads((self.folder / "server.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            # Cut short by a full disk: as good as none, the process list is asked instead.
            return None

    def write_record(self, record: ServerRecord) -> None:
        """Note who serves this home."""
        with self.explained():
            write_private(self.folder / "server.json", json.dumps(asdict(record)) + "\n")

    def forget_record(self) -> None:
        """Note that nobody serves this home."""
        with self.explained():
            (self.folder / "server.json").unlink(missing_ok=True)

    @contextmanager
    def one_command(self, *, wait_s: float = COMMAND_WAIT_S) -> Iterator[None]:
        """Hold the home alone for a start, stop, backup or restore; a second command waits.

        Raises
        ------
        LocalServerError
            When another command holds it longer than `wait_s` seconds.
        """
        with self.explained():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(self.folder / "server.lock", mode=0o600)
            try:
                lock.acquire(timeout=wait_s)
            except Timeout as error:
                msg = (
                    f"Found another command at work on the server of {self.folder} for more than "
                    f"{wait_s:.0f} s; expected it to end. Ask `cathograph db status`, then try again."
                )
                raise LocalServerError(msg) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def writing(self, *, wait_s: float = WRITERS_WAIT_S) -> Iterator[None]:
        """Hold while writing one image's rows: a backup waits for us, and we for a backup.

        Any number may write at once. Hold it for one transaction's worth, not for a whole day.

        Raises
        ------
        LocalServerError
            When a backup holds the home longer than `wait_s` seconds, or its disk is nearly full.
        """
        with self._hold("writers.gate", shared=True, wait_s=wait_s) as gate:
            held = self._hold("writers.lock", shared=True, wait_s=wait_s)
            with held:
                gate.close()
                self.refuse_full_disk()
                yield

    @contextmanager
    def writers_paused(self, *, wait_s: float = WRITERS_WAIT_S) -> Iterator[None]:
        """Hold while nobody may write: lets no new writer in, then waits for the present ones.

        Raises
        ------
        LocalServerError
            When a writer does not end within `wait_s` seconds.
        """
        with (
            self._hold("writers.gate", shared=False, wait_s=wait_s),
            self._hold("writers.lock", shared=False, wait_s=wait_s),
        ):
            yield

    @contextmanager
    def _hold(self, name: str, *, shared: bool, wait_s: float) -> Iterator[IO[bytes]]:
        """Hold a file with flock, which knows shared and alone and falls with its process."""
        try:
            import fcntl
        except ModuleNotFoundError as error:
            msg = (
                f"Found no shared file locks on {platform.system()}; expected Linux or macOS to write to a local "
                "database. Set NEO4J_URI and NEO4J_PASSWORD to use a server of yours."
            )
            raise LocalServerError(msg) from error
        way = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        give_up = time.monotonic() + wait_s
        with self.explained():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.fdopen(os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        with handle:
            while True:
                try:
                    fcntl.flock(handle, way | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > give_up:
                        holder = "a backup or restore" if shared else "an ingest that is still writing"
                        msg = (
                            f"Found {holder} holding the home {self.folder} for more than {wait_s:.0f} s; "
                            "expected it to end. Wait for it or end it, then try again."
                        )
                        raise LocalServerError(msg) from error
                    time.sleep(0.05)
            yield handle


def write_private(file: Path, text: str) -> None:
    """Write a file that only the user may read, whole or not at all."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
