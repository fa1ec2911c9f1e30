"""The one YAML reader: what is read is the text that stands there, with its line; what hides something is refused."""

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cathograph.schema.errors import InputError, InputImageError, PhaseMapError
from cathograph.schema.yaml_reader import DEEPEST, parse_yaml, read_yaml

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=12)
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_a_library_writes_is_read_as_it_was(content):
    """Texts are quoted, so that each is itself, the empty one too."""
    written = yaml.safe_dump(content, default_style='"', allow_unicode=True)
    assert parse_yaml(written, where="x").content == content


@pytest.mark.parametrize("text", ["NO", "010", "1e3", "2024-99-99", "0x1F", "12:30", "true", ".nan", "="])
def test_a_plain_text_stays_as_it_stands(text):
    assert parse_yaml(f"key: {text}", where="x").content == {"key": text}


@pytest.mark.parametrize("text", ["", "~", "null"])
def test_nothing_is_none_unless_it_is_quoted(text):
    assert parse_yaml(f"key: {text}", where="x").content == {"key": None}
    assert parse_yaml(f"key: '{text}'", where="x").content == {"key": text}


def test_an_empty_document_is_none():
    assert parse_yaml("", where="x").content is None
    assert parse_yaml("# only a comment\n", where="x").content is None


def test_lines_count_from_one_and_a_missing_place_has_that_of_what_is_around_it():
    document = parse_yaml("a: 1\nfiles:\n  - b: 2\n    c:\n      - 3\n      - 4\n", where="x")
    assert document.line_of(("a",)) == 1
    assert document.line_of(("files", 0, "b")) == 3
    assert document.line_of(("files", 0, "c", 1)) == 6
    assert document.line_of(("files", 0, "missing")) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2\n", "line 2: found the key 'a' twice"),
        ("a: 1\n'a': 2\n", "line 2: found the key 'a' twice"),
        ("x:\n  - {b: 1, b: 2}\n", "line 2: found the key 'b' twice"),
        ("a: &here 1\n", "line 1: found an anchor (&here)"),
        ("a: 1\nb: *here\n", "line 2: found an alias (*here)"),
        ("<<: *here\n", "found an alias (*here)"),
        ("a: !!python/object/apply:os.system [ls]\n", "YAML tag tag:yaml.org,2002:python"),
        ("a: !!int 1\n", "YAML tag tag:yaml.org,2002:int"),
        ("!mine a: 1\n", "YAML tag !mine"),
        ("? [1, 2]\n: x\n", "a key that is no text"),
        ("? {a: 1}\n: x\n", "a key that is no text"),
        ("a: " + "[" * DEEPEST + "]" * DEEPEST, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ("a: 1\n--- \nb: 2\n", "a second document"),
        ("a: [1\n", "no valid YAML"),
        ("a: 1\n\tb: 2\n", "line 2: found no valid YAML"),
        ("a: \0\n", "no valid YAML"),
        ("a: \x07\n", "no valid YAML"),
        ("a: 'open\n", "no valid YAML"),
    ],
)
def test_what_is_refused_says_where(text, words):
    with pytest.raises(PhaseMapError) as refused:
        parse_yaml(text, where="map.yaml", error=PhaseMapError)
    message = str(refused.value)
    assert words in message
    assert message.startswith("map.yaml")
    assert "\n" not in message


def test_as_deep_as_is_allowed():
    depth = DEEPEST - 1
    content = parse_yaml("a: " + "[" * depth + "]" * depth, where="x").content
    for _ in range(depth - 1):
        content = content["a"] if isinstance(content, dict) else content[0]
    assert content in ([], [[]])


def test_growth_by_aliases_never_begins():
    """Nine lines that would be a billion texts."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InputError, match=r"line 1: found an anchor"):
        parse_yaml("\n".join(lines), where="x")


def test_files(tmp_path: Path):
    path = tmp_path / "x.yaml"

    def refused(words, error=InputImageError):
        with pytest.raises(error, match=words):
            read_yaml(path, what="the layout", largest_bytes=100, error=error)

    refused("the layout cannot be read")
    path.write_bytes(b"a: \xff")
    refused("not UTF-8")
    path.write_bytes(b"#" * 101)
    refused("found 101 bytes; expected at most 100", PhaseMapError)
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_yaml(path, what="the layout", largest_bytes=100).content == {"a": "1"}
    path.unlink()
    path.mkdir()
    refused("cannot be read")
    path.rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        refused("a device or a pipe")
