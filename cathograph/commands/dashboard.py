"""``cathograph dashboard``: the store as pages in a browser."""

from pathlib import Path
from typing import Annotated

import typer

from cathograph.commands.console import results, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs


@needs("dashboard")
def dashboard(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 chooses a free one.")] = 8501,
    host: Annotated[
        str, typer.Option(help="Address to listen on; if other machines can reach it, a login is required.")
    ] = "127.0.0.1",
    secrets: Annotated[
        Path | None,
        typer.Option(
            help="secrets.toml for a login with an OpenID provider (docs/dashboard.md).", show_default=False
        ),
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder to search for files that were moved after the ingest (for the page Image); repeatable.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    home: HomeOption = None,
) -> None:
    """Show the store in a browser. Stop with Ctrl-C.

    [dim]CATHOGRAPH_DASHBOARD_PASSWORD=… cathograph dashboard --host 0.0.0.0[/] to share it with a group
    """
    from cathograph.dashboard_server.login import choose_login
    from cathograph.dashboard_server.server import DashboardServer, choose_port, open_browser
    from cathograph.settings import read_settings
    from cathograph.store import find_store

    login = choose_login(host, secrets)
    settings = read_settings(home_of(context, home))
    free_port = choose_port(host, port)
    address = find_store(settings, say=say)
    server = DashboardServer(host, free_port, address, settings.home, login, tuple(files or ()))
    with server.running():
        results.print(f"Dashboard: {server.url}", highlight=False, markup=False)
        say(f"It shows the database {address.uri}. Stop with Ctrl-C.")
        if browser:
            open_browser(server.url)
        server.wait()
    say(
        "Stopped."
        if settings.neo4j_uri
        else "Stopped. The database keeps running until `cathograph db stop`."
    )
