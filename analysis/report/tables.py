"""The tables of a report: S1 to S3 of the paper, our additions, and the provenance of the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cathograph.analysis.figures.figure import STATE_NOTE
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.statistics.electrode_statistics import ElectrodeStatistics
from cathograph.analysis.statistics.inside_particles import slope_tests
from cathograph.analysis.tables.electrode_tables import ElectrodeTables
from cathograph.analysis.tables.particle_table import CHANNELS
from cathograph.analysis.tables.selection_tables import stack_of, stack_selections

_COUNTS = (
    "samples", "images", "clusters", "nmc", "nmc_in_tpbs", "nmc_in_physical_tpbs", "nmc_with_channels",
    "nmc_with_touching_channels", "tpbs", "physical_tpbs", "with_energy_map", "measured", "flagged",
)  # fmt: skip

REASON_OF = {
    "p_clustered": "reason_clustered",
    "p_adjusted_clustered": "reason_clustered",
    "p_size_adjusted_clustered": "reason_size_adjusted_clustered",
}
"""Columns of p values, and the column whose reason stands in their place where there is none."""


@dataclass(frozen=True, eq=False)
class ReportTable:
    """One table of a report.

    Attributes
    ----------
    name : str
        Stem of its CSV, which has all columns.
    title, caption : str
        Heading and explanation.
    data : DataFrame
        All rows and columns.
    shown : tuple of str
        Columns on the page.
    """

    name: str
    title: str
    caption: str
    data: pd.DataFrame
    shown: tuple[str, ...]


def result_tables(
    selections: Mapping[str, ElectrodeTables],
    structure: Mapping[str, ElectrodeTables],
    statistics: Mapping[str, ElectrodeStatistics],
    by_size: pd.DataFrame,
    s1: pd.DataFrame,
    s8: pd.DataFrame,
    correlations: pd.DataFrame,
    legend: PhaseLegend,
    channel: str,
) -> tuple[ReportTable, ...]:
    """Build the tables of results from the statistics of each selection.

    `structure` and `channel` are those of `build_report`.
    """
    names = list(selections)
    s2 = stack_selections({name: each.anova_heterogeneity for name, each in statistics.items()}, names)
    s3 = stack_selections({name: each.anova_polarization for name, each in statistics.items()}, names)
    counterparts = stack_selections({name: each.counterparts for name, each in statistics.items()}, names)
    overview = pd.DataFrame(
        [
            {"selection": name, **_count(tables, statistics[name].n_clusters)}
            for name, tables in selections.items()
        ]
    )
    first = _owner(selections)
    anova = ("type", "term", "df", "sum_sq", "f", "p", "p_family", "difference_clustered", "f_clustered",
             "df_clustered", "p_clustered", "p_clustered_family", "n", "n_missing", "n_flagged", "n_zeros",
             "n_clusters", "effective_clusters")  # fmt: skip
    return (
        ReportTable(
            "overview", "Selected data",
            legend.write(
                "Clusters are images, or volumes if images are slices of them. Measured: {actives} with a measured "
                "state. Flagged: measured {actives} with too few valid pixels or too many pixels outside the window; "
                "they are left out of all tests and figures."
            )
            + _about_names(legend),
            overview, ("selection", *_COUNTS),
        ),
        ReportTable(
            "table-s1", "Table S1: two groups",
            legend.write(
                "As in the paper: Welch's t-test and Cohen's d (exposed minus others), with particles treated as "
                "independent. Differences are in eV. The rows about touching channels ({actives} that touch and share "
                "{ionic}) are ours. "
            )
            + STATE_NOTE,
            s1,
            (*first, "figure", "outcome", "exposure", "n_exposed", "n_others", "n_missing", "n_flagged",
             "mean_exposed", "mean_others",
             "median_exposed", "median_others", "difference", "t", "df", "p", "d", "d_ci_low",
             "d_ci_high", "g"),
        ),
        ReportTable(
            "table-s1", "Table S1, accounting for images",
            "The same comparisons with clustered tests, corrected for all comparisons of this table "
            "(Benjamini–Hochberg), and at equal size. effective_clusters is the number of images (or volumes) that in "
            "effect carry the comparison. If it is too small, the reason stands in the place of p.",
            s1,
            (*first, "figure", "outcome", "exposure", "d", "p", "p_family", "d_clustered", "d_clustered_ci_low",
             "d_clustered_ci_high", "p_clustered", "p_clustered_family", "d_size_adjusted_clustered",
             "p_size_adjusted_clustered", "icc", "n_exposed", "n_others", "n_clusters", "effective_clusters"),
        ),
        # A separate table for the sentences, which would make the rows above as high as paragraphs.
        ReportTable(
            "table-s1", "Methods of the clustered tests in Table S1",
            "The method of each comparison, the smallest true d that it detects with a power of 80 %, and its limits.",
            s1,
            (*first, "figure", "outcome", "exposure", "df_clustered", "detectable_d", "detectable_d_clustered",
             "method_clustered", "caution", "reason"),
        ),
        *_other_readings(s1, first),
        ReportTable(
            "size-by-tpb", legend.write("Size of {actives} in TPBs and others (Fig. 4d)"),
            "The difference in size that comparisons have to be adjusted for.", by_size,
            (*first, "outcome", "n_exposed", "n_others", "mean_exposed", "mean_others", "d", "p", "d_clustered",
             "p_clustered", "n_clusters", "effective_clusters"),
        ),
        ReportTable(
            "table-s2", "Table S2: variance of log heterogeneity",
            f"TPB × {CHANNELS[channel]}, with sums of squares of types II and "
            "III. p values are corrected over both tables (S2, "
            "S3) of one type."
            + _unanswered(s2),
            s2, (*first, *anova),
        ),
        ReportTable(
            "table-s3", "Table S3: variance of log polarization",
            "As S2. The polarization of a particle with one peak is 0; "
            "n_zeros is the number of such particles." + _unanswered(s3),
            s3, (*first, *anova),
        ),
        ReportTable(
            "size-adjusted", "At equal size (Fig. S8)",
            "Analysis of covariance on the logarithm of the size. If "
            "equal_slopes_p is small, the effect differs between "
            "small and large particles, and one adjusted value does not describe both.",
            s8,
            (*first, "exposure", "outcome", "n", "n_flagged", "d_size", "d", "d_adjusted", "p_adjusted",
             "d_adjusted_clustered", "p_adjusted_clustered", "p_adjusted_clustered_family", "n_clusters",
             "effective_clusters", "equal_slopes_p"),
        ),
        ReportTable(
            "correlations", "Correlations (Fig. 5a)",
            "Pearson and Spearman correlations treat particles as "
            "independent. r_within is the correlation within images. The "
            "clustered values are standardized slopes that account for images.",
            correlations,
            (*first, "metric", "outcome", "n", "n_flagged", "r", "r_ci_low", "r_ci_high", "p", "p_family", "spearman",
             "r_within", "r_clustered", "p_clustered", "p_clustered_family", "n_clusters", "effective_clusters"),
        ),
        ReportTable(
            "percolation", "Percolation",
            legend.title(
                "{actives} connected through {ionic} to the {ion_side} of the image (ionic) and through {electronic} "
                "to the {electron_side} (electronic), over all images of these samples."
            )
            + " Other sides: `cathograph query percolation --param side=left`.",
            stack_of(structure, "percolation"),
            (*_owner(structure), "sample", "cathode", "ndim", "images", "nmc", "ionic", "electronic", "both", "neither",
             "share_ionic", "share_electronic", "share_both", "share_neither", "images_without_metrics"),
        ),
        ReportTable(
            "counterparts", "All clustered tests",
            "Five tests that account for images; Table S1 contains the quoted one. Differences are in eV.",
            counterparts,
            (*first, "exposure", "outcome", "method", "quoted", "difference", "difference_low",
             "difference_high", "df", "p", "reason"),
        ),
        *_measures(selections, names, first, legend),
        *_inside(selections, names, first, legend),
    )  # fmt: skip


def _measures(
    selections: Mapping[str, ElectrodeTables],
    names: Sequence[str],
    first: tuple[str, ...],
    legend: PhaseLegend,
) -> tuple[ReportTable, ...]:
    """Summarize each measure of active particles; nothing where none is computed."""
    rows = stack_selections({name: each.measures for name, each in selections.items()}, names)
    if rows.empty:
        return ()
    by = [*first, "measure"]
    values = rows.assign(value=rows["value"].astype(float), place=rows["sample"] + "/" + rows["image"])
    summary = (
        values.groupby(by, observed=True, sort=False)
        .agg(
            images=("place", "nunique"), particles=("value", "size"), known=("value", "count"), mean=("value", "mean"),
            median=("value", "median"), lowest=("value", "min"), highest=("value", "max"),
        )
        .reset_index()
    )  # fmt: skip
    flat = any((each.images["ndim"] == 2).any() for each in selections.values())
    return (
        ReportTable(
            "measures",
            legend.title("Measures of {actives}"),
            "Measures that are computed apart from the segmentation (`cathograph measures` explains them). Known is "
            "the number of particles with a value; truth values are 0 and 1."
            + (
                " A 2D image cuts paths that exist in 3D, so its transport is not that of the electrode."
                if flat
                else ""
            ),
            summary,
            (*by, "images", "particles", "known", "mean", "median", "lowest", "highest"),
        ),
    )


def _inside(
    selections: Mapping[str, ElectrodeTables],
    names: Sequence[str],
    first: tuple[str, ...],
    legend: PhaseLegend,
) -> tuple[ReportTable, ...]:
    """Test where the reaction starts inside particles; nothing where no profile is computed."""
    tests = stack_selections({name: slope_tests(each.profiles) for name, each in selections.items()}, names)
    if tests.empty:
        return ()
    flat = any((each.profiles["ndim"] == 2).any() for each in selections.values() if len(each.profiles))
    cut = " A 2D image shows only the junctions and contacts in its plane." if flat else ""
    return (
        ReportTable(
            "inside-particles",
            legend.title("Inside {actives}: energy against distance"),
            "Mean slope of the edge energy with the distance to the nearest TPB junction and to the nearest contact "
            "with each carrier, at equal depth below the surface, in eV/µm; positive where energies rise away from it. "
            f"Images are clusters. Flagged particles and those that the border cuts are left out.{cut}",
            tests,
            (*first, "target", "particles", "clusters", "effective_clusters", "slope_ev_per_um", "slope_low",
             "slope_high", "p", "reason"),
        ),
    )  # fmt: skip


def _other_readings(s1: pd.DataFrame, first: tuple[str, ...]) -> tuple[ReportTable, ...]:
    """Show what the flagged states, and the noise of the fit, would change; nothing where nothing differs."""
    texts = {
        "with_flagged": (
            "Table S1 with flagged states among the others",
            "Flagged states (n_flagged) are left out above: the window cuts their spread. Here is what the same "
            "comparisons would say with them.",
        ),
        "with_noise": (
            "Table S1 with the noise of the fit",
            "Heterogeneity is given without the noise of the fit above. Here is what the same comparisons would say "
            "of the spread as it was measured.",
        ),
    }
    names = ("d", "p", "d_clustered", "p_clustered")
    return tuple(
        ReportTable(
            f"table-s1-{reading.replace('_', '-')}", title, text, s1[s1[f"d_{reading}"].notna()],
            (*first, "figure", "outcome", "exposure", "n_flagged", *names, *(f"{name}_{reading}" for name in names)),
        )
        for reading, (title, text) in texts.items()
        if s1[f"d_{reading}"].notna().any()
    )  # fmt: skip


def provenance_tables(
    selections: Mapping[str, ElectrodeTables], structure: Mapping[str, ElectrodeTables]
) -> tuple[ReportTable, ...]:
    """Build the tables of images, segmentations and energy maps in use; `structure` as for `build_report`."""
    first = _owner(structure)
    segmentations, ways_of_segmenting = _number_ways(stack_of(structure, "segmentations"))
    measurements, ways_of_measuring = _number_ways(stack_of(selections, "measurements"))
    images = stack_of(structure, "images")
    # What only some segmentations have is no column of a report without it.
    trusted = [
        name
        for name in ("accuracy", "accuracy_low", "accuracy_high", "unlike_painted", "same_pixels_as")
        if images[name].notna().any()
    ]
    accuracy = (
        "Accuracy: share of pixels with the right phase, from a blind spot check, with its 95 % interval."
        if "accuracy" in trusted
        else ""
    )
    return (
        ReportTable(
            "images", "Images", accuracy, images,
            (*first, "sample", "image", "composite", "cathode", "beamtime", "volume", "ndim", "pixel_size_um",
             "radius_um", "method", "version", "nmc", "contacts", "tpbs", *trusted),
        ),
        ReportTable(
            "segmentations", "Segmentations in use", "Column way: row of the next table.", segmentations,
            (*first, "sample", "image", "source", "method", "version", "created", "segmentation", "way"),
        ),
        ReportTable(
            "segmentation-ways", "Parameters of the segmentations", "", ways_of_segmenting, ("way", "images", "params"),
        ),
        ReportTable(
            "measurements", "Energy maps in use", "Column way: row of the next table.", measurements,
            (*_owner(selections), "sample", "image", "element", "edge", "kind", "created", "particles", "measured",
             "flagged", "matching", "way"),
        ),
        ReportTable(
            "measurement-ways", "Parameters of the energy maps", "", ways_of_measuring, ("way", "images", "params"),
        ),
    )  # fmt: skip


def _owner(selections: Mapping[str, ElectrodeTables]) -> tuple[str, ...]:
    """Name the column that tells selections apart, if there are several."""
    return ("selection",) if len(selections) > 1 else ()


def _about_names(legend: PhaseLegend) -> str:
    """Say what the columns about NMC count where the active particles are others; names of columns never change."""
    actives = legend.write("{actives}")
    return "" if actives == "NMC" else f" Columns with nmc in their name count {actives}."


def _unanswered(anova: pd.DataFrame) -> str:
    """Explain why a selection has no analysis of variance."""
    whose = [name for name in ("selection", "reason") if name in anova.columns]
    without = anova.loc[anova["reason"] != "", whose].drop_duplicates().astype(str)
    return "".join(f" Not computed: {': '.join(row)}." for row in without.itertuples(index=False))


def _number_ways(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each distinct set of parameters a number, because they are long and equal in most rows."""
    codes, params = pd.factorize(table["params"])
    ways = pd.DataFrame({"way": range(1, len(params) + 1), "params": params})
    numbered = table.assign(way=codes + 1)
    images = numbered.drop_duplicates(["sample", "image", "way"])["way"].value_counts()
    return numbered, ways.assign(images=ways["way"].map(images))


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
        "nmc_with_touching_channels": int(nmc["has_touching_channel"].sum()),
        "tpbs": len(tables.tpbs),
        "physical_tpbs": int(tables.tpbs["is_physical"].sum()),
        "with_energy_map": len(tables.measurements[["sample", "image"]].drop_duplicates()),
        "measured": int(nmc["soc_ev"].notna().sum()),
        "flagged": int(nmc["flagged"].fillna(value=False).sum()),
    }
