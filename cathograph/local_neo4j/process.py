"""The server as a process: starting it apart from us, knowing it again, waiting, ending it.

It is started in a session of its own, so it outlives the command and no Ctrl-C reaches it. It
is known again by its process number, its main class and its working directory, compared by device
and inode: no second path to a home hides it, and a process number that the system has meanwhile
given to another program is not taken for ours.
"""

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from cathograph.home import Home
from cathograph.local_neo4j.config import ServerMemory
from cathograph.local_neo4j.java_program import ADMIN_CLASS, SERVER_CLASS, JavaProgram
from cathograph.schema.errors import LocalServerError

START_WAIT_S = 300
# A checkpoint of a large store on a slow disk takes minutes; cut short, the next start has to do it.
STOP_WAIT_S = 300
_LOADING_S = 1.0
_KILL_WAIT_S = 30.0

# Kept so that the operating system's note of a server that ends while we live is taken off by us.
_children: dict[int, "subprocess.Popen[bytes]"] = {}


class PortTaken(Exception):  # noqa: N818  handled by the caller, never seen by users
    """Between our choice and the server's start another program took the port."""


def spawn(home: Home, program: JavaProgram, memory: ServerMemory, java_options: Sequence[str] = ()) -> int:
    """Start the server apart from this process and return its process number."""
    options = (
        "-Xms128m",
        f"-Xmx{memory.heap_mb}m",
        # An idle server gives memory back to the system.
        "-XX:G1PeriodicGCInterval=60000",
        # A server that runs out of memory stops, says so, and is restarted; left half alive it would block its callers.
        "-XX:+ExitOnOutOfMemoryError",
        # Neo4j closes its standard output once it runs, so a file tells why; relative to its working directory.
        f"-XX:OnOutOfMemoryError=touch {out_of_memory_mark(home).relative_to(home.neo4j)}",
        "-XX:-OmitStackTraceInFastThrow",
        # Nothing outside the home: no statistics file, no unpacked libraries in the system's folder.
        "-XX:-UsePerfData",
        f"-Djava.io.tmpdir={home.neo4j / 'run'}",
        f"-XX:ErrorFile={home.neo4j / 'logs' / 'java-crash.log'}",
        "-Djdk.nio.maxCachedBufferSize=1024",
        "-Dio.netty.tryReflectionSetAccessible=true",
        "-Dlog4j2.disable.jmx=true",
        *java_options,
    )
    folders = (f"--home-dir={home.neo4j}", f"--config-dir={home.neo4j / 'conf'}")
    command = program.command(home, SERVER_CLASS, folders, options=options)
    with home.explained(), home.console.open("wb") as console:
        out_of_memory_mark(home).unlink(missing_ok=True)
        process = subprocess.Popen(  # noqa: S603  our own program, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env=program.environment(home.neo4j),
            cwd=home.neo4j,
            start_new_session=True,
        )
    _children[process.pid] = process
    return process.pid


def out_of_memory_mark(home: Home) -> Path:
    """Name the file that is there when the last server of a home ended for want of memory."""
    return home.neo4j / "run" / "out-of-memory"


def is_ours(home: Home, pid: int) -> bool:
    """Tell whether this process number is a live server of this home."""
    return _runs(home, pid, SERVER_CLASS)


def find_servers(home: Home) -> list[int]:
    """Look through all processes for servers of this home; more than one is a fault that `stop` ends.

    One that no record names is left when a command is killed between starting the server and noting it.
    """
    return [pid for pid in psutil.pids() if is_ours(home, pid)]


def end_orphaned_tools(home: Home) -> None:
    """End a dump or load whose command was killed; whoever holds the home's lock started none of them.

    They only read the store or write beside it, and would keep the server out of it.
    """
    for pid in psutil.pids():
        if _runs(home, pid, ADMIN_CLASS):
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended in the meantime
                tool = psutil.Process(pid)
                tool.terminate()
                psutil.wait_procs([tool], timeout=30)


def _runs(home: Home, pid: int, main_class: str) -> bool:
    """Tell whether a live process runs this class in the folder of this home's Neo4j.

    The system keeps a working directory while a process has it, so its inode is never another folder's. A home that
    was deleted under its server is known by the path alone, which the system then marks as deleted.
    """
    if pid in _children:
        _children[pid].poll()
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        command = process.cmdline()
        waited_s = 0.0
        # While a program is being loaded its command line is empty for a moment; the system's own threads have none.
        while not command and pid in _children and waited_s < _LOADING_S:
            time.sleep(0.01)
            waited_s += 0.01
            command = process.cmdline()
        return main_class in command and (home.is_in(process.cwd()) or _ran_in_deleted(home, pid))
    except psutil.Error:  # gone meanwhile, or another user's
        return False


def _ran_in_deleted(home: Home, pid: int) -> bool:
    """Tell whether a process works in the folder of this home's Neo4j, and that folder was deleted."""
    try:
        folder = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:  # gone meanwhile, or a system without /proc
        return False
    return str(folder) == f"{home.neo4j} (deleted)"


