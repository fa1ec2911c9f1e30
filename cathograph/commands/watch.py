"""``cathograph watch`` and ``cathograph init-beamtime``: a folder whose files come into the graph by themselves."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.status import Status

from cathograph.commands.console import errors, print_json, results, say
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import needs

if TYPE_CHECKING:
    from cathograph.ingest.service.options import Standing

_RETRY_S = 5.0
"""The queue repeats what failed; a lost server is to be noticed, and started again, soon."""


@needs("ingest")
def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with a beamtime.yaml in it.")],
    workers: Annotated[
        int | None,
        typer.Option(help="Files at a time; 1, or as many as the cluster has threads.", show_default=False),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask scheduler, tcp://host:8786, to do the work on.", show_default=False),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Work off what is there, then end.")] = False,
    poll: Annotated[
        bool, typer.Option("--poll", help="Only look, every --poll-s; for network shares without events.")
    ] = False,
    poll_s: Annotated[
        float | None,
        typer.Option(help="Seconds between looks; 5 with --poll, else 30.", show_default=False),
    ] = None,
    settle_s: Annotated[
        float, typer.Option(help="A file is complete when it has stood still for so many seconds.")
    ] = 5.0,
    pause_s: Annotated[
        float, typer.Option(help="Pause before another attempt; doubled each time, up to an hour.")
    ] = 10.0,
    lease_s: Annotated[
        float, typer.Option(help="The job of a service that was killed is free after so many seconds.")
    ] = 60.0,
    stop_s: Annotated[float, typer.Option(help="Seconds for running files when told to end.")] = 60.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="At the end, how the jobs stand; for scripts.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Watch a folder: ingest what arrives, by the rules in its beamtime.yaml.

    A file is taken when it has stood still. What fails because of the file is set aside with its reason, what
    fails for another cause is tried again. Stop it with Ctrl-C or SIGTERM; it goes on where it was.

    [dim]cathograph init-beamtime DIR, fill in DIR/beamtime.yaml, cathograph watch DIR[/]
    """
    from cathograph.ingest.service.options import ServiceOptions
    from cathograph.ingest.service.service import serve, stop_on_signals
    from cathograph.settings import read_settings
    from cathograph.writing import open_for_writing, open_on_worker

    settings = read_settings(home_of(context, home))
    options = ServiceOptions(
        workers=workers if workers is not None else 1 if scheduler is None else 0,
        scheduler=scheduler,
        settle_s=settle_s,
        lease_s=lease_s,
        poll_s=poll_s if poll_s is not None else 5.0 if poll else 30.0,
        events=not poll,
        once=once,
        pause_s=pause_s,
        stop_s=stop_s,
    )
    status = Status("", console=errors) if errors.is_terminal else None

    def show(standing: "Standing") -> None:
        if status is not None:
            status.update(escape(f"{folder}: {standing}"))

    if not once:
        say(f"Watching {folder}; Ctrl-C ends it.")
    with stop_on_signals() as stop, status or nullcontext():
        standing = serve(
            folder,
            partial(open_for_writing, settings, retry_s=_RETRY_S),
            options,
            say=say,
            show=show,
            stop=stop,
            open_on_worker=None
            if scheduler is None
            else partial(open_on_worker, settings.neo4j_uri, settings.home),
        )
    if as_json:
        print_json(
            {
                "jobs": dict(standing.states),
                "waiting": list(standing.waiting),
                "unmatched_files": standing.unmatched,
            }
        )
    else:
        results.print(escape(f"{folder}: {standing}"), highlight=False)
    for line in standing.waiting if once else ():
        errors.print(f"[dim]waiting: {escape(line)}[/]", highlight=False)
    if once and not standing.is_all_done:
        errors.print("Not all is done; `cathograph jobs` tells why.")
        raise typer.Exit(1)


@needs("ingest")
def init_beamtime(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that will be watched.")],
) -> None:
    """Write a beamtime.yaml to start from; never over one that is there."""
    from cathograph.ingest.service.template import write_template

    path = write_template(folder)
    results.print(escape(f"Wrote {path}. Fill it in, then: cathograph watch {folder}"), highlight=False)
