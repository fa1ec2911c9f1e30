"""The report: all figures and tables of the paper and our additions, from the same data.

`build_report` is a pure function of the tables of the selections; `cathograph.analysis.report.page` writes its result.
Several selections are compared side by side: each has its own panel on the same axes and its own rows in the tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from cathograph.analysis.figures.field import draw_field_graph, field_graph_data
from cathograph.analysis.figures.figure import STATE_NOTE, size_column
from cathograph.analysis.figures.group_boxes import draw_group_boxes
from cathograph.analysis.figures.metric_correlations import draw_correlation_map, draw_top_metrics
from cathograph.analysis.figures.nearest_nmc import draw_nearest_connection
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.figures.pixel_figures import PixelFigures
from cathograph.analysis.figures.pixel_histograms import draw_grey_values, draw_particle_energies
from cathograph.analysis.figures.predicted_against_measured import (
    draw_predicted_against_measured,
    newest_model,
)
from cathograph.analysis.figures.printed_style import PrintedFigure
from cathograph.analysis.figures.size_confounder import draw_size_confounder
from cathograph.analysis.figures.tpb_size import draw_nmc_size_by_tpbs, draw_tpb_size
from cathograph.analysis.report.tables import ReportTable, provenance_tables, result_tables
from cathograph.analysis.statistics.electrode_statistics import compute_electrode_statistics
from cathograph.analysis.statistics.group_comparison import compare_groups
from cathograph.analysis.statistics.headlines import Headline, electrode_headlines
from cathograph.analysis.statistics.inside_particles import slope_tests
from cathograph.analysis.statistics.logarithm import Log
from cathograph.analysis.tables.electrode_tables import METRICS, PARTICLE, ElectrodeTables, names_of_edges
from cathograph.analysis.tables.equal_images import describe_equal_images
from cathograph.analysis.tables.particle_states import describe_spread, flagged_states
from cathograph.analysis.tables.particle_table import EXPOSURES, STATES, exposures_of
from cathograph.analysis.tables.selection_tables import stack_of, stack_selections


@dataclass(frozen=True, eq=False)
class Report:
    """The content of a report.

    Attributes
    ----------
    title : str
        Heading.
    figures : tuple of PrintedFigure
        Figures in the order of the paper.
    tables : tuple of ReportTable
        Tables in the order of the paper, then ours.
    headlines : Mapping
        Answers to the questions of the report, by selection.
    notes : tuple of str
        What readers have to know before they compare numbers.
    provenance : tuple of ReportTable
        Images, segmentations, measurements.
    parameters : Mapping
        How the report was computed.
    """

    title: str
    figures: tuple[PrintedFigure, ...]
    tables: tuple[ReportTable, ...]
    headlines: Mapping[str, tuple[Headline, ...]]
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
    structure: Mapping[str, ElectrodeTables] | None = None,
    channel: str = EXPOSURES[1],
) -> Report:
    """Compute all figures and tables.

    Parameters
    ----------
    selections : Mapping
        Tables by name of the selection, at least one, in the order of the panels.
    title : str
        Heading.
    parameters : Mapping, optional
        Further provenance: versions, store, date.
    log : {"log1p", "ln"}
        Logarithm of Tables S2 and S3.
    draws, seed : int
        Number of draws and seed of bootstrap and permutation.
    pixels : PixelFigures, optional
        Figures of pixels, which come from files and not from tables; None leaves them out.
    predictions : DataFrame, optional
        Rows of the query `predictions`; Fig. 6 shows those of the newest model; it is left out if there are none.
    structure : Mapping, optional
        Tables behind the figures of structure, where `selections` has the same images once per absorption edge; by
        default those of `selections`.
    channel : {"has_concurrent_channel", "has_touching_channel"}
        Type of channel in Tables S2 and S3.

    Raises
    ------
    InputError
        When a table lacks a column or contains invalid values.
    """
    names = list(selections)
    structure = structure or selections
    sizes = {name: size_column(tables.nmc) for name, tables in selections.items()}
    statistics = {
        name: compute_electrode_statistics(
            tables.nmc,
            metrics=list(METRICS),
            size=sizes[name],
            log=log,
            draws=draws,
            seed=seed,
            channel=channel,
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
    legend = legend_of(selections)
    figures = (
        *_graphs(pixels, list(structure)),
        draw_tpb_size(stack_of(structure, "tpbs"), legend),
        draw_nmc_size_by_tpbs(stack_of(structure, "nmc"), legend),
        draw_nearest_connection(stack_of(structure, "nearest"), legend),
        *(draw_group_boxes(nmc, compared, exposure, legend) for exposure in exposures_of(nmc)),
        draw_correlation_map(correlations, legend),
        *(draw_top_metrics(nmc, correlations, state, legend) for state in STATES),
        draw_size_confounder(nmc, s8, legend),
        *((draw_grey_values(pixels.grey), draw_particle_energies(pixels.energies)) if pixels else ()),
        *_predicted(selections, predictions, names, legend),
    )
    return Report(
        title=title,
        figures=figures,
        tables=result_tables(
            selections, structure, statistics, together(by_size), s1, s8, correlations, legend, channel
        ),
        headlines={
            name: electrode_headlines(
                each.group_comparisons,
                each.size_adjusted,
                each.correlations,
                slope_tests(selections[name].profiles),
                each.clusters,
            )
            for name, each in statistics.items()
        },
        notes=_notes(
            selections, structure, legend, has_model=predictions is not None and len(predictions) > 0
        ),
        provenance=provenance_tables(selections, structure),
        parameters={
            "logarithm of S2 and S3": log,
            "channel of S2 and S3": channel,
            "bootstrap and permutation": f"{draws} draws, seed {seed}",
            **{f"clusters of {name}": each.clusters for name, each in statistics.items()},
            **(parameters or {}),
        },
    )


def legend_of(selections: Mapping[str, ElectrodeTables]) -> PhaseLegend:
    """Give the legend of the phases in some selections."""
    shown = pd.concat([tables.composites_shown for tables in selections.values()])
    return PhaseLegend.of_rows(shown.drop_duplicates(["composite", "sha256"]))


def _graphs(pixels: PixelFigures | None, names: Sequence[str]) -> tuple[PrintedFigure, ...]:
    """Draw the graph over one image of each selection."""
    if pixels is None:
        return ()
    several = len(pixels.graphs) > 1
    figures = []
    for number, name in enumerate((each for each in names if each in pixels.graphs), start=1):
        graph = pixels.graphs[name]
        data = field_graph_data(
            graph, selection=name if several else "", number=number, missing=pixels.why_no_graph
        )
        figures.append(draw_field_graph(graph, data))
    return tuple(figures)


def _predicted(
    selections: Mapping[str, ElectrodeTables],
    predictions: pd.DataFrame | None,
    names: Sequence[str],
    legend: PhaseLegend,
) -> tuple[PrintedFigure, ...]:
    """Draw Fig. 6 for the newest model of each selection's absorption edge; nothing if there are no predictions."""
    if predictions is None or predictions.empty:
        return ()
    edges = predictions["element"] + " " + predictions["edge"]
    parts = {}
    for name, tables in selections.items():
        newest = newest_model(predictions[edges.isna() | (edges == tables.edge)])
        parts[name] = newest.merge(tables.nmc[PARTICLE], on=PARTICLE, how="inner")
    return (draw_predicted_against_measured(stack_selections(parts, names), legend),)


