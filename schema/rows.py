"""Rows of one image, as they go to the database, and the check they pass first.

Tables are column-wise (pandas), because 100,000 particles as column lists travel faster
than as dictionaries and are checked by a few vectorised comparisons (`cathograph.schema.row_checks`). The
check reads the declarations in `cathograph.schema.nodes` and `cathograph.schema.relationships`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from cathograph.schema.composites.composite import Composite
from cathograph.schema.errors import RowError
from cathograph.schema.nodes import IMAGE, PARTICLE, SEGMENTATION, TPB
from cathograph.schema.relationships import CONCURRENT_CHANNEL, CONTACT, LOCAL_CHANNEL, NEAREST
from cathograph.schema.row_checks import (
    check_columns,
    check_dimension,
    check_ends,
    check_junctions,
    check_labels,
    check_record,
    check_value,
)

Scalar = str | int | float | bool | None

_LONGEST_NAME = 1000
"""Characters of an identifier: the database indexes it, and its index takes no more than 8 kB."""


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

    def check(self) -> None:
        """Refuse identifiers that cannot be stored; any other text will do, quotes and slashes too.

        Raises
        ------
        RowError
            Naming the field.
        """
        for name in ("sample", "image", "cathode", "beamtime", "volume"):
            value = getattr(self, name)
            if value is None and name not in ("sample", "image"):
                continue
            if not isinstance(value, str) or not value.strip():
                msg = f"Found {name} {value!r}; expected a text that is not empty. Give one with --{name}."
                raise RowError(msg)
            if len(value) > _LONGEST_NAME or any("\ud800" <= sign <= "\udfff" for sign in value):
                msg = (
                    f"Found {name} {value[:40]!r}… of {len(value)} characters; expected at most "
                    f"{_LONGEST_NAME}, in valid Unicode. Choose a shorter one."
                )
                raise RowError(msg)
        check_value("image", IMAGE.property_named("slice_index"), self.slice_index)


@dataclass(frozen=True, eq=False)
class ImageRows:
    """All rows of one segmentation of one image.

    Attributes
    ----------
    field_of_view : FieldOfView
        Where the image belongs.
    segmentation_key : str
        See `cathograph.schema.keys`.
    segmentation : Mapping
        Properties of the Segmentation node.
    particles : DataFrame
        One row per particle: the properties of `cathograph.schema.nodes.PARTICLE`.
    contacts : DataFrame
        One row per contact: ``a``, ``b`` (labels, a < b) and the properties of CONTACT.
    tpbs : DataFrame
        One row per triangle: ``nmc``, ``sse``, ``graphite`` (labels of the regions in the three places of the
        composite's triple) and the properties of TPB.
    channels, local_channels : DataFrame
        One row per pair: ``nmc_a``, ``nmc_b`` (labels, a < b) and the relationship's properties.
    nearest : DataFrame
        One row per active particle with another: ``nmc``, ``nearest`` (labels) and the properties of NEAREST.
    """

    field_of_view: FieldOfView
    segmentation_key: str
    segmentation: Mapping[str, Scalar | Sequence[int] | Sequence[str]]
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
        self.field_of_view.check()
        check_record("segmentation", self.segmentation, SEGMENTATION.properties)
        tables = {
            "particles": (self.particles, PARTICLE.properties),
            "contacts": (self.contacts, CONTACT.properties),
            "tpbs": (self.tpbs, TPB.properties),
            "channels": (self.channels, CONCURRENT_CHANNEL.properties),
            "local_channels": (self.local_channels, LOCAL_CHANNEL.properties),
            "nearest": (self.nearest, NEAREST.properties),
        }
        for name, (table, properties) in tables.items():
            check_columns(name, table, properties, label_columns=self.ends.get(name, ()))
        composite = Composite.from_definition(str(self.segmentation["composite_definition"]))
        phase_of = check_labels(self.particles, composite)
        for name, ends in self.ends.items():
            check_ends(name, tables[name][0], ends, phase_of, composite)
        check_dimension(self.segmentation["ndim"], {name: table for name, (table, _) in tables.items()})
        check_junctions(self.tpbs)
        self._check_counts()

    def _check_counts(self) -> None:
        """Compare what the segmentation says of itself with its tables."""
        counted = {
            "n_particles": len(self.particles),
            "n_contacts": len(self.contacts),
            "n_tpbs": len(self.tpbs),
            "n_physical_tpbs": int(self.tpbs["is_physical"].sum()),
        }
        if self.segmentation["channel_pairs_stored"]:
            counted["n_channel_pairs"] = len(self.channels)
        for name, number in counted.items():
            if self.segmentation[name] != number:
                msg = (
                    f"Found segmentation.{name} {self.segmentation[name]} and {number} rows; expected "
                    "them to agree. Nothing of this image was written."
                )
                raise RowError(msg)
