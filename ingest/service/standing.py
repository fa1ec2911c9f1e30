"""How the jobs of a watched folder stand, and what became of one, in words."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cathograph.ingest.service.groups import JobSpec
    from cathograph.ingest.service.job_run import JobResult
    from cathograph.queries.writing.jobs import JobEnd


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
