"""Names that people gave, shown as they are.

Streamlit reads Markdown in most of its texts. A sample may be named ``**x**``, ``[a](b)`` or ``<script>``:
inside a code span none of that, no formula, no icon and no address is anything but text.
"""

import re

_WHITE = re.compile(r"\s+")
_TICKS = re.compile(r"`+")


def as_text(value: object) -> str:
    """Write a value so that Markdown shows it letter by letter.

    Parameters
    ----------
    value
        What a user, a file or a database gave; white space of any length is shown as one blank.

    Returns
    -------
    str
        A code span, with a fence longer than any run of backticks inside.

    Examples
    --------
    >>> as_text("**s1**"), as_text("a`b"), as_text("")
    ('`**s1**`', '``a`b``', '` `')
    """
    text = _WHITE.sub(" ", str(value)) or " "
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    room = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{room}{text}{room}{fence}"
