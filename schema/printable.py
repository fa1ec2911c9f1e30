r"""Texts of users and files as they may stand in a line on a terminal.

A terminal obeys control characters, and turns the order of what follows a mark of direction; a surrogate (a
byte of a file's name that is no UTF-8) cannot be written at all. So they are shown as Python writes them: ``\x1b``.
"""

import re
from pathlib import Path

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return a text with every character that a terminal obeys escaped; line breaks and tabs stay.

    Examples
    --------
    >>> print(printable("x\x1b[2J"))
    x\x1b[2J
    """
    return _OBEYED.sub(lambda found: repr(found[0])[1:-1], text)


def shown(path: Path) -> str:
    r"""Return the path with every character that cannot be printed escaped.

    Examples
    --------
    >>> print(shown(Path("a\nb.tif")))
    a\nb.tif
    """
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in str(path))
