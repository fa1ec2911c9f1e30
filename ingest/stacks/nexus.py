"""Finding the entry of a NeXus file that follows an application definition, and its groups by class.

Group names are free in NeXus; what counts is the attribute ``NX_class`` and the dataset
``definition``. Only hard links are followed: a definition that lies in another file, or in a
circle of links, is none of this file's.
"""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from cathograph.ingest.stacks.energies import StatedEnergies
from cathograph.ingest.stacks.hdf5_layout import first_there, read_values
from cathograph.ingest.stacks.metadata import BeamlineMetadata, as_date, as_text
from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

DEEPEST_ENTRY = 3
MOST_GROUPS = 2000


def entries(file: h5py.File, definition: str) -> list[str]:
    """Return the paths of all groups whose ``definition`` says `definition`, in order.

    Raises
    ------
    InputImageError
        As `read_values`.
    """
    path = Path(file.filename)
    return [
        group.name
        for group in _groups(file, DEEPEST_ENTRY)
        if _is_hard(group, "definition")
        and isinstance(group["definition"], h5py.Dataset)
        and group["definition"].shape in ((), (1,))
        and as_text(read_values(path, file, f"{group.name}/definition")[0]) == definition
    ]


def one_entry(path: Path, file: h5py.File, definition: str) -> h5py.Group:
    """Return the one entry that follows a definition.

    Raises
    ------
    InputImageError
        When there is none, or more than one.
    """
    found = entries(file, definition)
    if len(found) != 1:
        names = ", ".join(found[:5]) or "none"
        msg = (
            f"{shown(path)}: found {len(found)} entries of {definition} ({names}); expected one. Save one "
            "entry to a file, or name its datasets in a layout (docs/formats.md)."
        )
        raise InputImageError(msg)
    return file[found[0]]


def group_of(parent: h5py.Group, nexus_class: str, name: str) -> h5py.Group | None:
    """Return the child of a class, the one called `name` where there are several; None without any."""
    children = [
        parent[child]
        for child in parent
        if _is_hard(parent, child)
        and isinstance(parent[child], h5py.Group)
        and (as_text(parent[child].attrs.get("NX_class", "")) == nexus_class or child == name)
    ]
    named = [child for child in children if child.name.rsplit("/", 1)[-1] == name]
    return next(iter(named or children), None)


def energies_at(path: Path, file: h5py.File, names: list[str]) -> StatedEnergies | None:
    """Read energies from the first of some datasets; None where there is none of them.

    Raises
    ------
    InputImageError
        When it is not in this file, or not a list of numbers.
    """
    name = first_there(path, file, names)
    if name is None:
        return None
    values, unit = read_values(path, file, name)
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        msg = f"{shown(path)}: found no numbers at {name!r}; expected photon energies. Correct the file."
        raise InputImageError(msg)
    return StatedEnergies(values.reshape(-1).astype(np.float64), unit, name)


def metadata_of(
    path: Path, file: h5py.File, entry: h5py.Group, definition: str, size_um: float | None, notes: list[str]
) -> BeamlineMetadata:
    """Read the facts that all NeXus entries keep at the same places.

    Raises
    ------
    InputImageError
        When one of them leads out of the file.
    """

    def at(*names: str) -> object:
        name = first_there(path, file, [f"{entry.name}/{name}" for name in names])
        return None if name is None else read_values(path, file, name)[0]

    def text(*names: str) -> str | None:
        value = at(*names)
        return None if value is None else as_text(value)

    sample = group_of(entry, "NXsample", "sample")
    sample_name = None if sample is None else sample.name.rsplit("/", 1)[-1]
    date = at("start_time")
    return BeamlineMetadata(
        format=f"NeXus {definition}",
        pixel_size_um=size_um,
        scan_id=text("entry_identifier", "collection_identifier", "title"),
        proposal=text("experiment_identifier", "proposal_id"),
        sample=None if sample_name is None else text(f"{sample_name}/name"),
        date=None if date is None else as_date(date),
        notes=tuple(notes),
    )


def _groups(file: h5py.File, depth: int) -> Iterator[h5py.Group]:
    waiting: list[tuple[h5py.Group, int]] = [(file, 0)]
    seen = 0
    while waiting and seen < MOST_GROUPS:
        group, level = waiting.pop(0)
        seen += 1
        yield group
        if level < depth:
            waiting += [
                (group[name], level + 1)
                for name in group
                if _is_hard(group, name)
                and isinstance(group.get(name, getclass=True), type)
                and group.get(name, getclass=True) is h5py.Group
            ]


def _is_hard(group: h5py.Group, name: str) -> bool:
    return isinstance(group.get(name, getlink=True), h5py.HardLink) if name in list(group) else False
