"""The home's files, locks and refusals; no server is started here."""

import errno
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from repository import ROOT

from cathograph import home as home_module
from cathograph.home import Home, ServerRecord
from cathograph.local_neo4j.config import ServerMemory, configuration
from cathograph.local_neo4j.server import LocalNeo4j, ServerState
from cathograph.schema.errors import LocalServerError


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def test_nobody_else_may_read_a_home(home):
    home.prepare()
    password = home.password()
    assert home.password() == password
    assert len(password) >= 24
    assert (home.folder / "neo4j-password").stat().st_mode & 0o777 == 0o600
    assert home.folder.stat().st_mode & 0o777 == 0o700
    assert home.neo4j.stat().st_mode & 0o777 == 0o700


def test_two_homes_have_two_passwords(tmp_path):
    homes = Home(tmp_path / "a"), Home(tmp_path / "b")
    for one in homes:
        one.prepare()
    assert homes[0].password() != homes[1].password()


def test_lost_password_is_told(home):
    home.prepare()
    home.password()
    (home.data / "databases" / "system").mkdir(parents=True)
    (home.folder / "neo4j-password").unlink()
    with pytest.raises(LocalServerError, match="but not its password"):
        home.password()


def test_home_under_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalServerError, match=r"unusable: a file stands where a folder should be.*--home"):
        LocalNeo4j(tmp_path / "file" / "home").start()


def test_home_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalServerError, match="a file stands where a folder should be"):
        LocalNeo4j(tmp_path / "file").start()


def test_home_with_a_too_long_path(tmp_path):
    with pytest.raises(LocalServerError, match="its path is too long for this system"):
        LocalNeo4j(tmp_path / ("x" * 300)).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_home_that_may_not_be_written(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(LocalServerError, match="may not be written by this user"):
        LocalNeo4j(tmp_path / "locked" / "home").start()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "its disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "this user"),
    ],
)
def test_what_the_system_refuses_is_told(home, number, words):
    with pytest.raises(LocalServerError, match=words), home.explained():
        raise OSError(number, os.strerror(number), str(home.folder))


def test_nearly_full_disk_is_refused_before_starting(home, monkeypatch):
    home.prepare()
    monkeypatch.setattr(home_module, "LEAST_FREE_MB", 10**12)
    with pytest.raises(LocalServerError, match=r"MB free where the home .* lies; expected at least"):
        home.refuse_full_disk()


def test_damaged_record_counts_as_none(home):
    home.prepare()
    for text in ("", '{"pid": 1', '{"pid": 1}', "[]"):
        (home.folder / "server.json").write_text(text)
        assert home.read_record() is None


def test_nothing_there_is_stopped(tmp_path):
    server = LocalNeo4j(tmp_path / "none")
    assert server.status().state is ServerState.STOPPED
    assert server.stop() is False
    assert not (tmp_path / "none").exists()


def test_process_number_given_to_another_program_is_not_ours(home):
    """The record names this very process: it must neither count as the server nor be ended."""
    home.prepare()
    home.write_record(ServerRecord(os.getpid(), platform.node(), 17777, time.time()))
    server = LocalNeo4j(home.folder)
    assert server.status().state is ServerState.CRASHED
    assert server.stop() is False
    assert server.status().state is ServerState.STOPPED


def test_home_served_by_another_machine(home):
    home.prepare()
    home.write_record(ServerRecord(1, "beamline-7", 17777, time.time()))
    server = LocalNeo4j(home.folder)
    assert server.status().state is ServerState.ELSEWHERE
    for order in (server.start, server.stop):
        with pytest.raises(LocalServerError, match="served by the machine 'beamline-7'"):
            order()
    assert server.stop(forget=True) is False
    assert server.status().state is ServerState.STOPPED


def test_a_machine_that_was_named_anew_is_the_same(home):
    home.prepare()
    here = ServerRecord.of_this_machine(1, 17777)
    if not here.machine_id:
        pytest.skip("this system has no identity apart from its name")
    home.write_record(replace(here, machine="before"))
    server = LocalNeo4j(home.folder)
    assert server.status().state is ServerState.CRASHED
    assert server.stop() is False
    home.write_record(replace(here, machine="other", machine_id="0" * 32))
    assert server.status().state is ServerState.ELSEWHERE
    old = {"pid": 1, "machine": platform.node(), "port": 17777, "started_at": 0.0}
    (home.folder / "server.json").write_text(json.dumps(old))
    assert server.status().state is ServerState.CRASHED, "a record of an older version"


