"""Whether rows keep to the data model: types, bounds, nulls, labels, phases.

Community edition of Neo4j has neither existence nor type constraints, so this is the only gate. What a column
must hold is not written here: it is read from the declarations.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cathograph.schema.composites.composite import Composite, Role
from cathograph.schema.errors import RowError
from cathograph.schema.measures import MEASURE_NAMES
from cathograph.schema.network_metrics import METRIC_NAMES
from cathograph.schema.properties import Kind, Property
from cathograph.schema.spot_check import SPOT_CHECK_NAMES

NOT_IN_ROWS = (
    frozenset({"key", "active", "created", "measured", "measures_computed"})
    | METRIC_NAMES
    | MEASURE_NAMES
    | SPOT_CHECK_NAMES
)
"""Properties that do not come with the rows: keys follow from labels, times from the server, and network metrics
and measures are computed from what is stored. A spot check is made later."""

_BEYOND_INTEGERS = 2.0**63

_TRIPLE = ("nmc", "sse", "graphite")
"""Columns of the three places of a TPB, whatever the names of the phases in the composite."""

_ONLY_IN = {
    2: {"particles": ("area_um2", "perimeter_um"), "contacts": ("interface_um",)},
    3: {
        "particles": ("volume_um3", "surface_um2", "centroid_z"),
        "contacts": ("interface_um2",),
        "tpbs": ("junctions_z", "junction_length_um"),
    },
}
"""Columns that have values in 2D or in 3D only, and there in every row."""


def check_record(name: str, record: Mapping[str, object], properties: Sequence[Property]) -> None:
    """Refuse a record whose fields are not those declared, or hold something else.

    Raises
    ------
    RowError
        Naming the field.
    """
    _check_names(name, "fields", set(record), {prop.name for prop in properties} - NOT_IN_ROWS)
    for prop in properties:
        if prop.name not in NOT_IN_ROWS:
            check_value(name, prop, record[prop.name])


def check_value(name: str, prop: Property, value: object) -> None:
    """Refuse a single value that is not what its property declares.

    Raises
    ------
    RowError
        Naming the field.
    """
    if value is None and prop.nullable:
        return
    if not _fits(value, prop.kind) or not _in_bounds(value, prop):
        raise RowError(_says(name, prop, f"value {value!r}"))


def check_columns(
    name: str, table: pd.DataFrame, properties: Sequence[Property], label_columns: Sequence[str]
) -> None:
    """Refuse a table whose columns are not those declared, or hold something else.

    Raises
    ------
    RowError
        Naming the column and the first bad row.
    """
    declared = [prop for prop in properties if prop.name not in NOT_IN_ROWS]
    _check_names(name, "columns", set(table.columns), {prop.name for prop in declared} | set(label_columns))
    for label_column in label_columns:
        _check_column(name, table, Property(label_column, Kind.INTEGER, "label of a particle", minimum=1))
    for prop in declared:
        _check_column(name, table, prop)


def check_labels(particles: pd.DataFrame, composite: Composite) -> "pd.Series[str]":
    """Refuse a label that stands twice and a phase that the composite lacks; give the phases by label.

    Raises
    ------
    RowError
        Naming the label or the phase.
    """
    twice = particles.loc[particles["label"].duplicated(), "label"]
    if len(twice):
        msg = f"Found label {twice.iloc[0]} twice in particles.label; expected one row per label."
        raise RowError(msg)
    known = {phase.name for phase in composite.phases}
    unknown = set(particles["phase"]) - known
    if unknown:
        msg = f"Found phase {min(unknown)!r} in particles.phase; expected one of {sorted(known)}."
        raise RowError(msg)
    is_active = particles["phase"].isin([phase.name for phase in composite.with_role(Role.ACTIVE)])
    flags = (
        "has_concurrent_channel",
        "concurrent_partners",
        "has_touching_channel",
        "touching_partners",
    )
    for flag in flags:
        if particles.loc[is_active, flag].isna().any():
            label = particles.loc[is_active & particles[flag].isna(), "label"].iloc[0]
            msg = f"Found no particles.{flag} for the active particle {label}; expected a value for each."
            raise RowError(msg)
    return pd.Series(particles["phase"].to_numpy(), index=particles["label"].to_numpy())


def check_ends(
    name: str, table: pd.DataFrame, ends: Sequence[str], phase_of: "pd.Series[str]", composite: Composite
) -> None:
    """Refuse links to particles that are not there, of the wrong role, twice, or higher label first.

    Raises
    ------
    RowError
        Naming the column and the label.
    """
    for end in ends:
        known = table[end].isin(phase_of.index)
        if not known.all():
            stray = table.loc[~known, end].iloc[0]
            msg = f"Found label {stray} in {name}.{end}; expected the label of a particle of this image."
            raise RowError(msg)
        if name != "contacts" and len(table):
            role = composite.tpb[_TRIPLE.index(end)] if name == "tpbs" else Role.ACTIVE
            expected = [phase.name for phase in composite.with_role(role)]
            wrong = ~phase_of.loc[table[end]].isin(expected).to_numpy()
            if wrong.any():
                label = table[end].iloc[int(wrong.argmax())]
                msg = (
                    f"Found label {label} in {name}.{end} with phase {phase_of.loc[label]}; expected "
                    f"{' or '.join(expected)}, which {'has' if len(expected) == 1 else 'have'} the role {role}."
                )
                raise RowError(msg)
    for low, high in (("a", "b"), ("nmc_a", "nmc_b")):
        if low in ends and (table[low] >= table[high]).any():
            msg = f"Found {name} whose {low} is not below its {high}; expected the lower label first."
            raise RowError(msg)
    if name == "nearest" and (table["nmc"] == table["nearest"]).any():
        msg = "Found a particle in nearest.nearest that is its own nearest; expected another one."
        raise RowError(msg)
    twice = table.duplicated(subset=["nmc"] if name == "nearest" else list(ends))
    if twice.any():
        row = table.loc[twice, list(ends)].iloc[0].to_dict()
        msg = f"Found {name} row {row} twice; expected one row each."
        raise RowError(msg)


def check_dimension(ndim: object, tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse an area without a value in 2D, a volume with one, and the other way round in 3D.

    Raises
    ------
    RowError
        Naming the column.
    """
    for dimension, columns in _ONLY_IN.items():
        for name, column in ((name, column) for name, listed in columns.items() for column in listed):
            missing = tables[name][column].isna()
            if dimension == ndim and missing.any():
                row = int(missing.to_numpy().argmax())
                msg = f"Found no value in {name}.{column} in row {row}; expected one in {ndim}D."
                raise RowError(msg)
            if dimension != ndim and not missing.all():
                msg = f"Found values in {name}.{column}; expected none in {ndim}D."
                raise RowError(msg)


