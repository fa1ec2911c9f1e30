"""Phase maps: which value of an image is which phase, as users write them.

Three forms say the same: inline ``0=background,1=NMC``, a YAML file with one ``value: phase`` per
line, and for label images a CSV table ``label,phase``. All become a `PhaseMap`, whose canonical
text is part of a segmentation's key: the same map in another form or order is the same map.

Values stay the texts that stand in the file (`cathograph.schema.yaml_reader`): ``010`` is refused, not eight.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.schema.composites import SSB_CATHODE, Composite, Phase
from cathograph.schema.errors import PhaseMapError
from cathograph.schema.yaml_reader import read_text, read_yaml

LARGEST_YAML_BYTES = 1 << 20
LARGEST_CSV_BYTES = 256 << 20
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
SMALLEST, LARGEST = -(2**63), 2**63 - 1
CSV_HEADER = ["label", "phase"]
FORMS = "0=background,1=NMC,… (labels also 1-200=NMC, *=NMC), a YAML file of value: phase, or a CSV table label,phase"
NO_PHASE = 255  # in lookup tables: a value that the map does not name
LARGEST_TABLE = 1 << 20
BLOCK_PIXELS = 1 << 18  # stays in the cache
MOST_LISTED = 10
REST = "*"
RANGE = re.compile(r"(0|[1-9][0-9]{0,18})-(0|[1-9][0-9]{0,18})")
LARGEST_RANGE = 1 << 20


class PhaseMap(Mapping[int, Phase]):
    """Phase of each value of an image: an immutable mapping, ordered by value.

    Parameters
    ----------
    phases
        Phase of each value.
    rest
        Phase of every label that is not named; see `completed`.

    Raises
    ------
    PhaseMapError
        When it is empty, or a value is not an integer of 64 bits.

    Examples
    --------
    >>> from cathograph.schema.phases import NMC, SSE
    >>> PhaseMap({2: SSE, 0: NMC}).canonical()
    '0=NMC,2=SSE'
    """

    __slots__ = ("_phases", "rest")

    def __init__(self, phases: Mapping[int, Phase], rest: Phase | None = None) -> None:
        """Check and keep the phases in the order of their values."""
        self.rest = rest
        if not phases and rest is None:
            msg = f"Found an empty phase map; expected {FORMS}. Name the phase of each value with `phases`."
            raise PhaseMapError(msg)
        for value in phases:
            if isinstance(value, bool) or not isinstance(value, int) or not SMALLEST <= value <= LARGEST:
                msg = (
                    f"Found {value!r} as a value in the phase map; expected an integer. Correct the "
                    "phase map."
                )
                raise PhaseMapError(msg)
        self._phases = {value: phases[value] for value in sorted(phases)}

    def __getitem__(self, value: int) -> Phase:
        """Return the phase of a value."""
        return self._phases[value]

    def __iter__(self) -> Iterator[int]:
        """Iterate over the values, smallest first."""
        return iter(self._phases)

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._phases)

    def __hash__(self) -> int:
        """Hash the entries: equal maps have equal hashes."""
        return hash((tuple(self._phases.items()), self.rest))

    def __eq__(self, other: object) -> bool:
        """Compare entries, and the phase of the rest."""
        if isinstance(other, PhaseMap) and self.rest is not other.rest:
            return False
        return Mapping.__eq__(self, other)

    def __repr__(self) -> str:
        """Return the map as it could be written inline."""
        return f"PhaseMap({self.canonical()!r})"

    def canonical(self) -> str:
        """Return the one text of this map, ``"0=background,1=NMC"``, in the order of the values."""
        entries = [f"{value}={phase.name}" for value, phase in self._phases.items()]
        return ",".join([*entries, *([] if self.rest is None else [f"{REST}={self.rest.name}"])])

    def completed(self, labels: NDArray[Any]) -> "PhaseMap":
        """Return the map with every label of an image that it does not name, 0 aside, in the phase of the rest.

        Parameters
        ----------
        labels
            Label image; anything but whole numbers is left to be refused where it is read.

        Examples
        --------
        >>> read_phase_map("3=SSE,*=NMC").completed(np.array([[0, 3], [7, 7]])).canonical()
        '3=SSE,7=NMC'
        """
        if self.rest is None or labels.dtype.kind not in "iuf":
            return self
        values = np.unique(labels)
        whole = values[np.isfinite(values) & (np.floor(values) == values) & (values > 0)]
        named = {int(value): self.rest for value in whole if value <= LARGEST}
        return PhaseMap({**named, **self._phases}) if named or self._phases else self


def read_phase_map(spec: str | Path, composite: Composite = SSB_CATHODE) -> PhaseMap:
    """Read a phase map in any of its forms.

    Parameters
    ----------
    spec
        Inline ``0=background,1=NMC``, or the path of a ``.yaml``, ``.yml`` or ``.csv`` file.
    composite
        Whose phases it may name.

    Raises
    ------
    PhaseMapError
        When it is empty, malformed, names a value twice or an unknown phase, or the file cannot
        be read.

    Examples
    --------
    >>> read_phase_map("1=nmc, 0=background")
    PhaseMap('0=background,1=NMC')
    """
    text = str(spec).strip()
    suffix = Path(text).suffix.casefold() if text else ""
    if suffix in (".yaml", ".yml"):
        return _from_pairs(_yaml_pairs(Path(text)), text, composite)
    if suffix == ".csv":
        return _from_pairs(_csv_pairs(Path(text)), text, composite)
    if "=" in text or not text:
        return _from_pairs(_inline_pairs(text), "`phases`", composite)
    msg = (
        f"Found {text!r} as phase map; expected {FORMS}. Correct `phases`, or give the file one of these "
        "suffixes."
    )
    raise PhaseMapError(msg)


def _from_pairs(pairs: Iterator[tuple[str, str]], where: str, composite: Composite) -> PhaseMap:
    phases: dict[int, Phase] = {}
    rest: Phase | None = None
    for value_text, phase_text in _each_value(pairs, where):
        if value_text == REST and rest is None:
            rest = composite.phase(phase_text)
            continue
        if not INTEGER.fullmatch(value_text):
            msg = (
                f"{where}: found {value_text[:40]!r} as a value; expected an integer without leading zeros. "
                "Correct the phase map."
            )
            raise PhaseMapError(msg)
        value = int(value_text)
        if value in phases:
            msg = f"{where}: found the value {value} twice; expected each value once. Remove one of them."
            raise PhaseMapError(msg)
        try:
            phases[value] = composite.phase(phase_text)
        except PhaseMapError as error:
            msg = f"{where}, value {value}: {error}"
            raise PhaseMapError(msg) from error
    return PhaseMap(phases, rest)


def _each_value(pairs: Iterator[tuple[str, str]], where: str) -> Iterator[tuple[str, str]]:
    """Write ranges such as ``1-200`` out."""
    for value, phase in pairs:
        ends = RANGE.fullmatch(value)
        if ends is None:
            yield value, phase
            continue
        first, last = int(ends[1]), int(ends[2])
        if not first < last < first + LARGEST_RANGE:
            msg = (
                f"{where}: found the range {value[:40]!r}; expected the smaller label first and at most "
                f"{LARGEST_RANGE} labels. Correct it, or give {REST}=PHASE for all others."
            )
            raise PhaseMapError(msg)
        yield from ((str(one), phase) for one in range(first, last + 1))


def _inline_pairs(text: str) -> Iterator[tuple[str, str]]:
    for entry in text.split(",") if text else []:
        value, equals, phase = entry.partition("=")
        if not equals:
            msg = (
                f"`phases`: found {entry.strip()[:40]!r}; expected value=phase. Write it like "
                "0=background,1=NMC."
            )
            raise PhaseMapError(msg)
        yield value.strip(), phase.strip()


def _yaml_pairs(path: Path) -> Iterator[tuple[str, str]]:
    document = read_yaml(path, what="the phase map", largest_bytes=LARGEST_YAML_BYTES, error=PhaseMapError)
    content = document.content
    if content is None:
        return
    if not isinstance(content, dict):
        msg = (
            f"{path}: found a YAML list or text; expected a mapping with lines like `1: NMC`. Correct "
            "the file."
        )
        raise PhaseMapError(msg)
    for value, phase in content.items():
        if not isinstance(phase, str | None):
            line = document.line_of((value,))
            msg = (
                f"{path}, line {line}: found a nested entry; expected lines like `1: NMC`. Correct the file."
            )
            raise PhaseMapError(msg)
        yield value, phase or ""


def _csv_pairs(path: Path) -> Iterator[tuple[str, str]]:
    rows = csv.reader(
        io.StringIO(
            read_text(path, what="the phase map", largest_bytes=LARGEST_CSV_BYTES, error=PhaseMapError)
        ),
        strict=True,
    )
    try:
        header = next(rows, [])
        if [name.strip().casefold() for name in header] != CSV_HEADER:
            msg = (
                f"{path}: found the header {','.join(header)[:60]!r}; expected 'label,phase'. "
                "Give the table these two columns, separated by a comma."
            )
            raise PhaseMapError(msg)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != 2:
                msg = (
                    f"{path}, line {rows.line_num}: found {len(row)} cells; expected label,phase. "
                    "Correct the row."
                )
                raise PhaseMapError(msg)
            yield row[0].strip(), row[1].strip()
    except csv.Error as error:
        msg = (
            f"{path}, line {rows.line_num}: found no valid CSV ({error}); expected label,phase. Correct "
            "the row."
        )
        raise PhaseMapError(msg) from error


def apply_phase_map(image: NDArray[Any], phase_map: PhaseMap) -> NDArray[np.uint8]:
    """Turn an image of values into the canonical phase image.

    Parameters
    ----------
    image
        Integers, or floats that are whole numbers, of any shape. Values that the image does not
        hold need not be in the map, 0 included.
    phase_map
        Phase of each value.

    Returns
    -------
    NDArray[np.uint8]
        `Phase.code` of each pixel, the shape of `image`.

    Raises
    ------
    PhaseMapError
        When a value is not in the map (lists up to ten with their pixels), or not a whole number.

    Notes
    -----
    Pixels are looked up in a table in blocks that stay in the cache, so that the memory needed beyond the
    result stays small. Where the values of the map span more than a table can hold, they are
    searched instead.

    Examples
    --------
    >>> apply_phase_map(np.array([[5, 7]]), read_phase_map("5=NMC,7=SSE"))
    array([[2, 1]], dtype=uint8)
    """
    if image.dtype.kind not in "iufb":
        msg = f"Found pixels of type {image.dtype}; expected integers. Save the phase image as integers."
        raise PhaseMapError(msg)
    if phase_map.rest is not None:
        msg = (
            f"Found {REST}={phase_map.rest.name} for an image of phases; expected every value to be named. Name "
            "them, or say that the pixels are labels (`source` regions)."
        )
        raise PhaseMapError(msg)
    flat = np.ascontiguousarray(image).reshape(-1)
    codes = np.empty(flat.shape, dtype=np.uint8)
    look_up = _Lookup(phase_map)
    for start in range(0, flat.size, BLOCK_PIXELS):
        block = flat[start : start + BLOCK_PIXELS]
        if block.dtype.kind == "f":
            block = _whole_numbers(block, start, image.shape)
        elif block.dtype.kind == "b":
            block = block.astype(np.uint8)
        look_up.into(codes[start : start + block.size], block)
    if np.any(codes == NO_PHASE):
        _refuse_unknown(flat, codes, phase_map)
    return codes.reshape(image.shape)


class _Lookup:
    """Phase codes of many values at once: a table where the values lie close, else a search."""

    def __init__(self, phase_map: PhaseMap) -> None:
        self.values = np.fromiter(phase_map, dtype=np.int64, count=len(phase_map))
        self.codes = np.array([phase.code for phase in phase_map.values()], dtype=np.uint8)
        self.first, self.last = int(self.values[0]), int(self.values[-1])
        self.full_table: NDArray[np.uint8] | None = None
        self.table: NDArray[np.uint8] | None = None
        if self.last - self.first < LARGEST_TABLE:
            # One entry more on either side stands for everything outside.
            self.table = np.full(self.last - self.first + 3, NO_PHASE, dtype=np.uint8)
            self.table[self.values - self.first + 1] = self.codes

    def into(self, out: NDArray[np.uint8], block: NDArray[Any]) -> None:
        """Write the codes of a block of integers, `NO_PHASE` where the map has no entry."""
        if block.dtype.itemsize <= 2:
            # The common case, and the fastest: a table of all 256 or 65,536 bit patterns.
            pattern = np.dtype(f"u{block.dtype.itemsize}")
            if self.full_table is None:
                every = np.arange(2 ** (8 * pattern.itemsize)).astype(pattern).view(block.dtype)
                self.full_table = self.codes_of(every)
            np.take(self.full_table, block.view(pattern), out=out)
        elif block.dtype == np.uint64:
            fits = block <= LARGEST
            out[:] = np.where(fits, self.codes_of(np.where(fits, block, 0).astype(np.int64)), NO_PHASE)
        else:
            out[:] = self.codes_of(block)

    def codes_of(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the codes of integers of any type but uint64."""
        if self.table is not None:
            # Clipped in their own type before the shift, so that nothing overflows.
            kind = np.iinfo(values.dtype)
            low, high = (int(np.clip(end, kind.min, kind.max)) for end in (self.first - 1, self.last + 1))
            where = np.clip(values, low, high).astype(np.int64) - (self.first - 1)
            found: NDArray[np.uint8] = self.table[np.clip(where, 0, self.table.size - 1)]
            return found
        wide = values.astype(np.int64)
        where = np.minimum(np.searchsorted(self.values, wide), self.values.size - 1)
        codes: NDArray[np.uint8] = np.where(self.values[where] == wide, self.codes[where], np.uint8(NO_PHASE))
        return codes


