"""Backup and restore with a real server and Neo4j's own tools."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import neo4j
import pytest
from database_server import small_server, temporary_home
from repository import ROOT

from cathograph.local_neo4j.backups import back_up, restore
from cathograph.local_neo4j.server import LocalNeo4j, ServerState
from cathograph.schema.errors import LocalServerError

pytestmark = pytest.mark.long


def _names(address):
    with neo4j.GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        return {row["name"] for row in driver.execute_query("MATCH (n:Backed) RETURN n.name AS name").records}


def _add(address, name):
    with neo4j.GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        driver.execute_query("CREATE (:Backed {name: $name})", {"name": name})


def _state(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def backup(own_server, tmp_path_factory):
    """One backup with one node; the server then has a second one."""
    server = own_server.server
    address = server.start()
    _add(address, "before")
    file = tmp_path_factory.mktemp("backups") / "beam time.dump"
    said = []
    written = back_up(server, file, say=said.append)
    assert written == file
    _add(server.start(), "after")
    yield file, said, address
    with neo4j.GraphDatabase.driver(server.start().uri, auth=(address.user, address.password)) as driver:
        driver.execute_query("MATCH (n:Backed) DELETE n")


def test_server_that_ran_runs_again_at_the_same_address(own_server, backup):
    file, said, address = backup
    assert own_server.server.status().state is ServerState.RUNNING
    assert own_server.server.start() == address
    assert any("Writing the backup" in line for line in said)
    assert [other.name for other in file.parent.iterdir()] == [file.name]  # nothing half-made beside it


def test_restore_into_another_home(own_server, backup):
    """All of restore in one empty home, so that only one more server has to be started."""
    file, _, _ = backup
    with temporary_home("second home") as home:
        server = small_server(home)
        restore(server, file)
        assert server.status().state is ServerState.STOPPED  # as it was

        # A second time the home is not empty.
        with pytest.raises(LocalServerError, match=r"Found a database .* --force"):
            restore(server, file)

        # A backup cut short is refused and costs nothing that was there.
        before = _state(server.home.data)
        cut = file.with_name("cut.dump")
        cut.write_bytes(file.read_bytes()[:-1000])
        with pytest.raises(LocalServerError, match=r"unable to load .*damaged"):
            restore(server, cut, force=True)
        cut.unlink()
        assert _state(server.home.data) == before
        assert not (server.home.neo4j / "restoring").exists()

        restore(server, file, force=True)
        address = server.start()
        assert _names(address) == {"before"}
        assert address.password != own_server.server.start().password


@pytest.mark.slow
def test_restore_of_a_running_server_keeps_its_password(own_server, backup):
    file, _, address = backup
    server = own_server.server
    assert _names(address) >= {"before", "after"}
    restore(server, file, force=True)
    assert server.start() == address
    assert _names(address) == {"before"}
    _add(address, "after")


def test_wrong_files_are_refused_and_the_server_keeps_running(own_server, backup, tmp_path):
    server = own_server.server
    pid = server.status().pid
    image = tmp_path / "image.tif"
    image.write_bytes(b"II*\0" + bytes(1000))
    with pytest.raises(LocalServerError, match="not to be a backup"):
        restore(server, image, force=True)
    with pytest.raises(LocalServerError, match="Found no file"):
        restore(server, tmp_path / "none.dump", force=True)
    with pytest.raises(LocalServerError, match="Found no file"):
        restore(server, tmp_path, force=True)
    with pytest.raises(LocalServerError, match="which is no backup; it would be overwritten"):
        back_up(server, image)
    with pytest.raises(LocalServerError, match="which is no backup"):
        back_up(server, tmp_path)
    with pytest.raises(LocalServerError, match="Found no folder"):
        back_up(server, tmp_path / "none" / "x.dump")
    assert image.read_bytes() == b"II*\0" + bytes(1000)
    assert server.status().pid == pid


def test_nothing_to_back_up(tmp_path):
    with pytest.raises(LocalServerError, match="Found no database"):
        back_up(LocalNeo4j(tmp_path / "home"), tmp_path / "x.dump")


@pytest.mark.slow
def test_killed_backup_leaves_a_server_that_starts(own_server, backup, tmp_path):
    server = own_server.server
    server.start()
    file = tmp_path / "killed.dump"
    code = (
        "import sys; from pathlib import Path\n"
        "from cathograph.local_neo4j.backups import back_up; from database_server import small_server\n"
        "say = lambda line: print(line, flush=True)\n"
        "back_up(small_server(Path(sys.argv[1])), Path(sys.argv[2]), say=say)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    command = subprocess.Popen(
        [sys.executable, "-c", code, str(server.home.folder), str(file)],
        env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in command.stdout:
        if "Writing the backup" in line:
            break
    command.send_signal(signal.SIGKILL)
    command.communicate()
    assert not file.exists()
    assert "before" in _names(server.start())  # the killed command's dump is ended, not waited on
    assert back_up(server, file) == file
    assert list(tmp_path.iterdir()) == [file]
