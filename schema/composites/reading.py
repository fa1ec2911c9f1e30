"""Composites by name or from a file of the user's: one YAML form for both.

::

    meaning: Cathode of a solid-state battery
    phases:
      - {name: SSE, code: 1, colour: "#56b4e9", roles: [ionic]}
      - {name: NMC, code: 2, colour: "#e69f00", roles: [active]}
      - {name: Graphite, code: 3, colour: "#4d4d4d", roles: [electronic]}
    tpb: [active, ionic, electronic]
    channel: [ionic, electronic]
    ion_side: top

A block ``transport`` may follow (`cathograph.schema.transport_parameters`). A colour may be left out: then the phase
takes the next one of the palette of Okabe and Ito, which people with any kind of colour vision can tell apart.
"""

import difflib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from cathograph.schema.composites.composite import Composite
from cathograph.schema.errors import CompositeError
from cathograph.schema.yaml_reader import YamlDocument, YamlValue, parse_yaml, read_yaml

_FOLDER = files("cathograph.schema.composites")
LARGEST_FILE_BYTES = 1 << 16

PALETTE = ("#56b4e9", "#e69f00", "#4d4d4d", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#f0e442")
"""Okabe and Ito (2008), with dark grey in place of black."""

_KEYS = {"meaning", "phases", "tpb", "channel", "ion_side", "transport"}
_PHASE_KEYS = {"name", "code", "colour", "roles"}


@cache
def built_in_names() -> tuple[str, ...]:
    """Names of the composites that come with Cathograph."""
    return tuple(sorted(path.name[:-5] for path in _FOLDER.iterdir() if path.name.endswith(".yaml")))


@cache
def built_in(name: str) -> Composite:
    """Find a built-in composite by its name.

    Raises
    ------
    CompositeError
        When there is none; the message lists those there are.
    """
    if name not in built_in_names():
        close = difflib.get_close_matches(name, built_in_names(), n=2, cutoff=0.4)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(built_in_names())}."
        msg = f"Found no composite named {name!r}; {hint} Your own goes into a YAML file (FILE.yaml)."
        raise CompositeError(msg)
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return _composite(parse_yaml(text, where=f"{name}.yaml", error=CompositeError), name, f"{name}.yaml")


def yaml_text(name: str) -> str:
    """Give the YAML file of a built-in composite, to begin one's own with.

    Raises
    ------
    CompositeError
        When there is no such composite.
    """
    built_in(name)
    return (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def read_composite(spec: str) -> Composite:
    """Give a built-in composite by its name, or read one from a YAML file; the file's stem is its name.

    Raises
    ------
    CompositeError
        When there is no such composite, or the file does not describe one.

    Examples
    --------
    >>> [phase.name for phase in read_composite("sofc-electrode").phases]
    ['YSZ', 'Ni', 'Pore']
    """
    if Path(spec).suffix.casefold() not in (".yaml", ".yml"):
        return built_in(spec)
    path = Path(spec)
    found = read_yaml(path, what="a composite", largest_bytes=LARGEST_FILE_BYTES, error=CompositeError)
    return _composite(found, path.stem, str(path))


def _composite(document: YamlDocument, name: str, where: str) -> Composite:
    content = _mapping(document.content, where, "the keys meaning, phases, tpb, channel and ion_side", _KEYS)
    listed = content.get("phases")
    if not isinstance(listed, list) or not listed:
        msg = f"{where}: found no list of phases; expected one. Begin it with `phases:`."
        raise CompositeError(msg)
    phases: list[dict[str, Any]] = []
    for place, entry in enumerate(listed):
        phase = _mapping(entry, where, "phases with the keys name, code and roles", _PHASE_KEYS)
        code = phase.get("code")
        if not isinstance(code, str) or not re.fullmatch(r"0|[1-9][0-9]{0,8}", code):
            line = document.line_of(("phases", place))
            msg = f"{where}, line {line}: found code {code!r}; expected a whole number from 1. Correct the code."
            raise CompositeError(msg)
        phases.append(
            {
                "name": _text(phase.get("name"), where, "name"),
                "code": int(code),
                "colour": _text(
                    phase.get("colour", PALETTE[place % len(PALETTE)]), where, "colour"
                ).casefold(),
                "roles": _texts(phase.get("roles"), where, "roles"),
            }
        )
    return Composite.from_parts(
        {
            "name": name,
            "meaning": _text(content.get("meaning", name), where, "meaning"),
            "phases": phases,
            "tpb": _texts(content.get("tpb"), where, "tpb"),
            "channel": _texts(content.get("channel"), where, "channel"),
            "ion_side": _text(content.get("ion_side", "top"), where, "ion_side"),
            "transport": content.get("transport"),
        }
    )


def _mapping(value: YamlValue, where: str, expected: str, keys: set[str]) -> dict[str, YamlValue]:
    if not isinstance(value, dict):
        msg = f"{where}: found {type(value).__name__}; expected {expected}. Correct the file."
        raise CompositeError(msg)
    unknown = sorted(set(value) - keys)
    if unknown:
        msg = f"{where}: found the key {unknown[0]!r}; expected {', '.join(sorted(keys))}. Correct the key."
        raise CompositeError(msg)
    return value


def _text(value: YamlValue, where: str, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        msg = f"{where}: found {value!r} for {key}; expected a text. Correct the file."
        raise CompositeError(msg)
    return value.strip()


def _texts(value: YamlValue, where: str, key: str) -> list[str]:
    if not isinstance(value, list):
        msg = (
            f"{where}: found {value!r} for {key}; expected a list like [ionic, electronic]. Correct the file."
        )
        raise CompositeError(msg)
    return [_text(each, where, key).casefold() for each in value]
