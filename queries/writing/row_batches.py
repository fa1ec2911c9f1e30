"""An image's rows, cut into groups that each fit one transaction.

Measured on a server with a heap of 2 GB (docs/decisions/0002): a transaction holds about 7 kB for each
particle or contact until it commits, so 100,000 particles and 300,000 contacts at once exceed what it may
take. Groups of 10,000 rows need about 70 MB.

Columns travel as lists. Ends of links travel as places in a list of the particles that the batch touches:
each particle is then looked up once, not once a contact.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.schema.rows import ImageRows

GROUP_ROWS = 10_000
"""Rows of one transaction; a TPB counts as `_TPB_ROWS`, because it is a node and three relationships."""

_TPB_ROWS = 3
_TABLES = ("particles", "contacts", "tpbs", "channels", "local_channels", "nearest")


@dataclass(frozen=True)
class Batch:
    """Rows ``start:stop`` of a table; the query ``stage_<table>`` writes them."""

    table: str
    start: int
    stop: int

    @property
    def query(self) -> str:
        """Name of the query that writes it."""
        return f"stage_{self.table}"


@dataclass(frozen=True)
class Group:
    """Batches of one transaction; the last group of an image also brings it into sight."""

    batches: tuple[Batch, ...]
    is_last: bool

    @property
    def rows(self) -> int:
        """Rows in it."""
        return sum(batch.stop - batch.start for batch in self.batches)


def cut_into_groups(rows: ImageRows, group_rows: int = GROUP_ROWS) -> list[Group]:
    """Cut rows into groups, particles first.

    Parameters
    ----------
    rows : ImageRows
        Rows of one image.
    group_rows : int, optional
        Size of a transaction.

    Returns
    -------
    list of Group
        One group for a small image. A large one has groups of particles, groups of links, and an empty
        last group: bringing 100,000 particles into sight is a transaction of its own.
    """
    sizes = {table: len(getattr(rows, table)) for table in _TABLES}
    if sum(size * _weight(table) for table, size in sizes.items()) <= group_rows:
        return [Group(tuple(Batch(table, 0, size) for table, size in sizes.items() if size), is_last=True)]
    groups = []
    for table, size in sizes.items():
        step = max(1, group_rows // _weight(table))
        for start in range(0, size, step):
            groups.append(Group((Batch(table, start, min(start + step, size)),), is_last=False))
    return [*groups, Group((), is_last=True)]


class RowColumns:
    """Columns of an image's tables as lists, converted once and handed out in slices."""

    def __init__(self, rows: ImageRows) -> None:
        self._rows = rows
        self._lists: dict[str, dict[str, list[object]]] = {}
        self._identifiers: dict[int, str] = {}

    @property
    def knows_particles(self) -> bool:
        """Whether `identify` was called."""
        return bool(self._identifiers)

    def identify(self, labels: list[int], identifiers: list[str]) -> None:
        """Take the database's identifiers of the particles, by label."""
        self._identifiers = dict(zip(labels, identifiers, strict=True))

    def forget_particles(self) -> None:
        """Drop the identifiers: those of a transaction that is repeated are not valid again."""
        self._identifiers = {}

    def parameters(self, batch: Batch) -> dict[str, object]:
        """Parameters of the query that writes a batch: one list a column, and the ends it touches."""
        if batch.table not in self._lists:
            # One table at a time: a finished one is not needed again.
            self._lists = {batch.table: _as_lists(getattr(self._rows, batch.table))}
        columns = {
            name: values[batch.start : batch.stop] for name, values in self._lists[batch.table].items()
        }
        ends = self._rows.ends.get(batch.table, ())
        if not ends:
            return {**columns, "segmentation": self._rows.segmentation_key}
        labels = np.array([columns[end] for end in ends], dtype=np.int64)
        touched, places = np.unique(labels, return_inverse=True)
        by_end = [row.tolist() for row in places.reshape(labels.shape)]
        parameters: dict[str, object] = {**columns, **dict(zip(ends, by_end, strict=True))}
        parameters["ids"] = [self._identifiers[label] for label in touched.tolist()]
        if batch.table == "tpbs":
            parameters["segmentation"] = self._rows.segmentation_key
        return parameters


def fingerprint(rows: ImageRows, group_rows: int = GROUP_ROWS) -> str:
    """Hash rows and how they are cut, so that an interrupted ingest goes on only with the same ones.

    Notes
    -----
    The segmentation's key says what the rows were made from, not by which version of the code.
    """
    digest = hashlib.sha256(str(group_rows).encode())
    for piece in _pieces(rows):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(rows: ImageRows) -> Iterator[bytes]:
    yield json.dumps(dict(rows.segmentation), sort_keys=True, default=str).encode()
    for name in _TABLES:
        table: pd.DataFrame = getattr(rows, name)
        yield f"{name} {len(table)}".encode()
        for column in sorted(table.columns):
            values = table[column]
            yield str(column).encode()
            numbers = _plain_numbers(values)
            yield json.dumps(as_list(values)).encode() if numbers is None else numbers.tobytes()


def _plain_numbers(values: "pd.Series[Any]") -> NDArray[np.generic] | None:
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iufb":
        return np.ascontiguousarray(values.to_numpy())
    return None


def _weight(table: str) -> int:
    return _TPB_ROWS if table == "tpbs" else 1


def _as_lists(table: pd.DataFrame) -> dict[str, list[object]]:
    return {str(name): as_list(table[name]) for name in table.columns}


def as_list(values: "pd.Series[Any]") -> list[object]:
    """Python values, null where pandas has NaN or NA."""
    cells = list(values.tolist())
    for place in np.flatnonzero(values.isna().to_numpy()).tolist():
        cells[place] = None
    return cells
