"""How an option is called in each place, and how texts of users become its values.

Messages of ingest write a field in backticks: "Found `radius_px` 51". That is its name in Python. Each other front end
puts its own name there with `renamed`, in one place.
"""

import json
import re
from collections.abc import Mapping

from cathograph.schema.keys import JsonScalar

_FIELD = re.compile(r"`(\w+)`")


def renamed(message: str, names: Mapping[str, str]) -> str:
    """Put other names in the place of fields in backticks.

    Parameters
    ----------
    message : str
        Any message.
    names : Mapping
        Name to write for each field; others stay as they are.

    Examples
    --------
    >>> renamed("Found `radius_px` 51; see `cathograph ingest`.", {"radius_px": "--radius-px"})
    'Found --radius-px 51; see `cathograph ingest`.'
    """
    return _FIELD.sub(lambda found: names.get(found[1], found[0]), message)


def scalar_of(text: str) -> JsonScalar:
    """Read a text that is a JSON scalar as that value; any other stays a text.

    Examples
    --------
    >>> [scalar_of(text) for text in ("2", "true", "SSE,NMC", "[1]")]
    [2, True, 'SSE,NMC', '[1]']
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value if isinstance(value, str | int | float | bool | None) else text
