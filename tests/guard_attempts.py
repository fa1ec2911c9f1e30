"""Attempts at the read-only guard, made by rule: what must not run, spelled in many ways, in every place of a query.

Each place is a template that is valid Cypher with a harmless function in it, so that a refusal is due to what was put
there.
"""

import random
from dataclasses import dataclass
from itertools import product

SEED = 24
HARMLESS = "gds.version()"
"""A function on the guard's list: in every place it has to pass."""

FUNCTIONS = (
    "gds.util.nodeProperty('g', 5, 'p')",
    "gds.util.asNode(5)",
    "gds.util.asNodes([5])",
    "gds.graph.exists('g')",
    "gds.similarity.cosine([1.0], [2.0])",
    "apoc.load.json('file:///etc/passwd')",
    "apoc.cypher.runFirstColumnSingle('CREATE (n)', {})",
    "db.nameFromElementId('4:0')",
    "graph.names()",
)
"""Functions in a namespace that are not on the guard's list: of this server, and of one with more plugins."""

BLANKS = (
    "",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\f",
    "\v",
    "/**/",
    "/* .( */",
    "// (\n",
    "\u00a0",
    "\u1680",
    "\u2003",
    "\u2028",
)
BLANKS += ("\u202f", "\u205f", "\u3000", "\x1c", "\x1f", "\x85", "\u180e", "\u200b", "\ufeff", "\u2060")
"""What may stand between two tokens, and what only looks as if it might."""

PLACES = {
    "RETURN": "RETURN {x} AS y",
    "LIMIT": "RETURN 1 AS y LIMIT size([{x}])",
    "LIMIT of a slice": "RETURN 1 AS y LIMIT size([1, 2][0..size([{x}])])",
    "LIMIT behind a number": "RETURN 1 AS y LIMIT size([1, 2][0 ..size([{x}])])",
    "SKIP": "RETURN 1 AS y SKIP size([{x}])",
    "SKIP and LIMIT": "RETURN 1 AS y SKIP 0 LIMIT 1 + size([{x}])",
    "WITH and LIMIT": "MATCH (n) WITH n LIMIT size([{x}]) RETURN n.id AS y",
    "LIMIT of a subquery": "CALL () {{ RETURN 1 AS y LIMIT size([{x}]) }} RETURN y",
    "LIMIT in COLLECT": "RETURN COLLECT {{ MATCH (n) RETURN n.id LIMIT size([{x}]) }} AS y",
    "ORDER BY": "MATCH (n) RETURN n.id AS y ORDER BY {x}",
    "ORDER BY of WITH": "MATCH (n) WITH n ORDER BY n.id, {x} DESC RETURN n.id AS y",
    "index of a list": "RETURN [1, 2][size([{x}])] AS y",
    "slice of a list": "RETURN [1, 2][..size([{x}])] AS y",
    "key of a map": "RETURN {{a: 1}}[toString({x})] AS y",
    "value of a map": "RETURN {{a: {x}}} AS y",
    "map projection": "MATCH (n) RETURN n {{.id, z: {x}}} AS y",
    "map projection of all": "MATCH (n) RETURN n {{.*, z: [{x}]}} AS y",
    "list comprehension": "RETURN [i IN [1] WHERE {x} IS NULL | i] AS y",
    "list comprehension's value": "RETURN [i IN [1] | {x}] AS y",
    "pattern comprehension": "MATCH (n) RETURN [(n)--(m) WHERE {x} IS NULL | m.id] AS y",
    "reduce": "RETURN reduce(a = 0, i IN [1] | a + size([{x}])) AS y",
    "all": "RETURN all(i IN [1] WHERE {x} IS NULL) AS y",
    "CASE": "RETURN CASE WHEN {x} IS NULL THEN 1 ELSE 2 END AS y",
    "CASE's value": "RETURN CASE 1 WHEN 1 THEN [{x}] END AS y",
    "WHERE": "MATCH (n) WHERE {x} IS NULL RETURN n.id AS y",
    "WHERE of WITH": "WITH 1 AS y WHERE {x} IS NULL RETURN y",
    "WHERE in a node": "MATCH (n WHERE {x} IS NULL) RETURN n.id AS y",
    "WHERE in a relationship": "MATCH ()-[r WHERE {x} IS NULL]->() RETURN type(r) AS y",
    "property in a node": "MATCH (n {{id: toString({x})}}) RETURN n.id AS y",
    "property in a relationship": "MATCH ()-[r {{id: toString({x})}}]->() RETURN type(r) AS y",
    "quantified path": "MATCH ((a)--(b) WHERE {x} IS NULL){{1, 2}} RETURN count(*) AS y",
    "OPTIONAL MATCH": "OPTIONAL MATCH (n) WHERE {x} IS NULL RETURN n.id AS y",
    "UNWIND": "UNWIND [{x}] AS y RETURN y",
    "aggregation": "MATCH (n) RETURN collect({x}) AS y",
    "DISTINCT": "MATCH (n) RETURN DISTINCT [n.id, {x}] AS y",
    "argument of a function": "RETURN coalesce(null, {x}) AS y",
    "EXISTS": "MATCH (n) WHERE EXISTS {{ MATCH (n)--(m) WHERE {x} IS NULL }} RETURN n.id AS y",
    "COUNT": "MATCH (n) RETURN COUNT {{ MATCH (n)--(m) WHERE {x} IS NULL }} AS y",
    "COLLECT": "RETURN COLLECT {{ RETURN {x} }} AS y",
    "COLLECT in CASE": "RETURN CASE WHEN true THEN COLLECT {{ RETURN {x} }} END AS y",
    "COLLECT in COLLECT": "RETURN COLLECT {{ RETURN COLLECT {{ RETURN {x} }} }} AS y",
    "CALL": "CALL () {{ RETURN {x} AS y }} RETURN y",
    "CALL in CALL": "CALL () {{ CALL () {{ RETURN {x} AS y }} RETURN y }} RETURN y",
    "first of UNION": "RETURN {x} AS y UNION RETURN 1 AS y",
    "second of UNION ALL": "RETURN 1 AS y UNION ALL RETURN {x} AS y",
    "YIELD": "CALL db.labels() YIELD label WHERE {x} IS NULL RETURN label AS y",
}  # fmt: skip
"""Places for an expression; ``{x}`` is where it goes."""

