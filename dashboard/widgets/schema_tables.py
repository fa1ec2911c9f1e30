"""The schema as two tables: labels and relationship types, with their number and their properties."""

from collections.abc import Iterable, Mapping

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.schema.composites import Role
from cathograph.schema.nodes import NODE_TYPES
from cathograph.schema.properties import Property
from cathograph.schema.relationships import RELATIONSHIP_TYPES


def show_schema(counts: Mapping[str, int], legend: PhaseLegend) -> None:
    """Lay out both tables.

    Parameters
    ----------
    counts : Mapping
        Number of nodes with each label and of relationships with each type in the store.
    legend : PhaseLegend
        Phases of the composites in the store.
    """
    nodes = [
        {
            "label": each.label,
            "in the store": counts.get(each.label, 0),
            "properties": _names(each.properties),
            "meaning": each.meaning,
        }
        for each in NODE_TYPES
    ]
    phases = [
        {
            "label": label,
            "in the store": counts[label],
            "properties": "those of Particle",
            "meaning": meaning,
        }
        for label, meaning in (
            *((role.node_label, f"particle of a phase with the role {role}") for role in Role),
            *((look.name, "particle of this phase") for look in legend.looks()),
        )
        if label in counts
    ]
    links = [
        {
            "type": each.type,
            "in the store": counts.get(each.type, 0),
            "from": each.source,
            "to": each.target,
            "properties": _names(each.properties),
            "meaning": each.meaning,
        }
        for each in RELATIONSHIP_TYPES
    ]
    st.dataframe(pd.DataFrame(nodes + phases), hide_index=True)
    st.dataframe(pd.DataFrame(links), hide_index=True)


def _names(properties: Iterable[Property]) -> str:
    return ", ".join(each.name for each in properties)
