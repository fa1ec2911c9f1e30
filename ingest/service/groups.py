"""Which files of a watched folder belong together, and the job that each group is.

Files that give the same sample and image are one Image. Of an Image one file gives the particles: regions, else
phases, else the grey image, which is segmented only where a field has no labels; beside labels it is remembered
for pictures. An energy map goes with it. A group waits until all of its files are complete, and a map until
there is an image, so what becomes of files does not depend on the order in which they were copied.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cathograph.ingest.formats.file_state import FileState
from cathograph.ingest.options import IngestOptions, renamed
from cathograph.ingest.phase_maps import read_phase_map
from cathograph.ingest.pipeline import Placement
from cathograph.ingest.service.rules import KEYS, BeamtimeRules, FileKind, Match
from cathograph.ingest.states.map_source import MapSource
from cathograph.schema.errors import CathographError, InputError
from cathograph.schema.keys import JsonScalar, canonical_json, hash_parts
from cathograph.schema.names import shown_name, with_bytes_escaped


@dataclass(frozen=True)
class FileGroup:
    """Files of one Image.

    Attributes
    ----------
    sample, image : str
        Where they belong.
    main : Match or None
        The file that gives the particles; None while only a map is there.
    energy_map : Match or None
        Its map.
    grey : Match or None
        The grey image, where `main` holds labels.
    fault : str or None
        Why this cannot be ingested; one line.
    waits_for : str or None
        What must come first; one line.
    """

    sample: str
    image: str
    main: Match | None
    energy_map: Match | None = None
    grey: Match | None = None
    fault: str | None = None
    waits_for: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that a job of it reads, the main one first."""
        return tuple(match.name for match in (self.main, self.energy_map, self.grey) if match is not None)


@dataclass(frozen=True)
class ReadFile:
    """A file as it was when its job was made."""

    name: str
    state: FileState
    sha256: str


@dataclass(frozen=True)
class JobSpec:
    """One job: all that a worker needs, and all that its identifier is made from.

    Attributes
    ----------
    id : str
        Hash of the bytes of the files and of the rules that apply.
    folder : Path
        Watched folder.
    main : ReadFile
        File that gives the particles.
    energy_map : ReadFile or None
        Its map.
    grey : ReadFile or None
        The grey image beside labels.
    options : IngestOptions or None
        How to read it; None where `fault` says why it cannot be.
    placement : Placement
        Where it belongs.
    map_source : MapSource or None
        How to read the map.
    fault : str or None
        Why this cannot be ingested.
    """

    id: str
    folder: Path
    main: ReadFile
    energy_map: ReadFile | None
    grey: ReadFile | None
    options: IngestOptions | None
    placement: Placement
    map_source: MapSource | None
    fault: str | None = None

    def about(self) -> dict[str, str | None]:
        """Give what the queue keeps of it."""
        return {
            "folder": with_bytes_escaped(str(self.folder)),
            "sample": self.placement.sample,
            "image": self.placement.image,
            "file_name": with_bytes_escaped(self.main.name),
            "file_sha256": self.main.sha256,
            "map_file_name": with_bytes_escaped(self.energy_map.name) if self.energy_map else None,
            "map_sha256": self.energy_map.sha256 if self.energy_map else None,
        }


def group_files(matches: Iterable[Match], complete: frozenset[str]) -> list[FileGroup]:
    """Group files by the Image they belong to.

    Parameters
    ----------
    matches : iterable of Match
        All files that fit an entry of the rules, also those that are still written.
    complete : frozenset of str
        Names of the files that are not.

    Returns
    -------
    list of FileGroup
        In the order of their first files.
    """
    members: dict[tuple[str, str], dict[FileKind, list[Match]]] = defaultdict(lambda: defaultdict(list))
    for match in sorted(matches, key=lambda each: each.name):
        members[match.sample, match.image][match.rule.kind].append(match)
    return [_group(*place, by_kind, complete) for place, by_kind in members.items()]


def _group(
    sample: str, image: str, by_kind: Mapping[FileKind, list[Match]], complete: frozenset[str]
) -> FileGroup:
    everything = [match for matches in by_kind.values() for match in matches]
    main_kind = next(
        (kind for kind in FileKind if kind is not FileKind.ENERGY_MAP and by_kind.get(kind)), None
    )
    maps = by_kind.get(FileKind.ENERGY_MAP, [])
    greys = by_kind.get(FileKind.IMAGE, []) if main_kind is not FileKind.IMAGE else []
    if main_kind is None:
        return FileGroup(
            sample, image, None, maps[0], waits_for=f"{shown_name(maps[0].name)} waits for its image"
        )
    group = FileGroup(
        sample, image, by_kind[main_kind][0], maps[0] if maps else None, greys[0] if greys else None
    )
    by_role = ((main_kind, by_kind[main_kind]), (FileKind.ENERGY_MAP, maps), (FileKind.IMAGE, greys))
    for kind, matches in by_role:
        if len(matches) > 1:
            listed = ", ".join(shown_name(match.name) for match in matches[:4])
            fault = (
                f"Found {len(matches)} files as {kind.value} of image {image!r} of sample {sample!r} ({listed}); "
                "expected one. Take the others away, or let the rules give them images of their own."
            )
            return replace(group, fault=fault)
    unnamed = next((match.fault for match in everything if match.fault is not None), None)
    if unnamed is not None:
        return replace(group, fault=unnamed)
    if not sample.strip() or not image.strip():
        where = shown_name(everything[0].name)
        fault = f"Found {where} with an empty sample or image; expected names. Correct the rules."
        return replace(group, fault=fault)
    growing = [match.name for match in everything if match.name not in complete]
    if growing:
        return replace(group, waits_for=f"{shown_name(growing[0])} is still written")
    table = group.main.phase_table if group.main else None
    if table is not None and table not in complete:
        return replace(group, waits_for=f"{shown_name(everything[0].name)} waits for {shown_name(table)}")
    return group


