"""The disk fills while an image is being written: said, nothing half-visible, and running again finishes.

The disk is a small one in memory, mounted where only the child process sees it.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from repository import ROOT

_SIDE = 160  # regions along an image side

# Runs where the disk is mounted; prints what the commands said, then the samples it ends with.
_SESSION = textwrap.dedent("""
    import os, subprocess, sys
    from pathlib import Path
    from database_server import small_server
    from cathograph.schema.errors import LocalServerError

    disk, folder = Path(sys.argv[1]), Path(sys.argv[2])
    server = small_server(disk / "home")
    unguarded = "import cathograph.home as h, cathograph.cli as c; h.LEAST_FREE_MB = 0; c.main()"

    def cathograph(*arguments, guard=True):
        program = [sys.executable, "-m", "cathograph"] if guard else [sys.executable, "-c", unguarded]
        command = [*program, "--home", str(server.home.folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        print(done.returncode, " ".join((done.stdout + done.stderr).split()), flush=True)

    ingest = ("ingest", str(folder / "big.npy"), "--as", "regions", "--phases", str(folder / "phases.csv"),
              "--sample", "s", "--pixel-size-nm", "50")
    samples = ("query", "samples", "--format", "json")
    with server:
        cathograph(*samples)
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "filler").write_bytes(bytes(free - 4 * 2**20))
        cathograph(*ingest)
        cathograph(*ingest, guard=False)
        (disk / "filler").unlink()
        server.stop()
        try:
            server.start()
        except LocalServerError:
            logs = server.home.folder / "neo4j" / "logs"
            for log in sorted(logs.glob("*.log")):
                sys.stderr.write(f"--- {log.name}: {log.read_text()[-6000:]}")
            raise
        cathograph(*samples)
        cathograph(*ingest)
        cathograph(*samples)
""")


@pytest.mark.slow
def test_running_again_after_the_disk_was_full_ends_as_if_it_never_was(tmp_path: Path) -> None:
    labels = np.arange(1, _SIDE**2 + 1, dtype=np.int32).reshape(_SIDE, _SIDE).repeat(5, 0).repeat(5, 1)
    np.save(tmp_path / "big.npy", labels)
    phases = np.array(["NMC", "SSE", "Graphite"])[np.arange(_SIDE**2) % 3]
    pd.DataFrame({"label": np.arange(1, _SIDE**2 + 1), "phase": phases}).to_csv(
        tmp_path / "phases.csv", index=False
    )
    disk = tmp_path / "disk"
    disk.mkdir()
    mount_and_run = 'mount -t tmpfs -o size=520m none "$1" && exec "$2" -c "$3" "$1" "$4"'
    command = ["sh", "-c", mount_and_run, "sh", str(disk), sys.executable, _SESSION, str(tmp_path)]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", *command],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
    )
    if "unshare:" in done.stderr and not os.environ.get("CI"):
        pytest.skip(f"this system mounts no disk for tests: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    lines = [line.replace("[ ]", "[]") for line in done.stdout.splitlines()]
    empty, guarded, full, after, again, whole = lines
    assert empty.startswith("0 []")
    assert guarded.startswith("1")
    assert "MB free" in guarded
    assert full.startswith("1")
    assert "disk" in full
    assert "Traceback" not in full
    assert after.startswith("0 []")  # nothing half-written is visible
    assert again.startswith("0")
    assert f'"particles":{_SIDE**2}' in whole.replace(" ", "")
