"""May a clustered test of this design be quoted? The answer comes from the exposure, never from the outcome.

A cluster-robust test learns its error from the differences between clusters. Where few clusters carry
the comparison there is little to learn from, and where one carries it all there is nothing: if all
exposed particles lie in one image, their difference from the others is also that image's, and no number
of other images can tell the two apart. The test then finds effects that are none (80 % false alarms
at 5 % with one exposed image in 73).

So each design is judged first. After samples and covariates are taken out, each cluster holds a share of
the information on the exposure's coefficient. The *effective number of clusters* is
``1 / sum(share^2)``: 1 where one carries all, the number of clusters where all carry alike (the idea is
that of Carter, Schnepel and Steigerwald 2017). The *degrees of freedom* of the CR2 error (Bell and
McCaffrey 2002) say how much is known about the error. Both must be large enough over the whole range of
intra-class correlations from which the working model chooses. The limits come from the simulations in
docs/statistics.md: where they hold, the false alarms of the quoted test stay between 3 and 7 % in every
design that was tried.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.analysis.statistics.cluster_robust import prepare_design

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

LEAST_EFFECTIVE_CLUSTERS = 4.0
"""As many clusters, in effect, must carry a comparison."""
LEAST_DF = 4.0
"""As many degrees of freedom must its error have."""

_ROUNDING = 1e-9
_PROBED_ICC = (0.0, 0.1, 0.3, 0.6, 0.9)
"""Intra-class correlations at which a design is judged: the range of the working model."""


@dataclass(frozen=True)
class Admission:
    """What a design can tell.

    Attributes
    ----------
    n_clusters : int
        Clusters with a particle in the test.
    effective_clusters : float
        Effective number of clusters that carry the comparison, at the least favourable intra-class correlation.
    df : float
        Degrees of freedom of the error, likewise.
    reason : str
        Empty where a p value may be quoted, else why not.
    """

    n_clusters: int
    effective_clusters: float
    df: float
    reason: str

    @property
    def admitted(self) -> bool:
        """Whether a p value and an interval may be quoted."""
        return not self.reason


def judge_design(design: Floats, cluster: Codes, *, units: str = "clusters") -> Admission:
    """Judge whether a clustered test of the first column may be quoted.

    Parameters
    ----------
    design : ndarray of float64, shape (n, k)
        Full column rank; the exposure first, then all else that is held constant.
    cluster : ndarray of int64, shape (n,)
        Cluster of each row, 0 to clusters - 1; at least two.
    units : str
        What the clusters are, for the reason: images, volumes, samples.

    Returns
    -------
    Admission

    Examples
    --------
    >>> one_image = (np.arange(40) < 5).astype(float)  # the first of eight images holds all exposed
    >>> found = judge_design(np.column_stack([one_image, np.ones(40)]), np.arange(40) // 5, units="images")
    >>> round(found.effective_clusters, 2), found.admitted
    (1.3, False)
    >>> found.reason.split(";")[0]
    'all exposed particles lie in 1 of 8 images'
    """
    judged = [prepare_design(design, cluster, ratio=icc / (1 - icc)) for icc in _PROBED_ICC]
    effective = min(each.effective_clusters for each in judged)
    df = min(each.df for each in judged)
    n_clusters = int(cluster.max()) + 1
    parts = []
    if effective < LEAST_EFFECTIVE_CLUSTERS - _ROUNDING:
        parts.append(
            f"the comparison rests on {effective:.1f} of {n_clusters} {units} (effective number), "
            f"expected at least {LEAST_EFFECTIVE_CLUSTERS:g}"
        )
    elif not df >= LEAST_DF - _ROUNDING:
        parts.append(
            f"the error has {df:.1f} degrees of freedom with {n_clusters} {units}, expected at least {LEAST_DF:g}"
        )
    if parts:
        parts = [*_few_exposed(design[:, 0], cluster, n_clusters, units), *parts]
    return Admission(n_clusters, effective, df, "; ".join(parts))


def _few_exposed(exposure: Floats, cluster: Codes, n_clusters: int, units: str) -> list[str]:
    """Say in how few clusters one of two groups lies: the commonest reason, in the reader's words."""
    values = np.unique(exposure)
    if len(values) != 2:
        return []
    exposed, others = (len(np.unique(cluster[exposure == value])) for value in (values[1], values[0]))
    if exposed < min(LEAST_EFFECTIVE_CLUSTERS, n_clusters):
        return [f"all exposed particles lie in {exposed} of {n_clusters} {units}"]
    if others < min(LEAST_EFFECTIVE_CLUSTERS, n_clusters):
        return [f"all other particles lie in {others} of {n_clusters} {units}"]
    return []
