"""Faults of readers: a second path to the home, a query that does not end, one that takes all memory."""

import time
from collections.abc import Callable
from pathlib import Path

from cathograph.benchmarks.reliability.faults.site import Observer, Site
from cathograph.benchmarks.reliability.faults.tally import Tally

HANGS = f'RETURN "{"a" * 40}!" =~ "(.*a){{25}}$" AS x'
"""Hours inside of one regular expression, which looks at no time limit."""

TAKES_ALL = "RETURN size([i IN range(1, 200000000) | [i]]) AS n"
_LIMIT_S = 5
_END_S = 60.0
"""Within this a query has ended after its limit: starting Python on a busy machine is part of it."""


def second_path(site: Site, server_pid: Callable[[], int | None], *, images: int = 6) -> Tally:
    """Reach the home through ``..`` and through a link while images come in: it stays one home with one server."""
    tally = Tally("the home reached through `..` and through a link", times=2)
    home = Path(site.environment["CATHOGRAPH_HOME"])
    link = site.folder.parent / "link-to-the-home"
    link.symlink_to(home)
    before = server_pid()
    site.drop(range(images))
    with Observer(site, tally), site.service(tally):
        site.wait_until(_at_least(site, 1), tally, "the first image")
        for path in (home.parent / home.name / ".." / home.name, link):
            for words in (("db", "start"), ("query", "samples"), ("db", "status")):
                done = site.command(tally, "--home", path, *words)
                if done.returncode != 0:
                    tally.lost += 1
                    tally.notes.append(f"{words} by {path}: {done.stderr[-300:]}")
        site.wait_until(_at_least(site, images), tally, "the queue")
    if server_pid() != before:
        tally.doubled += 1
        tally.notes.append("another server runs")
    site.count(tally)
    return tally


def hung_query(site: Site, server_pid: Callable[[], int | None], *, times: int = 2) -> Tally:
    """Ask for what no time limit ends on the server while images come in; the server is started again."""
    return _bad_query(
        site,
        server_pid,
        Tally("a query that does not react to its time limit, in the middle of 8 images"),
        (HANGS, ("--timeout-s", _LIMIT_S)),
        times,
        _LIMIT_S + _END_S,
    )


def out_of_memory(site: Site, server_pid: Callable[[], int | None], *, times: int = 2) -> Tally:
    """Ask for more than the server's memory while images come in; the server ends and is started again."""
    return _bad_query(
        site,
        server_pid,
        Tally("a query that takes all memory of the server, in the middle of 8 images"),
        (TAKES_ALL, ("--timeout-s", site.limit_s)),
        times,
        site.limit_s,
    )


def _bad_query(
    site: Site,
    server_pid: Callable[[], int | None],
    tally: Tally,
    query: tuple[str, tuple[object, ...]],
    times: int,
    limit_s: float,
    *,
    images: int = 8,
) -> Tally:
    """Run a query that must fail, so many times, while images come in."""
    text, options = query
    file = site.folder.parent / f"{site.sample}.cypher"
    file.write_text(text, encoding="utf-8")
    with Observer(site, tally), site.service(tally):
        for turn in range(times):
            site.drop(range(turn * images, (turn + 1) * images))
            site.wait_until(_at_least(site, turn * images + 1), tally, "an image")
            before, began = server_pid(), time.monotonic()
            done = site.command(tally, "query", file, *options)
            tally.times += 1
            if time.monotonic() - began > limit_s:
                tally.hangs += 1
                tally.notes.append(f"the query took {time.monotonic() - began:.0f} s")
            if done.returncode == 0 or server_pid() == before:
                tally.lost += 1
                tally.notes.append(f"the server was not started again: {done.stderr[-300:]}")
            site.wait_until(_at_least(site, (turn + 1) * images), tally, "the queue")
    site.count(tally)
    return tally


def _at_least(site: Site, n_done: int) -> Callable[[], bool]:
    """Give what tells whether so many jobs are done."""
    return lambda: site.states().count("done") >= n_done