def make_job(group: FileGroup, rules: BeamtimeRules, folder: Path, files: Mapping[str, ReadFile]) -> JobSpec:
    """Make the job of a group that waits for nothing.

    Parameters
    ----------
    group : FileGroup
        From `group_files`.
    rules : BeamtimeRules
        Rules of the folder.
    folder : Path
        The folder.
    files : Mapping
        Each file of the group, by name.
    """
    if group.main is None:
        msg = f"Found no image for {group.files}; expected one. This is a fault in Cathograph; please report it."
        raise InputError(msg)
    main = files[group.main.name]
    energy_map = files[group.energy_map.name] if group.energy_map else None
    grey = files[group.grey.name] if group.grey else None
    # The rules name the image and all of its files, and two of one kind are a fault: labels that come after
    # their grey image, or a second export of a field, take its place.
    placement = Placement(group.sample, group.image, group.main.cathode, rules.beamtime, replace=True)
    place: dict[str, JsonScalar] = {
        "sample": group.sample,
        "image": group.image,
        "cathode": group.main.cathode,
        "beamtime": rules.beamtime,
        "file": main.sha256,
        "map": energy_map.sha256 if energy_map else None,
        **({"grey": grey.sha256} if grey else {}),
    }
    options, source, fault = None, None, group.fault
    parts: dict[str, JsonScalar] = {}
    if fault is None:
        try:
            options = _options(group.main, rules, folder)
            source = _map_source(group.energy_map, folder)
            parts = {"options": _shaping(options), "map": _map_shaping(source)}
        except CathographError as error:
            fault = with_bytes_escaped(" ".join(renamed(str(error), KEYS).split()))
    identifier = hash_parts({**place, **parts, "fault": fault})
    return JobSpec(identifier, folder, main, energy_map, grey, options, placement, source, fault)


def refused_job(name: str, reason: str, match: Match, folder: Path) -> JobSpec:
    """Make the job of a file that must not be read: it fails with its reason, for everyone to see."""
    reason = shown_name(reason)
    identifier = hash_parts({"refused": reason, "sample": match.sample, "image": match.image})
    unread = ReadFile(name, FileState(0, 0), "")
    placement = Placement(match.sample, match.image)
    return JobSpec(identifier, folder, unread, None, None, None, placement, None, reason)


def _options(match: Match, rules: BeamtimeRules, folder: Path) -> IngestOptions:
    """Take the options of an entry; a phase map is read now, so that its content enters the identifier."""
    options = match.rule.options
    if options is None:
        msg = (
            f"Found no options of an image for {match.name}. This is a fault in Cathograph; please report it."
        )
        raise InputError(msg)
    phases = match.phases
    if match.phase_table is not None:
        table = folder / match.phase_table
        if not table.resolve().is_relative_to(folder.resolve()):
            msg = (
                f"Found the phases of {shown_name(match.name)} in {shown_name(match.phase_table)}; expected a file "
                "inside of the folder."
            )
            raise InputError(msg)
        phases = str(table)
    if phases is not None:
        phases = read_phase_map(phases).canonical()
    return options.with_changes(phases=phases, pixel_size_nm=options.pixel_size_nm or rules.pixel_size_nm)


def _map_source(match: Match | None, folder: Path) -> MapSource | None:
    if match is None or match.rule.map_options is None or match.rule.method is None:
        return None
    return MapSource.of(folder / match.name, match.rule.map_options, match.rule.method)


def _shaping(options: IngestOptions) -> str:
    """Write the options that differ from their defaults: a new option leaves the jobs of old files as they are."""
    defaults = IngestOptions()
    parts: dict[str, JsonScalar | Mapping[str, JsonScalar]] = {"source": options.source.value}
    for name in IngestOptions.model_fields:
        value = getattr(options, name)
        if name != "source" and value != getattr(defaults, name):
            parts[name] = dict(value) if isinstance(value, Mapping) else value
    if "pixel_size_nm" in parts:  # identifiers hold it in µm
        parts["pixel_size_um"] = options.pixel_size_um
        del parts["pixel_size_nm"]
    return canonical_json(parts)


def _map_shaping(source: MapSource | None) -> str | None:
    if source is None:
        return None
    return canonical_json(
        {
            "dataset": source.dataset,
            "matching": source.matching.as_parameters(),
            "method": source.method.as_parameters(),
        }
    )
