"""The exporter and the remote backend beside the usual ways of reading a graph out of Neo4j.

One large image, 111,000 particles and 318,000 contacts from a made composite. Ours is the whole of
`cathograph.gnn.graphs.export.export_hetero_data`: queries, arrays, sorting, tensors. The rivals are the
driver's own table (`Result.to_df`, a row a particle or contact) and its node and relationship objects; they
stop there, before any tensor is made. The remote backend samples and reads mini-batches of NMC with two
hops; its rival reads the same particles, and the contacts between them, as objects.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from cathograph.benchmarks.label_images import make_composite
from cathograph.benchmarks.measure import BenchRow, WrongAnswer, measure_peak_mb, time_alternately
from cathograph.benchmarks.speed.composite_rows import make_rows
from cathograph.benchmarks.speed.temporary_store import TemporaryServer, temporary_server
from cathograph.benchmarks.speed.writing import without_extras
from cathograph.gnn.graphs.export import export_hetero_data
from cathograph.gnn.remote.loader import RemoteStores, open_remote, remote_loader
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.images import IngestRunRecord, write_image

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

SHAPE = (7000, 7000)
BATCH_SIZE = 256
FAN_OUT = [5, 5]
N_BATCHES = 8

_WARMING_UP = 10
_FOLDER = Path(__file__).parent / "row_by_row"
_WARM_UP = 64
"""`cathograph.benchmarks.measure` calls a function with that many first: ours then only imports."""


class ExportRow(BenchRow):
    """A comparison with what is done in a second: ``unit`` is rows (particles and contacts) or batches."""

    unit: str
    ours_per_s: float
    rival_per_s: float


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[ExportRow]:
    """Run the comparisons whose name, or whose rival's, contains `only`.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each step.
    only : str, optional
        Part of a name.

    Returns
    -------
    list of ExportRow
        Two rows of the exporter, one of the remote backend. Memory is that of the process that reads, beyond what
        it held before.

    Raises
    ------
    WrongAnswer
        When a rival reads something else.
    """
    say = progress or (lambda line: None)
    names = {"export": ("to_df", "objects"), "remote backend": ("objects",)}
    wanted = [(name, rival) for name, rivals in names.items() for rival in rivals
              if only is None or only in name or only in rival]  # fmt: skip
    if not wanted:
        return []
    say("making the image and its rows")
    rows = without_extras(make_rows(make_composite(SHAPE)))
    n_rows = len(rows.particles) + len(rows.contacts)
    found = []
    with temporary_server() as server, server.connect() as store:
        say("writing them")
        write_image(store, rows, IngestRunRecord.of_memory("benchmark"))
        for name, rival in wanted:
            say(f"{name}: beside {rival}")
            if name == "export":
                size = f"{len(rows.particles):,} particles, {len(rows.contacts):,} contacts"
                found.append(_compare_export(server, store, rival, f"export {size}", n_rows))
            else:
                found.append(_compare_batches(server))
    return found


def _compare_export(
    server: TemporaryServer, store: Connection, rival: str, name: str, n_rows: int
) -> ExportRow:
    theirs = {"to_df": _read_tables, "objects": _read_objects}[rival]
    with _driver(server) as driver:
        for _ in range(_WARMING_UP):  # a server compiles what it runs often
            export_hetero_data(store)
        theirs(driver)
        ours_s, rival_s, ours, read = time_alternately(
            lambda: export_hetero_data(store), lambda: theirs(driver), budget_s=1.0
        )
    if _checksum(ours) != read:
        msg = f"Found {_checksum(ours)} particles, contacts and sum of overlaps; by the rival {read}."
        raise WrongAnswer(msg)
    peaks = [
        measure_peak_mb(
            f"cathograph.benchmarks.speed.export:{function}",
            np.zeros(2 * _WARM_UP),
            [server.uri, server.password],
        )
        for function in ("read_ours", f"read_{rival}")
    ]
    return _row(name, rival, (ours_s, rival_s), peaks, "rows", n_rows)


def _compare_batches(server: TemporaryServer) -> ExportRow:
    stores = open_remote(server.connect)
    batches = _sample(stores)  # the server's own warming up, and what the rival reads
    keys = [
        [
            key
            for kind in batch.node_types
            for key in stores.graph.topology.keys(kind, batch[kind].n_id.numpy())
        ]
        for batch in batches
    ]
    with _driver(server) as driver:
        ours_s, rival_s, ours, read = time_alternately(
            lambda: _sample(stores), lambda: [_read_objects(driver, each) for each in keys], budget_s=1.0
        )
    stores.features.close()
    if [batch.num_nodes for batch in ours] != [particles for particles, *_ in read]:
        msg = f"Found {[batch.num_nodes for batch in ours]} particles; by the rival {[each[0] for each in read]}."
        raise WrongAnswer(msg)
    peaks = [
        measure_peak_mb(
            f"cathograph.benchmarks.speed.export:{function}",
            np.zeros(2 * _WARM_UP),
            [server.uri, server.password],
        )
        for function in ("sample_ours", "sample_objects")
    ]
    name = f"remote backend, {BATCH_SIZE} NMC a batch, {FAN_OUT} neighbours of each kind"
    return _row(name, "objects", (ours_s, rival_s), peaks, "batches", N_BATCHES)


def read_ours(array: NDArray[np.float64], uri: str, password: str) -> None:
    """Export all; called in a process of its own, for its memory."""
    if len(array) > _WARM_UP:
        with TemporaryServer(uri, password, 0).connect() as store:
            export_hetero_data(store)


def read_to_df(array: NDArray[np.float64], uri: str, password: str) -> None:
    """Read the rival's tables, for their memory."""
    _for_memory(array, uri, password, _read_tables)


