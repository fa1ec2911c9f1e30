"""The page of named queries, written from the headers of the .cypher files."""

from cathograph.queries.catalog import Query, TypedName, all_read_queries

_HEAD = """\
# Named queries

`cathograph query NAME --param sample=s100` runs one of these. Each reads the active segmentation of every image.
A parameter of type "… or null" may be left out. From Python: `cathograph.query(store, "NAME", sample="s100")`.
The files are in `queries/read/`; the columns below are those that the tests check.
"""


def queries_page() -> str:
    """Write the page as Markdown: an overview, then one section for each query."""
    queries = all_read_queries()
    overview = [f"| [{each.name}](#{each.name}) | {_cell(each.summary)} |" for each in queries]
    return "\n".join([_HEAD, "| query | answers |", "|---|---|", *overview, "", *map(_section, queries)])


def _section(query: Query) -> str:
    lines = [
        f"({query.name})=",
        f"## {query.name}",
        "",
        _sentence(query.summary),
        "",
        f"- **Grain**: {query.grain}",
        f"- **Source**: {query.source}",
        "",
        "| parameter or column | type |",
        "|---|---|",
    ]
    lines += [f"| parameter `{each.name}` | {_type(each)} |" for each in query.parameters]
    lines += [f"| `{each.name}` | {_type(each)} |" for each in query.columns]
    return "\n".join([*lines, ""])


def _type(typed: TypedName) -> str:
    return _cell(typed.type.replace("<", "&lt;").replace(">", "&gt;"))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cell(text: str) -> str:
    return _sentence(text).replace("|", "\\|")
