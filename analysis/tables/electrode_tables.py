"""The tables behind figures and report, and how a selection narrows them.

The tables are read once. Every figure and statistic is a pure function of them, so reports and queries show the same
numbers. A *selection* is a table of keys (``sample``, ``image`` and, for single particles, ``label``); narrowing is a
join with it.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Protocol

import pandas as pd

from cathograph.analysis.tables.particle_table import require_columns
from cathograph.schema.edges import edge_among
from cathograph.schema.errors import InputError
from cathograph.schema.keys import image_key, particle_key


class Ask(Protocol):
    """Returns the table of a named query, for instance ``functools.partial(cathograph.query, store)``."""

    def __call__(self, name: str, **parameters: object) -> pd.DataFrame:
        """Return the rows of a query with these parameters."""
        ...


IMAGE = ["sample", "image"]
PARTICLE = ["sample", "image", "label"]


@dataclass(frozen=True)
class ElectrodeTables:
    """The tables of some images that figures and statistics need.

    Attributes
    ----------
    nmc : DataFrame
        One row per NMC: the columns of the query `states`, the network metrics (`METRICS`), and
        ``tpbs``, ``physical_tpbs``, ``junctions`` (counts).
    tpbs : DataFrame
        Query `tpbs`.
    nearest : DataFrame
        Query `nearest`, with the composite of the image.
    images, segmentations, measurements : DataFrame
        Queries of these names, with provenance; only segmentations and measurements in use, measurements
        of one absorption edge.
    percolation : DataFrame
        Query `percolation`: one row per sample, over all its images.
    composites : DataFrame
        Query `composites`: all of the store.
    measures : DataFrame
        Query `measures`: one row per NMC and measure; empty where none is computed.
    profiles : DataFrame
        Query `profiles` of that edge: one row per NMC under an energy map; empty where none is computed.
    """

    nmc: pd.DataFrame
    tpbs: pd.DataFrame
    nearest: pd.DataFrame
    images: pd.DataFrame
    segmentations: pd.DataFrame
    measurements: pd.DataFrame
    percolation: pd.DataFrame
    composites: pd.DataFrame
    measures: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=[*PARTICLE, "measure", "value"])
    )
    profiles: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PARTICLE))

    @property
    def composites_shown(self) -> pd.DataFrame:
        """Rows of `composites` that the images have; all of the store where there is no image."""
        shown = self.composites[self.composites["composite"].isin(self.images["composite"])]
        return shown if len(shown) else self.composites

    @property
    def edge(self) -> str | None:
        """The absorption edge of the states, as in ``Co K``; None where nothing was measured."""
        return next(iter(names_of_edges(self.measurements)), None)


METRICS = (
    "degree",
    "weighted_degree_px",
    "clustering",
    "betweenness",
    "closeness",
    "eigenvector",
    "neighbours_nmc",
    "neighbours_sse",
    "neighbours_graphite",
    "ionic_betweenness",
    "ionic_closeness",
    "electronic_betweenness",
    "electronic_closeness",
)
"""Network metrics of the figures, columns of the query `centralities`: the paper's, then four of ours."""


