"""Size as a confounder: the effect of an exposure among particles of equal size.

Large NMC touch more of everything, so they sit at TPBs more often, and size by itself goes
with the state. The analysis of covariance puts the size (its logarithm by default, areas
spread over decades) beside the exposure and compares particles of equal size (paper, S8, which
shows the scatter; the adjusted effect is ours). As everywhere, a clustered counterpart stands
beside it, and all d share the pooled standard deviation of the unadjusted comparison.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.regression.linear_model import OLS

from cathograph.analysis.statistics.clustered import (
    ClusteredEffect,
    SampleTerms,
    estimate_clustered_effect,
    no_clustered_effect,
)
from cathograph.analysis.statistics.effect_size import NO_INTERVAL, Interval, standardize_difference
from cathograph.analysis.statistics.result_row import flat_row
from cathograph.analysis.tables.particle_states import flagged_states, states_of
from cathograph.analysis.tables.particle_table import (
    SIZE,
    cluster_of,
    flags_of,
    name_clusters,
    numbers_of,
    sample_codes,
)
from cathograph.analysis.tables.wording import (
    as_subject,
    format_d,
    format_p,
    in_words,
    name_change,
    say_no_p,
)
from cathograph.schema.errors import InputError

Floats = NDArray[np.float64]
Scale = Literal["log", "linear"]

_NAN = float("nan")


@dataclass(frozen=True)
class SizeAdjusted:
    """Effect of an exposure at equal size.

    Attributes
    ----------
    outcome, exposure, size, scale : str
        Columns, and whether the size entered as its logarithm.
    n, n_missing, n_flagged : int
        Particles with outcome and size; without; left out because their state is flagged.
    d_size : float
        By how many standard deviations exposed particles are larger: how much there is to
        adjust for.
    size_slope, size_slope_p : float
        Change of the outcome per unit of (log) size, exposure held constant.
    equal_slopes_p : float
        Test of the assumption that size acts alike in both groups; when small, one adjusted
        effect does not describe both small and large particles.
    difference, difference_adjusted : float
        Before and after adjusting, particles as units.
    difference_adjusted_ci, df, p_adjusted : float
        Analysis of covariance.
    difference_adjusted_clustered, difference_adjusted_clustered_ci, df_clustered,
    p_adjusted_clustered : float
        Adjusted, with images accounted for.
    reason_clustered : str
        Empty, or why the clustered difference has no p value and no interval.
    n_clusters : int
        Volumes or images.
    effective_clusters : float
        As many clusters, in effect, carry the clustered difference.
    d, d_adjusted, d_adjusted_clustered : float
        The differences over one yardstick, the pooled standard deviation.
    method, method_clustered, reason, caution, sentence : str
        As in `cathograph.analysis.statistics.group_comparison`.
    """

    outcome: str
    exposure: str
    size: str
    scale: str
    n: int
    n_missing: int
    n_flagged: int
    d_size: float
    size_slope: float
    size_slope_p: float
    equal_slopes_p: float
    difference: float
    difference_adjusted: float
    difference_adjusted_ci: Interval
    df: float
    p_adjusted: float
    difference_adjusted_clustered: float
    difference_adjusted_clustered_ci: Interval
    df_clustered: float
    p_adjusted_clustered: float
    reason_clustered: str
    n_clusters: int
    effective_clusters: float
    d: float
    d_adjusted: float
    d_adjusted_clustered: float
    method: str
    method_clustered: str
    reason: str
    caution: str
    sentence: str

    def row(self) -> dict[str, Any]:
        """Flatten to one row of a table: intervals become `_low` and `_high`."""
        return flat_row(self)


def adjust_for_size(
    table: pd.DataFrame,
    outcome: str,
    exposure: str,
    *,
    size: str = SIZE,
    scale: Scale = "log",
    samples: SampleTerms = "fixed",
    level: float = 0.95,
) -> SizeAdjusted:
    """Compare exposed particles with others of the same size.

    Parameters
    ----------
    table : DataFrame
        One row per particle: ``sample``, ``image``, the outcome (nullable), the exposure
        (bool) and the size (µm² or µm³, positive).
    outcome, exposure, size : str
        Columns.
    scale : {"log", "linear"}
        Whether the size enters as its natural logarithm.
    samples : {"fixed", "random"}
        How samples enter the clustered counterpart.
    level : float
        Confidence level.

    Returns
    -------
    SizeAdjusted
        NaN and a reason with a group of one, without spread, or where all sizes are equal.

    Raises
    ------
    InputError
        When a column is missing or holds what it must not, or a size is not positive.

    Notes
    -----
    Paper, Fig. S8. Analysis of covariance (Fisher 1932) with one slope for both groups; the
    assumption of one slope is tested beside it.
    """
    values, flags = states_of(table, outcome), flags_of(table, exposure)
    n_flagged = int(flagged_states(table, outcome).sum())
    sizes = _scaled_sizes(table, size, scale)
    clusters, samples_of = cluster_of(table).to_numpy(), sample_codes(table)
    known = ~(np.isnan(values) | np.isnan(sizes))
    y, group, x = values[known], flags[known].astype(np.float64), sizes[known]
    reason = _why_null(y, flags[known], x, size)
    numbers: dict[str, Any] = dict.fromkeys(
        (
            "d_size",
            "size_slope",
            "size_slope_p",
            "equal_slopes_p",
            "difference",
            "difference_adjusted",
            "df",
            "p_adjusted",
            "d",
            "d_adjusted",
        ),
        _NAN,
    )
    numbers["difference_adjusted_ci"] = NO_INTERVAL
    clustered, units = no_clustered_effect(reason), name_clusters(table)
    d_clustered = _NAN
    if not reason:
        numbers, yardstick = _ancova(y, group, x, level)
        clustered = estimate_clustered_effect(
            y,
            group,
            clusters[known],
            sample=samples_of[known],
            covariates=x[:, None],
            samples=samples,
            units=units,
            level=level,
            draws=0,
        )
        d_clustered = clustered.quoted.estimate / yardstick
    return SizeAdjusted(
        outcome=outcome,
        exposure=exposure,
        size=size,
        scale=scale,
        n=len(y),
        n_missing=int((~known).sum()) - n_flagged,
        n_flagged=n_flagged,
        **numbers,
        difference_adjusted_clustered=clustered.quoted.estimate,
        difference_adjusted_clustered_ci=clustered.quoted.ci,
        df_clustered=clustered.quoted.df,
        p_adjusted_clustered=clustered.quoted.p_value,
        reason_clustered=clustered.quoted.reason,
        n_clusters=clustered.n_clusters,
        effective_clusters=clustered.effective_clusters,
        d_adjusted_clustered=d_clustered,
        method=f"ANCOVA on {'log ' if scale == 'log' else ''}{size}",
        method_clustered=clustered.quoted.method,
        reason=reason,
        caution=clustered.caution,
        sentence=_sentence(outcome, exposure, size, reason, numbers, d_clustered, clustered, units),
    )


def _scaled_sizes(table: pd.DataFrame, size: str, scale: Scale) -> Floats:
    if scale not in ("log", "linear"):
        msg = f"Found scale={scale!r}; expected 'log' or 'linear'. Name one of them."
        raise InputError(msg)
    sizes = numbers_of(table, size)
    wrong = sizes[sizes <= 0]
    if wrong.size:
        msg = (
            f"Found {wrong.size} sizes in column {size} that are not positive, the first is {wrong[0]:g}; "
            "expected sizes above zero. Correct them."
        )
        raise InputError(msg)
    return np.log(sizes) if scale == "log" else sizes


def _why_null(y: Floats, flags: NDArray[np.bool_], x: Floats, size: str) -> str:
    exposed = int(flags.sum())
    if min(exposed, len(y) - exposed) < 2:
        return f"groups of {exposed} and {len(y) - exposed}: a test needs at least two in each"
    if np.ptp(y[flags]) == 0 and np.ptp(y[~flags]) == 0:
        return "neither group has any spread"
    if np.ptp(x[flags]) == 0 and np.ptp(x[~flags]) == 0:
        return f"{size} does not vary within the groups: there is nothing to adjust for"
    return ""


def _ancova(y: Floats, group: Floats, x: Floats, level: float) -> tuple[dict[str, Any], float]:
    """Fit both models by least squares; the size is centred so that its interaction is one with the slope."""
    exposed = group == 1
    effect = standardize_difference(y[exposed], y[~exposed], level=level)
    one, centred = np.ones_like(y), x - x.mean()
    fit = OLS(y, np.column_stack([group, centred, one])).fit()
    low, high = fit.conf_int(1 - level)[0]
    equal_slopes = _NAN
    if len(y) > 4 and min(np.ptp(x[exposed]), np.ptp(x[~exposed])) > 0:
        equal_slopes = float(OLS(y, np.column_stack([group * centred, group, centred, one])).fit().pvalues[0])
    adjusted = float(fit.params[0])
    numbers = {
        "d_size": standardize_difference(x[exposed], x[~exposed], level=level).d,
        "size_slope": float(fit.params[1]),
        "size_slope_p": float(fit.pvalues[1]),
        "equal_slopes_p": equal_slopes,
        "difference": effect.d * effect.pooled_sd,
        "difference_adjusted": adjusted,
        "difference_adjusted_ci": (float(low), float(high)),
        "df": float(fit.df_resid),
        "p_adjusted": float(fit.pvalues[0]),
        "d": effect.d,
        "d_adjusted": adjusted / effect.pooled_sd,
    }
    return numbers, effect.pooled_sd


def _sentence(
    outcome: str,
    exposure: str,
    size: str,
    reason: str,
    numbers: dict[str, Any],
    d_clustered: float,
    clustered: ClusteredEffect,
    units: str,
) -> str:
    subject = as_subject(f"{in_words(outcome)} by {in_words(exposure)} at equal {in_words(size)}")
    if reason:
        return f"{subject}: no test, {reason}."
    text = (
        f"{subject}: the effect {name_change(numbers['d'], numbers['d_adjusted'])} from d = "
        f"{format_d(numbers['d'])} to {format_d(numbers['d_adjusted'])} ({format_p(numbers['p_adjusted'])})"
    )
    if clustered.quoted.reason:
        return f"{text}; {say_no_p(units, clustered.quoted.reason)}."
    return (
        f"{text}, and to {format_d(d_clustered)} ({format_p(clustered.quoted.p_value)}) once "
        f"{clustered.n_clusters} {units} are accounted for as well."
    )
