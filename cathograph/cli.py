"""The command line: one module a group of commands, errors of one line.

Commands import what they need when they run, so that ``cathograph --help`` answers at once
and a base install without the image extras can still ask questions. Each declares the extras
that it needs (`cathograph.extras.needs`).
"""

import logging
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from cathograph.commands.bench import bench
from cathograph.commands.calibrate import calibrate
from cathograph.commands.composites import composites
from cathograph.commands.console import errors, show_error, write_result
from cathograph.commands.dashboard import dashboard
from cathograph.commands.db import db
from cathograph.commands.delete import delete
from cathograph.commands.demo import demo
from cathograph.commands.doctor import doctor
from cathograph.commands.evaluate import evaluate
from cathograph.commands.export import export
from cathograph.commands.gnn import gnn
from cathograph.commands.home import HomeOption
from cathograph.commands.ingest import ingest
from cathograph.commands.ingest_map import ingest_map
from cathograph.commands.inspect import inspect
from cathograph.commands.jobs import cancel, jobs, retry
from cathograph.commands.measures import measures
from cathograph.commands.metrics import metrics
from cathograph.commands.provenance import provenance
from cathograph.commands.query import queries, query
from cathograph.commands.report import report
from cathograph.commands.rollback import rollback
from cathograph.commands.segment import segment
from cathograph.commands.spot_check import spot_check
from cathograph.commands.standard_streams import standard_output
from cathograph.commands.train import train
from cathograph.commands.verify import verify
from cathograph.commands.watch import init_beamtime, watch
from cathograph.commands.xanes import xanes
from cathograph.schema.errors import CathographError

app = typer.Typer(
    name="cathograph",
    help="X-ray images of battery composites as a graph database of particles and contacts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(demo)
app.command()(inspect)
app.command()(composites)
app.command()(ingest)
app.command()(ingest_map)
app.command()(spot_check)
app.command()(init_beamtime)
app.command()(watch)
app.command()(jobs)
app.command()(retry)
app.command()(cancel)
app.command()(metrics)
app.command()(measures)
app.command()(rollback)
app.command()(delete)
app.command()(verify)
app.command()(provenance)
app.command()(train)
app.command()(segment)
app.command()(evaluate)
app.command()(calibrate)
app.command()(query)
app.command()(queries)
app.command()(dashboard)
app.command()(report)
app.command()(export)
app.add_typer(gnn, name="gnn")
app.add_typer(xanes, name="xanes")
app.add_typer(db, name="db")
app.command()(bench)
app.command()(doctor)


def _show_version(asked: bool) -> None:
    if asked:
        write_result(f"{version('cathograph')}\n")
        raise typer.Exit


@app.callback()
def front_door(
    context: typer.Context,
    home: HomeOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that all commands share."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s")
    context.obj = home


def main() -> None:
    """Run the command line; exit code 0 only when all that was asked for is done."""
    try:
        try:
            app()
        finally:
            # Here, where it can be told: at the interpreter's end a full disk would be a traceback.
            standard_output.flush()
    except CathographError as error:
        show_error(error)
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("Stopped. What was already written is complete; running again goes on.")
        sys.exit(130)
