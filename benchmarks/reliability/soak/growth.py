"""Whether something grows: a straight line through the second half of a long run, judged by fixed limits.

The first half is left out of the judgement, because modules are loaded, caches and the heap of the server filled
then. The limits are set before the run, and are such that a run of a million images would still fit a workstation:
they are no test of significance, which every slope passes if only enough samples are taken.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cathograph.benchmarks.reliability.soak.processes import ROLES

MOST_MB = {"service": 10.0, "workers": 10.0, "server": 100.0}
"""Growth in MB per 1000 images that still counts as flat; the server keeps pages of a store that grows."""
MOST_FILES = 5.0
MOST_CPU = 1.25
"""Processor time of an image in the last quarter over that in the second; above it, time grows with the store."""


@dataclass(frozen=True)
class Growth:
    """How one kind of process changed in the second half.

    Attributes
    ----------
    role : str
        Kind of process.
    middle_mb, end_mb : float
        Median of resident memory in the tenth of the images after the half, and in the last tenth.
    mb_per_1000, files_per_1000 : float
        Slopes of straight lines through the second half.
    cpu_s, late_cpu_s : float
        Processor time per image in the second and in the last quarter.
    """

    role: str
    middle_mb: float
    end_mb: float
    mb_per_1000: float
    files_per_1000: float
    cpu_s: float
    late_cpu_s: float

    @property
    def is_flat(self) -> bool:
        """Whether memory and open files stay, and an image costs at the end what it cost before."""
        return (
            self.mb_per_1000 <= MOST_MB[self.role]
            and self.files_per_1000 <= MOST_FILES
            and self.late_cpu_s <= MOST_CPU * self.cpu_s + 0.01
        )


def growth_of(looks: pd.DataFrame) -> list[Growth]:
    """Fit what grew.

    Parameters
    ----------
    looks : DataFrame
        One row a look: ``images`` done so far, and ``{role}_rss_mb``, ``{role}_files``, ``{role}_cpu_s``.

    Examples
    --------
    >>> images = np.arange(0.0, 2001)
    >>> one = {"_rss_mb": 200 + images / 100, "_files": 0 * images + 30, "_cpu_s": images / 2}
    >>> looks = pd.DataFrame({"images": images} | {r + c: v for r in ROLES for c, v in one.items()})
    >>> [(each.role, each.mb_per_1000, each.is_flat) for each in growth_of(looks.round(6))][0]
    ('service', 10.0, True)
    """
    return [_growth(looks, role) for role in ROLES]


def _growth(looks: pd.DataFrame, role: str) -> Growth:
    last = int(looks["images"].max())
    half = looks[looks["images"] >= last / 2]
    rss = looks[f"{role}_rss_mb"]
    return Growth(
        role,
        float(rss[looks["images"].between(0.5 * last, 0.6 * last)].median()),
        float(rss[looks["images"] >= 0.9 * last].median()),
        _slope_per_1000(half, f"{role}_rss_mb"),
        _slope_per_1000(half, f"{role}_files"),
        _cpu_per_image(looks, role, 0.25 * last, 0.5 * last),
        _cpu_per_image(looks, role, 0.75 * last, last),
    )


def _slope_per_1000(looks: pd.DataFrame, column: str) -> float:
    if looks["images"].nunique() < 2:
        return float("nan")
    return round(1000 * float(np.polyfit(looks["images"], looks[column], 1)[0]), 6)


def _cpu_per_image(looks: pd.DataFrame, role: str, first: float, last: float) -> float:
    part = looks[looks["images"].between(first, last)]
    images = part["images"].max() - part["images"].min()
    used = part[f"{role}_cpu_s"].max() - part[f"{role}_cpu_s"].min()
    return float(used / images) if images else float("nan")


def as_table(growths: list[Growth]) -> str:
    """Write growths as a table of Markdown."""
    lines = [
        "| process | MB at half | MB at end | growth, MB per 1000 images | open files per 1000 | "
        "processor s per image, 2nd quarter | 4th quarter | flat |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {each.role} | {each.middle_mb:.0f} | {each.end_mb:.0f} | {each.mb_per_1000:+.1f} | "
        f"{each.files_per_1000:+.1f} | {each.cpu_s:.3f} | {each.late_cpu_s:.3f} | {'yes' if each.is_flat else 'NO'} |"
        for each in growths
    ]
    return "\n".join(lines)
