"""Rows of made images and measurements with awkward numbers in them, for round trips."""

from itertools import combinations

import numpy as np
import pandas as pd
from toy_measurement import make_toy_measurement
from toy_rows import make_toy_rows

from cathograph.schema.composites import SSB_CATHODE, Composite, Role
from cathograph.schema.rows import FieldOfView, ImageRows


def awkward(rng, size):
    """Finite floats with every bit of the mantissa in use, from tiny to huge."""
    return rng.random(size) * 10.0 ** rng.integers(-12, 12, size)


def make_random_rows(
    seed,
    phases,
    *,
    ndim=2,
    contact_share=0.3,
    sample="s1",
    image="made",
    key=None,
    composite=SSB_CATHODE,
    **view,
):
    """Rows of an image whose particle i + 1 is of phases[i]; labels are spread out and not in order."""
    rng = np.random.default_rng(seed)
    n = len(phases)
    labels = rng.permutation(np.arange(1, 5 * n + 1))[:n]
    nan = np.full(n, np.nan)
    flat, solid = (awkward(rng, n), nan) if ndim == 2 else (nan, awkward(rng, n))
    is_nmc = [composite.phase(phase).has(Role.ACTIVE) for phase in phases]
    partners = pd.array([0 if each else None for each in is_nmc], dtype="Int64")
    particles = pd.DataFrame(
        {
            "label": labels, "phase": pd.Series(phases, dtype=object),
            "area_px": rng.integers(1, 1000, n), "area_um2": flat, "volume_um3": solid,
            "centroid_z": nan if ndim == 2 else awkward(rng, n),
            "centroid_y": awkward(rng, n), "centroid_x": awkward(rng, n),
            "bbox": pd.Series([[0] * ndim + [4] * ndim] * n, dtype=object),
            "perimeter_um": flat, "surface_um2": solid,
            "equivalent_diameter_um": awkward(rng, n), "convexity": rng.random(n),
            "touches_border": rng.random(n) < 0.5,
            "has_concurrent_channel": pd.array([False if each else None for each in is_nmc], dtype="boolean"),
            "concurrent_partners": partners, "local_channel_partners": partners,
            "has_touching_channel": pd.array([False if each else None for each in is_nmc], dtype="boolean"),
            "touching_partners": partners,
            "confidence": rng.random(n),
        }
    )  # fmt: skip
    pairs = [pair for pair in combinations(np.sort(labels).tolist(), 2) if rng.random() < contact_share]
    m = len(pairs)
    counts = rng.integers(1, 1000, (2, m))
    interface, none = awkward(rng, m), np.full(m, np.nan)
    contacts = pd.DataFrame(
        {
            "a": [a for a, _ in pairs], "b": [b for _, b in pairs],
            "overlap_ab": counts[0], "overlap_ba": counts[1], "weight_px": counts.mean(axis=0),
            "weight": rng.random(m), "interface_um": interface if ndim == 2 else none,
            "interface_um2": none if ndim == 2 else interface, "gap_px": rng.integers(1, 4, m),
        }
    ).astype({"a": "int64", "b": "int64"})  # fmt: skip
    toy = make_toy_rows()
    return ImageRows(
        field_of_view=FieldOfView(sample=sample, image=image, **view),
        segmentation_key=key or f"{sample} {image}",
        segmentation={
            **toy.segmentation, **composite.segmentation_properties(), "ndim": ndim, "shape": [8] * ndim,
            "n_particles": n, "n_contacts": m, "n_tpbs": 0, "n_physical_tpbs": 0, "n_channel_pairs": 0,
        },
        particles=particles,
        contacts=contacts,
        tpbs=toy.tpbs[:0],
        channels=toy.channels[:0],
        local_channels=toy.local_channels[:0],
        nearest=toy.nearest[:0],
    )  # fmt: skip


def make_random_measurement(seed, rows):
    """States of all active particles of an image, a third of their values missing."""
    rng = np.random.default_rng(seed)
    composite = Composite.from_definition(rows.segmentation["composite_definition"])
    active = [phase.name for phase in composite.with_role(Role.ACTIVE)]
    label = rng.permutation(rows.particles["label"][rows.particles["phase"].isin(active)])
    n = len(label)
    values = {name: awkward(rng, n) for name in ("soc_ev", "heterogeneity_ev", "polarization_ev")}
    for column in values.values():
        column[rng.random(n) < 1 / 3] = np.nan
    flagged = rng.random(n) < 0.3
    states = pd.DataFrame(
        {
            "label": label, **values, "soc_se_ev": np.nan, "heterogeneity_se_ev": np.nan,
            "n_valid": np.full(n, 9), "dropped_fraction": 0.0, "missing_fraction": 0.0,
            "n_peaks": pd.array([None] * n, dtype="Int64"), "flagged": flagged,
            "reason": pd.Series([None] * n, dtype=object), "uncut_reason": pd.Series([None] * n, dtype=object),
            **dict.fromkeys(
                ("dropped_below_fraction", "fit_noise_ev", "heterogeneity_corrected_ev",
                 "heterogeneity_corrected_low_ev", "heterogeneity_corrected_high_ev", "soc_uncut_ev",
                 "heterogeneity_uncut_ev", "heterogeneity_uncut_se_ev"),
                np.nan,
            ),
        }
    )  # fmt: skip
    made = make_toy_measurement(
        key=f"m {rows.segmentation_key}",
        segmentation=rows.segmentation_key,
        n_particles=n,
        n_measured=int(np.isfinite(values["soc_ev"]).sum()),
        n_flagged=int(flagged.sum()),
    )
    return type(made)(made.segmentation_key, made.measurement_key, made.measurement, states)