def _notes(
    selections: Mapping[str, ElectrodeTables],
    structure: Mapping[str, ElectrodeTables],
    legend: PhaseLegend,
    *,
    has_model: bool,
) -> tuple[str, ...]:
    notes = [STATE_NOTE]
    actives = legend.write("{actives}")
    if len(legend.composites) > 1:
        listed = ", ".join(each.name for each in legend.composites)
        notes.append(
            f"The images are of {len(legend.composites)} composites ({listed}): the report pools particles with the "
            "same role. Use --select to report on one composite."
        )
    images = pd.concat([tables.images for tables in structure.values()], ignore_index=True)
    radii = images["radius_um"]
    if len(radii) and radii.max() - radii.min() > 1e-9 * radii.max():
        notes.append(
            f"The contact radii of the images range from {radii.min():.3g} "
            f"to {radii.max():.3g} µm, so their numbers of "
            "contacts, TPBs and channels cannot be compared directly."
        )
    if len(images["ndim"].unique()) > 1:
        notes.append(
            "The selection contains 2D and 3D images. Sizes are areas, so 3D particles have no size."
        )
    measurements = pd.concat([tables.measurements for tables in selections.values()])
    ways = measurements.groupby(["element", "edge"])["params"].nunique()
    edges = names_of_edges(measurements)
    if ways.max() > 1:
        notes.append(
            f"Energy maps were evaluated with {ways.max()} different sets of parameters (window, reference, peaks), "
            "so their states cannot be compared directly."
        )
    if len(edges) > 1:
        notes.append(
            f"States are those of the absorption edges {' and '.join(edges)}, side by side: their energies cannot be "
            "compared with each other. The structure of the images is shown once."
        )
    elif edges:
        notes.append(f"States are those of the absorption edge {edges[0]}.")
    for name, tables in selections.items():
        measured = int(tables.nmc["soc_ev"].notna().sum())
        if measured == 0:
            notes.append(
                f"{name}: no {legend.write('{active}')} has a measured state, so the report shows only structure."
            )
        elif measured < len(tables.nmc):
            notes.append(
                f"{name}: {len(tables.nmc) - measured} of {len(tables.nmc)} {actives} have no measured state."
            )
        flagged = int(flagged_states(tables.nmc, "soc_ev").sum())
        if flagged:
            notes.append(
                f"{name}: the states of {flagged} of {measured} measured NMC are flagged (too few valid pixels, or "
                "too many outside of the window); they are left out of all tests and figures of states."
            )
        notes += [f"{name}: {sentence}" for sentence in describe_spread(tables.nmc)]
    for name, tables in structure.items():
        without = int(tables.nmc["degree"].isna().sum())
        if without:
            notes.append(
                f"{name}: {without} {actives} have no network metrics. Run "
                "`cathograph metrics`, then create the report again."
            )
        if len(tables.images) == 1:
            notes.append(
                f"{name}: there is one image, so differences between "
                "images are unknown; the p values apply to this image."
            )
        notes += [f"{name}: {sentence}" for sentence in describe_equal_images(tables.images)]
    overlap = _shared_images(structure)
    if overlap:
        notes.append(
            f"{overlap} images belong to more than one selection, so these selections are not independent."
        )
    if not has_model:
        notes.append(
            "Fig. 6 needs a trained model. Run `cathograph gnn train`, then `cathograph gnn predict`."
        )
    return tuple(notes)


def _shared_images(selections: Mapping[str, ElectrodeTables]) -> int:
    images = pd.concat(
        [tables.images[["sample", "image"]].drop_duplicates() for tables in selections.values()],
        ignore_index=True,
    )
    return len(images[images.duplicated()].drop_duplicates())
