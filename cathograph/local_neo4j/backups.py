"""Backup and restore of a local database.

Community has no online backup, so the server is down while its store is copied: new writers
wait, the present ones are waited for, the server stops, Neo4j's own tool dumps or loads, the
server starts again. Nothing is replaced before its successor is whole: a backup is written
beside its place and renamed, a restore is loaded beside the present data and exchanged for them,
so a truncated file or a killed command costs nothing that was there.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cathograph.home import Home
from cathograph.local_neo4j.java_program import ADMIN_CLASS, JavaProgram, install
from cathograph.local_neo4j.server import LocalNeo4j
from cathograph.schema.errors import LocalServerError

Say = Callable[[str], None]

# Neo4j writes the first; the second is its older, gzip form, which it still loads.
_DUMP_SIGNS = (b"DZV1", b"DGV1")
_DATABASE = "neo4j"


def back_up(server: LocalNeo4j, file: Path, *, say: Say | None = None) -> Path:
    """Dump the database of a home into one file.

    Parameters
    ----------
    server : LocalNeo4j
        The server; it runs afterwards when it ran before.
    file : Path
        File to write; an older backup of that name is replaced when the new one is whole.
    say : callable, optional
        Called with one line at a time.

    Returns
    -------
    Path
        Absolute path of the file.

    Raises
    ------
    LocalServerError
        When there is nothing to back up, the file cannot be written, or something else than a
        backup stands in its place.
    """
    home = server.home
    file = file.expanduser().absolute()
    if not home.has_store:
        msg = f"Found no database in {home.folder}; expected one to back up. Name its home with --home."
        raise LocalServerError(msg)
    if not file.parent.is_dir():
        msg = (
            f"Found no folder {file.parent}; expected it, to hold the backup. Make it, or name another file."
        )
        raise LocalServerError(msg)
    if file.is_dir() or (file.exists() and not _is_dump(file)):
        msg = f"Found {file}, which is no backup; it would be overwritten. Name another file."
        raise LocalServerError(msg)
    with home.writers_paused(), home.one_command(), _server_down(server, say):
        program = install(say)
        _tell(say, f"Writing the backup {file} …")
        with _scratch_folder(file.with_name(f".{file.name}.partial")) as scratch:
            _run_admin(home, program, home.neo4j, "dump", f"--to-path={scratch}", "--verbose")
            (scratch / f"{_DATABASE}.dump").replace(file)
    return file


def restore(server: LocalNeo4j, file: Path, *, force: bool = False, say: Say | None = None) -> None:
    """Put a backup in the place of a home's database. The home keeps its own password.

    Parameters
    ----------
    server : LocalNeo4j
        The server; it runs afterwards when it ran before.
    file : Path
        File that `back_up` wrote.
    force : bool
        Replace a database that is there.
    say : callable, optional
        Called with one line at a time.

    Raises
    ------
    LocalServerError
        When the file is no backup or damaged, or a database is there and `force` is not given;
        the home is then as it was.
    """
    home = server.home
    file = file.expanduser().absolute()
    if not file.is_file():
        msg = f"Found no file {file}; expected a backup made by `cathograph db backup`."
        raise LocalServerError(msg)
    if not _is_dump(file):
        msg = f"Found {file} not to be a backup; expected a file made by `cathograph db backup`."
        raise LocalServerError(msg)
    if home.has_store and not force:
        msg = (
            f"Found a database in {home.folder}; expected an empty home to restore into. "
            "Name a new one with --home, or replace this one with --force."
        )
        raise LocalServerError(msg)
    with home.writers_paused(), home.one_command(), _server_down(server, say):
        home.prepare()
        program = install(say)
        _tell(say, f"Loading the backup {file} …")
        with _scratch_folder(home.neo4j / "restoring") as scratch:
            (scratch / "conf").mkdir()
            (scratch / "conf" / "neo4j.conf").touch()
            # The tool takes a folder and finds the file in it by the database's name.
            (scratch / "from").mkdir()
            (scratch / "from" / f"{_DATABASE}.dump").symlink_to(file)
            _run_admin(home, program, scratch, "load", f"--from-path={scratch / 'from'}", "--verbose")
            _keep_users(home, scratch / "data")
            home.exchange_data(scratch / "data")


def _keep_users(home: Home, fresh: Path) -> None:
    """Copy what is not the graph, users and password, beside the restored graph."""
    for part in ("databases/system", "transactions/system", "dbms"):
        present = home.data / part
        if present.exists():
            shutil.copytree(present, fresh / part, dirs_exist_ok=True)


@contextmanager
def _server_down(server: LocalNeo4j, say: Say | None) -> Iterator[None]:
    """Have the server stopped, its store cleanly closed; start it again when it ran."""
    if server.home.read_record() is not None and server.home.has_store:
        # Also one that crashed is started first: the tools refuse a store that is not cleanly closed.
        server.start_held(say)
    ran = server.stop_held(say)
    try:
        yield
    finally:
        if ran:
            server.start_held(say)


@contextmanager
def _scratch_folder(scratch: Path) -> Iterator[Path]:
    """Have a folder for half-made things, new each time and gone afterwards."""
    try:
        if scratch.exists():  # of a command that was killed
            shutil.rmtree(scratch)
        scratch.mkdir(mode=0o700)
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        what = error.strerror or error
        msg = f"Found {scratch.parent} unusable ({what}); expected to write there. Make room or name another."
        raise LocalServerError(msg) from error


def _run_admin(home: Home, program: JavaProgram, neo4j_home: Path, verb: str, *arguments: str) -> None:
    """Run ``neo4j-admin database VERB neo4j`` from the jars."""
    words = ("database", verb, _DATABASE, *arguments)
    command = program.command(home, ADMIN_CLASS, words, options=("-XX:-UsePerfData", "-Xmx1g"))
    done = subprocess.run(  # noqa: S603  our own program, no shell
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=program.environment(neo4j_home),
        cwd=home.neo4j,  # by which a later command finds it, should this one be killed
        umask=0o077,  # a dump holds all data: only the user may read it
        check=False,
    )
    if done.returncode != 0:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        telling = [line for line in said if re.search(r"Caused by|Exception|[Ff]ailed|No space|Reason", line)]
        reason = " | ".join(line[:200] for line in (telling or said)[-3:]) or "it said nothing"
        hint = {
            "dump": "Is there room on the disk? Then try again; the database is as it was.",
            "load": "The file is damaged or from a newer Neo4j. Take another one; the database is as it was.",
        }[verb]
        msg = f"Found Neo4j unable to {verb} the database: {reason}. {hint}"
        raise LocalServerError(msg)


def _is_dump(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(4) in _DUMP_SIGNS
    except OSError as error:
        msg = (
            f"Found {file} unreadable ({error.strerror}); expected a backup. "
            "Change its permissions, or name another file."
        )
        raise LocalServerError(msg) from error


def _tell(say: Say | None, line: str) -> None:
    if say is not None:
        say(line)
