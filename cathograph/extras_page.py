"""The table of extras in docs/install.md, from `cathograph.extras` and the metadata of the installed package."""

import sys
from collections.abc import Sequence
from pathlib import Path

from cathograph.extras import BASE, EXTRAS, Extra, packages_of

_BEGIN, _END = "<!-- extras -->\n", "<!-- end of extras -->\n"


def extras_table() -> str:
    """Make the table: one line for each set that can be installed."""
    lines = ["| install | for | commands | brings |", "| --- | --- | --- | --- |"]
    for extra in (BASE, *EXTRAS):
        verbs = ", ".join(f"`{verb}`" for verb in extra.verbs)
        lines.append(f"| `{extra.install}` | {extra.meaning} | {verbs} | {_brings(extra)} |")
    return "\n".join([*lines, ""])


def _brings(extra: Extra) -> str:
    """Name the packages that no set before this one has."""
    before = EXTRAS[: EXTRAS.index(extra)] if extra in EXTRAS else ()
    known = {each.name for earlier in before for each in packages_of(earlier.name)}
    return ", ".join(sorted({each.name for each in packages_of(extra.name)} - known)) or "nothing more"


def main(arguments: Sequence[str]) -> int:
    """Write the table into the page named, between its marks, or with ``--check`` compare; give the exit code."""
    path = Path(arguments[-1])
    there = path.read_text(encoding="utf-8")
    before, begin, rest = there.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        sys.stderr.write(f"Found {path} without {_BEGIN.strip()} and {_END.strip()}; expected both lines.\n")
        return 1
    page = f"{before}{_BEGIN}\n{extras_table()}\n{_END}{after}"
    if "--check" not in arguments:
        path.write_text(page, encoding="utf-8")
        return 0
    if page == there:
        return 0
    sys.stderr.write(f"Found {path} out of date; expected the extras of pyproject.toml. Run: make format\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
