"""``cathograph xanes fit --method jump``: the absorption difference of two energies, written with its record."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from cathograph.commands.console import errors, print_json, results
from cathograph.commands.option_flags import with_flags
from cathograph.ingest.options import FitOptions, StackOptions

if TYPE_CHECKING:
    from cathograph.ingest.stacks.stack import BeamlineStack


def write_difference(
    stack: "BeamlineStack", options: FitOptions, stack_options: StackOptions, out: Path, *, as_json: bool
) -> None:
    """Write map and record; the map last, so that it is never there without its record.

    Raises
    ------
    InputError
        When the stack has not two energies, cannot be read, or a file cannot be written.
    """
    from cathograph.ingest.formats.absorption_difference import PAGE_NAME
    from cathograph.ingest.xanes.absorption_difference import find_absorption_difference
    from cathograph.ingest.xanes.map_file import encode_map, write_bytes, write_record

    made = find_absorption_difference(stack, pixel_size_um=options.pixel_size_um)
    notes = [with_flags(note) for note in stack.metadata.notes]
    content = encode_map(made.values, made.pixel_size_um, page_name=PAGE_NAME)
    record = {"map": out.name, "map_sha256": hashlib.sha256(content).hexdigest(), **stack.as_record()}
    record |= {"dataset": stack_options.dataset, **made.as_record(), "notes": notes}
    written = [out, out.with_suffix(".json")]
    write_record(written[1], record)
    write_bytes(out, content)
    if as_json:
        print_json({"files": [str(path) for path in written]} | record)
        return
    found, pixels = record[PAGE_NAME], record["pixels"]
    low, high = made.energies_ev
    height, width = made.values.shape
    lines = [
        f"{height} × {width} pixels, absorption difference between {low:g} and {high:g} eV",
        f"difference median {found['median']}; 90 % within {found['p5']} to {found['p95']}; noise {record['noise']}",
        f"valid     {pixels['valid']} of {pixels['total']} pixels",
        "files     " + ", ".join(str(path) for path in written),
        record["note"],
    ]
    for line in lines:
        results.print(line, highlight=False, markup=False)
    for note in notes:
        errors.print(note, style="dim", highlight=False, markup=False)
