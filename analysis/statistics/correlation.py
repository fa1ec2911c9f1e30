"""Correlation of a network metric with the state of a particle (Fig. 5a, S4-S7).

Pearson's r with Fisher's interval and Spearman's rank correlation take particles as units. Two
counterparts account for images, and they answer different questions:

- *clustered slope*: the slope of the standardized outcome on the standardized metric in the
  model of `cathograph.analysis.statistics.clustered`; for independent particles it equals r.
- *within images*: the repeated-measures correlation (Bakdash and Marusich 2017), r after each
  image's means are taken out. A metric that grows with the image's size and a state that
  drifts with the calibration correlate without it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cathograph.analysis.statistics.clustered import (
    ClusteredEffect,
    SampleTerms,
    estimate_clustered_effect,
    no_clustered_effect,
)
from cathograph.analysis.statistics.effect_size import NO_INTERVAL, Interval
from cathograph.analysis.statistics.result_row import flat_row
from cathograph.analysis.tables.particle_states import flagged_states, states_of
from cathograph.analysis.tables.particle_table import cluster_of, name_clusters, sample_codes
from cathograph.analysis.tables.wording import (
    as_subject,
    format_d,
    format_p,
    in_words,
    name_change,
    say_no_p,
)

Floats = NDArray[np.float64]

_NAN = float("nan")


@dataclass(frozen=True)
class Correlation:
    """Correlation of two columns, naive and with images accounted for.

    Attributes
    ----------
    metric, outcome : str
        Columns.
    n, n_missing, n_flagged : int
        Particles with both values; without; left out because their state is flagged.
    r, r_ci, p : float
        Pearson, Fisher's interval, two-sided p.
    spearman, spearman_ci, p_spearman : float
        Spearman, interval of Bonett and Wright (2000), two-sided p.
    r_within, r_within_ci, df_within, p_within : float
        Repeated-measures correlation within clusters.
    r_clustered, r_clustered_ci, df_clustered, p_clustered : float
        Standardized slope with clusters accounted for; not bounded by 1.
    p_spearman_clustered : float
        The same test on ranks.
    reason_clustered : str
        Empty, or why the clustered slope has no p value and no interval.
    icc : float
        Intra-class correlation of the outcome, the metric held constant.
    n_clusters : int
        Volumes or images.
    effective_clusters : float
        As many clusters, in effect, carry the clustered slope.
    method_clustered, reason, caution, sentence : str
        As in `cathograph.analysis.statistics.group_comparison`.
    """

    metric: str
    outcome: str
    n: int
    n_missing: int
    n_flagged: int
    r: float
    r_ci: Interval
    p: float
    spearman: float
    spearman_ci: Interval
    p_spearman: float
    r_within: float
    r_within_ci: Interval
    df_within: int
    p_within: float
    r_clustered: float
    r_clustered_ci: Interval
    df_clustered: float
    p_clustered: float
    p_spearman_clustered: float
    reason_clustered: str
    icc: float
    n_clusters: int
    effective_clusters: float
    method_clustered: str
    reason: str
    caution: str
    sentence: str

    def row(self) -> dict[str, Any]:
        """Flatten to one row of a table: intervals become `_low` and `_high`."""
        return flat_row(self)


def correlate(
    table: pd.DataFrame,
    metric: str,
    outcome: str,
    *,
    samples: SampleTerms = "fixed",
    level: float = 0.95,
) -> Correlation:
    """Correlate two columns of a particle table.

    Parameters
    ----------
    table : DataFrame
        One row per particle: ``sample``, ``image`` and two columns of numbers, null where
        there is none.
    metric, outcome : str
        Columns; the outcome is the one whose noise images share.
    samples : {"fixed", "random"}
        How samples enter the clustered counterpart.
    level : float
        Confidence level.

    Returns
    -------
    Correlation
        NaN and a reason with fewer than four particles, or where a column does not vary.

    Raises
    ------
    InputError
        When a column is missing, holds text or an infinite value.

    Notes
    -----
    Paper, Figs. 5a and S5-S7 (Pearson r).
    """
    x, y = states_of(table, metric), states_of(table, outcome)
    n_flagged = int((flagged_states(table, metric) | flagged_states(table, outcome)).sum())
    clusters, samples_of = cluster_of(table).to_numpy(), sample_codes(table)
    known = ~(np.isnan(x) | np.isnan(y))
    x, y, clusters, samples_of = x[known], y[known], clusters[known], samples_of[known]
    reason = _why_null(x, y, metric, outcome)
    numbers: dict[str, Any] = dict.fromkeys(
        ("r", "p", "spearman", "p_spearman", "r_within", "p_within", "p_spearman_clustered"), _NAN
    ) | dict.fromkeys(("r_ci", "spearman_ci", "r_within_ci"), NO_INTERVAL)
    numbers["df_within"] = 0
    clustered, units = no_clustered_effect(reason), name_clusters(table)
    if not reason:
        clustered = _slope(x, y, clusters, samples_of, samples, units, level)
        on_ranks = _slope(stats.rankdata(x), stats.rankdata(y), clusters, samples_of, samples, units, level)
        numbers = {
            **_naive(x, y, level),
            **_within(x, y, clusters, level),
            "p_spearman_clustered": on_ranks.quoted.p_value,
        }
    return Correlation(
        metric=metric,
        outcome=outcome,
        n=len(x),
        n_missing=int((~known).sum()) - n_flagged,
        n_flagged=n_flagged,
        **numbers,
        r_clustered=clustered.quoted.estimate,
        r_clustered_ci=clustered.quoted.ci,
        df_clustered=clustered.quoted.df,
        p_clustered=clustered.quoted.p_value,
        reason_clustered=clustered.quoted.reason,
        icc=clustered.icc,
        n_clusters=clustered.n_clusters,
        effective_clusters=clustered.effective_clusters,
        method_clustered=clustered.quoted.method,
        reason=reason,
        caution=clustered.caution,
        sentence=_sentence(metric, outcome, reason, numbers, clustered, units),
    )


def fisher_interval(r: float, df: float, level: float, *, widening: float = 1.0) -> Interval:
    """Give the interval of a correlation by Fisher's transform.

    Parameters
    ----------
    r : float
        Correlation, -1 to 1.
    df : float
        Degrees of freedom: particles - 2, less what else was estimated.
    level : float
        Confidence level.
    widening : float
        Factor on the variance, 1 for Pearson.

    Returns
    -------
    tuple of float
        NaN where there are fewer than two degrees of freedom.
    """
    if df <= 1:
        return NO_INTERVAL
    # atanh(1) is infinite, and a perfect correlation has the interval [1, 1].
    z = np.arctanh(np.clip(r, -1 + 1e-16, 1 - 1e-16))
    half = float(stats.norm.ppf((1 + level) / 2)) * np.sqrt(widening / (df - 1))
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _why_null(x: Floats, y: Floats, metric: str, outcome: str) -> str:
    if len(x) < 4:
        return f"{len(x)} particles have both values: a correlation needs at least four"
    for values, name in ((x, metric), (y, outcome)):
        if np.ptp(values) == 0:
            return f"{name} does not vary"
    return ""


def _naive(x: Floats, y: Floats, level: float) -> dict[str, Any]:
    pearson, spearman = stats.pearsonr(x, y), stats.spearmanr(x, y)
    rho = float(spearman.statistic)
    return {
        "r": float(pearson.statistic),
        "r_ci": fisher_interval(float(pearson.statistic), len(x) - 2, level),
        "p": float(pearson.pvalue),
        "spearman": rho,
        "spearman_ci": fisher_interval(rho, len(x) - 2, level, widening=1 + rho**2 / 2),
        "p_spearman": float(spearman.pvalue),
    }


def _within(x: Floats, y: Floats, clusters: NDArray[np.int64], level: float) -> dict[str, Any]:
    """Correlate after each cluster's means are taken out (Bland and Altman 1995)."""
    codes = np.unique(clusters, return_inverse=True)[1]
    sizes = np.bincount(codes)
    inside_x = x - (np.bincount(codes, x) / sizes)[codes]
    inside_y = y - (np.bincount(codes, y) / sizes)[codes]
    df = len(x) - len(sizes) - 1
    scale = float(np.sqrt((inside_x @ inside_x) * (inside_y @ inside_y)))
    if df < 1 or scale <= 1e-12 * float(np.std(x) * np.std(y) * len(x)):
        return {"r_within": _NAN, "r_within_ci": NO_INTERVAL, "df_within": max(df, 0), "p_within": _NAN}
    r = float(np.clip((inside_x @ inside_y) / scale, -1, 1))
    t = r * np.sqrt(df / max(1 - r**2, 1e-300))
    return {
        "r_within": r,
        "r_within_ci": fisher_interval(r, df, level),
        "df_within": df,
        "p_within": float(2 * stats.t.sf(abs(t), df)),
    }


