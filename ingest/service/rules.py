"""The rules of a watched folder: which file is what, written once by the user in ``beamtime.yaml``.

An entry of ``files`` says by a pattern which files it is about and what they are. The first entry whose pattern
fits decides, so the particular stands before the general. Entries that give the same sample and image make
one Image of their files.

YAML is composed into its node tree and never constructed: no type of it is resolved (an unquoted ``0100`` stays
that text), a key written twice is seen, and tags and aliases, which could make objects or grow without
bound, are refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cathograph.ingest.phase_maps import read_phase_map
from cathograph.schema.errors import InputError, PhaseMapError
from cathograph.schema.uncertainty import MOST_PASSES

RULES_FILE = "beamtime.yaml"
LARGEST_RULES_BYTES = 1 << 20
_PLAIN_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}
_DEEPEST = 8
_NAME = re.compile(r"\{([^{}]*)\}")
# Signs that a glob has no use for: where one stands, the pattern is a regular expression, unless it begins with
# a star or a question mark, which no regular expression can.
_REGULAR = re.compile(r"[\\()^$|+{]|\.\*")
_TEMPLATES = ("sample", "image", "cathode", "phases")
_OF_IMAGES = (
    "phases", "volume", "split", "min_size_px", "radius_px", "channel_path_um", "segmenter", "segmenter_params",
)  # fmt: skip
_OF_MAPS = ("offset_um", "register", "window_ev", "reference_ev", "min_pixels")
TABLE_SUFFIXES = (".yaml", ".yml", ".csv")


class FileKind(StrEnum):
    """What a file holds (``as``); of an image, regions go before phases, and both before a grey image."""

    REGIONS = "regions"
    PHASES = "phases"
    IMAGE = "image"
    ENERGY_MAP = "energy-map"


class FileRule(BaseModel):
    """One entry of ``files``. Names in braces stand for parts of a file's name; options are those of `ingest`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str = Field(min_length=1)
    kind: FileKind = Field(alias="as")
    sample: str = Field(min_length=1)
    image: str = Field(default="{stem}", min_length=1)
    cathode: str | None = None
    phases: str | None = None
    pixel_size_nm: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    dataset: str | None = None
    volume: bool = False
    split: bool = True
    min_size_px: int = Field(default=1, ge=1)
    radius_px: int = Field(default=3, ge=0, le=50)
    channel_path_um: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    segmenter: str = "multi-otsu"
    segmenter_params: dict[str, str] = Field(default_factory=dict)
    uncertainty: int = Field(default=0, ge=0, le=MOST_PASSES)
    offset_um: tuple[float, ...] | None = None
    register_: bool = Field(default=False, alias="register")
    window_ev: tuple[float, float] = (8340.0, 8348.0)
    reference_ev: float = 8344.0
    min_pixels: int = 50

    @field_validator("phases", mode="before")
    @classmethod
    def _phases_inline(cls, value: object) -> object:
        """Take a mapping of value to phase as its inline form."""
        if isinstance(value, Mapping):
            return ",".join(f"{number}={phase}" for number, phase in value.items())
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "FileRule":
        wrong = _OF_IMAGES if self.kind is FileKind.ENERGY_MAP else _OF_MAPS
        given = {FileRule.model_fields[name].alias or name for name in self.model_fields_set}
        for name in wrong:
            if name in given:
                msg = f"{name} does not go with as: {self.kind.value}"
                raise ValueError(msg)
        if self.kind in (FileKind.PHASES, FileKind.REGIONS) and self.phases is None:
            msg = f"as: {self.kind.value} needs phases, as in phases: 0=background,1=NMC,2=SSE,3=Graphite"
            raise ValueError(msg)
        if self.uncertainty and self.kind is not FileKind.IMAGE:
            msg = f"uncertainty does not go with as: {self.kind.value}, only with as: image"
            raise ValueError(msg)
        if self.kind is FileKind.IMAGE and self.phases is not None:
            msg = "phases does not go with as: image"
            raise ValueError(msg)
        if self.phases is not None and "{" not in self.phases and not _is_table(self.phases):
            try:
                read_phase_map(self.phases)
            except PhaseMapError as error:
                raise ValueError(str(error)) from error
        names = {"stem", *compile_pattern(self.pattern).groupindex}
        for field in _TEMPLATES:
            for name in _NAME.findall(getattr(self, field) or ""):
                if name not in names:
                    known = ", ".join("{" + each + "}" for each in sorted(names))
                    msg = f"{field} uses {{{name}}}; the pattern gives {known}"
                    raise ValueError(msg)
        return self


