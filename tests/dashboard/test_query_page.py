"""The page Query: named queries, one's own Cypher, refusals, limits, a query that hangs, the history."""

import threading
import time

import pandas as pd
import pytest

from cathograph.analysis.figures.answer_graph import DrawnLink, DrawnNode, plot_answer_graph
from cathograph.dashboard.session.query_run import QueryRun
from cathograph.queries.catalog import adhoc, load
from cathograph.queries.reading.runner import ask, run
from cathograph.queries.server.cancelling import cancel
from cathograph.schema.errors import QueryError, QueryTimeout

pytestmark = pytest.mark.long

HANGS = "UNWIND range(1, 1000000000000) AS x RETURN sum(x) AS total"


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def own(app, text):
    app.text_area[0].input(text)
    return press(app.run(), "Run")


def settled(app, patience_s=60):
    """Run the page again, as its fragment does, until the query has ended."""
    give_up = time.monotonic() + patience_s
    while any(button.label == "Cancel" for button in app.button) and time.monotonic() < give_up:
        time.sleep(0.3)
        app.run()
    return app


def test_a_named_query_with_a_parameter(small_store, open_page):
    app = open_page("query")
    app.selectbox(key="query_name").select("tpbs").run()
    app.text_input(key="parameter tpbs sample").input("BLE-1")
    app = settled(press(app, "Run"))
    expected = run(small_store, load("tpbs"), {"sample": "BLE-1"})
    assert len(expected) > 0
    assert expected["phases"].map(sorted).map(tuple).unique().tolist() == [("Graphite", "NMC", "SSE")]
    expected["phases"] = expected["phases"].map(str)  # a list is shown as text
    pd.testing.assert_frame_equal(app.dataframe[-1].value, expected, check_dtype=False)


def test_a_parameter_of_a_wrong_type_is_named(small_store, open_page):
    app = own(open_page("query"), "// params: $n INTEGER\nMATCH (p:NMC) RETURN p.label AS label LIMIT $n")
    assert "Found no value for parameter n" in app.error[0].value


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("CREATE (n:Sample {id: 'intruder'})", "expected a query that only reads"),
        ("LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line", "LOAD CSV"),
        ("MATCH (n) RETRUN n", "Expected Cypher as Neo4j 5 reads it"),
    ],
)
def test_refused_queries_say_why(small_store, open_page, text, word):
    app = settled(own(open_page("query"), text))
    assert not app.exception
    assert word in app.error[0].value


def test_a_time_limit_is_said(small_store, open_page):
    app = open_page("query")
    app.text_area[0].input(HANGS)
    app.run()
    next(each for each in app.number_input if each.label == "Time limit (s)").set_value(1.0)
    app = settled(press(app, "Run"))
    assert "still running after its limit of 1 s" in app.error[0].value


def test_a_hung_query_is_cancelled_and_another_runs(small_store, open_page):
    app = own(open_page("query"), HANGS)
    started = app.session_state["query_run"]
    app = settled(press(app, "Cancel"))
    assert isinstance(started.error, QueryTimeout)
    assert "Cancelled after" in app.warning[0].value
    app = settled(own(app, "RETURN 1 AS one"))
    assert app.dataframe[-1].value["one"].tolist() == [1]
    assert [each.query.text for each in app.session_state["query_history"]] == [HANGS, "RETURN 1 AS one"]


def test_cancelling_ends_the_query_with_the_tag_alone(small_store):
    runs = [QueryRun(adhoc(HANGS), {}, 60.0) for _ in range(2)]
    for each in runs:
        each.start(small_store)
    runs[0].cancel(small_store)
    while not runs[0].has_ended(wait_s=0.5):
        runs[0].cancel(small_store)
    assert not runs[1].has_ended()
    while not runs[1].has_ended(wait_s=0.5):
        runs[1].leave(small_store)
    assert not cancel(small_store, "no such tag")
    assert threading.active_count() < 50


def test_more_rows_than_fit_are_refused_not_cut(small_store):
    query = adhoc("UNWIND range(1, 11) AS x RETURN x")
    assert len(ask(small_store, query, most_rows=11).table) == 11
    with pytest.raises(QueryError, match="more than 10 rows"):
        ask(small_store, query, most_rows=10)


def test_the_graph_of_an_answer(small_store):
    """Each node and relationship once, whether returned alone, in a list, a map or a path."""
    text = (
        "MATCH p = (a:NMC)-[c:CONTACT]->(b:SSE) WITH p, a, c, b ORDER BY a.key, b.key LIMIT 1 "
        "RETURN a, [c] AS many, {it: b} AS map, p, 5 AS number"
    )
    answer = ask(small_store, adhoc(text))
    assert sorted(node.labels for node in answer.graph.nodes.values()) == [
        ("Active", "NMC", "Particle"),
        ("Ionic", "Particle", "SSE"),
    ]
    (link,) = answer.graph.links.values()
    assert (link.type, {link.source, link.target}) == ("CONTACT", set(answer.graph.nodes))
    assert list(answer.table.columns) == ["a", "many", "map", "p", "number"]
    alone = ask(small_store, adhoc("MATCH (:NMC)-[c:CONTACT]->(:SSE) RETURN c LIMIT 1")).graph
    assert [node.labels for node in alone.nodes.values()] == [(), ()]


def test_texts_in_the_drawn_graph_are_no_html():
    nodes = {"1": DrawnNode(("NMC",), {"id": "<b>x</b>"}), "2": DrawnNode((), {})}
    links = {"3": DrawnLink("1", "2", "<a href='javascript:1'>", {"k": "<i>"})}
    text = plot_answer_graph(nodes, links).to_json()
    assert "<i>" not in text
    assert "<a href" not in text
    assert "&lt;b&gt;x" in text
    assert not plot_answer_graph({}, {}).data
