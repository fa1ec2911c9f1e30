"""The queue of the ingest service, kept in the database: what waits, runs, is done, failed.

A job is an `IngestRun` whose identifier is a hash of its files' bytes and of the rules that apply to them, so
the same files never queue twice. Whoever begins a job holds it by a lease, which ends by itself when it is
not renewed: the job of a service that was killed is begun again by the next. All times are those of the
database server, so services on machines with different clocks agree.

Two services at once: a claim first locks all jobs of the image, then looks again whether the job is free and
no other of the image runs. So a job is begun once, and an image has one writer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Records, Transaction
from cathograph.schema.errors import QueryError

_FOLDER = "queue"
_AT_ONCE = 200
LEAST_PREFIX = 4


@dataclass(frozen=True)
class Claimer:
    """Who begins jobs.

    Attributes
    ----------
    owner : str
        Random name of one running service.
    user, host, code_version : str
        Login, machine, version of Cathograph; noted with each job.
    lease_s : float
        Seconds after which a lease that is not renewed ends.
    """

    owner: str
    user: str
    host: str
    code_version: str
    lease_s: float


@dataclass(frozen=True)
class Claim:
    """A job that was begun, for the `attempts`-th time."""

    id: str
    attempts: int


@dataclass(frozen=True)
class JobState:
    """How a job stands."""

    state: str
    reason: str | None
    deaths: int


@dataclass(frozen=True)
class JobEnd:
    """How the work on a job ended.

    Attributes
    ----------
    state : str
        ``done``, ``failed`` (set aside), or ``queued`` (to be tried again).
    outcome, method, reason : str or None
        See the properties of `IngestRun`.
    pause_s : float or None
        Seconds until it may be tried again.
    attempts, deaths : int
        Added to its counts.
    """

    state: str
    outcome: str | None = None
    method: str | None = None
    reason: str | None = None
    pause_s: float | None = None
    attempts: int = 0
    deaths: int = 0


def enqueue(connection: Connection, jobs: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """Queue jobs that are not known; give the identifiers of those queued now.

    Parameters
    ----------
    connection : Connection
        Where.
    jobs : Mapping
        What is known of each (file_name, file_sha256, sample, image, folder, …), by identifier.
    """
    rows = [{"id": name, "about": dict(about)} for name, about in sorted(jobs.items())]
    queued: list[str] = []
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        records = connection.write(lambda transaction, part=part: _run(transaction, "enqueue", rows=part))  # type: ignore[misc]
        queued += [row[0] for row in records.rows]
    return queued


def claim(connection: Connection, ids: Sequence[str], claimer: Claimer) -> Claim | None:
    """Begin one of these jobs; None when none may be begun now."""

    def work(transaction: Transaction, identifier: str) -> Claim | None:
        _run(transaction, "hold_image", id=identifier)
        begun = _run(
            transaction,
            "claim",
            id=identifier,
            owner=claimer.owner,
            lease_s=claimer.lease_s,
            user=claimer.user,
            host=claimer.host,
            code_version=claimer.code_version,
        )
        return Claim(*begun.rows[0]) if begun.rows else None

    found = connection.read(load_internal(_FOLDER, "candidates").text, {"ids": list(ids)})
    for (identifier,) in found.rows:
        begun = connection.write(lambda transaction, name=identifier: work(transaction, name))  # type: ignore[misc]
        if begun is not None:
            return begun
    return None


def renew(connection: Connection, ids: Sequence[str], claimer: Claimer) -> set[str]:
    """Renew the leases of running jobs; give those that are still this service's."""
    records = connection.write(
        lambda transaction: _run(
            transaction, "renew", ids=sorted(ids), owner=claimer.owner, lease_s=claimer.lease_s
        )
    )
    return {row[0] for row in records.rows}


def settle(connection: Connection, identifier: str, claimer: Claimer, end: JobEnd) -> bool:
    """End the work on a job; False when it is no longer this service's, and nothing was changed."""
    records = connection.write(
        lambda transaction: _run(
            transaction,
            "settle",
            id=identifier,
            owner=claimer.owner,
            state=end.state,
            outcome=end.outcome,
            method=end.method,
            reason=end.reason,
            pause_s=end.pause_s,
            attempts=end.attempts,
            deaths=end.deaths,
        )
    )
    return bool(records.rows)


def states(connection: Connection, ids: Sequence[str]) -> dict[str, JobState]:
    """Tell how jobs stand, by identifier; those that are not known are left out."""
    found = connection.read(load_internal(_FOLDER, "states").text, {"ids": list(ids)})
    return {identifier: JobState(*rest) for identifier, *rest in found.rows}


def retry(connection: Connection, which: Sequence[str] | None) -> list[str]:
    """Queue jobs again; give their files.

    Parameters
    ----------
    connection : Connection
        Where.
    which : sequence of str or None
        Beginnings of identifiers, or names of files; None: all that failed.

    Raises
    ------
    QueryError
        When one fits no job or several, or a job is running or done.
    """
    return _change(connection, "retry", which, ("failed", "cancelled", "queued"))


def cancel(connection: Connection, which: Sequence[str] | None) -> list[str]:
    """Take jobs out of the queue, stop those that run; give their files. None: all of them.

    Raises
    ------
    QueryError
        When one fits no job or several, or a job has ended.
    """
    return _change(connection, "cancel", which, ("queued", "running", "failed"))


def _change(
    connection: Connection, verb: str, which: Sequence[str] | None, allowed: tuple[str, ...]
) -> list[str]:
    ids = None if which is None else [_find(connection, verb, name, allowed) for name in which]
    records = connection.write(lambda transaction: _run(transaction, verb, ids=ids))
    return [row[1] for row in records.rows]


def _find(connection: Connection, verb: str, which: str, allowed: tuple[str, ...]) -> str:
    """Find the one job that is meant: of those that fit, the one that the verb can change."""
    found = connection.read(load_internal(_FOLDER, "find").text, {"which": which})
    rows = [row for row in found.rows if len(which) >= LEAST_PREFIX or row[2] == which]
    if not rows:
        msg = (
            f"Found no job {which!r}; expected the name of a file, or at least {LEAST_PREFIX} signs of a job's "
            "identifier. `cathograph jobs` lists them."
        )
        raise QueryError(msg)
    fitting = [row for row in rows if row[1] in allowed]
    if not fitting:
        msg = (
            f"Found job {which!r} {rows[-1][1]}; expected one that is {' or '.join(allowed)} to {verb}. "
            "`cathograph jobs` lists them."
        )
        raise QueryError(msg)
    if len(fitting) > 1:
        names = ", ".join(row[0][:8] for row in fitting[:5])
        msg = f"Found {len(fitting)} jobs that fit {which!r} ({names}); expected one. Give more of its identifier."
        raise QueryError(msg)
    return str(fitting[0][0])


def _run(transaction: Transaction, name: str, **parameters: object) -> Records:
    return transaction.run(load_internal(_FOLDER, name).text, parameters)
