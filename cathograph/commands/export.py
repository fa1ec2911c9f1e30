"""``cathograph export``: particles and contacts with all their properties, for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cathograph.commands.console import results, say, waiting
from cathograph.commands.home import HomeOption, home_of
from schema.errors import InputError


class ExportFormat(StrEnum):
    """What can be written."""

    GRAPHML = "graphml"
    GEXF = "gexf"
    PARQUET = "parquet"
    CSV = "csv"


def export(
    context: typer.Context,
    format_: Annotated[ExportFormat, typer.Option("--format", "-f", help="File format.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="File (graphml, gexf) or folder for two tables (parquet, csv)."),
    ],
    sample: Annotated[str | None, typer.Option(help="Only this sample.")] = None,
    image: Annotated[str | None, typer.Option(help="Only images of this name.")] = None,
    home: HomeOption = None,
) -> None:
    """Write particles as nodes and contacts as edges, with every property and the measured state.

    GraphML and GEXF have no lists and no nulls: a list is written as JSON, a null is left out.

    [dim]cathograph export --format graphml --out s100.graphml --sample s100[/]
    """
    from analysis.exports.particle_graph import build_particle_graph
    from cathograph.notebook import query
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    settings = read_settings(home_of(context, home))
    with open_store(settings, say=say) as store, waiting("reading the store …"):
        tables = [query(store, name, sample=sample, image=image) for name in ("graph_particles", "contacts")]
    if tables[0].empty:
        msg = (
            f"Found no particle of sample {sample or 'any'}, image {image or 'any'}; expected some. "
            "`cathograph query images` lists what there is."
        )
        raise InputError(msg)
    graph = build_particle_graph(*tables)
    match format_.value:
        case "graphml" | "gexf" as kind:
            from analysis.exports.graph_files import write_graph

            write_graph(graph, out, kind)
        case "parquet" | "csv" as kind:
            from analysis.exports.table_files import write_tables

            write_tables(graph, out, kind)
    results.print(
        f"{len(graph.particles)} particles, {len(graph.contacts)} contacts: {out}",
        highlight=False,
        markup=False,
    )
