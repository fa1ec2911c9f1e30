"""One particle on the page Image: its properties, its edge energies, its neighbours and the graph around it."""

import math
from collections.abc import Callable

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.figure import label_of
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.figures.pixel_histograms import energies_by_label, particle_energy_data
from cathograph.dashboard.session.field import Field
from cathograph.dashboard.session.image_pixels import ImagePixels
from cathograph.dashboard.widgets.downloads import table_downloads
from cathograph.dashboard.widgets.expander import show_expander
from cathograph.dashboard.widgets.figures import show_figure_downloads
from cathograph.schema.measures import PARTICLE_MEASURES

_MOST_BUTTONS = 30
_MOST_DRAWN_AROUND = 150

_SHOWN = {
    "Size and shape": (
        "area_um2", "volume_um3", "equivalent_diameter_um", "perimeter_um", "surface_um2", "convexity",
        "touches_border",
    ),
    "State": (
        "soc_ev", "heterogeneity_ev", "polarization_ev", "n_peaks", "n_valid", "dropped_fraction", "missing_fraction",
        "flagged", "reason",
    ),
    "TPBs and channels": (
        "tpbs", "physical_tpbs", "junctions", "has_concurrent_channel", "concurrent_partners", "local_channel_partners",
        "has_touching_channel", "touching_partners",
    ),
    "Network": (
        "degree", "weighted_degree_px", "clustering", "betweenness", "closeness", "eigenvector", "neighbours_nmc",
        "neighbours_sse", "neighbours_graphite", "ionic_betweenness", "ionic_closeness", "electronic_betweenness",
        "electronic_closeness",
    ),
}  # fmt: skip
_LABELS = {"perimeter_um": "perimeter (µm)"}
"""Columns whose label in figures is about something else."""


def show_particle(
    field: Field, label: int, pictures: ImagePixels | str, choose: Callable[[int], None]
) -> None:
    """Lay out everything known about a particle.

    Parameters
    ----------
    field : Field
        Its image.
    label : int
        The particle.
    pictures : ImagePixels or str
        The pixels, or why there are none.
    choose : callable
        Selects another particle; called from a callback.
    """
    about = field.details.loc[[label]].iloc[0]
    phase = str(about["phase"])
    st.markdown(f"#### {phase} {label}")
    is_active = field.legend.look(phase).is_active
    if is_active:
        _show_energies(label, about, pictures, field.legend)
    neighbours = field.neighbours_of(label)
    _show_neighbours(field, neighbours, label, choose)
    _show_numbers(about, field.legend, is_active=is_active)


def _show_numbers(about: pd.Series, legend: PhaseLegend, *, is_active: bool) -> None:
    for title, columns in {**_SHOWN, "Measures": tuple(prop.name for prop in PARTICLE_MEASURES)}.items():
        known = {
            name: about[name] for name in columns if name in about.index and not _is_missing(about[name])
        }
        if not known or (not is_active and title in ("State", "TPBs and channels")):
            continue
        st.dataframe(
            pd.DataFrame(
                {
                    title: [_LABELS.get(name) or label_of(name, legend) for name in known],
                    "value": [_number(value) for value in known.values()],
                }
            ),
            hide_index=True,
            key=f"numbers-{title}",
        )


def _show_energies(label: int, about: pd.Series, pictures: ImagePixels | str, legend: PhaseLegend) -> None:
    if _is_missing(about.get("n_valid")):
        st.caption("No energy map: the state of this particle is not known.")
        return
    if isinstance(pictures, str) or pictures.map_energy_ev is None or pictures.map_labels is None:
        st.caption(
            "The histogram of edge energies needs the file of the energy "
            "map, which was not found. The state is shown below."
        )
        return
    from cathograph.analysis.figures.pixel_histograms import draw_particle_energies, plot_particle_energies

    energies, labels, window = pictures.map_energy_ev, pictures.map_labels, pictures.window_ev
    if window is None or not (labels == label).any():
        st.caption("The energy map does not cover this particle.")
        return
    data = particle_energy_data(energies_by_label(energies, labels, [label]), window_ev=window, legend=legend)
    ((panel,),) = plot_particle_energies(data)
    st.plotly_chart(panel, key="energies", config={"displayModeBar": False})
    st.caption(data.caption)
    show_figure_downloads(data, lambda: draw_particle_energies(data))


def _show_neighbours(
    field: Field, neighbours: pd.DataFrame, label: int, choose: Callable[[int], None]
) -> None:
    st.markdown(f"**{len(neighbours)} neighbour{'' if len(neighbours) == 1 else 's'}**")
    if neighbours.empty:
        st.caption("It has no contact with another particle.")
        return
    with st.container(horizontal=True, gap="small"):
        for kind, other in neighbours[["phase", "neighbour"]].head(_MOST_BUTTONS).to_numpy().tolist():
            st.button(
                f"{kind} {other}",
                key=f"neighbour-{other}",
                on_click=choose,
                args=(int(other),),
            )
    if len(neighbours) > _MOST_BUTTONS:
        st.caption(f"The {_MOST_BUTTONS} largest contacts are shown; the table below has all.")
    if len(neighbours) <= _MOST_DRAWN_AROUND:
        _show_surroundings(field, label, choose)
    show_expander("Contacts", lambda: _show_contacts(neighbours), key="contacts_open")


def _show_contacts(neighbours: pd.DataFrame) -> None:
    st.dataframe(neighbours, hide_index=True, key="contacts")
    table_downloads(neighbours, "contacts-of-particle")


def _show_surroundings(field: Field, label: int, choose: Callable[[int], None]) -> None:
    from cathograph.analysis.figures.field import plot_surroundings

    figure, labels = plot_surroundings(field.graph, label, field.legend, pixel_size_um=field.pixel_size_um)
    key = f"surroundings-{label}"

    def take() -> None:
        chosen = _clicked_point(key)
        if chosen is not None and chosen < len(labels):
            choose(labels[chosen])

    st.plotly_chart(
        figure, key=key, on_select=take, selection_mode="points", config={"displayModeBar": False}
    )
    st.caption("The particle and its neighbours at their positions. Click one to select it.")


def _clicked_point(key: str) -> int | None:
    """Give the index of the clicked point, if it belongs to the first trace."""
    state = st.session_state.get(key)
    points = state["selection"]["points"] if state else []
    return next((int(point["point_index"]) for point in points if point["curve_number"] == 0), None)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _number(value: object) -> str:
    if isinstance(value, bool) or str(value) in ("True", "False"):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}" if 1000 <= abs(value) < 1e6 else f"{value:.4g}"
    return str(value)