def answers_bolt(port: int) -> bool:
    """Tell whether a Neo4j answers on this port of the loopback, by the first step of its protocol."""
    magic_and_versions = b"\x60\x60\xb0\x17" + b"\x00\x00\x04\x05" + b"\x00" * 12
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as wire:
            wire.sendall(magic_and_versions)
            answer = wire.recv(4)
    except OSError:
        return False
    return len(answer) == 4 and answer != b"HTTP"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of the loopback now."""
    with socket.socket() as probe:
        # As servers do: a port in the quiet minute after its last use is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until_started(
    home: Home, pid: int, port: int, *, log_from: int, wait_s: float = START_WAIT_S
) -> None:
    """Wait until the server says that it is up and answers.

    Parameters
    ----------
    log_from : int
        Length of the log before the start; what stands before tells of earlier runs.

    Raises
    ------
    PortTaken
        When it ended because the port is taken.
    LocalServerError
        When it ended for another reason or is not up in time; the message has its last words.
    """
    give_up = time.monotonic() + wait_s
    while True:
        alive = is_ours(home, pid)
        text = _read_from(home.log, log_from)
        if alive and " Started." in text and answers_bolt(port):
            return
        if not alive:
            if "Address already in use" in text:
                raise PortTaken
            raise LocalServerError(_why_it_ended(home, text))
        if time.monotonic() > give_up:
            msg = (
                f"Found the local Neo4j not up after {wait_s:.0f} s; its last words: "
                f"{_last_words(home, text)}. Expected it "
                f"within half a minute. Read {home.log}; on a slow machine run the command again."
            )
            raise LocalServerError(msg)
        time.sleep(0.1)


def end(
    home: Home, pid: int, *, wait_s: float = STOP_WAIT_S, say: Callable[[str], None] | None = None
) -> None:
    """Ask the server to end, as Neo4j wants it, and wait until it has.

    It is never killed: a store killed while it writes has to be recovered. `kill` is for a server that does not react.

    Raises
    ------
    LocalServerError
        When it has not ended in time.
    """
    psutil.Process(pid).terminate()
    asked = time.monotonic()
    told = False
    while is_ours(home, pid):
        waited = time.monotonic() - asked
        if waited > wait_s:
            msg = (
                f"Found the local Neo4j (process {pid}) still closing its store after {wait_s:.0f} s; "
                f"expected it to end. Give it time, ask `cathograph db status`; it reports in {home.log}."
            )
            raise LocalServerError(msg)
        if waited > 10 and not told and say is not None:
            say("Neo4j is writing its store to disk …")
            told = True
        time.sleep(0.05)
    _forget_child(pid)


def kill(home: Home, pid: int) -> None:
    """End a server at once, as a loss of power would; the next start recovers its store from its logs.

    Raises
    ------
    LocalServerError
        When the system does not end it.
    """
    with contextlib.suppress(psutil.NoSuchProcess):  # it ended in the meantime
        psutil.Process(pid).kill()
    give_up = time.monotonic() + _KILL_WAIT_S
    while is_ours(home, pid):
        if time.monotonic() > give_up:
            msg = (
                f"Found the local Neo4j (process {pid}) still there {_KILL_WAIT_S:.0f} s after it was killed; expected "
                "the system to end it. Its disk may not answer; look at the system's log."
            )
            raise LocalServerError(msg)
        time.sleep(0.05)
    _forget_child(pid)


def _forget_child(pid: int) -> None:
    """Take the note of an ended child off the system."""
    child = _children.pop(pid, None)
    if child is not None:
        child.wait()


def _read_from(file: Path, start: int) -> str:
    try:
        with file.open("rb") as stream:
            stream.seek(start)
            return stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


_KNOWN_CAUSES = (
    ("No space left on device", "the disk is full: make room, then start again"),
    ("Could not reserve enough space", "this machine has too little memory: set CATHOGRAPH_HEAP_MB lower"),
    ("OutOfMemoryError", "the memory did not suffice: set CATHOGRAPH_HEAP_MB higher"),
    ("has been locked by another process", "another server uses this store: stop it, or use another home"),
    ("Permission denied", "a file of the home may not be read or written by this user"),
)


def _why_it_ended(home: Home, log: str) -> str:
    words = _last_words(home, log)
    everything = log + _read_from(home.console, 0)
    cause = next((advice for sign, advice in _KNOWN_CAUSES if sign in everything), "")
    hint = f"Most likely {cause}" if cause else "Fix what it names, then start again"
    return (
        f"Found the local Neo4j ended while starting: {words}. {hint}. More in {home.log} and {home.console}."
    )


def _last_words(home: Home, log: str) -> str:
    """Pick the lines that tell what went wrong, else the last ones."""
    said = [line.strip() for line in log.splitlines() if line.strip()]
    told = [line for line in said if re.search(r"\bERROR\b|Caused by:", line)]
    java = [line.strip() for line in _read_from(home.console, 0).splitlines() if line.strip()]
    words = (told or java or said)[-3:]
    return " | ".join(line[:200] for line in words) or "it said nothing"
