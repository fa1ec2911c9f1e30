"""Texts that XML can hold: users choose names freely, and a few characters would break the whole file."""

import re

from cathograph.schema.errors import InputError

_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 cannot hold, or that its readers change (carriage return)."""


def require_xml_text(name: str, text: str, kind: str) -> None:
    """Check a text before it goes into a format that is XML.

    Parameters
    ----------
    name, text : str
        What it is, and the text.
    kind : str
        Format, for the message.

    Raises
    ------
    InputError
        When it has a character that XML cannot hold.
    """
    if _NOT_IN_XML.search(text):
        msg = (
            f"Found {name} {text!r} with a character that {kind} cannot hold; expected printable text. "
            "Export as parquet or csv."
        )
        raise InputError(msg)
