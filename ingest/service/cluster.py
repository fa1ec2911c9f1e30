"""Jobs on a Dask cluster: one task a job, a bounded number of them under way.

Dask moves tasks and notices dead workers; what is done and what is not stays with the queue in the database, and
the lease with the service. A task whose worker dies is begun anew elsewhere by Dask, which is safe because an
ingest that was begun twice writes once; after some deaths Dask gives up and the job has died. A task cannot be
stopped from outside: of a job that is cancelled the result is dropped.

Workers open the store with what their own environment says, so that no password travels through the cluster. They
must see the files under the same paths.
"""

import logging
import queue
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cathograph.ingest.formats import refuse_loose_slices
from cathograph.ingest.image_names import ImageNames, with_equal_stems
from cathograph.ingest.options import IngestOptions
from cathograph.ingest.pipeline import ImageOutcome, Placement, Progress, ingest_files
from cathograph.ingest.reading import Reading, open_with
from cathograph.ingest.service.groups import JobSpec
from cathograph.ingest.service.job_run import JobResult, OpenStore, postponed, run_job
from cathograph.ingest.service.workers import DIED, Finished
from cathograph.ingest.states.map_source import MapSource
from cathograph.schema.errors import CathographError, InputError, InputImageError

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECT_S = 10.0
_ADDRESS = re.compile(r"(?:\w+://)?\S+:\d+|inproc://\S+")


class ClusterWorkers:
    """The workers of a Dask cluster, in the place of `cathograph.ingest.service.workers.Workers`.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://host:port``.
    open_store : callable
        Opens the store inside of each worker.
    at_most : int, optional
        Jobs under way; by default as many as the cluster has threads.

    Raises
    ------
    InputError
        When no scheduler answers.
    """

    def __init__(self, address: str, open_store: OpenStore, *, at_most: int | None = None) -> None:
        self._address = address
        self._open_store = open_store
        self._at_most = at_most
        self._futures: dict[str, Future[Any] | None] = {}
        self._finished: queue.SimpleQueue[tuple[str, Future[Any] | None]] = queue.SimpleQueue()
        self._client: Client | None = connect(address)

    @property
    def running(self) -> list[str]:
        """Identifiers of the jobs under way."""
        return list(self._futures)

    @property
    def has_room(self) -> bool:
        """Whether another job may be given; not while the scheduler is gone."""
        client = self._connected()
        if client is None:
            return False
        limit = self._at_most or sum(client.nthreads().values())
        return len(self._futures) < limit

    def give(self, spec: JobSpec) -> None:
        """Give a job to the cluster."""
        client = self._connected()
        # Not pure: a job that is tried again is work to be done, not a result that is known.
        future = None if client is None else client.submit(_do, spec, self._open_store, pure=False)
        self._futures[spec.id] = future
        if future is None:
            self._finished.put((spec.id, None))
        else:
            future.add_done_callback(lambda done, name=spec.id: self._finished.put((name, done)))

    def wait(self, timeout_s: float) -> list[Finished]:
        """Wait until a job is finished or given up, at most so many seconds."""
        finished: list[Finished] = []
        with suppress(queue.Empty):
            while True:
                name, future = self._finished.get(timeout=0 if finished else timeout_s)
                # One that was dropped, or of an earlier attempt, is nobody's.
                if name in self._futures and self._futures[name] is future:
                    del self._futures[name]
                    finished.append(Finished(name, _result(future)))
        return finished

    def drop(self, jobs: Sequence[str]) -> None:
        """Forget jobs: those not begun are taken back, of the others the result is dropped."""
        for name in jobs:
            future = self._futures.pop(name, None)
            if future is not None:
                with suppress(OSError, TimeoutError):
                    future.cancel()

    def end(self) -> None:
        """Leave the cluster."""
        self.drop(self.running)
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> "Client | None":
        """Give the client; a new one when the scheduler was gone and is back."""
        if self._client is not None and self._client.status == "running":
            return self._client
        if self._client is not None:
            self._client.close()
            self._client = None
        with suppress(InputError):
            self._client = connect(self._address, timeout_s=1.0)
        return self._client


def connect(address: str, *, timeout_s: float = _CONNECT_S) -> "Client":
    """Connect to the scheduler of a Dask cluster.

    Raises
    ------
    InputError
        When this is no address, or none answers there.
    """
    from distributed import Client

    # Dask looks such a name up, and waits 20 s for what nobody knows.
    if _ADDRESS.fullmatch(address) is None:
        msg = (
            f"Found {address!r} for the scheduler; expected its address, as tcp://host:8786. Correct it, or "
            "leave it out."
        )
        raise InputError(msg)

    # Lost workers and schedulers are told in our words.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=timeout_s, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        what = (str(error) or type(error).__name__).splitlines()[0]
        msg = (
            f"Found no Dask scheduler at {address} ({what}); expected one, as tcp://host:8786. Start it with "
            "`dask scheduler`, or leave `scheduler` out."
        )
        raise InputError(msg) from error


