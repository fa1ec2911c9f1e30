"""``cathograph provenance``: the file, parameters, model and code behind a number."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from cathograph.commands.console import print_json, results, say
from cathograph.commands.home import HomeOption, home_of

_NAMES = {"measured": "on it", "runs": "run", "jobs": "job", "wrote": "wrote"}


def provenance(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY",
            help="Key of a particle (SEGMENTATION:LABEL), segmentation, measurement, run or job.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Show the provenance of a result: file hash, parameters, model, code version, user and time.

    `cathograph query segmentations` lists keys of segmentations; `cathograph jobs --json` lists keys of jobs.

    [dim]cathograph provenance 5e6a…:7[/]
    """
    from cathograph.queries.reading.provenance import provenance as trace
    from cathograph.settings import read_settings
    from cathograph.store import open_store

    with open_store(read_settings(home_of(context, home)), say=say) as store:
        found = trace(store, key)
    if as_json:
        print_json(found)
        return
    for line in _lines(found):
        results.print(line, markup=False, highlight=False)


def _lines(record: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Write a record as indented lines, with its sources below it; nulls are left out."""
    margin = "  " * depth
    if "kind" in record and "key" in record:
        yield f"{margin}{record['kind']} {record['key']}"
        margin, depth = f"{margin}  ", depth + 1
    for name, value in record.items():
        if name in ("kind", "key") or value is None or value == [] or value == {}:
            continue
        if name in ("properties", "particle") and isinstance(value, Mapping):
            yield from _lines(value, depth)
        elif isinstance(value, Mapping):
            yield f"{margin}{_NAMES.get(name, name)}"
            yield from _lines(value, depth + 1)
        elif isinstance(value, list) and isinstance(value[0], Mapping):
            for each in value:
                yield f"{margin}{_NAMES.get(name, name)}"
                yield from _lines(each, depth + 1)
        elif not (name == "segmentation" and isinstance(value, str)):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            yield f"{margin}{name:<22}{shown}"
