"""Effect sizes of two groups: Cohen's d, Hedges' g, their intervals, and power.

``d = (mean_1 - mean_0) / s``, with s the pooled standard deviation, as the paper has it. The
textbook interval (noncentral t) takes equal variances; the paper's own table says they are
not (its d = -.58 with 136 and 214 particles and p = 2.25e-8 fit together only where the
exposed group's standard deviation is 0.68 of the other's). So the default interval is the
delta method with the groups' own second to fourth moments, which also holds for the skewed
distributions of heterogeneity and polarization; the noncentral one is there for comparison.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from cathograph.schema.errors import InputError

Floats = NDArray[np.float64]
Interval = tuple[float, float]

NO_INTERVAL: Interval = (float("nan"), float("nan"))


@dataclass(frozen=True)
class EffectSize:
    """Standardized difference of two means.

    Attributes
    ----------
    d, g : float
        Cohen's d and Hedges' g (d without its small-sample bias).
    d_ci, g_ci : tuple of float
        Confidence intervals by the delta method, unequal variances and skewness allowed.
    d_ci_equal_variances : tuple of float
        The textbook interval of d from the noncentral t distribution.
    pooled_sd : float
        The yardstick s, in the unit of the outcome.
    var_of_pooled_variance : float
        Sampling variance of s squared; what the yardstick adds to an interval.
    cov_with_pooled_variance : float
        Sampling covariance of the difference with s squared; zero without skewness.
    """

    d: float
    g: float
    d_ci: Interval
    g_ci: Interval
    d_ci_equal_variances: Interval
    pooled_sd: float
    var_of_pooled_variance: float
    cov_with_pooled_variance: float


def standardize_difference(exposed: Floats, others: Floats, *, level: float = 0.95) -> EffectSize:
    """Compute Cohen's d and Hedges' g of two groups, with intervals.

    Parameters
    ----------
    exposed, others : ndarray of float64, shape (n,)
        Outcomes of the two groups; finite, at least two each, not both without spread.
    level : float
        Confidence level.

    Returns
    -------
    EffectSize

    Notes
    -----
    Cohen 1988; Hedges 1981 for the exact bias factor, gamma(m/2) / (sqrt(m/2) gamma((m-1)/2)).
    The interval is ``d +- t se`` with Welch's degrees of freedom and, to first order,
    ``var d = var(D)/V + d^2 var(V)/(4 V^2) - d cov(D, V)/V^1.5``, D the difference of the
    means and V the pooled variance.

    Examples
    --------
    >>> sizes = standardize_difference(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]))
    >>> sizes.d
    -1.0
    """
    n1, n0 = len(exposed), len(others)
    dof = n1 + n0 - 2
    m1, m0 = _moments(exposed), _moments(others)
    share1, share0 = (n1 - 1) / dof, (n0 - 1) / dof
    variance = share1 * m1.variance + share0 * m0.variance
    s = float(np.sqrt(variance))
    difference = float(exposed.mean() - others.mean())
    d = difference / s
    var_difference = m1.variance / n1 + m0.variance / n0
    var_variance = share1**2 * m1.var_of_variance + share0**2 * m0.var_of_variance
    covariance = share1 * m1.third / n1 - share0 * m0.third / n0
    var_d = (
        var_difference / variance + d**2 * var_variance / (4 * variance**2) - d * covariance / variance**1.5
    )
    # With three values the skewness term may outweigh the rest; the mean's share is a floor.
    half = float(stats.t.ppf((1 + level) / 2, welch_df(exposed, others)))
    half *= float(np.sqrt(max(var_d, var_difference / variance)))
    correction = hedges_correction(dof)
    return EffectSize(
        d=d,
        g=correction * d,
        d_ci=(d - half, d + half),
        g_ci=(correction * (d - half), correction * (d + half)),
        d_ci_equal_variances=noncentral_t_interval(d, n1, n0, level=level),
        pooled_sd=s,
        var_of_pooled_variance=var_variance,
        cov_with_pooled_variance=covariance,
    )


@dataclass(frozen=True)
class _Moments:
    variance: float
    third: float
    var_of_variance: float


def _moments(values: Floats) -> _Moments:
    n = len(values)
    centred = values - values.mean()
    variance = float(centred @ centred) / (n - 1)
    fourth = float((centred**4).mean())
    # The variance of a sample variance; never below what a flat distribution has.
    var_of_variance = max((fourth - variance**2 * (n - 3) / (n - 1)) / n, 0.8 * variance**2 / n)
    return _Moments(variance, float((centred**3).mean()), var_of_variance)


def welch_df(exposed: Floats, others: Floats) -> float:
    """Degrees of freedom of Welch's t-test (Welch 1947)."""
    a, b = float(exposed.var(ddof=1)) / len(exposed), float(others.var(ddof=1)) / len(others)
    return (a + b) ** 2 / (a**2 / (len(exposed) - 1) + b**2 / (len(others) - 1))