class BeamtimeRules(BaseModel):
    """The content of ``beamtime.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    beamtime: str | None = None
    pixel_size_nm: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    files: tuple[FileRule, ...] = Field(min_length=1)

    def match(self, name: str) -> "Match | None":
        r"""Find what a file is.

        Parameters
        ----------
        name : str
            Path of the file, relative to the folder, parts joined by ``/``.

        Returns
        -------
        Match or None
            By the first entry that fits; None where none does.

        Examples
        --------
        >>> rules = parse_rules('''
        ... files:
        ...   - pattern: (?P<field>.+)_label\\.tif
        ...     as: phases
        ...     phases: 0=NMC,1=Graphite,2=SSE
        ...     sample: s{field}
        ... ''')
        >>> match = rules.match("night 1/100_label.tif")
        >>> match.sample, match.image
        ('s100', '100_label')
        """
        for rule in self.files:
            pattern = compile_pattern(rule.pattern)
            found = pattern.fullmatch(name if "/" in rule.pattern else name.rpartition("/")[2])
            if found:
                # A group that did not take part (in an alternative) stands for nothing.
                groups = {key: value or "" for key, value in found.groupdict().items()}
                names = {"stem": _stem(name), **groups}
                filled = {field: _fill(getattr(rule, field), names) for field in _TEMPLATES}
                return Match(
                    name,
                    rule,
                    filled["sample"] or "",
                    filled["image"] or "",
                    filled["cathode"] or None,
                    filled["phases"],
                )
        return None


@dataclass(frozen=True)
class Match:
    """A file, the entry it fits, and that entry's texts with the names filled in."""

    name: str
    rule: FileRule
    sample: str
    image: str
    cathode: str | None
    phases: str | None

    @property
    def phase_table(self) -> str | None:
        """File of the phases, where they stand in one."""
        return self.phases if self.phases is not None and _is_table(self.phases) else None


