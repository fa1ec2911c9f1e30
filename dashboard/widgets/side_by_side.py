"""The choice of groups that the statistical pages show side by side; it is kept in the address."""

import streamlit as st

from cathograph.analysis.tables.equal_images import describe_equal_images
from cathograph.analysis.tables.particle_states import describe_spread, flagged_states
from cathograph.dashboard.session import store
from cathograph.dashboard.session.electrode_data import (
    BY_EDGE,
    COMPARE_BY,
    MOST_SIDE_BY_SIDE,
    View,
    known_groups,
    look_at,
)
from cathograph.dashboard.widgets.empty_states import show_empty_store, show_nothing_left


def open_view(title: str, about: str, *, states: bool = True) -> View | None:
    """Lay out the head of a statistical page: title, choice of groups, numbers of particles.

    Parameters
    ----------
    title : str
        Of the page.
    about : str
        What it shows, with the words of `PhaseLegend.write`.
    states : bool
        Whether it shows states, so that absorption edges can stand side by side.

    Returns
    -------
    View or None
        None if there is nothing to show; the page then says why and what to do.
    """
    st.title(title)
    if store.images().empty:
        show_empty_store()
        return None
    whole = look_at()
    st.caption(whole.legend.write(about))
    if whole.together.images.empty:
        show_nothing_left()
        return None
    view = _choose(whole, states=states)
    _show_counts(view)
    if states:
        _show_what_is_tested(view)
    return view


def _choose(whole: View, *, states: bool) -> View:
    edges = store.measured_edges()
    ways = {**COMPARE_BY, **({BY_EDGE: "absorption edge"} if len(edges) > 1 else {})}
    left, right = st.columns([1, 2])
    by = left.selectbox(
        "Side by side",
        ["", *ways],
        format_func=lambda each: ways.get(each, "all together"),
        key="by",
        bind="query-params",
    )
    if not by:
        return whole
    if by == BY_EDGE and not states:
        right.info("Structure is the same at every absorption edge, so all images are shown together.")
        return whole
    known = edges if by == BY_EDGE else known_groups(whole.together, by)
    chosen = right.multiselect(
        f"Groups ({ways[by]})",
        known,
        key=f"by_{by}",
        bind="query-params",
        max_selections=MOST_SIDE_BY_SIDE,
        placeholder=f"the first {MOST_SIDE_BY_SIDE}" if len(known) > MOST_SIDE_BY_SIDE else "all",
    )
    if not known:
        right.info(f"These images have no {ways[by]}, so all are shown together.")
        return whole
    return look_at(by, tuple(chosen or known[:MOST_SIDE_BY_SIDE]))


def _show_counts(view: View) -> None:
    """Lay out the numbers of images and particles; names are shown unchanged."""
    for name, tables in view.parts.items():
        nmc = tables.nmc
        measured = int(nmc["soc_ev"].notna().sum())
        about = f"{name}: " if view.groups else ""
        st.text(
            f"{about}{len(nmc):,} {view.legend.write('{actives}')} in {_count(len(tables.images), 'image')} of "
            f"{_count(tables.images['sample'].nunique(), 'sample')}, {measured:,} with a measured state, "
            f"{int(nmc['at_tpb'].sum()):,} in TPBs, {int(nmc['has_concurrent_channel'].sum()):,} with concurrent "
            f"channels, {int(nmc['has_touching_channel'].sum()):,} with touching channels"
        )
        for sentence in describe_equal_images(tables.images):
            st.text(f"{about}{sentence}")


def _show_what_is_tested(view: View) -> None:
    """Say which states are left out of tests and figures, and what the heterogeneity contains."""
    for name, tables in view.parts.items():
        flagged = int(flagged_states(tables.nmc, "soc_ev").sum())
        left_out = f"{flagged:,} states are flagged and left out of tests and figures. " if flagged else ""
        said = left_out + " ".join(describe_spread(tables.nmc))
        if said:
            st.text(f"{name}: {said}" if view.groups else said)


def _count(n: int, thing: str) -> str:
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"
