"""Options of the form ``name=value`` that may be given several times."""

from cathograph.schema.errors import ParameterError


def read_assignments(given: list[str], option: str) -> dict[str, str]:
    """Read ``name=value`` texts.

    Raises
    ------
    ParameterError
        When one has no name or no sign, or a name comes twice.

    Examples
    --------
    >>> read_assignments(["sample=s1", "note=a=b"], "--param")
    {'sample': 's1', 'note': 'a=b'}
    """
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign or not name:
            msg = f"Found {option} {text!r}; expected name=value, for instance {option} sample=s100."
            raise ParameterError(msg)
        if name in found:
            msg = f"Found {option} {name} twice; expected it once."
            raise ParameterError(msg)
        found[name] = value
    return found
