"""One large image into the store, beside the plain way: UNWIND over a map a row.

100,000 particles and 290,000 contacts with all their properties, from a made composite. Ours is the whole of
`cathograph.queries.writing.images.write_image`: rows checked, in groups out of sight, shown in one
transaction, who and when noted beside it. The rival writes the same particles and contacts in portions of
10,000 rows, seen while they come, and does nothing else. TPBs, channels and nearest links, which the rival
has not, are left out of both.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pandas as pd

from cathograph.benchmarks.label_images import make_composite
from cathograph.benchmarks.measure import BenchRow, WrongAnswer, peak_mb, time_alternately
from cathograph.benchmarks.speed.composite_rows import make_rows
from cathograph.benchmarks.speed.temporary_store import temporary_store
from cathograph.queries.server.connection import Connection
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.schema.rows import ImageRows

SHAPE = (7000, 7000)
_ROWS_AT_ONCE = 10_000
_FOLDER = Path(__file__).parent / "bare_unwind"
_KEYS = count()


def run(progress: Callable[[str], None] | None = None, only: str | None = None) -> list[BenchRow]:
    """Run the comparison, unless `only` is neither part of its name nor of the rival's.

    Parameters
    ----------
    progress : callable, optional
        Gets one line of text before each step.
    only : str, optional
        Part of the name.

    Returns
    -------
    list of BenchRow
        One row. Memory is the peak of the process that writes, the same for both.

    Raises
    ------
    WrongAnswer
        When the two leave different numbers of particles or contacts.
    """
    say = progress or (lambda line: None)
    rival = "bare UNWIND"
    say("making the image and its rows")
    rows = without_extras(make_rows(make_composite(SHAPE)))
    name = f"writing {len(rows.particles):,} particles, {len(rows.contacts):,} contacts"
    if only is not None and only not in name and only not in rival:
        return []
    with temporary_store() as (store, _):
        say(f"{name}: beside {rival}")
        _write(store, rows)  # the server's own warming up
        ours_s, rival_s, ours, theirs = time_alternately(
            lambda: _write(store, rows), lambda: _write_plainly(store, rows), budget_s=1.0
        )
    if ours != theirs:
        msg = f"Found {ours} rows written, by the rival {theirs}."
        raise WrongAnswer(msg)
    most_mb = peak_mb()
    return [
        BenchRow(
            name=name,
            ours_s=ours_s,
            rival=rival,
            rival_s=rival_s,
            ratio=rival_s / ours_s,
            ours_peak_mb=most_mb,
            rival_peak_mb=most_mb,
        )
    ]


def without_extras(rows: ImageRows) -> ImageRows:
    """Give the rows without TPBs, channels and nearest links."""
    none = {"n_tpbs": 0, "n_physical_tpbs": 0, "n_channel_pairs": 0}
    return replace(
        rows,
        segmentation={**rows.segmentation, **none},
        tpbs=rows.tpbs[:0],
        channels=rows.channels[:0],
        local_channels=rows.local_channels[:0],
        nearest=rows.nearest[:0],
    )


def _write(store: Connection, rows: ImageRows) -> tuple[int, int]:
    """Write the rows as an image of their own; gives particles and contacts."""
    key = f"ours-{next(_KEYS)}"
    view = replace(rows.field_of_view, image=key)
    write_image(
        store, replace(rows, segmentation_key=key, field_of_view=view), IngestRunRecord.of_memory("benchmark")
    )
    return len(rows.particles), len(rows.contacts)


def _write_plainly(store: Connection, rows: ImageRows) -> tuple[int, int]:
    key = f"plain-{next(_KEYS)}"
    particles = rows.particles.assign(key=[f"{key}:{label}" for label in rows.particles["label"]])
    properties = rows.contacts.drop(columns=["a", "b"])
    contacts = pd.DataFrame(
        {
            "a": [f"{key}:{label}" for label in rows.contacts["a"]],
            "b": [f"{key}:{label}" for label in rows.contacts["b"]],
            "properties": _as_maps(properties),
        }
    )
    for table, maps in (("particles", _as_maps(particles)), ("contacts", _as_maps(contacts))):
        text = (_FOLDER / f"{table}.cypher").read_text(encoding="utf-8")
        for portion in _portions(maps):
            store.write(lambda transaction, part=portion, text=text: transaction.run(text, {"rows": part}))  # type: ignore[misc]
    return len(particles), len(contacts)


def _as_maps(table: pd.DataFrame) -> list[dict[str, object]]:
    """Make a map of each row, without its nulls."""
    return [
        {
            str(name): value
            for name, value in row.items()
            if isinstance(value, list | dict) or not pd.isna(value)
        }
        for row in table.astype(object).to_dict("records")
    ]


def _portions(maps: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    for first in range(0, len(maps), _ROWS_AT_ONCE):
        yield maps[first : first + _ROWS_AT_ONCE]
