"""Measures onto the particles, contacts and segmentation they belong to.

All of one family and segmentation is one transaction: what a query sees is the old version or the new one, never a
part. A killed run leaves the store as it was, and the next one finds the family still missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cathograph.queries.catalog import load_internal
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Transaction
from cathograph.queries.writing.activation import run_write
from cathograph.queries.writing.row_batches import as_list
from cathograph.schema.composites import Composite
from cathograph.schema.errors import DatabaseError
from cathograph.schema.measures import MeasureFamily

_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class MeasureState:
    """An active segmentation, and the version of each family that its particles carry.

    Attributes
    ----------
    segmentation, sample, image : str
        Which it is.
    composite : Composite
        What its phases do.
    noted : Mapping
        Properties of the segmentation.
    measurements : tuple of str
        Keys of its energy maps in sight.
    """

    segmentation: str
    sample: str
    image: str
    composite: Composite
    noted: Mapping[str, Any]
    measurements: tuple[str, ...] = ()

    def allows(self, family: MeasureFamily) -> bool:
        """Tell whether a family can be computed: it applies to the composite, and has the map that it needs."""
        return family.applies_to(self.composite) and bool(self.measurements or not family.needs_map)

    def lacks(self, family: MeasureFamily) -> bool:
        """Tell whether a family is missing, was computed by an older definition, or from a map that was replaced."""
        found = self.noted.get(family.version_property)
        if found is None or int(found) < family.version:
            return self.allows(family)
        of_map = self.noted.get(family.measurement_property)
        return family.needs_map and of_map not in self.measurements and self.allows(family)


def measure_states(
    connection: Connection, *, sample: str | None = None, image: str | None = None
) -> list[MeasureState]:
    """List the active segmentations with what they carry."""
    found = connection.read(
        load_internal("inspect", "measure_states").text, {"sample": sample, "image": image}
    )
    return [
        MeasureState(
            key, of_sample, of_image, Composite.from_definition(definition), noted, tuple(measurements)
        )
        for key, of_sample, of_image, definition, noted, measurements in found.rows
    ]


def write_measures(
    connection: Connection,
    segmentation: str,
    family: MeasureFamily,
    *,
    particles: pd.DataFrame,
    contacts: pd.DataFrame,
    image: Mapping[str, object],
    code_version: str,
) -> None:
    """Write one family of one segmentation.

    Parameters
    ----------
    connection : Connection
        Where.
    segmentation : str
        Its key.
    family : MeasureFamily
        What was computed.
    particles : DataFrame
        ``label`` and a column for each of ``family.particle``.
    contacts : DataFrame
        ``a``, ``b`` and a column for each of ``family.contact``; empty where the family has none.
    image : Mapping
        A value for each of ``family.image``.
    code_version : str
        Version of Cathograph.

    Raises
    ------
    DatabaseError
        When the segmentation was changed or hidden meanwhile, or the server fails.
    """
    of_particles = _rows(particles, ("label",), [prop.name for prop in family.particle])
    of_contacts = _rows(contacts, ("a", "b"), [prop.name for prop in family.contact])

    def work(transaction: Transaction) -> None:
        held = run_write(transaction, "hold_segmentation", segmentation=segmentation).rows
        written = sum(
            run_write(transaction, query, segmentation=segmentation, rows=part).only_row()["written"]
            for query, rows in (("set_measures", of_particles), ("set_contact_measures", of_contacts))
            for part in (rows[at : at + _ROWS_AT_ONCE] for at in range(0, len(rows), _ROWS_AT_ONCE))
        )
        expected = len(of_particles) + len(of_contacts)
        if not held or written != expected:
            msg = (
                f"Found {written} of {expected} particles and contacts of segmentation {segmentation} in sight; "
                "expected all. The store was changed meanwhile. Run the same command again."
            )
            raise DatabaseError(msg)
        run_write(
            transaction,
            "finish_measures",
            segmentation=segmentation,
            family=family.name,
            names=[prop.name for prop in family.particle],
            values={
                family.version_property: family.version,
                f"{family.name}_code_version": code_version,
                **{prop.name: image[prop.name] for prop in family.image},
            },
        )

    connection.write(work)


def _rows(table: pd.DataFrame, keys: tuple[str, ...], names: list[str]) -> list[dict[str, object]]:
    """Make a map a row: its keys, and its values, null where there is none."""
    if not names or table.empty:
        return []
    where = [table[key].tolist() for key in keys]
    values = [as_list(table[name]) for name in names]
    return [
        {
            **dict(zip(keys, (each[place] for each in where), strict=True)),
            "values": dict(zip(names, (each[place] for each in values), strict=True)),
        }
        for place in range(len(table))
    ]