def _whole_numbers(block: NDArray[Any], start: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    whole = is_exact(block)
    if not whole.all():
        first = int(np.argmin(whole))
        where = tuple(int(axis) for axis in np.unravel_index(start + first, shape))
        axes = {2: "(y, x)", 3: "(z, y, x)"}.get(len(shape), "position")
        msg = (
            f"Found {block[first]} at {axes} = {where}; expected whole numbers below "
            f"{exact_below(block.dtype):.0f}, one per phase. Save the phase image as integers."
        )
        raise PhaseMapError(msg)
    return block.astype(np.int64)


def exact_below(dtype: np.dtype[Any]) -> float:
    """Return the number from which on floats of a type skip whole numbers: 2**24 for 32 bits.

    Above it neighbouring labels have merged when the image was saved.
    """
    return float(2 ** (np.finfo(dtype).nmant + 1))


def is_exact(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark floats that are whole numbers and cannot stand for several of them; False for NaN."""
    wide = values.astype(np.float32) if values.dtype == np.float16 else values
    exact: NDArray[np.bool_] = (np.abs(wide) < exact_below(values.dtype)) & (np.floor(wide) == wide)
    return exact


def _refuse_unknown(flat: NDArray[Any], codes: NDArray[np.uint8], phase_map: PhaseMap) -> None:
    values, counts = np.unique(flat[codes == NO_PHASE], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_LISTED]
    listed = ", ".join(f"{int(values[i])} ({counts[i]} pixels)" for i in order)
    more = f" and {values.size - MOST_LISTED} more" if values.size > MOST_LISTED else ""
    known = phase_map.canonical()
    known = known if len(known) <= 80 else known[:80] + "…"
    msg = (
        f"Found values that the phase map does not name: {listed}{more}; expected only {known}. "
        "Add them to the phase map (`phases`)."
    )
    raise PhaseMapError(msg)
