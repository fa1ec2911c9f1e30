"""The local Neo4j: one real server per home, without Docker, root, Java or Maven.

It is started by the first command that needs it, found again by the next, and stays until
`stop`. All that starts, stops or replaces its store holds the home's lock, so two commands at
once end with one server. See ``docs/decisions/0001-neo4j-without-docker.md``.
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from cathograph.home import Home, ServerRecord
from cathograph.local_neo4j.config import USER, ServerMemory, write_configuration, write_first_password
from cathograph.local_neo4j.java_program import JavaProgram, install
from cathograph.local_neo4j.process import (
    PortTaken,
    answers_bolt,
    end,
    end_orphaned_tools,
    find_servers,
    is_free,
    is_ours,
    kill,
    spawn,
    wait_until_started,
)
from cathograph.schema.errors import LocalServerError

Say = Callable[[str], None]

# Below the range from which systems take ports for outgoing connections: no program is given ours at random.
_FIRST_PORT, _N_PORTS = 17700, 12000
_PORT_TRIES = 3


@dataclass(frozen=True)
class ServerAddress:
    """How to reach a running server.

    Attributes
    ----------
    uri : str
        ``bolt://127.0.0.1:port``.
    user, password : str
        Its credentials; the password is left out of the text form.
    """

    uri: str
    user: str
    password: str

    def __repr__(self) -> str:
        """Show all but the password, which must not reach a log."""
        return f"ServerAddress(uri={self.uri!r}, user={self.user!r})"


class ServerState(StrEnum):
    """What the server of a home is doing."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPED = "stopped"
    CRASHED = "crashed"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class ServerStatus:
    """What `LocalNeo4j.status` found.

    Attributes
    ----------
    state : ServerState
        ``crashed``: it ended without being stopped; the next start recovers. ``elsewhere``:
        another machine that shares this folder serves it.
    home : Path
        The home.
    uri : str or None
        Where it answers, when it runs.
    pid : int or None
        Its process, when it runs.
    started_at : float or None
        Seconds since 1970.
    log : Path
        What it says.
    store_bytes : int
        Size of the data on disk.
    machine : str or None
        The machine it runs on.
    """

    state: ServerState
    home: Path
    uri: str | None
    pid: int | None
    started_at: float | None
    log: Path
    store_bytes: int
    machine: str | None


