"""A disk that fills while the service works; runs where a small disk is mounted (`resources.disk_full`)."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from cathograph.benchmarks.reliability.faults.own_site import own_site
from cathograph.benchmarks.reliability.faults.site import Observer
from cathograph.benchmarks.reliability.faults.tally import Tally

FILL_AND_WATCH = "from cathograph.benchmarks.reliability.faults.full_disk import main; main()"
_IMAGES = 8
_LEFT_BYTES = 2 << 20


def main() -> None:
    """Fill the disk after the first image, make room after a while, and count as for any other fault."""
    disk, folder = Path(sys.argv[1]), Path(sys.argv[2])
    tally = Tally("")
    # What the service says and reads is elsewhere: only the server's home is on the small disk.
    with own_site(folder, disk / "home") as (site, _):
        site.drop(range(_IMAGES), side=160)
        with Observer(site, tally), site.service(tally):
            site.wait_until(lambda: "done" in site.states(), tally, "the first image")
            room = os.statvfs(disk)
            filler = disk / "filler"
            filler.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - _LEFT_BYTES)))
            site.wait_until(lambda: _said_so(folder), tally, "a word about the disk")
            filler.unlink()
            site.wait_until(lambda: site.states() == ["done"] * _IMAGES, tally, "the rest of the images")
        site.count(tally)
    counted = {
        name: value for name, value in asdict(tally).items() if name not in ("fault", "times", "seconds")
    }
    sys.stdout.write(f"{json.dumps(counted)}\n")


def _said_so(folder: Path) -> bool:
    said = "".join(path.read_text(errors="replace") for path in folder.glob("service-*.log"))
    return "free where the home" in said or "disk" in said.lower()
