"""The service from inside: what only the order of two threads decides, and what it asks of the queue."""

import os
import signal
import threading
import time
from contextlib import contextmanager
from functools import partial

import psutil
import pytest
import tifffile

from cathograph.ingest.options import ServiceSettings
from cathograph.ingest.service.service import serve
from cathograph.phantom.microstructure import make_microstructure
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import connect
from cathograph.queries.writing.jobs import retry, states

PHASES = "0=background,1=SSE,2=NMC,3=Graphite"
PATIENCE_S = 600


class Opened:
    """An open store, as a worker has it."""

    def __init__(self, connection):
        self.connection = connection

    @contextmanager
    def writing(self):
        yield


@contextmanager
def open_in_worker(uri, user, password):
    with connect(uri, user, password) as connection:
        yield Opened(connection)


class LateRenewal:
    """A connection whose renewals of leases are done between two attempts, and answered in the second.

    That is what a busy server does once in a thousand times.
    """

    def __init__(self, connection, main_thread):
        self._connection = connection
        self._main = main_thread
        self.late = 0

    def __getattr__(self, name):  # noqa: D105
        return getattr(self._connection, name)

    def state(self):
        jobs = run(self._connection, load("jobs"), {})
        return (jobs["state"][0], int(jobs["attempts"][0])) if len(jobs) else None

    def wait_for(self, state):
        until = time.monotonic() + PATIENCE_S
        while self.state() != state and time.monotonic() < until:
            time.sleep(0.01)

    def write(self, work, **options):
        if threading.get_ident() == self._main or self.late:
            return self._connection.write(work, **options)
        self.late += 1
        self.wait_for(("queued", 1))
        answer = self._connection.write(work, **options)
        self.wait_for(("running", 2))
        return answer


def kill_first_worker(store, late):
    """Wait until the job runs and a renewal of its lease waits, then kill the process that does it."""
    me = psutil.Process()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if run(store, load("jobs"), {})["state"].tolist() == ["running"]:
            workers = [each for each in me.children() if "spawn_main" in " ".join(each.cmdline())]
            if workers and late.late:
                os.kill(workers[0].pid, signal.SIGKILL)
                return
        time.sleep(0.02)


@pytest.mark.neo4j
def test_a_late_answer_about_an_attempt_that_ended_does_not_stop_the_next(
    clean_store, neo4j_server, tmp_path
):
    """It did: the second attempt was taken for lost and stopped, and a third was needed."""
    neo4j_server.empty_of_data()
    (tmp_path / "beamtime.yaml").write_text(
        f"pixel_size_nm: 30\nfiles:\n  - {{pattern: '*.tif', as: phases, phases: '{PHASES}', sample: s}}\n"
    )
    tifffile.imwrite(tmp_path / "1.tif", make_microstructure((96, 96), preset="BLE", seed=1).phases)
    address = (neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    with connect(*address) as connection:
        late = LateRenewal(connection, threading.get_ident())
        killer = threading.Thread(target=kill_first_worker, args=(clean_store, late))

        @contextmanager
        def open_here():
            yield Opened(late)

        stop = threading.Event()
        done = threading.Thread(target=lambda: (late.wait_for(("done", 2)), stop.set()))
        killer.start()
        said = []
        options = ServiceSettings(settle_s=0.2, poll_s=0.5, lease_s=0.9 + 0.3, pause_s=0.5, events=False)
        done.start()
        serve(
            tmp_path,
            open_here,
            options,
            say=said.append,
            show=lambda _standing: None,
            stop=stop,
            open_on_worker=partial(open_in_worker, *address),
        )
        done.join()
        killer.join()
    assert late.late == 1
    assert not [line for line in said if line.startswith("stopped")], said
    jobs = run(clean_store, load("jobs"), {})
    assert (jobs["state"][0], jobs["attempts"][0]) == ("done", 2)
    assert states(clean_store, [jobs["job"][0]])[jobs["job"][0]].deaths == 1


class Counted:
    """A connection that counts the identifiers it is asked about."""

    def __init__(self, connection):
        self._connection = connection
        self.asked = 0

    def __getattr__(self, name):  # noqa: D105
        return getattr(self._connection, name)

    def read(self, text, parameters=None, **options):
        self.asked += len((parameters or {}).get("ids", ()))
        return self._connection.read(text, parameters, **options)


@pytest.mark.neo4j
def test_what_is_over_is_hardly_asked_about_and_yet_may_be_retried(clean_store, neo4j_server, tmp_path):
    """An idle service with thousands of files would else ask about every one of them twice a second."""
    neo4j_server.empty_of_data()
    (tmp_path / "beamtime.yaml").write_text(
        f"pixel_size_nm: 30\nfiles:\n  - {{pattern: '*.tif', as: phases, phases: '{PHASES}', sample: s}}\n"
    )
    files = 20
    for number in range(files):
        (tmp_path / f"{number}.tif").write_bytes(f"no image {number}".encode())
    address = (neo4j_server.uri, neo4j_server.user, neo4j_server.password)
    stop, said, asked_while_idle = threading.Event(), [], []
    with connect(*address) as connection, connect(*address) as beside:
        counted = Counted(connection)

        @contextmanager
        def open_here():
            yield Opened(counted)

        def look_from_outside():
            try:
                until = time.monotonic() + PATIENCE_S
                while len(said) < files and time.monotonic() < until:
                    time.sleep(0.05)
                time.sleep(1)
                before = counted.asked
                time.sleep(4)
                asked_while_idle.append(counted.asked - before)
                retry(beside, ["7.tif"])
                while len(said) < files + 1 and time.monotonic() < until:
                    time.sleep(0.05)
            finally:
                stop.set()

        outside = threading.Thread(target=look_from_outside)
        outside.start()
        serve(
            tmp_path,
            open_here,
            ServiceSettings(settle_s=0.2, poll_s=0.1, events=False),
            say=said.append,
            show=lambda _standing: None,
            stop=stop,
            open_on_worker=partial(open_in_worker, *address),
        )
        outside.join()
    assert len(said) == files + 1, said
    assert said[-1].startswith("failed 7.tif"), said
    # Ten times a second about each were some 800.
    assert asked_while_idle[0] <= 4 * files
