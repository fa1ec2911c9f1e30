"""Faults of the machine: its port taken, its disk full; and a backup while the service works."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cathograph.benchmarks.reliability.faults.full_disk import FILL_AND_WATCH
from cathograph.benchmarks.reliability.faults.site import Observer, Site
from cathograph.benchmarks.reliability.faults.tally import Tally
from cathograph.queries.reading.content import content_hash
from cathograph.queries.server.connection import connect


def port_taken(site: Site, server_pid: Callable[[], int | None]) -> Tally:
    """Stop the server, take its port, and ask for work: it starts at another one."""
    tally = Tally("the server's port taken by another program", times=1)
    site.drop(range(2))
    with site.open_store() as store:
        port = int(store.uri.rpartition(":")[2])
    site.command(tally, "db", "stop")
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", port))
        taker.listen()
        with Observer(site, tally):
            site.work_off(tally)
    if server_pid() is None:
        tally.lost += 1
        tally.notes.append("no server runs")
    site.count(tally)
    return tally


def backup_while_running(site: Site, *, images: int = 12) -> Tally:
    """Back up in the middle of an ingest, then at its end, and restore both into an empty home."""
    tally = Tally(f"backup in the middle of {images} images, and restore into an empty home", times=2)
    early, late = site.folder.parent / "early.dump", site.folder.parent / "late.dump"
    site.drop(range(images))
    with Observer(site, tally), site.service(tally):
        site.wait_until(lambda: "done" in site.states(), tally, "the first image")
        site.command(tally, "db", "backup", early)
        site.wait_until(lambda: site.states().count("done") == images, tally, "the queue after the backup")
        site.command(tally, "db", "backup", late)
    site.count(tally)
    with site.open_store() as store:
        content = content_hash(store)
    for file, expected in ((early, None), (late, content)):
        home = site.folder.parent / f"home-{file.stem}"
        there = Site(site.folder, {**site.environment, "CATHOGRAPH_HOME": str(home)}, site.open_store)
        there.command(tally, "db", "restore", file)
        if expected is None:
            # What was not in it yet comes from the queue that was.
            there.work_off(tally)
            expected = content
        there.command(tally, "db", "start")
        status = json.loads(there.command(tally, "db", "status", "--json").stdout)
        password = (home / "neo4j-password").read_text(encoding="utf-8").strip()
        with connect(status["uri"], "neo4j", password) as store:
            if content_hash(store) != expected:
                tally.lost += 1
                tally.notes.append(f"the store restored from {file.name} is not equal")
        there.command(tally, "db", "stop")
    return tally


def disk_full(scratch: Path) -> Tally:
    """Fill the disk of the server in the middle of an ingest, and make room again; on a small disk in memory."""
    tally = Tally("disk of the server filled in the middle of 8 images", times=1)
    disk, folder = scratch / "disk", scratch / "beside-the-disk"
    disk.mkdir()
    folder.mkdir()
    mount_and_run = 'mount -t tmpfs -o size=600m none "$1" && exec "$2" -c "$3" "$1" "$4"'
    words = ["sh", "-c", mount_and_run, "sh", str(disk), sys.executable, FILL_AND_WATCH, str(folder)]
    done = subprocess.run(  # noqa: S603  our own program
        ["unshare", "--user", "--map-root-user", "--mount", *words],  # noqa: S607
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tally.lost += 1
        tally.notes.append(f"could not be done here: {done.stderr.strip()[-500:]}")
        return tally
    found = json.loads(done.stdout.splitlines()[-1])
    for name, value in found.items():
        setattr(tally, name, value)
    return tally
