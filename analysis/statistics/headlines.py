"""One headline per question, with what it rests on: report and dashboard say the same words.

Each function reads the rows of one selection in a table of `cathograph.analysis.statistics.electrode_statistics`. The
test with images as clusters, corrected for all comparisons of its table, decides what a headline says; where that test
has no p value, nothing is said to be shown. The numbers that count particles stand next to it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cathograph.analysis.tables.wording import (
    as_subject,
    exposed_in_words,
    format_d,
    in_words,
    list_in_words,
    say_no_p,
)

ALPHA = 0.05
"""A difference is shown if its corrected clustered p value is below."""


@dataclass(frozen=True)
class Headline:
    """The answer to one question.

    Attributes
    ----------
    verdict : str
        The answer, in one sentence.
    basis : str
        Effect sizes with their intervals, and how many particles and images they rest on; may be empty.
    """

    verdict: str
    basis: str


def comparison_headline(rows: pd.DataFrame, units: str) -> Headline:
    """Say whether the states of exposed particles differ.

    Parameters
    ----------
    rows : DataFrame
        Rows of Table S1 of one exposure (`tabulate_comparisons`), or the one row of sizes.
    units : str
        What clusters are (`name_clusters`).

    Returns
    -------
    Headline
        The verdict names each outcome once: as lower or higher, or as not decided.
    """
    exposed = exposed_in_words(rows["exposure"].iloc[0])
    outcomes = rows["outcome"].map(in_words)
    shown = _corrected(rows, "p_clustered") < ALPHA
    less, more = ("smaller", "larger") if set(outcomes) == {"size"} else ("lower", "higher")
    parts = [
        f"{_list(outcomes[chosen])} {_verb(int(chosen.sum()))} {way} {exposed}"
        for chosen, way in (
            (shown & (rows["d_clustered"] < 0), less),
            (shown & (rows["d_clustered"] > 0), more),
        )
        if chosen.any()
    ]
    if not shown.all():
        where = "" if parts else f" {exposed}"
        differ = "differs" if (~shown).sum() == 1 else "differ"
        parts.append(f"these {units} do not show whether {_list(outcomes[~shown])} {differ}{where}")
    return Headline(f"{as_subject('; '.join(parts))}.", _basis_of_comparisons(rows, units))


def _basis_of_comparisons(rows: pd.DataFrame, units: str) -> str:
    tested, counted = (
        rows[rows["reason"] == ""],
        rows[(rows["reason"] == "") & (rows["reason_clustered"] == "")],
    )
    groups = rows.groupby(["n_exposed", "n_others"], sort=False)
    sizes = [
        f"{exposed} particles {exposed_in_words(rows['exposure'].iloc[0])}, {others} others"
        + (f" ({_list(same['outcome'].map(in_words))})" if groups.ngroups > 1 else "")
        for (exposed, others), same in groups
    ]
    sentences = [
        f"{'; '.join(sizes)}",
        *_effects(tested, "d", "particles"),
        *_effects(counted, "d_clustered", _count(rows, units)),
        *(
            f"no p value counting {units} of {_list(same['outcome'].map(in_words))}, because {reason}"
            for reason, same in tested[tested["reason_clustered"] != ""].groupby(
                "reason_clustered", sort=False
            )
        ),
        *(
            f"no test of {in_words(row['outcome'])}, because {row['reason']}"
            for _, row in rows[rows["reason"] != ""].iterrows()
        ),
        *(each for each in rows["caution"].unique() if each),
    ]
    return " ".join(f"{as_subject(each)}." for each in sentences)


def _effects(rows: pd.DataFrame, d: str, units: str) -> list[str]:
    if rows.empty:
        return []
    listed = [f"{in_words(row['outcome'])} {_with_interval(row, d)}" for _, row in rows.iterrows()]
    return [f"effect d, counting {units}: {', '.join(listed)}"]


def size_headline(comparisons: pd.DataFrame, adjusted: pd.DataFrame, units: str) -> Headline:
    """Say whether the differences that are shown remain between particles of equal size.

    Parameters
    ----------
    comparisons, adjusted : DataFrame
        Table S1 and the effects at equal size (`tabulate_size_adjusted`), of the same pairs.
    units : str
        What clusters are.
    """
    pair = ["exposure", "outcome"]
    both = comparisons.assign(shown=_corrected(comparisons, "p_clustered") < ALPHA)[
        [*pair, "shown", "d_clustered"]
    ].merge(adjusted, on=pair)
    asked = both[both["shown"]]
    if asked.empty:
        return Headline(
            "No difference between groups is shown, so there is none that size could explain.", ""
        )
    remains = _corrected(asked, "p_adjusted_clustered") < ALPHA
    parts = [
        f"{_list(asked[chosen].apply(_name_pair, axis=1))} {_verb(int(chosen.sum()))} {words}"
        for chosen, words in ((remains, "still shown at equal size"), (~remains, "not shown at equal size"))
        if chosen.any()
    ]
    sizes = "; ".join(
        f"{_name_pair(row)} from {format_d(row['d_clustered'])} to {format_d(row['d_adjusted_clustered'])}"
        for _, row in asked.iterrows()
    )
    return Headline(f"{as_subject('; '.join(parts))}.", f"Effect d, counting {units}: {sizes}.")


def correlation_headline(rows: pd.DataFrame, units: str) -> Headline:
    """Say how many network metrics correlate with a state, and which does most.

    Parameters
    ----------
    rows : DataFrame
        From `tabulate_correlations`, not empty.
    units : str
        What clusters are.
    """
    shown = rows[_corrected(rows, "p_clustered") < ALPHA]
    counted = rows[rows["r"].notna()]
    if counted.empty:
        return Headline("No network metric can be correlated with a state.", rows["reason"].iloc[0] + ".")
    candidates = shown if len(shown) else counted
    strongest = candidates.iloc[int(candidates["r"].abs().to_numpy().argmax())]
    name = f"{in_words(strongest['metric'])} with {in_words(strongest['outcome'])}"
    if shown.empty:
        verdict = "No correlation of a network metric with a state is shown"
    else:
        verdict = f"{len(shown)} of {len(rows)} correlations of network metrics with states {_verb(len(shown))} shown"
    numbers = (
        f"The strongest{' of them' if len(shown) else ''} is {name}, "
        f"r = {_with_interval(strongest, 'r')} counting particles"
    )
    if strongest["reason_clustered"]:
        return Headline(f"{verdict}.", f"{numbers}, {say_no_p(units, strongest['reason_clustered'])}.")
    return Headline(
        f"{verdict}.",
        f"{numbers}, {_with_interval(strongest, 'r_clustered')} as a standardized slope counting "
        f"{_count(strongest.to_frame().T, units)}.",
    )


def reach_headline(comparisons: pd.DataFrame, units: str) -> Headline:
    """Say how large a difference has to be for these images to show it.

    Parameters
    ----------
    comparisons : DataFrame
        Table S1.
    units : str
        What clusters are.
    """
    found = comparisons["detectable_d_clustered"].dropna()
    n = _count(comparisons, units)
    particles = comparisons["detectable_d"].dropna()
    alone = f"Counting particles: {_range(particles)}." if len(particles) else "There are no two groups."
    if found.empty:
        return Headline(f"With {n} no comparison has a p value that accounts for them.", alone)
    return Headline(
        f"With {n}, a difference must be d = {_range(found)} to be found with a probability of 80 %.",
        f"{len(found)} of {len(comparisons)} comparisons, before correction. {alone}",
    )


def _range(values: pd.Series) -> str:
    low, high = format_d(values.min()), format_d(values.max())
    return low if low == high else f"{low} to {high}"


def _corrected(rows: pd.DataFrame, p: str) -> pd.Series:
    """Give the corrected p values where the table is a family, else the values as they are."""
    return rows[f"{p}_family"] if f"{p}_family" in rows.columns else rows[p]


def _name_pair(row: pd.Series) -> str:
    return f"{in_words(row['outcome'])} {exposed_in_words(row['exposure'])}"


def _with_interval(row: pd.Series, name: str) -> str:
    low, high = row[f"{name}_ci_low"], row[f"{name}_ci_high"]
    if not np.isfinite([low, high]).all():
        return format_d(row[name])
    return f"{format_d(row[name])} [{format_d(low)}, {format_d(high)}]"


def _list(names: pd.Series) -> str:
    return list_in_words(names.tolist())


def _verb(count: int) -> str:
    return "is" if count == 1 else "are"


def _count(rows: pd.DataFrame, units: str) -> str:
    n = int(rows["n_clusters"].max())
    return f"{n} {units.removesuffix('s') if n == 1 else units}"


def electrode_headlines(
    comparisons: pd.DataFrame,
    adjusted: pd.DataFrame,
    correlations: pd.DataFrame,
    slopes: pd.DataFrame,
    units: str,
) -> tuple[Headline, ...]:
    """Answer all questions of one selection, at most eight.

    Parameters
    ----------
    comparisons, adjusted, correlations : DataFrame
        Tables of `ElectrodeStatistics`.
    slopes : DataFrame
        From `cathograph.analysis.statistics.inside_particles.slope_tests`; may be empty.
    units : str
        What clusters are.
    """
    if comparisons["n_clusters"].max() == 0:
        return (Headline("No particle has a measured state, so there is nothing to compare.", ""),)
    answers: list[Headline] = [
        comparison_headline(rows, units) for _, rows in comparisons.groupby("exposure", sort=False)
    ]
    answers.append(size_headline(comparisons, adjusted, units))
    if len(correlations):
        answers.append(correlation_headline(correlations, units))
    answers += slope_headlines(slopes)[:1]  # the junctions; contacts are in the table
    answers.append(reach_headline(comparisons, units))
    return tuple(answers)


def slope_headlines(slopes: pd.DataFrame) -> tuple[Headline, ...]:
    """Say how energies change inside particles with the distance to each target; nothing without profiles."""
    return tuple(Headline(row["verdict"], row["basis"]) for _, row in slopes.iterrows())