def read_electrode_tables(ask: Ask, edge: str | None = None) -> ElectrodeTables:
    """Read the tables from named queries.

    Parameters
    ----------
    ask : callable
        Returns the table of a named query, possibly narrowed to one sample or image.
    edge : str, optional
        Absorption edge whose states are read, as in ``Co K``; by default the only one that was measured.

    Raises
    ------
    CathographError
        When a query fails, or several edges were measured and none is named: their energies cannot be mixed.
    """
    measurements = ask("measurements")
    in_sight = measurements[measurements["in_sight"]]
    chosen = edge_among(names_of_edges(in_sight), edge)
    states = ask("states", edge=chosen)
    metrics = ask("centralities")
    counts = ask("tpbs_per_nmc").rename(columns={"nmc": "label"})
    # An inner join: another command may change the store between two queries, and a particle that is only in one of
    # them has no valid row.
    nmc = states.merge(metrics[[*PARTICLE, *METRICS]], on=PARTICLE, how="inner", validate="1:1").merge(
        counts[[*PARTICLE, "tpbs", "physical_tpbs", "junctions"]], on=PARTICLE, how="inner", validate="1:1"
    )
    segmentations, images = ask("segmentations"), ask("images")
    return ElectrodeTables(
        nmc=nmc,
        tpbs=ask("tpbs"),
        nearest=ask("nearest").merge(images[[*IMAGE, "composite"]], on=IMAGE, how="inner"),
        images=images,
        segmentations=segmentations[segmentations["active"]].reset_index(drop=True),
        measurements=in_sight[_edges_of(in_sight) == chosen].reset_index(drop=True),
        percolation=ask("percolation"),
        composites=ask("composites"),
        measures=ask("measures"),
        profiles=ask("profiles", edge=chosen),
    )


def names_of_edges(measurements: pd.DataFrame) -> list[str]:
    """List the absorption edges of some rows of the query `measurements`, as in ``Co K``."""
    return sorted(_edges_of(measurements).unique())


def _edges_of(measurements: pd.DataFrame) -> "pd.Series[str]":
    return measurements["element"].astype(str) + " " + measurements["edge"].astype(str)


def narrow(tables: ElectrodeTables, keys: pd.DataFrame) -> ElectrodeTables:
    """Keep the images, or the particles, in a table of keys.

    Parameters
    ----------
    tables : ElectrodeTables
        All tables.
    keys : DataFrame
        Columns ``sample``, ``image`` and optionally ``label``. With labels, NMC are kept one by
        one, TPBs and nearest links by their NMC, and images that contain one of the labels.
    """
    images = keys[IMAGE].drop_duplicates()
    narrowed = {
        each.name: getattr(tables, each.name).merge(images, on=IMAGE, how="inner")
        for each in fields(tables)
        if each.name not in ("percolation", "composites")
    }
    of_samples = tables.percolation[tables.percolation["sample"].isin(images["sample"])]
    narrowed["percolation"] = of_samples.reset_index(drop=True)
    narrowed["composites"] = tables.composites
    if "label" in keys.columns:
        particles = keys[PARTICLE].drop_duplicates()
        named = particles.rename(columns={"label": "nmc"})
        for name in ("nmc", "measures", "profiles"):
            narrowed[name] = narrowed[name].merge(particles, on=PARTICLE, how="inner")
        for name in ("tpbs", "nearest"):
            narrowed[name] = narrowed[name].merge(named, on=[*IMAGE, "nmc"], how="inner")
    return replace(tables, **narrowed)


def keys_of_cathode(tables: ElectrodeTables, cathode: str) -> pd.DataFrame:
    """List the images of a cathode kind.

    Raises
    ------
    InputError
        When no image is of that kind; the message lists the kinds there are.
    """
    return _chosen(tables, "cathode", cathode)


def keys_of_sample(tables: ElectrodeTables, sample: str) -> pd.DataFrame:
    """List the images of a sample.

    Raises
    ------
    InputError
        When there is none; the message lists the samples there are.
    """
    return _chosen(tables, "sample", sample)


def keys_of_name(tables: ElectrodeTables, name: str) -> pd.DataFrame:
    """Name the images of a cathode kind, or else of a sample.

    Raises
    ------
    InputError
        When it is neither.
    """
    kinds = _known(tables, "cathode")
    if name in kinds:
        return _chosen(tables, "cathode", name)
    if name in _known(tables, "sample"):
        return _chosen(tables, "sample", name)
    msg = (
        f"Found no cathode kind and no sample named {name!r}; there are the kinds "
        f"{', '.join(kinds) or 'none'} and {len(_known(tables, 'sample'))} samples (`cathograph query samples`). "
        "Name one of them, or a FILE.cypher."
    )
    raise InputError(msg)


