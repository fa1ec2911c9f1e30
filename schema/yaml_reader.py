"""The one reader of YAML files that users write: phase maps, rules of a folder, layouts of a stack.

YAML is read as a stream of events and built here, never constructed by the library: no type is resolved (``NO`` would
become False, ``010`` eight, ``0100`` a number), so every scalar is the text that stands there, and None where nothing
does. What could make objects, grow without bound or hide a mistake is refused: tags, anchors and aliases, a key
written twice, a key that is not a scalar, a second document, deep nesting.
"""

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeAlias

import yaml

from cathograph.schema.errors import InputError
from cathograph.schema.printable import shown

YamlValue: TypeAlias = "str | list[YamlValue] | dict[str, YamlValue] | None"
Place = tuple[str | int, ...]

DEEPEST = 8
_EMPTY = ("", "~", "null")


@dataclass(frozen=True)
class YamlDocument:
    """The content of a YAML file.

    Attributes
    ----------
    content : str, None, list or dict
        Texts in lists and mappings, at most `DEEPEST` deep.
    lines : Mapping
        Line, counted from 1, of each value by its place: keys and places in lists from the top.
    """

    content: YamlValue
    lines: Mapping[Place, int]

    def line_of(self, place: Place) -> int:
        """Line of a value, or of the nearest one around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


@dataclass
class _Open:
    """A list or mapping that is being read."""

    value: list[YamlValue] | dict[str, YamlValue]
    place: Place
    key: str | None = None


@dataclass
class _Builder:
    """Builds the content from events, without recursion."""

    where: str
    error: type[InputError]
    content: YamlValue = None
    lines: dict[Place, int] = field(default_factory=dict)
    documents: int = 0
    inside: list[_Open] = field(default_factory=list)

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(line, "no valid YAML: a second document", "one document", "Leave the rest out")
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(line, f"an alias (*{event.anchor})", "values written out", "Write the value out")
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self._refuse_anchor_and_tag(event, line)
            self._take_value(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.inside.pop()

    def _refuse_anchor_and_tag(
        self, event: "yaml.ScalarEvent | yaml.CollectionStartEvent", line: int
    ) -> None:
        if event.anchor is not None:
            self._refuse(line, f"an anchor (&{event.anchor})", "values written out", "Write the value out")
        if event.tag not in (None, "!"):
            self._refuse(line, f"the YAML tag {event.tag}", "plain keys and values", "Leave the tag out")

    def _take_value(self, event: "yaml.ScalarEvent | yaml.CollectionStartEvent", line: int) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._take_scalar(event, line)
            return
        if len(self.inside) >= DEEPEST:
            self._refuse(line, "values nested too deeply", f"at most {DEEPEST} levels", "Write it flatter")
        value: list[YamlValue] | dict[str, YamlValue] = (
            [] if isinstance(event, yaml.SequenceStartEvent) else {}
        )
        self.inside.append(_Open(value, self._put(value, line)))

    def _take_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        around = self.inside[-1] if self.inside else None
        if around is None or isinstance(around.value, list) or around.key is not None:
            plain = event.style is None
            self._put(None if plain and event.value in _EMPTY else event.value, line)
            return
        if event.value in around.value:
            self._refuse(line, f"the key {event.value[:40]!r} twice", "each key once", "Leave one out")
        around.key = event.value

    def _put(self, value: YamlValue, line: int) -> Place:
        """Put a value where it belongs, and give its place."""
        place: Place = ()
        if not self.inside:
            self.content = value
        else:
            around = self.inside[-1]
            if isinstance(around.value, list):
                place = (*around.place, len(around.value))
                around.value.append(value)
            elif around.key is None:
                self._refuse(
                    line, "a key that is no text", "a name or a number before the colon", "Correct it"
                )
            else:
                place = (*around.place, around.key)
                around.value[around.key], around.key = value, None
        self.lines[place] = line
        return place

    def _refuse(self, line: int, found: str, expected: str, advice: str) -> NoReturn:
        msg = f"{self.where}, line {line}: found {found}; expected {expected}. {advice}."
        raise self.error(msg)


def parse_yaml(text: str, *, where: str, error: type[InputError] = InputError) -> YamlDocument:
    """Read YAML from a text.

    Parameters
    ----------
    text : str
        One YAML document.
    where : str
        Name of the file, for messages.
    error : type
        What to raise.

    Raises
    ------
    InputError
        Of the type `error`, when it is no valid YAML or holds what this module refuses; with the line.

    Examples
    --------
    >>> parse_yaml("a: [1, no]", where="x.yaml").content
    {'a': ['1', 'no']}
    """
    builder = _Builder(where, error)
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            builder.take(event)
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        mark = getattr(fault, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        detail = " ".join(str(getattr(fault, "problem", None) or fault).split())[:150]
        msg = f"{where}{line}: found no valid YAML ({detail}); expected plain keys and values. Correct the file."
        raise error(msg) from fault
    return YamlDocument(builder.content, builder.lines)


def read_yaml(
    path: Path, *, what: str, largest_bytes: int, error: type[InputError] = InputError
) -> YamlDocument:
    """Read a YAML file.

    Parameters
    ----------
    path : Path
        The file; UTF-8, with or without a byte-order mark.
    what : str
        What it should be, for messages.
    largest_bytes : int
        Longest file that is read.
    error : type
        What to raise.

    Raises
    ------
    InputError
        Of the type `error`, when it cannot be read, is too long, or as `parse_yaml`.
    """
    return parse_yaml(
        read_text(path, what=what, largest_bytes=largest_bytes, error=error), where=shown(path), error=error
    )


def read_text(path: Path, *, what: str, largest_bytes: int, error: type[InputError] = InputError) -> str:
    """Read a text file that a user wrote, never more of it than is allowed.

    Raises
    ------
    InputError
        Of the type `error`, when it cannot be read, is too long, or is not UTF-8.
    """
    where = shown(path)
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a pipe would be waited for without end
            msg = f"{where}: found a device or a pipe; expected {what} in a file. Save it as a file."
            raise error(msg)
        with path.open("rb") as file:
            content = file.read(largest_bytes + 1)
        size = path.stat().st_size
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        msg = f"{where}: {what} cannot be read ({reason}); expected a text file. Check path and permissions."
        raise error(msg) from fault
    if len(content) > largest_bytes:
        msg = (
            f"{where}: found {max(size, len(content))} bytes; expected at most {largest_bytes} for {what}. "
            "Is it the right file?"
        )
        raise error(msg)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        msg = f"{where}: found bytes that are not UTF-8 text; expected {what}. Save it as UTF-8 text."
        raise error(msg) from fault
