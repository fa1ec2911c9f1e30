"""All tests of a comparison that account for images, including resampling; computed on request.

Bootstrap and permutation with 2,000 draws for each of nine comparisons take a minute for 50,000 particles.
"""

import streamlit as st

from cathograph.dashboard.session.electrode_data import View
from cathograph.dashboard.widgets.downloads import table_downloads


def offer_resampling(view: View, exposure: str) -> None:
    """Offer the table of these tests, including the wild bootstrap and the permutation within images."""
    with st.expander("Other tests that account for images, including bootstrap and permutation"):
        st.caption(
            "The tests above need no resampling. These resample 1,999 times "
            "each, which takes about a minute for many particles."
        )
        if not st.toggle("Compute these tests", key=f"resampling-{exposure}"):
            return
        table = view.counterparts
        if table.empty:
            st.info(
                "Nothing to resample: there are fewer than two images, or no comparison is possible.",
                icon=":material/info:",
            )
            return
        shown = table[table["exposure"] == exposure]
        st.dataframe(shown.drop(columns="exposure"), hide_index=True)
        table_downloads(shown, f"counterparts-{exposure.replace('_', '-')}")
