"""``cathograph export``: particles and contacts with all properties, for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import results, say, waiting
from cathograph.commands.edge_option import EdgeOption
from cathograph.commands.export_pyg import (
    CathodeOption,
    CompositeOption,
    FeatureOption,
    FlaggedOption,
    HopsOption,
    MissingOption,
    MissingValue,
    ParamOption,
    PygOptions,
    QueryOption,
    write_pyg,
)
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import require
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from cathograph.queries.server.connection import Connection


class ExportFormat(StrEnum):
    """File formats."""

    GRAPHML = "graphml"
    GEXF = "gexf"
    PARQUET = "parquet"
    CSV = "csv"
    OME_TIFF = "ome-tiff"
    PYG = "pyg"
    RO_CRATE = "ro-crate"


def export(
    context: typer.Context,
    format_: Annotated[ExportFormat, typer.Option("--format", "-f", help="File format.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="File (graphml, gexf, ome-tiff, pyg) or folder (parquet, csv, ro-crate)."
        ),
    ],
    sample: Annotated[str | None, typer.Option(help="Only this sample.")] = None,
    image: Annotated[str | None, typer.Option(help="Only images of this name.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="ome-tiff: the file that the image was ingested from.", show_default=False),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Path inside that file (HDF5, Zarr).")] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="ro-crate: address or text of the data's licence.", show_default=False),
    ] = None,
    cathode: CathodeOption = None,
    composite: CompositeOption = None,
    query: QueryOption = None,
    param: ParamOption = None,
    hops: HopsOption = 0,
    feature: FeatureOption = None,
    missing: MissingOption = MissingValue.ERROR,
    with_flagged: FlaggedOption = False,
    edge: EdgeOption = None,
    home: HomeOption = None,
) -> None:
    """Write particles as nodes and contacts as edges, with every property and the measured state.

    GraphML and GEXF support neither lists nor nulls: lists are written as JSON, nulls are left out.

    OME-TIFF contains the label image of one image, with the particle key, phase and roles of each label. The store has
    no pixels, so regions are computed again from --labels and compared with the stored ones.

    PYG is a file for PyTorch Geometric: a list with one dictionary per image, for HeteroData.from_dict.

    RO-Crate is a folder with the tables of one sample and their provenance.

    [dim]cathograph export --format graphml --out s100.graphml --sample s100[/]
    """
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    _require_extras(format_)
    settings = read_settings(home_of(context, home))
    if licence is not None and format_ is not ExportFormat.RO_CRATE:
        msg = f"Found --licence with --format {format_.value}; expected it only with ro-crate. Leave it out."
        raise InputError(msg)
    if format_ is not ExportFormat.OME_TIFF and (labels is not None or dataset is not None):
        msg = (
            "Found --labels or --dataset with --format "
            f"{format_.value}; expected them only with ome-tiff. Leave them out."
        )
        raise InputError(msg)
    for_pyg = PygOptions(cathode, composite, query, param, hops, feature, missing, with_flagged)
    if format_ is not ExportFormat.PYG:
        for_pyg.refuse_with(format_.value)
    if format_ is ExportFormat.PYG:
        with open_store(settings, say=say) as store, waiting("reading the store …"):
            written = write_pyg(store, out, for_pyg, sample=sample, image=image, edge=edge)
    elif format_ is ExportFormat.RO_CRATE:
        from cathograph.analysis.exports.ro_crate import write_ro_crate

        if sample is None or image is not None:
            msg = "Found no single sample; expected --sample without --image for --format ro-crate. Name a sample."
            raise InputError(msg)
        with open_store(settings, say=say) as store, waiting("reading the store …"):
            written = ", ".join(write_ro_crate(store, sample, out, licence=licence))
    elif format_ is ExportFormat.OME_TIFF:
        if sample is None or image is None or labels is None:
            msg = (
                "Found no single image; expected --sample, --image and --labels for --format ome-tiff. "
                "Give all three."
            )
            raise InputError(msg)
        with open_store(settings, say=say) as store, waiting(f"{labels.name} …"):
            written = _write_label_image(
                store, out, sample=sample, image=image, labels=labels, dataset=dataset
            )
    else:
        from cathograph.notebook import query as ask
        from cathograph.queries.reading.measured_edges import choose_measured_edge

        with open_store(settings, say=say) as store, waiting("reading the store …"):
            chosen = choose_measured_edge(store, edge, sample=sample, image=image)
            particles = _particles(store, sample=sample, image=image, edge=chosen)
            contacts = ask(store, "contacts", sample=sample, image=image)
        written = _write_graph(particles, contacts, out, format_)
    results.print(f"{written}: {out}", highlight=False, markup=False)


def _require_extras(format_: ExportFormat) -> None:
    """Ask for what a format needs: tables come from the base installation."""
    what = f"--format {format_.value}"
    match format_:
        case ExportFormat.CSV | ExportFormat.PARQUET:
            pass
        case ExportFormat.PYG:
            require("gnn", what=what)
        case _:
            require("ingest", what=what)


def _particles(
    store: "Connection", *, sample: str | None, image: str | None, edge: str | None = None
) -> "pd.DataFrame":
    from cathograph.notebook import query

    table = query(store, "graph_particles", sample=sample, image=image, edge=edge)
    if table.empty:
        msg = (
            f"Found no particle of sample {sample or 'any'}, image {image or 'any'}; expected some. "
            "`cathograph query images` lists the stored images."
        )
        raise InputError(msg)
    return table


def _write_graph(
    particles: "pd.DataFrame", contacts: "pd.DataFrame", out: Path, format_: ExportFormat
) -> str:
    from cathograph.analysis.exports.exported_graph import build_exported_graph

    graph = build_exported_graph(particles, contacts)
    match format_.value:
        case "graphml" | "gexf" as kind:
            from cathograph.analysis.exports.graph_files import write_graph

            write_graph(graph, out, kind)
        case "parquet" | "csv" as kind:
            from cathograph.analysis.exports.table_files import write_tables

            write_tables(graph, out, kind)
    return f"{len(graph.particles)} particles, {len(graph.contacts)} contacts"


def _write_label_image(
    store: "Connection", out: Path, *, sample: str, image: str, labels: Path, dataset: str | None
) -> str:
    from cathograph.analysis.exports.label_image import write_label_image
    from cathograph.ingest.stored.stored_image import stored_regions

    found = stored_regions(store, sample=sample, image=image, labels=labels, dataset=dataset)
    particles = _particles(store, sample=sample, image=image).drop_duplicates("key")  # states are not written
    area_px = [properties["area_px"] for properties in particles["properties"]]
    made = found.label().labels
    write_label_image(
        made,
        particles.assign(area_px=area_px),
        out,
        pixel_size_um=found.segmentation.pixel_size_um,
        segmentation=found.segmentation.segmentation,
    )
    return f"{len(particles)} labels, {' × '.join(map(str, made.shape))} pixels"
