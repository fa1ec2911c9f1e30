"""The report: every figure and table of the paper, and what stands beside them, from one reading.

`build_report` is a pure function of the selections' tables; `analysis.report_page` writes what
it gives. Several selections stand side by side: figures have one panel each on the same axes,
tables one block of rows each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.electrode_statistics import ElectrodeStatistics, compute_electrode_statistics
from analysis.electrode_tables import METRICS, PARTICLE, ElectrodeTables
from analysis.figure_data.pixel_histograms import PixelFigures
from analysis.figure_data.predicted_against_measured import newest_model
from analysis.figure_data.sheet import STATE_NOTE, size_column
from analysis.figures.group_boxes import draw_group_boxes
from analysis.figures.metric_correlations import draw_correlation_map, draw_top_metrics
from analysis.figures.nearest_nmc import draw_nearest_connection
from analysis.figures.pixel_histograms import draw_grey_values, draw_particle_energies
from analysis.figures.plate import Plate
from analysis.figures.predicted_against_measured import draw_predicted_against_measured
from analysis.figures.size_confounder import draw_size_confounder
from analysis.figures.tpb_size import draw_nmc_size_by_tpbs, draw_tpb_size
from analysis.group_comparison import compare_groups
from analysis.logarithm import Log
from analysis.particle_table import EXPOSURES, STATES
from analysis.selection_tables import stack_selections

_COUNTS = (
    "samples", "images", "clusters", "nmc", "nmc_in_tpbs", "nmc_in_physical_tpbs", "nmc_with_channels",
    "tpbs", "physical_tpbs", "with_energy_map", "measured", "flagged",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ReportTable:
    """One table of a report.

    Attributes
    ----------
    name : str
        Stem of its CSV, which has all columns.
    title, caption : str
        Heading, and how to read it.
    data : DataFrame
        Everything.
    shown : tuple of str
        Columns on the page.
    """

    name: str
    title: str
    caption: str
    data: pd.DataFrame
    shown: tuple[str, ...]


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
        tables=_tables(selections, statistics, together(by_size), s1, s8, correlations, names),
        sentences={
            name: each.sentences[: -len(each.correlations) or None] for name, each in statistics.items()
        },
        correlation_sentences={
            name: each.sentences[len(each.sentences) - len(each.correlations) :]
            for name, each in statistics.items()
        },
        notes=_notes(selections, has_model=predictions is not None and len(predictions) > 0),
        provenance=_provenance(selections, names),
        parameters={
            "logarithm of S2 and S3": log,
            "bootstrap and permutation": f"{draws} draws, seed {seed}",
            **{f"clusters of {name}": each.clusters for name, each in statistics.items()},
            **(parameters or {}),
        },
    )


def _tables(
    selections: Mapping[str, ElectrodeTables],
    statistics: Mapping[str, ElectrodeStatistics],
    by_size: pd.DataFrame,
    s1: pd.DataFrame,
    s8: pd.DataFrame,
    correlations: pd.DataFrame,
    names: Sequence[str],
) -> tuple[ReportTable, ...]:
    s2 = stack_selections({name: each.anova_heterogeneity for name, each in statistics.items()}, names)
    s3 = stack_selections({name: each.anova_polarization for name, each in statistics.items()}, names)
    counterparts = stack_selections({name: each.counterparts for name, each in statistics.items()}, names)
    overview = pd.DataFrame(
        [
            {"selection": name, **_count(tables, statistics[name].n_clusters)}
            for name, tables in selections.items()
        ]
    )
    first = ("selection",) if len(names) > 1 else ()
    anova = ("type", "term", "df", "sum_sq", "f", "p", "p_family", "difference_clustered", "f_clustered",
             "df_clustered", "p_clustered", "p_clustered_family", "n", "n_zeros")  # fmt: skip
    return (
        ReportTable(
            "overview", "What was selected",
            "Clusters are volumes where images are their slices, else images. Measured: NMC with a state; "
            "flagged: of those, too few valid pixels or too many outside of the window.",
            overview, ("selection", *_COUNTS),
        ),
        ReportTable(
            "table-s1", "Table S1: two groups",
            "As in the paper: particles as units, Welch's t, Cohen's d (exposed minus others). Differences in eV. "
            + STATE_NOTE,
            s1,
            (*first, "figure", "outcome", "exposure", "n_exposed", "n_others", "n_missing", "mean_exposed",
             "mean_others", "median_exposed", "median_others", "difference", "t", "df", "p", "d", "d_ci_low",
             "d_ci_high", "g"),
        ),
        ReportTable(
            "table-s1", "Table S1 with images accounted for",
            "The same comparisons on the same yardstick: clustered, corrected for the six of the family "
            "(Benjamini–Hochberg), at equal size; and the smallest true d that would be found with 80 %.",
            s1,
            (*first, "figure", "outcome", "exposure", "d", "p", "p_family", "d_clustered", "d_clustered_ci_low",
             "d_clustered_ci_high", "p_clustered", "p_clustered_family", "d_size_adjusted_clustered",
             "p_size_adjusted_clustered", "icc", "n_clusters", "detectable_d", "detectable_d_clustered",
             "method_clustered", "caution", "reason"),
        ),
        ReportTable(
            "size-by-tpb", "Size of NMC in TPBs and others (Fig. 4d)",
            "How much there is to adjust for.", by_size,
            (*first, "outcome", "n_exposed", "n_others", "mean_exposed", "mean_others", "d", "p", "d_clustered",
             "p_clustered"),
        ),
        ReportTable(
            "table-s2", "Table S2: variance of log heterogeneity",
            "TPB × concurrent channel, sums of squares of type II and III; the family is both tables of one type.",
            s2, (*first, *anova),
        ),
        ReportTable(
            "table-s3", "Table S3: variance of log polarization",
            "As S2. Polarization is 0 for a particle with one peak (n_zeros).", s3, (*first, *anova),
        ),
        ReportTable(
            "size-adjusted", "At equal size (Fig. S8)",
            "Analysis of covariance on the logarithm of the size; equal_slopes_p small: one adjusted effect does "
            "not describe both small and large particles.",
            s8,
            (*first, "exposure", "outcome", "n", "d_size", "d", "d_adjusted", "p_adjusted",
             "d_adjusted_clustered", "p_adjusted_clustered", "p_adjusted_clustered_family", "equal_slopes_p"),
        ),
        ReportTable(
            "correlations", "Correlations (Fig. 5a)",
            "Pearson and Spearman with particles as units; r_within: within images; clustered: standardized slope.",
            correlations,
            (*first, "metric", "outcome", "n", "r", "r_ci_low", "r_ci_high", "p", "p_family", "spearman",
             "r_within", "r_clustered", "p_clustered", "p_clustered_family"),
        ),
        ReportTable(
            "percolation", "Percolation",
            "NMC joined through SSE to the top of the image and through graphite to the bottom, of all images of "
            "these samples; `cathograph query percolation --param side=left` asks for other sides.",
            stack_selections({name: tables.percolation for name, tables in selections.items()}, names),
            (*first, "sample", "cathode", "ndim", "images", "nmc", "ionic", "electronic", "both", "neither",
             "share_ionic", "share_electronic", "share_both", "share_neither", "images_without_metrics"),
        ),
        ReportTable(
            "counterparts", "All clustered counterparts",
            "Five ways to account for images; the quoted one stands in Table S1. Differences in eV.",
            counterparts,
            (*first, "exposure", "outcome", "method", "quoted", "difference", "difference_low",
             "difference_high", "df", "p", "reason"),
        ),
    )  # fmt: skip


def _count(tables: ElectrodeTables, n_clusters: int) -> dict[str, int]:
    nmc = tables.nmc
    return {
        "samples": int(tables.images["sample"].nunique()),
        "images": len(tables.images),
        "clusters": n_clusters,
        "nmc": len(nmc),
        "nmc_in_tpbs": int(nmc["at_tpb"].sum()),
        "nmc_in_physical_tpbs": int(nmc["at_physical_tpb"].sum()),
        "nmc_with_channels": int(nmc["has_concurrent_channel"].sum()),
        "tpbs": len(tables.tpbs),
        "physical_tpbs": int(tables.tpbs["is_physical"].sum()),
        "with_energy_map": len(tables.measurements[["sample", "image"]].drop_duplicates()),
        "measured": int(nmc["soc_ev"].notna().sum()),
        "flagged": int(nmc["flagged"].fillna(value=False).sum()),
    }


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


def _provenance(selections: Mapping[str, ElectrodeTables], names: Sequence[str]) -> tuple[ReportTable, ...]:
    first = ("selection",) if len(names) > 1 else ()
    return (
        ReportTable(
            "images", "Images", "", stack_selections({n: t.images for n, t in selections.items()}, names),
            (*first, "sample", "image", "cathode", "beamtime", "volume", "ndim", "pixel_size_um", "radius_um",
             "method", "version", "nmc", "contacts", "tpbs"),
        ),
        ReportTable(
            "segmentations", "Segmentations in use", "",
            stack_selections({n: t.segmentations for n, t in selections.items()}, names),
            (*first, "sample", "image", "source", "method", "version", "created", "segmentation", "params"),
        ),
        ReportTable(
            "measurements", "Energy maps in use", "",
            stack_selections({n: t.measurements for n, t in selections.items()}, names),
            (*first, "sample", "image", "kind", "created", "particles", "measured", "flagged", "matching", "params"),
        ),
    )  # fmt: skip
