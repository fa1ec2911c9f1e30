"""Query files: complete headers, declared parameters and columns as used, typed parameters."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from repository import ROOT

from cathograph.queries.catalog import (
    Query,
    TypedName,
    adhoc,
    all_internal_queries,
    all_read_queries,
    load,
    parse,
)
from cathograph.queries.cypher_text import used_parameters
from cathograph.schema.errors import ParameterError, QueryError, UnknownQuery

READ = all_read_queries()
GDS = {query.name for query in all_internal_queries("gds")}
INTERNAL = tuple(query for folder in ("write", "inspect", "gds") for query in all_internal_queries(folder))


@pytest.mark.parametrize("query", READ + INTERNAL, ids=lambda query: query.name)
def test_declared_parameters_are_those_used(query):
    assert {each.name for each in query.parameters} == used_parameters(query.text)


@pytest.mark.parametrize("query", READ, ids=lambda query: query.name)
def test_every_read_query_can_be_narrowed(query):
    named = {each.name: each.type for each in query.parameters}
    assert named["sample"] == named["image"] == "STRING or null"
    assert all(each.nullable for each in query.parameters)  # so that `query NAME` alone works
    assert all((query.summary, query.grain, query.source))


@pytest.mark.parametrize("query", INTERNAL, ids=lambda query: query.name)
def test_every_internal_query_is_used(query):
    # Those for Graph Data Science are recipes for users; a benchmark runs them.
    folder = ROOT / ("benchmarks" if query.name in GDS else "queries")
    code = "".join(path.read_text() for path in folder.rglob("*.py"))
    named_in_full = f'"{query.name}"' in code
    named_by_table = query.name.startswith("stage_")  # row_batches.Batch.query
    assert named_in_full or named_by_table


def test_columns_that_scripts_rely_on():
    promised = {
        "particles": "image label phase area_px area_um2 centroid_y centroid_x touches_border",
        "contacts": "image a b overlap_ab overlap_ba weight_px weight interface_um gap_px",
        "tpbs": "image nmc sse graphite perimeter_um interface_ratio junctions is_physical",
        "concurrent_channels": "image nmc_a nmc_b via_sse via_graphite",
    }
    for name, columns in promised.items():
        declared = [column.name for column in load(name).columns]
        assert declared[: len(columns.split())] == columns.split()


def test_no_cypher_outside_of_the_files():
    """Cypher stands in .cypher files only: no clause keyword begins a line or a text in Python."""
    clause = re.compile(r"""["'\s](MATCH|MERGE|UNWIND|DETACH DELETE) ?[(`]""")
    for path in Path(str(files("cathograph.queries"))).rglob("*.py"):
        code = re.sub(r'"""[\s\S]*?"""', "", path.read_text())
        assert not clause.search(code), path


def test_unknown_query_names_the_nearest():
    with pytest.raises(UnknownQuery, match=r"no query named 'tpb'; did you mean tpbs"):
        load("tpb")
    with pytest.raises(UnknownQuery, match=r"there are .*\bcathode_kinds,"):
        load("../../pyproject")


def test_header_is_read_over_several_lines():
    query = parse(
        "// q: what it says\n//    and more.\n// grain: one row\n// params: $a LIST<INTEGER>, $b FLOAT or null\n"
        "// columns: x INTEGER\n// source: none\nRETURN $a + $b AS x",
        "q",
    )
    assert query.summary == "what it says and more."
    assert query.parameters == (TypedName("a", "LIST<INTEGER>"), TypedName("b", "FLOAT", nullable=True))
    assert query.columns == (TypedName("x", "INTEGER"),)


