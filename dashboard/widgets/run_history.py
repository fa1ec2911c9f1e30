"""Table of the latest ingests."""

import streamlit as st

from cathograph.dashboard.session import store
from cathograph.dashboard.session.selection import Selection
from cathograph.dashboard.widgets.downloads import table_downloads

_SHOWN = 200


def show_run_history(selection: Selection) -> None:
    """Lay out the ingest runs and jobs of the selection, the latest first."""
    runs = store.table("ingest_runs", selection)
    if runs.empty:
        st.caption("There are no ingests in this selection yet.")
        return
    columns = ["ended", "state", "wrote", "sample", "image", "file", "reason", "user", "host"]
    st.dataframe(
        runs[columns].head(_SHOWN),
        hide_index=True,
        column_config={"ended": st.column_config.DatetimeColumn("when", format="YYYY-MM-DD HH:mm:ss")},
        height=320,
        placeholder="",
    )
    if len(runs) > _SHOWN:
        st.caption(f"The latest {_SHOWN} of {len(runs)} ingests are shown; the download has all.")
    table_downloads(runs, "ingest_runs")
