"""The ingest service as a user meets it: a folder comes into the store, whatever is done to the service."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
import tifffile
from database_server import SMALL, temporary_home

from cathograph.cli import main
from cathograph.local_neo4j.server import LocalNeo4j
from cathograph.phantom.energy_map import make_energy_map
from cathograph.phantom.microstructure import make_microstructure
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import content_hash, counts
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import connect

RULES = r"""
beamtime: b1
pixel_size_nm: 30
files:
  - {pattern: '(?P<f>.+)_label\.tif', as: phases, phases: '0=background,1=SSE,2=NMC,3=Graphite',
     sample: 's{f}', image: '{f}'}
  - {pattern: '(?P<f>.+)_energy\.tif', as: energy-map, sample: 's{f}', image: '{f}', min_pixels: 5}
"""
FIELDS = tuple(range(1, 5))
QUICK = ("--settle-s", "0.3", "--poll-s", "1", "--lease-s", "2", "--pause-s", "0.2")


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    """Four fields, the first with an energy map."""
    folder = tmp_path_factory.mktemp("phantoms")
    for seed in FIELDS:
        made = make_microstructure((96, 96), preset="BLE", seed=seed)
        tifffile.imwrite(folder / f"{seed}_label.tif", made.phases)
        if seed == 1:
            tifffile.imwrite(
                folder / "1_energy.tif", make_energy_map(made, seed=1).energy_ev.astype(np.float32)
            )
    return folder


@pytest.fixture
def store(clean_store, neo4j_server):
    """Give the store, emptied."""
    neo4j_server.empty_of_data()
    return clean_store


@pytest.fixture
def environment(neo4j_server, tmp_path, monkeypatch):
    """Name the test server, as the service reads it."""
    names = {
        "NEO4J_URI": neo4j_server.uri, "NEO4J_USER": neo4j_server.user, "NEO4J_PASSWORD": neo4j_server.password,
        "CATHOGRAPH_HOME": str(tmp_path / "home"), "COLUMNS": "200",
    }  # fmt: skip
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    return os.environ | names


@pytest.fixture
def command(environment, monkeypatch, capfd):
    """Run the command line in this process; gives (code, output, errors)."""

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["cathograph", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return ended.value.code or 0, said.out, said.err

    return call


@pytest.fixture
def folder(tmp_path):
    """Give a watched folder with rules and no files."""
    folder = tmp_path / "beam time & more"
    folder.mkdir()
    (folder / "beamtime.yaml").write_text(RULES)
    return folder


def start(environment, folder, *options):
    """Start the service as a process of its own."""
    command = [sys.executable, "-m", "cathograph", "watch", str(folder), *QUICK, *options]
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def jobs(store):
    return run(store, load("jobs"), {})


def job_states(store):
    return sorted(jobs(store)["state"])


def copy(phantoms, folder, *names):
    for name in names or sorted(path.name for path in phantoms.iterdir()):
        shutil.copy(phantoms / name, folder / name)


@pytest.fixture(scope="module")
def undisturbed(clean_store, neo4j_server, phantoms, tmp_path_factory):
    """Content hash of a store into which `cathograph ingest` wrote the same files, without any service."""
    from cathograph.ingest.options import IngestOptions, Source, StateMethod
    from cathograph.ingest.pipeline import Placement, ingest_files
    from cathograph.ingest.reading import Reading
    from cathograph.ingest.states.map_source import MapSource

    neo4j_phases = "0=background,1=SSE,2=NMC,3=Graphite"
    reading = Reading.of(IngestOptions(source=Source.PHASES, phases=neo4j_phases, pixel_size_nm=30))
    neo4j_server.empty_of_data()
    for seed in FIELDS:
        source = MapSource(phantoms / "1_energy.tif", method=StateMethod(min_pixels=5)) if seed == 1 else None
        place = Placement(f"s{seed}", str(seed), beamtime="b1")
        (outcome,) = ingest_files(
            [phantoms / f"{seed}_label.tif"], reading, place, clean_store, energy_map=source
        )
        assert not outcome.error
    return content_hash(clean_store)


@pytest.mark.neo4j
class TestOnce:
    """What is there is worked off."""

    def test_a_folder_with_a_bad_file_comes_in_and_again_nothing_changes(
        self, command, folder, phantoms, store, undisturbed
    ):
        copy(phantoms, folder)
        (folder / "bad_label.tif").write_bytes((phantoms / "1_label.tif").read_bytes()[:200])
        (folder / "notes.txt").write_text("of the night")
        code, out, err = command("watch", folder, "--once", *QUICK, "--json")
        assert code == 1, err
        assert json.loads(out) == {"jobs": {"done": 4, "failed": 1}, "waiting": [], "unmatched_files": 1}
        assert "Traceback" not in err
        assert content_hash(store) == undisturbed
        table = jobs(store)
        failed = table[table["state"] == "failed"].iloc[0]
        assert (failed["file"], failed["attempts"]) == ("bad_label.tif", 1)
        assert "truncated" in failed["reason"] or "cannot be read" in failed["reason"]
        assert table.set_index("file").loc["1_label.tif", "energy_map"] == "1_energy.tif"

        before = counts(store)
        code, out, _ = command("watch", folder, "--once", *QUICK, "--json")
        assert (code, json.loads(out)["jobs"]) == (1, {"done": 4, "failed": 1})
        assert counts(store) == before, "not even another run is noted"
        assert content_hash(store) == undisturbed

        code, out, _ = command("jobs", "--state", "failed", "--json")
        (row,) = json.loads(out)
        assert (code, row["file"], row["outcome"], row["map_sha256"]) == (0, "bad_label.tif", None, None)
        code, out, err = command("jobs")
        assert code == 0
        assert out.count("done (written)") == 4
        assert "4 done, 1 failed" in err

        assert command("retry", "bad_label.tif")[:2] == (0, "queued again: bad_label.tif\n")
        copy(phantoms, folder, "1_label.tif")
        (folder / "bad_label.tif").unlink()
        assert command("cancel", row["job"][:8])[:2] == (0, "cancelled: bad_label.tif\n")
        code, out, err = command("watch", folder, "--once", *QUICK, "--json")
        assert (code, json.loads(out)["jobs"]) == (0, {"done": 4}), err
        assert content_hash(store) == undisturbed

    @pytest.mark.slow
    def test_a_replaced_file_is_a_new_version_and_the_old_one_may_come_back(
        self, command, folder, phantoms, store
    ):
        copy(phantoms, folder, "2_label.tif")
        assert command("watch", folder, "--once", *QUICK)[0] == 0
        first = content_hash(store)
        particles = run(store, load("particles"), {})
        tifffile.imwrite(folder / "2_label.tif", tifffile.imread(phantoms / "3_label.tif"))
        assert command("watch", folder, "--once", *QUICK)[0] == 0
        assert len(run(store, load("segmentations"), {})) == 2
        assert content_hash(store) != first
        copy(phantoms, folder, "2_label.tif")
        assert command("watch", folder, "--once", *QUICK)[0] == 0
        assert run(store, load("particles"), {}).equals(particles)
        assert sorted(jobs(store)["outcome"]) == ["reactivated", "written"]

    @pytest.mark.slow
    def test_a_folder_of_slices_is_one_volume(self, command, folder, phantoms, store):
        (folder / "beamtime.yaml").write_text(
            "files:\n  - {pattern: 'recon_*/', as: phases, phases: '0=background,1=SSE,2=NMC,3=Graphite', sample: s,"
            " pixel_size_nm: 30, volume: true}\n"
        )
        phases = tifffile.imread(phantoms / "1_label.tif")
        (folder / "recon_a").mkdir()
        for number in range(8, 12):
            tifffile.imwrite(folder / "recon_a" / f"s_{number}.tif", np.roll(phases, number, axis=1))
        for _ in range(2):
            code, out, err = command("watch", folder, "--once", *QUICK, "--json")
            assert (code, json.loads(out)["jobs"]) == (0, {"done": 1}), err
        images = run(store, load("images"), {})
        assert list(images["image"]) == ["recon_a"]
        assert list(images["ndim"]) == [3]

    def test_a_missing_pixel_size_is_set_aside_with_its_reason(self, command, folder, phantoms, store):
        (folder / "beamtime.yaml").write_text(RULES.replace("pixel_size_nm: 30", ""))
        copy(phantoms, folder, "2_label.tif")
        code, _, err = command("watch", folder, "--once", *QUICK)
        assert code == 1
        assert "no pixel size" in err
        assert job_states(store) == ["failed"]
        (folder / "beamtime.yaml").write_text(RULES)
        assert command("watch", folder, "--once", *QUICK)[0] == 0
        assert job_states(store) == ["cancelled", "done"], "mended rules are another job"


@pytest.mark.neo4j
@pytest.mark.slow
class TestDisturbed:
    """Killed, told to end, two at once."""

    def test_killed_in_the_middle_and_started_again(self, environment, folder, phantoms, store, undisturbed):
        copy(phantoms, folder)
        service = start(environment, folder)
        wait_for(lambda: "done" in job_states(store))
        os.killpg(service.pid, signal.SIGKILL)  # the workers with it, in the middle of the second file
        service.communicate()
        assert job_states(store) != ["done"] * 4
        again = start(environment, folder, "--once")
        _, err = again.communicate(timeout=180)
        assert again.returncode == 0, err
        assert job_states(store) == ["done"] * 4
        assert content_hash(store) == undisturbed

    def test_told_to_end_and_two_services_on_one_folder(
        self, environment, folder, phantoms, store, undisturbed
    ):
        services = [start(environment, folder) for _ in range(2)]
        copy(phantoms, folder)
        wait_for(lambda: job_states(store) == ["done"] * 4)
        assert jobs(store)["attempts"].tolist() == [1] * 4, "none was begun twice"
        for service in services:
            service.send_signal(signal.SIGTERM)
        for service in services:
            _, err = service.communicate(timeout=60)
            assert service.returncode == 0, err
            assert "Traceback" not in err
        assert content_hash(store) == undisturbed

    def test_told_to_end_in_the_middle(self, environment, folder, phantoms, store):
        """With no time to finish, what runs is given back at once and is nobody's."""
        copy(phantoms, folder)
        service = start(environment, folder, "--stop-s", "0")
        wait_for(lambda: "running" in job_states(store))
        os.killpg(service.pid, signal.SIGTERM)  # all processes, as systemd does it
        _, err = service.communicate(timeout=60)
        assert service.returncode == 0, err
        assert "Traceback" not in err
        table = jobs(store)
        assert set(table["state"]) <= {"queued", "done"}
        assert (table.loc[table["state"] == "queued", "attempts"] == 0).all()

    @pytest.mark.slow
    def test_a_worker_killed(self, environment, folder, phantoms, store):
        copy(phantoms, folder, "2_label.tif")
        service = start(environment, folder, "--once")
        wait_for(lambda: "running" in job_states(store))
        wait_for(lambda: len(workers_of(service.pid)) == 1)
        os.kill(workers_of(service.pid)[0], signal.SIGKILL)
        wait_for(lambda: job_states(store) == ["queued"])
        assert "process gone" in jobs(store)["reason"][0]
        _, first = service.communicate(timeout=120)
        again = start(environment, folder, "--once")
        _, second = again.communicate(timeout=120)
        assert again.returncode == 0, second
        # Two, but for a server so busy that it refused one: that is tried again, too.
        assert jobs(store)["attempts"][0] >= 2, first + second

    def test_a_file_that_crashes_its_reader_is_set_aside_and_the_others_go_on(
        self, environment, folder, phantoms, store, tmp_path
    ):
        """Damaged HDF5 can crash libhdf5 itself; here the library is one that every HDF5 file crashes."""
        (tmp_path / "sitecustomize.py").write_text(
            "import os, signal, h5py\n"
            "class File(h5py.File):\n"
            "    def __init__(self, *_given, **_named):\n"
            "        os.kill(os.getpid(), signal.SIGSEGV)\n"
            "h5py.File = File\n"
        )
        (folder / "beamtime.yaml").write_text(RULES.replace(r"_label\.tif", r"_label\.(tif|h5)"))
        copy(phantoms, folder, "2_label.tif", "3_label.tif")
        with h5py.File(folder / "1_label.h5", "w") as file:
            file["entry/data"] = tifffile.imread(phantoms / "1_label.tif")
        service = start(environment | {"PYTHONPATH": str(tmp_path)}, folder)
        wait_for(lambda: job_states(store) == ["done", "done", "failed"])
        service.send_signal(signal.SIGTERM)
        _, err = service.communicate(timeout=60)
        assert service.returncode == 0, err
        assert "Traceback" not in err
        failed = jobs(store).set_index("file").loc["1_label.h5"]
        assert "crashed (SIGSEGV) in the middle" in failed["reason"]
        assert "So it was 3 times" in failed["reason"]
        assert failed["attempts"] == 3


