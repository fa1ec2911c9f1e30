"""Rows of one model's predictions for one segmentation, and the check they pass before they are sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cathograph.schema.errors import RowError
from cathograph.schema.keys import prediction_key
from cathograph.schema.nodes import PREDICTION
from cathograph.schema.relationships import PREDICTS
from cathograph.schema.row_checks import check_columns, check_record
from cathograph.schema.rows import Scalar

SPLITS = ("train", "validation", "test", "none")
"""Which part an image was in when the model was trained; none where the model had not seen it."""

DERIVED = ("content_sha256", "n_particles")
"""Properties of a Prediction that follow from its values."""


@dataclass(frozen=True, eq=False)
class PredictionRows:
    """All rows of one model on one segmentation.

    Attributes
    ----------
    segmentation_key : str
        See `cathograph.schema.keys`.
    prediction : Mapping
        Properties of the Prediction node but for those that follow from the values (`DERIVED`).
    predicted : DataFrame
        One row per NMC: ``label`` and the properties of PREDICTS.
    """

    segmentation_key: str
    prediction: Mapping[str, Scalar | Sequence[int] | Sequence[float]]
    predicted: pd.DataFrame

    @property
    def key(self) -> str:
        """Key of the Prediction node."""
        return prediction_key(str(self.prediction["model_hash"]), self.segmentation_key)

    def check(self) -> None:
        """Refuse rows that break the data model, before anything is sent.

        Raises
        ------
        RowError
            Naming the field, the first bad row and what was expected.
        """
        given = [prop for prop in PREDICTION.properties if prop.name not in DERIVED]
        check_record("prediction", self.prediction, given)
        check_columns("predictions", self.predicted, PREDICTS.properties, label_columns=("label",))
        twice = self.predicted["label"].duplicated()
        if twice.any():
            label = self.predicted.loc[twice, "label"].iloc[0]
            msg = f"Found label {label} twice in predictions.label; expected one prediction per NMC."
            raise RowError(msg)
        if self.prediction["split"] not in SPLITS:
            msg = f"Found prediction.split {self.prediction['split']!r}; expected one of {', '.join(SPLITS)}."
            raise RowError(msg)
