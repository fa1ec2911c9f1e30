"""Two groups of particles compared, the paper's way and with images accounted for.

The naive test is the paper's: Welch's t and Cohen's d (Figs. 4e-g and 5c-e, Table S1), every
particle counted as independent. Beside it stands the clustered counterpart
(`cathograph.analysis.statistics.clustered`) on the *same yardstick*: both d divide by the pooled standard deviation
of the two groups, so that a shrinking d is a shrinking difference and nothing else.
"""

from dataclasses import asdict, dataclass
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
from cathograph.analysis.statistics.effect_size import (
    NO_INTERVAL,
    EffectSize,
    Interval,
    detectable_difference,
    power_of_welch,
    standardize_difference,
    welch_df,
)
from cathograph.analysis.statistics.estimated_effect import Effect, effect_from_t
from cathograph.analysis.tables.particle_states import (
    HETEROGENEITY,
    flagged_states,
    is_corrected,
    states_of,
)
from cathograph.analysis.tables.particle_table import cluster_of, flags_of, name_clusters, sample_codes
from cathograph.analysis.tables.wording import (
    as_subject,
    format_d,
    format_p,
    in_words,
    name_change,
    say_no_p,
)

_NAN = float("nan")


@dataclass(frozen=True)
class Group:
    """One of the two groups.

    Attributes
    ----------
    n : int
        Particles with a value.
    mean, median, sd : float
        In the unit of the outcome; sd with n - 1. NaN where they are not defined.
    """

    n: int
    mean: float
    median: float
    sd: float


@dataclass(frozen=True)
class GroupComparison:
    """Difference of an outcome between exposed particles and the others.

    Differences are exposed minus others. A number that is not defined is NaN, and `reason`
    (naive) or `caution` (clustered) says why.

    Attributes
    ----------
    outcome, exposure : str
        Columns compared.
    exposed, others : Group
        The two groups.
    n_missing, n_flagged : int
        Particles left out because the outcome is null; because their state is flagged.
    without_fit_noise : bool or None
        Whether heterogeneity was read without the noise of the fit; None for other outcomes.
    difference, difference_ci, t, df, p : float
        Welch's t-test, particles as units.
    d, d_ci, g, g_ci : float
        Cohen's d and Hedges' g with intervals that allow unequal variances.
    d_ci_equal_variances : tuple of float
        The textbook interval (noncentral t).
    power : float
        Probability that Welch's test would find the observed difference were it true. It is
        another form of p and says nothing more; look at `detectable_d`.
    detectable_d : float
        Smallest true d that Welch's test finds with 80 % probability at these group sizes.
    difference_clustered, difference_clustered_ci, df_clustered, p_clustered : float
        The quoted clustered counterpart.
    d_clustered, d_clustered_ci : float
        The same over the pooled standard deviation.
    detectable_d_clustered : float
        Smallest true d that the clustered test finds with 80 % probability.
    reason_clustered : str
        Empty, or why the clustered difference has no p value and no interval.
    icc : float
        Intra-class correlation of the outcome within clusters.
    n_clusters, n_informative : int
        Clusters, and those that hold particles of both groups.
    effective_clusters : float
        As many clusters, in effect, carry the clustered difference.
    method, method_clustered : str
        Names of the two tests.
    counterparts : tuple of Effect
        All clustered counterparts.
    reason, caution : str
        Why there is no test at all; what to know about the clustered test.
    sentence : str
        All that in plain language.
    """

    outcome: str
    exposure: str
    exposed: Group
    others: Group
    n_missing: int
    n_flagged: int
    without_fit_noise: bool | None
    difference: float
    difference_ci: Interval
    t: float
    df: float
    p: float
    d: float
    d_ci: Interval
    g: float
    g_ci: Interval
    d_ci_equal_variances: Interval
    power: float
    detectable_d: float
    difference_clustered: float
    difference_clustered_ci: Interval
    df_clustered: float
    p_clustered: float
    d_clustered: float
    d_clustered_ci: Interval
    detectable_d_clustered: float
    reason_clustered: str
    icc: float
    n_clusters: int
    n_informative: int
    effective_clusters: float
    method: str
    method_clustered: str
    counterparts: tuple[Effect, ...]
    reason: str
    caution: str
    sentence: str

    def row(self) -> dict[str, Any]:
        """Flatten to one row of a table: intervals become `_low` and `_high`, groups `n_exposed` etc."""
        out: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if name in ("exposed", "others"):
                out |= {f"{key}_{name}": number for key, number in value.items()}
            elif name.endswith("_ci") or name == "d_ci_equal_variances":
                out |= {f"{name}_low": value[0], f"{name}_high": value[1]}
            elif name != "counterparts":
                out[name] = value
        return out


