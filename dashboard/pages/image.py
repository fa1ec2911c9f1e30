"""The page Image: the pixels of one image, its graph, and the properties of the selected particle."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.field import (
    MOST_CHANNELS,
    FieldGraph,
    FieldTables,
    Layers,
    field_graph_data,
    has_many_rings,
    plot_field,
    whole_window,
)
from cathograph.analysis.figures.figure import label_of
from cathograph.analysis.figures.phase_legend import PhaseLegend, in_sentence
from cathograph.dashboard.session import store
from cathograph.dashboard.session.address import VIEW
from cathograph.dashboard.session.field import (
    MOST_CHANNEL_PAIRS,
    Field,
    Plane,
    field_of,
    particle_at,
    plane_of,
    points_of,
    raster_of,
)
from cathograph.dashboard.session.image_pixels import ImagePixels, look_again, pixels_of
from cathograph.dashboard.session.selection import current_selection, image_ids
from cathograph.dashboard.widgets.chart_clicks import Window, clickable
from cathograph.dashboard.widgets.downloads import table_downloads
from cathograph.dashboard.widgets.empty_states import show_empty_store, show_nothing_left
from cathograph.dashboard.widgets.expander import show_expander
from cathograph.dashboard.widgets.figures import show_figure, show_figure_downloads
from cathograph.dashboard.widgets.particle_panel import show_particle
from cathograph.dashboard.widgets.plain_text import as_text

if TYPE_CHECKING:
    from cathograph.analysis.figures.printed_style import PrintedFigure

_PARTICLE, _CHART = "particle", "field_view"
_WINDOW = "field_window"
_BASES = {"grey": "X-ray", "phases": "Phases", "energy": "Energy", "measure": "Measure"}
_MEASURE = "measure"
_OUTLINES, _GRAPH, _TPBS, _CHANNELS, _TOUCHING = "Outlines", "Graph", "TPBs", "Channels", "Touching channels"


def page() -> None:
    """Lay out the page."""
    st.title("Image")
    if store.images().empty:
        show_empty_store()
        return
    images = store.images(current_selection())
    if images.empty:
        show_nothing_left()
        return
    about = _choose_image(images)
    edge = current_selection().edge
    field = field_of(about, edge)
    _show_counts(field)
    pictures = pixels_of(str(about["sample"]), str(about["image"]), edge)
    if isinstance(pictures, str):
        st.warning(
            f"The graph is shown without the pixels of the image: {as_text(pictures)}",
            icon=":material/hide_image:",
        )
        st.button("Try again", on_click=look_again, icon=":material/refresh:")
    left, right = st.columns([2, 1], gap="medium")
    # The particle first: the image highlights the one selected here, and takes longer to draw.
    with right:
        label = st.number_input(
            "Particle", min_value=1, step=1, value=None, key=_PARTICLE, bind="query-params", on_change=_see_all,
            placeholder="click a particle or enter its label",
        )  # fmt: skip
        chosen = int(label) if label is not None and label in field.details.index else None
        if chosen is not None:
            show_particle(field, chosen, pictures, _choose)
        elif label is None:
            st.caption("Click a particle in the image to see its properties.")
        else:
            st.info(f"This image has no particle {label}.", icon=":material/search_off:")
    with left:
        z = _choose_slice(field)
        plane = None if isinstance(pictures, str) else plane_of(pictures, z)
        _show_field(field, plane, z, chosen)
        _show_notes(field, pictures)
        if plane is not None and z is None:
            _offer_figure(field, plane)
    if not isinstance(pictures, str) and pictures.grey is not None:
        _show_grey_values(pictures, field.legend)
    _show_downloads(field)


def _choose_image(images: pd.DataFrame) -> pd.Series:
    by_name = dict(zip(image_ids(images), images.index, strict=True))
    asked = st.session_state.get(VIEW) or st.query_params.get(VIEW)
    if asked not in by_name:
        st.session_state[VIEW] = st.query_params[VIEW] = next(iter(by_name))
    # Without a default, so that the address always names the image: the first one is another one tomorrow.
    name = str(
        st.selectbox(
            "Image",
            list(by_name),
            index=None,
            required=True,
            key=VIEW,
            bind="query-params",
            on_change=_choose,
            args=(None,),
        )
    )
    if asked and asked != name:
        st.info(f"The filter leaves out image {as_text(asked)}, so another one is shown.")
    return images.loc[[by_name[name]]].iloc[0]


def _show_counts(field: Field) -> None:
    about, particles = field.about, field.graph.particles["phase"].value_counts()
    known = field.legend.names_by_role()
    names = [*known, *sorted(set(particles.index) - set(known))]
    counts = ", ".join(f"{particles.get(name, 0)} {in_sentence(name)}" for name in names)
    st.text(
        f"{about['sample']}, image {about['image']}: {counts}, {about['contacts']} contacts, {about['tpbs']} TPBs "
        f"({about['physical_tpbs']} physical), {about['nmc_with_channels']} {field.legend.write('{actives}')} with "
        f"concurrent channels, {about['nmc_with_touching_channels']} with touching channels"
    )


def _choose(label: int | None) -> None:
    st.session_state[_PARTICLE] = label
    _see_all()


def _see_all() -> None:
    """Reset the zoom: a particle selected by its label or from a neighbour may lie outside the visible range."""
    st.session_state.pop(_WINDOW, None)


def _choose_slice(field: Field) -> int | None:
    if len(field.shape) == 2:
        return None
    planes = field.shape[0]
    return int(
        st.slider("Slice (z)", 0, planes - 1, planes // 2, key="z", bind="query-params") if planes > 1 else 0
    )


def _show_field(field: Field, plane: Plane | None, z: int | None, chosen: int | None) -> None:
    key = (store.version(), str(field.about["sample"]), str(field.about["image"]), z)
    graph = field.graph if z is None else _of_slice(field.graph, plane, z)
    base, shown = _choose_layers(plane, field)
    points = points_of((*key, plane is None), graph.particles, plane)
    layers = Layers(
        picture=""
        if plane is None
        else raster_of(
            key,
            base,
            _OUTLINES in shown,
            _TPBS in shown,
            plane,
            graph.junctions,
            field.legend,
            field.details[base] if base in field.measures else None,
        ),
        energy_window_ev=plane.window_ev if plane is not None and base == "energy" else None,
        graph=_GRAPH in shown or plane is None,
        tpbs=_TPBS in shown,
        channels=_CHANNELS in shown,
        touching=_TOUCHING in shown,
    )
    shape = (field.shape[-2], field.shape[-1])
    name = f"{field.about['sample']}-{field.about['image']}"
    seen: tuple[str, Window] | None = st.session_state.get(_WINDOW)
    figure = plot_field(
        graph,
        points,
        layers,
        field.legend,
        shape=shape,
        pixel_size_um=field.pixel_size_um,
        chosen=chosen,
        labels=None if plane is None else plane.labels,
        window_um=seen[1] if seen is not None and seen[0] == name else None,
    )

    def take(x_um: float, y_um: float, window_um: Window) -> None:
        clicked = particle_at(field, plane, x_um, y_um)
        if clicked is not None:
            _choose(clicked)
            st.session_state[_WINDOW] = (name, window_um)

    with clickable(_CHART, take, whole_window(shape, field.pixel_size_um)):
        st.plotly_chart(
            figure,
            # A key per image, so that the zoom of another image is not applied.
            key=f"{_CHART}-{name}",
            config={
                "scrollZoom": True,
                "displaylogo": False,
                "modeBarButtonsToRemove": ["select2d", "lasso2d"],
            },
        )


def _of_slice(graph: FieldTables, plane: Plane | None, z: int) -> FieldTables:
    """Keep the graph of a slice: the particles in it, the contacts among them, and junctions at most one slice away."""
    if plane is None:
        near = (graph.particles["centroid_z"] - z).abs() <= 1
        there = set(graph.particles.loc[near, "label"])
    else:
        there = set(pd.unique(plane.labels.ravel()).tolist())
    return FieldTables(
        graph.particles[graph.particles["label"].isin(there)],
        graph.contacts[graph.contacts["a"].isin(there) & graph.contacts["b"].isin(there)],
        graph.junctions[(graph.junctions["z"] - z).abs() <= 1],
        *(
            pairs[pairs["nmc_a"].isin(there) & pairs["nmc_b"].isin(there)]
            for pairs in (graph.channels, graph.touching)
        ),
    )


def _choose_layers(plane: Plane | None, field: Field) -> tuple[str, list[str]]:
    there = [] if plane is None else [
        base for base, pixels in (("grey", plane.grey), ("phases", plane.phases), ("energy", plane.energy_ev))
        if pixels is not None
    ]  # fmt: skip
    if there and field.measures:
        there.append(_MEASURE)
    over = [*([] if plane is None else [_OUTLINES]), _GRAPH, _TPBS, _CHANNELS, _TOUCHING]
    with st.container(horizontal=True):
        base = "phases"
        if there:
            base = (
                st.segmented_control(
                    "Pixels",
                    there,
                    default=there[0],
                    format_func=lambda each: _BASES[each],
                    key="picture",
                    bind="query-params",
                )
                or there[0]
            )
        if base == _MEASURE:
            base = st.selectbox("Measure", field.measures, format_func=label_of, key="measure")
            known = field.details[base].dropna()
            between = f" Colours from {known.min():.3g} to {known.max():.3g}." if len(known) else ""
            cut = " A 2D image cuts paths that exist in 3D." if len(field.shape) == 2 else ""
            st.caption(f"Grey: no value.{between}{cut}")
        shown = st.pills(
            "Overlay",
            over,
            selection_mode="multi",
            default=[each for each in over if each != _GRAPH],
            key="layers" if plane is not None else "graph_layers",
            bind="query-params",
        )
    return base, list(shown)


def _show_notes(field: Field, pictures: ImagePixels | str) -> None:
    notes = ["Drag to move, scroll to zoom, click a particle to select it."]
    if has_many_rings(field.graph.junctions) and not isinstance(pictures, str):
        notes.append(f"The {len(field.graph.junctions):,} TPB junctions are shown as small rings.")
    pairs = int(field.about["channel_pairs"])
    if pairs > MOST_CHANNEL_PAIRS:
        notes.append(
            f"{pairs:,} pairs of {field.legend.write('{actives}')} have concurrent channels, too many to draw."
        )
    elif pairs > MOST_CHANNELS:
        notes.append(f"{MOST_CHANNELS} of {pairs:,} concurrent channels, chosen at random, are drawn.")
    touching = len(field.graph.touching)
    if touching > MOST_CHANNELS:
        notes.append(f"{MOST_CHANNELS} of {touching:,} touching channels, chosen at random, are drawn.")
    if not isinstance(pictures, str):
        notes.extend(f"{each[0].upper()}{each[1:]}." for each in pictures.missing)
    st.caption(as_text(" ".join(notes)) if "`" in " ".join(notes) else " ".join(notes))


def _offer_figure(field: Field, plane: Plane) -> None:
    """Offer the graph over its image as files (Figs. 2, 4c, 5b)."""
    graph = FieldGraph(
        f"{field.about['sample']}, image {field.about['image']}",
        plane.labels,
        None if plane.grey is None else plane.grey.astype(float),
        field.pixel_size_um,
        field.graph,
        field.legend,
    )
    data = field_graph_data(graph)

    def draw() -> "PrintedFigure":
        from cathograph.analysis.figures.field import draw_field_graph

        return draw_field_graph(graph, data)

    show_figure_downloads(data, draw)


def _show_grey_values(pictures: ImagePixels, legend: PhaseLegend) -> None:
    from cathograph.analysis.figures.pixel_histograms import (
        draw_grey_values,
        grey_value_data,
        plot_grey_values,
    )

    grey, phases = pictures.grey, pictures.phases
    if grey is None:
        return

    def show() -> None:
        data = grey_value_data(grey, phases, legend)  # type: ignore[arg-type]  # grey values are numbers
        show_figure(data, lambda: plot_grey_values(data), lambda: draw_grey_values(data))

    show_expander("Grey values per phase (Fig. S1b)", show, key="grey_values_open")


def _show_downloads(field: Field) -> None:
    def show() -> None:
        table = field.details.reset_index()
        st.dataframe(table, hide_index=True, key="particles")
        table_downloads(table, "particles-of-image")

    show_expander("All particles of this image", show, key="particles_open")
