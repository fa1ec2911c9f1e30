"""One estimate of an effect with the method that made it, or the reason why it has no p value."""

from dataclasses import dataclass

from scipy import stats

from cathograph.analysis.statistics.effect_size import NO_INTERVAL, Interval

_NAN = float("nan")


@dataclass(frozen=True)
class Effect:
    """One estimate of an effect, and the method that made it.

    Attributes
    ----------
    method : str
        Name, as it stands in tables.
    estimate : float
        Effect of the exposure in the unit of the outcome (per unit of the exposure).
    standard_error, df : float
        NaN for resampling methods, and where there is no p value.
    ci : tuple of float
        Confidence interval of the estimate.
    p_value : float
        Two-sided.
    reason : str
        Empty, or why the numbers are NaN.
    """

    method: str
    estimate: float = _NAN
    standard_error: float = _NAN
    df: float = _NAN
    ci: Interval = NO_INTERVAL
    p_value: float = _NAN
    reason: str = ""


def effect_from_t(method: str, estimate: float, standard_error: float, df: float, level: float) -> Effect:
    """Make an effect from an estimate, its error and its degrees of freedom."""
    if not (standard_error > 0 and df > 0):
        return Effect(method, estimate, reason="the standard error is zero or not defined")
    half = float(stats.t.ppf((1 + level) / 2, df)) * standard_error
    p = float(2 * stats.t.sf(abs(estimate / standard_error), df))
    return Effect(method, estimate, standard_error, df, (estimate - half, estimate + half), p)