class LocalNeo4j:
    """The Neo4j of one home.

    Parameters
    ----------
    home : Path
        Folder of the database; made when needed.
    memory : ServerMemory, optional
        Default: what suits this machine.
    java_options : sequence of str
        More options for the Java machine.
    settings : mapping of str to str, optional
        More settings of Neo4j, by their names in ``neo4j.conf``.

    Examples
    --------
    >>> with LocalNeo4j(Path("~/cathograph").expanduser()) as address:  # doctest: +SKIP
    ...     print(address.uri)
    """

    def __init__(
        self,
        home: Path,
        *,
        memory: ServerMemory | None = None,
        java_options: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.home = Home(home)
        self._memory = memory
        self._java_options = tuple(java_options)
        self._settings = dict(settings or {})

    def __enter__(self) -> ServerAddress:
        """Start the server."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    def start(self, progress: Say | None = None) -> ServerAddress:
        """Start the server unless it runs, and return its address.

        Parameters
        ----------
        progress : callable, optional
            Called with one line at a time while something slow happens.

        Raises
        ------
        LocalServerError
            When it cannot be started; the message has its last words and what to do.
        """
        with self.home.one_command():
            return self.start_held(progress)

    def start_held(self, progress: Say | None = None) -> ServerAddress:
        """Start as `start` does, for a caller who already holds the home's lock."""
        self.home.prepare()
        password = self.home.password()
        record = self._live_record()
        if record is None:
            record = self._start_anew(password, progress)
        elif not answers_bolt(record.port):
            # A command was killed while it waited; its server goes on starting, or fails as any may.
            try:
                wait_until_started(self.home, record.pid, record.port, log_from=0)
            except PortTaken:
                record = self._start_anew(password, progress)
            except LocalServerError:
                if is_ours(self.home, record.pid):
                    raise
                # It was about to end, for want of memory as a rule; a lasting reason meets the next start too.
                record = self._start_anew(password, progress)
        return ServerAddress(_uri(record.port), USER, password)

    def restart_held(self) -> None:
        """Kill the server and start its process again, without waiting until it answers; the next `start` does.

        For a caller who holds the home's lock, and for a server that reacts to nothing else.
        """
        for pid in find_servers(self.home):
            kill(self.home, pid)
        self.begin_held()

    def begin_held(self) -> None:
        """Start the process, without waiting until it answers, for a caller who holds the home's lock."""
        self.home.prepare()
        program = self._prepared_program(self.home.password(), None)
        self.home.write_record(self._spawn(program, self._preferred_port()))

    def _prepared_program(self, password: str, progress: Say | None) -> JavaProgram:
        self.home.refuse_full_disk()
        program = install(progress)
        write_first_password(self.home, password)
        program.link_plugins(self.home)
        return program

    def _spawn(self, program: JavaProgram, port: int) -> ServerRecord:
        """Start the process on this port, or on the next one that is free."""
        while not is_free(port):
            port = _next_port(port)
        memory = self._memory or ServerMemory.for_this_machine()
        write_configuration(self.home, port, memory, self._settings)
        pid = spawn(self.home, program, memory, self._java_options)
        return ServerRecord.of_this_machine(pid, port)

    def _start_anew(self, password: str, progress: Say | None) -> ServerRecord:
        say = progress or _say_nothing
        program = self._prepared_program(password, progress)
        port = self._preferred_port()
        for _ in range(_PORT_TRIES):
            say("Starting Neo4j …")
            log_from = self.home.log.stat().st_size if self.home.log.exists() else 0
            record = self._spawn(program, port)
            pid, port = record.pid, record.port
            try:
                self.home.write_record(record)
                wait_until_started(self.home, pid, port, log_from=log_from)
            except PortTaken:
                port = _next_port(port)
                continue
            except BaseException:
                # Also on Ctrl-C: nothing half-started stays behind.
                if is_ours(self.home, pid):
                    end(self.home, pid)
                self.home.forget_record()
                raise
            say(f"Neo4j runs at {_uri(port)} and stays until `cathograph db stop`.")
            return record
        self.home.forget_record()
        msg = f"Found every port tried taken by other programs (last {port}); expected a free one. Try again."
        raise LocalServerError(msg)

    def stop(self, progress: Say | None = None, *, forget: bool = False) -> bool:
        """Stop the server; tells whether one ran.

        Parameters
        ----------
        progress : callable, optional
            Called with one line at a time while something slow happens.
        forget : bool
            Forget a server of another machine, which cannot be stopped from here.

        Raises
        ------
        LocalServerError
            When it does not end in time, or another machine serves this home.
        """
        if not self.home.folder.exists():
            return self._end_all(progress)
        with self.home.one_command():
            record = self.home.read_record()
            if forget and record is not None and not record.is_of_this_machine:
                self.home.forget_record()
            return self.stop_held(progress)

    def stop_held(self, progress: Say | None = None) -> bool:
        """Stop as `stop` does, for a caller who already holds the home's lock."""
        running = find_servers(self.home)
        self._live_record()
        self._end_all(progress)
        self.home.forget_record()
        return bool(running)

    def _end_all(self, progress: Say | None) -> bool:
        """End all servers of this home: a second one, from whatever fault, would go on with nobody who knows of it."""
        running = find_servers(self.home)
        for pid in running:
            end(self.home, pid, say=progress)
        return bool(running)

    def status(self) -> ServerStatus:
        """Tell what the server is doing. Never waits, changes nothing."""
        record = self.home.read_record()
        state = ServerState.STOPPED
        if record is not None:
            if is_ours(self.home, record.pid):
                state = ServerState.RUNNING if answers_bolt(record.port) else ServerState.STARTING
            elif not record.is_of_this_machine:
                state = ServerState.ELSEWHERE
            else:
                state = ServerState.CRASHED
        runs = record if state in {ServerState.RUNNING, ServerState.STARTING} else None
        return ServerStatus(
            state=state,
            home=self.home.folder,
            uri=_uri(runs.port) if runs else None,
            pid=runs.pid if runs else None,
            started_at=runs.started_at if runs else None,
            log=self.home.log,
            store_bytes=_size_bytes(self.home.data),
            machine=record.machine if record else None,
        )

    def _live_record(self) -> ServerRecord | None:
        """Find the server that runs for this home, adopting one that no record names."""
        record = self.home.read_record()
        if record is not None:
            if not record.is_of_this_machine and not is_ours(self.home, record.pid):
                msg = (
                    f"Found the home {self.home.folder} served by the machine {record.machine!r}; this is "
                    f"{platform.node()!r}. Stop it there, or use another home; if that machine is gone, "
                    "`cathograph db stop --forget` here."
                )
                raise LocalServerError(msg)
            if is_ours(self.home, record.pid):
                return record
        end_orphaned_tools(self.home)
        unrecorded = find_servers(self.home)
        if not unrecorded:
            return None
        if not self._configuration.exists():
            # Somebody deleted the home under its server: there is no store that it could go on with.
            for pid in unrecorded:
                end(self.home, pid)
            return None
        adopted = ServerRecord.of_this_machine(unrecorded[0], self._configured_port())
        self.home.write_record(adopted)
        return adopted

    def _preferred_port(self) -> int:
        """Choose the port it had last, so that notebooks find it again, else one made from the path."""
        if self._configuration.exists():
            return self._configured_port()
        return _FIRST_PORT + int(sha256(str(self.home.folder).encode()).hexdigest(), 16) % _N_PORTS

    @property
    def _configuration(self) -> Path:
        return self.home.neo4j / "conf" / "neo4j.conf"

    def _configured_port(self) -> int:
        text = self._configuration.read_text(encoding="utf-8")
        line = next(line for line in text.splitlines() if line.startswith("server.bolt.listen_address="))
        return int(line.rsplit(":", 1)[1])


def _size_bytes(folder: Path) -> int:
    """Add up a folder's files while a server makes and removes some of them."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += file.stat().st_size if file.is_file() else 0
    return total


def _uri(port: int) -> str:
    return f"bolt://127.0.0.1:{port}"


def _next_port(port: int) -> int:
    return _FIRST_PORT + (port - _FIRST_PORT + 1) % _N_PORTS


def _say_nothing(_line: str) -> None:
    pass
