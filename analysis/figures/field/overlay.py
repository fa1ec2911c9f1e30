"""The graph drawn over its image: grey, regions, particles and contacts (paper Figs. 2, 4c, 5b).

Three panels of one field of view. Contacts are collections, not single lines, so that ten
thousand of them draw in a moment; TPBs are ringed where their three regions meet (those that are
triangles only meet nowhere and have no ring); concurrent channels are dashed.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from skimage.segmentation import find_boundaries

from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE
from cathograph.schema.phases import NMC

_MOST_CHANNELS_DRAWN = 400
"""Above this many pairs the dashed lines would hide the image; the title then says so."""


def draw_graph_over_image(
    labels: NDArray[np.integer],
    particles: pd.DataFrame,
    contacts: pd.DataFrame,
    junctions: pd.DataFrame,
    channels: pd.DataFrame,
    *,
    pixel_size_um: float,
    grey: NDArray[np.floating] | None = None,
    title: str = "",
) -> Figure:
    """Draw grey image, regions by phase, and the graph over them, side by side.

    Parameters
    ----------
    labels : ndarray of int, shape (y, x)
        Label image, 0 is background.
    particles : DataFrame
        Columns ``label``, ``phase``, ``centroid_y``, ``centroid_x`` (pixels).
    contacts : DataFrame
        Columns ``a``, ``b`` (labels), ``weight`` (0 to 1).
    junctions : DataFrame
        One row per junction of a TPB; columns ``y``, ``x`` (pixels).
    channels : DataFrame
        Columns ``nmc_a``, ``nmc_b`` (labels).
    pixel_size_um : float
        For the scale bar, in µm.
    grey : ndarray of float, shape (y, x), optional
        The image that was segmented; without it there are two panels.
    title : str
        Above the panels.

    Returns
    -------
    Figure
        To be saved by the caller; not registered with pyplot, so nothing stays open.
    """
    panels = 3 if grey is not None else 2
    height_px, width_px = labels.shape
    panel_width = 5.2
    figure = Figure(
        figsize=(panels * panel_width, panel_width * height_px / width_px + 1.0), layout="constrained"
    )
    axes = list(figure.subplots(1, panels))
    coloured = colour_by_phase(labels, particles)
    if grey is not None:
        low, high = np.percentile(grey, (0.5, 99.5))
        axes[0].imshow(grey, cmap="gray", vmin=low, vmax=high)
        axes[0].set_title("X-ray image")
    regions, graph = axes[-2], axes[-1]
    outlined = coloured.copy()
    inner = find_boundaries(labels, mode="inner")
    outlined[inner & (labels > 0)] *= 0.55
    regions.imshow(outlined)
    counts = particles["phase"].value_counts()
    regions.set_title(", ".join(f"{counts.get(phase, 0)} {phase}" for phase in SSB_CATHODE.phases))
    graph.imshow(0.35 * coloured + 0.65)
    _draw_graph(graph, particles, contacts, junctions, channels)
    for axis in axes:
        axis.set_axis_off()
    _draw_scale_bar(axes[0], labels.shape, pixel_size_um)
    if title:
        figure.suptitle(title, fontsize=13, parse_math=False)
    figure.legend(handles=_legend(), loc="outside lower center", ncols=7, frameon=False)
    return figure


def colour_by_phase(labels: NDArray[np.integer], particles: pd.DataFrame) -> NDArray[np.float64]:
    """Colour a label image by phase.

    Returns
    -------
    ndarray of float64, shape (y, x, 3)
        Red, green, blue between 0 and 1.
    """
    known = np.sort(particles["label"].to_numpy())
    by_label: Mapping[int, str] = dict(zip(particles["label"], particles["phase"], strict=True))
    palette = np.array(
        [
            to_rgb(BACKGROUND_PHASE.colour),
            *(to_rgb(SSB_CATHODE.phase(by_label[label]).colour) for label in known),
        ]
    )
    position = np.searchsorted(known, labels, side="left")
    inside = position < len(known)
    hit = np.zeros(labels.shape, dtype=bool)
    hit[inside] = known[position[inside]] == labels[inside]
    return np.asarray(palette[np.where(hit, position + 1, 0)])


def _draw_graph(
    axis: Axes,
    particles: pd.DataFrame,
    contacts: pd.DataFrame,
    junctions: pd.DataFrame,
    channels: pd.DataFrame,
) -> None:
    place = particles.set_index("label")[["centroid_x", "centroid_y"]]
    if len(contacts):
        lines = np.stack([place.loc[contacts["a"]].to_numpy(), place.loc[contacts["b"]].to_numpy()], axis=1)
        widths = 0.5 + 2.0 * np.sqrt(contacts["weight"].to_numpy(dtype=float))
        axis.add_collection(LineCollection(list(lines), linewidths=widths, colors="#555555", alpha=0.45))
    shown = channels.head(_MOST_CHANNELS_DRAWN)
    if len(shown):
        lines = np.stack([place.loc[shown["nmc_a"]].to_numpy(), place.loc[shown["nmc_b"]].to_numpy()], axis=1)
        axis.add_collection(
            LineCollection(list(lines), linewidths=1.1, colors="#d55e00", linestyles=(0, (4, 3)), alpha=0.8)
        )
    for phase in SSB_CATHODE.phases:
        rows = particles[particles["phase"] == phase]
        axis.scatter(
            rows["centroid_x"], rows["centroid_y"],
            s=42 if phase is NMC else 14,
            color=phase.colour, edgecolors="black", linewidths=0.6, zorder=3,
        )  # fmt: skip
    axis.scatter(
        junctions["x"], junctions["y"],
        s=90, facecolors="none", edgecolors="#cc79a7", linewidths=1.6, zorder=4,
    )  # fmt: skip
    note = f", first {_MOST_CHANNELS_DRAWN} drawn" if len(channels) > _MOST_CHANNELS_DRAWN else ""
    axis.set_title(
        f"{len(contacts)} contacts, {len(junctions)} TPB junctions, {len(channels)} channels{note}"
    )


def _legend() -> list[Line2D]:
    dots = [
        Line2D(
            [],
            [],
            marker="o",
            linestyle="",
            markerfacecolor=phase.colour,
            markeredgecolor="black",
            label=phase,
        )
        for phase in SSB_CATHODE.phases
    ]
    return [
        *dots,
        Line2D([], [], color="#555555", alpha=0.6, label="contact"),
        Line2D([], [], color="#d55e00", linestyle=(0, (4, 3)), label="concurrent channel"),
        Line2D(
            [], [], marker="o", linestyle="", markerfacecolor="none", markeredgecolor="#cc79a7", markersize=9,
            label="TPB junction",
        ),
    ]  # fmt: skip


def _draw_scale_bar(axis: Axes, shape: tuple[int, ...], pixel_size_um: float) -> None:
    """Draw a bar of a round length, about a fifth of the width."""
    target_um = 0.2 * shape[1] * pixel_size_um
    power = 10.0 ** np.floor(np.log10(target_um))
    length_um = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= target_um)
    y, x = 0.95 * shape[0], 0.04 * shape[1]
    axis.plot([x, x + length_um / pixel_size_um], [y, y], color="white", linewidth=5, solid_capstyle="butt")
    axis.plot([x, x + length_um / pixel_size_um], [y, y], color="black", linewidth=3, solid_capstyle="butt")
    axis.text(
        x, y - 0.02 * shape[0], f"{length_um:g} µm", fontsize=10, va="bottom",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
    )  # fmt: skip
