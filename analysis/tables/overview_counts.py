"""Counts of particles, TPBs and channels by image and by sample.

For whole images, the counts of the query ``images`` suffice, so that the first page reads little. If a range of sizes
excludes some NMC, the particles and TPBs themselves are counted.
"""

import numpy as np
import pandas as pd

COUNTED = ("particles", "nmc", "sse", "graphite", "tpbs", "physical_tpbs", "nmc_with_channels")
"""Counts: columns of the query ``images``."""


def recount_images(images: pd.DataFrame, particles: pd.DataFrame, tpbs: pd.DataFrame) -> pd.DataFrame:
    """Count the content of each image from tables that lack some of its particles.

    Parameters
    ----------
    images, particles, tpbs : DataFrame
        The named queries ``images``, ``particles``, ``tpbs``, the latter two narrowed.

    Returns
    -------
    DataFrame
        ``images`` with new counts, zero if nothing is left.
    """
    phase = particles["phase"]
    kept = {
        "particles": particles,
        "nmc": particles[phase == "NMC"],
        "sse": particles[phase == "SSE"],
        "graphite": particles[phase == "Graphite"],
        "tpbs": tpbs,
        "physical_tpbs": tpbs[tpbs["is_physical"]],
        "nmc_with_channels": particles[particles["has_concurrent_channel"].fillna(False).astype(bool)],
    }
    places = pd.MultiIndex.from_frame(images[["sample", "image"]])
    counts = {
        name: rows.groupby(["sample", "image"]).size().reindex(places, fill_value=0).to_numpy()
        for name, rows in kept.items()
    }
    return images.assign(**counts)


def count_samples(images: pd.DataFrame) -> pd.DataFrame:
    """Add up the images of each sample.

    Parameters
    ----------
    images : DataFrame
        The named query ``images``, or `recount_images`.

    Returns
    -------
    DataFrame
        One row per sample: cathode, images, the counts, and ``share_with_channels`` of its NMC (NaN without NMC).

    Examples
    --------
    >>> images = pd.DataFrame({"sample": ["a", "a"], "cathode": "LCD", **dict.fromkeys(COUNTED, [2, 3])})
    >>> count_samples(images)[["sample", "images", "nmc", "share_with_channels"]].to_dict("records")
    [{'sample': 'a', 'images': 2, 'nmc': 5, 'share_with_channels': 1.0}]
    """
    groups = images.groupby("sample", sort=True)
    counts = groups[list(COUNTED)].sum()
    table = pd.concat([groups["cathode"].first(), groups.size().rename("images"), counts], axis="columns")
    nmc = table["nmc"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        table["share_with_channels"] = table["nmc_with_channels"].to_numpy(dtype=float) / nmc
    return table.reset_index()
