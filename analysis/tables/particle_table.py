"""The particle table that all statistics read, and its clusters.

The table has one row per NMC particle. All tests read its columns with the functions of this module, so a missing
column, an infinite value or a duplicate particle gives the same message everywhere. A missing value (None, NaN) is not
an error: a particle without an energy map has no state. Tests leave it out and count it.

The particles of an image share surroundings, focus and calibration, and the slices of a volume share particles. So
the *cluster*, the unit that is treated as independent, is the volume if the images are slices, and else the image.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.schema.errors import InputError

STATES = ("soc_ev", "heterogeneity_ev", "polarization_ev")
"""The electrochemical state of a particle, in the order of the paper's figures."""

EXPOSURES = ("at_tpb", "has_concurrent_channel")
"""The exposures by which the paper compares particles, in the order of its figures 4 and 5."""

CHANNELS = {"has_concurrent_channel": "concurrent channel", "has_touching_channel": "touching channel"}
"""The two types of channel, the paper's and ours of particles that touch: columns, and what texts call them."""

SIZE = "area_um2"
"""Column of the particle's size, µm²."""


def exposures_of(table: pd.DataFrame) -> tuple[str, ...]:
    """Give the exposures that a table compares: the paper's, and the touching channel where the table has it.

    Examples
    --------
    >>> exposures_of(pd.DataFrame({"has_touching_channel": [True]}))
    ('at_tpb', 'has_concurrent_channel', 'has_touching_channel')
    """
    return EXPOSURES + tuple(name for name in CHANNELS if name not in EXPOSURES and name in table.columns)


def require_columns(table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Check that a table has the columns a test needs.

    Raises
    ------
    InputError
        When the argument is not a DataFrame, or a column is missing.
    """
    if not isinstance(table, pd.DataFrame):
        msg = f"Found {type(table).__name__}; expected a DataFrame of particles. Pass a table."
        raise InputError(msg)
    missing = [name for name in columns if name not in table.columns]
    if missing:
        found = ", ".join(map(str, table.columns)) or "none"
        msg = (
            f"Found no column {', '.join(missing)} in the particle table (columns: {found}); "
            "expected it for this test. Add it, or name another column."
        )
        raise InputError(msg)


def numbers_of(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Read a column as numbers; missing values become NaN.

    Parameters
    ----------
    table : DataFrame
        The particle table.
    column : str
        Name of the column.

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    InputError
        When the column is missing, holds text, or holds an infinite value.
    """
    require_columns(table, (column,))
    try:
        values = pd.to_numeric(table[column]).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        msg = (
            f"Found values in column {column} that are not numbers ({error}); expected numbers. Correct them."
        )
        raise InputError(msg) from error
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        msg = (
            f"Found {infinite.size} infinite values in column {column}, the first in row {infinite[0]}; "
            "expected finite numbers, or null for missing values. Correct them."
        )
        raise InputError(msg)
    return values


def flags_of(table: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Read a column of true and false.

    Parameters
    ----------
    table : DataFrame
        The particle table.
    column : str
        Name of a column that holds booleans, or 0 and 1.

    Returns
    -------
    ndarray of bool, shape (rows,)

    Raises
    ------
    InputError
        When the column is missing, or has nulls or values other than true and false. Nulls in a flag mean that the
        ingest has not finished.
    """
    values = numbers_of(table, column)
    holes = int(np.isnan(values).sum())
    if holes:
        msg = (
            f"Found {holes} nulls in column {column}; expected true or false for every particle. "
            "Finish the ingest of these images, or leave them out."
        )
        raise InputError(msg)
    others = np.unique(values[(values != 0) & (values != 1)])
    if others.size:
        msg = f"Found {others[0]:g} in column {column}; expected only true and false (1 and 0). Correct it."
        raise InputError(msg)
    return values.astype(np.bool_)


def cluster_of(table: pd.DataFrame) -> pd.Series:
    """Give each cluster of particles a number: one per volume, or else per image.

    Parameters
    ----------
    table : DataFrame
        Columns ``sample``, ``image`` and, where slices belong to volumes, ``volume``
        (nullable). Image and volume names are unique within their sample only.

    Returns
    -------
    Series of int64, index as in the table
        Clusters are numbered from 0 by first appearance.

    Raises
    ------
    InputError
        When a column is missing, a particle has no sample or image, or one particle (sample,
        image, label) is in two rows, as after a join that multiplied rows.

    Examples
    --------
    >>> table = pd.DataFrame({"sample": ["s", "s", "s", "t"],
    ...                       "image": ["v#0", "v#1", "a", "a"],
    ...                       "volume": ["v", "v", None, None]})
    >>> cluster_of(table).tolist()
    [0, 0, 1, 2]
    """
    require_columns(table, ("sample", "image"))
    for column in ("sample", "image"):
        holes = int(table[column].isna().sum())
        if holes:
            msg = f"Found {holes} particles without {column}; expected one for each. Add it to the table."
            raise InputError(msg)
    if "label" in table.columns:
        twice = table.duplicated(["sample", "image", "label"])
        if twice.any():
            row = table.loc[twice, ["sample", "image", "label"]].iloc[0]
            msg = (
                f"Found {int(twice.sum())} particles more than once, the first is "
                f"{row['sample']}/{row['image']} label {row['label']}; expected one row per particle. "
                "Drop the duplicates."
            )
            raise InputError(msg)
    # Codes instead of a groupby over three text columns: ten times faster, and each test needs them.
    sample = sample_codes(table)
    image = pd.factorize(table["image"].astype(str))[0].astype(np.int64)
    in_volume = np.zeros(len(table), dtype=bool)
    volume = image
    if "volume" in table.columns:
        in_volume = table["volume"].notna().to_numpy(dtype=bool)
        volume = pd.factorize(table["volume"].astype(str))[0].astype(np.int64)
    field = np.where(in_volume, 2 * volume + 1, 2 * image)
    key = sample * (2 * len(table) + 2) + field
    return pd.Series(pd.factorize(key)[0].astype(np.int64), index=table.index, name="cluster")


def name_clusters(table: pd.DataFrame) -> str:
    """Name the clusters of a table: images, volumes, or both.

    Examples
    --------
    >>> name_clusters(pd.DataFrame({"volume": ["v", None]})), name_clusters(pd.DataFrame({"image": ["a"]}))
    ('volumes and images', 'images')
    """
    if "volume" not in table.columns or table["volume"].isna().all():
        return "images"
    return "volumes and images" if table["volume"].isna().any() else "volumes"


def sample_codes(table: pd.DataFrame) -> NDArray[np.int64]:
    """Give each sample of a table a number, from 0 by first appearance.

    Returns
    -------
    ndarray of int64, shape (rows,)

    Raises
    ------
    InputError
        When there is no column ``sample``.
    """
    require_columns(table, ("sample",))
    return pd.factorize(table["sample"].astype(str))[0].astype(np.int64)
