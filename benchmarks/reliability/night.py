"""A folder as it may look after a night, ingested by the service: ``make night``.

Most files are good. Some have bad names, some are replaced while they are read, some are links, some lie in folders
that may not be listed. Afterwards every good file has to be in the store, every bad name in `jobs`, every closed folder
in what the service said, and the service has to be alive.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cathograph.benchmarks.reliability.faults.own_site import own_site
from cathograph.benchmarks.reliability.faults.site import Site
from cathograph.benchmarks.reliability.faults.tally import Tally
from cathograph.queries.catalog import load
from cathograph.queries.reading.runner import run
from cathograph.schema.names import shown_name, with_bytes_escaped

_SIDE = 64
_QUIET_S = 20.0
_CONTROL = "\x01\x07\x08\x0a\x0d\x1b\x7f"


@dataclass(frozen=True)
class Night:
    """What was put into the folder.

    Attributes
    ----------
    good : list of Path
        Files that must come in; those that are replaced are among them.
    replaced : list of Path
        Files that are replaced while they are read.
    bad_names : list of Path
        Files whose names have control characters, or bytes that are no UTF-8.
    links_in, links_out : list of Path
        Links to a good file, and out of the folder.
    closed : list of Path
        Folders that may not be listed, with two files each.
    """

    good: list[Path]
    replaced: list[Path]
    bad_names: list[Path]
    links_in: list[Path]
    links_out: list[Path]
    closed: list[Path]


def make_night(site: Site, *, files: int) -> Night:
    """Fill the folder: of 1000 files 50 with bad names, 20 that are replaced, 10 links, 10 in 5 closed folders."""
    part = files // 100
    n_bad, n_replaced, n_links, n_closed = 5 * part, 2 * part, part, max(1, part // 2)
    n_plain = files - n_bad - n_replaced - n_links - 2 * n_closed
    seeds = iter(range(files))

    def drop(n_files: int, name: str) -> list[Path]:
        return site.drop([next(seeds) for _ in range(n_files)], side=_SIDE, name=name)

    replaced = drop(n_replaced, "replaced {}.tif")
    good = replaced + drop(n_plain, "good {}.tif")
    bad_names = []
    for number, file in enumerate(drop(n_bad, "bad {}.tif")):
        odd = _CONTROL[number % len(_CONTROL)].encode() if number % 2 else b"\xb5"
        bad = Path(os.fsdecode(os.fsencode(file.parent) + b"/bad" + odd + f"{number}.tif".encode()))
        bad_names.append(file.rename(bad))
    closed = []
    for number in range(n_closed):
        folder = site.folder / f"closed {number}"
        folder.mkdir()
        for file in drop(2, "hidden {}.tif"):
            file.rename(folder / file.name)
        folder.chmod(0)
        closed.append(folder)
    outside = site.folder.parent / "outside.tif"
    shutil.copy(good[-1], outside)
    links_in: list[Path] = []
    links_out: list[Path] = []
    for number in range(n_links):
        link = site.folder / f"link {number}.tif"
        link.symlink_to(outside if number % 2 else good[-1 - number])
        (links_out if number % 2 else links_in).append(link)
    return Night(good, replaced, bad_names, links_in, links_out, closed)


def replace_while_read(site: Site, night: Night, stop: threading.Event) -> None:
    """Replace files at random moments, in place and by renaming, until told to stop."""
    seed = 10**6
    while not stop.wait(site.chance.uniform(0.2, 2.0)):
        seed += 1
        file = site.chance.choice(night.replaced)
        if site.chance.random() < 0.5:
            site.drop([seed], side=_SIDE, name=file.name)
        else:
            (made,) = site.drop([seed], side=_SIDE, name=".made {}.tif")
            file.write_bytes(made.read_bytes())
            made.unlink()


def spend_night(site: Site, tally: Tally, *, files: int) -> None:
    """Let the service ingest such a folder, and count what is not as it should be."""
    night = make_night(site, files=files)
    tally.times = files
    stop = threading.Event()
    replacing = threading.Thread(target=replace_while_read, args=(site, night, stop))
    began = time.monotonic()
    with site.service(tally, "--workers", "2", "--lease-s", "60") as service:
        replacing.start()
        try:
            site.wait_until(lambda: len(site.states()) >= len(night.good) // 2, tally, "half of the files")
        finally:
            stop.set()
            replacing.join()
        _wait_until_quiet(site, tally)
        if service.poll() is not None:
            tally.hangs += 1
            tally.notes.append(f"the service has ended with code {service.returncode}")
    tally.seconds = time.monotonic() - began
    _check(site, tally, night)
    for folder in night.closed:
        folder.chmod(0o700)


def _wait_until_quiet(site: Site, tally: Tally) -> None:
    """Wait until no job has changed for a while."""
    seen, since = site.states(), time.monotonic()
    until = since + site.limit_s * 6
    while time.monotonic() - since < _QUIET_S:
        time.sleep(2)
        now = site.states()
        if now != seen or any(state in ("queued", "running") for state in now):
            seen, since = now, time.monotonic()
        if time.monotonic() > until:
            tally.hangs += 1
            tally.notes.append("the queue does not come to rest")
            return


def _check(site: Site, tally: Tally, night: Night) -> None:
    """Compare the store and its jobs with what was put into the folder."""
    with site.open_store() as store:
        jobs = run(store, load("jobs"), {"sample": site.sample})
        images = set(run(store, load("images"), {"sample": site.sample})["image"])
        active = run(store, load("segmentations"), {"sample": site.sample})
    missing = [file.stem for file in (*night.good, *night.links_in) if file.stem not in images]
    tally.lost += len(missing)
    tally.notes += [f"not in the store: {missing[:5]}"] if missing else []
    named = set(jobs["file"])
    for file in (*night.bad_names, *night.links_out):
        if not named & {file.name, with_bytes_escaped(file.name), shown_name(file.name)}:
            tally.lost += 1
            tally.notes.append(f"not in jobs: {shown_name(file.name)!r}")
    tally.doubled += int(active[active["active"]].duplicated("image").sum())
    # Long lines of the log are broken, also within a path, so white space does not count.
    said = "".join(
        "".join(path.read_text(encoding="utf-8", errors="replace").split())
        for path in site.folder.parent.glob("service-*.log")
    )
    unsaid = [folder.name for folder in night.closed if "".join(folder.name.split()) not in said]
    tally.lost += len(unsaid)
    tally.notes += [f"not said: {unsaid}"] if unsaid else []
    done = site.command(tally, "verify", "--quick", "--sample", site.sample, "--files", site.folder)
    if done.returncode != 0:
        tally.notes.append(f"verify: {' '.join((done.stdout + done.stderr).split())[-500:]}")
    states = jobs["state"].value_counts().to_dict()
    sys.stdout.write(f"jobs by state: {states}; images in the store: {len(images)}\n")
    for reason, number in (
        jobs.loc[jobs["state"] == "failed", "reason"].str.slice(0, 60).value_counts().items()
    ):
        sys.stdout.write(f"  {number} failed: {reason}\n")


def without_privileges_of_root() -> None:
    """Run this program again without them: to root no folder is closed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0)
        may_list = os.access(folder, os.R_OK)
    if not may_list:
        return
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        sys.exit("Found no program setpriv; expected it where this runs as root. Run it as another user.")
    words = [setpriv, "--inh-caps=-all", "--bounding-set=-all", sys.executable, *sys.orig_argv[1:]]
    os.execv(setpriv, words)  # noqa: S606  our own program


def main() -> None:
    """Spend a night and print what was counted; exit code 1 when anything went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m cathograph.benchmarks.reliability.night", description=__doc__
    )
    parser.add_argument("--files", type=int, default=1000)
    given = parser.parse_args()
    without_privileges_of_root()
    tally = Tally("a night")
    with (
        tempfile.TemporaryDirectory(prefix="cathograph-night-") as scratch,
        own_site(Path(scratch)) as (site, _),
    ):
        site.chance = random.Random(5)  # noqa: S311  no secret
        spend_night(site, tally, files=given.files)
    sys.stdout.write(
        f"{tally.times} files of {_SIDE}×{_SIDE} pixels, {tally.seconds / 60:.1f} minutes; lost {tally.lost}, "
        f"doubled {tally.doubled}, tracebacks {tally.tracebacks}, hangs {tally.hangs}\n"
    )
    sys.stdout.writelines(f"  {' '.join(note.split())[:600]}\n" for note in tally.notes)
    sys.exit(0 if tally.is_clean else 1)


if __name__ == "__main__":
    main()