def test_exchange_cut_short_goes_back_or_forward(home):
    home.prepare()
    (home.data / "old").touch()
    # Killed between the two renames: the new data never came, the old come back.
    home.data.rename(home.neo4j / "data-before")
    home.prepare()
    assert [file.name for file in home.data.iterdir()] == ["old"]
    # Killed after the second: the new data stand, the old go.
    home.data.rename(home.neo4j / "data-before")
    home.data.mkdir()
    (home.data / "new").touch()
    home.prepare()
    assert [file.name for file in home.data.iterdir()] == ["new"]
    assert not (home.neo4j / "data-before").exists()


def test_second_command_waits_and_then_says_so(home):
    with home.one_command():
        done = _python("Home(Path(sys.argv[1])).one_command(wait_s=0.1).__enter__()", home)
        assert done.returncode == 1
        assert "another command at work" in done.stderr
    with home.one_command(wait_s=0.1):
        pass


def test_writers_share_and_a_backup_waits_for_them(home):
    order = []
    first_writes, paused = threading.Event(), threading.Event()

    def write(name: str, until: threading.Event) -> None:
        with home.writing():
            order.append(f"{name} writes")
            first_writes.set()
            until.wait(30)
            order.append(f"{name} done")

    def back_up() -> None:
        with home.writers_paused():
            order.append("backup")
            paused.set()

    let_go = threading.Event()
    writer = threading.Thread(target=write, args=("a", let_go))
    writer.start()
    first_writes.wait(30)
    with home.writing(wait_s=0):  # a second writer at the same time
        order.append("b writes")
    backup = threading.Thread(target=back_up)
    backup.start()
    # The backup waits for a, and lets no new writer in meanwhile.
    give_up = time.monotonic() + 30
    refused = ""
    while not refused and time.monotonic() < give_up:
        try:
            with home.writing(wait_s=0):
                time.sleep(0.01)
        except LocalServerError as error:
            refused = str(error)
    assert "a backup or restore holding the home" in refused
    assert not paused.is_set()
    let_go.set()
    writer.join()
    backup.join()
    assert order == ["a writes", "b writes", "a done", "backup"]
    with home.writing(wait_s=5):
        pass


def test_backup_gives_up_on_a_writer_that_does_not_end(home):
    with home.writing(), pytest.raises(LocalServerError, match="an ingest that is still writing"):
        home.writers_paused(wait_s=0.1).__enter__()


def test_locks_of_a_killed_process_fall(home):
    code = (
        "home = Home(Path(sys.argv[1]))\nwith home.writers_paused(), home.one_command():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + code, str(home.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(LocalServerError):
        home.writing(wait_s=0).__enter__()
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with home.writing(wait_s=5), home.one_command(wait_s=5):
        pass


@pytest.mark.parametrize("given", ["lots", "-5", "10", "2.5", ""])
def test_unusable_memory_setting(monkeypatch, given):
    monkeypatch.setenv("CATHOGRAPH_HEAP_MB", given)
    with pytest.raises(LocalServerError, match=r"CATHOGRAPH_HEAP_MB=.*at least 256"):
        ServerMemory.for_this_machine()


def test_memory_suits_the_machine(monkeypatch):
    monkeypatch.delenv("CATHOGRAPH_HEAP_MB", raising=False)
    memory = ServerMemory.for_this_machine()
    assert 512 <= memory.heap_mb <= 4096
    monkeypatch.setenv("CATHOGRAPH_HEAP_MB", "777")
    assert ServerMemory.for_this_machine().heap_mb == 777


def test_container_is_hardened_like_the_local_server():
    """Every protection of the local server's configuration is in docker-compose.yml too."""
    import yaml

    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    service = compose["services"]["neo4j"]
    # Neo4j's image: dots become underscores, underscores are doubled.
    in_container = {
        name.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_"): value
        for name, value in service["environment"].items()
    }
    lines = [line for line in configuration(7687, ServerMemory(1000, 100)).splitlines() if line[0] != "#"]
    local = dict(line.split("=", 1) for line in lines)
    protections = {
        "dbms.security.procedures.unrestricted",
        "dbms.security.allow_csv_import_from_file_urls",
        "internal.dbms.cypher_ip_blocklist",
        "dbms.usage_report.enabled",
    }
    assert {name: in_container[name] for name in protections} == {name: local[name] for name in protections}
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert ":?" in service["environment"]["NEO4J_AUTH"]  # no default password


def test_imports_where_there_is_no_flock():
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['fcntl'] = None; import cathograph.local_neo4j.server"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


_PRELUDE = "import sys\nfrom pathlib import Path\nfrom cathograph.home import Home\n"


def _python(code: str, home: Home) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _PRELUDE + code, str(home.folder)], check=False, capture_output=True, text=True
    )