def workers_of(pid):
    """Process identifiers of the workers of a service."""
    import psutil

    return [
        child.pid
        for child in psutil.Process(pid).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


class TestRefused:
    """Each is one line, and found before any database is asked."""

    @pytest.fixture
    def alone(self, monkeypatch, capfd, tmp_path):
        monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
        monkeypatch.setenv("NEO4J_PASSWORD", "none")

        def call(*arguments):
            monkeypatch.setattr("sys.argv", ["cathograph", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
            said = capfd.readouterr()
            assert (ended.value.code, said.out) == (1, "")
            errors = [line for line in said.err.splitlines() if line.startswith("Error:")]
            assert len(errors) == 1, said.err
            return errors[0]

        return call

    def test_no_folder_no_rules_bad_rules_bad_numbers(self, alone, tmp_path, folder):
        assert "no folder" in alone("watch", tmp_path / "nowhere")
        assert "init-beamtime" in alone("watch", tmp_path)
        assert "--workers 0" in alone("watch", folder, "--workers", "0")
        assert "--settle-s" in alone("watch", folder, "--settle-s", "-1")
        assert "no Neo4j" in alone("watch", folder)
        (folder / "beamtime.yaml").write_text("beamtmie: x\n" + RULES)
        assert "unknown key beamtmie" in alone("watch", folder)
        assert "already" in alone("init-beamtime", folder)

    def test_retry_and_cancel_need_to_know_what(self, alone):
        assert "neither a job nor --all" in alone("retry")
        assert "both jobs and --all" in alone("cancel", "x", "--all")


@pytest.mark.slow
@pytest.mark.neo4j
def test_the_database_killed_in_the_middle(phantoms, folder, tmp_path):
    """The service says so once, starts it again (it is its home's own server), and finishes."""
    with temporary_home() as home:
        server = LocalNeo4j(home, memory=SMALL)
        address = server.start()
        copy(phantoms, folder)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
        service = start(environment | {"CATHOGRAPH_HOME": str(home)}, folder)
        with connect(address.uri, address.user, address.password) as store:
            wait_for(lambda: "IngestRun" in counts(store) and "done" in job_states(store), 300)
        os.kill(server.status().pid, signal.SIGKILL)
        wait_for(lambda: server.status().state.value == "running", 300)
        address = server.start()
        with connect(address.uri, address.user, address.password) as store:
            wait_for(lambda: job_states(store) == ["done"] * 4, 300)
            assert counts(store)["Sample"] == 4
        service.send_signal(signal.SIGTERM)
        _, err = service.communicate(timeout=120)
        assert service.returncode == 0, err
        assert "Traceback" not in err
        assert err.count("The database is gone") <= 1


@pytest.mark.slow
@pytest.mark.neo4j
def test_real_slices_copied_file_by_file(environment, command, store, shared_data, tmp_path):
    folder = tmp_path / "beamtime"
    folder.mkdir()
    (folder / "beamtime.yaml").write_text(
        "beamtime: nano-CT\npixel_size_nm: 50\nfiles:\n"
        "  - pattern: '(?P<slice>.+)_label.tif'\n    as: phases\n    phases: 0=NMC,1=Graphite,2=SSE\n"
        "    sample: s{slice}\n    image: '{slice}'\n    cathode: nano-CT\n"
    )
    service = start(environment, folder, "--workers", "2")
    files = sorted((shared_data / "nmc-nanoct-pairs").glob("*_label.tif"))
    assert len(files) == 10
    for file in files:
        content = file.read_bytes()
        with (folder / file.name).open("wb") as slow:
            for start_byte in range(0, len(content), 1 << 17):
                slow.write(content[start_byte : start_byte + (1 << 17)])
                slow.flush()
                time.sleep(0.1)
    wait_for(lambda: job_states(store) == ["done"] * 10, 800)
    service.send_signal(signal.SIGTERM)
    _, err = service.communicate(timeout=120)
    assert service.returncode == 0, err
    assert len(run(store, load("samples"), {})) == 10
    assert jobs(store)["attempts"].tolist() == [1] * 10
    before, everything = content_hash(store), counts(store)
    code, out, err = command("watch", folder, "--once", *QUICK, "--json")
    assert (code, json.loads(out)["jobs"]) == (0, {"done": 10})
    assert content_hash(store) == before
    assert counts(store) == everything
    code, out, _ = command("jobs")
    assert out.count("done (written)") == 10
