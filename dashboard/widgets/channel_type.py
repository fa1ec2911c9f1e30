"""The choice between the two types of channel."""

import streamlit as st

from cathograph.analysis.tables.particle_table import CHANNELS, EXPOSURES


def choose_channel(key: str) -> str:
    """Let the visitor choose a type of channel.

    Parameters
    ----------
    key : str
        Name of the choice in the address of the page.

    Returns
    -------
    str
        One of `CHANNELS`.
    """
    return str(
        st.segmented_control(
            "Type of channel",
            tuple(CHANNELS),
            default=EXPOSURES[1],
            format_func=lambda each: CHANNELS[each],
            key=key,
            bind="query-params",
            required=True,
            help="Concurrent: both carriers are shared. Touching: the two particles touch, so that electrons pass "
            "between them, and share a neighbour that conducts ions (ours, after Fig. 5b).",
        )
    )
