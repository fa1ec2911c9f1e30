"""Rows of one image, as they go to the database, and the check they pass first.

Tables are column-wise (pandas), because 100,000 particles as column lists travel faster
than as dictionaries and are checked by a few vectorised comparisons. The check knows
nothing of its own: it reads the declarations in `schema.nodes` and `schema.relationships`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from schema.errors import RowError
from schema.nodes import PARTICLE, SEGMENTATION, TPB
from schema.phases import PARTICLE_PHASES
from schema.properties import Kind, Property
from schema.relationships import CONCURRENT_CHANNEL, CONTACT, LOCAL_CHANNEL, NEAREST

Scalar = str | int | float | bool | None

_SET_BY_THE_DATABASE = {"key", "active", "created"}
"""Properties that the write queries fill in: keys follow from labels, times from the server."""

_PYTHON_TYPES: dict[Kind, tuple[type, ...]] = {
    Kind.STRING: (str,),
    Kind.INTEGER: (int,),
    Kind.FLOAT: (int, float),
    Kind.BOOLEAN: (bool,),
}


@dataclass(frozen=True)
class FieldOfView:
    """Where an image belongs: its sample, its beamtime, its volume.

    Attributes
    ----------
    sample, image : str
        Identifiers; the image's is unique within its sample.
    cathode, beamtime, volume : str or None
        What is known of it.
    slice_index : int or None
        Page within `volume`.
    """

    sample: str
    image: str
    cathode: str | None = None
    beamtime: str | None = None
    volume: str | None = None
    slice_index: int | None = None


@dataclass(frozen=True, eq=False)
class ImageRows:
    """All rows of one segmentation of one image.

    Attributes
    ----------
    field_of_view : FieldOfView
        Where the image belongs.
    segmentation_key : str
        See `schema.keys`.
    segmentation : Mapping
        Properties of the Segmentation node.
    particles : DataFrame
        One row per particle: the properties of `schema.nodes.PARTICLE`.
    contacts : DataFrame
        One row per contact: ``a``, ``b`` (labels, a < b) and the properties of CONTACT.
    tpbs : DataFrame
        One row per triangle: ``nmc``, ``sse``, ``graphite`` (labels) and the properties of TPB.
    channels, local_channels : DataFrame
        One row per pair: ``nmc_a``, ``nmc_b`` (labels, a < b) and the relationship's properties.
    nearest : DataFrame
        One row per NMC with a neighbour: ``nmc``, ``nearest`` (labels) and the properties of NEAREST.
    """

    field_of_view: FieldOfView
    segmentation_key: str
    segmentation: Mapping[str, Scalar | Sequence[int]]
    particles: pd.DataFrame
    contacts: pd.DataFrame
    tpbs: pd.DataFrame
    channels: pd.DataFrame
    local_channels: pd.DataFrame
    nearest: pd.DataFrame
    ends: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "contacts": ("a", "b"),
            "tpbs": ("nmc", "sse", "graphite"),
            "channels": ("nmc_a", "nmc_b"),
            "local_channels": ("nmc_a", "nmc_b"),
            "nearest": ("nmc", "nearest"),
        }
    )

    def check(self) -> None:
        """Refuse rows that break the data model, before anything is sent.

        Raises
        ------
        RowError
            Naming the table, the field, the first bad row and what was expected.
        """
        _check_field_of_view(self.field_of_view)
        _check_record("segmentation", self.segmentation, SEGMENTATION.properties)
        tables = {
            "particles": (self.particles, PARTICLE.properties),
            "contacts": (self.contacts, CONTACT.properties),
            "tpbs": (self.tpbs, TPB.properties),
            "channels": (self.channels, CONCURRENT_CHANNEL.properties),
            "local_channels": (self.local_channels, LOCAL_CHANNEL.properties),
            "nearest": (self.nearest, NEAREST.properties),
        }
        for name, (table, properties) in tables.items():
            _check_columns(name, table, properties, extra=self.ends.get(name, ()))
        labels = self.particles["label"].to_numpy()
        if len(np.unique(labels)) != len(labels):
            twice = self.particles.loc[self.particles["label"].duplicated(), "label"].iloc[0]
            msg = f"Found label {twice} twice in particles; expected one row per label."
            raise RowError(msg)
        _check_phases(self.particles)
        phase_of = pd.Series(self.particles["phase"].to_numpy(), index=labels)
        for name, ends in self.ends.items():
            _check_ends(name, tables[name][0], ends, phase_of)


def _check_field_of_view(view: FieldOfView) -> None:
    for name in ("sample", "image"):
        value = getattr(view, name)
        if not isinstance(value, str) or not value.strip():
            msg = f"Found {name} {value!r}; expected a text that is not empty. Give one with --{name}."
            raise RowError(msg)


def _check_record(name: str, record: Mapping[str, object], properties: Sequence[Property]) -> None:
    expected = {prop.name for prop in properties} - _SET_BY_THE_DATABASE
    if set(record) != expected:
        missing, unknown = sorted(expected - set(record)), sorted(set(record) - expected)
        msg = f"Found {name} with missing fields {missing} and unknown fields {unknown}; expected the declared ones."
        raise RowError(msg)
    for prop in properties:
        if prop.name in _SET_BY_THE_DATABASE or prop.kind not in _PYTHON_TYPES:
            continue
        value = record[prop.name]
        if value is None and prop.nullable:
            continue
        allowed = _PYTHON_TYPES[prop.kind]
        wrong_type = not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed)
        if (
            wrong_type
            or (isinstance(value, float) and not math.isfinite(value))
            or (prop.minimum is not None and isinstance(value, int | float) and value < prop.minimum)
        ):
            raise RowError(_says(name, prop, f"value {value!r}"))


def _says(table: str, prop: Property, found: str) -> str:
    bound = "" if prop.minimum is None else f" of at least {prop.minimum:g}"
    null = " or null" if prop.nullable else ""
    return (
        f"Found {found} in {table}.{prop.name}; expected {prop.kind.value}{bound}{null} "
        f"({prop.meaning}). Nothing of this image was written; correct the row and ingest again."
    )


def _check_columns(
    name: str, table: pd.DataFrame, properties: Sequence[Property], extra: Sequence[str]
) -> None:
    declared = [prop for prop in properties if prop.name not in _SET_BY_THE_DATABASE]
    expected = {prop.name for prop in declared} | set(extra)
    if set(table.columns) != expected:
        missing, unknown = sorted(expected - set(table.columns)), sorted(set(table.columns) - expected)
        msg = f"Found {name} with missing columns {missing} and unknown columns {unknown}; expected the declared ones."
        raise RowError(msg)
    for label_column in extra:
        _check_column(name, table, Property(label_column, Kind.INTEGER, "label of a particle", minimum=1))
    for prop in declared:
        _check_column(name, table, prop)


def _check_column(name: str, table: pd.DataFrame, prop: Property) -> None:
    column = table[prop.name]
    if len(column) == 0:
        return
    null = column.isna()
    if null.any() and not prop.nullable:
        raise RowError(_says(name, prop, f"no value in row {int(null.to_numpy().argmax())}"))
    values = column[~null]
    if len(values) == 0:
        return
    kind_fits = {
        Kind.INTEGER: pd.api.types.is_integer_dtype(values.infer_objects()),
        Kind.FLOAT: pd.api.types.is_float_dtype(values.infer_objects()),
        Kind.BOOLEAN: pd.api.types.is_bool_dtype(values.infer_objects()),
        Kind.STRING: values.map(_is_text).all() if prop.kind is Kind.STRING else False,
        Kind.FLOATS: values.map(_is_list_of(float)).all() if prop.kind is Kind.FLOATS else False,
        Kind.INTEGERS: values.map(_is_list_of(int)).all() if prop.kind is Kind.INTEGERS else False,
    }[prop.kind]
    if not kind_fits:
        first = values.iloc[0]
        raise RowError(_says(name, prop, f"{values.dtype} values such as {first!r}"))
    if prop.kind in (Kind.INTEGER, Kind.FLOAT):
        numbers = values.to_numpy(dtype=np.float64)
        bad = ~np.isfinite(numbers)
        if prop.minimum is not None:
            bad |= numbers < prop.minimum
        if bad.any():
            row = int(bad.argmax())
            raise RowError(_says(name, prop, f"{values.iloc[row]!r} in row {values.index[row]}"))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


class _is_list_of:  # noqa: N801  reads as a predicate where it is used
    """Whether a value is a list whose items all have one type."""

    def __init__(self, item_type: type) -> None:
        self.item_type = item_type

    def __call__(self, value: object) -> bool:
        return isinstance(value, list) and all(type(item) is self.item_type for item in value)


def _check_phases(particles: pd.DataFrame) -> None:
    known = {phase.value for phase in PARTICLE_PHASES}
    unknown = set(particles["phase"]) - known
    if unknown:
        msg = f"Found phase {min(unknown)!r} in particles.phase; expected one of {sorted(known)}."
        raise RowError(msg)


_END_PHASES = {
    "nmc": "NMC",
    "nmc_a": "NMC",
    "nmc_b": "NMC",
    "nearest": "NMC",
    "sse": "SSE",
    "graphite": "Graphite",
}


def _check_ends(name: str, table: pd.DataFrame, ends: Sequence[str], phase_of: "pd.Series[str]") -> None:
    for end in ends:
        known = table[end].isin(phase_of.index)
        if not known.all():
            stray = table.loc[~known, end].iloc[0]
            msg = f"Found label {stray} in {name}.{end}; expected the label of a particle of this image."
            raise RowError(msg)
        if end in _END_PHASES and len(table):
            phases = phase_of.loc[table[end]]
            wrong = phases.to_numpy() != _END_PHASES[end]
            if wrong.any():
                label = table[end].iloc[int(wrong.argmax())]
                msg = f"Found label {label} in {name}.{end} with phase {phase_of.loc[label]}; expected {_END_PHASES[end]}."
                raise RowError(msg)
    ordered = [pair for pair in (("a", "b"), ("nmc_a", "nmc_b")) if pair[0] in ends]
    for low, high in ordered:
        if (table[low] >= table[high]).any():
            msg = f"Found {name} whose {low} is not below its {high}; expected the lower label first."
            raise RowError(msg)
    pairs = table.duplicated(subset=list(ends) if name != "nearest" else ["nmc"])
    if pairs.any():
        row = table.loc[pairs, list(ends)].iloc[0].to_dict()
        msg = f"Found {name} row {row} twice; expected one row each."
        raise RowError(msg)
