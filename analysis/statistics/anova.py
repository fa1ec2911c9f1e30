"""Two-way analysis of variance of a logged state on TPB and channel (Tables S2, S3).

The groups are unbalanced (48 of 350 particles are at TPBs), so the type of the sums of squares
matters and is always said: *type II* tests a main effect beside the other one, *type III*
beside the other and their interaction (with sum-to-zero contrasts, without which type III
has no meaning). The interaction is the same in both.

Each term has one degree of freedom, so its clustered counterpart is one coefficient of the
same model with images accounted for (`cathograph.analysis.statistics.clustered`).
"""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from cathograph.analysis.statistics.clustered import ClusteredEffect, SampleTerms, estimate_clustered_effect
from cathograph.analysis.statistics.logarithm import Log, take_log
from cathograph.analysis.tables.particle_states import flagged_states, states_of
from cathograph.analysis.tables.particle_table import (
    EXPOSURES,
    cluster_of,
    flags_of,
    name_clusters,
    sample_codes,
)
from cathograph.schema.errors import InputError

Floats = NDArray[np.float64]
SumsOfSquares = Literal[2, 3]

_NAN = float("nan")


@dataclass(frozen=True)
class AnovaTerm:
    """One line of an analysis of variance.

    Attributes
    ----------
    term : str
        Factor, or ``a:b`` for the interaction.
    df : int
        Degrees of freedom of the term.
    sum_sq, f, p, partial_eta_squared : float
        The naive test, particles as units.
    difference_clustered : float
        Difference of the log between exposed and others (interaction: difference of the
        differences) once images are accounted for.
    f_clustered, df_clustered, p_clustered : float
        Its test: F(1, df_clustered).
    reason_clustered : str
        Empty, or why the clustered difference has no p value.
    n_clusters : int
        Volumes or images.
    effective_clusters : float
        As many clusters, in effect, carry the clustered difference.
    """

    term: str
    df: int
    sum_sq: float
    f: float
    p: float
    partial_eta_squared: float
    difference_clustered: float = _NAN
    f_clustered: float = _NAN
    df_clustered: float = _NAN
    p_clustered: float = _NAN
    reason_clustered: str = ""
    n_clusters: int = 0
    effective_clusters: float = _NAN


@dataclass(frozen=True)
class TwoWayAnova:
    """Analysis of variance of a logged outcome on two factors.

    Attributes
    ----------
    outcome : str
        Column.
    log : str
        Logarithm taken, ``log1p`` or ``ln``.
    type : int
        Type of the sums of squares, 2 or 3.
    n, n_missing, n_flagged, n_zeros, n_left_out : int
        Particles used; without a value; left out because their state is flagged; with the value zero; left
        out because of ``ln 0``.
    cells : tuple of tuple
        (first factor, second factor, particles, mean of the log) for each of the four cells.
    terms : tuple of AnovaTerm
        Both factors and their interaction; empty where there is no answer.
    residual_df : int
        Residual degrees of freedom.
    residual_sum_sq : float
        Residual sum of squares.
    method_clustered : str
        Name of the clustered counterpart.
    reason, caution : str
        Why there is no answer; what to know about the clustered counterpart.
    """

    outcome: str
    log: str
    type: int
    n: int
    n_missing: int
    n_flagged: int
    n_zeros: int
    n_left_out: int
    cells: tuple[tuple[bool, bool, int, float], ...]
    terms: tuple[AnovaTerm, ...]
    residual_df: int
    residual_sum_sq: float
    method_clustered: str
    reason: str
    caution: str

    def table(self) -> pd.DataFrame:
        """Give the terms and the residual as a table, one row each; without an answer, one row with the reason."""
        rows = [asdict(term) for term in self.terms]
        if rows:
            rows.append({"term": "residual", "df": self.residual_df, "sum_sq": self.residual_sum_sq})
        else:
            rows.append({"term": "no answer", "reason_clustered": self.reason})
        out = pd.DataFrame(rows, columns=list(AnovaTerm.__dataclass_fields__))
        out.insert(0, "outcome", self.outcome)
        for name in (
            "log",
            "type",
            "n",
            "n_missing",
            "n_flagged",
            "n_zeros",
            "n_left_out",
            "method_clustered",
            "reason",
            "caution",
        ):
            out[name] = getattr(self, name)
        return out