def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern: a glob, or a regular expression where a sign of one stands in it.

    Examples
    --------
    >>> bool(compile_pattern("*_label.tif").fullmatch("100_label.tif"))
    True
    >>> bool(compile_pattern("night*/*.tif").fullmatch("night1/deep/100.tif"))
    False
    >>> compile_pattern(r"(?P<n>\d+)_label\.tif").fullmatch("100_label.tif")["n"]
    '100'
    """
    if pattern[0] in "*?" or not _REGULAR.search(pattern):
        # A star stays within one folder.
        parts = [translate(part).replace(".*", "[^/]*") for part in pattern.split("/")]
        pattern = "/".join(part.removesuffix(r"\Z").removesuffix(r"\z") for part in parts)
    try:
        return re.compile(pattern)
    except re.error as error:
        msg = f"pattern {pattern!r} is no regular expression ({error})"
        raise ValueError(msg) from error


def read_rules(folder: Path) -> BeamtimeRules:
    """Read the rules of a folder.

    Raises
    ------
    InputError
        When there are none, or they cannot be meant; the message names the entry and the key.
    """
    path = folder / RULES_FILE
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_RULES_BYTES + 1)
    except FileNotFoundError as error:
        msg = (
            f"Found no {RULES_FILE} in {folder}; expected the rules of its files. "
            f"Make it with `cathograph init-beamtime {folder}` and fill it in."
        )
        raise InputError(msg) from error
    except OSError as error:
        msg = (
            f"Found {path} unreadable ({error.strerror}); expected the rules of the folder. Mend its rights."
        )
        raise InputError(msg) from error
    if len(content) > LARGEST_RULES_BYTES:
        msg = f"Found {path} larger than {LARGEST_RULES_BYTES} bytes; expected a few entries. Shorten it."
        raise InputError(msg)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"Found {path} not to be UTF-8 text ({error.reason}); expected YAML. Save it as UTF-8."
        raise InputError(msg) from error
    return parse_rules(text, where=str(path))


def parse_rules(text: str, where: str = RULES_FILE) -> BeamtimeRules:
    """Read rules from their text.

    Raises
    ------
    InputError
        As `read_rules`.
    """
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        msg = f"{where}: found no valid YAML ({' '.join(str(error).split())[:300]}); expected it. Correct it there."
        raise InputError(msg) from error
    content = None if node is None else _plain(node, where, set(), 0)
    if not isinstance(content, dict):
        msg = f"{where}: found no keys; expected beamtime, pixel_size_nm and files. See `cathograph init-beamtime`."
        raise InputError(msg)
    try:
        return BeamtimeRules.model_validate(content)
    except ValidationError as error:
        raise InputError(_fault(error, where)) from error


def _fault(error: ValidationError, where: str) -> str:
    """Tell the first fault in a line; where keys are unknown, all of them."""
    faults = error.errors(include_url=False)
    unknown = [fault for fault in faults if fault["type"] == "extra_forbidden"]
    if unknown:
        names = ", ".join(_place(fault["loc"]) for fault in unknown)
        of_file = len(unknown[0]["loc"]) > 1
        model: type[BaseModel] = FileRule if of_file else BeamtimeRules
        known = ", ".join(field.alias or name for name, field in model.model_fields.items())
        return f"{where}: found the unknown key {names}; expected only {known}. Correct it or leave it out."
    first = faults[0]
    reason = str(first["msg"]).removeprefix("Value error, ")
    value = first.get("input")
    shown = f" {value!r}" if isinstance(value, str | int | float) else ""
    return f"{where}: found {_place(first['loc']) or 'it'}{shown} unusable ({reason}). Correct it there."


def _place(location: tuple[int | str, ...]) -> str:
    parts = [f"entry {part + 1} of files" if isinstance(part, int) else str(part) for part in location]
    if parts[:1] == ["files"] and len(parts) > 1:
        return ", ".join(reversed(parts[1:]))
    return ", ".join(parts)


def _plain(node: yaml.Node, where: str, seen: set[int], depth: int) -> Any:  # noqa: ANN401  any YAML
    """Turn a node into texts, lists and mappings; empty values are None."""
    line = f"{where}, line {node.start_mark.line + 1}"
    if id(node) in seen or depth > _DEEPEST:
        what = "an alias (*name)" if id(node) in seen else "values nested too deeply"
        msg = f"{line}: found {what}; expected plain keys and values. Write it out."
        raise InputError(msg)
    seen.add(id(node))
    if node.tag not in _PLAIN_TAGS:
        msg = f"{line}: found the YAML tag {node.tag}; expected plain keys and values. Leave the tag out."
        raise InputError(msg)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, where, seen, depth + 1) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _plain(key_node, where, seen, depth + 1)
            if not isinstance(key, str):
                msg = f"{line}: found a key that is no text; expected a name. Correct it."
                raise InputError(msg)
            if key in content:
                msg = f"{line}: found the key {key!r} twice; expected it once. Leave one out."
                raise InputError(msg)
            value = _plain(value_node, where, seen, depth + 1)
            if value is not None:
                content[key] = value
        return content
    quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
    return None if node.value in ("", "~", "null") and not quoted else node.value


def _fill(template: str | None, names: Mapping[str, str]) -> str | None:
    return None if template is None else _NAME.sub(lambda found: names[found[1]], template)


def _is_table(phases: str) -> bool:
    return phases.lower().endswith(TABLE_SUFFIXES)


def _stem(name: str) -> str:
    return Path(name).stem