CLAUSES = (
    "CREATE (:Bad)",
    "MERGE (:Bad {x: 1})",
    "MATCH (n) SET n.bad = 1",
    "MATCH (n) SET n:Bad",
    "MATCH (n) SET n += {bad: 1}",
    "MATCH (n) REMOVE n.id",
    "MATCH (n) DETACH DELETE n",
    "FOREACH (x IN [1] | CREATE (:Bad))",
    "MATCH (n) CREATE (n)-[:BAD]->(n)",
    "LOAD CSV FROM {url} AS line WITH line LIMIT 1",
    "LOAD CSV WITH HEADERS FROM {url} AS line WITH line LIMIT 1",
    "CALL db.clearQueryCaches()",
    "CALL gds.graph.drop('g', false) YIELD graphName",
    "CALL gds.graph.project('g', '*', '*') YIELD graphName",
    "CALL gds.graph.generate('g', 5, 2) YIELD name",
    "CALL dbms.listConfig() YIELD name",
    "CALL dbms.setConfigValue('x', 'y')",
    "CALL db.createLabel('Bad')",
    "CALL db.awaitIndexes(1)",
    "CALL tx.setMetaData({a: 1})",
    "CALL apoc.load.json({url}) YIELD value",
    "CALL apoc.cypher.run('CREATE (n)', {}) YIELD value",
)
"""Clauses that write, read files, reach an address or change the server; ``{url}`` is a file or an address."""

FRAMES = {
    "alone": "{c} RETURN 1 AS y",
    "behind MATCH": "MATCH (m) WITH m {c} RETURN 1 AS y",
    "behind UNION": "RETURN 1 AS y UNION {c} RETURN 1 AS y",
    "in CALL": "CALL () {{ {c} RETURN 1 AS y }} RETURN y",
    "in CALL in CALL": "CALL () {{ CALL () {{ {c} RETURN 1 AS y }} RETURN y }} RETURN y",
    "in CALL with a scope": "MATCH (m) CALL (m) {{ {c} RETURN 1 AS y }} RETURN y",
    "in transactions": "UNWIND [1] AS i CALL (i) {{ {c} RETURN 1 AS y }} IN TRANSACTIONS OF 1 ROW RETURN y",
    "in COLLECT": "RETURN COLLECT {{ {c} RETURN 1 }} AS y",
    "in COLLECT in CASE": "RETURN CASE WHEN true THEN COLLECT {{ {c} RETURN 1 }} END AS y",
    "in EXISTS": "MATCH (m) WHERE EXISTS {{ {c} RETURN 1 }} RETURN m.id AS y",
    "in COUNT in LIMIT": "RETURN 1 AS y LIMIT COUNT {{ {c} RETURN 1 }}",
    "behind USE": "USE neo4j {c} RETURN 1 AS y",
    "behind CYPHER": "CYPHER runtime=slotted {c} RETURN 1 AS y",
    "behind PROFILE": "PROFILE {c} RETURN 1 AS y",
    "behind EXPLAIN": "EXPLAIN {c} RETURN 1 AS y",
    "behind a comment": "/* RETURN 1; */ {c} // RETURN\nRETURN 1 AS y",
    "behind a string": "WITH 'it''s // no /* comment' AS s {c} RETURN 1 AS y",
    "behind another query": "RETURN 1; {c} RETURN 1 AS y",
}  # fmt: skip
"""Places for a clause; ``{c}`` is where it goes."""


