"""The ingest service: what arrives in a folder is queued, done, and noted, and nothing of it is lost.

One process looks at the folder and speaks with the queue, which is in the database
(`cathograph.queries.writing.jobs`); workers do the jobs. The queue is not kept in memory but for the jobs in
work, so killing the service at any point loses none: the next one finds the files, makes the same
identifiers of them, and goes on. A lease that is not renewed ends, and an ingest that was begun twice writes
once (`cathograph.queries.writing.images`).
"""

import os
import platform
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from cathograph.ingest.options import ServiceSettings
from cathograph.ingest.provenance import user_name
from cathograph.ingest.service.arrivals import WakeUp
from cathograph.ingest.service.groups import JobSpec
from cathograph.ingest.service.inbox import Inbox, InboxStatus
from cathograph.ingest.service.job_run import OpenStore
from cathograph.ingest.service.patient_store import PatientStore, Stopped
from cathograph.ingest.service.standing import Standing, line_about
from cathograph.ingest.service.workers import Finished, Workers
from cathograph.queries.writing.jobs import Claimer, JobEnd, claim, enqueue, renew, settle, states

if TYPE_CHECKING:
    from cathograph.ingest.service.cluster import ClusterWorkers

MOST_DEATHS = 3
_LONGEST_WAIT_S = 0.25
_ASK_AGAIN_S = 1.0
_ASK_OF_ALL_S = 10.0
_OVER = ("done", "failed", "cancelled")
_REST_AFTER_LOOK = 20
"""A look takes as long as the folder is large: so many times that there is none, whatever arrives meanwhile."""
_LEAST_LOOKS = 2  # the first cannot tell what stands still
Say = Callable[[str], None]


def serve(
    folder: Path,
    open_store: OpenStore,
    options: ServiceSettings,
    *,
    say: Say,
    show: Callable[[Standing], None],
    stop: threading.Event,
    open_on_worker: OpenStore | None = None,
) -> Standing:
    """Watch a folder until `stop` is set; with `once`, until what is there is worked off.

    Parameters
    ----------
    folder : Path
        Folder with rules in it.
    open_store : callable
        Opens the store, here and in every worker.
    open_on_worker : callable, optional
        Opens it in the workers of a cluster, if they do so in another way.
    options : ServiceSettings
        How to work.
    say : callable
        Called with a line for each thing that happened.
    show : callable
        Called now and then with how things stand.
    stop : threading.Event
        Set it to end: running jobs are finished, or given back after some seconds.

    Raises
    ------
    InputError
        When there is no such folder, or its rules cannot be meant.
    CannotConnect, LocalServerError
        When the database is not there at the start; later it is waited for.
    """
    inbox = Inbox(folder, settle_s=options.settle_s, say=say)
    with (
        PatientStore(open_store, stop, say) as store,
        WakeUp(inbox.folder, poll_s=options.poll_s, events=options.events) as wake_up,
    ):
        workers = _workers(options, open_on_worker or open_store)
        return _Service(inbox, workers, store, wake_up, options, say, show, stop).run()


