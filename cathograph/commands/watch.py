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
from cathograph.commands.option_flags import takes_options
from cathograph.extras import needs
from cathograph.ingest.options import ServiceSettings

if TYPE_CHECKING:
    from cathograph.ingest.service.standing import Standing

_RETRY_S = 5.0
"""Short, so that a lost server is noticed and started again soon; the queue repeats what failed."""


@needs("ingest")
@takes_options
def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with a beamtime.yaml in it.")],
    service: ServiceSettings,
    as_json: Annotated[
        bool, typer.Option("--json", help="At the end, how the jobs stand; for scripts.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Watch a folder: ingest what arrives, by the rules in its beamtime.yaml.

    A file is ingested once it is complete. A job that fails because of its file is set aside with the reason; one
    that fails for another cause is tried again. Ctrl-C or SIGTERM stops it; the next start continues from there.

    [dim]cathograph init-beamtime DIR, fill in DIR/beamtime.yaml, cathograph watch DIR[/]
    """
    from cathograph.ingest.service.service import serve, stop_on_signals
    from cathograph.settings import read_settings
    from cathograph.writing import open_for_writing, open_on_worker

    settings = read_settings(home_of(context, home))
    service = _with_usual_values(service)
    status = Status("", console=errors) if errors.is_terminal else None

    def show(standing: "Standing") -> None:
        if status is not None:
            status.update(escape(f"{folder}: {standing}"))

    if not service.once:
        say(f"Watching {folder}; Ctrl-C ends it.")
    with stop_on_signals() as stop, status or nullcontext():
        standing = serve(
            folder,
            partial(open_for_writing, settings, retry_s=_RETRY_S),
            service,
            say=say,
            show=show,
            stop=stop,
            open_on_worker=None
            if service.scheduler is None
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
    for line in standing.waiting if service.once else ():
        errors.print(f"[dim]waiting: {escape(line)}[/]", highlight=False)
    if service.once and not standing.is_all_done:
        errors.print("Not all is done; `cathograph jobs` tells why.")
        raise typer.Exit(1)


def _with_usual_values(service: ServiceSettings) -> ServiceSettings:
    """Fill in what depends on other choices: all threads of a cluster, shorter pauses between looks with --poll."""
    usual: dict[str, float] = {}
    if service.scheduler is not None and "workers" not in service.model_fields_set:
        usual["workers"] = 0
    if not service.events and "poll_s" not in service.model_fields_set:
        usual["poll_s"] = 5.0
    return service.with_changes(**usual)


@needs("ingest")
def init_beamtime(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that will be watched.")],
) -> None:
    """Write a beamtime.yaml to start from; never over one that is there."""
    from cathograph.ingest.service.template import write_template

    path = write_template(folder)
    results.print(escape(f"Wrote {path}. Fill it in, then: cathograph watch {folder}"), highlight=False)
