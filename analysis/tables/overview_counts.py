"""Counts of particles, TPBs and channels by image and by sample.

For whole images, the counts of the query ``images`` suffice, so that the first page reads little. If a range of sizes
excludes some active particles, the particles and TPBs themselves are counted.
"""

import numpy as np
import pandas as pd

from cathograph.schema.composites import Composite, Role

COUNTED = (
    "particles", "nmc", "sse", "graphite", "tpbs", "physical_tpbs", "nmc_with_channels", "nmc_with_touching_channels",
)  # fmt: skip
"""Counts: columns of the query ``images``; nmc, sse and graphite count active, ionic and electronic particles."""


_ROLES = {"nmc": Role.ACTIVE, "sse": Role.IONIC, "graphite": Role.ELECTRONIC}


def recount_images(
    images: pd.DataFrame, particles: pd.DataFrame, tpbs: pd.DataFrame, composites: pd.DataFrame
) -> pd.DataFrame:
    """Count the content of each image from tables that lack some of its particles.

    Parameters
    ----------
    images, particles, tpbs : DataFrame
        The named queries ``images``, ``particles``, ``tpbs``, the latter two narrowed.
    composites : DataFrame
        The named query ``composites``.

    Returns
    -------
    DataFrame
        ``images`` with new counts, zero if nothing is left.
    """
    kept = {
        "particles": particles,
        **{name: particles[_has_role(particles, images, composites, role)] for name, role in _ROLES.items()},
        "tpbs": tpbs,
        "physical_tpbs": tpbs[tpbs["is_physical"]],
        "nmc_with_channels": particles[particles["has_concurrent_channel"].fillna(False).astype(bool)],
        "nmc_with_touching_channels": particles[particles["has_touching_channel"].fillna(False).astype(bool)],
    }
    places = pd.MultiIndex.from_frame(images[["sample", "image"]])
    counts = {
        name: rows.groupby(["sample", "image"]).size().reindex(places, fill_value=0).to_numpy()
        for name, rows in kept.items()
    }
    return images.assign(**counts)


def _has_role(
    particles: pd.DataFrame, images: pd.DataFrame, composites: pd.DataFrame, role: Role
) -> "pd.Series[bool]":
    """Tell which particles have a role in the composite of their image."""
    pairs = {
        (name, phase.name)
        for name, definition in zip(composites["composite"], composites["definition"], strict=True)
        for phase in Composite.from_definition(str(definition)).with_role(role)
    }
    of_image = images.set_index(["sample", "image"])["composite"]
    composite = of_image.reindex(pd.MultiIndex.from_frame(particles[["sample", "image"]]))
    found = [pair in pairs for pair in zip(composite, particles["phase"], strict=True)]
    return pd.Series(found, index=particles.index, dtype=bool)


def count_samples(images: pd.DataFrame) -> pd.DataFrame:
    """Add up the images of each sample.

    Parameters
    ----------
    images : DataFrame
        The named query ``images``, or `recount_images`.

    Returns
    -------
    DataFrame
        One row per sample: cathode, images, the counts, and ``share_with_channels`` and
        ``share_with_touching_channels`` of its active particles (NaN without them).

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
        for kind in ("channels", "touching_channels"):
            table[f"share_with_{kind}"] = table[f"nmc_with_{kind}"].to_numpy(dtype=float) / nmc
    return table.reset_index()
