"""Each command declares the extras that it needs, before its work; each extra brings what its commands reach."""

import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest
import typer
from import_closure import declared_extras, module_files, reach
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

from cathograph import extras
from cathograph.cli import app
from cathograph.extras import EXTRAS, Extra, missing_packages, needs, packages_of, require
from cathograph.schema.errors import MissingExtra

_DISTRIBUTIONS = packages_distributions()


def commands(of=app, path=()):
    """Yield each command of the command line with its words."""
    for command in of.registered_commands:
        name = command.name or command.callback.__name__.replace("_", "-")
        yield (*path, name), command.callback
    for group in of.registered_groups:
        yield from commands(group.typer_instance, (*path, group.name))


def brought_by(extra_names):
    """Distributions that are installed with these extras, by their canonical name."""
    wanted = [each for extra in ("", *extra_names) for each in packages_of(extra)]
    return {canonicalize_name(each.name) for each in wanted}


def lacking(module, extra_names):
    """Foreign modules that one of our modules reaches and these extras do not bring."""
    brought = brought_by(extra_names)
    return {
        foreign: by
        for foreign, by in reach(module, extra_names).items()
        if not brought & {canonicalize_name(name) for name in _DISTRIBUTIONS[foreign]}
    }


MODULES_OF_COMMANDS = sorted({callback.__module__ for _, callback in commands()})


@pytest.mark.parametrize("module", MODULES_OF_COMMANDS)
def test_a_command_declares_what_it_reaches(module):
    """Read from the text of all modules that the command can import, those imported late included."""
    declared = declared_extras(module)
    assert lacking(module, sorted(declared)) == {}


def test_the_check_above_finds_what_is_missing():
    """Without their extras the commands reach packages that the base installation does not bring."""
    assert "numba" in reach("cathograph.commands.ingest", ["ingest"])
    found = lacking("cathograph.commands.evaluate", ["ingest"])
    assert found == {}, "what stands behind needs('unet') is not reached without it"
    assert "torch" in reach("cathograph.commands.evaluate", ["unet"])
    assert "numba" in lacking("cathograph.ingest.pipeline", [])


@pytest.mark.parametrize(
    ("root", "extra"),
    [
        ("cathograph.dashboard_server.script.serve", "dashboard"),
        ("cathograph.dashboard_server.script.start", "dashboard"),
        ("cathograph.ingest.service.cluster", "ingest"),
        ("cathograph.ingest.service.job_run", "ingest"),
        ("cathograph.notebook", "ingest"),
    ],
)
def test_what_runs_in_a_process_of_its_own_is_brought_too(root, extra):
    assert lacking(root, [extra]) == {}


@pytest.mark.parametrize("module", sorted(name for name in module_files() if ".benchmarks" in name))
def test_benchmarks_find_their_packages_in_the_extra_bench(module):
    assert lacking(module, ["bench"]) == {}


def test_help_needs_only_the_base_installation():
    """The modules of all commands are imported for it; none of them may load what only an extra brings."""
    script = "import sys, cathograph.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    of_extras = brought_by(["all"]) - brought_by([])
    assert not {
        name
        for name in done.stdout.split()
        if of_extras & {canonicalize_name(each) for each in _DISTRIBUTIONS.get(name, [])}
    }


def test_no_extra_is_without_a_meaning():
    """The table and the metadata of the package name the same extras."""
    from importlib.metadata import metadata

    assert {extra.name for extra in EXTRAS} == set(metadata("cathograph").get_all("Provides-Extra"))
    for extra in EXTRAS:
        assert extra.meaning
        assert packages_of(extra.name)


def test_the_verbs_of_the_table_are_commands():
    known = {" ".join(words) for words, _ in commands()} | {name for (name, *_), _ in commands()}
    for extra in (extras.BASE, *EXTRAS):
        for verb in extra.verbs:
            assert verb.partition(" --")[0] in known, verb


class TestMissing:
    """An extra that this environment lacks: made by asking for a package that does not exist."""

    @pytest.fixture
    def lacks(self, monkeypatch):
        """Make the metadata ask for packages that nobody has."""
        from importlib.metadata import requires

        asked = [
            *requires("cathograph"),
            "no-such-package>=1; extra == 'ingest'",
            "numpy>=9999; extra == 'ingest'",
            "another-one; extra == 'ingest' and python_version < '3'",
        ]
        monkeypatch.setattr(
            "cathograph.extras.requires",
            lambda name: asked if name == "cathograph" else requires(name),
        )
        missing_packages.cache_clear()
        yield
        missing_packages.cache_clear()

    def test_absent_and_too_old_are_missing(self, lacks):
        assert missing_packages("ingest") == ("no-such-package", "numpy")
        assert missing_packages("dashboard") == ()

    def test_message_says_what_to_install(self, lacks):
        with pytest.raises(MissingExtra) as refused:
            require("ingest", what="the report")
        for word in ("no-such-package", "the report", "pip install 'cathograph[ingest]'"):
            assert word in str(refused.value)

    def test_a_command_is_refused_before_its_work(self, lacks):
        done = []
        app_ = typer.Typer()

        @app_.command()
        @needs("ingest")
        def work(times: int) -> None:
            """Work."""
            done.append(times)

        result = CliRunner().invoke(app_, ["3"])
        assert isinstance(result.exception, MissingExtra)
        assert done == []
        assert CliRunner().invoke(app_, ["--help"]).exit_code == 0

    def test_a_command_with_all_it_needs_works(self):
        app_ = typer.Typer()
        done = []

        @app_.command()
        @needs("ingest")
        def work(times: int) -> None:
            """Work."""
            done.append(times)

        assert CliRunner().invoke(app_, ["3"]).exit_code == 0
        assert done == [3]


def test_nothing_is_missing_here():
    assert {extra.name: missing_packages(extra.name) for extra in EXTRAS} == {
        extra.name: () for extra in EXTRAS
    }


def test_an_unknown_extra_is_refused():
    with pytest.raises(MissingExtra, match="ingest"):
        require("images", what="a test")


def test_install_command():
    assert Extra("gnn", "", ()).install == "pip install 'cathograph[gnn]'"
    assert extras.BASE.install == "pip install cathograph"
