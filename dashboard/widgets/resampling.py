"""All clustered counterparts of a comparison, resampling included: computed when somebody asks.

2,000 draws of bootstrap and permutation for each of six comparisons take a minute at 50,000 particles.
"""

import streamlit as st

from cathograph.dashboard.session.electrode_data import View
from cathograph.dashboard.widgets.downloads import table_downloads


def offer_resampling(view: View, exposure: str) -> None:
    """Offer the table of counterparts, with the wild bootstrap and the permutation within images."""
    with st.expander("Other ways to account for images, bootstrap and permutation included"):
        st.caption(
            "The quoted test needs no draws. These need 1,999 each; with many particles that takes a minute."
        )
        if not st.toggle("Compute them", key=f"resampling-{exposure}"):
            return
        table = view.counterparts
        if table.empty:
            st.info("Nothing to resample: fewer than two images, or no test.", icon=":material/info:")
            return
        shown = table[table["exposure"] == exposure]
        st.dataframe(shown.drop(columns="exposure"), hide_index=True)
        table_downloads(shown, f"counterparts-{exposure.replace('_', '-')}")
