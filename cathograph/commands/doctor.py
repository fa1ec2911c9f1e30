"""``cathograph doctor``: what is there, what is missing, what to do."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer

from cathograph.commands.console import print_json, print_table
from cathograph.commands.home import HomeOption, home_of
from cathograph.extras import EXTRAS, missing_packages, packages_of
from cathograph.schema.errors import CathographError

if TYPE_CHECKING:
    from cathograph.settings import Settings


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    home: HomeOption = None,
) -> None:
    """Look at this installation and its database; starts and changes nothing."""
    from cathograph.settings import read_settings

    settings = read_settings(home_of(context, home))
    found = [*_installation(), *_database(settings)]
    if as_json:
        print_json(found)
    else:
        import pandas as pd

        print_table(pd.DataFrame(found))
    if any(line["state"] == "broken" for line in found):
        sys.exit(1)


def _installation() -> list[dict[str, str]]:
    lines = [
        _line("Cathograph", "fine", version("cathograph"), ""),
        _line("Python", "fine", sys.version.split()[0], ""),
    ]
    for extra in EXTRAS:
        missing = missing_packages(extra.name)
        if missing:
            found, to_do = f"no {', '.join(missing)}", extra.install
        else:
            found, to_do = f"all {len(packages_of(extra.name))} packages", ""
        lines.append(_line(f"extra {extra.name}", "missing" if missing else "fine", found, to_do))
    return lines


def _database(settings: "Settings") -> list[dict[str, str]]:
    if settings.neo4j_uri is not None:
        return [_answer(settings, f"server of NEO4J_URI, {settings.neo4j_uri}")]
    if missing_packages("ingest"):
        to_do = "set NEO4J_URI and NEO4J_PASSWORD, or install the extra ingest"
        return [_line("database", "missing", "no NEO4J_URI, no local server", to_do)]
    local_neo4j = import_module("cathograph.local_neo4j.server")
    try:
        status = local_neo4j.LocalNeo4j(settings.home).status()
    except CathographError as error:
        return [_line("local server", "broken", str(error), "")]
    if status.state.value == "running":
        return [_answer(settings, f"local server of {settings.home}")]
    what = f"{status.state.value}, home {settings.home}"
    return [_line("local server", "fine", what, "starts by itself, or: cathograph db start")]


def _answer(settings: "Settings", what: str) -> dict[str, str]:
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run
    from cathograph.store import look_at_store

    try:
        with look_at_store(settings) as store:
            samples = load("samples")
            table = run(store, samples, samples.bind({}))
    except CathographError as error:
        return _line("database", "broken", str(error), "see the message")
    return _line("database", "fine", f"{what}: {len(table)} samples", "")


def _line(part: str, state: str, found: str, to_do: str) -> dict[str, str]:
    return {"part": part, "state": state, "found": found, "to do": to_do}
