"""The contacts and neighbours that drive the prediction for one particle, drawn over its image.

Contacts are lines between centroids; their width and colour, and the fill of the neighbours, show the contribution.
Red raises the predicted state and blue lowers it, on one scale for both. Without the label image, particles are drawn
as circles of their equivalent diameter, because the store has no pixels.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import label_of
from cathograph.analysis.figures.printed_style import PAGE_MM, SMALL_PT, add_note, make_panels, write_texts
from cathograph.analysis.tables.particle_table import require_columns
from cathograph.schema.composites import Composite

_MARGIN_PX = 12.0
_GREY = (0.88, 0.88, 0.88)


def draw_explanation(
    particles: pd.DataFrame,
    contacts: pd.DataFrame,
    neighbours: pd.DataFrame,
    *,
    label: int,
    target: str,
    pixel_size_um: float,
    composite: Composite,
    labels: NDArray[np.integer] | None = None,
) -> Figure:
    """Draw which contacts and neighbours drive a prediction.

    Parameters
    ----------
    particles : DataFrame
        All particles of the image: ``label``, ``phase``, ``centroid_y``, ``centroid_x`` (pixels),
        ``equivalent_diameter_um``.
    contacts : DataFrame
        ``label_a``, ``label_b``, ``contribution_ev``.
    neighbours : DataFrame
        ``label``, ``contribution_ev``.
    label : int
        Label of the particle whose prediction is explained.
    target : str
        The predicted state.
    pixel_size_um : float
        Edge of a pixel in µm.
    composite : Composite
        That of the image: names and colours of the phases.
    labels : ndarray of int, shape (y, x), optional
        Label image; for a 3D image, particles are drawn as circles in the (y, x) plane.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(particles, ("label", "phase", "centroid_y", "centroid_x", "equivalent_diameter_um"))
    require_columns(contacts, ("label_a", "label_b", "contribution_ev"))
    require_columns(neighbours, ("label", "contribution_ev"))
    strongest = max(
        [1e-12, *contacts["contribution_ev"].abs(), *neighbours["contribution_ev"].abs()],
    )
    norm = TwoSlopeNorm(0.0, -strongest, strongest)
    colours = ScalarMappable(norm, "RdBu_r")
    by_label = particles.set_index("label")
    figure, panels = make_panels(1, 1, width_mm=PAGE_MM, height_mm=140)
    axis = panels[0][0]
    shown = [label, *neighbours["label"]]
    fill = dict(zip(neighbours["label"], neighbours["contribution_ev"], strict=True))
    if labels is not None and labels.ndim == 2:
        _draw_regions(axis, labels, label, fill, colours)
    else:
        _draw_circles(axis, by_label, label, fill, colours, pixel_size_um, composite)
    _draw_contacts(axis, by_label, contacts, colours, strongest)
    place = by_label.loc[label]
    axis.plot(
        place["centroid_x"], place["centroid_y"], "*", color="black", markersize=13, markeredgecolor="white"
    )
    shape = labels.shape if labels is not None and labels.ndim == 2 else None
    _frame(axis, by_label.loc[shown], pixel_size_um, shape)
    figure.colorbar(colours, ax=axis, label=f"contribution to {label_of(target)}", shrink=0.8)
    write_texts(axis, title=f"Explanation of the prediction for {place['phase']} {label} (star)")
    add_note(
        figure,
        "The contribution of a contact (line) or neighbour (filled) is how much lower the prediction is without it. "
        "This explains the model, not the electrode.",
    )
    return figure


def _draw_regions(
    axis: Axes, labels: NDArray[np.integer], label: int, fill: dict[int, float], colours: ScalarMappable
) -> None:
    size = int(labels.max()) + 1
    table = np.full((size, 3), _GREY)
    table[0] = 1.0
    for one, value in fill.items():
        table[one] = colours.to_rgba(np.array([value]))[0, :3]
    table[label] = (1.0, 0.85, 0.3)
    axis.imshow(table[labels], interpolation="nearest")
    edges = np.zeros(labels.shape, dtype=bool)
    edges[:-1] |= labels[:-1] != labels[1:]
    edges[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    axis.imshow(np.dstack([np.zeros((*labels.shape, 3)), 0.5 * edges]), interpolation="nearest")


def _draw_circles(
    axis: Axes,
    particles: pd.DataFrame,
    label: int,
    fill: dict[int, float],
    colours: ScalarMappable,
    pixel_size_um: float,
    composite: Composite,
) -> None:
    outline = {phase.name: phase.colour for phase in composite.phases}
    for one, row in particles.iterrows():
        radius_px = float(row["equivalent_diameter_um"]) / pixel_size_um / 2
        face = _GREY
        if one in fill:
            face = tuple(colours.to_rgba(np.array([fill[int(str(one))]]))[0, :3])
        elif one == label:
            face = (1.0, 0.85, 0.3)
        axis.add_patch(
            Circle(
                (row["centroid_x"], row["centroid_y"]), radius_px, facecolor=face, alpha=0.9,
                edgecolor=outline[str(row["phase"])], linewidth=1.5,
            )
        )  # fmt: skip
    for phase, colour in outline.items():
        axis.plot(
            [], [], "o", markerfacecolor="none", markeredgecolor=colour, markeredgewidth=1.5, label=phase
        )
    axis.legend(fontsize=SMALL_PT, loc="upper right")


def _draw_contacts(
    axis: Axes, particles: pd.DataFrame, contacts: pd.DataFrame, colours: ScalarMappable, strongest: float
) -> None:
    places = particles[["centroid_x", "centroid_y"]]
    # The strongest contacts are drawn last, on top of the others.
    ordered = contacts.iloc[::-1]
    ends = np.stack(
        [places.loc[ordered["label_a"]].to_numpy(), places.loc[ordered["label_b"]].to_numpy()], axis=1
    )
    share = (ordered["contribution_ev"].abs() / strongest).to_numpy()
    for widths, colour in (
        (0.7 + 5 * share, "black"),
        (0.3 + 4.2 * share, colours.to_rgba(ordered["contribution_ev"].to_numpy())),
    ):
        axis.add_collection(LineCollection(list(ends), linewidths=widths, colors=colour, capstyle="round"))


def _frame(axis: Axes, shown: pd.DataFrame, pixel_size_um: float, shape: tuple[int, ...] | None) -> None:
    """Limit the view to the surroundings of the particle, within the image, and add a scale bar."""
    radius = shown["equivalent_diameter_um"].to_numpy() / pixel_size_um / 2
    x, y = shown["centroid_x"].to_numpy(), shown["centroid_y"].to_numpy()
    left, right = (x - radius).min() - _MARGIN_PX, (x + radius).max() + _MARGIN_PX
    top, bottom = (y - radius).min() - _MARGIN_PX, (y + radius).max() + _MARGIN_PX
    if shape is not None:
        left, top = max(left, -0.5), max(top, -0.5)
        right, bottom = min(right, shape[1] - 0.5), min(bottom, shape[0] - 0.5)
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)
    axis.set_aspect("equal")
    axis.set_xticks([])
    axis.set_yticks([])
    length_um = float(f"{(right - left) * pixel_size_um / 4:.0e}")
    start = left + _MARGIN_PX / 2
    axis.plot(
        [start, start + length_um / pixel_size_um], [bottom - _MARGIN_PX / 2] * 2, color="black", linewidth=3
    )
    axis.text(start, bottom - _MARGIN_PX, f"{length_um:g} µm", fontsize=SMALL_PT, va="bottom")
