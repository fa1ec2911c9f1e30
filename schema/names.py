r"""What a legal name is: of a sample, an image, a cathode kind, a beamtime; the one place that says so.

Two names that look alike must be one. So a name is kept composed (Unicode's NFC), without blanks around it, and with
plain blanks only; control characters and characters without width are refused. On Linux the name of a file is bytes,
and old programs write them in Latin-1: Python holds each such byte as a surrogate, which no database takes. It
is stored as ``%B5``, the way addresses do it, so that no two files share a name for it.
"""

import re
import unicodedata
from pathlib import Path

from cathograph.schema.errors import InputError

_UNSEEN = {
    "Cc": "a control character",
    "Cf": "a character without width",
    "Zl": "a line break",
    "Zp": "a line break",
}
_FOREIGN_BYTE = re.compile(r"[\udc80-\udcff]")
_HALF = re.compile(r"[\ud800-\udfff]")
_ESCAPED = re.compile(r"%([89A-F][0-9A-F])")


def clean_name(name: str) -> str:
    r"""Return a name as it is stored.

    Raises
    ------
    InputError
        When it holds a character that no list could show.

    Examples
    --------
    >>> clean_name(" Zelle\u00a0a\u0308 "), clean_name("5\udcb5m")
    ('Zelle ä', '5%B5m')
    """
    composed = unicodedata.normalize("NFC", with_bytes_escaped(name))
    for sign in composed:
        unseen = _UNSEEN.get(unicodedata.category(sign))
        if unseen is not None:
            msg = (
                f"Found the name {shown_name(name)!r} with {unseen} (U+{ord(sign):04X}); expected only characters "
                "that can be seen. Write it without that one."
            )
            raise InputError(msg)
    return "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in composed).strip()


def shown_name(name: str) -> str:
    r"""Return any name as it may stand in a list: what `clean_name` refuses is written as the bytes of its UTF-8.

    Examples
    --------
    >>> shown_name("a\nb\u200b")
    'a%0Ab%E2%80%8B'
    """
    composed = unicodedata.normalize("NFC", with_bytes_escaped(name))
    return "".join(
        "".join(f"%{byte:02X}" for byte in sign.encode()) if unicodedata.category(sign) in _UNSEEN else sign
        for sign in composed
    )


def with_bytes_escaped(text: str) -> str:
    r"""Return a text that every database and file takes: bytes that are no UTF-8 as ``%B5``.

    Examples
    --------
    >>> with_bytes_escaped("M\udcfcnchen"), with_bytes_escaped("90%")
    ('M%FCnchen', '90%')
    """
    if not _HALF.search(text):
        return text
    escaped = _FOREIGN_BYTE.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", text)
    return _HALF.sub("\ufffd", escaped)


def existing_path(stored: str) -> Path:
    """Return the path that `with_bytes_escaped` was given, where a file or folder lies there; else as it is stored."""
    path = Path(stored)
    if not _ESCAPED.search(stored) or path.exists():
        return path
    original = Path(_ESCAPED.sub(lambda found: chr(0xDC00 + int(found[1], 16)), stored))
    return original if original.exists() else path