def test_a_limited_parameter_takes_its_choices_in_any_case():
    query = parse(
        "// q: x\n// grain: y\n// params: $a STRING or null one of top|bottom, $b STRING one of Li+|e-\n"
        "// columns: x STRING\n// source: z\nRETURN $a + $b AS x",
        "q",
    )
    assert [each.type for each in query.parameters] == [
        "STRING or null one of top|bottom",
        "STRING one of Li+|e-",
    ]
    assert query.bind({"b": " li+"}) == {"a": None, "b": "Li+"}
    assert query.complete({"a": "TOP", "b": "E-"}) == {"a": "top", "b": "e-"}
    with pytest.raises(ParameterError, match=r"Found a 'north' for q; expected one of: top, bottom\."):
        query.bind({"a": "north", "b": "e-"})
    with pytest.raises(ParameterError, match="Found b 3"):
        query.complete({"b": 3})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "// q: x\n// grain: y\n// params: $a STRING one of top\n// columns: x FLOAT\n// source: z\nRETURN 1",
            "'$a STRING one of top'",
        ),
        ("// q: x\n// grain: y\nRETURN 1", "'params'"),
        ("// q: x\n// grain: y\n// params: none\n// columns: x DOUBLE\n// source: z\nRETURN 1", "'x DOUBLE'"),
        (
            "// q: x\n// grain: y\n// params: a STRING\n// columns: x FLOAT\n// source: z\nRETURN 1",
            "'a STRING'",
        ),
    ],
)
def test_malformed_header_is_refused(text, found):
    with pytest.raises(QueryError, match=re.escape(found)):
        parse(text, "q")


def query_with(kind, *, nullable=False):
    return Query("q", "", "", (TypedName("p", kind, nullable),), (), "", "RETURN $p")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("STRING", "17", "17"),
        ("STRING", "", ""),
        ("INTEGER", "17", 17),
        ("FLOAT", "1e-3", 0.001),
        ("FLOAT", 2, 2.0),
        ("BOOLEAN", "true", True),
        ("BOOLEAN", "False", False),
        ("LIST<INTEGER>", "[1, 2]", [1, 2]),
        ("MAP", '{"a": 1}', {"a": 1}),
        ("ANY", "5", 5),
        ("ANY", '"5"', "5"),
        ("ANY", "s100", "s100"),
    ],
)
def test_parameters_are_converted(kind, text, value):
    bound = query_with(kind).bind({"p": text})["p"]
    assert bound == value
    assert type(bound) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("STRING", 17),
        ("INTEGER", "1.5"),
        ("INTEGER", "9223372036854775808"),
        ("INTEGER", True),
        ("FLOAT", "nan"),
        ("FLOAT", "far"),
        ("BOOLEAN", "yes"),
        ("LIST<INTEGER>", "[1, 'a']"),
        ("LIST<INTEGER>", "5"),
        ("MAP", "[1]"),
        ("ANY", "NaN"),
    ],
)
def test_ill_typed_parameters_are_refused(kind, text):
    with pytest.raises(ParameterError, match=f"parameter p of q; expected {kind}"):
        query_with(kind).bind({"p": text})


def test_missing_and_unknown_parameters_are_refused():
    with pytest.raises(ParameterError, match=r"no value for parameter p of q; expected FLOAT"):
        query_with("FLOAT").bind({})
    assert query_with("FLOAT", nullable=True).bind({}) == {"p": None}
    with pytest.raises(ParameterError, match="'smaple' for particles; expected one of: image STRING"):
        load("particles").bind({"smaple": "s1"})


def test_own_query_takes_its_parameters_from_the_text():
    query = adhoc("MATCH (n) WHERE n.id = $id AND n.name <> '$no' /* $neither */ RETURN n // $nor")
    assert [each.name for each in query.parameters] == ["id"]
    assert not query.is_named
    typed = adhoc("// params: $id STRING\nMATCH (n) WHERE n.id = $id RETURN n")
    assert typed.bind({"id": "100"}) == {"id": "100"}


@pytest.mark.parametrize("text", ["", " \n", ";", " ; "])
def test_empty_query_is_refused(text):
    with pytest.raises(QueryError, match="Found an empty text"):
        adhoc(text)
