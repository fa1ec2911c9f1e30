"""One model behind three front ends: each refuses the same value, by its own name for the option."""

import re
from pathlib import Path
from typing import Annotated

import pytest
import typer
from repository import ROOT
from typer.testing import CliRunner

from cathograph.commands.ingest import ingest
from cathograph.commands.option_flags import FLAGS, takes_options, with_flags
from cathograph.ingest.options import (
    FitOptions,
    IngestOptions,
    MapOptions,
    Options,
    ServiceSettings,
    StackOptions,
    StateMethod,
)
from cathograph.ingest.service.rules import parse_rules
from cathograph.schema.errors import InputError

IMAGE = "files:\n  - {pattern: '*.tif', as: image, sample: s, "
MAP = "files:\n  - {pattern: '*.tif', as: energy-map, sample: s, "
REFUSED = [
    # model, field, value, flag, key, head of the rules, what is expected
    (IngestOptions, "pixel_size_nm", "-5", "--pixel-size-nm", "pixel_size_nm", IMAGE, "above 0"),
    (IngestOptions, "radius_px", "51", "--radius-px", "radius_px", IMAGE, "0 to 50"),
    (IngestOptions, "min_size_px", "0", "--min-size-px", "min_size_px", IMAGE, "at least 1"),
    (IngestOptions, "uncertainty_passes", "1001", "--uncertainty", "uncertainty", IMAGE, "0 to 1000"),
    (IngestOptions, "local_channel_path_um", "0", "--channel-path-um", "channel_path_um", IMAGE, "above 0"),
    (MapOptions, "map_pixel_size_nm", "0", "--map-pixel-size-nm", "pixel_size_nm", MAP, "above 0"),
    (MapOptions, "map_offset_um", "[1]", "--map-offset-um", "offset_um", MAP, "Y,X or Z,Y,X"),
    (StateMethod, "window_ev", "[8340]", "--window-ev", "window_ev", MAP, "LOW,HIGH"),
    (StateMethod, "min_pixels", "1", "--min-pixels", "min_pixels", MAP, "at least 2"),
    (StateMethod, "reference_ev", "8350", "--reference-ev", "reference_ev", MAP, "inside the window"),
]


def run(model: type[Options], *line: str):
    """Read a command line by a command that takes this model alone."""
    app = typer.Typer()
    read: list[Options] = []

    @app.command()
    @takes_options
    def command(context: typer.Context, options: model) -> None:
        read.append(options)

    done = CliRunner().invoke(app, line)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return read[0]


@pytest.mark.parametrize(("model", "field", "value", "flag", "key", "rules", "expected"), REFUSED)
def test_three_front_ends_refuse_the_same(model, field, value, flag, key, rules, expected):
    bare = value.strip("[]")
    with pytest.raises(InputError, match=f"`{field}`") as in_python:
        model(**{field: bare.split(",") if value.startswith("[") else value})
    with pytest.raises(InputError) as typed:
        run(model, f"{flag}={bare}")
    on_the_line = with_flags(str(typed.value))
    with pytest.raises(InputError) as in_rules:
        parse_rules(f"{rules}{key}: {value}}}\n")
    assert flag in on_the_line
    assert "`" not in on_the_line
    assert f" {key} " in str(in_rules.value)
    assert "beamtime.yaml, line 2" in str(in_rules.value)
    assert "`" not in str(in_rules.value)
    for message in (str(in_python.value), on_the_line, str(in_rules.value)):
        assert expected in message


TYPED = [
    (IngestOptions, ["--no-split"], {"split_nmc": False}),
    (
        IngestOptions,
        ["--segmenter-param", "a=2", "--segmenter-param", "b=SSE,NMC"],
        {"segmenter_parameters": {"a": 2, "b": "SSE,NMC"}},
    ),
    (IngestOptions, ["--as", "regions", "--phases", "x.csv"], {"source": "regions", "phases": "x.csv"}),
    (MapOptions, ["--map-offset-um", "1, -2.5"], {"map_offset_um": (1.0, -2.5)}),
    (MapOptions, ["--register", "--map-dataset", "/m"], {"by_correlation": True, "map_dataset": "/m"}),
    (
        StackOptions,
        ["--flat", "f.npy", "--empty-region", "0,40,0,200"],
        {"flats": Path("f.npy"), "empty_region": (0, 40, 0, 200)},
    ),
    (
        FitOptions,
        ["--no-normalise", "--pre-ev", "8100,8300"],
        {"normalised": False, "pre_ev": (8100.0, 8300.0)},
    ),
    (ServiceSettings, ["--poll", "--settle-s", "2"], {"events": False, "settle_s": 2.0}),
]


@pytest.mark.parametrize(("model", "line", "values"), TYPED)
def test_what_is_typed_is_what_is_read_and_nothing_else_counts_as_given(model, line, values):
    options = run(model, *line)
    assert options == model(**values)
    assert options.model_fields_set == set(values)


def test_a_calibration_counts_as_given_only_where_it_is_typed():
    assert not run(StateMethod, "--min-pixels", "9").calibration_given
    assert run(StateMethod, "--reference-ev", "8344").calibration_given, "also where it is the default"


@pytest.mark.parametrize("flag", [*MapOptions.flags().values(), *StateMethod.flags().values()])
def test_an_option_of_a_map_without_a_map_is_refused(flag):
    app = typer.Typer()
    app.command()(ingest)
    value = {
        "--register": [],
        "--window-ev": ["8340,8348"],
        "--map-offset-um": ["1,2"],
        "--map-orientation": ["mirrored"],
        "--reference-ev": ["8344"],
        "--edge": ["Co K"],
    }
    line = ["x.tif", "--sample", "s", flag, *value.get(flag, ["50"])]
    error = CliRunner().invoke(app, line).exception
    assert isinstance(error, InputError)
    assert f"Found {flag} without an energy map" in str(error)


def test_a_command_keeps_its_own_options():
    app = typer.Typer()
    read = []

    @app.command()
    @takes_options
    def command(
        context: typer.Context,
        path: Path,
        options: IngestOptions,
        fast: Annotated[bool, typer.Option("--fast")] = False,
    ) -> None:
        read.append((path, options.radius_px, fast))

    assert CliRunner().invoke(app, ["a.tif", "--radius-px", "4", "--fast"]).exit_code == 0
    assert read == [(Path("a.tif"), 4, True)]


def test_a_message_is_translated_only_where_it_names_a_field():
    text = "Found no `pixel_size_nm` in radius_px.tif; see `cathograph ingest` or `unknown`."
    assert (
        with_flags(text) == "Found no --pixel-size-nm in radius_px.tif; see `cathograph ingest` or `unknown`."
    )


WRITES_COMMANDS = {
    "ingest/stacks/inspection.py",
    "ingest/segmentation/painted/model_lookup.py",
    "ingest/stored/field_pictures.py",
    "ingest/stored/stored_image.py",
}
"""These suggest whole commands, which have flags."""
ROOMS_WITH_FLAGS = ("ingest/options/", "ingest/graph/", "ingest/regions/")
"""The options define the flags; messages about graphs and regions name them still."""


def test_ingest_names_fields_not_flags():
    """A flag in a text of ingest would be wrong in beamtime.yaml and in Python."""
    flag = re.compile("(?:" + "|".join(map(re.escape, FLAGS.values())) + r")(?![\w-])")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ingest").rglob("*.py")
        if flag.search(path.read_text(encoding="utf-8"))
    }
    assert {path for path in found - WRITES_COMMANDS if not path.startswith(ROOMS_WITH_FLAGS)} == set()
