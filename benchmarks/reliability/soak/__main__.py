"""Let the service ingest many small images and tell whether memory, open files or time grow: ``make soak``.

A local server is started in a temporary home. Images are dropped into a watched folder, some at a time, so that there
is always work and never a heap of it; `cathograph watch` with its usual workers does it. Every two seconds the resident
memory, open files and processor time of service, workers and server are looked at from outside.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

import pandas as pd

from cathograph.benchmarks.reliability.faults.own_site import own_site
from cathograph.benchmarks.reliability.faults.site import Site
from cathograph.benchmarks.reliability.faults.tally import Tally
from cathograph.benchmarks.reliability.soak.growth import as_table, growth_of
from cathograph.benchmarks.reliability.soak.picture import draw
from cathograph.benchmarks.reliability.soak.processes import look_at_all
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run

_EVERY_S = 2.0
_AHEAD = 20


def soak(
    site: Site,
    server_pid: Callable[[], int | None],
    tally: Tally,
    *,
    images: int,
    side: int,
    workers: int,
    most_s: float = inf,
) -> Iterator[dict[str, float]]:
    """Drop images and look until all that were dropped are in the store.

    Parameters
    ----------
    site : Site
        Where.
    server_pid : callable
        Gives the process identifier of the server.
    tally : Tally
        Counts tracebacks, hangs, and images that did not come in.
    images : int
        How many at most.
    side : int
        Edge of an image in pixels.
    workers : int
        Of the service.
    most_s : float
        No more are dropped after so many seconds.

    Yields
    ------
    dict
        One look: seconds, images, and what `look_at_all` gives of each kind.
    """
    began, moved, done, dropped = time.monotonic(), time.monotonic(), 0, 0
    with site.service(tally, "--workers", str(workers), "--lease-s", "60") as service:
        while done < dropped or (dropped < images and time.monotonic() - began < most_s):
            if time.monotonic() - began < most_s:
                more = max(dropped, min(images, done + _AHEAD))
                site.drop(range(dropped, more), side=side)
                dropped = more
            time.sleep(_EVERY_S)
            before, done = done, _written(site)
            pid = server_pid()
            if service.poll() is not None or pid is None:
                tally.hangs += 1
                tally.notes.append("the service or the server has gone")
                return
            looked = look_at_all(service.pid, pid)
            yield {"seconds": time.monotonic() - began, "images": done} | {
                f"{role}_{name}": value for role, look in looked.items() for name, value in vars(look).items()
            }
            moved = time.monotonic() if done > before else moved
            if time.monotonic() - moved > site.limit_s:
                tally.hangs += 1
                tally.notes.append(f"no image came in for {site.limit_s:.0f} s, after {done}")
                return


def _written(site: Site) -> int:
    """Count what the service said it wrote: asking the store would be work of its own."""
    return sum(
        line.startswith("written ")
        for path in site.folder.parent.glob("service-*.log")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    )


def check(site: Site, tally: Tally) -> None:
    """Count what is in the store, and compare it with its own notes and with the hashes of the files."""
    tally.times = images = len(list(site.folder.glob("*.tif")))
    with site.open_store() as store:
        jobs = run(store, load("jobs"), {"sample": site.sample})
        segmentations = run(store, load("segmentations"), {"sample": site.sample})
    tally.lost += images - int((jobs["state"] == "done").sum())
    tally.doubled += int((jobs["attempts"] > 1).sum()) + max(0, len(segmentations) - images)
    done = site.command(tally, "verify", "--quick", "--sample", site.sample, "--files", site.folder)
    if done.returncode != 0:
        tally.lost += 1
        tally.notes.append(f"verify: {done.stderr[-300:]}")


def main() -> None:
    """Run the soak, print its table, draw it; exit code 1 when something grew, was lost or broke."""
    parser = argparse.ArgumentParser(
        prog="python -m cathograph.benchmarks.reliability.soak", description=__doc__
    )
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--minutes", type=float, help="drop no more images after so many")
    parser.add_argument("--side", type=int, default=64, help="edge of an image in pixels")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--csv", type=Path, help="file for the looks")
    parser.add_argument("--png", type=Path, help="file for the picture")
    given = parser.parse_args()
    most_s = inf if given.minutes is None else 60 * given.minutes
    tally = Tally(f"images of {given.side}×{given.side} pixels")
    looks: list[dict[str, float]] = []
    with (
        tempfile.TemporaryDirectory(prefix="cathograph-soak-") as scratch,
        own_site(Path(scratch)) as (site, server_pid),
    ):
        size = {"images": given.images, "side": given.side, "workers": given.workers}
        for look in soak(site, server_pid, tally, **size, most_s=most_s):
            looks.append(look)
            if given.csv:
                _keep(looks, given.csv)
        check(site, tally)
    seen = pd.DataFrame(looks)
    growths = growth_of(seen)
    minutes = seen["seconds"].max() / 60
    what = f"{tally.times} {tally.fault}, {given.workers} worker{'s' * (given.workers > 1)}, {minutes:.0f} minutes"
    sys.stdout.write(f"{as_table(growths)}\n\n{what}, {len(seen)} looks\n")
    sys.stdout.write(
        f"lost {tally.lost}, doubled {tally.doubled}, tracebacks {tally.tracebacks}, hangs {tally.hangs}\n"
    )
    sys.stdout.writelines(f"  {' '.join(note.split())[:400]}\n" for note in tally.notes)
    if given.png:
        draw(seen, given.png, title=what)
    sys.exit(0 if tally.is_clean and all(growth.is_flat for growth in growths) else 1)


def _keep(looks: list[dict[str, float]], path: Path) -> None:
    """Write all looks so far, whole at once: what a run that is broken off has seen is kept."""
    part = path.with_name(f".{path.name}.part")
    pd.DataFrame(looks).round(3).to_csv(part, index=False)
    part.replace(path)


if __name__ == "__main__":
    main()