def _slope(
    x: Floats,
    y: Floats,
    clusters: NDArray[np.int64],
    samples_of: NDArray[np.int64],
    samples: SampleTerms,
    units: str,
    level: float,
) -> ClusteredEffect:
    return estimate_clustered_effect(
        (y - y.mean()) / y.std(ddof=1),
        (x - x.mean()) / x.std(ddof=1),
        clusters,
        sample=samples_of,
        samples=samples,
        units=units,
        level=level,
        draws=0,
    )


def _sentence(
    metric: str, outcome: str, reason: str, numbers: dict[str, Any], clustered: ClusteredEffect, units: str
) -> str:
    subject = as_subject(f"{in_words(outcome)} against {in_words(metric)}")
    if reason:
        return f"{subject}: no correlation, {reason}."
    first = f"r = {format_d(numbers['r'])} ({format_p(numbers['p'])})"
    if clustered.quoted.reason:
        return f"{subject}: {first} with particles as units; {say_no_p(units, clustered.quoted.reason)}."
    second = f"{format_d(clustered.quoted.estimate)} ({format_p(clustered.quoted.p_value)})"
    within = " within samples" if "within sample" in clustered.quoted.method else ""
    return (
        f"{subject}: the correlation {name_change(numbers['r'], clustered.quoted.estimate)} from {first} to "
        f"{second} once {clustered.n_clusters} {units}{within} are accounted for."
    )
