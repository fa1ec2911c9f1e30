"""Fetching the jars: from a small Maven repository of our own making, served on the loopback."""

import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path

import pytest

from cathograph.local_neo4j.jar_lock import (
    LOCK_FILE,
    ROOTS,
    Jar,
    JarLock,
    read_lock,
    resolve_lock,
    write_lock,
)
from cathograph.local_neo4j.jars import fetch_jars, missing_jars
from cathograph.schema.errors import LocalServerError


class Repository:
    """A Maven repository with jars of known content, and a memory of what was asked for."""

    def __init__(self, n_jars: int) -> None:
        self.content: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.cut_short: set[str] = set()  # answers half of these, once
        self.busy: set[str] = set()  # answers 503 to these, once
        self.stall = threading.Event()
        self.stall.set()
        jars = []
        for number in range(n_jars):
            body = f"jar {number} ".encode() * 1000
            jar = Jar(
                "org.example", f"part{number}", "1.0", "", hashlib.sha256(body).hexdigest(), len(body), False
            )
            self.content[jar.repository_path] = body
            jars.append(jar)
        self.lock = JarLock(("org.example:part0:1.0",), tuple(jars))

    def path(self, number: int) -> str:
        return self.lock.jars[number].repository_path


@pytest.fixture
def repository(monkeypatch, tmp_path):
    served = Repository(12)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/maven/")
            served.asked[path] += 1
            if path in served.busy:
                served.busy.discard(path)
                self.send_error(503)
                return
            if path not in served.content:
                self.send_error(404)
                return
            served.stall.wait(30)
            body = served.content[path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if path in served.cut_short:
                served.cut_short.discard(path)
                body = body[: len(body) // 2]
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("CATHOGRAPH_MAVEN_REPOSITORY", f"http://127.0.0.1:{server.server_port}/maven/")
    monkeypatch.setenv("M2_REPO", str(tmp_path / "no-maven"))
    yield served
    served.stall.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_fetches_everything_in_the_order_of_the_list(repository, tmp_path):
    seen = []
    paths = fetch_jars(
        repository.lock, cache=tmp_path, on_bytes=lambda done, total: seen.append((done, total))
    )
    assert [path.read_bytes() for path in paths] == [
        repository.content[j.repository_path] for j in repository.lock.jars
    ]
    # Progress only grows and ends at the whole.
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (repository.lock.size_bytes, repository.lock.size_bytes)


def test_second_time_asks_nothing(repository, tmp_path):
    fetch_jars(repository.lock, cache=tmp_path)
    before = repository.asked.total()
    fetch_jars(repository.lock, cache=tmp_path)
    assert repository.asked.total() == before == 12


@pytest.mark.parametrize(
    "damage", [b"", b"x" * 6000, None], ids=["truncated", "same length, other bytes", "gone"]
)
def test_damaged_cache_is_repaired(repository, tmp_path, damage):
    paths = fetch_jars(repository.lock, cache=tmp_path)
    good = paths[3].read_bytes()
    assert len(good) == 6000  # "jar 3 " a thousand times
    if damage is None:
        paths[3].unlink()
    else:
        paths[3].write_bytes(damage)
    assert missing_jars(repository.lock, cache=tmp_path) == [repository.lock.jars[3]]
    repository.asked.clear()
    fetch_jars(repository.lock, cache=tmp_path)
    assert paths[3].read_bytes() == good
    assert repository.asked == {repository.path(3): 1}


def test_wrong_hash_is_refused_and_not_kept(repository, tmp_path):
    repository.content[repository.path(5)] = b"something else"
    with pytest.raises(LocalServerError, match=r"org\.example:part5:1\.0 with SHA-256 .*; expected"):
        fetch_jars(repository.lock, cache=tmp_path)
    assert repository.lock.jars[5] in missing_jars(repository.lock, cache=tmp_path)
    assert not list(tmp_path.glob("jars/.*.part"))


def test_unknown_file_is_named(repository, tmp_path):
    del repository.content[repository.path(2)]
    with pytest.raises(LocalServerError, match=r"org\.example:part2:1\.0 .*404.* run again"):
        fetch_jars(repository.lock, cache=tmp_path)


def test_goes_on_where_it_failed(repository, tmp_path):
    body = repository.content.pop(repository.path(11))
    with pytest.raises(LocalServerError):
        fetch_jars(repository.lock, cache=tmp_path)
    repository.content[repository.path(11)] = body
    still = missing_jars(repository.lock, cache=tmp_path)
    repository.asked.clear()
    fetch_jars(repository.lock, cache=tmp_path)
    assert set(repository.asked) == {jar.repository_path for jar in still}


def test_broken_line_and_busy_server_are_tried_again(repository, tmp_path):
    repository.cut_short.add(repository.path(1))
    repository.busy.add(repository.path(2))
    fetch_jars(repository.lock, cache=tmp_path)
    assert (repository.asked[repository.path(1)], repository.asked[repository.path(2)]) == (2, 2)


def test_no_network(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("CATHOGRAPH_MAVEN_REPOSITORY", "http://127.0.0.1:1/maven")
    with pytest.raises(LocalServerError, match=r"Check the network"):
        fetch_jars(repository.lock, cache=tmp_path)


def test_cache_that_is_a_file(repository, tmp_path):
    (tmp_path / "cache").write_text("not a folder")
    with pytest.raises(LocalServerError, match=r"cache .* unusable .*CATHOGRAPH_CACHE"):
        fetch_jars(repository.lock, cache=tmp_path / "cache")


def test_full_disk_is_said_before_fetching(repository, tmp_path):
    huge = replace(repository.lock.jars[0], size_bytes=10**18)
    with pytest.raises(LocalServerError, match=r"MB needed, .* MB free"):
        fetch_jars(JarLock((), (huge,)), cache=tmp_path)
    assert repository.asked.total() == 0


def test_takes_from_a_local_maven_repository_what_has_the_right_hash(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    for number, body in ((0, repository.content[repository.path(0)]), (1, b"damaged")):
        place = tmp_path / "m2" / repository.path(number)
        place.parent.mkdir(parents=True)
        place.write_bytes(body)
    fetch_jars(repository.lock, cache=tmp_path / "cache")
    assert repository.asked[repository.path(0)] == 0
    assert repository.asked[repository.path(1)] == 1


_FETCH = """
import json, sys
from pathlib import Path
from cathograph.local_neo4j.jar_lock import Jar, JarLock
from cathograph.local_neo4j.jars import fetch_jars
fetch_jars(JarLock((), tuple(Jar(**jar) for jar in json.loads(sys.argv[1]))), cache=Path(sys.argv[2]))
"""


def _fetch_in_a_process(lock: JarLock, cache: Path) -> "subprocess.Popen[bytes]":
    jars = json.dumps([asdict(jar) for jar in lock.jars])
    return subprocess.Popen([sys.executable, "-c", _FETCH, jars, str(cache)], env=os.environ)


def test_two_processes_at_once_fetch_each_file_once(repository, tmp_path):
    repository.stall.clear()  # so that both are at work before either gets anything
    both = [_fetch_in_a_process(repository.lock, tmp_path) for _ in range(2)]
    _wait_for(lambda: repository.asked.total() >= 12)
    repository.stall.set()
    assert [process.wait(60) for process in both] == [0, 0]
    assert set(repository.asked.values()) == {1}


def test_killed_while_fetching(repository, tmp_path):
    repository.stall.clear()
    process = _fetch_in_a_process(repository.lock, tmp_path)
    _wait_for(lambda: repository.asked.total() >= 12)
    process.send_signal(signal.SIGKILL)
    process.wait()
    repository.stall.set()
    # Nothing in its place that is not whole, and the lock fell with the process.
    assert len(missing_jars(repository.lock, cache=tmp_path)) == 12
    fetch_jars(repository.lock, cache=tmp_path)
    assert missing_jars(repository.lock, cache=tmp_path) == []


def _wait_for(condition) -> None:
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_committed_list():
    text = files("cathograph.local_neo4j").joinpath(LOCK_FILE).read_text()
    lock = read_lock()
    assert lock.roots == ROOTS
    assert "://" not in text  # no host
    names = [jar.file_name for jar in lock.jars]
    assert len(set(names)) == len(names)
    assert {":".join((jar.group, jar.artifact, jar.version)) for jar in lock.jars} >= set(ROOTS)
    # The procedures live in GDS's own jars named proc…, and a few others; never all of them.
    assert {"proc-centrality", "proc-catalog"} <= {jar.artifact for jar in lock.jars if jar.has_procedures}
    assert sum(jar.has_procedures for jar in lock.jars) < 20


def test_list_survives_writing(tmp_path):
    lock = read_lock()
    write_lock(lock, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == files("cathograph.local_neo4j").joinpath(
        LOCK_FILE
    ).read_text()


def test_file_names_follow_maven():
    plain = Jar("io.netty", "netty-common", "4.1", "", "00", 1, False)
    native = replace(plain, classifier="linux-x86_64")
    assert plain.repository_path == "io/netty/netty-common/4.1/netty-common-4.1.jar"
    assert native.file_name == "netty-common-4.1-linux-x86_64.jar"
    assert native.coordinate == "io.netty:netty-common:linux-x86_64:4.1"


@pytest.mark.slow
def test_resolving_again_gives_the_committed_list():
    assert resolve_lock(say=lambda _line: None) == read_lock()
