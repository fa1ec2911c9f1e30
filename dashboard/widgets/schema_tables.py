"""The schema as two tables: labels and relationship types, with their number and their properties."""

from collections.abc import Iterable, Mapping

import pandas as pd
import streamlit as st

from cathograph.schema.nodes import NODE_TYPES
from cathograph.schema.phases import Phase
from cathograph.schema.properties import Property
from cathograph.schema.relationships import RELATIONSHIP_TYPES


def show_schema(counts: Mapping[str, int]) -> None:
    """Lay out both tables.

    Parameters
    ----------
    counts : Mapping
        Number of nodes with each label and of relationships with each type in the store.
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
            "label": phase.value,
            "in the store": counts[phase.value],
            "properties": "those of Particle",
            "meaning": "particle of this phase",
        }
        for phase in Phase
        if phase.value in counts
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
