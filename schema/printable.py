"""Names of files as they may stand in a message of one line."""

from pathlib import Path


def shown(path: Path) -> str:
    r"""Return the path with every character that cannot be printed escaped.

    Examples
    --------
    >>> print(shown(Path("a\nb.tif")))
    a\nb.tif
    """
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in str(path))
