"""How the ingest service works, as the user chooses it, and how its jobs stand, as it tells."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.ingest.service.groups import JobSpec
    from cathograph.ingest.service.job_run import JobResult
    from cathograph.queries.writing.jobs import JobEnd


@dataclass(frozen=True)
class ServiceOptions:
    """How the service works.

    Attributes
    ----------
    workers : int
        Jobs at a time; on a cluster 0, for as many as it has threads.
    scheduler : str or None
        Address of a Dask cluster to do them on; None does them here.
    settle_s : float
        Seconds that a file must stand still to count as complete.
    lease_s : float
        Seconds after which another service may take the job of one that was killed.
    poll_s : float
        Seconds between two looks through the folder when nothing is heard of it.
    events : bool
        Listen to the operating system; False on network shares that give no events.
    once : bool
        Work off what is there, then end.
    pause_s, longest_pause_s : float
        Pause before a job is tried again: doubled with each attempt, up to the longest.
    stop_s : float
        Seconds that running jobs are given when the service is told to end.

    Raises
    ------
    InputError
        When a number is out of its range.
    """

    workers: int = 1
    scheduler: str | None = None
    settle_s: float = 5.0
    lease_s: float = 60.0
    poll_s: float = 30.0
    events: bool = True
    once: bool = False
    pause_s: float = 10.0
    longest_pause_s: float = 3600.0
    stop_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, value, least, most in (
            ("--workers", self.workers, 1 if self.scheduler is None else 0, 4096),
            ("--settle-s", self.settle_s, 0.1, 3600),
            ("--lease-s", self.lease_s, 1, 86_400),
            ("--poll-s", self.poll_s, 0.1, 86_400),
            ("--pause-s", self.pause_s, 0.1, 86_400),
            ("--stop-s", self.stop_s, 0, 3600),
        ):
            if not least <= value <= most:
                msg = f"Found {name} {value:g}; expected {least:g} to {most:g}."
                raise InputError(msg)

    def pause_after(self, attempts: int) -> float:
        """Seconds to wait after this many attempts.

        Examples
        --------
        >>> [ServiceOptions().pause_after(n) for n in (1, 2, 3, 20)]
        [10.0, 20.0, 40.0, 3600.0]
        """
        return min(self.longest_pause_s, self.pause_s * 2.0 ** min(attempts - 1, 40))


@dataclass(frozen=True)
class Standing:
    """How the jobs of the folder stand.

    Attributes
    ----------
    states : Mapping
        Number of jobs in each state.
    waiting : tuple of str
        What is no job yet, and why.
    unmatched : int
        Files that fit no entry of the rules.
    """

    states: Counter[str]
    waiting: tuple[str, ...]
    unmatched: int

    @property
    def is_all_done(self) -> bool:
        """Whether every file that the rules know is in the store."""
        return not self.waiting and set(self.states) <= {"done"}

    def __str__(self) -> str:
        """Tell it in a line."""
        parts = [
            f"{self.states[state]} {state}"
            for state in ("queued", "running", "done", "failed", "cancelled")
            if self.states[state]
        ]
        if self.waiting:
            parts.append(f"{len(self.waiting)} waiting")
        if self.unmatched:
            parts.append(
                f"{self.unmatched} {'files fit' if self.unmatched > 1 else 'file fits'} no entry of the rules"
            )
        return ", ".join(parts) or "no files yet"


def line_about(spec: "JobSpec", result: "JobResult", end: "JobEnd", seconds: float) -> str:
    """Tell in a line what became of a job."""
    place = f"{spec.main.name} ({spec.placement.sample} / {spec.placement.image})"
    if end.state == "done":
        particles = result.counts.get("particles")
        about = "" if particles is None else f", {particles} particles"
        also = f", with {spec.energy_map.name}" if spec.energy_map else ""
        notes = "".join(f"; {note}" for note in result.notes)
        return f"{end.outcome} {place}{about}{also}, {seconds:.1f} s{notes}"
    if end.state == "queued":
        return f"postponed {place} for {end.pause_s:.0f} s: {end.reason}"
    return f"failed {place}: {end.reason}"
