"""What is read, told and refused of each format: one table for the page of the docs and for the tests.

Every row is tried in `tests/ingest/formats/test_reading_rules.py` on a file of each format that it
names. ``python -m cathograph.ingest.formats.reading_rules docs/formats.md`` writes it into the page,
with ``--check`` it compares.
"""

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

BEGIN, END = "<!-- reading rules: generated -->", "<!-- end of reading rules -->"


class Verdict(StrEnum):
    """What becomes of a file."""

    READ = "read"
    TOLD = "read, with a note"
    REFUSED = "refused"


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Attributes
    ----------
    key
        By which the tests find the maker of its file.
    formats
        Formats that share it.
    found
        What the file has.
    verdict
        What becomes of it.
    how
        What is done, or what to do.
    volume
        Whether it holds for `volume` only.
    """

    key: str
    formats: tuple[str, ...]
    found: str
    verdict: Verdict
    how: str
    volume: bool = False


NAMED = ("OME-Zarr", "Zarr names", "HDF5 labels", "ilastik", "NeXus")
READ, TOLD, REFUSED = Verdict.READ, Verdict.TOLD, Verdict.REFUSED
RULES: tuple[Rule, ...] = (
    Rule("zyx", (*NAMED, "OME-TIFF", "ImageJ", "TIFF"), "axes z, y, x", READ, "as they are"),
    Rule("xyz", NAMED, "axes x, y, z, or x, y", TOLD, "turned to z, y, x"),
    Rule("matlab", ("MATLAB 7.3",), "rows, columns, slices as MATLAB stores them", TOLD, "turned as MATLAB shows them"),
    Rule("channels", (*NAMED, "OME-TIFF", "ImageJ", "TIFF", "LSM"), "several channels", REFUSED,
         "choose one: `channel` NUMBER (from 0) or NAME"),
    Rule("lsm", ("LSM",), "times and slices as pages, sizes in metres", READ, "as they are"),
    Rule("times", (*NAMED, "OME-TIFF", "TIFF"), "time points", TOLD, "images of their own, no slices"),
    Rule("times", (*NAMED, "OME-TIFF", "TIFF"), "time points as a volume", REFUSED, "they are no depth", volume=True),
    Rule("no y", ("OME-Zarr", "HDF5 labels"), "axes without y or x", REFUSED, "correct the names"),
    Rule("deep", ("OME-Zarr", "OME-TIFF", "ImageJ", "HDF5"), "slices further apart than pixels, as a volume", REFUSED,
         "resample it", volume=True),
    Rule("deep no unit", ("OME-Zarr", "OME-TIFF", "ImageJ"), "the same in no unit of length", REFUSED,
         "proportions need none", volume=True),
    Rule("oblong", ("OME-Zarr", "OME-TIFF", "ImageJ", "HDF5", "TIFF", "PNG", "JPEG"), "pixels that are not square",
         REFUSED, "resample it"),
    Rule("print", ("TIFF", "ImageJ", "PNG", "BMP", "OME-TIFF"), "a resolution of screens or printers", READ,
         "no pixel size; give it"),
    Rule("fine", ("TIFF", "PNG"), "a resolution too fine for any print (pixels up to 2 µm)", READ, "the pixel size"),
    Rule("sem", ("TIFF",), "the tag of a Zeiss or FEI microscope", READ, "its pixel size comes first"),
    Rule("jeol", ("TIFF", "PNG", "BMP", "JPEG"), "a text of a JEOL microscope beside the image", READ,
         "the pixel size from its scale bar"),
    Rule("turned", ("TIFF", "PNG"), "an orientation tag", TOLD, "turned as viewers show it"),
    Rule("white", ("TIFF",), "0 is white (MinIsWhite)", TOLD, "a grey image is inverted, labels are not"),
    Rule("few bits", ("TIFF", "PNG"), "2 or 4 bits a pixel", READ, "codes as stored"),
    Rule("palette", ("TIFF", "PNG", "BMP"), "a palette", READ, "its indices"),
    Rule("lossy", ("JPEG", "TIFF"), "JPEG compression", TOLD, "never for phases or regions"),
    Rule("colour", ("TIFF", "PNG", "NumPy", "HDF5"), "colours that differ", REFUSED,
         "choose one: `channel` red, green or blue"),
    Rule("grey in colour", ("NumPy", "HDF5"), "a last axis of 3 with equal values", TOLD, "taken for grey"),
    Rule("slices", ("TIFF", "PNG"), "a folder of single slices, as a volume", READ, "in the order of their numbers",
         volume=True),
    Rule("slices", ("TIFF", "PNG"), "a folder of single slices, not as a volume", REFUSED, "give `volume`"),
    Rule("several", ("OME-TIFF", "TIFF", "HDF5", "Zarr"), "several images", REFUSED, "name one: `dataset`"),
    Rule("table beside", ("Zarr", "HDF5"), "a table of texts beside the image", READ, "passed over"),
    Rule("unwritten", ("HDF5", "Zarr"), "chunks that nobody wrote", REFUSED, "or `fill_unwritten`"),
    Rule("unwritten", ("TIFF",), "tiles or strips that nobody wrote", REFUSED, "save it whole"),
    Rule("filters", ("HDF5",), "blosc, bitshuffle, lz4, zstd", READ, "by hdf5plugin"),
    Rule("no filter", ("HDF5", "Zarr"), "a filter or codec that is not installed", REFUSED, "the message names it"),
    Rule("user block", ("HDF5",), "a user block of any size", READ, "passed over"),
    Rule("objects", ("NumPy",), "pickled objects", REFUSED, "save plain numbers"),
)  # fmt: skip


def as_markdown() -> str:
    """Return the table of the page."""
    lines = ["| found | formats | what becomes of it |", "|---|---|---|"]
    lines += [f"| {rule.found} | {', '.join(rule.formats)} | {rule.verdict}: {rule.how} |" for rule in RULES]
    return "\n".join(lines)


def with_table(page: str) -> str:
    """Return the page with the table of now between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{as_markdown()}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the table into a page, or compare it; 1 where it differs."""
    path = Path(arguments[-1])
    page = path.read_text(encoding="utf-8")
    if "--check" in arguments:
        return int(with_table(page) != page)
    path.write_text(with_table(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
