"""The report: every figure and table of the paper, and what stands beside them, from one reading.

`build_report` is a pure function of the selections' tables; `cathograph.analysis.report.page` writes what
it gives. Several selections stand side by side: figures have one panel each on the same axes,
tables one block of rows each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from cathograph.analysis.figures.field.data import field_graph_data
from cathograph.analysis.figures.field.printed import draw_field_graph
from cathograph.analysis.figures.figure import STATE_NOTE, size_column
from cathograph.analysis.figures.group_boxes.printed import draw_group_boxes
from cathograph.analysis.figures.metric_correlations.printed import draw_correlation_map, draw_top_metrics
from cathograph.analysis.figures.nearest_nmc.printed import draw_nearest_connection
from cathograph.analysis.figures.pixel_figures import PixelFigures
from cathograph.analysis.figures.pixel_histograms.printed import draw_grey_values, draw_particle_energies
from cathograph.analysis.figures.predicted_against_measured.data import newest_model
from cathograph.analysis.figures.predicted_against_measured.printed import draw_predicted_against_measured
from cathograph.analysis.figures.printed_style import Plate
from cathograph.analysis.figures.size_confounder.printed import draw_size_confounder
from cathograph.analysis.figures.tpb_size.printed import draw_nmc_size_by_tpbs, draw_tpb_size
from cathograph.analysis.report.tables import ReportTable, provenance_tables, result_tables
from cathograph.analysis.statistics.electrode_statistics import compute_electrode_statistics
from cathograph.analysis.statistics.group_comparison import compare_groups
from cathograph.analysis.statistics.logarithm import Log
from cathograph.analysis.tables.electrode_tables import METRICS, PARTICLE, ElectrodeTables
from cathograph.analysis.tables.particle_table import EXPOSURES, STATES, flagged_states
from cathograph.analysis.tables.selection_tables import stack_selections


@dataclass(frozen=True, eq=False)
class Report:
    """What a report holds.

    Attributes
    ----------
    title : str
        Heading.
    plates : tuple of Plate
        Figures in the order of the paper.
    tables : tuple of ReportTable
        Tables in the order of the paper, then ours.
    sentences, correlation_sentences : Mapping
        Results in plain language, by selection: of the group comparisons, and of the correlations.
    notes : tuple of str
        What a reader must know before comparing.
    provenance : tuple of ReportTable
        Images, segmentations, measurements.
    parameters : Mapping
        How all that was computed.
    """

    title: str
    plates: tuple[Plate, ...]
    tables: tuple[ReportTable, ...]
    sentences: Mapping[str, tuple[str, ...]]
    correlation_sentences: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]
    provenance: tuple[ReportTable, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)


def build_report(
    selections: Mapping[str, ElectrodeTables],
    *,
    title: str,
    parameters: Mapping[str, str] | None = None,
    log: Log = "log1p",
    draws: int = 1999,
    seed: int = 0,
    pixels: PixelFigures | None = None,
    predictions: pd.DataFrame | None = None,
) -> Report:
    """Compute all figures and tables.

    Parameters
    ----------
    selections : Mapping
        Tables by name of the selection, at least one, in the order of the panels.
    title : str
        Heading.
    parameters : Mapping, optional
        Further lines of provenance: versions, store, date.
    log : {"log1p", "ln"}
        Logarithm of Tables S2 and S3.
    draws, seed : int
        Of bootstrap and permutation.
    pixels : PixelFigures, optional
        Figures of pixels, which come from files and not from tables; left out without.
    predictions : DataFrame, optional
        Rows of the query `predictions`; Fig. 6 shows those of the newest model, and is left out without any.

    Raises
    ------
    InputError
        When a table lacks a column or holds what it must not.
    """
    names = list(selections)
    sizes = {name: size_column(tables.nmc) for name, tables in selections.items()}
    statistics = {
        name: compute_electrode_statistics(
            tables.nmc, metrics=list(METRICS), size=sizes[name], log=log, draws=draws, seed=seed
        )
        for name, tables in selections.items()
    }
    by_size = {
        name: pd.DataFrame(
            [compare_groups(tables.nmc, sizes[name], "at_tpb", draws=draws, seed=seed).row()]
        ).assign(figure="4d")
        for name, tables in selections.items()
    }

    def together(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        return stack_selections(parts, names)

    s1 = together({name: each.group_comparisons for name, each in statistics.items()})
    correlations = together({name: each.correlations for name, each in statistics.items()})
    s8 = together({name: each.size_adjusted for name, each in statistics.items()})
    nmc = together({name: tables.nmc for name, tables in selections.items()})
    compared = pd.concat([together(by_size), s1], ignore_index=True)
    plates = (
        *_graphs(pixels, names),
        draw_tpb_size(together({name: tables.tpbs for name, tables in selections.items()})),
        draw_nmc_size_by_tpbs(nmc),
        draw_nearest_connection(together({name: tables.nearest for name, tables in selections.items()})),
        *(draw_group_boxes(nmc, compared, exposure) for exposure in EXPOSURES),
        draw_correlation_map(correlations),
        *(draw_top_metrics(nmc, correlations, state) for state in STATES),
        draw_size_confounder(nmc, s8),
        *((draw_grey_values(pixels.grey), draw_particle_energies(pixels.energies)) if pixels else ()),
        *_predicted(selections, predictions, names),
    )
    return Report(
        title=title,
        plates=plates,
        tables=result_tables(selections, statistics, together(by_size), s1, s8, correlations, names),
        sentences={
            name: each.sentences[: -len(each.correlations) or None] for name, each in statistics.items()
        },
        correlation_sentences={
            name: each.sentences[len(each.sentences) - len(each.correlations) :]
            for name, each in statistics.items()
        },
        notes=_notes(selections, has_model=predictions is not None and len(predictions) > 0),
        provenance=provenance_tables(selections, names),
        parameters={
            "logarithm of S2 and S3": log,
            "bootstrap and permutation": f"{draws} draws, seed {seed}",
            **{f"clusters of {name}": each.clusters for name, each in statistics.items()},
            **(parameters or {}),
        },
    )


def _graphs(pixels: PixelFigures | None, names: Sequence[str]) -> tuple[Plate, ...]:
    """Draw the graph over one image of each selection."""
    if pixels is None:
        return ()
    several = len(pixels.graphs) > 1
    plates = []
    for number, name in enumerate((each for each in names if each in pixels.graphs), start=1):
        graph = pixels.graphs[name]
        data = field_graph_data(
            graph, selection=name if several else "", number=number, missing=pixels.why_no_graph
        )
        plates.append(draw_field_graph(graph, data))
    return tuple(plates)


def _predicted(
    selections: Mapping[str, ElectrodeTables], predictions: pd.DataFrame | None, names: Sequence[str]
) -> tuple[Plate, ...]:
    """Draw Fig. 6 of the newest model; nothing where no model has predicted anything."""
    if predictions is None or predictions.empty:
        return ()
    newest = newest_model(predictions)
    parts = {
        name: newest.merge(tables.nmc[PARTICLE], on=PARTICLE, how="inner")
        for name, tables in selections.items()
    }
    return (draw_predicted_against_measured(stack_selections(parts, names)),)


def _notes(selections: Mapping[str, ElectrodeTables], *, has_model: bool) -> tuple[str, ...]:
    notes = [STATE_NOTE]
    images = pd.concat([tables.images for tables in selections.values()], ignore_index=True)
    radii = images["radius_um"]
    if len(radii) and radii.max() - radii.min() > 1e-9 * radii.max():
        notes.append(
            f"Contacts were found at radii from {radii.min():.3g} to {radii.max():.3g} µm: counts of contacts, TPBs "
            "and channels of these images are not alike."
        )
    if len(images["ndim"].unique()) > 1:
        notes.append("2D and 3D images are mixed; sizes are areas, and 3D particles have none.")
    methods = pd.concat([tables.measurements["params"] for tables in selections.values()]).unique()
    if len(methods) > 1:
        notes.append(
            f"Energy maps were read in {len(methods)} different ways (window, reference, peaks): their "
            "states are not alike."
        )
    for name, tables in selections.items():
        measured = int(tables.nmc["soc_ev"].notna().sum())
        if measured == 0:
            notes.append(f"{name}: no NMC has a measured state (no energy map), so only structure is shown.")
        elif measured < len(tables.nmc):
            notes.append(
                f"{name}: {len(tables.nmc) - measured} of {len(tables.nmc)} NMC have no measured state."
            )
        flagged = int(flagged_states(tables.nmc, "soc_ev").sum())
        if flagged:
            notes.append(
                f"{name}: the states of {flagged} of {measured} measured NMC are flagged (too few valid pixels, or "
                "too many outside of the window); they are left out of all tests and figures of states."
            )
        without = int(tables.nmc["degree"].isna().sum())
        if without:
            notes.append(
                f"{name}: {without} NMC have no network metrics yet; run `cathograph metrics` and then this again."
            )
        if len(tables.images) == 1:
            notes.append(
                f"{name}: one image. Nothing can be said of how images differ; p values describe it alone."
            )
    overlap = _shared_images(selections)
    if overlap:
        notes.append(f"{overlap} images are in more than one selection: these are not independent.")
    if not has_model:
        notes.append("Fig. 6 needs a trained model: `cathograph gnn train`, then `cathograph gnn predict`.")
    return tuple(notes)


def _shared_images(selections: Mapping[str, ElectrodeTables]) -> int:
    images = pd.concat(
        [tables.images[["sample", "image"]].drop_duplicates() for tables in selections.values()],
        ignore_index=True,
    )
    return len(images[images.duplicated()].drop_duplicates())
