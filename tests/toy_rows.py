"""Rows of a toy image whose graph is worked out by hand.

The image ``field``, radius 3 px, pixels of 0.1 µm::

    particles  1 NMC   2 NMC   3 SSE   4 Graphite   5 NMC (alone)
    contacts   1–3  1–4  2–3  2–4  3–4
    TPBs       (1, 3, 4) with two junctions, (2, 3, 4) with none
    channels   1–2, through SSE 3 and graphite 4; none of the touching kind
    nearest    1→2 and 2→1 (both), 5→2 (neither)
"""

import pandas as pd

from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.rows import FieldOfView, ImageRows
from cathograph.schema.uncertainty import SEGMENTATION_UNCERTAINTY

TOY_PHASES = {1: "NMC", 2: "NMC", 3: "SSE", 4: "Graphite", 5: "NMC"}


def make_toy_rows(image="field", sample="s1", key="k1", **view):
    """Rows of the toy image; `key` stands for the hash of all that shaped it."""
    labels = list(TOY_PHASES)
    partners = [1, 1, None, None, 0]
    return ImageRows(
        field_of_view=FieldOfView(sample=sample, image=image, **view),
        segmentation_key=key,
        segmentation={
            "source": "regions", "method": "given", "version": "1", "params": "{}", "content_sha256": "0" * 64,
            "ndim": 2, "shape": [8, 8], "pixel_size_um": 0.1, "radius_px": 3, "radius_um": 0.3,
            "n_particles": 5, "n_contacts": 5, "n_tpbs": 2, "n_physical_tpbs": 1, "n_channel_pairs": 1,
            "channel_pairs_stored": True, "local_channel_path_um": 1.0, "hub_share_sse": 1.0,
            "hub_share_graphite": 1.0, "unlike_painted": None, "dropped": "{}",
            **SSB_CATHODE.segmentation_properties(),
            **{prop.name: None for prop in SEGMENTATION_UNCERTAINTY},
        },
        particles=pd.DataFrame(
            {
                "label": labels,
                "phase": pd.Series(list(TOY_PHASES.values()), dtype=object),
                "area_px": [10, 20, 30, 40, 50],
                "area_um2": [0.1, 0.2, 0.3, 0.4, 0.5],
                "volume_um3": [float("nan")] * 5,
                "centroid_z": [float("nan")] * 5,
                "centroid_y": [1.0, 2.0, 3.0, 4.0, 5.0],
                "centroid_x": [1.5, 2.5, 3.5, 4.5, 5.5],
                "bbox": pd.Series([[0, 0, 4, 4]] * 5, dtype=object),
                "perimeter_um": [1.0] * 5,
                "surface_um2": [float("nan")] * 5,
                "equivalent_diameter_um": [0.5, 0.6, 0.7, 0.8, 0.9],
                "convexity": [1.0] * 5,
                "touches_border": [False, True, False, False, True],
                "has_concurrent_channel": pd.array([True, True, None, None, False], dtype="boolean"),
                "concurrent_partners": pd.array(partners, dtype="Int64"),
                "local_channel_partners": pd.array(partners, dtype="Int64"),
                "has_touching_channel": pd.array([False, False, None, None, False], dtype="boolean"),
                "touching_partners": pd.array([0, 0, None, None, 0], dtype="Int64"),
                "confidence": [float("nan")] * 5,
            }
        ),
        contacts=pd.DataFrame(
            {
                "a": [1, 1, 2, 2, 3], "b": [3, 4, 3, 4, 4],
                "overlap_ab": [4, 6, 8, 2, 10], "overlap_ba": [6, 6, 4, 2, 6],
                "weight_px": [5.0, 6.0, 6.0, 2.0, 8.0], "weight": [0.625, 0.75, 0.75, 0.25, 1.0],
                "interface_um": [0.4, 0.5, 0.6, 0.0, 0.8], "interface_um2": [float("nan")] * 5,
                "gap_px": [1, 1, 1, 2, 1],
            }
        ),
        tpbs=pd.DataFrame(
            {
                "nmc": [1, 2], "sse": [3, 3], "graphite": [4, 4],
                "perimeter_um": [1.2, 1.4], "interface_ratio": [5 / 6, 3.0], "weight_sum_px": [19.0, 16.0],
                "junctions": [2, 0], "is_physical": [True, False],
                "junctions_z": pd.Series([None, None], dtype=object),
                "junctions_y": pd.Series([[1.5, 4.5], []], dtype=object),
                "junctions_x": pd.Series([[2.5, 6.5], []], dtype=object),
                "junction_length_um": [float("nan")] * 2,
            }
        ),
        channels=pd.DataFrame({"nmc_a": [1], "nmc_b": [2], "via_sse": [1], "via_graphite": [1]}),
        local_channels=pd.DataFrame(
            {"nmc_a": [1], "nmc_b": [2], "path_sse_um": [0.5], "path_graphite_um": [0.8]}
        ),
        nearest=pd.DataFrame(
            {
                "nmc": [1, 2, 5], "nearest": [2, 1, 2], "distance_um": [0.2, 0.2, 0.7],
                "via": pd.Series(["both", "both", "neither"], dtype=object),
                "touching": [False, False, False],
            }
        ),
    )  # fmt: skip
