r"""Read-only, for queries that users bring along.

READ access mode makes the server refuse every write, but not everything that a guest should not do:
in that mode LOAD CSV reads files and addresses, and TERMINATE TRANSACTIONS, SHOW USERS,
db.clearQueryCaches, gds.graph.project and gds.graph.drop run. Community edition has no roles. The type
of the query does not tell either: EXPLAIN calls LOAD CSV and gds.graph.drop a read.

So two nets, each a list of what is allowed, never of what is forbidden:

1. *the text*: no word before the query that changes how it is run, no unicode escapes (the server
   decodes them before it reads, so ``\u0043ALL`` is CALL), and every dotted call is on the list. A
   subquery inside an expression (``CASE … THEN COLLECT { CALL … }``) is planned inside that
   expression and shows no operator of its own: only the text, and the details of the plan, tell.
2. *the plan*, from EXPLAIN, which runs nothing: every operator, every procedure, and every dotted
   call in the operators' details is on its list.

The runner then runs what passed in READ mode with a time limit. What is not on a list is refused,
also where it would be harmless; the message says what was met.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from cathograph.queries.cypher_text import Token, dotted_calls, tokens
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import PlanStep
from cathograph.queries.value_types import MOST_LEVELS
from cathograph.schema.errors import QueryError, WriteRefused

_UNICODE_ESCAPE = re.compile(r"\\u+[0-9A-Fa-f]{4}")
_PROCEDURE = re.compile(r"(?P<name>[\w.]+)\(")
_REFUSED_OPENINGS = ("EXPLAIN", "PROFILE", "CYPHER", "USE")

PROCEDURES = frozenset(
    {
        "db.info",
        "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
        "db.index.vector.querynodes",
        "db.index.vector.queryrelationships",
        "db.labels",
        "db.ping",
        "db.propertykeys",
        "db.relationshiptypes",
        "db.schema.nodetypeproperties",
        "db.schema.reltypeproperties",
        "db.schema.visualization",
        "dbms.components",
        "gds.list",
    }
)
"""Procedures that look and change nothing, in lower case."""

FUNCTIONS = frozenset(
    {f"{kind}.{clock}" for kind in ("date", "datetime", "localdatetime", "localtime", "time") for clock in (
        "realtime", "statement", "transaction", "truncate")}
    | {"datetime.fromepoch", "datetime.fromepochmillis"}
    | {f"duration.{part}" for part in ("between", "indays", "inmonths", "inseconds")}
    | {"point.distance", "point.withinbbox", "vector.similarity.cosine", "vector.similarity.euclidean"}
    | {"gds.version", "gds.util.infinity", "gds.util.isfinite", "gds.util.isinfinite", "gds.util.nan"}
)  # fmt: skip
"""Functions in a namespace that compute and reach nowhere, in lower case."""

OPERATORS = frozenset(
    {
        "AllNodesScan", "Anti", "AntiConditionalApply", "AntiSemiApply", "Apply", "Argument",
        "ArgumentTracker", "AssertSameNode", "AssertSameRelationship", "BidirectionalRepeat(Trail)",
        "CacheProperties", "CartesianProduct", "ConditionalApply", "DirectedAllRelationshipsScan",
        "DirectedRelationshipByElementIdSeek", "DirectedRelationshipByIdSeek",
        "DirectedRelationshipIndexContainsScan", "DirectedRelationshipIndexEndsWithScan",
        "DirectedRelationshipIndexScan", "DirectedRelationshipIndexSeek",
        "DirectedRelationshipIndexSeekByRange", "DirectedRelationshipTypeScan",
        "DirectedRelationshipUniqueIndexSeek", "DirectedRelationshipUniqueIndexSeekByRange",
        "DirectedUnionRelationshipTypesScan", "Distinct", "Eager", "EagerAggregation",
        "EmptyResult", "EmptyRow", "Error", "ExhaustiveLimit", "Expand(All)", "Expand(Into)", "Filter",
        "IntersectionNodeByLabelsScan", "LetAntiSemiApply", "LetSelectOrAntiSemiApply",
        "LetSelectOrSemiApply", "LetSemiApply", "Limit", "MultiNodeIndexSeek",
        "NodeByElementIdSeek", "NodeByIdSeek", "NodeByLabelScan", "NodeCountFromCountStore",
        "NodeHashJoin", "NodeIndexContainsScan", "NodeIndexEndsWithScan", "NodeIndexScan",
        "NodeIndexSeek", "NodeIndexSeekByRange", "NodeLeftOuterHashJoin", "NodeRightOuterHashJoin",
        "NodeUniqueIndexSeek", "NodeUniqueIndexSeekByRange", "NullifyMetadata", "Optional",
        "OptionalExpand(All)", "OptionalExpand(Into)", "OrderedAggregation", "OrderedDistinct",
        "OrderedUnion", "PartialSort", "PartialTop", "PathPropagatingBFS", "PreserveOrder",
        "ProcedureCall", "ProduceResults", "ProjectEndpoints", "Projection",
        "RelationshipCountFromCountStore", "Repeat(Trail)", "Repeat(Walk)", "RepeatOptions",
        "RollUpApply", "SelectOrAntiSemiApply", "SelectOrSemiApply", "SemiApply", "ShortestPath",
        "ShowConstraints", "ShowFunctions", "ShowIndexes", "ShowProcedures", "Skip", "Sort",
        "StatefulShortestPath(All)", "StatefulShortestPath(Into)", "SubtractionNodeByLabelsScan",
        "Top", "TriadicBuild", "TriadicFilter", "TriadicSelection",
        "UndirectedAllRelationshipsScan", "UndirectedRelationshipByElementIdSeek",
        "UndirectedRelationshipByIdSeek", "UndirectedRelationshipIndexContainsScan",
        "UndirectedRelationshipIndexEndsWithScan", "UndirectedRelationshipIndexScan",
        "UndirectedRelationshipIndexSeek", "UndirectedRelationshipIndexSeekByRange",
        "UndirectedRelationshipTypeScan", "UndirectedRelationshipUniqueIndexSeek",
        "UndirectedRelationshipUniqueIndexSeekByRange", "UndirectedUnionRelationshipTypesScan",
        "Union", "UnionNodeByLabelsScan", "Unwind", "ValueHashJoin", "VarLengthExpand(All)",
        "VarLengthExpand(Into)", "VarLengthExpand(Pruning)", "VarLengthExpand(Pruning,BFS,All)",
        "VarLengthExpand(Pruning,BFS,Into)",
    }
)  # fmt: skip
"""Plan operators of Neo4j 5 that only read the graph."""

_INSTEAD = (
    "expected a query that only reads the graph (MATCH, WHERE, WITH, RETURN, aggregations, subqueries, "
    "db.labels(), SHOW INDEXES and the like). The store changes only through `cathograph ingest`."
)


def check_read_only(
    connection: Connection,
    text: str,
    parameters: dict[str, object],
    *,
    timeout_s: float | None = 60.0,
    tag: str | None = None,
) -> None:
    """Refuse a query that would change the store or reach outside of it. Nothing of it is run.

    Parameters
    ----------
    connection : Connection
        Server that will run it; asked for its plan only.
    text : str
        Cypher of a user.
    parameters : dict
        Its parameters.
    timeout_s, tag
        As in `Connection.read`, for the plan.

    Raises
    ------
    WriteRefused
        Naming what was met.
    QueryError
        When the server cannot read the query, or its brackets are nested too deep.
    """
    _check_text(text)
    for step in connection.explain(f"EXPLAIN {text}", parameters, timeout_s=timeout_s, tag=tag):
        _check_step(step)


def _check_text(text: str) -> None:
    escape = _UNICODE_ESCAPE.search(text)
    if escape:
        _refuse(f"the unicode escape {escape.group()}", "Write the character itself instead of the escape.")
    code = tokens(text)
    _check_depth(code)
    opening = next((token.text.upper() for token in code if token.kind in ("word", "quoted")), "")
    if opening in _REFUSED_OPENINGS:
        _refuse(f"{opening} before the query", "Leave it out.")
    for first, second in _neighbours(code):
        if (first, second) == ("LOAD", "CSV"):
            _refuse("LOAD CSV, which reads files and addresses")
    for name in sorted(dotted_calls(text) - PROCEDURES - FUNCTIONS):
        _refuse(f"a call of {name}")


def _check_depth(code: list[Token]) -> None:
    """Refuse brackets in one another to a depth at which the server's parser takes minutes that nothing can end."""
    depth = 0
    for token in code:
        if token.kind == "sign":
            depth += (token.text in "([{") - (token.text in ")]}")
        if depth > MOST_LEVELS:
            msg = (
                f"Found brackets nested more than {MOST_LEVELS} levels deep; expected fewer, because the server would "
                "need minutes to read them. Split the query with WITH, or give the values as parameters."
            )
            raise QueryError(msg)


def _check_step(step: PlanStep) -> None:
    if step.operator not in OPERATORS:
        _refuse(f"the operation {step.operator}")
    if step.operator == "ProcedureCall":
        match = _PROCEDURE.match(step.details)
        name = match["name"].lower() if match else step.details
        if name not in PROCEDURES:
            _refuse(f"a call of {name}")
        return
    for first, second in _neighbours(tokens(step.details)):
        if (first, second) == ("LOAD", "CSV"):
            _refuse("LOAD CSV, which reads files and addresses")
    for name in sorted(dotted_calls(step.details) - PROCEDURES - FUNCTIONS):
        _refuse(f"a call of {name}")


def _neighbours(code: list[Token]) -> Iterator[tuple[str, str]]:
    """Words of the text that stand side by side, upper case."""
    for first, second in pairwise(code):
        if first.kind == second.kind == "word":
            yield first.text.upper(), second.text.upper()


def _refuse(what: str, instead: str = "") -> None:
    msg = f"Found {what}; {_INSTEAD}{' ' + instead if instead else ''}"
    raise WriteRefused(msg)
