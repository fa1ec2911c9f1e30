"""How much there is of everything: counts for each sample or image, and their sums.

From counts of the images alone where whole images are looked at, which is all that a first page needs to
read; from the particles and TPBs themselves where a range of sizes leaves some of an image's NMC out.
"""

import numpy as np
import pandas as pd

COUNTED = ("particles", "nmc", "sse", "graphite", "tpbs", "physical_tpbs", "nmc_with_channels")
"""What is counted: columns of the query ``images``."""


def recount_images(images: pd.DataFrame, particles: pd.DataFrame, tpbs: pd.DataFrame) -> pd.DataFrame:
    """Count anew what is in each image, from tables that leave some of its particles out.

    Parameters
    ----------
    images, particles, tpbs : DataFrame
        The named queries ``images``, ``particles``, ``tpbs``, the latter two narrowed.

    Returns
    -------
    DataFrame
        ``images`` with other counts, zero where nothing is left.
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
        One row a sample: cathode, images, the counts, and ``share_with_channels`` of its NMC (NaN without NMC).

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
