"""Rows of one measurement, as they go to the database, and the check they pass first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cathograph.schema.errors import RowError
from cathograph.schema.nodes import MEASUREMENT
from cathograph.schema.relationships import STATE
from cathograph.schema.row_checks import check_columns, check_record
from cathograph.schema.rows import Scalar


@dataclass(frozen=True, eq=False)
class MeasurementRows:
    """All rows of one measurement on one segmentation.

    Attributes
    ----------
    segmentation_key, measurement_key : str
        See `cathograph.schema.keys`.
    measurement : Mapping
        Properties of the Measurement node.
    states : DataFrame
        One row per NMC: ``label`` and the properties of STATE.
    """

    segmentation_key: str
    measurement_key: str
    measurement: Mapping[str, Scalar | Sequence[int] | Sequence[float]]
    states: pd.DataFrame

    def check(self) -> None:
        """Refuse rows that break the data model, before anything is sent.

        Raises
        ------
        RowError
            Naming the field, the first bad row and what was expected.
        """
        check_record("measurement", self.measurement, MEASUREMENT.properties)
        check_columns("states", self.states, STATE.properties, label_columns=("label",))
        twice = self.states["label"].duplicated()
        if twice.any():
            label = self.states.loc[twice, "label"].iloc[0]
            msg = f"Found label {label} twice in states.label; expected one state per NMC."
            raise RowError(msg)
        above = self.states[["dropped_fraction", "missing_fraction"]].max().max()
        if above > 1:
            msg = f"Found a fraction of {above:g} in states; expected at most 1."
            raise RowError(msg)
        counted = {
            "n_particles": len(self.states),
            "n_measured": int(self.states["soc_ev"].notna().sum()),
            "n_flagged": int(self.states["flagged"].sum()),
        }
        for name, number in counted.items():
            if self.measurement[name] != number:
                msg = (
                    f"Found measurement.{name} {self.measurement[name]} and {number} rows; expected "
                    "them to agree. Nothing of this measurement was written."
                )
                raise RowError(msg)