def _workers(options: ServiceSettings, open_store: OpenStore) -> "Workers | ClusterWorkers":
    if options.scheduler is not None:
        from cathograph.ingest.service.cluster import ClusterWorkers

        return ClusterWorkers(options.scheduler, open_store, at_most=options.workers or None)
    threads = max(1, (os.cpu_count() or 1) // options.workers)
    return Workers(options.workers, open_store, n_threads=threads)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set; a second one ends the process as usual."""
    stop = threading.Event()

    def note(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, before[number])

    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Service:
    def __init__(
        self,
        inbox: Inbox,
        workers: "Workers | ClusterWorkers",
        store: PatientStore,
        wake_up: WakeUp,
        options: ServiceSettings,
        say: Say,
        show: Callable[[Standing], None],
        stop: threading.Event,
    ) -> None:
        self._inbox = inbox
        self._store = store
        self._wake_up = wake_up
        self._options = options
        self._say = say
        self._show = show
        self._stop = stop
        self._workers = workers
        self._claimer = Claimer(
            str(uuid4()), user_name(), platform.node(), version("cathograph"), options.lease_s
        )
        self._queued: set[str] = set()
        # What is over is asked about seldom: only `retry` changes it, and a folder holds thousands in the end.
        self._over: dict[str, str] = {}
        self._ask_of_all_at = 0.0
        self._attempts: dict[str, int] = {}
        self._in_work: dict[str, JobSpec] = {}
        self._began: dict[str, float] = {}
        # With the number of the attempt: a renewal that was asked before an attempt ended says nothing of the next.
        self._lost: set[tuple[str, int]] = set()
        self._ask_at = 0.0
        self._looks = 0
        self._look_at = 0.0

    def run(self) -> Standing:
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep_leases, args=(ended,), daemon=True)
        keeper.start()
        try:
            while not self._stop.is_set():
                self._step()
                if self._options.once and self._is_over():
                    break
            self._finish()
            self._ask_of_all_at = 0.0
            return self._standing()
        except Stopped:
            return Standing(Counter(), (), 0)
        finally:
            ended.set()
            self._workers.end()
            keeper.join(timeout=5)

    def _step(self) -> None:
        status = self._inbox.status
        unfinished = status.waiting or not status.is_settled or self._looks < _LEAST_LOOKS
        soonest_s = max(0.1, self._options.settle_s / 2) if unfinished else None
        if monotonic() >= self._look_at and self._wake_up.is_due(sooner_s=soonest_s):
            began = monotonic()
            self._inbox.look()
            self._looks += 1
            self._look_at = monotonic() + _REST_AFTER_LOOK * (monotonic() - began)
        self._inbox.work()
        self._enqueue()
        self._begin()
        for finished in self._workers.wait(_LONGEST_WAIT_S):
            self._settle(finished)
        self._drop_lost()
        if self._wake_up.fault is not None:
            self._say(
                f"No events of the folder ({self._wake_up.fault}); it is looked through every "
                f"{self._options.poll_s:g} s."
            )
            self._wake_up.fault = None

    def _enqueue(self) -> None:
        jobs = self._inbox.jobs
        self._queued &= set(jobs)
        new = {name: spec.about() for name, spec in jobs.items() if name not in self._queued}
        if new:
            self._store.run(lambda connection: enqueue(connection, new))
            self._queued |= set(new)
            self._over = {name: state for name, state in self._over.items() if name not in new}
            self._ask_at = 0.0

    def _begin(self) -> None:
        """Give jobs to idle workers; ask the queue again at once only after it gave one."""
        if monotonic() >= self._ask_of_all_at:
            self._standing()
        while self._workers.has_room and not self._stop.is_set() and monotonic() >= self._ask_at:
            jobs = self._inbox.jobs
            free = sorted(set(jobs) - set(self._in_work) - set(self._over))
            begun = self._store.run(partial(claim, ids=free, claimer=self._claimer)) if free else None
            if begun is None:
                self._ask_at = monotonic() + _ASK_AGAIN_S
                self._show(self._standing())
                return
            self._attempts[begun.id] = begun.attempts
            self._in_work[begun.id] = jobs[begun.id]
            self._began[begun.id] = monotonic()
            self._workers.give(jobs[begun.id])

    def _settle(self, finished: Finished) -> None:
        spec = self._in_work.pop(finished.id)
        attempts = self._attempts.pop(finished.id)
        seconds = monotonic() - self._began.pop(finished.id)
        end = self._end_of(finished, attempts)
        if (finished.id, attempts) in self._lost:
            self._lost.discard((finished.id, attempts))
            return
        if self._store.run(lambda connection: settle(connection, finished.id, self._claimer, end)):
            self._say(line_about(spec, finished.result, end, seconds))
            if end.state in _OVER:
                self._over[finished.id] = end.state
        self._ask_at = 0.0

    def _end_of(self, finished: Finished, attempts: int) -> JobEnd:
        result = finished.result
        if result.state == "postponed":
            return JobEnd("queued", reason=result.reason, pause_s=self._options.pause_after(attempts))
        if result.state == "died":
            known = self._store.run(partial(states, ids=[finished.id]))
            deaths = known[finished.id].deaths + 1 if finished.id in known else 1
            if deaths < MOST_DEATHS:
                pause_s = self._options.pause_after(attempts)
                return JobEnd("queued", reason=result.reason, pause_s=pause_s, deaths=1)
            return JobEnd("failed", reason=f"{result.reason} So it was {deaths} times.", deaths=1)
        return JobEnd(result.state, result.outcome, result.method, result.reason)

    def _keep_leases(self, ended: threading.Event) -> None:
        """Renew the leases of what is in work, in a thread: hashing a large file takes longer than a lease."""
        while not ended.wait(self._options.lease_s / 3):
            held = dict(self._attempts)
            renewing = partial(renew, ids=list(held), claimer=self._claimer)
            ours = self._store.once_if_open(renewing) if held else None
            if ours is not None:
                self._lost |= {(name, attempt) for name, attempt in held.items() if name not in ours}

    def _drop_lost(self) -> None:
        """Stop the work on jobs that were cancelled, or that another service has taken."""
        for name, attempt in list(self._lost):
            self._lost.discard((name, attempt))
            if self._attempts.get(name) == attempt:
                self._workers.drop([name])
                spec = self._in_work.pop(name)
                self._attempts.pop(name)
                self._began.pop(name)
                self._say(f"stopped {spec.main.name}: the job was cancelled, or another service has it")

    def _finish(self) -> None:
        """Finish what is in work, or give it back when it takes too long."""
        if self._in_work:
            self._say(f"Ending; {len(self._in_work)} in work, at most {self._options.stop_s:g} s.")
        until = monotonic() + self._options.stop_s
        while self._in_work and monotonic() < until:
            for finished in self._workers.wait(min(_LONGEST_WAIT_S, self._options.stop_s)):
                self._settle(finished)
        left = list(self._in_work)
        self._workers.drop(left)
        for name in left:
            back = JobEnd("queued", reason="given back when the service was ended", attempts=-1)
            self._store.run(partial(settle, identifier=name, claimer=self._claimer, end=back))
            self._say(f"given back {self._in_work.pop(name).main.name}")

    def _is_over(self) -> bool:
        """Whether all that is there is worked off: nothing settles, runs, or may be begun now."""
        return (
            self._looks >= _LEAST_LOOKS
            and not self._in_work
            and self._inbox.status.is_settled
            and set(self._inbox.jobs) <= self._queued
            and self._ask_at > 0.0
            and not self._runs_elsewhere()
        )

    def _runs_elsewhere(self) -> bool:
        return self._standing().states["running"] > 0

    def _standing(self) -> Standing:
        """Tell how the jobs stand; those that were over are asked about again after some seconds."""
        status: InboxStatus = self._inbox.status
        ids = set(self._inbox.jobs)
        if monotonic() >= self._ask_of_all_at:
            self._over = {}
            self._ask_of_all_at = monotonic() + _ASK_OF_ALL_S
        over = {name: state for name, state in self._over.items() if name in ids}
        ask = sorted(ids - set(over))
        known = self._store.run(partial(states, ids=ask)) if ask else {}
        now = {name: found.state for name, found in known.items()}
        self._over = over | {name: state for name, state in now.items() if state in _OVER}
        return Standing(Counter((over | now).values()), status.waiting, status.unmatched)
