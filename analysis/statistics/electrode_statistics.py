"""The paper's Tables S1 to S3 from one particle table, and what a careful reviewer asks beside them.

One call, one set of particles: the six group comparisons of Figs. 4e-g and 5c-e and three of the
touching channel, which are ours (S1), the analyses of variance of heterogeneity and polarization
(S2, S3; both types of sums of squares),
the effects at equal size (S8), and the correlations of network metrics with the state
(Fig. 5a). Each has its clustered counterpart, and the p values of each table are one family
(`cathograph.analysis.statistics.multiple_testing`): naive and clustered p are corrected apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cathograph.analysis.statistics.anova import two_way_anova
from cathograph.analysis.statistics.clustered import SampleTerms
from cathograph.analysis.statistics.confounding import SizeAdjusted, adjust_for_size
from cathograph.analysis.statistics.correlation import Correlation, correlate
from cathograph.analysis.statistics.group_comparison import GroupComparison, compare_groups
from cathograph.analysis.statistics.logarithm import Log
from cathograph.analysis.statistics.multiple_testing import correct_family
from cathograph.analysis.tables.particle_table import (
    CHANNELS,
    EXPOSURES,
    SIZE,
    STATES,
    cluster_of,
    exposures_of,
    name_clusters,
    require_columns,
)
from cathograph.schema.errors import InputError

PAPER_FIGURES = {
    ("at_tpb", "soc_ev"): "4e",
    ("at_tpb", "heterogeneity_ev"): "4f",
    ("at_tpb", "polarization_ev"): "4g",
    ("has_concurrent_channel", "soc_ev"): "5c",
    ("has_concurrent_channel", "heterogeneity_ev"): "5d",
    ("has_concurrent_channel", "polarization_ev"): "5e",
}
"""Which panel of the paper shows which comparison."""

OURS = "ours"
"""Stands in the place of the panel where the paper has none."""


@dataclass(frozen=True)
class ElectrodeStatistics:
    """All statistics of one selection of particles.

    Attributes
    ----------
    group_comparisons : DataFrame
        Table S1: one row per exposure and state; see `GroupComparison` for the columns, plus
        ``figure``, the effect at equal size (``d_size_adjusted``, ``p_size_adjusted``,
        ``d_size_adjusted_clustered``, ``p_size_adjusted_clustered``,
        ``reason_size_adjusted_clustered``), the corrected ``p_family``, ``p_clustered_family``, and the
        same comparison with flagged states among the others: ``d_with_flagged``, ``p_with_flagged``,
        ``d_clustered_with_flagged``, ``p_clustered_with_flagged``; empty where none is flagged. The same with
        the noise of the fit: ``d_with_noise`` and so on.
    anova_heterogeneity, anova_polarization : DataFrame
        Tables S2 and S3: one row per term and type of sums of squares; corrected p values as
        above, the family being both tables of one type.
    size_adjusted : DataFrame
        One row per exposure and state; see `SizeAdjusted`.
    correlations : DataFrame
        One row per metric and state; see `Correlation`; empty without metrics.
    counterparts : DataFrame
        One row per comparison and clustered method.
    n_particles, n_samples, n_images, n_clusters : int
        What the table holds.
    clusters : str
        What a cluster is here: images, volumes, or both.
    """

    group_comparisons: pd.DataFrame
    anova_heterogeneity: pd.DataFrame
    anova_polarization: pd.DataFrame
    size_adjusted: pd.DataFrame
    correlations: pd.DataFrame
    counterparts: pd.DataFrame
    n_particles: int
    n_samples: int
    n_images: int
    n_clusters: int
    clusters: str


def compute_electrode_statistics(
    table: pd.DataFrame,
    *,
    metrics: Sequence[str] = (),
    size: str = SIZE,
    log: Log = "log1p",
    samples: SampleTerms = "fixed",
    level: float = 0.95,
    draws: int = 1999,
    seed: int = 0,
    channel: str = EXPOSURES[1],
) -> ElectrodeStatistics:
    """Compute Tables S1 to S3, the size-adjusted effects and the correlations.

    Parameters
    ----------
    table : DataFrame
        One row per NMC particle: ``sample``, ``image``, optionally ``volume`` and ``label``;
        ``area_um2`` (or another `size`), ``soc_ev``, ``heterogeneity_ev``,
        ``polarization_ev`` (null where there is none), ``at_tpb``,
        ``has_concurrent_channel`` (bool), optionally ``has_touching_channel`` (bool), and the metrics.
    metrics : sequence of str
        Columns to correlate with each state.
    size : str
        Column of the size that is adjusted for.
    log : {"log1p", "ln"}
        Logarithm of the analyses of variance.
    samples : {"fixed", "random"}
        How samples enter the clustered tests.
    level : float
        Confidence level.
    draws, seed : int
        Draws of bootstrap and permutation (0: none), and their seed.
    channel : {"has_concurrent_channel", "has_touching_channel"}
        Type of channel of the analyses of variance.

    Returns
    -------
    ElectrodeStatistics
        The same table gives the same numbers.

    Raises
    ------
    InputError
        When a column is missing or holds what it must not.

    Notes
    -----
    Paper, Tables S1 to S3, Figs. 4e-g, 5a, 5c-e, S4 to S8.
    """
    require_columns(table, ("sample", "image", size, *STATES, *EXPOSURES, *metrics))
    pairs = pairs_of(table)
    compared = [
        compare_groups(table, state, exposure, samples=samples, level=level, draws=draws, seed=seed)
        for exposure, state in pairs
    ]
    adjusted = [
        adjust_for_size(table, state, exposure, size=size, samples=samples, level=level)
        for exposure, state in pairs
    ]
    correlated = [
        correlate(table, metric, state, samples=samples, level=level)
        for metric in metrics
        for state in STATES
    ]
    s1 = tabulate_comparisons(compared)
    s1["d_size_adjusted"] = [one.d_adjusted for one in adjusted]
    s1["p_size_adjusted"] = [one.p_adjusted for one in adjusted]
    s1["d_size_adjusted_clustered"] = [one.d_adjusted_clustered for one in adjusted]
    s1["p_size_adjusted_clustered"] = [one.p_adjusted_clustered for one in adjusted]
    s1["reason_size_adjusted_clustered"] = [one.reason_clustered for one in adjusted]
    add_other_readings(s1, table, samples=samples)
    s2, s3 = tabulate_anova(table, log=log, samples=samples, channel=channel)
    return ElectrodeStatistics(
        group_comparisons=s1,
        anova_heterogeneity=s2,
        anova_polarization=s3,
        size_adjusted=tabulate_size_adjusted(adjusted),
        correlations=tabulate_correlations(correlated),
        counterparts=tabulate_counterparts(compared),
        n_particles=len(table),
        n_samples=int(table["sample"].nunique()),
        n_images=len(table[["sample", "image"]].drop_duplicates()),
        n_clusters=int(cluster_of(table).nunique()),
        clusters=name_clusters(table),
    )


def pairs_of(table: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """List the comparisons of Table S1: exposure and state, in the order of the rows."""
    return tuple((exposure, state) for exposure in exposures_of(table) for state in STATES)


def tabulate_comparisons(compared: Sequence[GroupComparison]) -> pd.DataFrame:
    """Put the comparisons of Table S1 below each other; they are one family."""
    table = pd.DataFrame([comparison.row() for comparison in compared])
    table.insert(0, "figure", [PAPER_FIGURES.get((one.exposure, one.outcome), OURS) for one in compared])
    _add_family(table)
    return table


def add_other_readings(
    comparisons: pd.DataFrame, table: pd.DataFrame, *, samples: SampleTerms = "fixed"
) -> None:
    """Put beside each comparison what it would be with the flagged states, and with the noise of the fit.

    Parameters
    ----------
    comparisons : DataFrame
        From `tabulate_comparisons`; gets the columns ``d_with_flagged``, ``p_with_flagged``,
        ``d_clustered_with_flagged``, ``p_clustered_with_flagged``, NaN where no state is flagged, and the same
        ending in ``_with_noise``, NaN where nothing was taken away.
    table : DataFrame
        The particle table of the comparisons.
    samples : {"fixed", "random"}
        How samples enter the clustered test.
    """
    readings = {
        "with_flagged": comparisons["n_flagged"] > 0,
        "with_noise": comparisons["without_fit_noise"].eq(other=True),
    }
    for reading, differs in readings.items():
        beside = {
            row: compare_groups(
                table, line["outcome"], line["exposure"], samples=samples, draws=0, **{reading: True}
            )
            for row, line in comparisons[differs].iterrows()
        }
        for name in ("d", "p", "d_clustered", "p_clustered"):
            found = pd.Series({row: getattr(one, name) for row, one in beside.items()}, dtype="float64")
            comparisons[f"{name}_{reading}"] = found.reindex(comparisons.index)


def tabulate_counterparts(compared: Sequence[GroupComparison]) -> pd.DataFrame:
    """Give one row per comparison and clustered method."""
    return pd.DataFrame(
        [
            {
                "exposure": comparison.exposure,
                "outcome": comparison.outcome,
                "method": effect.method,
                "quoted": effect.method == comparison.method_clustered,
                "difference": effect.estimate,
                "difference_low": effect.ci[0],
                "difference_high": effect.ci[1],
                "df": effect.df,
                "p": effect.p_value,
                "reason": effect.reason,
            }
            for comparison in compared
            for effect in comparison.counterparts
        ]
    )


def tabulate_size_adjusted(adjusted: Sequence[SizeAdjusted]) -> pd.DataFrame:
    """Put effects at equal size below each other; they are one family."""
    table = pd.DataFrame([one.row() for one in adjusted])
    for p in ("p_adjusted", "p_adjusted_clustered"):
        table[f"{p}_family"] = correct_family(table[p])
    return table


def tabulate_correlations(correlated: Sequence[Correlation]) -> pd.DataFrame:
    """Put correlations below each other; they are one family."""
    table = pd.DataFrame([one.row() for one in correlated])
    if correlated:
        _add_family(table)
    return table


def _add_family(table: pd.DataFrame) -> None:
    table["p_family"] = correct_family(table["p"])
    table["p_clustered_family"] = correct_family(table["p_clustered"])


def tabulate_anova(
    table: pd.DataFrame,
    *,
    log: Log = "log1p",
    samples: SampleTerms = "fixed",
    channel: str = EXPOSURES[1],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give S2 and S3 with both types; the terms of both tables of one type are one family.

    Parameters
    ----------
    table : DataFrame
        The particle table.
    log : {"log1p", "ln"}
        Logarithm.
    samples : {"fixed", "random"}
        How samples enter the clustered tests.
    channel : {"has_concurrent_channel", "has_touching_channel"}
        The factor beside the TPB.

    Raises
    ------
    InputError
        When there is no such type of channel, or as `two_way_anova`.
    """
    if channel not in CHANNELS:
        msg = f"Found channel {channel!r}; expected {' or '.join(CHANNELS)}. Name one of them."
        raise InputError(msg)
    parts = []
    for type_of_squares in (2, 3):
        both = pd.concat(
            [
                two_way_anova(
                    table,
                    state,
                    (EXPOSURES[0], channel),
                    log=log,
                    type_of_squares=type_of_squares,
                    samples=samples,
                ).table()
                for state in STATES[1:]
            ],
            ignore_index=True,
        )
        _add_family(both)
        parts.append(both)
    lines = pd.concat(parts, ignore_index=True)
    s2, s3 = (lines[lines["outcome"] == state].reset_index(drop=True) for state in STATES[1:])
    return s2, s3