def two_way_anova(
    table: pd.DataFrame,
    outcome: str,
    factors: tuple[str, str] = EXPOSURES,
    *,
    log: Log = "log1p",
    type_of_squares: SumsOfSquares = 2,
    samples: SampleTerms = "fixed",
) -> TwoWayAnova:
    """Analyse the variance of a logged outcome on two factors and their interaction.

    Parameters
    ----------
    table : DataFrame
        One row per particle: ``sample``, ``image``, the outcome (eV, null where there is none,
        never negative) and two columns of true and false.
    outcome : str
        Column, as ``heterogeneity_ev``.
    factors : tuple of str
        The two columns of true and false.
    log : {"log1p", "ln"}
        Logarithm; ``ln`` leaves zeros out and counts them.
    type_of_squares : {2, 3}
        Type of the sums of squares.
    samples : {"fixed", "random"}
        How samples enter the clustered counterpart.

    Returns
    -------
    TwoWayAnova
        Without terms, and with a reason, where a cell is empty, nothing is left, or nothing
        varies.

    Raises
    ------
    InputError
        When a column is missing or holds what it must not, or an option is unknown.

    Notes
    -----
    Paper, Tables S2 and S3 (which type it used is not said). Ours: both types, zeros counted,
    partial eta squared, the clustered counterpart.
    """
    if type_of_squares not in (2, 3):
        msg = f"Found type {type_of_squares!r}; expected 2 or 3. Name one of them."
        raise InputError(msg)
    logged = take_log(states_of(table, outcome), log, outcome)
    n_flagged = int(flagged_states(table, outcome).sum())
    flags = [flags_of(table, name) for name in factors]
    clusters, samples_of = cluster_of(table).to_numpy(), sample_codes(table)
    known = ~np.isnan(logged.logs)
    y = logged.logs[known]
    a, b = flags[0][known], flags[1][known]
    cells = tuple(
        (i, j, int(cell.sum()), float(y[cell].mean()) if cell.any() else _NAN)
        for i in (False, True)
        for j in (False, True)
        for cell in [(a == i) & (b == j)]
    )
    terms: tuple[AnovaTerm, ...] = ()
    residual_df, residual_sum_sq, method, caution = 0, _NAN, "none", ""
    reason = _why_null(y, cells, factors)
    if not reason:
        naive = anova_sums(y, a, b, type_of_squares)
        residual_df = int(naive["df"].to_numpy()[-1])
        residual_sum_sq = float(naive["sum_sq"].to_numpy()[-1])
        terms, method, caution = _with_counterparts(
            naive,
            factors,
            y,
            (a, b),
            type_of_squares,
            clusters[known],
            samples_of[known],
            samples,
            name_clusters(table),
        )
    return TwoWayAnova(
        outcome=outcome,
        log=log,
        type=type_of_squares,
        n=len(y),
        n_missing=int((~known).sum()) - logged.n_left_out - n_flagged,
        n_flagged=n_flagged,
        n_zeros=logged.n_zeros,
        n_left_out=logged.n_left_out,
        cells=cells,
        terms=terms,
        residual_df=residual_df,
        residual_sum_sq=residual_sum_sq,
        method_clustered=method,
        reason=reason,
        caution=caution,
    )


