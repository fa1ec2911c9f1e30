"""Make every fault in a store of its own and print the table: ``make faults``.

A local server is started in a temporary home, so nobody's data are touched. The whole takes an hour on an idle
machine of two cores; ``--only`` and the numbers make it shorter.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from pathlib import Path

from cathograph.benchmarks.reliability.faults import disturbances, limits, resources
from cathograph.benchmarks.reliability.faults.malformed import malformed_files
from cathograph.benchmarks.reliability.faults.own_site import own_site
from cathograph.benchmarks.reliability.faults.site import Site
from cathograph.benchmarks.reliability.faults.tally import Tally, as_table


def main() -> None:
    """Make the faults and print what was counted; exit code 1 when anything went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m cathograph.benchmarks.reliability.faults", description=__doc__
    )
    parser.add_argument("--server-kills", type=int, default=20)
    parser.add_argument("--client-kills", type=int, default=20)
    parser.add_argument("--images", type=int, default=30, help="in the folder while something is killed")
    parser.add_argument("--files", type=int, default=500, help="dropped at once")
    parser.add_argument("--malformed", type=int, default=1000)
    parser.add_argument("--minutes", type=float, help="kill no longer than so many minutes, each")
    parser.add_argument("--only", help="part of the name of a fault; several, joined by commas")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    given = parser.parse_args()
    budget_s = inf if given.minutes is None else 60 * given.minutes
    tallies: list[Tally] = []
    with (
        tempfile.TemporaryDirectory(prefix="cathograph-faults-") as scratch,
        own_site(Path(scratch)) as (site, pid),
    ):
        faults: dict[str, Callable[[Site], Tally]] = {
            "malformed": lambda _: malformed_files(number=given.malformed),
            "two-processes": disturbances.two_processes,
            "two-services": disturbances.two_services,
            "replaced": disturbances.replaced_while_read,
            "clock-forward": disturbances.clock_forward,
            "clock-back": disturbances.clock_back,
            "client-killed": lambda at: disturbances.client_killed(
                at, times=given.client_kills, images=given.images, budget_s=budget_s
            ),
            "port-taken": lambda at: resources.port_taken(at, pid),
            "backup": resources.backup_while_running,
            "second-path": lambda at: limits.second_path(at, pid),
            "hung-query": lambda at: limits.hung_query(at, pid),
            "out-of-memory": lambda at: limits.out_of_memory(at, pid),
            "disk-full": lambda _: resources.disk_full(Path(scratch)),
            "server-killed": lambda at: disturbances.server_killed(
                at, pid, times=given.server_kills, images=given.images, budget_s=budget_s
            ),
            "many-files": lambda at: disturbances.many_files(at, images=given.files),
        }
        for name, make in faults.items():
            if given.only and not any(part in name for part in given.only.split(",")):
                continue
            began = time.monotonic()
            at = site.fresh(name)
            tally = make(at)
            tally.seconds = time.monotonic() - began
            tallies.append(tally)
            _say(tally)
            at.empty(tally)
            if given.json:
                given.json.write_text(
                    json.dumps([asdict(each) for each in tallies], indent=2, ensure_ascii=False)
                )
    sys.stdout.write(f"\n{as_table(tallies)}\n")
    sys.exit(0 if all(tally.is_clean for tally in tallies) else 1)


def _say(tally: Tally) -> None:
    sys.stdout.write(
        f"{'clean' if tally.is_clean else 'FOUND'}  {tally.fault}, {tally.times} times, {tally.seconds:.0f} s\n"
    )
    for note in tally.notes[:8]:
        sys.stdout.write(f"       {' '.join(note.split())[:400]}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
