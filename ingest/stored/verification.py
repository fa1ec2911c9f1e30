"""Verification of the store against its source files: hashes, regions and graph are made again and compared.

The segmentation holds the options an image was read with, and its runs hold the path of the file, so nobody
repeats them. Files that were moved are searched for in the folders that are given.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cathograph.ingest.formats.file_state import hash_of_bytes
from cathograph.ingest.graph.particle_graph import build_graph
from cathograph.ingest.stored.stored_image import stored_regions
from cathograph.queries.reading.noted_images import FileNoted, NotedImage, noted_images
from cathograph.schema.errors import CathographError, InputImageError, SegmentationError
from cathograph.schema.names import existing_path, with_bytes_escaped

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Verdict:
    """What became of one image when it was compared.

    Attributes
    ----------
    sample, image : str
        Which.
    file : str
        Its file: the path where it was found, else its name.
    state : str
        ``same``; ``gone`` (its file is not where it was), ``changed`` (other bytes), ``differs`` (the store has other
        counts than it noted, or than the file gives), ``unrepeatable`` (the file cannot be read as it was),
        ``unplaced`` (nobody knows where its file is).
    reason : str
        One line; empty when it is the same.
    """

    sample: str
    image: str
    file: str
    state: str
    reason: str = ""


def verify(
    store: "Connection",
    *,
    sample: str | None = None,
    image: str | None = None,
    folders: Sequence[Path] = (),
    recompute: bool = True,
    progress: Progress | None = None,
) -> list[Verdict]:
    """Compare images with their files.

    Parameters
    ----------
    store : Connection
        The store.
    sample, image : str, optional
        Only these.
    folders : sequence of Path
        Where to look for files that are no longer where they were; folders inside included.
    recompute : bool
        Make regions, contacts and TPBs again; else only the hashes are compared, and the store with its own notes.
    progress : callable, optional
        Called with (image, done, total).

    Returns
    -------
    list of Verdict
        One an image, by sample and name.
    """
    images = noted_images(store, sample, image)
    by_name = _files_in(folders, {each.name for stored in images for each in _files(stored)})
    verdicts = []
    for done, stored in enumerate(images):
        if progress is not None:
            progress(stored.image, done, len(images))
        verdicts.append(_verdict(store, stored, by_name, recompute=recompute))
    return verdicts


def _verdict(
    store: "Connection",
    stored: NotedImage,
    by_name: Mapping[str, list[Path]],
    *,
    recompute: bool,
) -> Verdict:
    name = stored.file.name if stored.file else ""

    def found(state: str, reason: str, file: str = name) -> Verdict:
        return Verdict(stored.sample, stored.image, file, state, " ".join(reason.split()))

    damage = _differences("noted", stored.counted, stored.stored)
    if stored.active != 1:
        damage = f"{stored.active} active segmentations; expected one. {damage}"
    if damage:
        return found("differs", f"Found in the store {damage} Delete the image and ingest it again.")
    if stored.file is None:
        return found(
            "unplaced", "Found no file noted for it (rows from a notebook); expected one to compare with."
        )
    paths = []
    for noted in _files(stored):
        path, state, reason = _place(noted, by_name)
        if path is None:
            return found(state, reason)
        paths.append(path)
    if not recompute:
        return found("same", "", str(paths[0]))
    try:
        regions = stored_regions(
            store, sample=stored.sample, image=stored.image, labels=paths[0], dataset=stored.file.dataset
        )
        options = regions.reading.options
        graph = build_graph(
            regions.label(),
            pixel_size_um=regions.segmentation.pixel_size_um,
            radius_px=options.radius_px,
        )
    except (CathographError, SegmentationError) as error:
        return found("unrepeatable", str(error), str(paths[0]))
    computed = {
        "particles": len(graph.regions.region_labels),
        "contacts": len(graph.contacts.a),
        "tpbs": len(graph.tpbs.nmc),
        "physical_tpbs": int(graph.tpbs.is_physical.sum()),
    }
    differences = _differences("in the file", computed, stored.stored)
    if differences:
        return found("differs", f"Found in the store {differences} Ingest the image again.", str(paths[0]))
    return found("same", "", str(paths[0]))


def _files(stored: NotedImage) -> list[FileNoted]:
    return [*([] if stored.file is None else [stored.file]), *stored.energy_maps]


def _differences(where: str, expected: Mapping[str, int], stored: Mapping[str, int]) -> str:
    wrong = [
        f"{stored[name]} {name} ({number} {where})"
        for name, number in expected.items()
        if stored[name] != number
    ]
    return f"{', '.join(wrong)}; expected the same." if wrong else ""


def _place(noted: FileNoted, by_name: Mapping[str, list[Path]]) -> tuple[Path | None, str, str]:
    """Find a file by its name and its bytes; else the state and the reason why not."""
    places = [existing_path(place) for place in noted.places] + by_name.get(noted.name, [])
    if not places:
        return (
            None,
            "unplaced" if not by_name else "gone",
            f"Found no file {noted.name} where it was looked for; expected it. Name its folder with `files`.",
        )
    reasons = []
    for path in places:
        try:
            if hash_of_bytes(path) == noted.sha256:
                return path, "same", ""
            reasons.append(("changed", f"Found other bytes in {path} than were ingested; expected the same."))
        except InputImageError as error:
            reasons.append(("gone", str(error)))
    state, reason = next((each for each in reasons if each[0] == "changed"), reasons[0])
    return None, state, f"{reason} Put the file back, or ingest the new one."


def _files_in(folders: Sequence[Path], wanted: set[str]) -> dict[str, list[Path]]:
    """Find files by their names; an entry, if empty, for each wanted one once a folder was given."""
    found: dict[str, list[Path]] = {name: [] for name in wanted} if folders else {}
    for path in (path for folder in folders for path in _walk(folder)):
        name = with_bytes_escaped(path.name)
        if name in wanted:
            found[name].append(path)
    return found


def _walk(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        msg = f"Found no folder {folder}; expected one with the files that were ingested. Correct `files`."
        raise InputImageError(msg)
    for here, inner, names in os.walk(folder):
        for name in sorted([*names, *inner]):
            yield Path(here) / name
