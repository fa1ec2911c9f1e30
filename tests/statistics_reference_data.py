"""Data with published answers, and particle tables made of them."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def as_particles(
    outcome: Any,
    exposed: Any = None,
    image: Any = None,
    *,
    sample: Any = "s",
    name: str = "soc_ev",
    exposure: str = "at_tpb",
    **more: Any,
) -> pd.DataFrame:
    """Make a particle table; without images every particle has its own."""
    n = len(outcome)
    table = pd.DataFrame(
        {
            "sample": sample,
            "image": [f"i{i}" for i in (range(n) if image is None else image)],
            "label": np.arange(1, n + 1),
            name: outcome,
        }
    )
    if exposed is not None:
        table[exposure] = np.asarray(exposed).astype(bool)
    for column, values in more.items():
        table[column] = values
    return table


def clustered_particles(
    seed: int, n: int = 200, n_images: int = 30, *, icc: float = 0.3, effect: float = 0.0, n_samples: int = 1
) -> pd.DataFrame:
    """Draw a full particle table, particles of an image alike."""
    rng = np.random.default_rng(seed)
    image = np.sort(np.concatenate([np.arange(n_images), rng.integers(0, n_images, n - n_images)]))
    exposed = rng.random(n) < 0.4
    noise = np.sqrt(icc) * rng.normal(size=n_images)[image] + np.sqrt(1 - icc) * rng.normal(size=n)
    return as_particles(
        8343 + noise + effect * exposed,
        exposed,
        image,
        sample=[f"s{i}" for i in image * n_samples // n_images],
        has_concurrent_channel=rng.random(n) < 0.4,
        area_um2=rng.lognormal(size=n),
        heterogeneity_ev=np.exp(0.3 * noise),
        polarization_ev=np.where(rng.random(n) < 0.2, 0.0, rng.lognormal(size=n)),
        degree=rng.integers(0, 9, n),
    )


def shipped_with(package: str, path: str) -> Path:
    """Find a reference data file that a library ships with its own tests."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / path


def read_nist(name: str, first_line: int) -> NDArray[np.float64]:
    """Read a NIST StRD data set that scipy ships: the lines from the first data line on."""
    lines = shipped_with("scipy.stats", f"tests/data/{name}").read_text().splitlines()[first_line - 1 :]
    return np.array([[float(value) for value in line.split()] for line in lines if line.strip()])


def numbers_in(text: str) -> list[float]:
    """Read numbers with spaces between."""
    return [float(value) for value in text.split()]


SLEEP_1 = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SLEEP_2 = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
"""Student 1908, in R as `sleep`: extra hours of sleep after two drugs."""

MTCARS = pd.DataFrame(
    {
        "mpg": numbers_in(
            "21.0 21.0 22.8 21.4 18.7 18.1 14.3 24.4 22.8 19.2 17.8 16.4 17.3 15.2 10.4 10.4 14.7 "
            "32.4 30.4 33.9 21.5 15.5 15.2 13.3 19.2 27.3 26.0 30.4 15.8 19.7 15.0 21.4"
        ),
        "am": numbers_in("1 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 1 0 0 0 0 0 1 1 1 1 1 1 1"),
        "wt": numbers_in(
            "2.620 2.875 2.320 3.215 3.440 3.460 3.570 3.190 3.150 3.440 3.440 4.070 3.730 3.780 "
            "5.250 5.424 5.345 2.200 1.615 1.835 2.465 3.520 3.435 3.840 3.845 1.935 2.140 1.513 "
            "3.170 2.770 3.570 2.780"
        ),
    }
)
"""Henderson and Velleman 1981, in R as `mtcars`: the textbook case of a confounder. Cars with manual
gears (am) go farther (mpg), until one compares cars of equal weight (wt)."""

_BLAND = {
    1: "6.68 3.97 6.53 4.12 6.43 4.09 6.33 3.97",
    2: "6.85 5.27 7.06 5.37 7.13 5.41 7.17 5.44",
    3: "7.40 5.67 7.42 3.64 7.41 4.32 7.37 4.73 7.34 4.96 7.35 5.04 7.28 5.22 7.30 4.82 7.34 5.07",
    4: "7.36 5.67 7.33 5.10 7.29 5.53 7.30 4.75 7.35 5.51",
    5: "7.35 4.28 7.30 4.44 7.30 4.32 7.37 3.23 7.27 4.46 7.28 4.72 7.32 4.75 7.32 4.99",
    6: "7.38 4.78 7.30 4.73 7.29 5.12 7.33 4.93 7.31 5.03 7.33 4.93",
    7: "6.86 6.85 6.94 6.44 6.92 6.52",
    8: "7.19 5.28 7.29 4.56 7.21 4.34 7.25 4.32 7.20 4.41 7.19 3.69 6.77 6.09 6.82 5.58",
}
BLAND_ALTMAN = pd.DataFrame(
    [
        (subject, float(ph), float(paco2))
        for subject, text in _BLAND.items()
        for ph, paco2 in zip(text.split()[::2], text.split()[1::2], strict=True)
    ],
    columns=["subject", "ph", "paco2"],
)
"""Bland and Altman 1995: intramural pH and PaCO2 of eight subjects."""

KIDNEY = pd.DataFrame(
    {
        "days": numbers_in(
            "0 2 1 3 0 2 0 5 6 8 2 4 7 12 15 4 3 1 5 20 15 10 8 5 25 16 7 30 3 27 0 1 1 0 4 2 7 4 0 3 "
            "5 3 2 0 1 1 3 6 7 9 10 8 12 3 7 15 4 9 6 1"
        ),
        "duration": np.repeat([1, 2], 30),
        "weight": np.tile(np.repeat([1, 2, 3], 10), 2),
    },
    dtype=float,
)
"""Kutner et al., Applied Linear Statistical Models: days in hospital by duration and weight gain; the
unbalanced answers are of R's car::Anova, as statsmodels' own tests quote them."""