@dataclass(frozen=True)
class Attempt:
    """One text, and the rule that made it."""

    place: str
    spelling: str
    text: str


def attempts(url, n_expressions=420, n_clauses=300):
    """Make attempts at random, always the same ones; each place and each payload is among them.

    Parameters
    ----------
    url : str
        Quoted address or file that a query may try to read.
    n_expressions, n_clauses : int
        How many attempts with a function, and how many with a clause, are drawn.
    """
    draw = random.Random(SEED)  # noqa: S311  no secret
    made = {}
    calls = list(product(PLACES, FUNCTIONS, SPELLINGS))
    draw.shuffle(calls)
    covering = [(place, FUNCTIONS[0], "plain") for place in PLACES]
    for place, call, spelling in covering + calls[:n_expressions]:
        text = PLACES[place].format(x=SPELLINGS[spelling](call, draw))
        made[text] = Attempt(place, spelling, text)
    clauses = list(product(FRAMES, CLAUSES, CLAUSE_SPELLINGS))
    draw.shuffle(clauses)
    for frame, clause, spelling in clauses[:n_clauses]:
        text = FRAMES[frame].format(c=CLAUSE_SPELLINGS[spelling](clause, draw).replace("{url}", url))
        made[text] = Attempt(frame, spelling, text)
    return list(made.values())


def _of_name(change):
    """Make a spelling that changes the dotted name of a call and leaves its arguments."""

    def spell(call, draw):
        name, paren, arguments = call.partition("(")
        return change(name, draw) + paren + arguments

    return spell


def _blanks(name, draw):
    """Put the same or other blanks around each dot and before the parenthesis."""
    first, second = draw.choice(BLANKS), draw.choice(BLANKS)
    return f"{first}.{second}".join(name.split(".")) + draw.choice((first, second))


def _odd_case(text, draw):
    return "".join(draw.choice((letter.lower(), letter.upper())) for letter in text)


def _one_letter_escaped(text, draw):
    letters = [index for index, letter in enumerate(text) if letter.isalpha()]
    at = draw.choice(letters)
    return f"{text[:at]}\\{'u' * draw.randint(1, 2)}{ord(text[at]):04x}{text[at + 1 :]}"


SPELLINGS = {
    "plain": lambda call, draw: call,
    "blanks": _of_name(_blanks),
    "odd case": _of_name(_odd_case),
    "backticks": _of_name(lambda name, draw: ".".join(f"`{part}`" for part in name.split("."))),
    "some backticks": _of_name(
        lambda name, draw: ".".join(draw.choice((part, f"`{part}`")) for part in name.split("."))
    ),
    "backticks and blanks": _of_name(
        lambda name, draw: f"{draw.choice(BLANKS)}.{draw.choice(BLANKS)}".join(
            f"`{part}`" for part in name.split(".")
        )
    ),
    "unicode escape": _of_name(_one_letter_escaped),
    "escaped dot": _of_name(lambda name, draw: name.replace(".", "\\u002e", 1)),
    "escaped parenthesis": lambda call, draw: call.replace("(", "\\u0028", 1),
    "behind a number": lambda call, draw: f"[1, 2][0..{draw.choice(('', ' '))}{call}]",
    "behind a float": lambda call, draw: f"1.5e0*{call}",
    "behind a hexadecimal number": lambda call, draw: f"0x1F+{call}",
    "in a string's neighbourhood": lambda call, draw: f"'\\\\' + {call} + '\\''",
    "in a comment's neighbourhood": lambda call, draw: f"/* ' */ {call} /* ` */",
    "as an argument": lambda call, draw: f"coalesce(gds.version(), {call})",
}


def _words(change):
    return lambda clause, draw: change(clause, draw)


CLAUSE_SPELLINGS = {
    "plain": _words(lambda clause, draw: clause),
    "odd case of the keywords": _words(
        lambda clause, draw: " ".join(
            _odd_case(word, draw) if word.isupper() and word.isalpha() else word for word in clause.split(" ")
        )
    ),
    "blanks": _words(lambda clause, draw: clause.replace(" ", draw.choice(BLANKS[1:18]))),
    "comments": _words(lambda clause, draw: clause.replace(" ", "/* RETURN */ ", 1)),
    "line comments": _words(lambda clause, draw: clause.replace(" ", " // RETURN '\n", 1)),
    "unicode escape": _words(_one_letter_escaped),
}
