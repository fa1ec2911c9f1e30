"""The page Query: named queries and free Cypher, read-only, with the answer as a table and a graph."""

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.answer_graph import DrawnLink, DrawnNode, plot_answer_graph
from cathograph.dashboard.session import store
from cathograph.dashboard.session.phases import legend_of
from cathograph.dashboard.session.query_run import QueryRun
from cathograph.dashboard.session.selection import current_selection
from cathograph.dashboard.widgets.downloads import table_downloads
from cathograph.dashboard.widgets.empty_states import show_error
from cathograph.dashboard.widgets.expander import show_expander
from cathograph.dashboard.widgets.plain_text import as_text
from cathograph.dashboard.widgets.schema_tables import show_schema
from cathograph.dashboard.widgets.waiting import show_running
from cathograph.queries.catalog import Query, TypedName, adhoc, all_read_queries, load
from cathograph.queries.reading.runner import Answer
from cathograph.schema.errors import CathographError

_OWN = "your own Cypher"
_FIRST = "MATCH (active:Active)-[contact:CONTACT]-(ionic:Ionic)\nRETURN active, contact, ionic\nLIMIT 25"
_RUN, _HISTORY, _WHICH, _TEXT = "query_run", "query_history", "query_name", "query_text"
_ROWS_SHOWN, _NODES_DRAWN = 10_000, 300
_QUICK_S = 1.0


def page() -> None:
    """Lay out the page."""
    st.title("Query")
    st.caption("Read-only: queries that would change the store or access anything outside it are refused.")
    _bring_back()
    name = st.selectbox(
        "Start from",
        [_OWN, *(query.name for query in all_read_queries())],
        key=_WHICH,
        format_func=lambda each: each if each == _OWN else f"{each}: {load(each).summary}",
    )
    query = _own_query() if name == _OWN else _named_query(name)
    show_expander(
        "Labels, relationships and properties in the store",
        lambda: show_schema(store.content_counts(), legend_of(store.images())),
        key="schema_open",
    )
    _show_history()
    if query is not None:
        _ask(query)
    run = st.session_state.get(_RUN)
    if isinstance(run, QueryRun):
        if run.has_ended(wait_s=_QUICK_S):
            _show_end(run)
        else:
            show_running(
                run,
                f"Running for {{seconds}} (limit {run.timeout_s:g} s) …",
                lambda: run.cancel(store.connection()),
            )


def _own_query() -> Query | None:
    if _TEXT not in st.session_state:
        st.session_state[_TEXT] = _FIRST
    text = st.text_area("Cypher", key=_TEXT, height=160, persist_state="session")
    try:
        return adhoc(text)
    except CathographError as error:
        show_error(error)
        return None


def _named_query(name: str) -> Query:
    query = load(name)
    st.markdown(f"{query.grain[0].upper()}{query.grain[1:]}. Source: {query.source}.")
    with st.expander("Cypher of this query"):
        st.code(query.text, language="cypher", wrap_lines=True)
        st.button("Edit a copy", on_click=_take_over, args=(query.text,), icon=":material/edit:")
    return query


def _take_over(text: str) -> None:
    st.session_state[_WHICH], st.session_state[_TEXT] = _OWN, text


def _ask(query: Query) -> None:
    """Lay out the parameters and the button to run the query."""
    with st.form("ask", border=bool(query.parameters)):
        given = {each.name: _input(each, query) for each in query.parameters}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            timeout_s = st.number_input(
                "Time limit (s)", min_value=1.0, max_value=3600.0, value=60.0, step=30.0, width=140
            )
            asked = st.form_submit_button("Run", type="primary", icon=":material/play_arrow:")
    if not asked:
        return
    before = st.session_state.get(_RUN)
    if isinstance(before, QueryRun):
        before.leave(store.connection())
    try:
        bound = query.bind({name: value for name, value in given.items() if value})
    except CathographError as error:
        st.session_state.pop(_RUN, None)
        show_error(error)
        return
    run = QueryRun(query, bound, timeout_s)
    run.start(store.connection())
    st.session_state[_RUN] = run
    st.session_state.setdefault(_HISTORY, []).append(run)