def ingest_on_cluster(
    paths: Sequence[Path],
    options: IngestOptions,
    placement: Placement,
    address: str,
    open_store: OpenStore,
    *,
    energy_map: MapSource | None = None,
    grey: Path | None = None,
    at_most: int | None = None,
    progress: Progress | None = None,
) -> list[ImageOutcome]:
    """Ingest files on a cluster, one task a file; as `cathograph.ingest.pipeline.ingest_files` in all else.

    Parameters
    ----------
    paths : sequence of Path
        Files, which the workers see under the same paths.
    options, placement, energy_map, grey
        As `ingest_files`; what is fixed for the call is checked here first.
    address : str
        Of the scheduler.
    open_store : callable
        Opens the store inside of each worker.
    at_most : int, optional
        Tasks under way; by default twice as many as the cluster has threads.
    progress : callable, optional
        Called with (what, done, total).

    Raises
    ------
    InputError
        When no scheduler answers, or two files of one folder give images of the same name.
    """
    Reading.of(options)
    if placement.image is not None and len(paths) > 1:
        msg = "Found several files for one image name; expected each name once. Ingest them one by one with `image`."
        raise InputError(msg)
    if options.volume and len(paths) > 1:
        refuse_loose_slices(paths, dataset=options.dataset, channel=options.channel)
    absolute = [path.absolute() for path in paths]
    placements, outcomes = _place_equal_stems(absolute, options, placement, open_store)
    with connect(address) as client:
        limit = at_most or max(1, 2 * sum(client.nthreads().values()))
        waiting = [each for each in enumerate(absolute) if each[0] not in outcomes]
        under_way: dict[int, Future[Any]] = {}  # a task that nobody holds is dropped
        finished: queue.SimpleQueue[tuple[int, Future[Any]]] = queue.SimpleQueue()
        while waiting or under_way:
            while waiting and len(under_way) < limit:
                number, path = waiting.pop(0)
                given = (
                    path,
                    options,
                    placements.get(number, placement),
                    energy_map,
                    grey and grey.absolute(),
                    open_store,
                )
                future = client.submit(_ingest, *given, pure=False)
                future.add_done_callback(lambda done, n=number: finished.put((n, done)))
                under_way[number] = future
            number, future = finished.get()
            del under_way[number]
            outcomes[number] = _outcomes(future, absolute[number], placement)
            if progress is not None:
                progress(absolute[number].name, len(outcomes), len(absolute))
    return [outcome for number in sorted(outcomes) for outcome in outcomes[number]]


def _place_equal_stems(
    paths: Sequence[Path], options: IngestOptions, placement: Placement, open_store: OpenStore
) -> tuple[dict[int, Placement], dict[int, list[ImageOutcome]]]:
    """Name the images of files with equal stems before any is given away: two workers would take one name at once.

    Returns
    -------
    tuple of dict and dict
        The place of each such file by its number in the call, and what became of those that have none.
    """
    equal = set(with_equal_stems(paths))
    placements: dict[int, Placement] = {}
    refused: dict[int, list[ImageOutcome]] = {}
    if not equal:
        return placements, refused
    # Names of the other files are taken, too.
    taken = {path.stem: path for path in paths if path not in equal}
    owners: dict[str, Path] = {}
    with open_store() as store:
        names = ImageNames(store.connection, placement.sample, replace=placement.replace, taken=taken)
        for number, path in enumerate(paths):
            if path not in equal:
                continue
            try:
                name, _ = names.choose(open_with(path, options), options.dataset)
            except InputImageError as error:
                refused[number] = [_failed(path, placement, str(error))]
                continue
            owner = owners.setdefault(name, path)
            if owner != path:
                msg = (
                    f"Found two images named {name!r} for sample {placement.sample!r} ({owner} and {path}); expected "
                    "each name once. Ingest them one by one with `image`."
                )
                raise InputError(msg)
            placements[number] = replace(placement, image=name)
    return placements, refused


def _ingest(
    path: Path,
    options: IngestOptions,
    placement: Placement,
    energy_map: MapSource | None,
    grey: Path | None,
    open_store: OpenStore,
) -> list[ImageOutcome]:
    """Ingest a file, on a worker."""
    try:
        with open_store() as store:
            return ingest_files(
                [path],
                Reading.of(options),
                placement,
                store.connection,
                energy_map=energy_map,
                grey=grey,
                writing=store.writing,
            )
    except CathographError as error:
        return [_failed(path, placement, str(error))]


def _outcomes(future: "Future[Any]", path: Path, placement: Placement) -> list[ImageOutcome]:
    if future.status == "finished":
        found: list[ImageOutcome] = future.result()
        return found
    return [_failed(path, placement, str(_result(future).reason))]


def _failed(path: Path, placement: Placement, reason: str) -> ImageOutcome:
    return ImageOutcome(path.name, placement.image or path.stem, "failed", error=" ".join(reason.split()))


def _do(spec: JobSpec, open_store: OpenStore) -> JobResult:
    """Do a job, on a worker."""
    try:
        with open_store() as store:
            return run_job(spec, store)
    except CathographError as error:
        return postponed(error)


def _result(future: "Future[Any] | None") -> JobResult:
    """Give what became of a task; whatever it raised goes into the job's reason."""
    from distributed.scheduler import KilledWorker

    if future is None or future.status in ("cancelled", "lost"):
        return postponed("Found the Dask scheduler gone; expected it to stay. The job is given to it again.")
    if future.status == "finished":
        result: JobResult = future.result()
        return result
    error = future.exception()
    if isinstance(error, KilledWorker | MemoryError):
        return DIED
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return JobResult(
        "failed", reason=f"Found a fault in Cathograph ({what}); expected none. Please report it."
    )
