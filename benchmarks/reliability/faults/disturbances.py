"""Each kind of fault, done to a `Site`; every function gives its `Tally`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path

import tifffile

from cathograph.benchmarks.reliability.faults.site import PHASES, PIXEL_NM, Observer, Site, note_traceback
from cathograph.benchmarks.reliability.faults.tally import Tally
from cathograph.phantom.microstructure import make_microstructure
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run

_EXPIRE = (Path(__file__).parent / "expire_leases.cypher").read_text(encoding="utf-8")
_JUMP_S = 3600
_AT_ONCE = 4
"""Every which kill of the server waits for no job."""


def server_killed(
    site: Site, server_pid: Callable[[], int | None], *, times: int, images: int = 30, budget_s: float = inf
) -> Tally:
    """Kill the server at random points of an ingest; the service restarts it and continues.

    Mostly while a job is in work, every fourth time as soon as the server is back. When all images are in the store
    before it was killed often enough, as many new ones are dropped.
    """
    until = time.monotonic() + budget_s
    tally = Tally(f"server killed (SIGKILL) in the middle of {images} images")
    dropped = images
    site.drop(range(images))
    with Observer(site, tally), site.service(tally):
        while tally.times < times and time.monotonic() < until:
            if site.states().count("done") >= dropped:
                site.drop(range(dropped, dropped + images))
                dropped += images
            soon = (tally.times + 1) % _AT_ONCE == 0
            if not soon and not site.wait_until(partial(_works_or_is_done, site), tally, "a job"):
                break
            # The first image after a start takes some seconds; some kills are to strike later ones.
            time.sleep(site.chance.uniform(0, 3 if soon else 15))
            pid = server_pid()
            if pid is None:
                continue
            os.kill(pid, signal.SIGKILL)
            tally.times += 1
            if not site.wait_until(partial(_another, server_pid, pid), tally, "the server"):
                break
        site.wait_until(lambda: site.states().count("done") == dropped, tally, "the rest of the images")
    site.count(tally)
    return tally


def client_killed(site: Site, *, times: int, images: int = 30, budget_s: float = inf) -> Tally:
    """Kill service and workers together at random points of an ingest, and start it again each time."""
    until = time.monotonic() + budget_s
    tally = Tally(f"service and workers killed (SIGKILL) in the middle of {images} images")
    site.drop(range(images))
    with Observer(site, tally):
        while tally.times < times and time.monotonic() < until:
            done, begun = site.states().count("done"), site.attempts()
            with site.service(tally) as service:
                # Not its state: the job of the one that was killed before is called running until its lease ends.
                site.wait_until(partial(_began_or_is_done, site, begun), tally, "a job")
                time.sleep(site.chance.uniform(0, 2))
                os.killpg(service.pid, signal.SIGKILL)
                tally.times += 1
            if done == len(list(site.folder.glob("*.tif"))):
                site.drop(range(done, done + images))
        site.work_off(tally)
    site.count(tally)
    return tally


def two_services(site: Site, *, images: int = 10) -> Tally:
    """Let two services watch one folder."""
    tally = Tally("two services on one folder and one store", times=images)
    with Observer(site, tally), site.service(tally), site.service(tally):
        site.drop(range(images))
        site.wait_until(lambda: site.states() == ["done"] * images, tally, "the images")
    site.count(tally)
    return tally


def two_processes(site: Site, *, images: int = 10) -> Tally:
    """Ingest the same images by two commands at once."""
    tally = Tally("the same images by two processes at once", times=images)
    paths = site.drop(range(images))
    words = [
        sys.executable, "-m", "cathograph", "ingest", *map(str, paths), "--as", "phases", "--phases", PHASES,
        "--sample", site.sample, "--pixel-size-nm", str(PIXEL_NM),
    ]  # fmt: skip
    with Observer(site, tally):
        both = [
            subprocess.Popen(  # noqa: S603  our own module
                words, env=site.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        for process in both:
            try:
                _, said = process.communicate(timeout=site.limit_s)
            except subprocess.TimeoutExpired:
                tally.hangs += 1
                process.kill()
                _, said = process.communicate()
            note_traceback(tally, said)
            if process.returncode != 0:
                tally.notes.append(f"code {process.returncode}: {said[-300:]}")
                tally.lost += 1
    site.count(tally)
    return tally


def many_files(site: Site, *, images: int = 500) -> Tally:
    """Drop many small files at once, with the service running."""
    tally = Tally(f"{images} files dropped at once", times=images)
    made = site.folder.parent / "made"
    made.mkdir()
    for seed in range(images):
        tifffile.imwrite(made / f"{seed}.tif", make_microstructure((56, 56), preset="BLE", seed=seed).phases)
    with Observer(site, tally), site.service(tally):
        for path in made.iterdir():
            path.rename(site.folder / path.name)
        site.wait_until(lambda: site.states().count("done") == images, tally, "the images")
    site.count(tally)
    return tally


def replaced_while_read(site: Site, *, times: int = 10) -> Tally:
    """Overwrite files again and again while they are read and ingested; the last content counts.

    In place, byte by byte at the old one's place, which is what no program should do and some do.
    """
    tally = Tally("a file replaced while it is read")
    paths = site.drop(range(2), side=200)
    with Observer(site, tally), site.service(tally):
        for number in range(times):
            site.wait_until(lambda: "running" in site.states() or "done" in site.states(), tally, "a job")
            path = paths[number % 2]
            content = make_microstructure((200, 200), preset="BLE", seed=100 + number).phases
            if number % 3:
                tifffile.imwrite(path, content)
            else:
                part = path.with_name(f".{path.name}")
                tifffile.imwrite(part, content)
                part.replace(path)
            tally.times += 1
            time.sleep(site.chance.uniform(0, 1.5))
        last = _hashes(paths)
        site.wait_until(lambda: last <= _done_hashes(site), tally, "the last versions")
    site.count(tally)
    return tally


def clock_forward(site: Site, *, times: int = 3) -> Tally:
    """Let all leases run out at once, as by a jump of the server's clock, under two services that work."""
    tally = Tally("clock of the server jumps ahead by an hour (all leases run out)")
    with Observer(site, tally), site.service(tally), site.service(tally):
        for number in range(times):
            site.drop([number], side=160)
            site.wait_until(lambda: "running" in site.states(), tally, "a job")
            with site.open_store() as store:
                store.write(lambda transaction: transaction.run(_EXPIRE, {"by_s": _JUMP_S}))
            tally.times += 1
            site.wait_until(lambda n=number: site.states() == ["done"] * (n + 1), tally, "the image")  # type: ignore[misc]
    site.count(tally)
    return tally


