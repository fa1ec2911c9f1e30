"""One job, from its files to its outcome, and whose fault it is when it fails.

A failure is of the outside when trying again may help: the database refused or went away, the file went away,
changed or could not be read, the machine had no room. It is of the inside when the files were read whole, were
what they had been, and the database answered: then the same input fails again, and the job is set aside.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cathograph.ingest.formats.file_state import hash_of_bytes, look_at
from cathograph.ingest.options import renamed
from cathograph.ingest.pipeline import ImageOutcome, ingest_files
from cathograph.ingest.reading import Reading
from cathograph.ingest.service.arrivals import outside
from cathograph.ingest.service.groups import JobSpec, ReadFile
from cathograph.ingest.service.rules import KEYS
from cathograph.queries.server.migrations import schema_version
from cathograph.schema.errors import (
    CathographError,
    DatabaseError,
    InputImageError,
    QueryTimeout,
    SchemaOutdated,
)
from cathograph.schema.names import with_bytes_escaped

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection


class OpenedStore(Protocol):
    """A store that is open for writing (`cathograph.writing.WritableStore`)."""

    @property
    def connection(self) -> "Connection | None":
        """The connection; never None here."""

    def writing(self) -> AbstractContextManager[None]:
        """Give the context held around a transaction that writes."""


OpenStore = Callable[[], AbstractContextManager[OpenedStore]]
"""Opens the store; can be sent to another process."""


@dataclass(frozen=True)
class JobResult:
    """What became of a job.

    Attributes
    ----------
    state : str
        ``done``, ``failed`` (the cause is inside) or ``postponed`` (outside).
    outcome : str or None
        ``written``, ``reactivated`` or ``unchanged``, once done.
    method : str or None
        Segmenter and its version, or ``given``.
    reason : str or None
        One line.
    counts : dict
        Particles, contacts, TPBs.
    notes : tuple of str
        What the user should know.
    """

    state: str
    outcome: str | None = None
    method: str | None = None
    reason: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def postponed(reason: object) -> JobResult:
    """Say that the cause lies outside."""
    return JobResult("postponed", reason=_line(reason))


def run_job(spec: JobSpec, store: OpenedStore) -> JobResult:
    """Do a job. Never raises an error of ours: it is in the result."""
    if spec.fault is not None or spec.options is None:
        return JobResult("failed", reason=spec.fault)
    reason = _changed(spec)
    if reason is not None:
        return postponed(reason)
    if store.connection is None:
        return postponed("Found no connection to the store; expected one.")
    seen: list[CathographError] = []

    @contextmanager
    def writing() -> Iterator[None]:
        try:
            with store.writing():
                yield
        except (DatabaseError, QueryTimeout) as error:
            seen.append(error)
            raise

    try:
        reading = Reading.of(spec.options)
        method = reading.method if reading.method == "given" else f"{reading.method} {reading.version}"
        outcomes = ingest_files(
            [spec.folder / spec.main.name],
            reading,
            spec.placement,
            store.connection,
            energy_map=spec.map_source,
            grey=None if spec.grey is None else spec.folder / spec.grey.name,
            writing=writing,
        )
    except OSError as error:
        return postponed(f"Found this machine failing ({error.strerror or error}); expected room and rights.")
    except DatabaseError as error:
        return postponed(error)
    except CathographError as error:
        return JobResult("failed", reason=_line(error))
    failed = [outcome for outcome in outcomes if outcome.error]
    if not failed:
        return _done(outcomes, method)
    reason = failed[0].error
    if len(outcomes) > 1:
        reason = f"{len(failed)} of {len(outcomes)} images failed; {failed[0].image}: {reason}"
    cause = str(seen[0]) if seen else _outer_cause(spec, store.connection)
    if cause is not None and not any(isinstance(error, SchemaOutdated) for error in seen):
        return postponed(cause)
    return JobResult("failed", method=method, reason=_line(reason))


def _done(outcomes: list[ImageOutcome], method: str) -> JobResult:
    states = {outcome.state for outcome in outcomes}
    states |= {outcome.energy_map.state for outcome in outcomes if outcome.energy_map}
    counts: dict[str, int] = {}
    for outcome in outcomes:
        for name, number in outcome.counts.items():
            counts[name] = counts.get(name, 0) + number
    first = next(state for state in ("written", "reactivated", "unchanged") if state in states)
    notes = tuple(_line(f"{outcome.image}: {note}") for outcome in outcomes for note in outcome.notes)
    return JobResult("done", first, method, counts=counts, notes=notes)


def _files(spec: JobSpec) -> list[ReadFile]:
    return [file for file in (spec.main, spec.energy_map, spec.grey) if file is not None]


def _changed(spec: JobSpec) -> str | None:
    """Say what is no longer as it was when the job was made."""
    for file in _files(spec):
        path = spec.folder / file.name
        try:
            now = look_at(path)
        except InputImageError as error:
            return str(error)
        if now != file.state:
            return f"Found {file.name} changed since it was seen; expected a finished file. It is looked at again."
        leads_out = outside(path, spec.folder)
        if leads_out is not None:
            return leads_out
    return None


def _outer_cause(spec: JobSpec, connection: "Connection") -> str | None:
    """Look again whether the files are readable and as they were, and whether the database answers."""
    reason = _changed(spec)
    if reason is not None:
        return reason
    try:
        for file in _files(spec):
            if hash_of_bytes(spec.folder / file.name) != file.sha256:
                return f"Found {file.name} with other bytes than when it was seen; expected a finished file."
        schema_version(connection)
    except (InputImageError, DatabaseError) as error:
        return str(error)
    return None


def _line(reason: object) -> str:
    return with_bytes_escaped(" ".join(renamed(str(reason), KEYS).split()))