def hedges_correction(dof: int) -> float:
    """Give the factor that takes the small-sample bias out of d (Hedges 1981, exact form)."""
    if dof < 2:
        return float("nan")
    return float(np.exp(special.gammaln(dof / 2) - special.gammaln((dof - 1) / 2) - 0.5 * np.log(dof / 2)))


def noncentral_t_interval(d: float, n1: int, n0: int, *, level: float = 0.95) -> Interval:
    """Give the textbook interval of d, which takes equal variances.

    Parameters
    ----------
    d : float
        Cohen's d.
    n1, n0 : int
        Group sizes.
    level : float
        Confidence level.

    Returns
    -------
    tuple of float
        NaN where the noncentral distribution cannot be computed in double precision: fewer
        than six particles with means ten standard deviations apart.

    Notes
    -----
    Steiger and Fouladi 1997: the noncentralities whose t distributions have the observed t at
    their upper and lower tail.
    """
    scale = float(np.sqrt(n1 * n0 / (n1 + n0)))
    t, dof = d * scale, n1 + n0 - 2
    tail = (1 - level) / 2
    # Twice the large-sample half width: wide enough at 3 degrees of freedom, and not so wide
    # that the distribution underflows.
    reach = 2 * float(stats.norm.ppf(1 - tail) * np.sqrt(1 + t**2 / (2 * dof)))

    def bound(probability: float) -> float:
        def excess(noncentrality: float) -> float:
            return float(special.nctdtr(dof, noncentrality, t)) - probability

        # Not the negated test: NaN at an end must not pass as a bracket.
        if not (excess(t - reach) > 0 > excess(t + reach)):
            return float("nan")
        return float(optimize.brentq(excess, t - reach, t + reach)) / scale

    return bound(1 - tail), bound(tail)


def power_of_welch(
    difference: float, sd1: float, sd0: float, n1: int, n0: int, *, alpha: float = 0.05
) -> float:
    """Give the probability that Welch's test finds a true difference.

    Parameters
    ----------
    difference : float
        True difference of the means.
    sd1, sd0 : float
        True standard deviations, in the same unit.
    n1, n0 : int
        Group sizes, at least two.
    alpha : float
        Two-sided level.

    Returns
    -------
    float

    Raises
    ------
    InputError
        When a group has fewer than two, or both standard deviations are zero.

    Notes
    -----
    Noncentral t with Welch's degrees of freedom; equals the textbook power of the t-test for
    equal variances and group sizes.
    """
    a, b = sd1**2 / max(n1, 1), sd0**2 / max(n0, 1)
    if n1 < 2 or n0 < 2 or a + b <= 0:
        msg = (
            f"Found groups of {n1} and {n0} with standard deviations {sd1:g} and {sd0:g}; "
            "expected at least two each and some spread. Ask for other groups."
        )
        raise InputError(msg)
    dof = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n0 - 1))
    noncentrality = abs(difference) / float(np.sqrt(a + b))
    edge = float(stats.t.ppf(1 - alpha / 2, dof))
    if noncentrality > 30:
        return 1.0
    return float(1 - special.nctdtr(dof, noncentrality, edge) + special.nctdtr(dof, noncentrality, -edge))


def detectable_difference(
    standard_error: float, df: float, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Give the smallest true difference that a test with this error finds with this power.

    Parameters
    ----------
    standard_error : float
        Of the estimated difference.
    df : float
        Degrees of freedom of the test.
    alpha, power : float
        Two-sided level, and probability to find the difference.

    Returns
    -------
    float
        In the unit of the standard error.
    """
    return standard_error * float(stats.t.ppf(1 - alpha / 2, df) + stats.t.ppf(power, df))
