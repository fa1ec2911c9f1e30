"""``cathograph report``: all figures and tables of the paper, from the store, as one page."""

import platform
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import results, say, waiting
from cathograph.commands.edge_option import EdgeOption
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs
from cathograph.schema.edges import edge_of_name
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.analysis.tables.electrode_tables import ElectrodeTables
    from cathograph.queries.server.connection import Connection


class Channel(StrEnum):
    """Type of channel in Tables S2 and S3."""

    CONCURRENT = "concurrent"
    TOUCHING = "touching"


@needs("ingest")
def report(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for page, figures and tables.")],
    sample: Annotated[str | None, typer.Option(help="Only this sample.")] = None,
    cathode: Annotated[str | None, typer.Option(help="Only this cathode kind.")] = None,
    select: Annotated[
        Path | None,
        typer.Option(help="FILE.cypher that returns sample and image (and label), or keys of images or NMC."),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            help="Compare cathode kinds, samples or FILE.cypher side by side: --compare LCD ECD BLE."
        ),
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(help="Further names of --compare.", show_default=False)
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(help="Folder to search for image files that were moved after the ingest; repeatable."),
    ] = None,
    edge: EdgeOption = None,
    channel: Annotated[
        Channel, typer.Option(help="Type of channel in Tables S2 and S3.")
    ] = Channel.CONCURRENT,
    draws: Annotated[int, typer.Option(min=0, help="Number of draws of bootstrap and permutation.")] = 1999,
    home: HomeOption = None,
) -> None:
    """Write all figures and tables of a selection as one HTML page, with PDF, SVG, PNG and CSV.

    Where several absorption edges were measured, their states stand side by side; with --compare, choose one.

    [dim]cathograph report --out report --compare LCD ECD BLE[/]
    """
    import pandas as pd

    from cathograph.analysis.report.page import make_report_folder, write_report
    from cathograph.analysis.report.report import build_report
    from cathograph.notebook import query
    from cathograph.report_pixels import read_pixels
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    _check_choice(sample, cathode, select, compare, more)
    settings = read_settings(home_of(context, home))
    with open_store(settings, say=say) as store, waiting("reading the store …"):
        compared = [*(compare or []), *(more or [])]
        of_edge = {
            one: _read(store, sample, cathode, select, compared, one)
            for one in _edges(store, edge, several=not compared)
        }
        structure, selections = _by_edge(of_edge)
        make_report_folder(out)
        predictions = pd.concat([query(store, "predictions", edge=one) for one in of_edge], ignore_index=True)
        pixels = read_pixels(store, selections, files or [], structure)
    with waiting("computing …"):
        built = build_report(
            selections,
            structure=structure,
            title=f"Cathograph report: {', '.join(structure)}",
            parameters={
                "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
                "Cathograph": version("cathograph"),
                "Python, pandas, statsmodels, matplotlib": ", ".join(
                    [
                        platform.python_version(),
                        *(version(name) for name in ("pandas", "statsmodels", "matplotlib")),
                    ]
                ),
            },
            draws=draws,
            channel=f"has_{channel}_channel",
            pixels=pixels,
            predictions=predictions,
        )
        page = write_report(built, out)
    for printed in built.figures:
        if printed.missing:
            say(f"{printed.paper}: {printed.missing}")
    results.print(
        f"{len(built.figures)} figures, {len(built.tables)} tables: {page}", highlight=False, markup=False
    )


def _check_choice(
    sample: str | None,
    cathode: str | None,
    select: Path | None,
    compare: list[str] | None,
    more: list[str] | None,
) -> None:
    if more and not compare:
        msg = f"Found {more[0]!r} without --compare; expected only options. To compare selections, write --compare A B."
        raise InputError(msg)
    given = [
        name
        for name, value in (
            ("--sample", sample), ("--cathode", cathode), ("--select", select), ("--compare", compare),
        )
        if value
    ]  # fmt: skip
    if len(given) > 1:
        msg = (
            f"Found {' and '.join(given)}; expected at most one of "
            "them. To combine conditions, use --select FILE.cypher."
        )
        raise InputError(msg)
    names = [*(compare or []), *(more or [])]
    if compare and (len(names) < 2 or len(set(names)) < len(names)):
        msg = f"Found --compare {' '.join(names)}; expected at least two different names."
        raise InputError(msg)


def _edges(store: "Connection", edge: str | None, *, several: bool) -> list[str | None]:
    """Name the absorption edges of the report: the chosen one, or all that were measured."""
    from cathograph.queries.reading.measured_edges import measured_edges

    if edge is not None:
        return [edge_of_name(edge).name]
    return list(measured_edges(store)) or [None] if several else [None]


def _by_edge(
    of_edge: "dict[str | None, dict[str, ElectrodeTables]]",
) -> "tuple[dict[str, ElectrodeTables], dict[str, ElectrodeTables]]":
    """Give the selections without regard to the edge, and with one of each edge that their images have."""
    structure = next(iter(of_edge.values()))
    if len(of_edge) == 1:
        return structure, structure
    by_edge = {
        name: {str(edge): tables[name] for edge, tables in of_edge.items() if len(tables[name].measurements)}
        for name in structure
    }
    selections = {
        (f"{name}, {edge}" if len(tables) > 1 else name): one
        for name, tables in by_edge.items()
        for edge, one in (tables or {"": structure[name]}).items()
    }
    return structure, selections


def _read(
    store: "Connection",
    sample: str | None,
    cathode: str | None,
    select: Path | None,
    compare: list[str],
    edge: str | None,
) -> "dict[str, ElectrodeTables]":
    """Read the tables once, and narrow them to each selection."""
    from cathograph.analysis.tables.electrode_tables import (
        keys_of_cathode,
        keys_of_name,
        keys_of_rows,
        keys_of_sample,
        narrow,
        read_electrode_tables,
    )
    from cathograph.notebook import query
    from cathograph.queries.catalog import adhoc_file, names_file
    from cathograph.queries.reading.runner import run

    # First, so that a faulty query is noticed before the whole store is read.
    files = [select] if select is not None else [Path(name) for name in compare if names_file(name)]
    rows = {str(path): run(store, adhoc_file(path)) for path in files}
    everything = read_electrode_tables(partial(query, store), edge)
    if everything.images.empty:
        msg = "Found no image in the store; expected at least one. Run `cathograph ingest` or `cathograph demo`."
        raise InputError(msg)
    if sample is not None:
        return {sample: narrow(everything, keys_of_sample(everything, sample))}
    if cathode is not None:
        return {cathode: narrow(everything, keys_of_cathode(everything, cathode))}
    if select is not None:
        keys = keys_of_rows(everything, rows[str(select)], str(select))
        return {select.stem: narrow(everything, keys)}
    if not compare:
        return {"all samples": everything}
    return {
        name: narrow(
            everything,
            keys_of_rows(everything, rows[str(Path(name))], name)
            if names_file(name)
            else keys_of_name(everything, name),
        )
        for name in compare
    }
