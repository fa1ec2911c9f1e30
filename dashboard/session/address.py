"""What the address of a page names, and which of it the store does not have.

A link is sent to a colleague, and the store may have changed since, or be another one. Streamlit drops values that its
fields do not offer, so the page would show all data, or another image, without a word.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from cathograph.dashboard.session.selection import image_ids

VIEW = "view"
"""Key of the image that the page Image shows."""

NAMED = {
    "beamtime": "beamtime",
    "cathode": "cathode kind",
    "sample": "sample",
    "image": "image",
    VIEW: "image",
    "edge": "absorption edge",
}
"""Keys of the address that name something in the store, and what each names."""


def unknown_names(
    asked: Mapping[str, Sequence[str]], images: pd.DataFrame, edges: Sequence[str]
) -> list[tuple[str, str]]:
    """List what an address names and the store does not have.

    Parameters
    ----------
    asked : Mapping
        Values of the address by key (`NAMED`).
    images : DataFrame
        All rows of the query ``images``.
    edges : sequence of str
        Absorption edges that were measured.

    Returns
    -------
    list of tuple of str and str
        What it would be, and its name.

    Examples
    --------
    >>> images = pd.DataFrame({"beamtime": [None], "cathode": ["LCD"], "sample": ["a"], "image": ["01"]})
    >>> unknown_names({"sample": ["a", "b"], "view": ["a/02"], "cathode": ["LCD"]}, images, [])
    [('sample', 'b'), ('image', 'a/02')]
    """
    ids = set(image_ids(images))
    known = {
        **{column: set(images[column].dropna().astype(str)) for column in ("beamtime", "cathode", "sample")},
        "image": ids,
        VIEW: ids,
        "edge": set(edges),
    }
    return [
        (what, value)
        for key, what in NAMED.items()
        for value in asked.get(key, ())
        if value not in known[key]
    ]


def names_in_address() -> dict[str, list[str]]:
    """Read what the address of this page names."""
    return {key: st.query_params.get_all(key) for key in NAMED if key in st.query_params}


def forget_names() -> None:
    """Remove the names from the address, so that the pages show everything."""
    for key in NAMED:
        st.query_params.pop(key, None)
        st.session_state.pop(key, None)
