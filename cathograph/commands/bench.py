"""``cathograph bench``: compare the speed of Cathograph with rivals in one run."""

from importlib import import_module
from typing import Annotated

import typer

from cathograph.commands.console import print_json, print_table, say
from cathograph.extras import needs
from cathograph.schema.errors import InputError

# Each is a module of benchmarks/ with run(progress, only).
_BENCHMARKS = {
    "contacts": "speed.contacts",
    "centrality": "speed.centrality",
    "metrics": "speed.metrics",
    "writing": "speed.writing",
    "export": "speed.export",
    "xanes": "speed.xanes",
    "segment": "speed.segment",
    "painted": "speed.painted",
    "instances": "accuracy.instances",
    "dashboard": "speed.dashboard",
}


@needs("bench")
def bench(
    name: Annotated[str, typer.Argument(help=f"What to measure: {', '.join(_BENCHMARKS)}.")],
    only: Annotated[str | None, typer.Option(help="Only rows whose name contains this.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Time Cathograph and its rivals on the same inputs; ratio is how many times faster Cathograph is."""
    if name not in _BENCHMARKS:
        msg = f"Found benchmark {name!r}; expected one of {', '.join(_BENCHMARKS)}."
        raise InputError(msg)
    rows = import_module(f"cathograph.benchmarks.{_BENCHMARKS[name]}").run(progress=say, only=only)
    if as_json:
        print_json(rows)
    else:
        import pandas as pd

        print_table(pd.DataFrame(rows))
