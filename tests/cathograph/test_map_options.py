"""Options of an energy map: they mean nothing without one, and say so."""

from typing import Annotated

import pytest
import typer
from cathograph.commands.map_options import (
    OF_MAPS,
    MapDataset,
    MapOffset,
    MapPixelSize,
    MinPixels,
    Reference,
    Register,
    Window,
    refuse_without_map,
)
from typer.testing import CliRunner

from cathograph.schema.errors import InputError

app = typer.Typer()


@app.command()
def takes_a_map(
    context: typer.Context,
    energy_map: Annotated[str | None, typer.Option()] = None,
    map_dataset: MapDataset = None,
    map_pixel_size_nm: MapPixelSize = None,
    map_offset_um: MapOffset = None,
    register: Register = False,
    window_ev: Window = None,
    reference_ev: Reference = None,
    min_pixels: MinPixels = 50,
) -> None:
    """Stand for a command that takes a map, or none."""
    if energy_map is None:
        refuse_without_map(context)


def said(*line):
    return CliRunner().invoke(app, line).exception


@pytest.mark.parametrize("name", OF_MAPS)
def test_an_option_of_a_map_without_a_map_is_refused(name):
    option = f"--{name.replace('_', '-')}"
    value = [] if name == "register" else ["50"]
    error = said(option, *value)
    assert isinstance(error, InputError)
    assert str(error).startswith(f"Found {option} without an energy map")
    assert said(option, *value, "--energy-map", "map.tif") is None


def test_all_of_them_are_named_and_none_is_fine():
    assert "--map-dataset, --register, --window-ev" in str(
        said("--window-ev", "nonsense", "--register", "--map-dataset", "/x")
    )
    assert said() is None