def _input(parameter: TypedName, query: Query) -> str:
    """Lay out the field of one parameter; an empty field means null."""
    key = f"parameter {query.name} {parameter.name}"
    label = f"{as_text(parameter.name)} {parameter.kind}"
    if parameter.choices or parameter.kind == "BOOLEAN":
        options = list(parameter.choices) or ["true", "false"]
        chosen = st.selectbox(label, options, index=None, key=key, placeholder="not given")
        return chosen or ""
    samples = current_selection().samples
    preset = samples[0] if parameter.name == "sample" and len(samples) == 1 else ""
    return st.text_input(
        label, preset, key=key, placeholder="not given" if parameter.nullable else parameter.type
    )


def _show_end(run: QueryRun) -> None:
    if run.answer is not None:
        _show_answer(run.answer, run.seconds)
    elif run.cancelled:
        st.warning(f"Cancelled after {run.seconds:.1f} s. Nothing was changed.", icon=":material/stop:")
    elif run.error is not None:
        show_error(run.error)


def _show_answer(answer: Answer, seconds: float) -> None:
    st.subheader("Answer")
    st.caption(f"{len(answer.table):,} rows in {seconds:.2f} s")
    if not answer.graph.nodes:
        _show_table(answer.table)
        return
    table, graph = st.tabs(["Table", "Graph"])
    with table:
        _show_table(answer.table)
    with graph:
        _show_graph(answer)


def _show_table(table: pd.DataFrame) -> None:
    if table.empty:
        st.info("The query returned no rows.", icon=":material/search_off:")
    st.dataframe(_showable(table.head(_ROWS_SHOWN)), hide_index=True)
    if len(table) > _ROWS_SHOWN:
        st.caption(f"The first {_ROWS_SHOWN:,} of {len(table):,} rows are shown; the downloads have all.")
    table_downloads(table, "answer")


def _showable(table: pd.DataFrame) -> pd.DataFrame:
    """Convert maps and mixed columns, which a table on a page cannot show, to text."""
    shown = table.copy(deep=False)
    for name in shown.columns:
        if shown[name].dtype == object:
            shown[name] = [None if value is None else str(value) for value in shown[name]]
    return shown


def _show_graph(answer: Answer) -> None:
    graph = answer.graph
    kept = dict(list(graph.nodes.items())[:_NODES_DRAWN])
    nodes = {name: DrawnNode(node.labels, node.properties) for name, node in kept.items()}
    links = {
        name: DrawnLink(link.source, link.target, link.type, link.properties)
        for name, link in graph.links.items()
        if link.source in kept and link.target in kept
    }
    st.caption(
        f"{len(nodes):,} of {len(graph.nodes):,} nodes, {len(links):,} of {len(graph.links):,} relationships. "
        "Point at one to see its properties. Drag to move, scroll to zoom."
    )
    figure = plot_answer_graph(nodes, links, legend_of(store.images()))
    st.plotly_chart(figure, config={"scrollZoom": True}, key="answer_graph")


def _show_history() -> None:
    history: list[QueryRun] = st.session_state.get(_HISTORY, [])
    if not history:
        return
    with st.expander(f"History of this session ({len(history)})"):
        rows = [
            {
                "query": run.query.name if run.query.is_named else " ".join(run.query.text.split()),
                "parameters": ", ".join(f"{name}={value}" for name, value in run.parameters.items() if value),
                "outcome": _outcome(run),
                "seconds": run.elapsed_s(),
            }
            for run in reversed(history)
        ]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            key="history_table",
            on_select="rerun",
            selection_mode="single-row",
            column_config={"seconds": st.column_config.NumberColumn(format="%.2f")},
        )
        st.caption("Select a row to restore its query.")


def _bring_back() -> None:
    """Restore the query of the selected row of the history, once per selection."""
    history: list[QueryRun] = st.session_state.get(_HISTORY, [])
    table = st.session_state.get("history_table")
    rows = table["selection"]["rows"] if table else []
    if not rows or rows[0] >= len(history):
        st.session_state.pop("history_seen", None)
        return
    run = history[len(history) - 1 - rows[0]]
    if st.session_state.get("history_seen") is run:
        return
    st.session_state["history_seen"] = run
    if run.query.is_named:
        st.session_state[_WHICH] = run.query.name
    else:
        _take_over(run.query.text)


def _outcome(run: QueryRun) -> str:
    if not run.has_ended():
        return "running"
    if run.n_rows is not None:
        return f"{run.n_rows:,} rows"
    return "cancelled" if run.cancelled else type(run.error).__name__
