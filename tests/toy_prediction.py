"""Rows of a prediction on the toy image of `toy_rows`, worked out by hand.

NMC 1 and 2 are measured too (see `toy_measurement`), NMC 5 is not::

    NMC  soc_ev  heterogeneity_ev  polarization_ev   measured
    1    8343.5  0.6               0.5               8343  0.5  1.0
    2    8344.5  0.6               1.5               8344  0.7  null
    5    8345.0  0.4               0.0               null  null null
"""

import pandas as pd

from cathograph.schema.prediction_rows import PredictionRows


def make_toy_prediction(model="toy", model_hash="h1", segmentation="k1", shift_ev=0.0, **prediction):
    """Rows of a prediction; `shift_ev` is added to the energies."""
    return PredictionRows(
        segmentation_key=segmentation,
        prediction={
            "model": model, "model_hash": model_hash, "architecture": "nnconv", "members": 2, "split": "test",
            "element": "Ni", "edge": "K",
        } | prediction,
        predicted=pd.DataFrame(
            {
                "label": [1, 2, 5],
                "soc_ev": [8343.5 + shift_ev, 8344.5 + shift_ev, 8345.0 + shift_ev],
                "heterogeneity_ev": [0.6, 0.6, 0.4],
                "polarization_ev": [0.5, 1.5, 0.0],
                "soc_sd_ev": [0.1, 0.2, 0.3],
                "heterogeneity_sd_ev": [0.05, 0.05, 0.05],
                "polarization_sd_ev": [0.2, 0.2, 0.2],
            }
        ),
    )  # fmt: skip
