"""Options of ``cathograph xanes fit`` turned into a method and its calibration, and checked.

Outputs are checked before the work: measured data of a beamtime must not be lost to a slip.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    from cathograph.ingest.xanes.energy_calibration import EnergyCalibration
    from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
    from cathograph.ingest.xanes.half_height import HalfHeight
    from cathograph.ingest.xanes.linear_combination import LinearCombination
    from cathograph.ingest.xanes.methods import Method
    from cathograph.ingest.xanes.registration import Against
    from cathograph.ingest.xanes.white_line import WhiteLine

_PIXEL_NUMBER = re.compile(r"[0-9]{1,9}")
_MOST_SHOWN = 60
Chosen = TypeVar("Chosen", "WhiteLine", "HalfHeight", "GaussianWhiteLine", "LinearCombination")


def choose_method(
    name: str,
    references: Path | None,
    search_ev: str | None,
    half_width_ev: float | None,
    degree: int | None,
    *,
    normalised: bool,
) -> "tuple[Method, EnergyCalibration]":
    """Make the method that was asked for and, where references are given, calibrate it.

    Raises
    ------
    InputError
        For an unknown method, an option that it does not have, or a linear combination
        without references.
    """
    from cathograph.ingest.xanes.energy_calibration import calibrate, uncalibrated
    from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
    from cathograph.ingest.xanes.half_height import HalfHeight
    from cathograph.ingest.xanes.linear_combination import LinearCombination
    from cathograph.ingest.xanes.methods import METHOD_NAMES
    from cathograph.ingest.xanes.references import read_references
    from cathograph.ingest.xanes.white_line import WhiteLine

    if name not in METHOD_NAMES:
        msg = f"Found method {name!r}; expected one of {', '.join(METHOD_NAMES)}."
        raise InputError(msg)
    pair = None if references is None else read_references(references)
    if half_width_ev is not None and not half_width_ev > 0:
        msg = f"Found --half-width-ev {half_width_ev:g}; expected a distance above 0."
        raise InputError(msg)
    search = None if search_ev is None else read_pair(search_ev, "--search-ev")
    method: Method
    if name == WhiteLine.name:
        method = _with(WhiteLine(), search_ev=search, half_width_ev=half_width_ev, degree=degree)
    elif name == HalfHeight.name:
        method = _with(HalfHeight(), search_ev=search, half_width_ev=half_width_ev, degree=degree)
    elif name == GaussianWhiteLine.name:
        _refuse(name, "--degree", degree)
        method = _with(GaussianWhiteLine(), search_ev=search, half_width_ev=half_width_ev)
    else:
        _refuse(name, "--degree", degree)
        _refuse(name, "--half-width-ev", half_width_ev)
        if pair is None:
            msg = "Found no references for a linear combination; expected two spectra. Give them: --references FILE."
            raise InputError(msg)
        method = _with(LinearCombination(pair, baseline=not normalised), window_ev=search)
    return method, uncalibrated(name) if pair is None else calibrate(method, pair)


def choose_way_to_register(text: str) -> "Against":
    """Take the text of --register-against.

    Raises
    ------
    InputError
        When it is neither of the two ways.
    """
    if text == "previous":
        return "previous"
    if text == "reference":
        return "reference"
    msg = f"Found --register-against {text!r}; expected previous or reference."
    raise InputError(msg)


def read_pair(text: str, option: str) -> tuple[float, float]:
    """Take LOW,HIGH.

    Raises
    ------
    InputError
        When it is not two numbers, the lower first.

    Examples
    --------
    >>> read_pair("8335,8365", "--search-ev")
    (8335.0, 8365.0)
    """
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != 2:
        msg = f"Found {option} {text!r}; expected LOW,HIGH, numbers with commas between them."
        raise InputError(msg)
    low, high = numbers
    if not low < high:
        msg = f"Found {option} {text}; expected LOW,HIGH, the lower energy first."
        raise InputError(msg)
    return low, high


def read_region(text: str) -> tuple[int, int, int, int]:
    """Take the four pixel numbers of --empty-region.

    Raises
    ------
    InputError
        When they are not four whole numbers.

    Examples
    --------
    >>> read_region("0,40,0,200")
    (0, 40, 0, 200)
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(_PIXEL_NUMBER.fullmatch(part) for part in parts):
        shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
        msg = f"Found --empty-region {shown!r}; expected four pixel numbers Y0,Y1,X0,X1, such as 0,40,0,200."
        raise InputError(msg)
    y_first, y_end, x_first, x_end = (int(part) for part in parts)
    return y_first, y_end, x_first, x_end


def require_targets(targets: Sequence[Path], inputs: Mapping[str, Path | None]) -> None:
    """Refuse outputs that cannot be written, or would take the place of an input or of each other.

    Parameters
    ----------
    targets
        Every file that will be written.
    inputs
        What each input is, and the file (the folder of a Zarr store); None for one that was not given.

    Raises
    ------
    InputError
        Saying which two files are one.
    """
    seen: dict[Path, Path] = {}
    for target in targets:
        if not target.parent.is_dir():
            msg = f"Found no folder {target.parent}; expected one to write {target.name} to. Make it first."
            raise InputError(msg)
        place = target.resolve()
        if place in seen:
            msg = f"Found {target} as two files to write; expected two names. Choose another --out or --quality."
            raise InputError(msg)
        seen[place] = target
        for what, path in inputs.items():
            if path is not None and _is_at(place, path):
                msg = (
                    f"Found {target} as {what} and as a file to write; expected two. Choose another --out or "
                    "--quality."
                )
                raise InputError(msg)


def _is_at(place: Path, path: Path) -> bool:
    """Tell whether a resolved path is a file, by name or as a second name of it, or lies in that folder."""
    own = path.resolve()
    same = place.exists() and own.exists() and place.samefile(own)
    return same or own in (place, *place.parents)


def _with(method: Chosen, **given: object) -> Chosen:
    """Replace the parameters that were given."""
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return replace(method, **changes)


def _refuse(method: str, option: str, given: object) -> None:
    if given is not None:
        msg = f"Found {option} {given} with {method}, which has no use for it. Leave it out."
        raise InputError(msg)
