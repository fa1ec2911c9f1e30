"""A real Dask cluster of two worker processes, one of which is killed: nothing lost, nothing doubled."""

import json
import os
import signal
import threading
import time

import pytest
import tifffile

from cathograph.phantom.microstructure import make_microstructure
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import connect

SPEC = "0=background,1=SSE,2=NMC,3=Graphite"
RULES = f"pixel_size_nm: 30\nfiles:\n  - {{pattern: '*.tif', as: phases, phases: '{SPEC}', sample: s}}\n"
FIELDS = 8
QUICK = ("--settle-s", "0.3", "--poll-s", "1", "--pause-s", "0.2")

# Sockets of workers that were killed are closed by the garbage collector.
pytestmark = [pytest.mark.neo4j, pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "beamtime"
    folder.mkdir()
    (folder / "beamtime.yaml").write_text(RULES)
    for seed in range(FIELDS):
        made = make_microstructure((192, 192), preset="BLE", seed=seed)
        tifffile.imwrite(folder / f"{seed}.tif", made.phases)
    return folder


@pytest.fixture
def cluster(cathograph):
    """Give two worker processes of one thread; their environment names the test server."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


def ingest_here(cathograph, folder):
    files = sorted(folder.glob("*.tif"))
    command = ("ingest", *files, "--as", "phases", "--phases", SPEC, "--sample", "s", "--pixel-size-nm", "30")
    code, _, err = cathograph(*command)
    assert code == 0, err


def kill_one_when_busy(cluster, neo4j_server, killed):
    """Wait until the first image is there, then kill a worker in the middle of the next one."""
    with connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as store:
        until = time.monotonic() + 200
        while "Segmentation" not in counts(store) and time.monotonic() < until:
            time.sleep(0.05)
    nanny = next(iter(cluster.workers.values()))
    killed.append(nanny.pid)
    os.kill(nanny.pid, signal.SIGKILL)


def test_a_worker_killed_under_the_service(cathograph, cluster, folder, clean_store, neo4j_server):
    killed = []
    killer = threading.Thread(target=kill_one_when_busy, args=(cluster, neo4j_server, killed))
    killer.start()
    watch = ("watch", folder, "--once", *QUICK, "--json", "--scheduler", cluster.scheduler_address)
    code, out, err = cathograph(*watch)
    killer.join()
    assert len(killed) == 1
    assert (code, json.loads(out)["jobs"]) == (0, {"done": FIELDS}), err
    assert "Traceback" not in err
    jobs = run(clean_store, load("jobs"), {})
    assert sorted(jobs["file"]) == [f"{seed}.tif" for seed in range(FIELDS)]
    after_a_death = content_hash(clean_store)
    assert len(run(clean_store, load("segmentations"), {})) == FIELDS
    code, out, _ = cathograph(*watch)
    assert (code, json.loads(out)["jobs"]) == (0, {"done": FIELDS})
    # As if it had been ingested here, one after the other.
    assert cathograph("delete", "--sample", "s", "--yes")[0] == 0
    ingest_here(cathograph, folder)
    assert content_hash(clean_store) == after_a_death


def test_ingest_on_the_cluster_is_ingest_here(cathograph, cluster, folder, clean_store):
    (folder / "bad.tif").write_bytes(b"II*\0" + bytes(100))
    files = sorted(folder.glob("*.tif"))
    command = ("ingest", *files, "--as", "phases", "--phases", SPEC, "--sample", "s", "--pixel-size-nm", "30")
    code, out, err = cathograph(*command, "--scheduler", cluster.scheduler_address, "--json")
    found = {row["image"]: row["state"] for row in json.loads(out)}
    assert (code, found) == (1, {**{str(seed): "written" for seed in range(FIELDS)}, "bad": "failed"}), err
    on_the_cluster = content_hash(clean_store)
    (folder / "bad.tif").unlink()
    ingest_here(cathograph, folder)  # unchanged, every one
    assert content_hash(clean_store) == on_the_cluster


def test_files_of_one_name_in_several_folders(cathograph, cluster, folder, clean_store):
    """Two workers would take one name at once, so it is given here, by the rule that holds without a cluster."""
    paths = []
    for number in range(4):
        (folder / f"fov{number}").mkdir()
        paths.append((folder / f"{number}.tif").rename(folder / f"fov{number}" / "mask.tif"))
    how = ("--as", "phases", "--phases", SPEC, "--sample", "s", "--pixel-size-nm", "30")
    on_the_cluster = (*how, "--scheduler", cluster.scheduler_address)
    code, _, err = cathograph("ingest", *paths, *on_the_cluster)
    assert code == 0, err
    query = load("images")
    images = {"mask", "fov1_mask", "fov2_mask", "fov3_mask"}
    assert set(run(clean_store, query, query.bind({"sample": "s"}))["image"]) == images
    before = content_hash(clean_store)
    assert cathograph("ingest", *paths, *how)[0] == 0  # unchanged, every one
    assert cathograph("ingest", *paths[::-1], *on_the_cluster)[0] == 0
    assert content_hash(clean_store) == before
    beside = paths[0].with_suffix(".tiff")
    beside.write_bytes(paths[0].read_bytes())
    code, _, err = cathograph("ingest", paths[0], beside, *on_the_cluster)
    assert (code, "--image" in err) == (1, True)


def test_a_worker_of_another_store_writes_nothing(cathograph, cluster, folder, clean_store, monkeypatch):
    """The workers were started with the address of the test server; the service now has another name of it."""
    uri = os.environ["NEO4J_URI"]
    monkeypatch.setenv("NEO4J_URI", uri.replace("127.0.0.1", "localhost"))
    code, _, err = cathograph(
        "ingest", folder / "0.tif", "--as", "phases", "--phases", SPEC, "--sample", "s", "--pixel-size-nm", "30",
        "--scheduler", cluster.scheduler_address,
    )  # fmt: skip
    assert code == 1
    assert "Found a worker whose store is" in err
    assert "Image" not in counts(clean_store)