def clock_back(site: Site) -> Tally:
    """Let the lease of a killed service last an hour longer; `cancel` and `retry` free its job."""
    tally = Tally("clock jumps back by an hour (lease of a killed service lasts)", times=1)
    site.drop([1], side=160)
    with Observer(site, tally):
        with site.service(tally) as service:
            site.wait_until(lambda: "running" in site.states(), tally, "the job")
            os.killpg(service.pid, signal.SIGKILL)
        with site.open_store() as store:
            store.write(lambda transaction: transaction.run(_EXPIRE, {"by_s": -_JUMP_S}))
            # Not by its file: earlier faults left jobs of files with the same name.
            (job,) = run(store, load("jobs"), {"sample": site.sample})["job"]
        for verb in ("cancel", "retry"):
            done = site.command(tally, verb, job)
            if done.returncode != 0 and site.states() != ["done"]:
                tally.notes.append(f"{verb}: {done.stderr[-300:]}")
        site.work_off(tally)
    site.count(tally)
    return tally


def _works_or_is_done(site: Site) -> bool:
    states = site.states()
    return "running" in states or set(states) == {"done"}


def _began_or_is_done(site: Site, begun: int) -> bool:
    return site.attempts() > begun or set(site.states()) == {"done"}


def _another(server_pid: Callable[[], int | None], before: int) -> bool:
    return server_pid() not in (None, before)


def _hashes(paths: list[Path]) -> set[str]:
    import hashlib

    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _done_hashes(site: Site) -> set[str]:
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run

    with site.open_store() as store:
        jobs = run(store, load("jobs"), {"sample": site.sample})
    return set(jobs.loc[jobs["state"] == "done", "file_sha256"])
