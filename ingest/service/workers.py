"""The processes that do jobs: started anew (spawn), one job at a time each.

Each has a pipe of its own, so one that dies (out of memory, killed) takes its own job with it and no other.
A worker ignores the signals that stop the service, which the system sends to all processes of a group or
unit: the service tells it. When the service itself is killed, its worker finishes what it does, finds
the pipe closed, and ends.
"""

import contextlib
import multiprocessing
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any

from cathograph.ingest.service.gpu_of_worker import take_gpu, visible_gpus
from cathograph.ingest.service.groups import JobSpec
from cathograph.ingest.service.job_run import JobResult, OpenedStore, OpenStore, postponed, run_job
from cathograph.schema.errors import CathographError, DatabaseError

DIED = JobResult(
    "died",
    reason="Found its process gone in the middle (out of memory, or killed); expected room for it. Try it on a "
    "larger machine.",
)
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Finished:
    """A job that has come back from its worker."""

    id: str
    result: JobResult


class Worker:
    """One process, and the job it is at; its number says which GPU it has."""

    def __init__(self, number: int, open_store: OpenStore, n_threads: int) -> None:
        self.number = number
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(
            name=f"worker {number}", target=_work, args=(theirs, number, open_store, n_threads), daemon=True
        )
        # Blocked before it begins, and so for good: also while it still loads its modules. The resource tracker,
        # which the first start brings up, would unblock them.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.job: str | None = None

    def end(self, *, at_once: bool = False) -> int | None:
        """Have it end: when its job is done, or at once; gives how it did, as `Process.exitcode`."""
        self.pipe.close()
        if at_once:
            self.process.kill()
        self.process.join(timeout=None if at_once else 5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode
        self.process.close()
        return code


class Workers:
    """The workers of a service; a process is started when there is a job for it.

    Parameters
    ----------
    number : int
        At most so many.
    open_store : callable
        Opens the store inside of each process.
    n_threads : int
        Threads of each.
    """

    def __init__(self, number: int, open_store: OpenStore, *, n_threads: int) -> None:
        self._number = number
        self._open_store = open_store
        self._n_threads = n_threads
        self._workers: list[Worker] = []

    @property
    def running(self) -> list[str]:
        """Identifiers of the jobs that are worked on."""
        return [worker.job for worker in self._workers if worker.job is not None]

    @property
    def has_room(self) -> bool:
        """Whether another job may be given."""
        return len(self.running) < self._number

    def give(self, spec: JobSpec) -> None:
        """Give a job to an idle worker."""
        worker = next((each for each in self._workers if each.job is None), None)
        if worker is None:
            taken = {each.number for each in self._workers}
            number = next(number for number in range(self._number) if number not in taken)
            worker = Worker(number, self._open_store, self._n_threads)
            self._workers.append(worker)
        worker.job = spec.id
        # One that died meanwhile is noticed by `wait`.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.pipe.send(spec)

    def wait(self, timeout_s: float) -> list[Finished]:
        """Wait until a job is finished or its worker is dead, at most so many seconds."""
        by_pipe: dict[Any, Worker] = {}
        for worker in self._workers:
            by_pipe[worker.pipe] = by_pipe[worker.process.sentinel] = worker
        finished = []
        for worker in {id(by_pipe[each]): by_pipe[each] for each in wait(list(by_pipe), timeout_s)}.values():
            result: JobResult | None = None
            # Also of a dead one: its last result may still be in the pipe.
            with contextlib.suppress(EOFError, OSError):
                result = worker.pipe.recv() if worker.pipe.poll() else None
            if result is None:
                self._workers.remove(worker)
                result = death(worker.end(at_once=True))
            if worker.job is not None:
                finished.append(Finished(worker.job, result))
            worker.job = None
        return finished

    def drop(self, jobs: Sequence[str]) -> None:
        """Stop the work on jobs at once; what they were writing stays out of sight."""
        for worker in [each for each in self._workers if each.job in jobs]:
            self._workers.remove(worker)
            worker.end(at_once=True)

    def end(self) -> None:
        """End all workers; those with a job at once."""
        for worker in self._workers:
            worker.end(at_once=worker.job is not None)
        self._workers = []


def death(exit_code: int | None) -> JobResult:
    """Say what became of a job whose process ended in the middle.

    Examples
    --------
    >>> "crashed (SIGSEGV)" in death(-11).reason
    True
    >>> death(-9) is DIED
    True
    """
    crash = next((each.name for each in _CRASHES if exit_code == -each), None)
    if crash is None:
        return DIED
    return JobResult(
        "died",
        reason=f"Found its process crashed ({crash}) in the middle; expected a file that can be read. A damaged one "
        "may break the library that reads it: export it again.",
    )


def _work(pipe: "Pipe[Any, Any]", number: int, open_store: OpenStore, n_threads: int) -> None:
    """Do jobs until the pipe is closed."""
    import numba

    take_gpu(number, visible_gpus())

    numba.set_num_threads(min(n_threads, numba.get_num_threads()))
    opened = ExitStack()
    store: OpenedStore | None = None
    while True:
        try:
            spec = pipe.recv()
        except (EOFError, OSError):
            break
        if store is None:
            try:
                store = opened.enter_context(open_store())
            except CathographError as error:
                result = postponed(error)
        if store is not None:
            result = _guarded(spec, store)
        if result.state == "postponed":
            # A connection that failed is opened anew for the next job.
            with contextlib.suppress(DatabaseError):
                opened.close()
            store = None
        try:
            pipe.send(result)
        except OSError:
            break  # the service has gone; the job's lease ends by itself
    with contextlib.suppress(DatabaseError):
        opened.close()


def _guarded(spec: JobSpec, store: OpenedStore) -> JobResult:
    """Do a job; a fault of ours in one file must not end the night."""
    try:
        return run_job(spec, store)
    except MemoryError:
        return DIED
    except Exception as error:  # noqa: BLE001  the border of the process: whatever it is goes into the job's reason
        what = f"{type(error).__name__}: {error}"
        return JobResult(
            "failed",
            reason=f"Found a fault in Cathograph ({' '.join(what.split())[:300]}); expected none. Please report it.",
        )
