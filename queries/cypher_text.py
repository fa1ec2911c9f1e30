"""Reading Cypher text no further than needed: what is code, what is a string, a name or a comment.

This is no parser. It serves two questions that the server's plan does not answer: which
parameters a text uses, and which dotted names it calls.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n\r]*|/\*.*?(?:\*/|\Z))
    | (?P<string>'(?:\\.|[^'\\])*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z))
    | (?P<quoted>`(?:``|[^`])*(?:`|\Z))
    | (?P<parameter>\$\s*(?:`(?:``|[^`])*`|\w+))
    | (?P<word>[^\W\d]\w*)
    | (?P<number>\d\w*(?:\.\d\w*)?)
    | (?P<space>\s+)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of Cypher text; `text` of a quoted name is the name without its backticks."""

    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """Split Cypher text into what is code, leaving out comments and white space.

    Examples
    --------
    >>> [token.text for token in tokens("RETURN `a b`.x // c")]
    ['RETURN', 'a b', '.', 'x']
    """
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "sign"
        if kind in ("comment", "space"):
            continue
        piece = match.group()
        if kind == "quoted":
            piece = piece[1:].removesuffix("`").replace("``", "`")
        found.append(Token(kind, piece))
    return found


def used_parameters(text: str) -> set[str]:
    """Names of the ``$parameters`` that a text uses, those in strings and comments left out.

    Examples
    --------
    >>> sorted(used_parameters("RETURN $a, $`b c`, '$d' // $e"))
    ['a', 'b c']
    """
    names = (token.text[1:].strip() for token in tokens(text) if token.kind == "parameter")
    return {name[1:-1].replace("``", "`") if name.startswith("`") else name for name in names}


def dotted_calls(text: str) -> set[str]:
    """Dotted names followed by a parenthesis: functions and procedures in a namespace, lower case.

    Examples
    --------
    >>> sorted(dotted_calls("RETURN date.truncate('day', n.x), `apoc` . load /* */ .json('f')"))
    ['apoc.load.json', 'date.truncate']
    >>> dotted_calls("RETURN 1 LIMIT size([1, 2][0..gds.util.nodeProperty('g', 5, 'p')])")
    {'gds.util.nodeproperty'}
    """
    calls = set()
    path: list[str] = []
    after_dot = False
    for token in tokens(text):
        if token.kind in ("word", "quoted"):
            path = [*path, token.text] if after_dot else [token.text]
            after_dot = False
        elif token.text == "." and path:
            after_dot = True
        else:
            if token.text == "(" and len(path) > 1:
                calls.add(".".join(path).lower())
            path, after_dot = [], False
    return calls
