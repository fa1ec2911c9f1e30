"""A made-up selection with everything a report needs, without a database.

Particles come from `cathograph.benchmarks.accuracy.simulated_particles`; what the queries add stands beside them.
"""

import numpy as np
import pandas as pd

from cathograph.analysis.tables.electrode_tables import METRICS, ElectrodeTables
from cathograph.benchmarks.accuracy.simulated_particles import Scenario, make_particles
from cathograph.schema.composites import SSB_CATHODE

STATES = ["soc_ev", "heterogeneity_ev", "polarization_ev"]


def make_tables(n=60, n_images=8, seed=0, sample="s", cathode="LCD", *, measured=True, composite=SSB_CATHODE):
    """Tables of one sample with `n` active particles in `n_images` images, one TPB for each exposed one."""
    rng = np.random.default_rng(seed)
    scenario = Scenario("", n_exposed=n // 3, n=n, n_images=n_images, d=-0.5, icc=0.2, exposure_icc=0.5)
    nmc = make_particles(scenario, rng)
    nmc["sample"] = sample
    nmc["cathode"] = cathode
    nmc["heterogeneity_ev"] *= 0.3
    nmc["polarization_ev"] = np.where(rng.random(n) < 0.4, 0.0, np.abs(nmc["soc_ev"] - 8343))
    if not measured:
        nmc[STATES] = np.nan
    nmc["volume_um3"] = np.nan
    nmc["has_touching_channel"] = nmc["label"] % 3 == 0
    nmc["flagged"] = pd.array([False] * n, dtype="boolean")
    nmc["at_physical_tpb"] = nmc["at_tpb"]
    nmc["tpbs"] = nmc["at_tpb"].astype(int)
    for metric in METRICS:
        nmc[metric] = rng.gamma(1, 1, n)
    exposed = nmc[nmc["at_tpb"]]
    tpbs = exposed[["sample", "image"]].assign(
        nmc=exposed["label"],
        sse=1,
        graphite=2,
        perimeter_um=rng.gamma(4, 0.8, len(exposed)),
        interface_ratio=np.exp(rng.normal(size=len(exposed))),
        is_physical=rng.random(len(exposed)) < 0.7,
    )
    carriers = ["/".join(phase.name for phase in composite.with_role(role)) for role in composite.channel]
    nearest = nmc[["sample", "image"]].assign(
        composite=composite.name,
        nmc=nmc["label"],
        via=rng.choice(["both", *carriers, "neither"], n),
        touching=rng.random(n) < 0.3,
    )
    tpbs, nearest = tpbs.reset_index(drop=True), nearest.reset_index(drop=True)
    images = nmc[["sample", "image"]].drop_duplicates().reset_index(drop=True)
    images = images.assign(
        cathode=cathode, beamtime=None, volume=None, ndim=2, pixel_size_um=0.05, radius_um=0.15,
        method="given", version="1", nmc=1, contacts=1, tpbs=1, composite=composite.name,
        unlike_painted=None, accuracy=np.nan, accuracy_low=np.nan, accuracy_high=np.nan,
        same_pixels_as=None,
    )  # fmt: skip
    segmentations = images[["sample", "image"]].assign(
        source="phases", method="given", version="1", created=pd.Timestamp("2026-01-01", tz="UTC"),
        segmentation=[f"{sample}-{i}" for i in range(len(images))], params="{}",
    )  # fmt: skip
    measurements = images[["sample", "image"]].assign(
        kind="edge_energy_map", created=pd.Timestamp("2026-01-01", tz="UTC"), particles=1, measured=1,
        flagged=0, matching="same_grid", params='{"window":1}', element="Ni", edge="K",
    )  # fmt: skip
    percolation = pd.DataFrame({"sample": [sample], "cathode": [cathode], "ndim": [2], "nmc": [n]})
    composites = pd.DataFrame(
        {
            "composite": [composite.name],
            "sha256": [composite.sha256],
            "definition": [composite.definition],
            "images": [n_images],
        }
    )
    return ElectrodeTables(
        nmc,
        tpbs,
        nearest,
        images,
        segmentations,
        measurements if measured else measurements.iloc[:0],
        percolation,
        composites,
    )