def check_junctions(tpbs: pd.DataFrame) -> None:
    """Refuse TPBs whose count of junctions, their positions and `is_physical` do not agree.

    Raises
    ------
    RowError
        Naming the column.
    """
    for column in ("junctions_y", "junctions_x", "junctions_z"):
        listed = tpbs[column].dropna()
        lengths = listed.map(len)
        if (lengths.to_numpy() != tpbs.loc[listed.index, "junctions"].to_numpy()).any():
            msg = f"Found tpbs.{column} with more or fewer positions than tpbs.junctions; expected as many."
            raise RowError(msg)
    if ((tpbs["junctions"] > 0) != tpbs["is_physical"]).any():
        msg = "Found tpbs.is_physical that differs from junctions > 0; expected them to agree."
        raise RowError(msg)


def _check_names(name: str, what: str, found: set[Any], expected: set[str]) -> None:
    if found != expected:
        missing, unknown = sorted(expected - found), sorted(map(str, found - expected))
        msg = (
            f"Found {name} with missing {what} {missing} and unknown {what} {unknown}; "
            "expected those declared in schema."
        )
        raise RowError(msg)


def _check_column(name: str, table: pd.DataFrame, prop: Property) -> None:
    column = table[prop.name]
    null = column.isna()
    if null.any() and not prop.nullable:
        raise RowError(_says(name, prop, f"no value in row {int(null.to_numpy().argmax())}"))
    values = column[~null]
    if len(values) == 0:
        return
    if not _column_fits(values, prop.kind):
        raise RowError(_says(name, prop, f"{values.dtype} values such as {values.iloc[0]!r}"))
    if prop.kind in (Kind.INTEGER, Kind.FLOAT):
        numbers = values.to_numpy(dtype=np.float64)
        bad = ~np.isfinite(numbers) | (numbers >= _BEYOND_INTEGERS if prop.kind is Kind.INTEGER else False)
        if prop.minimum is not None:
            bad |= numbers < prop.minimum
        if bad.any():
            row = int(bad.argmax())
            raise RowError(_says(name, prop, f"{values.iloc[row]!r} in row {values.index[row]}"))


def _column_fits(values: "pd.Series[Any]", kind: Kind) -> bool:
    typed = values.infer_objects()
    if kind is Kind.INTEGER:
        return bool(pd.api.types.is_integer_dtype(typed))
    if kind is Kind.FLOAT:
        return bool(pd.api.types.is_float_dtype(typed))
    if kind is Kind.BOOLEAN:
        return bool(pd.api.types.is_bool_dtype(typed))
    return all(_fits(value, kind) for value in values)


def _fits(value: object, kind: Kind) -> bool:
    if kind is Kind.INTEGER:
        return type(value) is int and abs(value) < _BEYOND_INTEGERS
    if kind is Kind.FLOAT:
        return type(value) in (int, float) and math.isfinite(float(str(value)))
    if kind is Kind.STRINGS:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind in (Kind.INTEGERS, Kind.FLOATS):
        item_type = int if kind is Kind.INTEGERS else float
        return isinstance(value, list) and all(
            type(item) is item_type and math.isfinite(item) for item in value
        )
    return isinstance(value, bool if kind is Kind.BOOLEAN else str)


def _in_bounds(value: object, prop: Property) -> bool:
    if prop.minimum is None or not isinstance(value, int | float):
        return True
    return value >= prop.minimum


def _says(table: str, prop: Property, found: str) -> str:
    bound = "" if prop.minimum is None else f" of at least {prop.minimum:g}"
    null = " or null" if prop.nullable else ""
    return (
        f"Found {found} in {table}.{prop.name}; expected {prop.kind.value}{bound}{null} "
        f"({prop.meaning}). Nothing of this image was written; correct the row and ingest again."
    )
