"""Downloads: created when a visitor clicks, so that the page does not wait for them; always with all rows."""

import io
from collections.abc import Callable

import pandas as pd
import streamlit as st


def table_downloads(table: pd.DataFrame, name: str, *, key: str = "") -> None:
    """Offer a table as CSV and as Parquet, with all of its rows.

    Parameters
    ----------
    table : DataFrame
        The table.
    name : str
        Stem of the file names; not a name given by a user.
    key : str, optional
        Prefix of the keys, if a page offers the same name twice.
    """
    with st.container(horizontal=True):
        file_download("CSV", lambda: csv_bytes(table), f"{name}.csv", "text/csv", key=f"{key}{name}-csv")
        file_download(
            "Parquet",
            lambda: parquet_bytes(table),
            f"{name}.parquet",
            "application/vnd.apache.parquet",
            key=f"{key}{name}-parquet",
        )


def file_download(label: str, content: Callable[[], bytes], file_name: str, mime: str, *, key: str) -> None:
    """Offer a file whose content is created when a visitor clicks."""
    st.download_button(
        label, content, file_name, mime, key=key, on_click="ignore", icon=":material/download:"
    )


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Write a table as ``cathograph query --format csv`` does."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """Write a table as ``cathograph query --format parquet`` does."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
