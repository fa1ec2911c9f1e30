"""The clustered counterpart of a test: the same effect, with images instead of particles as units.

Particles of one image are not independent, so a test that counts them as if they were finds
effects that are none. Five counterparts stand side by side, because each trusts something else:

1. *mixed model, CR2*: the estimate of a random intercept per cluster, with cluster-robust
   errors (bias-reduced, Satterthwaite degrees of freedom). The one that is quoted: it uses
   the comparison within images, holds for few clusters, and does not take variances for equal.
2. *mixed model, Satterthwaite*: the same estimate with the model's own errors.
3. *least squares, CR2*: the naive estimate with cluster-robust errors. It steps in, named,
   where the mixed model cannot be fitted.
4. *wild cluster bootstrap*: trusts no distribution.
5. *permutation within clusters*: the effect within images alone; exact.

Image within sample. Samples are few and were chosen, not drawn, so by default each sample has
a fixed level (``samples="fixed"``): effects are compared within samples, and a difference
between cathode kinds cannot pass for an effect of TPBs. With ``samples="random"`` samples are a
second random intercept, and the model's own Satterthwaite test is quoted, whose degrees of
freedom then count samples where the exposure differs between samples.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats

from cathograph.analysis.statistics.cluster_robust import fit_cluster_robust
from cathograph.analysis.statistics.effect_size import NO_INTERVAL, Interval
from cathograph.analysis.statistics.mixed_model import MixedFit, fit_random_intercepts
from cathograph.analysis.statistics.permutation import permute_within_clusters
from cathograph.analysis.statistics.wild_bootstrap import wild_cluster_bootstrap
from cathograph.schema.errors import InputError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
SampleTerms = Literal["fixed", "random"]

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
        NaN for resampling methods.
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


@dataclass(frozen=True)
class ClusteredEffect:
    """An effect once clusters are accounted for.

    Attributes
    ----------
    quoted : Effect
        The counterpart to quote; its `method` says which it is.
    counterparts : tuple of Effect
        All of them, the quoted one included.
    icc : float
        Intra-class correlation of the outcome: share of its variance, effect taken out, that
        particles of a cluster have in common. 0 is an estimate; NaN where it cannot be told.
    n_clusters : int
        Volumes or images.
    n_informative : int
        Clusters within which the exposure varies.
    caution : str
        Empty, or what a reader must know: the mixed model did not converge, few clusters carry
        the estimate, samples.
    """

    quoted: Effect
    counterparts: tuple[Effect, ...]
    icc: float
    n_clusters: int
    n_informative: int
    caution: str


def effect_from_t(method: str, estimate: float, standard_error: float, df: float, level: float) -> Effect:
    """Make an effect from an estimate, its error and its degrees of freedom."""
    if not (standard_error > 0 and df > 0):
        return Effect(method, estimate, reason="the standard error is zero or not defined")
    half = float(stats.t.ppf((1 + level) / 2, df)) * standard_error
    p = float(2 * stats.t.sf(abs(estimate / standard_error), df))
    return Effect(method, estimate, standard_error, df, (estimate - half, estimate + half), p)


def estimate_clustered_effect(
    outcome: Floats,
    exposure: Floats,
    cluster: Codes,
    *,
    sample: Codes | None = None,
    covariates: Floats | None = None,
    samples: SampleTerms = "fixed",
    level: float = 0.95,
    draws: int = 1999,
    seed: int = 0,
) -> ClusteredEffect:
    """Estimate the effect of an exposure on an outcome, particles within clusters within samples.

    Parameters
    ----------
    outcome : ndarray of float64, shape (n,)
        Finite.
    exposure : ndarray of float64, shape (n,)
        0 and 1 for groups, or any number for a slope.
    cluster : ndarray of int64, shape (n,)
        Cluster of each particle (`cathograph.analysis.tables.particle_table.cluster_of`).
    sample : ndarray of int64, shape (n,), optional
        Sample of each particle. Left out of the model where each sample has one cluster only.
    covariates : ndarray of float64, shape (n, k), optional
        What else to hold constant, as the size.
    samples : {"fixed", "random"}
        How samples enter (see the module's header).
    level : float
        Confidence level.
    draws : int
        Draws of the bootstrap and the permutation; 0 leaves both out.
    seed : int
        Seed of both.

    Returns
    -------
    ClusteredEffect
        With NaN and a reason in `quoted` where there is no answer: one cluster only, no
        spread, or an exposure that only differs between samples.

    Raises
    ------
    InputError
        When `samples` is neither of the two.
    """
    if samples not in ("fixed", "random"):
        msg = f"Found samples={samples!r}; expected 'fixed' or 'random'. Name one of them."
        raise InputError(msg)
    cluster = np.unique(cluster, return_inverse=True)[1].astype(np.int64)
    n_clusters = int(cluster.max()) + 1 if len(cluster) else 0
    sample, sample_words = _sample_terms(sample, cluster)
    centre = np.ones((len(outcome), 1))
    parts = [centre] if covariates is None else [centre, covariates]
    if sample is not None and samples == "fixed":
        parts.append(np.eye(int(sample.max()) + 1)[sample])
    reason = _why_null(outcome, exposure, n_clusters)
    if not reason:
        # Only the exposure's coefficient is wanted: an orthonormal basis of all else carries
        # the same information and does not mind collinear columns.
        controls = linalg.orth(np.column_stack(parts), rcond=1e-10)
        left = exposure - controls @ (controls.T @ exposure)
        if float(left @ left) <= 1e-10 * float(((exposure - exposure.mean()) ** 2).sum()):
            reason = "the exposure does not vary within samples, or follows from the covariates"
        elif len(outcome) <= controls.shape[1] + 1:
            reason = "fewer particles than coefficients"
    if reason:
        return ClusteredEffect(Effect("none", reason=reason), (), _NAN, n_clusters, 0, "")
    design = np.column_stack([exposure, controls])
    random_samples = sample if samples == "random" else None
    # Errors are clustered by what is independent: by samples where these are drawn at random.
    units = cluster if random_samples is None else random_samples
    within = " within sample" if sample is not None else ""
    mixed = fit_random_intercepts(outcome, design, cluster, random_samples)
    effects = [*_from_mixed(mixed, outcome, design, cluster, random_samples, within, level)]
    plain = fit_cluster_robust(outcome, design, units)
    least_squares = effect_from_t(
        f"least squares{within}, cluster-robust CR2", plain.estimate, plain.standard_error, plain.df, level
    )
    quoted = effects[0] if mixed.converged and not effects[0].reason else least_squares
    effects.append(least_squares)
    if draws > 0:
        rng = np.random.default_rng(seed)
        wild = wild_cluster_bootstrap(outcome, design, units, draws=draws, rng=rng)
        effects.append(
            Effect(f"wild cluster bootstrap ({wild.weights})", plain.estimate, p_value=wild.p_value)
        )
        effects.append(_permuted(outcome, exposure, cluster, covariates is not None, draws, rng))
    cautions = [sample_words]
    if not mixed.converged:
        cautions.append(f"the mixed model was not used ({mixed.reason}); {quoted.method} stands in")
    if quoted.df < 4:
        cautions.append(f"few clusters carry this estimate ({quoted.df:.1f} degrees of freedom)")
    return ClusteredEffect(
        quoted=quoted,
        counterparts=tuple(effects),
        icc=mixed.icc,
        n_clusters=n_clusters,
        n_informative=_count_informative(exposure, cluster),
        caution="; ".join(part for part in cautions if part),
    )


def _from_mixed(
    mixed: MixedFit,
    outcome: Floats,
    design: Floats,
    cluster: Codes,
    random_samples: Codes | None,
    within: str,
    level: float,
) -> list[Effect]:
    """Turn the mixed model into its two effects, the one to quote first."""
    robust_name, model_name = (
        f"mixed model{within}, cluster-robust CR2",
        f"mixed model{within}, Satterthwaite",
    )
    if not mixed.converged:
        return [Effect(robust_name, reason=mixed.reason), Effect(model_name, reason=mixed.reason)]
    by_model = effect_from_t(
        model_name,
        float(mixed.coefficients[0]),
        float(np.sqrt(mixed.covariance[0, 0])),
        float(mixed.df[0]),
        level,
    )
    if random_samples is not None:
        return [by_model]
    robust = fit_cluster_robust(outcome, design, cluster, ratio=mixed.ratio_cluster)
    return [
        effect_from_t(robust_name, robust.estimate, robust.standard_error, robust.df, level),
        by_model,
    ]


def _why_null(outcome: Floats, exposure: Floats, n_clusters: int) -> str:
    if n_clusters == 0:
        return "no particles"
    if n_clusters == 1:
        return "one cluster only: particles of one image cannot be compared with images"
    if np.ptp(exposure) == 0:
        return "the exposure does not vary"
    if np.ptp(outcome) == 0:
        return "the outcome does not vary"
    return ""


def _sample_terms(sample: Codes | None, cluster: Codes) -> tuple[Codes | None, str]:
    """Leave samples out where there is one, or where each is one cluster."""
    if sample is None or len(sample) == 0:
        return None, ""
    sample = np.unique(sample, return_inverse=True)[1].astype(np.int64)
    n_samples = int(sample.max()) + 1
    if n_samples == 1:
        return None, ""
    if n_samples == int(cluster.max()) + 1:
        return None, "each sample is one cluster, so samples have no term of their own"
    return sample, ""


def _permuted(
    outcome: Floats, exposure: Floats, cluster: Codes, adjusted: bool, draws: int, rng: np.random.Generator
) -> Effect:
    name = "permutation within clusters"
    if adjusted:
        # Shuffled exposures would no longer go with the covariates, so that the test would not be exact.
        return Effect(name, reason="not defined with covariates")
    found = permute_within_clusters(outcome, exposure, cluster, draws=draws, rng=rng)
    return Effect(name, found.estimate, p_value=found.p_value, reason=found.reason)


def _count_informative(exposure: Floats, cluster: Codes) -> int:
    """Count the clusters within which the exposure varies."""
    n_clusters = int(cluster.max()) + 1
    low, high = np.full(n_clusters, np.inf), np.full(n_clusters, -np.inf)
    np.minimum.at(low, cluster, exposure)
    np.maximum.at(high, cluster, exposure)
    return int((high > low).sum())
