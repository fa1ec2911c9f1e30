"""Answers in words on a page, the same as in the report."""

from collections.abc import Callable, Sequence

import streamlit as st

from cathograph.analysis.statistics.headlines import Headline
from cathograph.analysis.tables.particle_table import name_clusters
from cathograph.dashboard.session.electrode_data import View


def show_headlines(view: View, answer: Callable[[str, str], Sequence[Headline]]) -> None:
    """Lay out the answers, by group where there are groups.

    Parameters
    ----------
    view : View
        What the page shows.
    answer : callable
        Gives the answers from the name of a group and what clusters are there.
    """
    for name, tables in view.parts.items():
        if view.groups:
            st.text(name)
        for headline in answer(name, name_clusters(tables.nmc)):
            st.markdown(f"**{headline.verdict}** {headline.basis}")