def compare_groups(
    table: pd.DataFrame,
    outcome: str,
    exposure: str,
    *,
    samples: SampleTerms = "fixed",
    with_flagged: bool = False,
    with_noise: bool = False,
    level: float = 0.95,
    draws: int = 1999,
    seed: int = 0,
) -> GroupComparison:
    """Compare an outcome between exposed particles and the others.

    Parameters
    ----------
    table : DataFrame
        One row per particle: ``sample``, ``image``, optionally ``volume`` and ``label``, the
        outcome (null where there is none) and the exposure (bool).
    outcome, exposure : str
        Columns, as ``heterogeneity_ev`` and ``at_tpb``.
    samples : {"fixed", "random"}
        How samples enter the clustered test (`cathograph.analysis.statistics.clustered`).
    with_flagged, with_noise : bool
        Whether flagged states are tested with the others, and heterogeneity as it was measured
        (`cathograph.analysis.tables.particle_states.states_of`).
    level : float
        Confidence level of all intervals.
    draws, seed : int
        Draws of bootstrap and permutation (0: none), and their seed.

    Returns
    -------
    GroupComparison
        Where the data hold no answer (a group of one, no spread), numbers are NaN and `reason` says
        why; where too few clusters carry the difference, `reason_clustered` stands in the place of
        the clustered p.

    Raises
    ------
    InputError
        When a column is missing or holds what it must not.

    Notes
    -----
    Paper, Figs. 4e-g and 5c-e and Table S1 (Welch, alpha = 0.05, Cohen's d). Ours: intervals
    that allow unequal variances, g, the clustered counterpart, and what could have been found.

    Examples
    --------
    >>> table = pd.DataFrame({"sample": "s", "image": list("aabbcc"), "soc_ev": [2., 1, 3, 1, 4, 2],
    ...                       "at_tpb": [True, False] * 3})
    >>> result = compare_groups(table, "soc_ev", "at_tpb", draws=0)
    >>> round(result.difference, 3), round(result.difference_clustered, 3), result.n_clusters
    (1.667, 1.667, 3)
    """
    values = states_of(table, outcome, with_flagged=with_flagged, with_noise=with_noise)
    flags = flags_of(table, exposure)
    n_flagged = 0 if with_flagged else int(flagged_states(table, outcome).sum())
    clusters, samples_of = cluster_of(table).to_numpy(), sample_codes(table)
    known = ~np.isnan(values)
    values, flags = values[known], flags[known]
    exposed, others = values[flags], values[~flags]
    n_missing = int((~known).sum()) - n_flagged
    reason = _why_null(exposed, others, n_missing, n_flagged, outcome)
    clustered, units = no_clustered_effect(reason), name_clusters(table)
    naive: dict[str, Any] = dict.fromkeys(
        ("difference", "t", "df", "p", "d", "g", "power", "detectable_d"), _NAN
    ) | dict.fromkeys(("difference_ci", "d_ci", "g_ci", "d_ci_equal_variances"), NO_INTERVAL)
    scaled: dict[str, Any] = {
        "d_clustered": _NAN,
        "d_clustered_ci": NO_INTERVAL,
        "detectable_d_clustered": _NAN,
    }
    if not reason:
        size = standardize_difference(exposed, others, level=level)
        naive = _welch(exposed, others, size, level)
        clustered = estimate_clustered_effect(
            values,
            flags.astype(np.float64),
            clusters[known],
            sample=samples_of[known],
            samples=samples,
            units=units,
            level=level,
            draws=draws,
            seed=seed,
        )
        scaled = _on_the_yardstick(clustered.quoted, size, level)
    return GroupComparison(
        outcome=outcome,
        exposure=exposure,
        exposed=_describe(exposed),
        others=_describe(others),
        n_missing=n_missing,
        n_flagged=n_flagged,
        without_fit_noise=(is_corrected(table) and not with_noise) if outcome == HETEROGENEITY else None,
        **naive,
        difference_clustered=clustered.quoted.estimate,
        difference_clustered_ci=clustered.quoted.ci,
        df_clustered=clustered.quoted.df,
        p_clustered=clustered.quoted.p_value,
        **scaled,
        reason_clustered=clustered.quoted.reason,
        icc=clustered.icc,
        n_clusters=clustered.n_clusters,
        n_informative=clustered.n_informative,
        effective_clusters=clustered.effective_clusters,
        method="Welch t",
        method_clustered=clustered.quoted.method,
        counterparts=clustered.counterparts,
        reason=reason,
        caution=clustered.caution,
        sentence=_sentence(outcome, exposure, reason, naive, clustered, scaled, units),
    )


