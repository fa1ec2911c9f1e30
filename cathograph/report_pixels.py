"""The pixels that a report shows: of a few images per selection and a few of their particles (Figs. 2, S1b, S4).

The store has no pixels, so the files are read again, but only as many as a figure needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.field import FIELD_QUERIES, FieldGraph, FieldTables
from cathograph.analysis.figures.figure import FigureData
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.figures.pixel_figures import PixelFigures
from cathograph.analysis.figures.pixel_histograms import (
    energies_by_label,
    grey_value_data,
    particle_energy_data,
)
from cathograph.analysis.report.report import legend_of
from cathograph.analysis.tables.selection_tables import stack_selections
from cathograph.ingest.options import renamed
from cathograph.ingest.stored.field_pictures import FieldPictures, read_field
from cathograph.notebook import query
from cathograph.schema.composites import BACKGROUND_PHASE
from cathograph.schema.errors import InputError, InputImageError

if TYPE_CHECKING:
    from cathograph.analysis.tables.electrode_tables import ElectrodeTables
    from cathograph.queries.server.connection import Connection

IMAGES = 6
"""Most images read per selection, evenly spaced over its list."""
PARTICLES = 4
"""Particles shown per selection, from the lowest to the highest heterogeneity in those images."""
_MOST_PIXELS = 32_000_000
_FLAGS = {"files": "--files"}
"""Fields that messages of ingest name, and the options of ``cathograph report`` for them."""


def read_pixels(
    store: "Connection",
    selections: "Mapping[str, ElectrodeTables]",
    folders: Sequence[Path] = (),
    structure: "Mapping[str, ElectrodeTables] | None" = None,
) -> PixelFigures:
    """Read the pixels of some images of each selection.

    Parameters
    ----------
    store : Connection
        Where the images are.
    selections : Mapping
        Tables by name of the selection.
    folders : sequence of Path
        Where to look for files that were moved after the ingest.
    structure : Mapping, optional
        As for `cathograph.analysis.report.report.build_report`: the selections whose phases are shown.
    """
    legend = legend_of(selections)
    structure = structure or selections
    grey, energies, graphs = {}, {}, {}
    reasons: list[str] = []
    for name, tables in {**structure, **selections}.items():
        fields, reason = _read_some(store, tables.images, tables.edge, folders)
        reasons += reason
        if name in structure:
            grey[name] = _grey_values(list(fields.values()), legend)
            graphs[name] = _graph(store, fields)
        if name in selections:
            energies[name] = _energies(fields, tables.nmc, legend)
    why = f" ({reasons[0]})" if reasons else ""
    return PixelFigures(
        _together(grey, f"None of these images has an X-ray image{why}."),
        _together(energies, f"None of these images has an energy map{why}."),
        graphs,
        f"No 2D image of this selection could be read{why}.",
    )


def _together(parts: Mapping[str, FigureData], missing: str) -> FigureData:
    names = list(parts)
    table = stack_selections({name: data.table for name, data in parts.items()}, names)
    return replace(parts[names[0]], table=table, missing=missing if table.empty else "")


def _read_some(
    store: "Connection", images: pd.DataFrame, edge: str | None, folders: Sequence[Path]
) -> tuple[dict[tuple[str, str], FieldPictures], list[str]]:
    """Read images evenly spaced over the list; images whose files cannot be read are left out, with the reason."""
    places = list(images[["sample", "image"]].drop_duplicates().itertuples(index=False, name=None))
    chosen = np.unique(np.linspace(0, len(places) - 1, min(IMAGES, len(places))).round().astype(int))
    fields: dict[tuple[str, str], FieldPictures] = {}
    reasons, pixels = [], 0
    for sample, image in (places[index] for index in chosen):
        if pixels > _MOST_PIXELS:
            break
        try:
            field = read_field(store, sample=sample, image=image, edge=edge, folders=folders)
        except (InputError, InputImageError) as error:
            reasons.append(renamed(str(error), _FLAGS))
            continue
        fields[sample, image] = field
        pixels += field.image.labels.size
    return fields, reasons


def _grey_values(fields: Sequence[FieldPictures], legend: PhaseLegend) -> FigureData:
    """Pool the grey values of all images that have the data type of the first, by the names of the phases."""
    phases = dict(enumerate([BACKGROUND_PHASE.name, *(look.name for look in legend.looks())]))
    grey = [(field.grey, _renumber(field, phases)) for field in fields if field.grey is not None]
    alike = [(values, numbers) for values, numbers in grey if values.dtype == grey[0][0].dtype]
    if not alike:
        return grey_value_data(np.array([np.nan]), np.array([0]), legend)
    return grey_value_data(
        np.concatenate([values.ravel() for values, _ in alike]),
        np.concatenate([numbers.ravel() for _, numbers in alike]),
        legend,
        names=phases,
    )


def _renumber(field: FieldPictures, phases: Mapping[int, str]) -> NDArray[np.uint8]:
    """Give the number of the phase of each pixel in `phases`; one code can be another phase in each composite."""
    numbers = {name: number for number, name in phases.items()}
    number_of_code = np.zeros(256, np.uint8)
    for phase in field.image.composite.phases:
        number_of_code[phase.code] = numbers[phase.name]
    return number_of_code[field.phases]


def _graph(store: "Connection", fields: Mapping[tuple[str, str], FieldPictures]) -> FieldGraph | None:
    """Take the middle one of the 2D images; images with an X-ray image are preferred."""
    flat = {place: field for place, field in fields.items() if field.image.labels.ndim == 2}
    with_grey = {place: field for place, field in flat.items() if field.grey is not None}
    places = list(with_grey or flat)
    if not places:
        return None
    sample, image = places[len(places) // 2]
    field = flat[sample, image]
    return FieldGraph(
        f"{sample}, image {image}",
        field.image.labels,
        None if field.grey is None else field.grey.astype(float),
        field.pixel_size_um,
        FieldTables(*(query(store, name, sample=sample, image=image) for name in FIELD_QUERIES)),
        PhaseLegend((field.image.composite,)),
    )


def _energies(
    fields: Mapping[tuple[str, str], FieldPictures], nmc: pd.DataFrame, legend: PhaseLegend
) -> FigureData:
    measured = nmc[nmc["heterogeneity_ev"].notna()].sort_values("heterogeneity_ev", kind="stable")
    with_map = {place: field.energy for place, field in fields.items() if field.energy is not None}
    there = [
        (sample, image, label)
        for sample, image, label in zip(measured["sample"], measured["image"], measured["label"], strict=True)
        if (sample, image) in with_map
    ]
    chosen = np.unique(np.linspace(0, len(there) - 1, min(PARTICLES, len(there))).round().astype(int))
    parts = []
    for sample, image, label in (there[index] for index in chosen):
        energy = with_map[sample, image]
        ((_, inside),) = energies_by_label(energy.energy_ev, energy.labels, [int(label)])
        parts.append(
            particle_energy_data(
                [(f"{sample}, image {image}, {legend.write('{active}')} {label}", inside)],
                window_ev=energy.window_ev,
                legend=legend,
            )
        )
    if not parts:
        return particle_energy_data([], legend=legend)
    return replace(parts[0], table=pd.concat([part.table for part in parts], ignore_index=True))
