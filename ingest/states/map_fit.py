"""How an energy map was fitted, from the record beside it.

`cathograph xanes fit` writes ``map.json`` beside ``map.tif``: the edge, the method, the energies of the stack, and the
window and reference energy that suit them. A record counts only for the file whose hash it names, so a map that
was replaced or edited is not described by the record of another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cathograph.ingest.formats import ImageFile
from cathograph.schema.edges import EDGES, edge_of_name, names_of
from cathograph.schema.errors import InputError, InputImageError


@dataclass(frozen=True)
class MapFit:
    """What the record beside a map says.

    Attributes
    ----------
    name : str
        The record's file name.
    method : Mapping
        How the edge energy was fitted, as JSON has it.
    window_ev : (float, float)
        Energies that the map can hold.
    reference_ev : float
        Energy that separates the peaks above it from those below.
    energies_ev : tuple of float
        Energies of the stack.
    edge : str or None
        Absorption edge of the stack; None in records from before edges had names.
    """

    name: str
    method: Mapping[str, Any]
    window_ev: tuple[float, float]
    reference_ev: float
    energies_ev: tuple[float, ...]
    edge: str | None = None


def read_map_fit(file: ImageFile) -> tuple[MapFit | None, tuple[str, ...]]:
    """Read the record beside a map.

    Parameters
    ----------
    file : ImageFile
        The map.

    Returns
    -------
    MapFit or None
        None where there is no record of this map.
    tuple of str
        What the user should know: a record that does not belong to the map.

    Raises
    ------
    InputImageError
        When the record is of this map, but says nothing that can be used.
    """
    path = file.path.with_suffix(".json")
    if not path.is_file():
        return None, ()
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except (OSError, ValueError) as error:
        return None, (f"{path.name} beside the map cannot be read ({error}) and was ignored",)
    if not isinstance(record, dict) or record.get("map_sha256") != file.sha256:
        why = "another map" if isinstance(record, dict) and "map_sha256" in record else "no map by its hash"
        return None, (
            f"{path.name} beside the map describes {why} and was ignored; is {file.path.name} the fit's?",
        )
    return _fit_of(record, path), ()


def _refuse_constant(text: str) -> None:
    """Refuse NaN and Infinity, which are no JSON."""
    msg = f"it holds {text}"
    raise ValueError(msg)


def _fit_of(record: Mapping[str, Any], path: Path) -> MapFit:
    method = record.get("method")
    if not isinstance(method, dict) or not method:
        raise _unusable(path, "method", "an object")
    window = _energies(record.get("window_ev"))
    if len(window) != 2:
        raise _unusable(path, "window_ev", "two energies in eV")
    energies = _energies(record.get("energies_ev"))
    if not energies:
        raise _unusable(path, "energies_ev", "a list of energies in eV")
    reference = _energies([record.get("reference_ev")])
    if not reference:
        raise _unusable(path, "reference_ev", "an energy in eV")
    return MapFit(path.name, method, (window[0], window[1]), reference[0], energies, _edge(record, path))


def _edge(record: Mapping[str, Any], path: Path) -> str | None:
    name = record.get("edge")
    if name is None:
        return None
    try:
        return edge_of_name(str(name)).name
    except InputError as error:
        raise _unusable(path, "edge", names_of(EDGES)) from error


def _energies(values: object) -> tuple[float, ...]:
    """Take a list of positive numbers; anything else gives none."""
    if not isinstance(values, list):
        return ()
    numbers = tuple(
        float(each) for each in values if isinstance(each, int | float) and not isinstance(each, bool)
    )
    return numbers if len(numbers) == len(values) and all(each > 0 for each in numbers) else ()


def _unusable(path: Path, name: str, expected: str) -> InputImageError:
    return InputImageError(
        f"Found no usable {name} in {path.name}, which describes this very map; expected {expected}. Fit the map "
        f"again (`cathograph xanes fit`), or move {path.name} away."
    )
