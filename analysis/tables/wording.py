"""Words for results: columns, effect sizes, p values, and changes of an effect."""

from collections.abc import Sequence

import numpy as np

_UNITS = {"_um2": "µm²", "_um3": "µm³", "_um": "µm", "_ev": "eV", "_px": "px"}
"""Endings of column names, and their units."""

_WORDS = {
    "soc_ev": "SOC indicator",
    "area_um2": "size",
    "volume_um3": "size",
    "at_tpb": "TPB membership",
    "has_concurrent_channel": "channel membership",
    "has_touching_channel": "touching channel membership",
}

_EXPOSED = {
    "at_tpb": "in a TPB",
    "has_concurrent_channel": "with a concurrent channel",
    "has_touching_channel": "with a touching channel",
}


def exposed_in_words(exposure: str) -> str:
    """Name the exposed particles of a comparison.

    Examples
    --------
    >>> exposed_in_words("at_tpb")
    'in a TPB'
    """
    return _EXPOSED[exposure]


def list_in_words(names: Sequence[str]) -> str:
    """Join names as a sentence does.

    Examples
    --------
    >>> list_in_words(["a"]), list_in_words(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def in_words(column: str) -> str:
    """Name a column within a sentence.

    Examples
    --------
    >>> in_words("soc_ev"), in_words("heterogeneity_ev"), in_words("ionic_closeness")
    ('SOC indicator', 'heterogeneity', 'ionic closeness')
    """
    return _WORDS.get(column) or split_unit(column)[0]


def split_unit(column: str) -> tuple[str, str]:
    """Split the name of a column into words and unit; the unit is empty if there is none.

    Examples
    --------
    >>> split_unit("weighted_degree_px"), split_unit("ionic_closeness")
    (('weighted degree', 'px'), ('ionic closeness', ''))
    """
    ending = next((each for each in _UNITS if column.endswith(each)), "")
    return column.removesuffix(ending).replace("_", " "), _UNITS.get(ending, "")


def as_subject(text: str) -> str:
    """Capitalize the start of a sentence.

    Examples
    --------
    >>> as_subject("heterogeneity by TPB membership"), as_subject("SOC indicator")
    ('Heterogeneity by TPB membership', 'SOC indicator')
    """
    return text[:1].upper() + text[1:]


def name_change(before: float, after: float) -> str:
    """Describe the change of an effect; less than 0.05 standard deviations is no substantial change.

    Examples
    --------
    >>> name_change(-0.58, -0.31), name_change(-0.58, -0.55), name_change(0.2, -0.2)
    ('shrinks', 'barely changes,', 'changes sign,')
    """
    if abs(after - before) < 0.05:
        return "barely changes,"
    if before * after < 0 and min(abs(before), abs(after)) >= 0.05:
        return "changes sign,"
    return "shrinks" if abs(after) < abs(before) else "grows"


def format_d(d: float) -> str:
    """Write an effect size for a sentence, with a true minus sign.

    Examples
    --------
    >>> format_d(-0.5812)
    '−0.58'
    """
    text = f"{d:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def format_p(p: float) -> str:
    """Write a p value for a sentence.

    Examples
    --------
    >>> format_p(0.0321), format_p(2.25e-8), format_p(0.5)
    ('p = 0.032', 'p < 0.0001', 'p = 0.50')
    """
    if not np.isfinite(p):
        return "p not defined"
    if p < 1e-4:
        return "p < 0.0001"
    return f"p = {p:.2g}" if p < 0.095 else f"p = {p:.2f}"


def say_no_p(units: str, reason: str) -> str:
    """Say within a sentence why there is no p value once clusters are accounted for.

    Examples
    --------
    >>> say_no_p("images", "all particles lie in one image")
    'no p value with images as clusters, because all particles lie in one image'
    """
    return f"no p value with {units} as clusters, because {reason}"
