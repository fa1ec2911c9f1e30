"""``cathograph db``: the local Neo4j server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import errors, print_json, results, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.local_neo4j.server import LocalNeo4j

db = typer.Typer(help="The local Neo4j: start, stop, status, backup, restore.", no_args_is_help=True)


@db.command()
@needs("ingest")
def start(context: typer.Context, home: HomeOption = None) -> None:
    """Start the local server; it runs until `cathograph db stop`."""
    server = _server(context, home, "start")
    address = server.start(progress=say)
    results.print(f"{address.uri}  user {address.user}  home {server.home.folder}", highlight=False)
    errors.print(
        f"The password is in {server.home.folder / 'neo4j-password'}. "
        "The server runs until `cathograph db stop`.",
        style="dim",
        highlight=False,
    )


@db.command()
@needs("ingest")
def stop(
    context: typer.Context,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget", help="Forget a server of another machine that is gone, so that one starts here."
        ),
    ] = False,
    home: HomeOption = None,
) -> None:
    """Stop the local server; its data are kept."""
    stopped = _server(context, home).stop(progress=say, forget=forget)
    results.print("Stopped." if stopped else "No server was running.")


@db.command()
@needs("ingest")
def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Show whether the local server is running, and its address."""
    found = _server(context, home).status()
    record = {
        "state": found.state.value,
        "uri": found.uri,
        "pid": found.pid,
        "home": str(found.home),
        "store_mb": round(found.store_bytes / 1e6, 1),
        "log": str(found.log),
    }
    if as_json:
        print_json(record)
    else:
        for name, value in record.items():
            if value is not None:
                results.print(f"{name:>9}  {value}", highlight=False)


@db.command()
@needs("ingest")
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write, for instance beamtime.dump.")],
    home: HomeOption = None,
) -> None:
    """Write the local database to a file; the server stops for a moment, and writers wait."""
    from cathograph.local_neo4j.backups import back_up

    written = back_up(_server(context, home, "backup"), file, say=say)
    results.print(f"{written}", highlight=False)


@db.command()
@needs("ingest")
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File made by `cathograph db backup`.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the existing database.")] = False,
    home: HomeOption = None,
) -> None:
    """Restore the local database from a backup."""
    from cathograph.local_neo4j.backups import restore as restore_backup

    restore_backup(_server(context, home, "restore"), file, force=force, say=say)
    results.print("Restored.")


def _server(context: typer.Context, home: Path | None, changes: str | None = None) -> "LocalNeo4j":
    """Give the local server; one that `NEO4J_URI` names is never meant by these commands.

    Parameters
    ----------
    context, home
        Of the command.
    changes : str, optional
        Name of a command that is refused while `NEO4J_URI` is set, unless `--home` says which home is meant.

    Raises
    ------
    InputError
        When it is refused.
    """
    from cathograph.local_neo4j.server import LocalNeo4j
    from cathograph.settings import read_settings

    named = home_of(context, home)
    settings = read_settings(named)
    if settings.neo4j_uri is not None and named is None:
        if changes is not None:
            msg = (
                f"Found NEO4J_URI={settings.neo4j_uri}; expected none with `cathograph db {changes}`, which works on "
                f"the local server of a home, not on that one. Unset NEO4J_URI, or name the home "
                f"(--home {settings.home}). "
                "A server of your own has Neo4j's tools (`neo4j-admin database dump` and `load`)."
            )
            raise InputError(msg)
        say(f"NEO4J_URI={settings.neo4j_uri} is another server; this is the local one of {settings.home}.")
    return LocalNeo4j(settings.home)