def anova_sums(
    y: Floats, a: NDArray[np.generic], b: NDArray[np.generic], type_of_squares: SumsOfSquares
) -> pd.DataFrame:
    """Compute the naive table for two factors of any number of levels.

    Parameters
    ----------
    y : ndarray of float64, shape (n,)
        Outcome after the logarithm.
    a, b : ndarray, shape (n,)
        Levels; every combination must occur.
    type_of_squares : {2, 3}
        Type of the sums of squares.

    Returns
    -------
    DataFrame
        Rows a, b, a:b, residual; columns ``df``, ``sum_sq``, ``f``, ``p``.
    """
    model = ols("y ~ C(a, Sum) * C(b, Sum)", pd.DataFrame({"y": y, "a": a, "b": b})).fit()
    lines = anova_lm(model, typ=type_of_squares)
    lines = lines.drop(index="Intercept", errors="ignore")
    lines.index = pd.Index(["a", "b", "a:b", "residual"])
    found: pd.DataFrame = lines.rename(columns={"F": "f", "PR(>F)": "p"})[["df", "sum_sq", "f", "p"]]
    return found


def _why_null(y: Floats, cells: tuple[tuple[bool, bool, int, float], ...], factors: tuple[str, str]) -> str:
    if len(y) == 0:
        return "no particle has a value"
    empty = [f"{factors[0]}={i}, {factors[1]}={j}" for i, j, n, _ in cells if n == 0]
    if empty:
        return f"no particles with {'; '.join(empty)}: the interaction cannot be estimated"
    if len(y) <= 4:
        return "one particle per cell: nothing is left to estimate the residual variance from"
    if np.ptp(y) == 0:
        return "the outcome does not vary"
    return ""


def _with_counterparts(
    naive: pd.DataFrame,
    factors: tuple[str, str],
    y: Floats,
    flags: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    type_of_squares: SumsOfSquares,
    clusters: NDArray[np.int64],
    samples_of: NDArray[np.int64],
    samples: SampleTerms,
    units: str,
) -> tuple[tuple[AnovaTerm, ...], str, str]:
    # Contrasts of half a unit: a coefficient is then the difference of two marginal means.
    half_a, half_b = flags[0] - 0.5, flags[1] - 0.5
    columns = {"a": half_a, "b": half_b, "a:b": half_a * half_b}
    beside = {"a": ["b"], "b": ["a"], "a:b": ["a", "b"]}
    if type_of_squares == 3:
        beside = {name: [other for other in columns if other != name] for name in columns}
    df, sum_sq, f, p = (naive[name].to_numpy(dtype=np.float64) for name in ("df", "sum_sq", "f", "p"))
    names = {"a": factors[0], "b": factors[1], "a:b": f"{factors[0]}:{factors[1]}"}
    terms: list[AnovaTerm] = []
    effects: list[ClusteredEffect] = []
    for line, (key, column) in enumerate(columns.items()):
        effect = estimate_clustered_effect(
            y,
            column,
            clusters,
            sample=samples_of,
            covariates=np.column_stack([columns[other] for other in beside[key]]),
            samples=samples,
            units=units,
            draws=0,
        )
        effects.append(effect)
        quoted = effect.quoted
        terms.append(
            AnovaTerm(
                term=names[key],
                df=int(df[line]),
                sum_sq=float(sum_sq[line]),
                f=float(f[line]),
                p=float(p[line]),
                partial_eta_squared=float(sum_sq[line] / (sum_sq[line] + sum_sq[-1])),
                difference_clustered=quoted.estimate,
                f_clustered=(quoted.estimate / quoted.standard_error) ** 2,
                df_clustered=quoted.df,
                p_clustered=quoted.p_value,
                reason_clustered=quoted.reason,
                n_clusters=effect.n_clusters,
                effective_clusters=effect.effective_clusters,
            )
        )
    methods = dict.fromkeys(effect.quoted.method for effect in effects)
    cautions = dict.fromkeys(effect.caution for effect in effects if effect.caution)
    return tuple(terms), "; ".join(methods), "; ".join(cautions)
