"""The clustered counterpart of a test: the same effect, with images instead of particles as units.

Particles of one image are not independent, so a test that counts them as if they were finds
effects that are none. Five counterparts stand side by side, because each trusts something else:

1. *mixed model, CR2*: random intercepts weigh the comparison within images against the one between
   them, errors are cluster-robust. The one that is quoted
   (`cathograph.analysis.statistics.quoted_test`).
2. *mixed model, Satterthwaite*: the model's own errors, which take variances for equal.
3. *least squares, CR2*: the naive estimate with cluster-robust errors.
4. *wild cluster bootstrap*: trusts no distribution.
5. *permutation within clusters*: the effect within images alone; exact.

None of them is given a p value where few clusters carry the comparison: the estimate stands, and the reason
stands in the place of p and interval (`cathograph.analysis.statistics.admission`).

Image within sample. Samples are few and were chosen, not drawn, so by default each sample has
a fixed level (``samples="fixed"``): effects are compared within samples, and a difference
between cathode kinds cannot pass for an effect of TPBs. With ``samples="random"`` the samples are
the clusters: errors then count samples, not images.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from cathograph.analysis.statistics.admission import Admission, judge_design
from cathograph.analysis.statistics.cluster_robust import fit_cluster_robust
from cathograph.analysis.statistics.estimated_effect import Effect, effect_from_t
from cathograph.analysis.statistics.mixed_model import fit_random_intercepts
from cathograph.analysis.statistics.permutation import permute_within_clusters
from cathograph.analysis.statistics.quoted_test import fit_outcomes
from cathograph.analysis.statistics.wild_bootstrap import wild_cluster_bootstrap
from cathograph.schema.errors import InputError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
SampleTerms = Literal["fixed", "random"]

_NAN = float("nan")
MIXED_CR2, LEAST_SQUARES_CR2 = "mixed model, cluster-robust CR2", "least squares, cluster-robust CR2"


@dataclass(frozen=True)
class ClusteredEffect:
    """An effect once clusters are accounted for.

    Attributes
    ----------
    quoted : Effect
        The counterpart to quote; its `method` says which it is, its `reason` why it has no p value.
    counterparts : tuple of Effect
        All of them, the quoted one included.
    icc : float
        Intra-class correlation of the outcome: share of its variance, effect taken out, that
        particles of a cluster have in common. 0 is an estimate; NaN where it cannot be told.
    n_particles, n_clusters : int
        Particles in the test, and the volumes or images that they lie in.
    n_informative : int
        Clusters within which the exposure varies.
    effective_clusters : float
        As many clusters, in effect, carry the comparison; NaN where there is none.
    caution : str
        Empty, or what a reader must know of samples.
    """

    quoted: Effect
    counterparts: tuple[Effect, ...] = ()
    icc: float = _NAN
    n_particles: int = 0
    n_clusters: int = 0
    n_informative: int = 0
    effective_clusters: float = _NAN
    caution: str = ""


def no_clustered_effect(reason: str) -> ClusteredEffect:
    """Say why there is nothing to estimate."""
    return ClusteredEffect(Effect("none", reason=reason))


def estimate_clustered_effect(
    outcome: Floats,
    exposure: Floats,
    cluster: Codes,
    *,
    sample: Codes | None = None,
    covariates: Floats | None = None,
    samples: SampleTerms = "fixed",
    units: str = "clusters",
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
    units : str
        What the clusters are, for reasons: images, volumes.
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
        spread, or an exposure that only differs between samples. With an estimate, but without p
        and interval, where too few clusters carry it.

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
    reason = _why_null(outcome, exposure, n_clusters, units)
    if not reason:
        outcome = outcome - outcome.mean()
        controls = held_constant(len(outcome), covariates, sample if samples == "fixed" else None)
        reason = _why_no_test(outcome, exposure, controls)
    if reason:
        return ClusteredEffect(Effect("none", reason=reason), n_particles=len(outcome), n_clusters=n_clusters)
    design = np.column_stack([exposure, controls])
    # Errors are clustered by what is independent: by samples where these are drawn at random.
    random_samples = sample if samples == "random" else None
    unit, unit_names = (cluster, units) if random_samples is None else (random_samples, "samples")
    admission = judge_design(design, unit, units=unit_names)
    effects, icc = _fit_models(outcome, design, cluster, unit, random_samples, admission, level)
    if sample is not None:
        effects = [_within_samples(effect) for effect in effects]
    quoted = effects[0]
    if draws > 0:
        rng = np.random.default_rng(seed)
        effects += _resampled(
            outcome, exposure, design, cluster, unit, admission, covariates is not None, draws, rng
        )
    return ClusteredEffect(
        quoted=quoted,
        counterparts=tuple(effects),
        icc=icc,
        n_particles=len(outcome),
        n_clusters=n_clusters,
        n_informative=_count_informative(exposure, cluster),
        effective_clusters=admission.effective_clusters,
        caution=sample_words,
    )


def held_constant(n: int, covariates: Floats | None = None, sample: Codes | None = None) -> Floats:
    """Give an orthonormal basis of all that is held constant: the mean, covariates, levels of samples.

    Only the exposure's coefficient is wanted: the basis carries the same information as its columns and
    does not mind collinear ones.

    Parameters
    ----------
    n : int
        Particles.
    covariates : ndarray of float64, shape (n, k), optional
        As the size.
    sample : ndarray of int64, shape (n,), optional
        Sample of each particle, 0 to samples - 1.

    Returns
    -------
    ndarray of float64, shape (n, rank)
    """
    parts = [np.ones((n, 1))]
    if covariates is not None:
        parts.append(covariates)
    if sample is not None:
        parts.append(np.eye(int(sample.max()) + 1)[sample])
    basis: Floats = linalg.orth(np.column_stack(parts), rcond=1e-10)
    return basis


def _why_no_test(outcome: Floats, exposure: Floats, controls: Floats) -> str:
    left = exposure - controls @ (controls.T @ exposure)
    squares = float(left @ left)
    if squares <= 1e-10 * float(((exposure - exposure.mean()) ** 2).sum()):
        return "the exposure does not vary within samples, or follows from the covariates"
    if len(outcome) <= controls.shape[1] + 1:
        return "fewer particles than coefficients"
    residual = outcome - controls @ (controls.T @ outcome)
    residual = residual - left * (float(left @ residual) / squares)
    if float(residual @ residual) <= 1e-20 * float(outcome @ outcome):
        return "no spread is left in the outcome: it follows from the exposure and the covariates"
    return ""


def _fit_models(
    outcome: Floats,
    design: Floats,
    cluster: Codes,
    unit: Codes,
    random_samples: Codes | None,
    admission: Admission,
    level: float,
) -> tuple[list[Effect], float]:
    """Fit the three models, the quoted one first, and the intra-class correlation."""
    fitted = fit_outcomes(outcome[:, None], design, unit)
    # With one particle per cluster there is nothing to weigh: the model is least squares.
    name = LEAST_SQUARES_CR2 if int(unit.max()) + 1 == len(unit) else MIXED_CR2
    effects = [
        effect_from_t(
            name, float(fitted.estimates[0]), float(fitted.standard_errors[0]), float(fitted.dfs[0]), level
        )
    ]
    own_name = "mixed model, Satterthwaite"
    mixed = fit_random_intercepts(outcome, design, cluster, random_samples)
    if mixed.converged:
        error = float(np.sqrt(mixed.covariance[0, 0]))
        effects.append(
            effect_from_t(own_name, float(mixed.coefficients[0]), error, float(mixed.df[0]), level)
        )
    else:
        effects.append(Effect(own_name, reason=mixed.reason))
    plain = fit_cluster_robust(outcome, design, unit)
    if name != LEAST_SQUARES_CR2:
        effects.append(
            effect_from_t(LEAST_SQUARES_CR2, plain.estimate, plain.standard_error, plain.df, level)
        )
    if not admission.admitted:
        effects = [
            Effect(effect.method, effect.estimate, reason=effect.reason or admission.reason)
            for effect in effects
        ]
    return effects, mixed.icc


def _within_samples(effect: Effect) -> Effect:
    model, _, error = effect.method.partition(", ")
    return replace(effect, method=f"{model} within sample, {error}")


def _resampled(
    outcome: Floats,
    exposure: Floats,
    design: Floats,
    cluster: Codes,
    unit: Codes,
    admission: Admission,
    adjusted: bool,
    draws: int,
    rng: np.random.Generator,
) -> list[Effect]:
    """Give the two counterparts that draw at random."""
    bootstrap, permutation = "wild cluster bootstrap", "permutation within clusters"
    if not admission.admitted:
        return [Effect(name, reason=admission.reason) for name in (bootstrap, permutation)]
    wild = wild_cluster_bootstrap(outcome, design, unit, draws=draws, rng=rng)
    plain = fit_cluster_robust(outcome, design, unit)
    first = Effect(f"{bootstrap} ({wild.weights})", plain.estimate, p_value=wild.p_value)
    if adjusted:
        # Shuffled exposures would no longer go with the covariates, so that the test would not be exact.
        return [first, Effect(permutation, reason="not defined with covariates")]
    found = permute_within_clusters(outcome, exposure, cluster, draws=draws, rng=rng)
    return [first, Effect(permutation, found.estimate, p_value=found.p_value, reason=found.reason)]


def _why_null(outcome: Floats, exposure: Floats, n_clusters: int, units: str) -> str:
    if n_clusters == 0:
        return "no particles"
    if n_clusters == 1:
        return f"one cluster only: nothing is known of how {units} differ"
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


def _count_informative(exposure: Floats, cluster: Codes) -> int:
    """Count the clusters within which the exposure varies."""
    n_clusters = int(cluster.max()) + 1
    low, high = np.full(n_clusters, np.inf), np.full(n_clusters, -np.inf)
    np.minimum.at(low, cluster, exposure)
    np.maximum.at(high, cluster, exposure)
    return int((high > low).sum())