def read_objects(array: NDArray[np.float64], uri: str, password: str) -> None:
    """Read the rival's objects, for their memory."""
    _for_memory(array, uri, password, _read_objects)


def sample_ours(array: NDArray[np.float64], uri: str, password: str) -> None:
    """Open the remote backend and read all batches, for their memory."""
    if len(array) > _WARM_UP:
        stores = open_remote(TemporaryServer(uri, password, 0).connect)
        _sample(stores)
        stores.features.close()


def sample_objects(array: NDArray[np.float64], uri: str, password: str) -> None:
    """Open the remote backend, sample without reading, and read the rival's objects, for their memory."""
    if len(array) > _WARM_UP:
        stores = open_remote(TemporaryServer(uri, password, 0).connect)
        batch = next(iter(_loader(stores)))
        stores.features.close()
        topology = stores.graph.topology
        keys = [key for kind in batch.node_types for key in topology.keys(kind, batch[kind].n_id.numpy())]
        _for_memory(array, uri, password, lambda driver: _read_objects(driver, keys))


def _for_memory(array: NDArray[np.float64], uri: str, password: str, read: Callable[[Any], object]) -> None:
    if len(array) > _WARM_UP:
        with _driver(TemporaryServer(uri, password, 0)) as driver:
            read(driver)


def _loader(stores: RemoteStores) -> Any:  # noqa: ANN401  it ships no types
    torch.manual_seed(0)
    seeds = torch.randperm(len(stores.graph.topology.nodes["NMC"].label))[: N_BATCHES * BATCH_SIZE]
    return remote_loader(stores, FAN_OUT, seeds, batch_size=BATCH_SIZE)


def _sample(stores: RemoteStores) -> "list[HeteroData]":
    return list(_loader(stores))


def _driver(server: TemporaryServer) -> Any:  # noqa: ANN401  the rival is the driver itself, not our room around it
    return import_module("neo4j").GraphDatabase.driver(server.uri, auth=("neo4j", server.password))


def _read_tables(driver: Any) -> tuple[int, int, int]:  # noqa: ANN401
    with driver.session() as session:
        particles = session.run(_text("particles")).to_df()
        contacts = session.run(_text("contacts")).to_df()
    return len(particles), len(contacts), int(contacts[["overlap_ab", "overlap_ba"]].to_numpy().sum())


def _read_objects(driver: Any, keys: list[str] | None = None) -> tuple[int, int, int]:  # noqa: ANN401
    with driver.session() as session:
        particles = [record["particle"] for record in session.run(_text("particle_objects"), keys=keys)]
        contacts = [record["contact"] for record in session.run(_text("contact_objects"), keys=keys)]
    return len(particles), len(contacts), sum(each["overlap_ab"] + each["overlap_ba"] for each in contacts)


def _checksum(graphs: "list[HeteroData]") -> tuple[int, int, int]:
    (graph,) = graphs
    overlaps = sum(float(graph[kind].edge_attr[:, 0].sum()) for kind in graph.edge_types)
    return graph.num_nodes, graph.num_edges // 2, round(overlaps)


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.cypher").read_text(encoding="utf-8")


def _row(
    name: str, rival: str, seconds: tuple[float, float], peaks_mb: list[float], unit: str, number: int
) -> ExportRow:
    ours_s, rival_s = seconds
    return ExportRow(
        name=name,
        ours_s=ours_s,
        rival=rival,
        rival_s=rival_s,
        ratio=rival_s / ours_s,
        ours_peak_mb=peaks_mb[0],
        rival_peak_mb=peaks_mb[1],
        unit=unit,
        ours_per_s=number / ours_s,
        rival_per_s=number / rival_s,
    )
