"""The site builds without a warning, loads nothing from another host, and names only commands that exist."""

import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from generated_pages.architecture import architecture_picture, contract_layers, missing_rooms
from generated_pages.architecture import main as write_architecture
from generated_pages.commands import all_commands, commands_page
from generated_pages.python_api import api_pages, public_rooms
from generated_pages.queries import queries_page
from generated_pages.schema_picture import PLACES
from generated_pages.schema_picture import main as write_schema_picture
from repository import ROOT
from typer.core import TyperOption

from cathograph.queries.catalog import all_read_queries
from cathograph.schema.relationships import RELATIONSHIP_TYPES

GENERATED = {"reference", "site", "architecture.md", "changelog.md", "contributing.md"}
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")),
    *(path for path in (ROOT / "docs").rglob("*.md") if not GENERATED & set(path.relative_to(ROOT).parts)),
]
COMMANDS = dict(all_commands())
# Options that stand before or behind any command.
FRONT_DOOR = {"--home", "--verbose", "--version", "--help"}


def typed_commands(page: str) -> list[tuple[str, str]]:
    """Give what a page tells to type, as (command, rest of the line)."""
    joined = page.replace("\\\n", " ")
    spans = re.findall(r"`(cathograph [^`]+)`", joined)
    spans += re.findall(r"^(?:\$ )?(?:\.venv/bin/)?(cathograph [^|#\n]+)", joined, flags=re.MULTILINE)
    found = []
    for span in spans:
        words = span.split()
        while len(words) > 2 and words[1].startswith("--"):
            del words[1 : 3 if words[1] == "--home" else 2]
        command = " ".join(words[:3]) if " ".join(words[:3]) in COMMANDS else " ".join(words[:2])
        found.append((command, span))
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_modules_that_a_page_names_exist(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    groups = {name.rpartition(" ")[0] for name in COMMANDS}
    for command, span in typed_commands(page):
        name = command.split()[1]
        if not re.fullmatch(r"[a-z][a-z-]*", name):
            continue  # a place holder, or several commands in one
        assert command in COMMANDS or command in groups, span
        if command in COMMANDS:
            known = {
                option
                for each in COMMANDS[command].params
                if isinstance(each, TyperOption)
                for option in (*each.opts, *each.secondary_opts)
            }
            used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", span))
            if command != "cathograph bench":
                assert used <= known | FRONT_DOOR | {"--param"}, span
    for module in re.findall(r"python -m (cathograph[\w.]*)", page):
        assert importlib.util.find_spec(module), module
    for path_of_code in re.findall(
        r"`((?:ingest|analysis|queries|schema|gnn|benchmarks|phantom)/[\w/]+\.(?:py|cypher))`", page
    ):
        if path.name != "CONTRIBUTING.md":
            assert (ROOT / path_of_code).is_file(), path_of_code


def test_every_command_and_option_has_its_place() -> None:
    page = commands_page()
    assert len(COMMANDS) > 25
    for name, command in COMMANDS.items():
        assert f"\n## {name}\n" in page
        for each in command.params:
            if isinstance(each, TyperOption) and not each.hidden:
                assert f"`{each.opts[0]}`" in page


def test_every_named_query_has_its_place() -> None:
    page = queries_page()
    for query in all_read_queries():
        section = page.split(f"\n## {query.name}\n", 1)[1].split("\n## ", 1)[0]
        assert all(f"`{each.name}`" in section for each in (*query.parameters, *query.columns))


def test_public_names_are_those_of_the_rooms() -> None:
    rooms = {room.__name__ for room in public_rooms()}
    assert {"cathograph", "cathograph.ingest.formats", "cathograph.phantom"} <= rooms


def test_each_public_constant_is_described_by_its_own_text() -> None:
    pages = api_pages()
    constants = [
        block
        for page in pages.values()
        for block in re.findall(r"\.\. py:data:: (.+?)```", page, flags=re.DOTALL)
    ]
    assert len(constants) >= 10
    undescribed = [block for block in constants if not re.search(r"\n   [^:\s]", block)]
    assert not undescribed
    # One that is imported at once, and one on first use.
    assert "The side across from each side." in pages["cathograph.schema.composites.md"]
    assert "Names of the splits" in pages["cathograph.analysis.figures.predicted_against_measured.md"]


def test_pictures_are_current_and_notice_what_is_new(tmp_path: Path) -> None:
    assert write_architecture(["--check", str(ROOT / "docs/pictures/architecture.svg")]) == 0
    assert write_schema_picture(["--check", str(ROOT / "docs/pictures/schema.svg")]) == 0
    assert write_architecture(["--check", str(tmp_path / "none.svg")]) == 1
    layers = contract_layers()
    assert missing_rooms(layers) == (set(), set())
    layers["cathograph.ingest"][0].append("weather")
    assert missing_rooms(layers) == ({"ingest.weather"}, set())
    with pytest.raises(ValueError, match=r"ingest\.weather"):
        architecture_picture(layers)
    assert set(PLACES) >= {end for each in RELATIONSHIP_TYPES for end in (each.source, each.target)}


class Loaded(HTMLParser):
    """What a browser fetches for a page: scripts, styles, pictures, frames, fonts."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed") and given.get("src"):
            self.addresses.append(given["src"] or "")
        if tag == "link" and given.get("rel") in (
            "stylesheet",
            "preload",
            "preconnect",
            "dns-prefetch",
            "icon",
        ):
            self.addresses.append(given.get("href") or "")


@pytest.mark.long
def test_site_builds_strictly_and_stays_on_its_host(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-W",
            "--keep-going",
            "-b",
            "html",
            ROOT / "docs",
            tmp_path / "site",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert {"index.html", "schema.html", "commands.html", "queries.html", "first-image.html"} <= {
        page.name for page in pages
    }
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses
        assert not [each for each in loaded.addresses if re.match(r"(?:https?:)?//", each)], page
    for style in (tmp_path / "site").rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", text), style
