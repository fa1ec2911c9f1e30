"""The data of the statistical pages: the tables of a selection, as a whole or in groups, and the tests on them.

Tables and tests come from the same functions as those of the report (`cathograph.analysis.tables.electrode_tables`,
`cathograph.analysis.statistics.electrode_statistics`), so both show the same numbers for the same particles. Each is
computed once per version of the store, selection and grouping, for all visitors. Nothing here changes a table, so
they are shared without copies.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.figure import size_column
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.statistics.confounding import adjust_for_size
from cathograph.analysis.statistics.correlation import Correlation, correlate
from cathograph.analysis.statistics.electrode_statistics import (
    add_other_readings,
    pairs_of,
    tabulate_anova,
    tabulate_comparisons,
    tabulate_correlations,
    tabulate_counterparts,
    tabulate_size_adjusted,
)
from cathograph.analysis.statistics.group_comparison import GroupComparison, compare_groups
from cathograph.analysis.tables.electrode_tables import (
    METRICS,
    ElectrodeTables,
    narrow,
    read_electrode_tables,
)
from cathograph.analysis.tables.particle_table import CHANNELS, STATES
from cathograph.analysis.tables.selection_tables import stack_selections
from cathograph.dashboard.session import store
from cathograph.dashboard.session.selection import Selection, current_selection, image_ids

COMPARE_BY = {"cathode": "cathode kind", "sample": "sample", "beamtime": "beamtime", "image": "image"}
"""Columns of the images that can group a selection, and their names for people."""

BY_EDGE = "edge"
"""Groups by absorption edge: the same particles, once with the states of each edge."""

MOST_SIDE_BY_SIDE = 6

_KEPT = 24
_TOGETHER = "all"
_QUERY_OF = {"nmc": "states"}
_DRAWS, _SEED = 1999, 0


@dataclass(frozen=True)
class View:
    """What a page shows: a selection, as a whole or in groups.

    Attributes
    ----------
    selection : Selection
        From the filter bar.
    version : str
        Of the store.
    by : str
        Column of the images that groups it, or `BY_EDGE`; empty for no groups.
    groups : tuple of str
        Values of that column, in the order of the panels.
    """

    selection: Selection
    version: str
    by: str = ""
    groups: tuple[str, ...] = ()

    @cached_property
    def together(self) -> ElectrodeTables:
        """Tables of the whole selection."""
        return _selected(self.version, repr(self.selection), self.selection)

    @property
    def names(self) -> list[str]:
        """Names of the groups."""
        return list(self.groups) or [_TOGETHER]

    @cached_property
    def parts(self) -> Mapping[str, ElectrodeTables]:
        """Tables of each group by its name."""
        if self.by == BY_EDGE:
            return {
                edge: _selected(self.version, repr(of_edge), of_edge)
                for edge in self.groups
                for of_edge in (replace(self.selection, edge=edge),)
            }
        return _parted(*self._key, self.together)

    def stacked(self, pick: Callable[[ElectrodeTables], pd.DataFrame]) -> pd.DataFrame:
        """Stack a table of all groups, as the report does."""
        return stack_selections({name: pick(tables) for name, tables in self.parts.items()}, self.names)

    @property
    def nmc(self) -> pd.DataFrame:
        """All active particles, with the column ``selection`` if there are groups."""
        return _stacked_nmc(*self._key, self)

    @property
    def comparisons(self) -> pd.DataFrame:
        """Table S1: the comparisons of states, naive and clustered."""
        return _tabulated(*self._key, "comparisons", self)

    @property
    def by_size(self) -> pd.DataFrame:
        """The comparison of sizes at TPBs (Fig. 4d)."""
        return _tabulated(*self._key, "by_size", self)

    @property
    def size_adjusted(self) -> pd.DataFrame:
        """Effects at equal size (Fig. S8)."""
        return _tabulated(*self._key, "size_adjusted", self)

    def rows_of(self, table: pd.DataFrame, name: str) -> pd.DataFrame:
        """Give the rows of a group in a table of this view."""
        return table[table["selection"] == name] if self.groups else table

    def anova(self, channel: str) -> pd.DataFrame:
        """Tables S2 and S3 with one of the types of channel (`CHANNELS`)."""
        return _tabulated(*self._key, f"anova {channel}", self)

    @property
    def counterparts(self) -> pd.DataFrame:
        """All tests that account for images, including those by resampling; slow, so computed on request."""
        return _tabulated(*self._key, "counterparts", self)

    @property
    def correlations(self) -> pd.DataFrame:
        """Network metrics against states (Fig. 5a)."""
        return _tabulated(*self._key, "correlations", self)

    @property
    def measured(self) -> bool:
        """Whether any active particle has a state."""
        return bool(self.together.nmc["soc_ev"].notna().any())

    @cached_property
    def legend(self) -> PhaseLegend:
        """How the phases of the selection look and what texts call them."""
        return PhaseLegend.of_rows(self.together.composites_shown)

    @property
    def _key(self) -> tuple[str, str, str, tuple[str, ...]]:
        return self.version, repr(self.selection), self.by, self.groups


def look_at(by: str = "", groups: tuple[str, ...] = ()) -> View:
    """Give the view of the current selection."""
    return View(current_selection(), store.version(), by, groups)


def known_groups(tables: ElectrodeTables, by: str) -> list[str]:
    """List the groups of a column of the images."""
    return sorted(str(value) for value in _groups_of(tables.images, by).dropna().unique())


def _groups_of(images: pd.DataFrame, by: str) -> pd.Series:
    """Give the group of each image; names of images are unique per sample only, so samples are added."""
    return image_ids(images) if by == "image" else images[by]


@st.cache_resource(max_entries=4, show_spinner="Reading the database …")
def _everything(version: str, edge: str | None) -> ElectrodeTables:
    return read_electrode_tables(lambda name, **parameters: store.table(name, parameters=parameters), edge)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _selected(version: str, key: str, _selection: Selection) -> ElectrodeTables:
    everything = _everything(version, _selection.edge)
    if _selection.keeps_all:
        return everything
    images = store.images()
    narrowed = {
        each.name: _selection.narrow(
            _QUERY_OF.get(each.name, each.name), getattr(everything, each.name), images, store.states
        ).reset_index(drop=True)
        for each in fields(everything)
    }
    return replace(everything, **narrowed)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _parted(
    version: str, key: str, by: str, groups: tuple[str, ...], _tables: ElectrodeTables
) -> dict[str, ElectrodeTables]:
    if not groups:
        return {_TOGETHER: _tables}
    images = _tables.images
    of_image = _groups_of(images, by)
    return {name: narrow(_tables, images[of_image == name]) for name in groups}


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _stacked_nmc(version: str, key: str, by: str, groups: tuple[str, ...], _view: View) -> pd.DataFrame:
    return _view.stacked(lambda tables: tables.nmc)


@st.cache_resource(max_entries=4 * _KEPT, show_spinner="Computing …")
def _tabulated(
    version: str, key: str, by: str, groups: tuple[str, ...], what: str, _view: View
) -> pd.DataFrame:
    return _view.stacked(lambda tables: _TABULATE[what](tables.nmc))


def _compare_states(nmc: pd.DataFrame, draws: int = 0) -> list[GroupComparison]:
    # The quoted test does not resample, so without draws it equals that of the report.
    return [
        compare_groups(nmc, state, exposure, draws=draws, seed=_SEED) for exposure, state in pairs_of(nmc)
    ]


def _comparisons(nmc: pd.DataFrame) -> pd.DataFrame:
    table = tabulate_comparisons(_compare_states(nmc))
    add_other_readings(table, nmc)
    return table


def _by_size(nmc: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame([compare_groups(nmc, size_column(nmc), "at_tpb", draws=0).row()]).assign(figure="4d")


def _size_adjusted(nmc: pd.DataFrame) -> pd.DataFrame:
    size = size_column(nmc)
    return tabulate_size_adjusted(
        [adjust_for_size(nmc, state, exposure, size=size) for exposure, state in pairs_of(nmc)]
    )


def _anova(nmc: pd.DataFrame, channel: str) -> pd.DataFrame:
    return pd.concat(tabulate_anova(nmc, channel=channel), ignore_index=True)


def _correlations(nmc: pd.DataFrame) -> pd.DataFrame:
    found: list[Correlation] = [correlate(nmc, metric, state) for metric in METRICS for state in STATES]
    return tabulate_correlations(found)


_TABULATE: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "comparisons": _comparisons,
    "by_size": _by_size,
    "size_adjusted": _size_adjusted,
    **{f"anova {channel}": partial(_anova, channel=channel) for channel in CHANNELS},
    "counterparts": lambda nmc: tabulate_counterparts(_compare_states(nmc, _DRAWS)),
    "correlations": _correlations,
}
