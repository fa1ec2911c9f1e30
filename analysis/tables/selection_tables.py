"""Tables of several selections as one table with a column ``selection``."""

from collections.abc import Mapping, Sequence

import pandas as pd

from cathograph.analysis.tables.electrode_tables import ElectrodeTables


def stack_of(selections: Mapping[str, ElectrodeTables], table: str) -> pd.DataFrame:
    """Stack one table of each selection, by its name in `ElectrodeTables`."""
    parts = {name: getattr(tables, table) for name, tables in selections.items()}
    return stack_selections(parts, list(selections))


def stack_selections(parts: Mapping[str, pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """Stack the tables of the selections; a single selection gets no column ``selection``.

    Parameters
    ----------
    parts : Mapping
        A table of each selection, with the same columns.
    names : sequence of str
        All selections, in the order of the panels; they become the categories of ``selection``.

    Examples
    --------
    >>> one = pd.DataFrame({"x": [1]})
    >>> stack_selections({"a": one}, ["a"]).columns.tolist()
    ['x']
    >>> stack_selections({"a": one, "b": one}, ["a", "b"])["selection"].tolist()
    ['a', 'b']
    """
    if len(names) == 1:
        return parts[names[0]]
    filled = {name: part for name, part in parts.items() if len(part)}
    stacked = pd.concat(list(filled.values()), ignore_index=True) if filled else parts[names[0]].copy()
    owners = [name for name, part in filled.items() for _ in range(len(part))]
    stacked.insert(0, "selection", pd.Series(owners, stacked.index, dtype=pd.CategoricalDtype(list(names))))
    return stacked
