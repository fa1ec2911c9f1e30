"""The rules of a watched folder: which file is what, written once by the user in ``beamtime.yaml``.

An entry of ``files`` says by a pattern which files it is about and what they are. The first entry whose pattern
fits decides, so the particular stands before the general. Entries that give the same sample and image make
one Image of their files.

The options of an entry are those of `cathograph.ingest.options`, read and checked by its models.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cathograph.ingest.options import IngestOptions, MapOptions, Options, StateMethod, renamed, scalar_of
from cathograph.ingest.phase_maps import read_phase_map
from cathograph.schema.errors import InputError, PhaseMapError
from cathograph.schema.names import clean_name, shown_name
from cathograph.schema.yaml_reader import YamlDocument, YamlValue, parse_yaml, read_yaml

RULES_FILE = "beamtime.yaml"
LARGEST_RULES_BYTES = 1 << 20
_NAME = re.compile(r"\{([^{}]*)\}")
# Signs that a glob has no use for: where one stands, the pattern is a regular expression, unless it begins with
# a star or a question mark, which no regular expression can.
_REGULAR = re.compile(r"[\\()^$|+{]|\.\*")
_NAMES = ("sample", "image", "cathode")
_TEMPLATES = (*_NAMES, "phases")
OWN_KEYS = ("pattern", "as", "sample", "image", "cathode", "phases")
"""Keys of an entry that say which files are what; all others are options."""
_IMAGE_MODELS: tuple[type[Options], ...] = (IngestOptions,)
_MAP_MODELS: tuple[type[Options], ...] = (MapOptions, StateMethod)
_READ = ("options", "map_options", "method")
"""Fields of a rule that are made of the other keys, and are no keys themselves."""
KEYS = {**IngestOptions.keys(), **MapOptions.keys(), **StateMethod.keys()}
"""Key of this file for each field of the options."""
TABLE_SUFFIXES = (".yaml", ".yml", ".csv")


class FileKind(StrEnum):
    """What a file holds (``as``); of an image, regions go before phases, and both before a grey image."""

    REGIONS = "regions"
    PHASES = "phases"
    IMAGE = "image"
    ENERGY_MAP = "energy-map"


class FileRule(BaseModel):
    """One entry of ``files``. Names in braces stand for parts of a file's name.

    Attributes
    ----------
    pattern, kind, sample, image, cathode, phases
        As in the file; `phases` may hold names in braces.
    options : IngestOptions or None
        How an image is read; None for an energy map.
    map_options : MapOptions or None
        Where a map lies; None for an image.
    method : StateMethod or None
        How a map is read; None for an image.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str = Field(min_length=1)
    kind: FileKind = Field(alias="as")
    sample: str = Field(min_length=1)
    image: str = Field(default="{stem}", min_length=1)
    cathode: str | None = None
    phases: str | None = None
    options: IngestOptions | None = None
    map_options: MapOptions | None = None
    method: StateMethod | None = None

    @model_validator(mode="before")
    @classmethod
    def _options_of_the_kind(cls, entry: object) -> object:
        """Read the keys that are options by their models."""
        if not isinstance(entry, Mapping):
            return entry  # refused as no mapping
        phases = entry.get("phases")
        if isinstance(phases, Mapping):
            entry = {**entry, "phases": ",".join(f"{value}={phase}" for value, phase in phases.items())}
        of_images, of_maps = _keys_of(_IMAGE_MODELS), _keys_of(_MAP_MODELS)
        kept = {
            key: value for key, value in entry.items() if key not in (of_images | of_maps) - set(OWN_KEYS)
        }
        for key in kept:
            if key in _READ:
                msg = f"{key} is no key of an entry"
                raise ValueError(msg)
        said = entry.get("as")
        if not isinstance(said, str) or said not in set(FileKind):
            return kept  # refused by its field
        kind = FileKind(said)
        wrong = of_images - of_maps - {"as"} if kind is FileKind.ENERGY_MAP else of_maps - of_images
        for key in entry:
            if key in wrong:
                msg = f"{key} does not go with as: {kind.value}"
                raise ValueError(msg)
        return {**kept, **_read_options(entry, kind)}

    @model_validator(mode="after")
    def _names_and_phases(self) -> "FileRule":
        """Refuse names that the pattern does not give, and phases that are none."""
        if self.phases is not None and "{" not in self.phases and not _is_table(self.phases):
            try:
                read_phase_map(self.phases)
            except PhaseMapError as error:
                raise ValueError(_by_key(error)) from error
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

    @field_validator("beamtime")
    @classmethod
    def _legal_beamtime(cls, beamtime: str | None) -> str | None:
        try:
            return None if beamtime is None else clean_name(beamtime)
        except InputError as error:
            raise ValueError(str(error)) from error

    def match(self, name: str) -> "Match | None":
        r"""Find what a file is.

        Parameters
        ----------
        name : str
            Path of the file, relative to the folder, parts joined by ``/``. That of a folder of slices ends in
            ``/``, and only a pattern that ends so fits it.

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
            if rule.pattern.endswith("/") != name.endswith("/"):
                continue  # `*` is about files, however short the name of a folder is
            pattern = compile_pattern(rule.pattern)
            # Composed, as the pattern is: systems write the same name in either form.
            found = _fits(pattern, rule, unicodedata.normalize("NFC", name))
            if found:
                names = _parts_of(name, found)
                cleaned, fault = _clean_names(
                    {field: _fill(getattr(rule, field), names) or "" for field in _NAMES}
                )
                # A table is a file: its name stays as it is on disk.
                as_on_disk = _parts_of(name, _fits(pattern, rule, name) or found)
                phases = _fill(rule.phases, as_on_disk)
                return Match(
                    name,
                    rule,
                    cleaned["sample"],
                    cleaned["image"],
                    cleaned["cathode"] or None,
                    phases,
                    fault and f"{shown_name(name)}: {fault}",
                )
        return None


def _clean_names(given: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """Clean the names that an entry gives, and say why the first illegal one is none; it is kept as lists show it."""
    cleaned: dict[str, str] = {}
    fault = None
    for field, name in given.items():
        try:
            cleaned[field] = clean_name(name)
        except InputError as error:
            cleaned[field] = shown_name(name)
            fault = fault or str(error)
    return cleaned, fault


def _fits(pattern: re.Pattern[str], rule: FileRule, name: str) -> re.Match[str] | None:
    return pattern.fullmatch(name if "/" in rule.pattern else name.rpartition("/")[2])


def _parts_of(name: str, found: re.Match[str]) -> dict[str, str]:
    """Give the texts that stand for names in braces; a group that did not take part stands for nothing."""
    return {"stem": _stem(name), **{key: value or "" for key, value in found.groupdict().items()}}


@dataclass(frozen=True)
class Match:
    """A file, the entry it fits, and that entry's texts with the names filled in.

    Attributes
    ----------
    name : str
        Of the file, as it is on disk.
    rule, sample, image, cathode, phases
        The entry, and what it gives.
    fault : str or None
        Why it gives no legal names; `sample` and `image` are then only for lists.
    """

    name: str
    rule: FileRule
    sample: str
    image: str
    cathode: str | None
    phases: str | None
    fault: str | None = None

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
    pattern = unicodedata.normalize("NFC", pattern)
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
    if not path.exists():
        msg = (
            f"Found no {RULES_FILE} in {folder}; expected the rules of its files. "
            f"Make it with `cathograph init-beamtime {folder}` and fill it in."
        )
        raise InputError(msg)
    document = read_yaml(path, what="the rules of the folder", largest_bytes=LARGEST_RULES_BYTES)
    return _rules_of(document, str(path))


def parse_rules(text: str, where: str = RULES_FILE) -> BeamtimeRules:
    """Read rules from their text.

    Raises
    ------
    InputError
        As `read_rules`.
    """
    return _rules_of(parse_yaml(text, where=where), where)


def _rules_of(document: YamlDocument, where: str) -> BeamtimeRules:
    content = _without_empty(document.content)
    if not isinstance(content, dict):
        msg = f"{where}: found no keys; expected beamtime, pixel_size_nm and files. See `cathograph init-beamtime`."
        raise InputError(msg)
    try:
        return BeamtimeRules.model_validate(content)
    except ValidationError as error:
        raise InputError(_fault(error, where, document)) from error


def _without_empty(value: YamlValue) -> YamlValue:
    """Leave out keys without a value, so that their defaults hold."""
    if isinstance(value, list):
        return [_without_empty(each) for each in value]
    if isinstance(value, dict):
        return {key: _without_empty(each) for key, each in value.items() if each is not None}
    return value


def _read_options(entry: Mapping[str, Any], kind: FileKind) -> dict[str, Options]:
    """Read the options of an entry by the models of its kind."""
    try:
        if kind is FileKind.ENERGY_MAP:
            return {"map_options": MapOptions.of_keys(entry), "method": StateMethod.of_keys(entry)}
        parameters = entry.get("segmenter_params", {})
        if isinstance(parameters, Mapping):
            texts = {name: scalar_of(text) for name, text in parameters.items() if isinstance(text, str)}
            entry = {**entry, "segmenter_params": {**parameters, **texts}}
        return {"options": IngestOptions.of_keys(_with_model(entry))}
    except InputError as error:
        raise ValueError(_by_key(error)) from error


def _with_model(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read ``segmenter: {model: NAME}`` as the segmenter and the parameter that it stands for.

    Raises
    ------
    ValueError
        When the mapping holds anything but the name of a model.
    """
    segmenter = entry.get("segmenter")
    if not isinstance(segmenter, Mapping):
        return entry
    name = segmenter.get("model")
    if set(segmenter) != {"model"} or not isinstance(name, str):
        msg = f"segmenter is {dict(segmenter)!r}; expected the name of a segmenter, or {{model: NAME}}"
        raise ValueError(msg)
    from cathograph.ingest.segmentation.painted.model_lookup import is_painted

    parameters = {**entry.get("segmenter_params", {}), "model": name}
    return {**entry, "segmenter": "painted" if is_painted(name) else "unet", "segmenter_params": parameters}


