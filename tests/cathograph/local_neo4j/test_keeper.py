"""Queries that hang or take all memory, on a real server: they end in time, and the next one is answered."""

import os
import signal
import subprocess
import sys
import threading
import time

import neo4j
import numpy as np
import psutil
import pytest
import tifffile
from database_server import QUICK, temporary_home

from cathograph.local_neo4j.config import ServerMemory
from cathograph.local_neo4j.keeper import LocalKeeper
from cathograph.local_neo4j.server import LocalNeo4j, ServerState
from cathograph.queries.catalog import adhoc
from cathograph.queries.reading.runner import ask, run
from cathograph.queries.server.cancelling import cancel
from cathograph.queries.server.connection import connect
from cathograph.schema.errors import DatabaseError, QueryTimeout

pytestmark = [pytest.mark.neo4j, pytest.mark.long]

HANGS = f'RETURN "{"a" * 40}!" =~ "(.*a){{25}}$" AS x'
"""Hours inside of one regular expression, which looks at no time limit."""

LONG_PLAN = f"MATCH p = (a){''.join(f'--(n{i})' for i in range(60))} RETURN count(*) AS n"
TAKES_ALL = "RETURN size([i IN range(1, 200000000) | [i]]) AS n"
REACTS_S = 2 + 5
"""What waiting adds to a time limit: the server is given 2 s, and its thread 5 s to react."""

AROUND_S = 15
"""For killing a process on a busy machine, and starting the next."""

LITTLE = ServerMemory(heap_mb=256, page_cache_mb=64)


@pytest.fixture(scope="module")
def server():
    with temporary_home() as home:
        server = LocalNeo4j(home, memory=LITTLE, java_options=QUICK)
        server.start()
        yield server
        # Some test may have failed with a query that hangs, and a stop would wait for it.
        LocalKeeper(server).restart(time.time())


def opened(server, *, kept=True):
    address = server.start()
    keeper = LocalKeeper(server) if kept else None
    return connect(address.uri, address.user, address.password, keeper=keeper)


def seconds_of(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began


def answers(store):
    assert run(store, adhoc("RETURN 1 AS one"), timeout_s=60)["one"].tolist() == [1]


def wait_for(fact, seconds=60):
    give_up = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_a_query_that_hangs_ends_in_time_and_the_same_connection_goes_on(server):
    with opened(server) as store:
        answers(store)
        pid = server.status().pid

        def hang():
            with pytest.raises(QueryTimeout, match=r"limit of 2 s.* started again"):
                run(store, adhoc(HANGS), timeout_s=2)

        assert seconds_of(hang) < 2 + REACTS_S + AROUND_S
        answers(store)
        assert server.status().pid != pid
        assert not psutil.pid_exists(pid)


def test_what_reacts_late_ends_in_time(server):
    with opened(server) as store:
        for text in (LONG_PLAN, "UNWIND range(1, 1000000000) AS x RETURN x"):

            def late(text=text):
                with pytest.raises(QueryTimeout, match="limit of 2 s"):
                    run(store, adhoc(text), timeout_s=2)

            assert seconds_of(late) < 2 + REACTS_S + AROUND_S
            answers(store)


def test_a_server_without_memory_is_started_again(server):
    with opened(server) as store:
        pid = server.status().pid
        with pytest.raises(DatabaseError, match=r"memory did not suffice.*CATHOGRAPH_HEAP_MB"):
            run(store, adhoc(TAKES_ALL), timeout_s=120)
        answers(store)
        assert server.status().pid != pid


def test_two_queries_that_hang_cost_one_restart(server):
    """The second finds a server that was started after it was asked."""
    with opened(server) as store:
        answers(store)
        asked = time.time()
        keeper = LocalKeeper(server)
        keeper.restart(asked)
        pid = server.status().pid
        keeper.restart(asked)
        assert server.status().pid == pid
        answers(store)


def test_a_stopped_server_is_not_started_by_a_keeper(server):
    keeper = LocalKeeper(server)
    server.stop()
    keeper.restart(time.time())
    assert not keeper.wait_for_server()
    assert keeper.revive(time.time()) is None
    assert server.status().state is ServerState.STOPPED
    server.start()


def test_a_server_of_the_users_own_is_told_of_and_left_alone(server):
    with opened(server, kept=False) as store:
        pid = server.status().pid
        with pytest.raises(QueryTimeout, match=r"limit of 5 s.*administrator"):
            run(store, adhoc(HANGS), timeout_s=5)
        assert server.status().pid == pid
        answers(store)
    LocalKeeper(server).restart(time.time())


def test_cancelling_ends_the_waiting_for_a_query_that_hangs(server):
    with opened(server, kept=False) as store:
        said = []

        def hang():
            try:
                ask(store, adhoc(HANGS), timeout_s=300, tag="mine")
            except QueryTimeout as error:
                said.append(str(error))

        waiting = threading.Thread(target=hang)
        waiting.start()
        time.sleep(3)
        assert cancel(store, "mine")
        waiting.join(REACTS_S + AROUND_S)
        assert not waiting.is_alive()
        assert len(said) == 1
        answers(store)
    LocalKeeper(server).restart(time.time())


def test_the_first_ctrl_c_ends_a_command(server):
    server.start()
    environment = os.environ | {"CATHOGRAPH_HOME": str(server.home.folder)}
    command = subprocess.Popen(
        [sys.executable, "-m", "cathograph", "query", "-"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # In the background of a shell without jobs, programs are started deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    command.stdin.write(HANGS)
    command.stdin.close()
    address = server.start()
    with neo4j.GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver:
        running = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery STARTS WITH 'RETURN \"a' RETURN 1"
        wait_for(lambda: driver.execute_query(running).records, 120)
    command.send_signal(signal.SIGINT)
    assert seconds_of(lambda: command.wait(120)) < REACTS_S + AROUND_S
    assert command.returncode != 0
    command.stdout.close()
    command.stderr.close()
    with opened(server) as store:
        answers(store)


def test_an_ingest_waits_out_a_restart_and_loses_nothing(server, tmp_path):
    """Another process writes images while a query that hangs has the server killed and started."""
    n_images = 12
    files = []
    for number in range(n_images):
        image = np.zeros((64, 64), np.uint8)
        image[8:40, 8:40], image[8:40, 40:60], image[50, number] = 1, 2, 1
        files.append(str(tmp_path / f"i{number:02}.tif"))
        tifffile.imwrite(files[-1], image)
    server.start()
    options = "--sample restarted --as phases --phases 0=background,1=NMC,2=SSE --pixel-size-nm 50"
    ingest = subprocess.Popen(
        [sys.executable, "-m", "cathograph", "ingest", *files, *options.split()],
        env=os.environ | {"CATHOGRAPH_HOME": str(server.home.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    n_done = adhoc("MATCH (:Sample {id: 'restarted'})<-[:OF]-(i:Image) RETURN count(i) AS n")
    with opened(server) as store:
        wait_for(lambda: run(store, n_done)["n"][0] > 1, 200)
        LocalKeeper(server).restart(time.time())
        said, _ = ingest.communicate(timeout=300)
        assert ingest.returncode == 0, said
        assert "Traceback" not in said
        assert run(store, n_done)["n"].tolist() == [n_images]
