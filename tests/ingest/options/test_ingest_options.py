"""Options: what cannot be meant is refused by the field's name, and models fit together with nothing written twice."""

import ast
import inspect
from typing import Annotated

import pytest
import typer
from pydantic import Field
from repository import ROOT
from typer.testing import CliRunner

from cathograph.commands.option_flags import takes_options
from cathograph.ingest.options import IngestOptions, Option, Source, StackOptions, StateMethod, Stored
from cathograph.ingest.service.template import option_lines
from cathograph.schema.errors import InputError

PHASES = "0=background,1=NMC"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"pixel_size_nm": -5.0}, ["`pixel_size_nm` -5;", "above 0"]),
        ({"pixel_size_nm": 0.0}, ["`pixel_size_nm` 0;", "above 0"]),
        ({"pixel_size_nm": float("nan")}, ["`pixel_size_nm` nan;"]),
        ({"pixel_size_nm": float("inf")}, ["`pixel_size_nm` inf;"]),
        ({"local_channel_path_um": -1.0}, ["`local_channel_path_um` -1;", "above 0"]),
        ({"min_size_px": 0}, ["`min_size_px` 0;", "at least 1"]),
        ({"min_size_px": 1.5}, ["`min_size_px` 1.5;", "whole number"]),
        ({"radius_px": 51}, ["`radius_px` 51;", "0 to 50"]),
        ({"radius_px": "wide"}, ["`radius_px` 'wide';"]),
        ({"source": "labels"}, ["`source` 'labels';", "image, phases, regions"]),
        ({"uncertainty_passes": 8}, ["`uncertainty_passes` with `source` phases;"]),
        ({"phases": None}, ["`source` phases without phases"]),
        ({"source": "image"}, ["`phases` with `source` image"]),
        ({"connectivity": "6"}, ["`connectivity` '6';", "faces, all"]),
        (
            {"source": "regions", "phases": "1=NMC", "connectivity": "faces"},
            ["`connectivity` faces", "`source` regions"],
        ),
        ({"colour": "red"}, ["`colour`", "radius_px"]),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_its_field(changed, found):
    with pytest.raises(InputError) as refused:
        IngestOptions(**{"source": Source.PHASES, "phases": PHASES, **changed})
    for words in found:
        assert words in str(refused.value)
    assert "--" not in str(refused.value)


def test_numbers_of_a_state_stand_in_their_ranges():
    for wrong, words in (
        ({"window_ev": (8348, 8340)}, "`window_ev` 8348,8340; expected two energies in eV, the lower first"),
        ({"reference_ev": 8350}, "`reference_ev` 8350; expected an energy inside the window"),
        ({"min_pixels": 1}, "`min_pixels` 1; expected a whole number, at least 2"),
        ({"bins": 2}, "`bins` 2"),
    ):
        with pytest.raises(InputError, match=words):
            StateMethod(**wrong)


def test_frames_are_named_once():
    with pytest.raises(InputError, match="both `dataset` /x and `layout`"):
        StackOptions(dataset="/x", layout="layout.yaml")


def test_changed_options_are_checked_again_and_keep_the_others():
    options = IngestOptions(source="phases", phases=PHASES, radius_px=5).with_changes(min_size_px=7)
    assert (options.radius_px, options.min_size_px, options.phases) == (5, 7, PHASES)
    assert options.model_fields_set == {"source", "phases", "radius_px", "min_size_px"}
    with pytest.raises(InputError, match="`radius_px` 60"):
        options.with_changes(radius_px=60)


class MoreOptions(IngestOptions):
    """The options with one that is made up: all that a new option needs."""

    smooth_px: Annotated[
        int, Field(ge=0, le=9, description="Smooth outlines by this radius."), Option(stored=Stored.REGIONS)
    ] = 0


class TestAMadeUpOption:
    """It is written in one place, and is on the command line, in the rules, in the template and in the store."""

    def run(self, *line):
        app = typer.Typer()
        read = []

        @app.command()
        @takes_options
        def command(context: typer.Context, options: MoreOptions) -> None:
            read.append(options)

        return CliRunner().invoke(app, line, env={"COLUMNS": "200"}), read

    def test_the_command_line_has_its_flag_with_help_and_range(self):
        shown, _ = self.run("--help")
        assert "--smooth-px" in shown.output
        assert "Smooth outlines by this radius. [0 to 9]" in shown.output
        assert self.run("--smooth-px", "4")[1][0].smooth_px == 4
        assert str(self.run("--smooth-px", "10")[0].exception) == (
            "Found `smooth_px` 10; expected a whole number, 0 to 9. Correct it."
        )

    def test_the_rules_have_its_key(self):
        assert MoreOptions.of_keys({"as": "image", "smooth_px": "4", "pattern": "*.tif"}).smooth_px == 4

    def test_the_template_has_its_line(self):
        (line,) = [line for line in option_lines(MoreOptions) if "smooth_px" in line]
        assert "smooth_px: 0 " in line
        assert "Smooth outlines by this radius. (0 to 9)" in line

    def test_it_is_stored_where_it_differs_so_that_old_keys_stay(self):
        before = IngestOptions().stored(Stored.REGIONS)
        assert MoreOptions().stored(Stored.REGIONS) == before
        assert MoreOptions(smooth_px=4).stored(Stored.REGIONS) == {**before, "smooth_px": 4}

    def test_it_comes_back_from_the_store(self):
        held = {Stored.GRAPH: {"source": "image"}, Stored.REGIONS: {"smooth_px": 4}}
        assert MoreOptions.of_stored(held).smooth_px == 4
        assert MoreOptions.of_stored({Stored.GRAPH: {}, Stored.REGIONS: {}}).smooth_px == 0


PASSED_ON = (
    "cathograph/commands/ingest.py",
    "cathograph/commands/option_flags.py",
    "ingest/service/rules.py",
    "ingest/service/groups.py",
    "ingest/service/job_run.py",
    "ingest/service/template.py",
    "ingest/stored/stored_image.py",
    "ingest/options/model.py",
)
"""Modules that pass options on."""
ANY_OPTION = {"min_size_px", "radius_px", "split_nmc", "volume", "local_channel_path_um"}


@pytest.mark.parametrize("path", PASSED_ON)
def test_who_passes_options_on_names_none_of_them(path):
    """Names, keywords, attributes and whole texts; what an option does stands only where it is used."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    named |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    named |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword | ast.arg) and node.arg}
    named |= {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    passed = {"volume"} if path == "ingest/stored/stored_image.py" else set()  # opens the file with it
    assert named & ANY_OPTION == passed


def test_each_option_says_what_it_is():
    for model in (IngestOptions, StateMethod, StackOptions):
        for name in model.shown_options:
            assert model.model_fields[name].description, name
    assert inspect.getdoc(Source)