def _why_null(
    exposed: NDArray[np.float64], others: NDArray[np.float64], n_missing: int, n_flagged: int, outcome: str
) -> str:
    if len(exposed) + len(others) == 0:
        flagged = f", {n_flagged} are flagged" if n_flagged else ""
        return f"no particle has a value of {outcome} ({n_missing} are null{flagged})"
    if min(len(exposed), len(others)) < 2:
        return f"groups of {len(exposed)} and {len(others)}: a test needs at least two in each"
    if np.ptp(exposed) == 0 and np.ptp(others) == 0:
        return "neither group has any spread"
    return ""


def _describe(values: NDArray[np.float64]) -> Group:
    n = len(values)
    if n == 0:
        return Group(0, _NAN, _NAN, _NAN)
    sd = float(values.std(ddof=1)) if n > 1 else _NAN
    return Group(n, float(values.mean()), float(np.median(values)), sd)


def _welch(
    exposed: NDArray[np.float64], others: NDArray[np.float64], size: EffectSize, level: float
) -> dict[str, Any]:
    # Not scipy's ttest_ind: it warns of lost precision where one group is constant, as a
    # polarization of zeros is.
    sd1, sd0 = float(exposed.std(ddof=1)), float(others.std(ddof=1))
    difference = float(exposed.mean() - others.mean())
    error = float(np.sqrt(sd1**2 / len(exposed) + sd0**2 / len(others)))
    df = welch_df(exposed, others)
    naive = effect_from_t("Welch t", difference, error, df, level)
    return {
        "difference": difference,
        "difference_ci": naive.ci,
        "t": difference / error,
        "df": df,
        "p": naive.p_value,
        "d": size.d,
        "d_ci": size.d_ci,
        "g": size.g,
        "g_ci": size.g_ci,
        "d_ci_equal_variances": size.d_ci_equal_variances,
        "power": power_of_welch(difference, sd1, sd0, len(exposed), len(others), alpha=1 - level),
        "detectable_d": detectable_difference(error, df, alpha=1 - level) / size.pooled_sd,
    }


def _on_the_yardstick(quoted: Effect, size: EffectSize, level: float) -> dict[str, Any]:
    """Divide the clustered difference by the pooled standard deviation, its uncertainty included."""
    d = quoted.estimate / size.pooled_sd
    if not np.isfinite(quoted.standard_error):
        return {"d_clustered": d, "d_clustered_ci": NO_INTERVAL, "detectable_d_clustered": _NAN}
    variance = size.pooled_sd**2
    from_difference = quoted.standard_error**2 / variance
    from_yardstick = d**2 * size.var_of_pooled_variance / (4 * variance**2)
    together = d * size.cov_with_pooled_variance / variance**1.5
    error = np.sqrt(max(from_difference + from_yardstick - together, from_difference))
    half = float(stats.t.ppf((1 + level) / 2, quoted.df) * error)
    detectable = detectable_difference(quoted.standard_error, quoted.df, alpha=1 - level) / size.pooled_sd
    return {"d_clustered": d, "d_clustered_ci": (d - half, d + half), "detectable_d_clustered": detectable}


def _sentence(
    outcome: str,
    exposure: str,
    reason: str,
    naive: dict[str, Any],
    clustered: ClusteredEffect,
    scaled: dict[str, Any],
    units: str,
) -> str:
    subject = as_subject(f"{in_words(outcome)} by {in_words(exposure)}")
    if reason:
        return f"{subject}: no test, {reason}."
    first = f"d = {format_d(naive['d'])} ({format_p(naive['p'])})"
    if clustered.quoted.reason:
        return f"{subject}: {first} with particles as units; {say_no_p(units, clustered.quoted.reason)}."
    second = f"{format_d(scaled['d_clustered'])} ({format_p(clustered.quoted.p_value)})"
    within = " within samples" if "within sample" in clustered.quoted.method else ""
    return (
        f"{subject}: the effect {name_change(naive['d'], scaled['d_clustered'])} from {first} to {second} "
        f"once {clustered.n_clusters} {units}{within} are accounted for."
    )
