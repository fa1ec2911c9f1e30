"""Does the reaction start at the triple line? The mean slope inside particles, with images as clusters.

Each particle has a slope of its energy with the distance to its nearest junction, at equal depth below its surface (the
query `profiles`). Here the mean of these slopes is tested against 0. Particles of one image are not independent, so a
random intercept per image weighs them and the error is cluster-robust, as for every test that is quoted
(`cathograph.analysis.statistics.quoted_test`). Whether it may be quoted, the design says
(`cathograph.analysis.statistics.admission`).
"""

from typing import Literal

import numpy as np
import pandas as pd

from cathograph.analysis.statistics.admission import judge_design
from cathograph.analysis.statistics.clustered import ClusteredEffect, no_clustered_effect
from cathograph.analysis.statistics.estimated_effect import Effect, effect_from_t
from cathograph.analysis.statistics.quoted_test import fit_outcomes
from cathograph.analysis.tables.wording import format_p

Target = Literal["junction", "ionic", "electronic"]

METHOD = "mean slope, random intercept per image, cluster-robust CR2"
_NAMES: dict[Target, str] = {
    "junction": "TPB junction",
    "ionic": "contact with an ionic phase",
    "electronic": "contact with an electronic phase",
}


def mean_slope(
    profiles: pd.DataFrame, target: Target = "junction", *, level: float = 0.95
) -> ClusteredEffect:
    """Estimate the mean slope of the energy with the distance to a target.

    Parameters
    ----------
    profiles : DataFrame
        Rows of the query `profiles`, of one absorption edge.
    target : {"junction", "ionic", "electronic"}
        What the distance is measured to.
    level : float
        Confidence level.

    Returns
    -------
    ClusteredEffect
        In eV/µm. Particles without a slope, flagged ones, and those that the border cuts are left out. Volumes are the
        clusters where images are slices. Where the design does not allow a test, the estimate stands without p.
    """
    of_target = f"{target}_slope_ev_per_um"
    whole = ~(profiles["flagged"].astype(bool) | profiles["touches_border"].astype(bool))
    used = profiles[whole & profiles[of_target].notna()]
    if used.empty:
        return no_clustered_effect(f"no whole particle has a {_NAMES[target]} and enough pixels")
    place = used["volume"].where(used["volume"].notna(), used["image"]).astype(str)
    units = "volumes" if bool(used["volume"].notna().all()) else "images"
    cluster = pd.factorize(pd.MultiIndex.from_arrays([used["sample"], used["volume"].notna(), place]))[
        0
    ].astype(np.int64)
    slopes, n_clusters = used[of_target].to_numpy(dtype=np.float64), int(cluster.max()) + 1
    if n_clusters < 2:
        reason = f"one of {units} only: the spread between {units} is not known"
        return ClusteredEffect(
            Effect(METHOD, float(slopes.mean()), reason=reason), n_particles=len(used), n_clusters=1
        )
    design = np.ones((len(slopes), 1))
    admission = judge_design(design, cluster, units=units)
    fitted = fit_outcomes(slopes[:, None], design, cluster)
    estimate = float(fitted.estimates[0])
    quoted = (
        effect_from_t(METHOD, estimate, float(fitted.standard_errors[0]), float(fitted.dfs[0]), level)
        if admission.admitted
        else Effect(METHOD, estimate, reason=admission.reason)
    )
    return ClusteredEffect(
        quoted,
        (quoted,),
        icc=float(fitted.working_icc[0]),
        n_particles=len(used),
        n_clusters=n_clusters,
        effective_clusters=admission.effective_clusters,
    )


def slope_tests(profiles: pd.DataFrame) -> pd.DataFrame:
    """Test the mean slope with the distance to each target.

    Parameters
    ----------
    profiles : DataFrame
        Rows of the query `profiles`, of one absorption edge.

    Returns
    -------
    DataFrame
        One row per target: ``target``, ``particles``, ``clusters``, ``effective_clusters``, ``slope_ev_per_um``,
        ``slope_low``, ``slope_high``, ``p``, ``reason`` (why there is no p), ``verdict`` and ``basis``. Empty without
        profiles.
    """
    rows = []
    for target in _NAMES if len(profiles) else ():
        found = mean_slope(profiles, target)
        rows.append(
            {
                "target": target,
                "particles": found.n_particles,
                "clusters": found.n_clusters,
                "effective_clusters": found.effective_clusters,
                "slope_ev_per_um": found.quoted.estimate,
                "slope_low": found.quoted.ci[0],
                "slope_high": found.quoted.ci[1],
                "p": found.quoted.p_value,
                "reason": found.quoted.reason,
                "verdict": judge_slope(found, target),
                "basis": describe_slope(found),
            }
        )
    return pd.DataFrame(rows)


def judge_slope(found: ClusteredEffect, target: Target = "junction", *, alpha: float = 0.05) -> str:
    """Say in a sentence what the mean slope shows.

    Examples
    --------
    >>> judge_slope(no_clustered_effect("no map"))
    'Whether energies change with the distance to the nearest TPB junction cannot be tested.'
    """
    effect, name = found.quoted, _NAMES[target]
    if np.isnan(effect.p_value):
        return f"Whether energies change with the distance to the nearest {name} cannot be tested."
    if effect.p_value >= alpha:
        return f"No change of the energy with the distance to the nearest {name} is shown."
    return f"Energies {'rise' if effect.estimate > 0 else 'fall'} away from the nearest {name}."


def describe_slope(found: ClusteredEffect) -> str:
    """Write the mean slope with its interval, or why there is none.

    Examples
    --------
    >>> describe_slope(no_clustered_effect("no map"))
    'No mean slope: no map.'
    """
    effect = found.quoted
    if np.isnan(effect.estimate):
        return f"No mean slope: {effect.reason}."
    slope = _signed(effect.estimate)
    where = f"eV/µm at equal depth in {found.n_particles} particles of {found.n_clusters} clusters"
    if np.isnan(effect.p_value):
        return f"Mean slope {slope} {where}; no p value, because {effect.reason}."
    low, high = effect.ci
    return f"Mean slope {slope} [{_signed(low)}, {_signed(high)}] {where} ({format_p(effect.p_value)})."


def _signed(value: float) -> str:
    """Write a number with its sign, a true minus."""
    return f"{value:+.3g}".replace("-", "−")