def keys_of_rows(tables: ElectrodeTables, rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Read a selection from the rows of a user's own query.

    Parameters
    ----------
    tables : ElectrodeTables
        What may be selected.
    rows : DataFrame
        Either columns ``sample`` and ``image`` and, for single particles, ``label`` (or ``nmc``); or one
        column of keys, `Image.key` or `Particle.key`.
    source : str
        Where the rows come from, for messages.

    Raises
    ------
    InputError
        When there is no row, when the columns are others, or when a key names nothing that is in sight.
    """
    if rows.empty:
        msg = f"Found no row from {source}; expected at least one image or particle. Widen the query."
        raise InputError(msg)
    found = rows.rename(columns={"nmc": "label"}) if "label" not in rows.columns else rows
    if set(IMAGE) <= set(found.columns):
        keys = found[PARTICLE if "label" in found.columns else IMAGE].drop_duplicates()
        return _known_only(tables, keys, source)
    if len(rows.columns) == 1:
        return _from_keys(tables, rows.iloc[:, 0], source)
    msg = (
        f"Found columns {', '.join(map(str, rows.columns))} from {source}; expected sample and image (and label), "
        "or one column of keys. Change the RETURN."
    )
    raise InputError(msg)


def _known_only(tables: ElectrodeTables, keys: pd.DataFrame, source: str) -> pd.DataFrame:
    on = [name for name in PARTICLE if name in keys.columns]
    there = (tables.nmc if "label" in on else tables.images)[on]
    joined = keys.merge(there.drop_duplicates(), on=on, how="left", indicator=True)
    unknown = joined[joined["_merge"] == "left_only"]
    if len(unknown):
        first = "/".join(str(value) for value in unknown.iloc[0][on])
        what = "active particle" if "label" in on else "image"
        msg = (
            f"Found {len(unknown)} rows from {source} that match no {what} in use, the first is {first}; "
            "expected only stored ones. Change the query (only active particles have states)."
        )
        raise InputError(msg)
    return keys.reset_index(drop=True)


def _from_keys(tables: ElectrodeTables, given: "pd.Series", source: str) -> pd.DataFrame:
    keys = given.astype(str).drop_duplicates()
    of_images = tables.images.assign(
        key=[image_key(sample, image) for sample, image in tables.images[IMAGE].itertuples(index=False)]
    )
    if keys.isin(of_images["key"]).all():
        return of_images[of_images["key"].isin(keys)][IMAGE].reset_index(drop=True)
    nmc = tables.nmc.merge(tables.segmentations[[*IMAGE, "segmentation"]], on=IMAGE, how="left")
    of_nmc = nmc.assign(
        key=[
            particle_key(segmentation, label)
            for segmentation, label in nmc[["segmentation", "label"]].itertuples(index=False)
        ]
    )
    unknown = keys[~keys.isin(of_nmc["key"])]
    if len(unknown):
        msg = (
            f"Found {len(unknown)} keys from {source} that match no image and no active particle in use, the first is "
            f"{unknown.iloc[0]!r}; expected only images, or only active particles. Return image.key or particle.key."
        )
        raise InputError(msg)
    return of_nmc[of_nmc["key"].isin(keys)][PARTICLE].reset_index(drop=True)


def _chosen(tables: ElectrodeTables, column: str, value: str) -> pd.DataFrame:
    require_columns(tables.images, (*IMAGE, column))
    chosen = tables.images[tables.images[column] == value]
    if chosen.empty:
        known = ", ".join(_known(tables, column)) or "none"
        msg = f"Found no image of {column} {value!r}; expected one of: {known}. Name one of them."
        raise InputError(msg)
    return chosen[IMAGE].reset_index(drop=True)


def _known(tables: ElectrodeTables, column: str) -> list[str]:
    return sorted(tables.images[column].dropna().unique())
