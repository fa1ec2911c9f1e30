"""Memory, open files and processor time of the service, its workers and the database server, looked at from outside."""

from dataclasses import dataclass

import psutil

ROLES = ("service", "workers", "server")
_MB = 1 << 20


@dataclass(frozen=True)
class Look:
    """What one kind of process holds and has used.

    Attributes
    ----------
    rss_mb : float
        Resident memory in MB, of all processes of the kind together.
    files : int
        Open files and sockets.
    threads : int
        Threads.
    cpu_s : float
        Processor time in s since it began.
    """

    rss_mb: float
    files: int
    threads: int
    cpu_s: float


def look_at_all(service_pid: int, server_pid: int) -> dict[str, Look]:
    """Look at every kind once; a process that ends meanwhile is left out.

    Parameters
    ----------
    service_pid : int
        Of `cathograph watch`; its workers are its children.
    server_pid : int
        Of the database.
    """
    service = psutil.Process(service_pid)
    workers = [child for child in service.children() if "spawn_main" in " ".join(_command(child))]
    groups = dict(zip(ROLES, ([service], workers, [psutil.Process(server_pid)]), strict=True))
    return {role: _sum(processes) for role, processes in groups.items()}


def _sum(processes: list[psutil.Process]) -> Look:
    rss = files = threads = 0
    cpu_s = 0.0
    for process in processes:
        try:
            with process.oneshot():
                times = process.cpu_times()
                held = process.memory_info().rss, process.num_fds(), process.num_threads()
        except psutil.NoSuchProcess:
            continue
        rss, files, threads = rss + held[0], files + held[1], threads + held[2]
        cpu_s += times.user + times.system
    return Look(rss / _MB, files, threads, cpu_s)


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
