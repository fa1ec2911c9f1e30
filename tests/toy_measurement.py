"""Rows of two measurements on the toy image of `toy_rows`, worked out by hand.

Means of the first::

    NMC  soc_ev  heterogeneity_ev  polarization_ev
    1    8343    0.5               1.0    at a physical TPB, with a channel
    2    8344    0.7               null   at a TPB that is not physical, with a channel; flagged
    5    null    null              null   alone; too few valid pixels
"""

import pandas as pd

from cathograph.schema.measurement_rows import MeasurementRows

NULL = float("nan")


def make_toy_measurement(key="m1", segmentation="k1", shift_ev=0.0, **measurement):
    """Rows of a measurement; `shift_ev` is added to the energies."""
    return MeasurementRows(
        segmentation_key=segmentation,
        measurement_key=key,
        measurement={
            "kind": "edge_energy_map", "element": "Ni", "edge": "K",
            "params": '{"version":1}', "placement": "{}", "content_sha256": "1" * 64,
            "shape": [8, 8], "energies": None, "pixel_size_um": 0.1, "matching": "same_grid", "offset_um": [0.0, 0.0],
            "residual_shift_um": [0.0, 0.05], "agreement": 0.9, "agreement_chance": 0.005, "agreement_particles": 3,
            "trusted_by": None, "energy_step_ev": None, "fill_ev": [0.0], "n_fill": 4, "pinned_ev": None, "n_pinned": 0,
            "with_standard_errors": True, "n_particles": 3, "n_measured": 2, "n_flagged": 2,
        } | measurement,
        states=pd.DataFrame(
            {
                "label": [1, 2, 5],
                "soc_ev": [8343.0 + shift_ev, 8344.0 + shift_ev, NULL],
                "heterogeneity_ev": [0.5, 0.7, NULL],
                "polarization_ev": [1.0, NULL, NULL],
                "soc_se_ev": [0.05, 0.07, NULL],
                "heterogeneity_se_ev": [0.03, 0.04, NULL],
                "n_valid": [100, 90, 3],
                "dropped_fraction": [0.0, 0.2, 0.0],
                "missing_fraction": [0.0, 0.0, 0.9],
                "n_peaks": pd.array([2, 3, None], dtype="Int64"),
                "flagged": [False, True, True],
                "reason": pd.Series([None, "one side", "too few valid pixels"], dtype=object),
                "dropped_below_fraction": [0.0, 0.15, 0.0],
                "fit_noise_ev": [0.3, NULL, NULL],
                "heterogeneity_corrected_ev": [0.4, NULL, NULL],
                "heterogeneity_corrected_low_ev": [0.35, NULL, NULL],
                "heterogeneity_corrected_high_ev": [0.45, NULL, NULL],
                "soc_uncut_ev": [NULL, 8343.8 + shift_ev, NULL],
                "heterogeneity_uncut_ev": [NULL, 0.9, NULL],
                "heterogeneity_uncut_se_ev": [NULL, 0.05, NULL],
                "uncut_reason": pd.Series([None, None, None], dtype=object),
            }
        ),
    )  # fmt: skip