def _keys_of(models: Sequence[type[Options]]) -> set[str]:
    return {key for model in models for key in model.keys().values()}


def _by_key(error: InputError) -> str:
    """Write keys of this file where a message names fields."""
    return renamed(str(error), KEYS)


def _fault(error: ValidationError, where: str, document: YamlDocument) -> str:
    """Tell the first fault in a line; where keys are unknown, all of them."""
    faults = error.errors(include_url=False)
    unknown = [fault for fault in faults if fault["type"] == "extra_forbidden"]
    if unknown:
        names = ", ".join(_place(fault["loc"]) for fault in unknown)
        known = ", ".join(_known_keys(unknown[0]["loc"], document.content))
        return (
            f"{where}, line {document.line_of(unknown[0]['loc'])}: found the unknown key {names}; expected only "
            f"{known}. Correct it or leave it out."
        )
    first = faults[0]
    reason = str(first["msg"]).removeprefix("Value error, ")
    value = first.get("input")
    shown = f" {value!r}" if isinstance(value, str | int | float) else ""
    line = document.line_of(first["loc"])
    return f"{where}, line {line}: found {_place(first['loc']) or 'it'}{shown} unusable ({reason}). Correct it there."


def _known_keys(place: Sequence[int | str], content: YamlValue) -> list[str]:
    """Name the keys that may stand where an unknown one was found."""
    if len(place) == 1 or not isinstance(content, dict):
        return list(BeamtimeRules.model_fields)
    entries, number = content["files"], place[1]
    entry = entries[number] if isinstance(entries, list) and isinstance(number, int) else None
    is_map = isinstance(entry, dict) and entry.get("as") == FileKind.ENERGY_MAP
    models = _MAP_MODELS if is_map else _IMAGE_MODELS
    return list(dict.fromkeys([*OWN_KEYS, *(key for model in models for key in model.keys().values())]))


def _place(location: tuple[int | str, ...]) -> str:
    parts = [f"entry {part + 1} of files" if isinstance(part, int) else str(part) for part in location]
    if parts[:1] == ["files"] and len(parts) > 1:
        return ", ".join(reversed(parts[1:]))
    return ", ".join(parts)


def _fill(template: str | None, names: Mapping[str, str]) -> str | None:
    return None if template is None else _NAME.sub(lambda found: names[found[1]], template)


def _is_table(phases: str) -> bool:
    return phases.lower().endswith(TABLE_SUFFIXES)


def _stem(name: str) -> str:
    return Path(name).stem
