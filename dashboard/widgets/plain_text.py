"""Names given by users, shown unchanged.

Streamlit interprets Markdown in most texts. A sample may be named ``**x**``, ``[a](b)`` or ``<script>``; inside a code
span, Markdown, formulas, icons and links are shown as text.
"""

import re

_WHITE = re.compile(r"\s+")
_TICKS = re.compile(r"`+")


def as_text(value: object) -> str:
    """Write a value so that Markdown shows it unchanged.

    Parameters
    ----------
    value
        A value from a user, a file or a database; white space of any length becomes one blank.

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
